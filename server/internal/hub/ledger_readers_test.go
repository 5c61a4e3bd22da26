package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestARecallIsSettledOnlyByWhatPutsItRight(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	pull := func(lists ...string) {
		cursor := ""
		for {
			p, err := h.Pull(t.Context(), reader, hub.PullQuery{Scope: feed.Request{Lists: lists}, Cursor: cursor})
			h.ok(err)
			if p.GetEnd() != nil {
				return
			}
			cursor = p.GetCursor()
		}
	}
	c := h.removed(1)
	pull("education", "no-longer-supported")
	_, err := h.step(c, removal.Reverse)
	h.ok(err)
	h.recall(true)
	h.clock.day(h.Today().AddDays(1))
	pull("housing") // nothing of what was read wrongly
	if n := len(h.recalls(false)); n != 1 {
		t.Errorf("%d recalls are open: the copies of education and of the roster are still wrong", n)
	}
}

func TestACopyIsCountedAlsoWhereItsProgramReadsTwoLists(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-education", Agency: "education", Divisions: []string{province}, Receives: []string{"education"}, Lists: []string{"education", letter.Roster}})
	h.load(home(1, qionghai[0]))
	program := access.Caller{Agency: "education", Client: "hubsync"}
	read := func(list string) {
		_, err := h.Pull(t.Context(), program, hub.PullQuery{Scope: feed.Request{Lists: []string{list}}})
		h.ok(err)
	}
	read("education")
	before := h.reconciled("education").Departments[0]
	read(letter.Roster)
	after := h.reconciled("education").Departments[0]
	if before.CopiesCurrent != 1 || after.CopiesCurrent != 1 {
		t.Errorf("copies: %d, and after another list was read too: %d current, %d behind", before.CopiesCurrent, after.CopiesCurrent, after.CopiesBehind)
	}
}

// A first load shows more than the position at which it began.
func TestALoadBrokenOffWasHandedWhatItsBlocksShow(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[1], 1, 1)[0]), removal.Confirm)
	p, err := h.Pull(t.Context(), reader, hub.PullQuery{Scope: feed.Request{Lists: []string{"education", "household-status", letter.Roster}}, PageSize: 1})
	h.ok(err)
	c, err = h.step(c, removal.Announce)
	h.ok(err)
	h.clock.day(h.Today().AddDays(1))
	h.derive()
	saw := false
	for n := 0; n < 20 && p.GetEnd() == nil; n++ {
		q, err := h.Pull(t.Context(), reader, hub.PullQuery{Cursor: p.GetCursor(), PageSize: 1})
		h.ok(err)
		p = q
		for _, b := range decoded(h, p).GetBlocks() {
			saw = saw || b.GetList() == letter.Roster && len(b.GetRecords()) > 0
		}
		if saw {
			break // the load is given up here
		}
	}
	if !saw {
		t.Fatal("the roster was not met")
	}
	_, err = h.step(h.now(c), removal.Reverse)
	h.ok(err)
	if got := h.readersOf(c); len(got) == 0 {
		t.Errorf("the reader was handed the roster with the removed, and is no reader: %v; %v", got, stretches(h.delivered(hub.DeliveryQuery{})))
	}
	if n := len(h.recalls(true)); n == 0 {
		t.Error("nor is there a recall")
	}
}
