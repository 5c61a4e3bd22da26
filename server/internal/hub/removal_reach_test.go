package hub_test

import (
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
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

// wed moves a person into another household.
func (h *house) wed(person string, from, to hub.HouseholdState, relation household.Relation) {
	h.Helper()
	_, err := h.RecordMarriage(h.Context(), office, hub.Case{
		ID: from.Household.ID, Etag: from.Etag, Other: to.Household.ID, OtherEtag: to.Etag, Document: paper(), RequestID: h.request(),
	}, household.Wedding{Person: person, Relation: relation, On: h.Today()})
	h.ok(err)
}

func TestAReversalReachesThoseWhoMarriedInAndSplitOff(t *testing.T) {
	h := newBureau(newHouse(t))
	both := h.fits(qionghai[0], 1, 2)
	c := h.carry(h.propose(both[0]), removal.Announce)
	bride := both[1].Household.Persons[2].ID
	h.wed(bride, both[1], h.find("HH-0001"), household.RelationOther)
	h.split(h.find("HH-0001"), "HH-0003", bride)
	h.status("HH-0003", household.Unsupported, 1)
	_, err := h.step(c, removal.Reverse)
	h.ok(err)
	h.status("HH-0001", household.Supported, 2)
	h.status("HH-0003", household.Supported, 2)
}

// deserted is a removed household of which two split off, somebody married in there, and
// the two moved out for where nobody has said.
func (h *house) deserted() (c hub.CaseState, gone []household.Person) {
	h.Helper()
	both := h.fits(qionghai[0], 1, 2)
	c = h.carry(h.propose(both[0]), removal.Announce)
	gone = both[0].Household.Persons[1:]
	h.split(h.find("HH-0001"), "HH-0003", gone[0].ID, gone[1].ID)
	groom := both[1].Household.Persons[2].ID
	h.wed(groom, both[1], h.find("HH-0003"), household.RelationOther)
	_, err := h.update(office, h.find("HH-0003"), household.GroupRegister, func(f *household.Household) {
		for i := range f.Persons {
			if p := &f.Persons[i]; p.ID == groom {
				p.Relation = household.RelationHead
			} else {
				p.LeftOn, p.LeaveReason, p.LeaveEvidence = h.Today(), household.LeaveMovedOut, "迁出证明1号"
			}
		}
	})
	h.ok(err)
	h.status("HH-0003", household.Unsupported, 1)
	return c, gone
}

// settle registers those who moved out in a household of their own.
func (h *house) settle(number string, who ...household.Person) {
	h.Helper()
	in := home(4, danzhou[0])
	in.HouseholdNumber, in.Persons = number, nil
	for i, p := range who {
		p.ID, p.JoinedOn, p.JoinReason = "", h.Today(), household.JoinMovedIn
		if p.Relation = household.RelationOther; i == 0 {
			p.Relation = household.RelationHead
		}
		in.Persons = append(in.Persons, p)
	}
	h.load(in)
}

func TestAReversalReachesAHouseholdThatTheRemovedHaveLeft(t *testing.T) {
	for name, settled := range map[string]bool{"for nobody knows where": false, "for another household": true} {
		t.Run(name, func(t *testing.T) {
			h := newBureau(newHouse(t))
			c, gone := h.deserted()
			if settled {
				h.settle("HH-0004", gone...)
				h.status("HH-0004", household.Unsupported, 1)
			}
			_, err := h.step(c, removal.Reverse)
			h.ok(err)
			h.status("HH-0001", household.Supported, 2)
			h.status("HH-0003", household.Supported, 2)
			if !settled {
				h.settle("HH-0004", gone...) // they take both along
			}
			h.status("HH-0004", household.Supported, 2)
		})
	}
}

// Somebody took the removal into a supported household, and left it for nobody knows where.
func TestAReversalReachesThoseOfWhomNobodyKnowsWhereTheyLive(t *testing.T) {
	h := newBureau(newHouse(t))
	both := h.fits(qionghai[0], 1, 2)
	c := h.carry(h.propose(both[0]), removal.Announce)
	gone := both[0].Household.Persons[2]
	h.wed(gone.ID, h.find("HH-0001"), both[1], household.RelationOther)
	_, err := h.update(office, h.find("HH-0002"), household.GroupRegister, func(f *household.Household) {
		p := f.Person(gone.ID)
		p.LeftOn, p.LeaveReason, p.LeaveEvidence = h.Today(), household.LeaveMovedOut, "迁出证明1号"
	})
	h.ok(err)
	h.status("HH-0002", household.Supported, 1)
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	h.settle("HH-0004", gone)
	h.status("HH-0004", household.Supported, 2)
}

// Two cases whose households became one are taken back by one paper.
func TestOnePaperReversesTwoCasesWhoseHouseholdsMerged(t *testing.T) {
	h := newBureau(newHouse(t))
	both := h.fits(qionghai[0], 1, 2)
	one, other := h.carry(h.propose(both[0]), removal.Announce), h.propose(both[1])
	other = h.carry(other, removal.Announce)
	h.merge(h.find("HH-0001"), h.find("HH-0002"))
	paper := func(_ *access.Caller, s *removal.Step) { s.Document.Number = "虚扶撤〔2026〕9号" }
	_, err := h.step(one, removal.Reverse, paper)
	h.ok(err)
	h.status("HH-0001", household.Supported, 3) // the other decision concerns those who came with it
	_, err = h.step(other, removal.Reverse, paper)
	h.ok(err)
	h.status("HH-0001", household.Supported, 4)
	if n := h.unfinished(); n > 0 {
		t.Errorf("%d reversals are unfinished", n)
	}
}

// What no household could take is refused before the case is saved, wherever they live now.
func TestAReversalThatAHouseholdCannotTakeIsRefusedAsAWhole(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
	was := h.find("HH-0001")
	rest, _ := h.split(was, "HH-0002", was.Household.Persons[1].ID)
	h.move(rest, danzhou[0])
	_, err := h.step(c, removal.Reverse, func(_ *access.Caller, s *removal.Step) { s.Document.Number = strings.Repeat("号", 1000) })
	h.violated(err, "decisions[0].number", fault.OutOfRange)
	h.violated(err, "other.decisions[0].number", fault.OutOfRange)
	if n := h.unfinished(); n > 0 || h.now(c).State != removal.Announced {
		t.Errorf("%d reversals are unfinished, the case is %s", n, h.now(c).State)
	}
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	h.status("HH-0001", household.Supported, 2)
}

func TestAHouseholdThatAReversalFailsInIsInNoOthersWay(t *testing.T) {
	h := newBureau(newHouse(t))
	c, numbers := h.spread(t)
	by, s := h.usual(c, removal.Reverse)
	h.store.failUpdate = 2 // the step is the first, then come the three households
	_, err := h.TakeStep(t.Context(), by, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
	h.ok(err)
	if _, reversed := h.taken(c, numbers); reversed != 2 || h.unfinished() != 1 {
		t.Errorf("%d of the other 2 were reached, %d reversals are unfinished", reversed, h.unfinished())
	}
	h.ok(h.FinishReversals(t.Context()))
	if _, reversed := h.taken(c, numbers); reversed != 3 || h.unfinished() != 0 {
		t.Errorf("%d of 3 were reached in the end, %d reversals are unfinished", reversed, h.unfinished())
	}
}
