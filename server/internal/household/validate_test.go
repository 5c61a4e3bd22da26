package household

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// valid is a stored household of everything, decisions included.
func valid(t testing.TB) *Household {
	in := sample()
	in.Decisions = []Decision{legacy()}
	return stored(t, in)
}

func TestACompleteHouseholdIsValid(t *testing.T) {
	if err := fault.List(fault.HouseholdInvalid, Validate(valid(t), today, village)); err != nil {
		t.Error(err)
	}
	h := sample() // as in a file: no hub ids, references by number
	Normalise(h)
	if err := fault.List(fault.HouseholdInvalid, Validate(h, today, nil)); err != nil {
		t.Error(err)
	}
}

func TestEachProblemNamesItsFieldAndReason(t *testing.T) {
	long := strings.Repeat("长", 101)
	const later date.Date = "2020-07-01"
	closing := &Closing{Kind: ClosingDeath, On: "2020-01-01", Document: Document{Issuer: "甲", Number: "1", Date: "2020-01-01"}}
	tests := []struct {
		field  string
		reason fault.Reason
		change func(*Household)
	}{
		{"household_number", fault.Required, func(h *Household) { h.HouseholdNumber = "" }},
		{"household_number", fault.OutOfRange, func(h *Household) { h.HouseholdNumber = long }},
		{"village", fault.Required, func(h *Household) { h.Village = "" }},
		{"village", fault.VillageUnknown, func(h *Household) { h.Village = "469000000000" }},
		{"village_group", fault.OutOfRange, func(h *Household) { h.VillageGroup = long }},
		{"village_group", fault.Malformed, func(h *Household) { h.VillageGroup = "\xff" }},
		{"register.identification_standard", fault.UnknownCode, func(h *Household) { h.Register.IdentificationStandard = "X" }},
		{"register.attribute", fault.UnknownCode, func(h *Household) { h.Register.Attribute = "1" }},
		{"register.poverty_status", fault.Required, func(h *Household) { h.Register.PovertyStatus = "" }},
		{"register.poverty_status", fault.UnknownCode, func(h *Household) { h.Register.PovertyStatus = "X" }},
		{"register.main_cause", fault.OneMainCause, func(h *Household) { h.Register.MainCause = "" }},
		{"register.main_cause", fault.OneMainCause, func(h *Household) { h.Register.MainCause = CauseFunds }},
		{"register.main_cause", fault.UnknownCode, func(h *Household) { h.Register.MainCause = "2" }},
		{"register.other_causes", fault.TooMany, func(h *Household) { h.Register.OtherCauses = []Cause{CauseLand, CauseWater, CauseFunds} }},
		{"register.other_causes[1]", fault.Duplicate, func(h *Household) { h.Register.OtherCauses = []Cause{CauseLand, CauseLand} }},
		{"register.other_causes[0]", fault.UnknownCode, func(h *Household) { h.Register.OtherCauses[0] = "X" }},
		{"register.first_identified_on", fault.OutOfRange, func(h *Household) { h.Register.FirstIdentifiedOn = later }},
		{"register.lifted_year", fault.OutOfRange, func(h *Household) { h.Register.LiftedYear = 2021 }},
		{"register.phone", fault.Malformed, func(h *Household) { h.Register.Phone = "199-" }},
		{"register.bank", fault.OutOfRange, func(h *Household) { h.Register.Bank = long }},
		{"register.account", fault.OutOfRange, func(h *Household) { h.Register.Account = long }},
		{"register.safe_water", fault.UnknownCode, func(h *Household) { h.Register.SafeWater = "MAYBE" }},
		{"register.monitor_type", fault.UnknownCode, func(h *Household) { h.Register.MonitorType = "X" }},
		{"register.risk_eliminated_on", fault.DateOrder, func(h *Household) {
			h.Register.RiskIdentifiedOn, h.Register.RiskEliminatedOn = "2020-02-02", "2020-02-01"
		}},
		{"register.housing_area", fault.Malformed, func(h *Household) { h.Register.HousingArea = "86,5" }},
		{"register.built_year", fault.OutOfRange, func(h *Household) { h.Register.BuiltYear = 1899 }},
		{"register.structure", fault.UnknownCode, func(h *Household) { h.Register.Structure = "X" }},
		{"persons", fault.Required, func(h *Household) { h.Persons = nil }},
		{"persons", fault.TooMany, func(h *Household) { h.Persons = crowd(MaxMembers + 1) }},
		{"persons", fault.OneHead, func(h *Household) { h.Persons[1].Relation = RelationHead }},
		{"persons", fault.OneHead, func(h *Household) { h.Persons[0].Relation = RelationSon }},
		{"persons", fault.OneHead, func(h *Household) { leave(&h.Persons[0]) }},
		{"persons[0].name", fault.Required, func(h *Household) { h.Persons[0].Name = "" }},
		{"persons[0].name", fault.OutOfRange, func(h *Household) { h.Persons[0].Name = long }},
		{"persons[2].name", fault.Duplicate, func(h *Household) {
			h.Persons[1].IDNumber, h.Persons[2].PersonNumber = "", ""
			h.Persons[2].Name, h.Persons[2].BirthDate = h.Persons[1].Name, h.Persons[1].BirthDate
		}},
		{"persons[0].sex", fault.Required, func(h *Household) { h.Persons[0].Sex = "" }},
		{"persons[0].sex", fault.IDSex, func(h *Household) { h.Persons[0].Sex = Female }},
		{"persons[0].relation", fault.Required, func(h *Household) { h.Persons[0].Relation = "" }},
		{"persons[1].relation", fault.UnknownCode, func(h *Household) { h.Persons[1].Relation = "COUSIN" }},
		{"persons[0].birth_date", fault.Required, func(h *Household) { h.Persons[0].BirthDate = "" }},
		{"persons[0].birth_date", fault.IDBirthDate, func(h *Household) { h.Persons[0].BirthDate = "1980-01-02" }},
		{"persons[2].birth_date", fault.OutOfRange, func(h *Household) { h.Persons[2].BirthDate = later }},
		{"persons[2].birth_date", fault.Malformed, func(h *Household) { h.Persons[2].BirthDate = "2019-02-29" }},
		{"persons[0].id_number", fault.IDChecksum, func(h *Household) { h.Persons[0].IDNumber = "110105194912310021" }},
		{"persons[0].id_number", fault.Malformed, func(h *Household) { h.Persons[0].IDNumber = "11010519491231002" }},
		{"persons[0].id_number", fault.Malformed, func(h *Household) { h.Persons[0].IDNumber = withCheck("99010119801301001") }},
		{"persons[1].id_number", fault.Duplicate, func(h *Household) { h.Persons[1].FormerIDNumbers = []string{h.Persons[0].IDNumber} }},
		{"persons[1].id_number", fault.Duplicate, func(h *Household) { h.Persons[1].FormerIDNumbers = []string{"990102800101001"} }},
		{"persons[0].former_id_numbers[0]", fault.Malformed, func(h *Household) { h.Persons[0].FormerIDNumbers = []string{"1"} }},
		{"persons[0].former_id_numbers[0]", fault.IDChecksum, func(h *Household) { h.Persons[0].FormerIDNumbers = []string{"110105194912310021"} }},
		{"persons[0].disability_card", fault.Malformed, func(h *Household) { h.Persons[0].DisabilityCard = "1" }},
		{"persons[0].ethnic_group", fault.Malformed, func(h *Household) { h.Persons[0].EthnicGroup = "001" }},
		{"persons[0].education_level", fault.UnknownCode, func(h *Household) { h.Persons[0].EducationLevel = "X" }},
		{"persons[0].school_stage", fault.UnknownCode, func(h *Household) { h.Persons[0].SchoolStage = "X" }},
		{"persons[0].health", fault.UnknownCode, func(h *Household) { h.Persons[0].Health = "X" }},
		{"persons[0].labour_ability", fault.UnknownCode, func(h *Household) { h.Persons[0].LabourAbility = "X" }},
		{"persons[0].work_place", fault.UnknownCode, func(h *Household) { h.Persons[0].WorkPlace = "X" }},
		{"persons[0].work_months", fault.OutOfRange, func(h *Household) { h.Persons[0].WorkMonths = 13 }},
		{"persons[0].phone", fault.Malformed, func(h *Household) { h.Persons[0].Phone = "ask" }},
		{"persons[0].joined_on", fault.DateOrder, func(h *Household) { h.Persons[0].JoinedOn = "1979-12-31" }},
		{"persons[0].join_reason", fault.UnknownCode, func(h *Household) { h.Persons[0].JoinReason = "X" }},
		{"persons[1].left_on", fault.DateOrder, func(h *Household) { leave(&h.Persons[1]); h.Persons[1].JoinedOn = "2020-01-02" }},
		{"persons[1].left_on", fault.OutOfRange, func(h *Household) { leave(&h.Persons[1]); h.Persons[1].LeftOn = later }},
		{"persons[1].left_on", fault.Required, func(h *Household) { h.Persons[1].LeaveReason = LeaveMarriage }},
		{"persons[1].leave_reason", fault.Required, func(h *Household) { h.Persons[1].LeftOn = "2020-01-01" }},
		{"persons[1].leave_evidence", fault.EvidenceMissing, func(h *Household) { leave(&h.Persons[1]); h.Persons[1].LeaveEvidence = "" }},
		{"persons[1].id", fault.Duplicate, func(h *Household) { h.Persons[1].ID = h.Persons[0].ID }},
		{"persons[1].person_number", fault.Duplicate, func(h *Household) { h.Persons[1].PersonNumber = "P1" }},
		{"persons[2].education.student_number", fault.Malformed, func(h *Household) { h.Persons[2].Education.StudentNumber = "G1" }},
		{"persons[2].education.student_number", fault.Duplicate, func(h *Household) {
			h.Persons[0].Education = &Education{StudentNumber: h.Persons[2].Education.StudentNumber}
		}},
		{"persons[2].education.stage", fault.UnknownCode, func(h *Household) { h.Persons[2].Education.Stage = "X" }},
		{"persons[2].education.enrolment", fault.UnknownCode, func(h *Household) { h.Persons[2].Education.Enrolment = "X" }},
		{"persons[2].education.as_of", fault.OutOfRange, func(h *Household) { h.Persons[2].Education.AsOf = later }},
		{"persons[1].insurances[1].year", fault.Duplicate, func(h *Household) {
			h.Persons[1].Insurances = []Insurance{{Year: 2020}, {Year: 2020, Basic: Yes}}
		}},
		{"persons[1].insurances[0].year", fault.Required, func(h *Household) { h.Persons[1].Insurances = []Insurance{{}} }},
		{"persons[1].insurances[0].year", fault.OutOfRange, func(h *Household) { h.Persons[1].Insurances[0].Year = 2022 }},
		{"persons[1].insurances[0].basic", fault.UnknownCode, func(h *Household) { h.Persons[1].Insurances[0].Basic = "X" }},
		{"incomes[1].year", fault.Duplicate, func(h *Household) { h.Incomes = append(h.Incomes, h.Incomes[0]) }},
		{"incomes[0].year", fault.OutOfRange, func(h *Household) { h.Incomes[0].Year = 2021 }},
		{"incomes[0].wage", fault.OutOfRange, func(h *Household) { h.Incomes[0].Wage = -1 }},
		{"helpers[0].name", fault.Required, func(h *Household) { h.Helpers[0].Name = "" }},
		{"helpers[0].phone", fault.Malformed, func(h *Household) { h.Helpers[0].Phone = "1" }},
		{"helpers[0].to", fault.DateOrder, func(h *Household) { h.Helpers[0].To = "2016-02-29" }},
		{"helpers[0].reason", fault.OutOfRange, func(h *Household) { h.Helpers[0].Reason = strings.Repeat("x", 501) }},
		{"needs[0].category", fault.Required, func(h *Household) { h.Needs[0].Category = "" }},
		{"needs[0].person", fault.PersonUnknown, func(h *Household) { h.Needs[0].Person = "P9" }},
		{"needs[0].arose_on", fault.Required, func(h *Household) { h.Needs[0].AroseOn = "" }},
		{"needs[0].fulfilled_on", fault.DateOrder, func(h *Household) { h.Needs[0].FulfilledOn = "2020-02-28" }},
		{"needs[1].id", fault.Duplicate, func(h *Household) { h.Needs = append(h.Needs, h.Needs[0]) }},
		{"needs", fault.TooMany, func(h *Household) { h.Needs = make([]Need, MaxElements+1) }},
		{"shocks[0].kind", fault.UnknownCode, func(h *Household) { h.Shocks[0].Kind = "X" }},
		{"shocks[0].person", fault.PersonUnknown, func(h *Household) { h.Shocks[0].Person = "P9" }},
		{"shocks[0].resolved_on", fault.DateOrder, func(h *Household) { h.Shocks[0].ResolvedOn = "2020-01-01" }},
		{"damages[0].cause", fault.Required, func(h *Household) { h.Housing.Damages[0].Cause = "" }},
		{"damages[0].happened_on", fault.OutOfRange, func(h *Household) { h.Housing.Damages[0].HappenedOn = later }},
		{"appraisals[0].grade", fault.UnknownCode, func(h *Household) { h.Housing.Appraisals[0].Grade = "E" }},
		{"appraisals[0].renovated_on", fault.DateOrder, func(h *Household) { h.Housing.Appraisals[0].RenovatedOn = "2019-09-30" }},
		{"assistance[0].kind", fault.UnknownCode, func(h *Household) { h.Assistance[0].Kind = "X" }},
		{"assistance[0].from", fault.Required, func(h *Household) { h.Assistance[0].From = "" }},
		{"assistance[0].to", fault.DateOrder, func(h *Household) { h.Assistance[0].To = "2020-01-31" }},
		{"benefits[0].group", fault.Required, func(h *Household) { h.Benefits[0].Group = "" }},
		{"benefits[0].group", fault.UnknownCode, func(h *Household) { h.Benefits[0].Group = "X" }},
		{"benefits[0].kind", fault.Required, func(h *Household) { h.Benefits[0].Kind = "" }},
		{"benefits[0].kind", fault.UnknownCode, func(h *Household) { h.Benefits[0].Kind = "X" }},
		{"benefits[0].kind", fault.BenefitOfOtherGroup, func(h *Household) { h.Benefits[0].Group = GroupEducation }},
		{"benefits[0].kind", fault.BenefitOfOtherGroup, func(h *Household) { h.Benefits[0].Group = GroupRegister }},
		{"benefits[0].person", fault.PersonUnknown, func(h *Household) { h.Benefits[0].Person = "P9" }},
		{"benefits[1].person", fault.Required, func(h *Household) { h.Benefits[1].Person = "" }},
		{"benefits[1].stage", fault.UnknownCode, func(h *Household) { h.Benefits[1].Stage = "X" }},
		{"benefits[0].year", fault.Required, func(h *Household) { h.Benefits[0].Year = 0 }},
		{"benefits[0].year", fault.OutOfRange, func(h *Household) { h.Benefits[0].Year = 2022 }},
		{"benefits[1].term", fault.UnknownCode, func(h *Household) { h.Benefits[1].Term = "X" }},
		{"benefits[0].amount", fault.OutOfRange, func(h *Household) { h.Benefits[0].Amount = 0 }},
		{"benefits[0].paid_on", fault.Required, func(h *Household) { h.Benefits[0].PaidOn = "" }},
		{"benefits[0].paid_on", fault.OutOfRange, func(h *Household) { h.Benefits[0].PaidOn = later }},
		{"benefits[0].document", fault.OutOfRange, func(h *Household) { h.Benefits[0].Document = strings.Repeat("x", 101) }},
		{"benefits[1].id", fault.Duplicate, func(h *Household) { h.Benefits[1].ID = h.Benefits[0].ID }},
		{"benefits", fault.TooMany, func(h *Household) { h.Benefits = make([]Benefit, MaxBenefits+1) }},
		{"decisions[1].number", fault.Duplicate, func(h *Household) {
			d := h.Decisions[0].clone()
			d.ID = "dd_9"
			h.Decisions = append(h.Decisions[:1], d)
		}},
		{"decisions[0].number", fault.Required, func(h *Household) { h.Decisions[0].Number = "" }},
		{"decisions[0].kind", fault.UnknownCode, func(h *Household) { h.Decisions[0].Kind = "X" }},
		{"decisions[0].document.issuer", fault.Required, func(h *Household) { h.Decisions[0].Document.Issuer = "" }},
		{"decisions[0].document.number", fault.Required, func(h *Household) { h.Decisions[0].Document.Number = "" }},
		{"decisions[0].document.date", fault.Required, func(h *Household) { h.Decisions[0].Document.Date = "" }},
		{"decisions[0].effective_on", fault.DateOrder, func(h *Household) { h.Decisions[0].EffectiveOn = "2019-10-31" }},
		{"decisions[0].reverses", fault.OutOfRange, func(h *Household) { h.Decisions[0].Reverses = h.Decisions[0].ID }},
		{"decisions[0].ends[0].person", fault.PersonUnknown, func(h *Household) { h.Decisions[0].Ends[0].Person = "P9" }},
		{"decisions[0].ends[0].policy", fault.Required, func(h *Household) { h.Decisions[0].Ends[0].Policy = "" }},
		{"decisions[0].ends[0].last_day", fault.DateOrder, func(h *Household) { h.Decisions[0].Ends[0].LastDay = "2019-11-29" }},
		{"closing", fault.EvidenceMissing, func(h *Household) { h.Register.PovertyStatus = Closed }},
		{"closing", fault.EvidenceMissing, func(h *Household) { h.Register.PovertyStatus = Removed }},
		{"register.poverty_status", fault.OutOfRange, func(h *Household) { h.Closing = closing }},
		{"register.poverty_status", fault.OutOfRange, func(h *Household) { h.Register.PovertyStatus, h.Closing = Removed, closing }},
		{"closing.document.number", fault.Required, func(h *Household) {
			h.Register.PovertyStatus, h.Closing = Closed, &Closing{Kind: ClosingDeath, On: "2020-01-01"}
		}},
	}
	known := func(code string) bool { return code == "460400100200" }
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %d", tt.field, tt.reason, i), func(t *testing.T) {
			h := valid(t)
			tt.change(h)
			bad := Validate(h, today, known)
			if !slices.ContainsFunc(bad, func(v fault.Violation) bool { return v.Field == tt.field && v.Reason == tt.reason }) {
				t.Errorf("got %v", bad)
			}
		})
	}
}

func TestAllProblemsAreFoundAtOnce(t *testing.T) {
	h := valid(t)
	h.Village, h.Register.MainCause, h.Persons[1].Name, h.Persons[2].WorkMonths = "", "", "", 13
	if bad := Validate(h, today, village); len(bad) != 4 {
		t.Errorf("%d problems: %v", len(bad), bad)
	}
}

func TestMissingIDNumbersAndFutureEndsAreAllowed(t *testing.T) {
	h := valid(t)
	h.Persons[0].IDNumber, h.Persons[0].FormerIDNumbers = "", nil
	h.Assistance[0].To, h.Decisions[0].EffectiveOn = "2030-01-01", "2020-12-01"
	for i := range h.Decisions[0].Ends {
		h.Decisions[0].Ends[i].LastDay = "2031-01-01"
	}
	h.Persons[1].Insurances[0].Year = 2021
	if err := fault.List(fault.HouseholdInvalid, Validate(h, today, village)); err != nil {
		t.Error(err)
	}
}

func TestAClosedHouseholdNeedsNoMembersAndNoHead(t *testing.T) {
	h := valid(t)
	h.Register.PovertyStatus = Closed
	h.Closing = &Closing{Kind: ClosingDeath, On: "2020-01-01", Document: Document{Issuer: "甲", Number: "1", Date: "2020-01-01"}}
	for i := range h.Persons {
		leave(&h.Persons[i])
	}
	if err := fault.List(fault.HouseholdInvalid, Validate(h, today, village)); err != nil {
		t.Error(err)
	}
}

func TestAHouseholdRegisteredInErrorIsRemovedNotClosed(t *testing.T) {
	h := valid(t)
	h.Closing = &Closing{Kind: ClosingError, On: "2020-01-01", Document: Document{Issuer: "甲", Number: "1", Date: "2020-01-01"}}
	h.Register.PovertyStatus = Removed
	if err := fault.List(fault.HouseholdInvalid, Validate(h, today, village)); err != nil {
		t.Error(err)
	}
	h.Register.PovertyStatus = Closed
	wantViolation(t, Validate(h, today, village), "register.poverty_status", fault.OutOfRange)
}

func TestViolationsTellNothingPersonal(t *testing.T) {
	h := valid(t)
	h.Persons[0].IDNumber, h.Persons[0].Phone, h.Persons[1].Name = "110105194912310021", "秘密电话", strings.Repeat("秘密", 60)
	h.Persons[1].PersonNumber, h.Needs[0].Person, h.Register.Account = "P1", "秘密", strings.Repeat("秘密", 60)
	for _, v := range Validate(h, today, village) {
		text := fmt.Sprint(v)
		if strings.Contains(text, "秘密") || strings.Contains(text, "1949") || strings.Contains(text, "P1") {
			t.Errorf("%s", text)
		}
	}
}

func leave(p *Person) {
	p.LeftOn, p.LeaveReason, p.LeaveEvidence = "2020-01-01", LeaveDeath, "证明"
}

func crowd(n int) []Person {
	persons := make([]Person, n)
	for i := range persons {
		persons[i] = Person{PersonNumber: fmt.Sprint(i), Name: fmt.Sprintf("试%d", i), BirthDate: "1980-01-01", Sex: Male, Relation: RelationOther}
	}
	persons[0].Relation = RelationHead
	return persons
}

// FuzzValidate feeds whatever a JSON document can say through the whole way of an import.
func FuzzValidate(f *testing.F) {
	for _, h := range []*Household{sample(), valid(f), {}} {
		seed, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var h Household
		if json.Unmarshal(document, &h) != nil {
			return
		}
		Normalise(&h)
		again := h.Clone()
		if Normalise(again); !Equal(&h, again) {
			t.Error("normalising twice differs")
		}
		Validate(&h, today, village)
		out, bad := Merge(nil, &h, allGroups, minter())
		if len(bad) > 0 {
			return
		}
		if len(Validate(out, today, village)) > 0 {
			return
		}
		twice, bad := Merge(out, &h, allGroups, minter())
		if len(bad) > 0 || !Equal(out, twice) {
			t.Errorf("merging valid facts twice differs: %v", bad)
		}
		out.Identifiers()
		out.Names()
	})
}
