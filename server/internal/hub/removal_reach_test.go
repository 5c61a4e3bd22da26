package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// status wants a household to be supported or not, and counts its decisions.
func (h *house) status(number string, want household.SupportStatus, decisions int) {
	h.Helper()
	if s := h.find(number); s.Support != want || len(s.Household.Decisions) != decisions {
		h.Errorf("%s is %s with %d decisions, not %s with %d", number, s.Support, len(s.Household.Decisions), want, decisions)
	}
}

// unfinished counts the reversals that have not reached everybody.
func (h *house) unfinished() (n int) {
	h.Helper()
	h.ok(h.store.View(h.Context(), func(r store.Reader) error {
		all, err := r.Intents(h.Context(), "reversal")
		n = len(all)
		return err
	}))
	return n
}

// A removed household absorbs a supported one, and its own members leave with the decision.
func TestACaseIsReversedWhoseHouseholdHasLostTheDecision(t *testing.T) {
	h := newBureau(newHouse(t))
	both := h.fits(qionghai[0], 1, 2)
	c := h.carry(h.propose(both[0]), removal.Announce)
	whole := h.merge(h.find("HH-0001"), h.find("HH-0002"))
	s := hub.Split{
		ID: whole.Household.ID, Etag: whole.Etag, Leaving: map[string]household.Relation{}, HouseholdNumber: "HH-0003", On: h.Today(), Document: paper(), RequestID: h.request(),
		Staying: map[string]household.Relation{both[1].Household.Persons[0].ID: household.RelationHead},
	}
	for _, p := range both[0].Household.Persons {
		s.Leaving[p.ID] = p.Relation
	}
	_, _, err := h.SplitHousehold(t.Context(), office, s)
	h.ok(err)
	h.status("HH-0001", household.Supported, 0)
	h.status("HH-0003", household.Unsupported, 1)
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	h.status("HH-0001", household.Supported, 0)
	h.status("HH-0003", household.Supported, 2)
}

// Until a transfer is finished the household stands in both areas, and lives in the new one.
func TestADecisionIsNotWrittenIntoTheCopyThatATransferTakesOut(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Confirm)
	_, s := h.usual(c, removal.Announce)
	was := h.find("HH-0001")
	h.store.failUpdate = 2 // the source's half
	h.move(was, danzhou[0])
	if h.store.failUpdate != 0 {
		t.Fatal("the transfer is finished")
	}
	_, err := h.TakeStep(t.Context(), county, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
	h.hindered(err, fault.NotRemovable)
	h.restart()
	h.ok(h.FinishTransfers(t.Context()))
	h.status("HH-0001", household.Supported, 0)
	if now := h.now(c); now.State != removal.Confirmed {
		t.Errorf("the case is %s", now.State)
	}
}

// A part of the household moves away, or splits, after the reversal looked for it and
// before it was there.
func TestAReversalGoesAfterThoseWhoMoveOrSplitMeanwhile(t *testing.T) {
	for name, meanwhile := range map[string]func(h *house){
		"move": func(h *house) { h.move(h.find("HH-0002"), danzhou[0]) },
		"split": func(h *house) {
			was := h.find("HH-0002")
			h.split(was, "HH-0003", was.Household.Persons[1].ID)
		},
		"move of a part": func(h *house) {
			was := h.find("HH-0002")
			_, off := h.split(was, "HH-0003", was.Household.Persons[1].ID)
			h.move(off, danzhou[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newBureau(newHouse(t))
			c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
			was := h.find("HH-0001")
			h.split(was, "HH-0002", was.Household.Persons[1].ID, was.Household.Persons[2].ID)
			by, s := h.usual(c, removal.Reverse)
			done := false
			h.store.before = map[int]func(){h.store.updates + 2: func() { done = true; meanwhile(h) }} // 1: the case's own household
			_, err := h.TakeStep(t.Context(), by, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
			if h.ok(err); !done {
				t.Fatal("nothing happened meanwhile")
			}
			h.status("HH-0001", household.Supported, 2)
			h.status("HH-0002", household.Supported, 2)
			if name != "move" {
				h.status("HH-0003", household.Supported, 2)
			}
			if n := h.unfinished(); n > 0 {
				t.Errorf("%d reversals are unfinished", n)
			}
		})
	}
}
