package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestAMoveWithinAnAreaIsOneTransactionAndNobodyIsTwice(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	now := h.move(was, qionghai[1])
	if now.Household.Village != qionghai[1] || now.Revision != 2 {
		t.Fatal("it did not move")
	}
	for _, c := range k.pull() {
		if c.op != "MOVED" || c.transaction != k.changes[0].transaction {
			t.Errorf("%s in transaction %d", c.op, c.transaction)
		}
	}
	k.equal()
	_, err := h.MoveHousehold(t.Context(), office, hub.Move{ID: was.Household.ID, Etag: now.Etag, Village: qionghai[2], RequestID: "no paper"})
	h.violated(err, "document.number", fault.Required)
}

func TestSplittingIsOneTransactionAndMergingUndoesIt(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	wife, child := was.Household.Persons[1].ID, was.Household.Persons[2].ID
	before := k.support()

	rest, off := h.split(was, "HH-0002", wife, child)
	for _, c := range k.pull() {
		if c.transaction != k.changes[0].transaction {
			t.Error("a split of two transactions")
		}
	}
	k.equal()
	if k.row("education", off.Household.ID, child) == nil || k.row("education", rest.Household.ID, child) != nil {
		t.Error("the child does not stand in the new household alone")
	}
	for number, id := range map[string]string{"P-0001-1": rest.Household.ID, "P-0001-2": off.Household.ID, "P-0001-3": off.Household.ID} {
		if found, err := h.LookUpIdentifier(t.Context(), office, "PERSON_NUMBER", number); err != nil || len(found) != 1 || found[0].Household.ID != id {
			t.Errorf("%s is found in %d households, %v", number, len(found), err)
		}
	}

	whole := h.merge(rest, off)
	k.pull()
	k.equal()
	if len(whole.Household.PresentOn(today)) != 3 || k.row("household-status", off.Household.ID, "") != nil {
		t.Error("the merge did not bring them together")
	}
	if after := k.support(); !equalSupport(before, after) {
		t.Errorf("somebody's support changed:\n%v\n%v", before, after)
	}
	if found := h.find("HH-0002"); found.Household.ID != whole.Household.ID {
		t.Error("the closed household's number does not find the one that has its members")
	}

	_, again := h.split(whole, "HH-0002", wife, child) // which undoes the merge
	k.pull()
	k.equal()
	if h.find("HH-0002").Household.ID != again.Household.ID || len(again.Household.PresentOn(today)) != 2 {
		t.Error("the number does not find the household that split off")
	}
}

func TestASplitThatIsNotRightChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	was, other := h.find("HH-0001"), h.find("HH-0002")
	before := h.lists()
	persons := was.Household.Persons
	s := hub.Split{ID: was.Household.ID, Etag: was.Etag, HouseholdNumber: "HH-0003", On: today, Document: paper()}
	for name, c := range map[string]struct {
		leaving map[string]household.Relation
		number  string
		reason  fault.Reason
	}{
		"the head leaves":      {map[string]household.Relation{persons[0].ID: household.RelationHead}, "HH-0003", fault.HouseholdInvalid},
		"nobody is head":       {map[string]household.Relation{persons[1].ID: household.RelationOther}, "HH-0003", fault.HouseholdInvalid},
		"somebody else leaves": {map[string]household.Relation{other.Household.Persons[1].ID: household.RelationHead}, "HH-0003", fault.HouseholdInvalid},
		"a number in use":      {map[string]household.Relation{persons[1].ID: household.RelationHead}, "HH-0002", fault.IdentifierTaken},
	} {
		s.Leaving, s.HouseholdNumber, s.RequestID = c.leaving, c.number, h.request()
		_, _, err := h.SplitHousehold(t.Context(), office, s)
		if !fault.Is(err, c.reason) || h.lists() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.MergeHouseholds(t.Context(), office, hub.Merge{Into: was.Household.ID, IntoEtag: was.Etag, From: was.Household.ID, FromEtag: was.Etag, On: today, Document: paper(), RequestID: "m"})
	h.violated(err, "from", fault.Duplicate)
	_, err = h.MergeHouseholds(t.Context(), office, hub.Merge{Into: was.Household.ID, IntoEtag: was.Etag, From: other.Household.ID, FromEtag: was.Etag, On: today, Document: paper(), RequestID: "n"})
	h.refused(err, fault.EtagStale)
	if h.lists() != before {
		t.Error("a refused merge changed something")
	}
}

func TestATransferLeavesTheHouseholdInExactlyOneArea(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	here := h.find("HH-0001")
	id := here.Household.ID
	for _, to := range []string{danzhou[0], qionghai[1], danzhou[1], qionghai[0]} { // there and back again, twice
		here = h.move(here, to)
		k.pull()
		k.equal()
		if got := k.areas(id); !slices.Equal(got, []string{here.Area}) || here.Household.Village != to {
			t.Fatalf("after the move to %s it stands in %v", here.Area, got)
		}
		if len(ended(k.changes)) > 0 {
			t.Fatal("a transfer looks like an end")
		}
		if found := h.find("HH-0001"); found.Area != here.Area {
			t.Fatal("it is found where it is no more")
		}
	}
}

func TestATransferCutBetweenItsTransactionsIsFinishedByTheNextHub(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	id := was.Household.ID

	h.store.failUpdate = 2
	here := h.move(was, danzhou[0])
	k.pull()
	if got := k.areas(id); !slices.Equal(got, []string{"danzhou", "qionghai"}) {
		t.Fatalf("cut between the two it stands in %v", got)
	}
	h.restart()
	for range 2 { // twice is harmless
		h.ok(h.FinishTransfers(t.Context()))
		k.pull()
		k.equal()
		if got := k.areas(id); !slices.Equal(got, []string{"danzhou"}) {
			t.Fatalf("finished, it stands in %v", got)
		}
	}

	h.store.failUpdate = 2
	here = h.move(here, qionghai[0])
	here = h.move(here, danzhou[1]) // which finishes the one before first
	k.pull()
	k.equal()
	if got := k.areas(id); !slices.Equal(got, []string{"danzhou"}) || here.Area != "danzhou" {
		t.Fatalf("it stands in %v", got)
	}
}

func TestATransferThatFailsInItsFirstTransactionDidNothing(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	before := h.lists()
	h.store.failUpdate = 1
	m := hub.Move{ID: was.Household.ID, Etag: was.Etag, Village: danzhou[0], Document: paper(), RequestID: "m"}
	if _, err := h.MoveHousehold(t.Context(), office, m); err == nil || h.lists() != before || h.find("HH-0001").Area != "qionghai" {
		t.Fatalf("%v", err)
	}
	first, err := h.MoveHousehold(t.Context(), office, m)
	h.ok(err)
	after := h.lists()
	again, err := h.MoveHousehold(t.Context(), office, m)
	h.ok(err)
	if again.Etag != first.Etag || again.Area != "danzhou" || h.lists() != after {
		t.Fatal("the retry of a transfer did something")
	}
}

// A hub that has read of a departure may come to it when others have finished it long ago.
func TestAFinishedTransferDoesNotTakeOutAHouseholdThatCameBack(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	h.store.failUpdate = 2
	away := h.move(was, danzhou[0])
	h.store.updates, h.store.before = 0, map[int]func(){1: func() { // between the slow one's look and its write
		h.ok(h.FinishTransfers(t.Context()))
		h.move(away, qionghai[0])
	}}
	h.ok(h.FinishTransfers(t.Context()))
	k.pull()
	k.equal()
	if got := k.areas(was.Household.ID); !slices.Equal(got, []string{"qionghai"}) {
		t.Errorf("it stands in %v", got)
	}
	if back := h.find("HH-0001"); back.Area != "qionghai" {
		t.Errorf("it is found in %s", back.Area)
	}
}
