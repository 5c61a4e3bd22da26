package household

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

var paper = Document{Issuer: "某镇", Number: "分户1号", Date: "2020-06-01"}

const parting date.Date = "2020-06-15"

// policies by which the tests ask whether somebody is still supported.
var policies = []string{"education", "medical", "housing"}

// household makes an open household of n members with ids prefix1 … and, if it is
// removed, a decision with an end for the first member alone.
func household(prefix string, n int, removed bool) *Household {
	h := &Household{ID: "hh_" + prefix, HouseholdNumber: "H" + prefix, Village: "460400100200",
		Register: Register{MainCause: CauseIllness, PovertyStatus: Lifted, Phone: "19900000001", HousingArea: "80"},
		Helpers:  []HelperAssignment{{Name: "帮甲", From: "2016-01-01"}}}
	for i := range n {
		p := Person{ID: prefix + string(rune('1'+i)), PersonNumber: prefix + string(rune('1'+i)), Name: "试" + prefix + string(rune('1'+i)),
			Sex: Female, BirthDate: "1990-01-01", Relation: RelationOther, JoinedOn: "2015-01-01", JoinReason: JoinRegistered}
		h.Persons = append(h.Persons, p)
	}
	h.Persons[0].Relation = RelationHead
	h.Needs = []Need{{Category: NeedFood, Person: h.Persons[n-1].ID, AroseOn: "2020-01-01"}, {Category: NeedOther, AroseOn: date.New(2020, 1, 2+n)}}
	if removed {
		d := legacy()
		d.ID, d.Number = "dd_"+prefix, "决"+prefix
		d.Ends = []End{{Person: h.Persons[0].ID, Policy: "education", LastDay: "2020-08-31"}}
		h.Decisions = []Decision{d}
	}
	Normalise(h)
	return h
}

// support says for each present person and policy how long it lasts ("" without end).
func support(on date.Date, households ...*Household) map[string]date.Date {
	out := make(map[string]date.Date)
	for _, h := range households {
		for _, p := range h.PresentOn(on) {
			for _, policy := range policies {
				last, _, _ := h.LastDay(p.ID, policy, "2099-01-01")
				out[p.ID+" "+policy] = last
			}
		}
	}
	return out
}

func shell() *Household {
	return &Household{ID: "hh_new", HouseholdNumber: "Hnew", Village: "460400100201"}
}

func mustSplit(t interface{ Fatal(...any) }, h, fresh *Household, s Splitting) (rest, split *Household) {
	rest, split, err := Split(h, fresh, s)
	if err != nil {
		t.Fatal(err)
	}
	return rest, split
}

func mustAbsorb(t interface{ Fatal(...any) }, from, into *Household, u Union) (closed, united *Household) {
	closed, united, err := Absorb(from, into, u)
	if err != nil {
		t.Fatal(err)
	}
	return closed, united
}

func TestWhoeverSplitsOffKeepsIDAndFactsAndTakesTheFrozenDatesAlong(t *testing.T) {
	h := household("a", 3, true)
	before := support(parting, h)
	rest, split := mustSplit(t, h, shell(), Splitting{Leaving: map[string]Relation{"a1": RelationHead, "a3": ""},
		Staying: map[string]Relation{"a2": RelationHead}, On: parting, Document: paper})
	for _, x := range []*Household{rest, split} {
		if err := fault.List(fault.HouseholdInvalid, Validate(x, today, village)); err != nil {
			t.Error(err)
		}
		if x.SupportStatusOn(parting) != Unsupported {
			t.Errorf("%s is supported", x.ID)
		}
	}
	if !reflect.DeepEqual(before, support(parting, rest, split)) {
		t.Errorf("%v\n%v", before, support(parting, rest, split))
	}
	p := split.Person("a3")
	if p.JoinReason != JoinSplit || p.JoinedOn != parting || p.Relation != RelationOther || rest.Person("a3").LeaveReason != LeaveSplit || rest.Person("a3").LeftOn != parting {
		t.Errorf("membership: %+v", p)
	}
	if len(rest.PresentOn(parting)) != 1 || len(rest.PresentOn("2020-06-14")) != 3 || len(split.PresentOn(parting)) != 2 {
		t.Error("presence")
	}
	if len(split.Needs) != 1 || split.Needs[0].Person != "a3" || len(rest.Needs) != 1 || len(split.Helpers) != 1 {
		t.Errorf("needs %v, %v", split.Needs, rest.Needs)
	}
	if split.Register.MainCause != CauseIllness || split.Register.Phone != "" || split.Register.HousingArea != "" {
		t.Errorf("register %+v", split.Register)
	}
	for _, id := range rest.Identifiers() {
		if id.Person == "a3" {
			t.Error("both households claim the person's identifiers")
		}
	}
}

func TestABirthIntoAnUnsupportedHouseholdIsUnsupportedWithIt(t *testing.T) {
	_, split := mustSplit(t, household("a", 2, true), shell(), Splitting{Leaving: map[string]Relation{"a2": RelationHead}, On: parting, Document: paper})
	if _, _, ended := split.LastDay("born", "education", today); !ended {
		t.Error("the child of a household that split off is supported")
	}
}

func TestASplitNeedsPresentPersonsAHeadAndSomebodyWhoStays(t *testing.T) {
	h := household("a", 2, false)
	for name, s := range map[string]Splitting{
		"nobody":        {},
		"no head":       {Leaving: map[string]Relation{"a2": RelationSpouse}},
		"unknown":       {Leaving: map[string]Relation{"x": RelationHead}},
		"everybody":     {Leaving: map[string]Relation{"a1": RelationHead, "a2": ""}},
		"stays and not": {Leaving: map[string]Relation{"a2": RelationHead}, Staying: map[string]Relation{"a2": RelationHead}},
	} {
		s.On = parting
		if _, _, err := Split(h, shell(), s); !fault.Is(err, fault.HouseholdInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnitingHouseholdsChangesNobodysSupport(t *testing.T) {
	for _, tt := range []struct {
		from, into bool // removed
		want       SupportStatus
	}{{false, false, Supported}, {true, false, Supported}, {false, true, Supported}, {true, true, Unsupported}} {
		from, into := household("a", 3, tt.from), household("b", 2, tt.into)
		before := support(parting, from, into)
		closed, united := mustAbsorb(t, from, into, Union{Relations: map[string]Relation{"a1": RelationMother}, On: parting, Document: paper})
		if got := united.SupportStatusOn(parting); got != tt.want {
			t.Errorf("%v: the household is %s", tt, got)
		}
		if after := support(parting, united); !reflect.DeepEqual(before, after) {
			t.Errorf("%v: %v\n%v", tt, before, after)
		}
		for _, x := range []*Household{closed, united} {
			if err := fault.List(fault.HouseholdInvalid, Validate(x, today, village)); err != nil {
				t.Errorf("%v: %v", tt, err)
			}
		}
		if len(closed.PresentOn(parting)) != 0 || len(united.PresentOn(parting)) != 5 || closed.Closing.Kind != ClosingMerge {
			t.Errorf("%v: members", tt)
		}
		if !slices.Contains(united.FormerHouseholdNumbers, "Ha") || closed.Identifiers() != nil {
			t.Errorf("%v: aliases did not move", tt)
		}
		if len(united.Needs) != 4 {
			t.Errorf("%v: open needs %v", tt, united.Needs)
		}
	}
}

func TestAUnionRefusesUnknownPersonsSecondHeadsAndClosedHouseholds(t *testing.T) {
	from, into := household("a", 2, false), household("b", 1, false)
	closed, _ := mustAbsorb(t, from, into, Union{On: parting, Document: paper})
	for name, call := range map[string]func() error{
		"unknown": func() error {
			_, _, err := Absorb(from, into, Union{On: parting, Relations: map[string]Relation{"x": ""}})
			return err
		},
		"head": func() error {
			_, _, err := Absorb(from, into, Union{On: parting, Relations: map[string]Relation{"a1": RelationHead}})
			return err
		},
		"closed": func() error { _, _, err := Absorb(closed, into, Union{On: parting}); return err },
	} {
		if err := call(); !fault.Is(err, fault.HouseholdInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASplitIsUndoneByAbsorbAndAUnionBySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		aGone, bGone := rapid.Bool().Draw(t, "a removed"), rapid.Bool().Draw(t, "b removed")
		a, b := household("a", 3, aGone), household("b", 2, bGone)
		beforeA, before := support(parting, a), support(parting, a, b)
		const back = parting + "" // the same day: as if it had not been

		rest, split := mustSplit(t, a, shell(), Splitting{Leaving: map[string]Relation{"a2": RelationHead}, On: parting, Document: paper})
		_, again := mustAbsorb(t, split, rest, Union{On: back, Document: paper})
		if !reflect.DeepEqual(support(parting, again), beforeA) || again.SupportStatusOn(parting) != a.SupportStatusOn(parting) {
			t.Fatal("split and absorbed: support changed")
		}
		if len(again.PresentOn(parting)) != 3 || len(again.Needs) != len(a.Needs) || !reflect.DeepEqual(again.Decisions, a.Decisions) {
			t.Fatalf("split and absorbed: %+v", again)
		}

		closed, united := mustAbsorb(t, a, b, Union{On: parting, Document: paper})
		rest, reopened := mustSplit(t, united, closed, Splitting{Leaving: map[string]Relation{"a1": RelationHead, "a2": "", "a3": ""}, On: back, Document: paper})
		if !reflect.DeepEqual(support(parting, rest, reopened), before) {
			t.Fatal("absorbed and split: support changed")
		}
		if rest.SupportStatusOn(parting) != b.SupportStatusOn(parting) || reopened.SupportStatusOn(parting) != a.SupportStatusOn(parting) {
			t.Fatal("absorbed and split: status changed")
		}
		if reopened.Closing != nil || len(reopened.Persons) != 3 || len(rest.FormerHouseholdNumbers) != 0 || len(reopened.Needs) != len(a.Needs) {
			t.Fatalf("absorbed and split: %+v", reopened)
		}
		if !reflect.DeepEqual(rest.Decisions, b.Decisions) || !reflect.DeepEqual(reopened.Decisions, a.Decisions) {
			t.Fatalf("decisions: %+v", rest.Decisions)
		}
	})
}

func TestSplitAndAbsorbChangeNeitherArgument(t *testing.T) {
	a, b, fresh := household("a", 2, true), household("b", 2, true), shell()
	wantA, wantB := a.Clone(), b.Clone()
	mustSplit(t, a, fresh, Splitting{Leaving: map[string]Relation{"a2": RelationHead}, On: parting, Document: paper})
	mustAbsorb(t, a, b, Union{On: parting, Document: paper})
	if !reflect.DeepEqual(a, wantA) || !reflect.DeepEqual(b, wantB) || !reflect.DeepEqual(fresh, shell()) {
		t.Error("an argument was changed")
	}
}

// A reversal follows the decision that it takes back, and stands nowhere else: without
// it the household would not be valid.
func TestAReversalStaysWithTheDecisionThatItTakesBack(t *testing.T) {
	h := numbered("a", 4, false)
	h.Decisions = []Decision{
		{ID: "dd_1", Number: "1", Kind: DecisionRemoval, DecidedOn: "2019-01-10", AnnouncedOn: "2019-01-20", EffectiveOn: "2019-02-01", Document: paper, Only: []string{"a3"}},
		{ID: "dd_2", Number: "2", Kind: DecisionReversal, DecidedOn: "2019-03-01", EffectiveOn: "2019-03-01", Document: paper, Reverses: "dd_1"},
	}
	mustBeValid(t, h)
	for leaver, there := range map[string]int{"a2": 0, "a3": 2} {
		rest, split := mustSplit(t, h, shell(), Splitting{Leaving: map[string]Relation{leaver: RelationHead}, On: parting, Document: paper})
		mustBeValid(t, rest, split)
		if len(split.Decisions) != there || len(rest.Decisions) != 2-there {
			t.Errorf("%s left: %d decisions went along, %d stayed", leaver, len(split.Decisions), len(rest.Decisions))
		}
		if got := support(parting, rest, split); !maps.Equal(got, support(parting, h)) {
			t.Errorf("%s left: %v", leaver, got)
		}
	}
}
