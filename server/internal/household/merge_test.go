package household

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/fault"
)

func reasons(bad []fault.Violation) map[string]fault.Reason {
	out := make(map[string]fault.Reason, len(bad))
	for _, v := range bad {
		out[v.Field] = v.Reason
	}
	return out
}

func wantViolation(t *testing.T, bad []fault.Violation, field string, reason fault.Reason) {
	t.Helper()
	if got := reasons(bad); got[field] != reason {
		t.Errorf("want %s at %s, got %v", reason, field, got)
	}
}

func TestMergeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint := minter()
		base := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
		in := drawHousehold(t)
		once := mustMerge(t, base, in, allGroups, mint)
		twice := mustMerge(t, once, in, allGroups, mint)
		if !reflect.DeepEqual(once, twice) || !Equal(once, twice) {
			t.Fatalf("once  %+v\ntwice %+v", once, twice)
		}
	})
}

func TestLoadingTheSameFileIntoANewHubTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint, in := minter(), drawHousehold(t)
		once := mustMerge(t, nil, in, allGroups, mint)
		if twice := mustMerge(t, once, in, allGroups, mint); !reflect.DeepEqual(once, twice) {
			t.Fatalf("once  %+v\ntwice %+v", once, twice)
		}
	})
}

func TestMergeOfValidFactsIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint := minter()
		h := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
		h = mustMerge(t, h, drawHousehold(t), allGroups, mint)
		if err := fault.List(fault.HouseholdInvalid, Validate(h, today, village)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMergeDeletesNothingThatIsNotMentioned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint := minter()
		base := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
		in := drawHousehold(t)
		out := mustMerge(t, base, in, allGroups, mint)
		for i := range base.Persons {
			was := &base.Persons[i]
			is := out.Person(was.ID)
			if is == nil {
				t.Fatalf("person %s vanished", was.ID)
			}
			for _, n := range was.numbers() {
				if !slices.Contains(is.numbers(), n) {
					t.Fatalf("person %s is no longer found by a number", was.ID)
				}
			}
			if is.PersonNumber == "" && was.PersonNumber != "" || is.Education == nil && was.Education != nil {
				t.Fatalf("person %s lost what was not mentioned", was.ID)
			}
			if len(is.Insurances) < len(was.Insurances) {
				t.Fatalf("person %s lost an insurance year", was.ID)
			}
		}
		kept(t, base.Needs, out.Needs, func(e Need) string { return e.ID })
		kept(t, base.Incomes, out.Incomes, func(e Income) string { return year(e.Year) })
		kept(t, base.Housing.Damages, out.Housing.Damages, func(e Damage) string { return e.ID })
		kept(t, base.Housing.Appraisals, out.Housing.Appraisals, func(e Appraisal) string { return e.ID })
		kept(t, base.Assistance, out.Assistance, func(e Assistance) string { return e.ID })
		kept(t, base.Benefits, out.Benefits, func(e Benefit) string { return e.ID })
	})
}

func kept[T any](t *rapid.T, before, after []T, key func(T) string) {
	for _, b := range before {
		if !slices.ContainsFunc(after, func(a T) bool { return key(a) == key(b) }) {
			t.Fatalf("element %s vanished", key(b))
		}
	}
}

func TestAWriterChangesOnlyItsOwnGroups(t *testing.T) {
	// What each group owns, taken out of a copy; the rest must be as it was.
	without := map[Group]func(*Household){
		GroupRegister: func(h *Household) {
			h.HouseholdNumber, h.Village, h.VillageGroup, h.Register, h.Closing = "", "", "", Register{}, nil
			h.Incomes, h.Helpers, h.Needs, h.Shocks = nil, nil, nil, nil
			for i := range h.Persons {
				p := &h.Persons[i]
				*p = Person{ID: p.ID, Education: p.Education, Insurances: p.Insurances}
			}
		},
		GroupHousing: func(h *Household) { h.Housing = Housing{} },
		GroupEducation: func(h *Household) {
			for i := range h.Persons {
				h.Persons[i].Education = nil
			}
		},
		GroupMedical: func(h *Household) {
			for i := range h.Persons {
				h.Persons[i].Insurances = nil
			}
		},
		GroupCivil: func(h *Household) { h.Assistance = nil },
	}
	for g, others := range without {
		without[g] = func(h *Household) {
			others(h)
			h.Benefits = slices.DeleteFunc(h.Benefits, func(e Benefit) bool { return e.Group == g })
			trim(&h.Benefits)
		}
	}
	for _, g := range allGroups {
		t.Run(string(g), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				mint := minter()
				base := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
				in := drawHousehold(t)
				in.Persons = slices.DeleteFunc(in.Persons, func(p Person) bool {
					return !slices.ContainsFunc(base.Persons, func(b Person) bool { return b.Name == p.Name })
				})
				in.Needs = slices.DeleteFunc(in.Needs, func(e Need) bool { return base.resolve(e.Person) == nil })
				out := mustMerge(t, base, in, []Group{g}, mint)
				for _, h := range []*Household{base, out} {
					without[g](h)
					delete(h.Sources, g)
				}
				if !reflect.DeepEqual(base, out) {
					t.Fatalf("%s changed facts of others:\n%+v\n%+v", g, base, out)
				}
			})
		})
	}
}

func TestSupportStatusNeverChangesByMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint, first := minter(), drawHousehold(t)
		if rapid.Bool().Draw(t, "removed") {
			d := legacy()
			d.Ends = nil
			first.Decisions = []Decision{d}
		}
		base := mustMerge(t, nil, first, allGroups, mint)
		in := drawHousehold(t)
		in.Register.PovertyStatus = drawCode[PovertyStatus](t, "PovertyStatus")
		out := mustMerge(t, base, in, allGroups, mint)
		for _, on := range []string{"2019-11-30", "2019-12-01", "2030-01-01"} {
			if a, b := base.SupportStatusOn(dateOf(on)), out.SupportStatusOn(dateOf(on)); a != b {
				t.Fatalf("on %s: %s became %s", on, a, b)
			}
		}
		if !reflect.DeepEqual(base.Decisions, out.Decisions) {
			t.Fatal("decisions were written")
		}
	})
}

func TestMergeChangesNeitherArgument(t *testing.T) {
	base, in := stored(t, sample()), sample()
	wantBase, wantIn := base.Clone(), in.Clone()
	in.Persons[0].Name, wantIn.Persons[0].Name = " 试甲 ", " 试甲 "
	out := mustMerge(t, base, in, allGroups, minter())
	out.Persons[1].Insurances[0].Year = 1
	out.Sources[GroupHousing] = Provenance{}
	if !reflect.DeepEqual(base, wantBase) || !reflect.DeepEqual(in, wantIn) {
		t.Error("an argument was changed")
	}
}

func TestPersonsAreMatchedByTheirStrongestIdentifier(t *testing.T) {
	base := stored(t, sample())
	number := base.Persons[0].IDNumber
	tests := map[string]Person{
		"hub id":              {ID: base.Persons[0].ID, Name: "改名", BirthDate: "1980-01-01"},
		"ID number":           {IDNumber: number, Name: "改名"},
		"as typed":            {IDNumber: number[:6] + " " + number[6:], Name: "改名"},
		"former number":       {IDNumber: NormaliseIDNumber("990102800101001"), Name: "改名"},
		"in the card":         {DisabilityCard: number + "44", Name: "改名", BirthDate: "1980-01-01", Sex: Male},
		"person number":       {PersonNumber: "P1", Name: "改名", BirthDate: "1980-01-01", Sex: Male},
		"new ID number":       {PersonNumber: "P1", IDNumber: withCheck("99010119800101003"), Name: "改名"},
		"name and birth date": {Name: "试甲", BirthDate: "1980-01-01", Sex: Male},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			p.Relation = RelationHead
			out := mustMerge(t, base, &Household{Persons: []Person{p}}, []Group{GroupRegister}, minter())
			if len(out.Persons) != 3 || out.Persons[0].Name != p.Name {
				t.Fatalf("%d persons, the first %s", len(out.Persons), out.Persons[0].Name)
			}
			numbers := out.Persons[0].numbers()
			for _, n := range append(base.Persons[0].numbers(), p.numbers()...) {
				if !slices.Contains(numbers, n) {
					t.Error("a number was lost")
				}
			}
			if out.Persons[0].PersonNumber != "P1" {
				t.Error("the person number was lost")
			}
		})
	}
}

func TestAPupilIsFoundByStudentNumber(t *testing.T) {
	base := stored(t, sample())
	in := &Household{Persons: []Person{{Education: &Education{StudentNumber: "J990101201005050001", Enrolment: Suspended}}}}
	out := mustMerge(t, base, in, []Group{GroupEducation}, minter())
	if out.Persons[2].Education.Enrolment != Suspended || out.Persons[2].Name != "试丙" {
		t.Errorf("%+v", out.Persons[2])
	}
}

func TestANewMemberOfTheSameNameButAnotherNumberIsSomebodyElse(t *testing.T) {
	in := &Household{Persons: []Person{{Name: "试甲", BirthDate: "1980-01-01", IDNumber: withCheck("99010319800101001"), Relation: RelationOther}}}
	out := mustMerge(t, stored(t, sample()), in, []Group{GroupRegister}, minter())
	if len(out.Persons) != 4 {
		t.Errorf("%d persons", len(out.Persons))
	}
}

func TestOnlyTheOfficeBringsHouseholdsAndPersonsIntoTheHub(t *testing.T) {
	_, bad := Merge(nil, sample(), []Group{GroupHousing, GroupEducation, GroupMedical, GroupCivil}, minter())
	wantViolation(t, bad, "household_number", fault.GroupNotOwned)
	in := &Household{Persons: []Person{{Name: "试丁", IDNumber: "11010519491231002X", Education: &Education{Stage: Primary}}}}
	out, bad := Merge(stored(t, sample()), in, []Group{GroupEducation}, minter())
	wantViolation(t, bad, "persons[0]", fault.PersonUnknown)
	if out != nil {
		t.Error("a household came with violations")
	}
}

func TestTwoRowsCannotMeanOnePerson(t *testing.T) {
	in := &Household{Persons: []Person{{PersonNumber: "P1", Name: "试甲"}, {IDNumber: withCheck("99010119800101001"), Name: "试甲"}}}
	_, bad := Merge(stored(t, sample()), in, []Group{GroupRegister}, minter())
	wantViolation(t, bad, "persons[1]", fault.Duplicate)
	_, bad = Merge(stored(t, sample()), &Household{Persons: []Person{{ID: "pp_x"}}}, []Group{GroupRegister}, minter())
	wantViolation(t, bad, "persons[0].id", fault.PersonUnknown)
}

func TestReferencesBecomeHubIDs(t *testing.T) {
	h := stored(t, sample())
	if h.Needs[0].Person != h.Persons[2].ID || h.Shocks[0].Person != h.Persons[1].ID || h.Assistance[0].Person != h.Persons[1].ID || h.Benefits[1].Person != h.Persons[2].ID {
		t.Errorf("%s %s %s", h.Needs[0].Person, h.Shocks[0].Person, h.Assistance[0].Person)
	}
	in := &Household{Needs: []Need{{Category: NeedFood, Person: "P9", AroseOn: "2020-01-01"}}}
	_, bad := Merge(h, in, []Group{GroupRegister}, minter())
	wantViolation(t, bad, "needs[0].person", fault.PersonUnknown)
}

func TestAMentionedElementIsReplacedWhole(t *testing.T) {
	base := stored(t, sample())
	in := &Household{
		Needs:   []Need{{Category: NeedEducation, Person: base.Persons[2].IDNumber, AroseOn: "2020-03-01"}, {Category: NeedEducation, Person: "P3", AroseOn: "2020-03-01", FulfilledOn: "2020-05-01"}},
		Persons: []Person{{PersonNumber: "P2", Name: "试乙", BirthDate: "1982-02-03", Sex: Female, Relation: RelationSpouse, Insurances: []Insurance{{Year: 2020, Basic: No}, {Year: 2019, Basic: Yes}}}},
	}
	in.Needs = in.Needs[1:]
	out := mustMerge(t, base, in, allGroups, minter())
	if len(out.Needs) != 1 || out.Needs[0].FulfilledOn != "2020-05-01" || out.Needs[0].ID != base.Needs[0].ID {
		t.Errorf("needs: %+v", out.Needs)
	}
	want := []Insurance{{Year: 2019, Basic: Yes}, {Year: 2020, Basic: No}}
	if !slices.Equal(out.Persons[1].Insurances, want) {
		t.Errorf("insurances: %+v", out.Persons[1].Insurances)
	}
	out = mustMerge(t, out, &Household{Register: Register{MainCause: CauseLand, PovertyStatus: Lifted}}, []Group{GroupRegister}, minter())
	if out.Register.Phone != "" || out.Register.MainCause != CauseLand || len(out.Persons) != 3 {
		t.Errorf("register: %+v", out.Register)
	}
}

func TestAnElementWithASourcesOwnKeyIsMeantByItsContentToo(t *testing.T) {
	base := stored(t, &Household{HouseholdNumber: "H", Housing: Housing{Damages: []Damage{{ID: "own-7", Cause: DamageFire, HappenedOn: "2020-01-01"}}}})
	in := &Household{Housing: Housing{Damages: []Damage{{Cause: DamageFire, HappenedOn: "2020-01-01"}}}}
	out := mustMerge(t, base, in, []Group{GroupHousing}, minter())
	if len(out.Housing.Damages) != 1 {
		t.Errorf("%+v", out.Housing.Damages)
	}
}

func TestSourcesChangeOnlyForWrittenGroups(t *testing.T) {
	in := &Household{Sources: map[Group]Provenance{GroupRegister: {Source: "other"}, GroupHousing: {Source: "housing"}}}
	out := mustMerge(t, stored(t, sample()), in, []Group{GroupHousing}, minter())
	if out.Sources[GroupRegister].Source != "file" || out.Sources[GroupHousing].Source != "housing" {
		t.Errorf("%+v", out.Sources)
	}
}

func TestAClosedHouseholdLivesOnWhenTheOfficeSaysSo(t *testing.T) {
	h := sample()
	h.Register.PovertyStatus = Removed
	h.Closing = &Closing{Kind: ClosingError, On: "2020-01-01", Document: Document{Issuer: "甲", Number: "1", Date: "2020-01-01"}}
	base := stored(t, h)
	if out := mustMerge(t, base, &Household{Sources: h.Sources}, allGroups, minter()); out.Closing == nil {
		t.Error("the closing vanished unmentioned")
	}
	if out := mustMerge(t, base, sample(), allGroups, minter()); out.Closing != nil {
		t.Error("the household is open and closed")
	}
}

func TestANewHouseholdMayBringLegacyDecisionsWithTheirEnds(t *testing.T) {
	in := sample()
	in.Decisions = []Decision{legacy()}
	h := stored(t, in)
	d := h.Decisions[0]
	if d.ID == "" || h.SupportStatusOn("2019-11-30") != Supported || h.SupportStatusOn("2019-12-01") != Unsupported {
		t.Errorf("%+v", d)
	}
	for _, e := range d.Ends {
		if h.Person(e.Person) == nil {
			t.Errorf("end of an unknown person: %+v", e)
		}
	}
	in.Decisions[0].Kind = DecisionRemoval
	_, bad := Merge(nil, in, allGroups, minter())
	wantViolation(t, bad, "decisions[0].kind", fault.Malformed)
	in.Decisions[0] = legacy()
	in.Decisions[0].Ends[1].Person = "P9"
	_, bad = Merge(nil, in, allGroups, minter())
	wantViolation(t, bad, "decisions[0].ends[1].person", fault.PersonUnknown)
}

func TestStoredDecisionsMayBeRepeatedButNeverChangedOrAdded(t *testing.T) {
	in := sample()
	in.Decisions = []Decision{legacy()}
	base := stored(t, in)
	for _, same := range []*Household{in, base} {
		if out := mustMerge(t, base, same, allGroups, minter()); !reflect.DeepEqual(out.Decisions, base.Decisions) {
			t.Error("repeating a decision changed it")
		}
	}
	changed := in.Clone()
	changed.Decisions[0].EffectiveOn = "2021-01-01"
	_, bad := Merge(base, changed, allGroups, minter())
	wantViolation(t, bad, "decisions[0]", fault.DecisionImmutable)
	ends := in.Clone()
	ends.Decisions[0].Ends = ends.Decisions[0].Ends[:1]
	_, bad = Merge(base, ends, allGroups, minter())
	wantViolation(t, bad, "decisions[0]", fault.DecisionImmutable)
	_, bad = Merge(stored(t, sample()), in, allGroups, minter())
	wantViolation(t, bad, "decisions[0]", fault.LegacyDecisionLate)
}
