package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// agreeing wants case and household to say the same: a decision stands on the household if
// and only if the case is announced, its reversal if and only if the case is reversed.
func (h *house) agreeing(c hub.CaseState, number string) hub.CaseState {
	h.Helper()
	now, kinds := h.now(c), []household.DecisionKind{}
	for _, d := range h.find(number).Household.Decisions {
		kinds = append(kinds, d.Kind)
	}
	var want []household.DecisionKind
	switch now.State {
	case removal.Announced:
		want = []household.DecisionKind{household.DecisionRemoval}
	case removal.Reversed:
		want = []household.DecisionKind{household.DecisionRemoval, household.DecisionReversal}
	}
	if slices.Sort(kinds); !slices.Equal(kinds, want) {
		h.Fatalf("the case is %s, the household has %v", now.State, kinds)
	}
	return now
}

// Every write of every step fails in turn, and the same request is made again until it
// is answered: each step stands once.
func TestAStepWhoseWritesFailIsTakenOnceOrNotAtAll(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.propose(h.fits(qionghai[0], 1, 1)[0])
	steps := []removal.StepKind{removal.Assess, removal.Appraise, removal.Post, removal.Object, removal.Dismiss, removal.Review, removal.Confirm, removal.Announce, removal.Reverse}
	for i, kind := range steps {
		if kind == removal.Review {
			h.clock.day(h.Today().AddDays(8))
		}
		who, s := h.usual(c, kind)
		k := hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}
		failed := 0
		for n := 1; ; n++ {
			h.store.failUpdate = n
			got, err := h.TakeStep(t.Context(), who, k, s)
			reached := h.store.failUpdate == 0
			h.store.failUpdate = 0
			now := h.agreeing(c, "HH-0001")
			if len(now.Steps) != i+1 && len(now.Steps) != i+2 {
				t.Fatalf("%s: %d steps", kind, len(now.Steps))
			}
			if err == nil {
				if got.Etag != now.Etag || len(now.Steps) != i+2 {
					t.Fatalf("%s was answered and stands in %d steps", kind, len(now.Steps))
				}
				c = got
			}
			if !reached {
				break
			}
			failed++
		}
		if failed == 0 || h.now(c).Steps[i+1].Kind != kind {
			t.Errorf("%s: %d of its writes failed", kind, failed)
		}
	}
	if all := h.find("HH-0001").Household.Decisions; len(all) != 2 {
		t.Errorf("%d decisions", len(all))
	}
}

// spread is a removed household of which a part split off, a newcomer married into
// another household, and the rest moved to another area.
func (h *house) spread(t *testing.T) (c hub.CaseState, numbers []string) {
	h.Helper()
	both := h.fits(qionghai[0], 1, 2)
	c = h.carry(h.propose(both[0]), removal.Announce)
	was := h.find("HH-0001")
	was, err := h.RecordBirth(t.Context(), office, hub.Case{ID: was.Household.ID, Etag: was.Etag, Document: paper(), RequestID: h.request()}, household.Person{
		PersonNumber: "P-0001-9", Name: "试新", Sex: household.Female, BirthDate: h.Today(), Relation: household.RelationDaughter,
		JoinedOn: h.Today(), JoinReason: household.JoinBirth, LabourAbility: household.LabourNone,
	})
	h.ok(err)
	child := was.Household.Persons[slices.IndexFunc(was.Household.Persons, func(p household.Person) bool { return p.PersonNumber == "P-0001-9" })].ID
	other := h.find("HH-0002")
	_, err = h.RecordMarriage(t.Context(), office, hub.Case{
		ID: was.Household.ID, Etag: was.Etag, Other: other.Household.ID, OtherEtag: other.Etag, Document: paper(), RequestID: h.request(),
	}, household.Wedding{Person: child, Relation: household.RelationOther, On: h.Today()})
	h.ok(err)
	was = h.find("HH-0001")
	rest, _ := h.split(was, "HH-0003", was.Household.Persons[1].ID)
	h.move(rest, danzhou[0])
	return h.now(c), []string{"HH-0001", "HH-0002", "HH-0003"}
}

// taken counts in how many of the households the decision stands, and in how many its reversal.
func (h *house) taken(c hub.CaseState, numbers []string) (removed, reversed int) {
	h.Helper()
	for _, n := range numbers {
		for _, d := range h.find(n).Household.Decisions {
			switch {
			case d.ID == c.Decision:
				removed++
			case d.Reverses == c.Decision:
				reversed++
			}
		}
	}
	return removed, reversed
}

func TestAReversalReachesEverybodyWhomTheRemovalReached(t *testing.T) {
	h := newBureau(newHouse(t))
	c, numbers := h.spread(t)
	if removed, _ := h.taken(c, numbers); removed != 3 {
		t.Fatalf("the removal stands in %d households", removed)
	}
	c, err := h.step(c, removal.Reverse) // the household is in another area now, the case is where it was
	h.ok(err)
	if _, reversed := h.taken(c, numbers); reversed != 3 {
		t.Errorf("the reversal reached %d of 3 households", reversed)
	}
	k := copyOf(h, reader)
	if on := k.persons("no-longer-supported"); len(on) > 0 {
		t.Errorf("%d persons are still on the roster", len(on))
	}
	content, _, err := h.Evidence(t.Context(), county, c.ID, c.Steps[len(c.Steps)-1].Evidence[0].SHA256)
	if h.ok(err); len(content) == 0 {
		t.Error("the evidence of the reversal is empty")
	}
}

// Every write of a reversal and of what finishes it fails in turn.
func TestAReversalThatIsCutShortIsFinishedByTheNextHub(t *testing.T) {
	for n := 1; ; n++ {
		h := newBureau(newHouse(t))
		c, numbers := h.spread(t)
		who, s := h.usual(c, removal.Reverse)
		k := hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}
		h.store.failUpdate = n
		_, err := h.TakeStep(t.Context(), who, k, s)
		reached := h.store.failUpdate == 0
		h.store.failUpdate = 0
		state := h.now(c).State
		if _, reversed := h.taken(c, numbers); (state == removal.Announced && reversed > 0) || (err == nil) != (state == removal.Reversed) {
			t.Fatalf("write %d failed: %v, the case is %s, %d reversals", n, err, state, reversed)
		}
		h.restart()
		if _, err = h.TakeStep(t.Context(), who, k, s); err != nil {
			t.Fatal(err)
		}
		for range 2 { // twice is harmless
			h.ok(h.FinishReversals(t.Context()))
			if _, reversed := h.taken(c, numbers); reversed != 3 {
				t.Fatalf("write %d failed: the reversal reached %d of 3 households", n, reversed)
			}
		}
		if !reached {
			if n < 4 {
				t.Errorf("a reversal of %d writes", n-1)
			}
			return
		}
	}
}
