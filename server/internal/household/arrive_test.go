package household

import (
	"slices"
	"testing"
)

// movedOut is a household that the third person has left, and one that receives them.
func movedOut(t *testing.T) (from, to *Household, person string) {
	from = stored(t, sample())
	p := &from.Persons[2]
	p.LeftOn, p.LeaveReason = "2020-02-01", LeaveMarriage
	to = &Household{ID: "hh_other", Persons: []Person{p.Arriving()}}
	to.Persons[0].JoinedOn = "2020-02-01"
	return from, to, p.ID
}

func TestOnlyWhatWasDecidedBeforeSomebodyLeftGoesAlong(t *testing.T) {
	from, to, person := movedOut(t)
	early, late := legacy(), legacy()
	early.ID, early.Ends = "early", []End{{Person: person, Policy: "education", LastDay: "2020-08-31"}, {Person: from.Persons[0].ID, Policy: AllPolicies, LastDay: "2019-12-15"}}
	late.ID, late.DecidedOn, late.Ends = "late", "2020-02-02", nil
	from.Decisions = []Decision{early, late}
	to.Persons = append(to.Persons, Person{ID: "pp_own", JoinedOn: "2014-01-01"})
	for range 2 { // twice is harmless
		to.TakeAlong(from, person, today)
	}
	if len(to.Decisions) != 1 || to.Decisions[0].ID != "early" || !slices.Equal(to.Decisions[0].Only, []string{person}) ||
		!slices.Equal(to.Decisions[0].Ends, []End{{Person: person, Policy: "education", LastDay: "2020-08-31"}}) {
		t.Fatalf("%+v", to.Decisions)
	}
	if to.SupportStatusOn(today) != Supported {
		t.Error("those who live there are concerned")
	}
	if last, _, ended := to.LastDay(person, "education", today); !ended || last != "2020-08-31" {
		t.Errorf("the end date is %q", last)
	}
}

func TestAReversalGoesAlongWithWhatItReverses(t *testing.T) {
	from, to, person := movedOut(t)
	d := legacy()
	d.ID, d.Ends = "d", nil
	r := Decision{ID: "r", Number: "r", Kind: DecisionReversal, Reverses: "d", DecidedOn: "2020-03-01", EffectiveOn: "2020-03-01"}
	other := r
	other.ID, other.Number, other.Reverses = "o", "o", "unknown"
	from.Decisions = []Decision{d, r, other}
	to.TakeAlong(from, person, today)
	if len(to.Decisions) != 2 || to.SupportStatusOn(today) != Supported || to.SupportStatusOn("2020-02-15") != Unsupported {
		t.Fatalf("%d decisions; %s", len(to.Decisions), to.SupportStatusOn(today))
	}
}

func TestNobodyTakesAlongWhatIsTheirOwnHouseholds(t *testing.T) {
	from, _, person := movedOut(t)
	from.Decisions = []Decision{legacy()}
	from.TakeAlong(from, person, today)
	if len(from.Decisions) != 1 || len(from.Decisions[0].Only) > 0 {
		t.Fatalf("%+v", from.Decisions)
	}
	if from.Persons[2].LeftAlive() != true || from.Persons[0].LeftAlive() {
		t.Error("who left alive")
	}
}
