package household

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

const today date.Date = "2020-06-30"

var allGroups = []Group{GroupRegister, GroupHousing, GroupEducation, GroupMedical, GroupCivil}

// minter gives fresh ids that are the same in every run.
func minter() func(string) string {
	n := 0
	return func(prefix string) string {
		n++
		return prefix + strconv.Itoa(n)
	}
}

func village(string) bool { return true }

// sample is a household that passes validation and has something of everything.
func sample() *Household {
	return &Household{
		HouseholdNumber: "9901010010010001", Village: "460400100200", VillageGroup: "甲组",
		Register: Register{Attribute: AttributeOrdinary, MainCause: CauseIllness, OtherCauses: []Cause{CauseFunds}, PovertyStatus: Lifted,
			LiftedYear: 2018, Phone: "19900000001", HousingArea: "86.5", Structure: StructureBrickMix, BuiltYear: 2016},
		Persons: []Person{
			{PersonNumber: "P1", Name: "试甲", IDNumber: withCheck("99010119800101001"), BirthDate: "1980-01-01", Sex: Male, Relation: RelationHead,
				FormerIDNumbers: []string{"990102800101001"}},
			{PersonNumber: "P2", Name: "试乙", IDNumber: withCheck("99010119820203002"), BirthDate: "1982-02-03", Sex: Female, Relation: RelationSpouse,
				Insurances: []Insurance{{Year: 2020, Basic: Yes, CriticalIllness: Yes, MedicalAssistance: No}}},
			{PersonNumber: "P3", Name: "试丙", BirthDate: "2010-05-05", Sex: Female, Relation: RelationDaughter, SchoolStage: Primary,
				Education: &Education{StudentNumber: "J990101201005050001", Stage: Primary, Enrolment: Enrolled}},
		},
		Incomes:    []Income{{Year: 2019, Wage: 1_000_000, PerCapitaNet: 600_000}},
		Helpers:    []HelperAssignment{{Name: "帮甲", Unit: "某局", From: "2016-03-01"}},
		Needs:      []Need{{Category: NeedEducation, Person: "P3", AroseOn: "2020-03-01"}},
		Shocks:     []Shock{{Kind: ShockIllness, Person: withCheck("99010119820203002"), HappenedOn: "2020-01-02"}},
		Housing:    Housing{Damages: []Damage{{Cause: DamageTyphoon, HappenedOn: "2019-09-01"}}, Appraisals: []Appraisal{{Grade: GradeC, AppraisedOn: "2019-10-01", Certificate: "鉴1"}}},
		Assistance: []Assistance{{Kind: AssistTemporary, Person: "P2", From: "2020-02-01", To: "2020-12-31"}},
		Benefits: []Benefit{
			{Group: GroupHousing, Kind: HousingRenovationSubsidy, Year: 2019, Amount: 3_500_000, PaidOn: "2019-12-01", Document: "建〔2019〕1号"},
			{Group: GroupEducation, Kind: EducationAid, Person: "P3", Stage: Primary, Year: 2020, Term: TermSpring, Amount: 100_000, PaidOn: "2020-03-20"},
		},
		Sources: map[Group]Provenance{GroupRegister: {Owner: "office", Source: "file", AsOf: "2020-05-01"}},
	}
}

// legacy is a decision taken before the hub, about the sample.
func legacy() Decision {
	return Decision{Number: "扶办〔2019〕1号", Kind: DecisionLegacy, DecidedOn: "2019-11-01", AnnouncedOn: "2019-11-10", EffectiveOn: "2019-12-01",
		Document: Document{Issuer: "某县指挥部", Number: "扶办〔2019〕1号", Date: "2019-11-01"},
		Ends:     []End{{Person: "P3", Policy: "education", LastDay: "2020-08-31"}, {Person: "P1", Policy: AllPolicies, LastDay: "2019-12-15"}}}
}

// stored is what the hub holds after the office loaded h.
func stored(t testing.TB, h *Household) *Household {
	t.Helper()
	return mustMerge(t, nil, h, allGroups, minter())
}

func mustMerge(t interface {
	Helper()
	Fatalf(string, ...any)
}, base, in *Household, groups []Group, mint func(string) string) *Household {
	t.Helper()
	out, bad := Merge(base, in, groups, mint)
	if len(bad) > 0 {
		t.Fatalf("merge: %v", fault.List(fault.HouseholdInvalid, bad))
	}
	return out
}

// drawIDNumber draws a well-formed ID number of somebody born before 2020.
func drawIDNumber(t *rapid.T) string {
	born := date.New(rapid.IntRange(1920, 2019).Draw(t, "year"), 1, rapid.IntRange(1, 365).Draw(t, "day"))
	return withCheck(fmt.Sprintf("9901%02d%s%s%s%03d", rapid.IntRange(0, 99).Draw(t, "area"), born[:4], born[5:7], born[8:], rapid.IntRange(0, 999).Draw(t, "sequence")))
}

func drawDate(t *rapid.T, label string) date.Date {
	return date.New(rapid.IntRange(2016, 2019).Draw(t, label+" year"), 1, rapid.IntRange(1, 365).Draw(t, label+" day"))
}

func drawCode[T ~string](t *rapid.T, list string) T {
	return T(rapid.SampledFrom(Codes[list]).Draw(t, list))
}

// drawHousehold draws a valid household as an office's file may state it: with n
// persons of at most 6 known to all files, so that two draws overlap.
func drawHousehold(t *rapid.T) *Household {
	h := &Household{HouseholdNumber: "H1", Village: "460400100200"}
	h.Register = Register{MainCause: CauseIllness, PovertyStatus: Lifted, LiftedYear: rapid.IntRange(2014, 2019).Draw(t, "lifted"),
		Phone: rapid.SampledFrom([]string{"", "19900000001", "19900000002"}).Draw(t, "phone")}
	picks := rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 0, 5, rapid.ID[int]).Draw(t, "persons")
	h.Persons = append(h.Persons, drawPerson(t, 0))
	for _, n := range picks {
		h.Persons = append(h.Persons, drawPerson(t, n))
	}
	for range rapid.IntRange(0, 3).Draw(t, "needs") {
		p := rapid.SampledFrom(append(slices.Clone(h.Persons), Person{})).Draw(t, "of")
		need := Need{Category: drawCode[NeedCategory](t, "NeedCategory"), Person: p.PersonNumber, AroseOn: drawDate(t, "arose")}
		if !slices.ContainsFunc(h.Needs, func(o Need) bool { return o.natural() == need.natural() }) {
			h.Needs = append(h.Needs, need)
		}
	}
	for _, y := range rapid.SliceOfNDistinct(rapid.IntRange(2015, 2019), 0, 3, rapid.ID[int]).Draw(t, "incomes") {
		h.Incomes = append(h.Incomes, Income{Year: y, Wage: rapid.Int64Range(0, 1000).Draw(t, "wage")})
	}
	if rapid.Bool().Draw(t, "damaged") {
		h.Housing.Damages = []Damage{{Cause: drawCode[DamageCause](t, "DamageCause"), HappenedOn: drawDate(t, "happened")}}
		h.Housing.Appraisals = []Appraisal{{Grade: drawCode[Grade](t, "Grade"), AppraisedOn: drawDate(t, "appraised"), Certificate: rapid.SampledFrom([]string{"", "c1"}).Draw(t, "certificate")}}
	}
	if rapid.Bool().Draw(t, "assisted") {
		h.Assistance = []Assistance{{Kind: drawCode[AssistanceKind](t, "AssistanceKind"), From: drawDate(t, "from")}}
	}
	for range rapid.IntRange(0, 3).Draw(t, "benefits") {
		b := Benefit{Kind: drawCode[BenefitKind](t, "BenefitKind"), Person: "P0", Year: rapid.IntRange(2018, 2019).Draw(t, "for"), Amount: rapid.Int64Range(1, 9).Draw(t, "amount"), PaidOn: "2019-06-01"}
		b.Group = rapid.SampledFrom(payers[b.Kind]).Draw(t, "payer")
		if !slices.ContainsFunc(h.Benefits, func(o Benefit) bool { return o.natural() == b.natural() }) {
			h.Benefits = append(h.Benefits, b)
		}
	}
	h.Sources = map[Group]Provenance{}
	for _, g := range allGroups {
		h.Sources[g] = Provenance{Owner: string(g), AsOf: drawDate(t, "as of")}
	}
	return h
}

// drawPerson draws facts about the n-th person; how the person is identified differs
// from person to person but is the same in every draw.
func drawPerson(t *rapid.T, n int) Person {
	p := Person{Name: fmt.Sprintf("试%c", '甲'+rune(n)), BirthDate: date.New(1970+n, 1, 1), Sex: Male, Relation: RelationOther,
		Health: drawCode[Health](t, "Health"), WorkMonths: rapid.IntRange(0, 12).Draw(t, "months")}
	if n == 0 {
		p.Relation = RelationHead
	}
	p.PersonNumber = fmt.Sprintf("P%d", n)
	if n%2 == 0 {
		p.IDNumber = withCheck(fmt.Sprintf("990101%d0101%03d", 1970+n, 2*n+1))
	}
	if n == 5 && rapid.Bool().Draw(t, "unnumbered") {
		p.PersonNumber = "" // then it is known by name and birth date
	}
	for _, y := range rapid.SliceOfNDistinct(rapid.IntRange(2018, 2020), 0, 2, rapid.ID[int]).Draw(t, "insured") {
		p.Insurances = append(p.Insurances, Insurance{Year: y, Basic: drawCode[Answer](t, "Answer")})
	}
	if rapid.Bool().Draw(t, "pupil") {
		p.Education = &Education{Enrolment: drawCode[Enrolment](t, "Enrolment")}
	}
	return p
}
