package household

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
)

func dateOf(s string) date.Date { return date.Date(s) }

func TestSupportContinuesUnlessADecisionEndedIt(t *testing.T) {
	removal := Decision{ID: "dd_1", Kind: DecisionRemoval, EffectiveOn: "2020-02-01"}
	reversal := Decision{ID: "dd_2", Kind: DecisionReversal, Reverses: "dd_1", EffectiveOn: "2020-05-01"}
	again := Decision{ID: "dd_3", Kind: DecisionLegacy, EffectiveOn: "2020-06-01"}
	narrow := Decision{ID: "dd_4", Kind: DecisionRemoval, EffectiveOn: "2020-02-01", Only: []string{"pp_1"}}
	tests := []struct {
		name      string
		decisions []Decision
		on        date.Date
		want      SupportStatus
	}{
		{"no decision", nil, "2020-02-01", Supported},
		{"the day before", []Decision{removal}, "2020-01-31", Supported},
		{"the day itself", []Decision{removal}, "2020-02-01", Unsupported},
		{"the day before the reversal", []Decision{removal, reversal}, "2020-04-30", Unsupported},
		{"reversed", []Decision{removal, reversal}, "2020-05-01", Supported},
		{"removed again", []Decision{removal, reversal, again}, "2020-06-01", Unsupported},
		{"a decision about single persons", []Decision{narrow}, "2020-03-01", Supported},
	}
	for _, tt := range tests {
		h := &Household{Decisions: tt.decisions, Register: Register{PovertyStatus: Closed}}
		if got := h.SupportStatusOn(tt.on); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestTheFrozenLastDayOfAPolicy(t *testing.T) {
	d := Decision{ID: "dd_1", Kind: DecisionRemoval, EffectiveOn: "2020-02-01", Ends: []End{
		{Person: "pp_1", Policy: "education", LastDay: "2020-08-31"},
		{Person: "pp_1", Policy: AllPolicies, LastDay: "2020-03-31"},
		{Policy: "housing", LastDay: "2020-12-31"},
		{Person: "pp_2", Policy: AllPolicies, LastDay: "2020-04-30"},
	}}
	for _, tt := range []struct{ person, policy, want string }{
		{"pp_1", "education", "2020-08-31"}, {"pp_1", "medical", "2020-03-31"}, {"pp_2", "housing", "2020-04-30"},
		{"", "housing", "2020-12-31"}, {"", "medical", "2020-01-31"}, {"pp_born_later", "education", "2020-01-31"},
		{"pp_born_later", "housing", "2020-12-31"},
	} {
		if got := d.LastDay(tt.person, tt.policy); got != dateOf(tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.person, tt.policy, got, tt.want)
		}
	}
	own := Decision{ID: "dd_2", Kind: DecisionRemoval, EffectiveOn: "2020-05-01", Only: []string{"pp_3"}}
	h := &Household{Decisions: []Decision{d, own}}
	if last, by, ended := h.LastDay("pp_3", "education", "2020-06-01"); !ended || last != "2020-04-30" || by.ID != "dd_2" {
		t.Errorf("a person's own decision: %s, %v", last, ended)
	}
	if _, _, ended := h.LastDay("pp_1", "education", "2020-01-31"); ended {
		t.Error("ended before the decision took effect")
	}
	h.Decisions = []Decision{own}
	if _, _, ended := h.LastDay("pp_1", "education", "2020-06-01"); ended {
		t.Error("ended by a decision about somebody else")
	}
}

func TestPresenceIsCountedInDays(t *testing.T) {
	h := &Household{Persons: []Person{{ID: "pp_1", Relation: RelationHead, JoinedOn: "2020-01-01", LeftOn: "2020-06-30"}, {ID: "pp_2"}}}
	for on, want := range map[date.Date]int{"2019-12-31": 1, "2020-01-01": 2, "2020-06-29": 2, "2020-06-30": 1} {
		if got := len(h.PresentOn(on)); got != want {
			t.Errorf("%s: %d present", on, got)
		}
	}
	if h.Head("2020-06-29") == nil || h.Head("2020-06-30") != nil {
		t.Error("the head left on the 30th")
	}
}

func TestAnyNumberLeadsToThePerson(t *testing.T) {
	h := stored(t, sample())
	h.FormerHouseholdNumbers = []string{"old"}
	h.Persons[0].DisabilityCard = h.Persons[0].IDNumber + "44"
	got := map[Identifier]int{}
	for _, id := range h.Identifiers() {
		got[id]++
	}
	one, three := h.Persons[0].ID, h.Persons[2].ID
	for _, want := range []Identifier{
		{HouseholdNumber, "9901010010010001", ""}, {HouseholdNumber, "old", ""}, {PersonNumber, "P1", one}, {PersonNumber, "P3", three},
		{AnyIDNumber, h.Persons[0].IDNumber, one}, {AnyIDNumber, NormaliseIDNumber("990102800101001"), one}, {StudentNumber, "J990101201005050001", three},
	} {
		if got[want] != 1 {
			t.Errorf("%v stands %d times", want.Kind, got[want])
		}
	}
	if len(got) != 9 {
		t.Errorf("%d identifiers", len(got))
	}
	if n := NormaliseIdentifier(AnyIDNumber, "990102 800101 001"); got[Identifier{AnyIDNumber, n, one}] != 1 {
		t.Error("a typed number is not found")
	}
}

func TestWhoeverLeavesAliveTakesIdentifiersAndNameAlong(t *testing.T) {
	h := stored(t, sample())
	all := len(h.Names())
	h.Persons[1].LeftOn, h.Persons[1].LeaveReason = "2020-01-01", LeaveMarriage
	h.Persons[0].LeftOn, h.Persons[0].LeaveReason = "2020-01-01", LeaveDeath
	if len(h.Names()) != all-1 {
		t.Error("the names must be those of the dead and the present")
	}
	for _, id := range h.Identifiers() {
		if id.Person == h.Persons[1].ID {
			t.Errorf("%s kept", id.Kind)
		}
	}
	h.Closing = &Closing{Kind: ClosingMerge}
	if h.Identifiers() != nil || h.Names() != nil {
		t.Error("an absorbed household kept identifiers")
	}
}

func TestProvisionalIsWhoHasNoIDNumber(t *testing.T) {
	if (&Person{IDNumber: "x"}).Provisional() || !(&Person{PersonNumber: "x"}).Provisional() {
		t.Error("provisional")
	}
}
