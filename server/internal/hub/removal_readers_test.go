package hub_test

import (
	"context"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// west reads one area only.
var west = access.Caller{Agency: "west", Client: "nightly"}

func (h *house) agreeWest() {
	h.Helper()
	root, _ := h.Divisions.Area("danzhou")
	h.agree(access.Agreement{ID: "a-west", Agency: "west", Divisions: []string{root.Root}, Lists: allLists})
}

// readersOf says of each reader of a reversed case: "read" or "assumed", and "corrected".
func (h *house) readersOf(c hub.CaseState) map[string]string {
	h.Helper()
	all, err := h.Readers(h.Context(), county, c.ID)
	h.ok(err)
	out := map[string]string{}
	for _, r := range all {
		said := "read"
		if r.Assumed {
			said = "assumed"
		}
		if !r.CorrectedAt.IsZero() {
			said += ", corrected"
		}
		if r.ReadAt.IsZero() || (!r.CorrectedAt.IsZero() && r.CorrectedAt.Before(r.ReadAt)) {
			h.Errorf("%s read at %s, was corrected at %s", r.Agency, r.ReadAt, r.CorrectedAt)
		}
		out[r.Agency] = said
	}
	return out
}

// readersAre wants exactly these.
func (h *house) readersAre(c hub.CaseState, want map[string]string) {
	h.Helper()
	got := h.readersOf(c)
	for agency, said := range want {
		if got[agency] != said {
			h.Errorf("%s: %q, not %q", agency, got[agency], said)
		}
	}
	if len(got) != len(want) {
		h.Errorf("readers: %v", got)
	}
}

// live opens a stream; the function that it gives waits until so many Ends were audited.
func (h *house) live(ctx context.Context, c access.Caller) (ends func(int), done chan error) {
	done, before := make(chan error, 1), h.ends()
	go func() {
		done <- h.Follow(ctx, c, hub.FollowQuery{Live: true}, func(*wire.Page) error { return nil })
	}()
	return func(n int) {
		h.Helper()
		for range 1000 {
			if h.ends()-before >= n {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		h.Fatalf("%d Ends were audited, not %d", h.ends()-before, n)
	}, done
}

// ends counts the entries of what open streams have sent.
func (h *house) ends() (n int) {
	h.Helper()
	for _, e := range h.trail(0) {
		if e.Outcome == "SENT" {
			n++
		}
	}
	return n
}

func TestAnOpenStreamIsListedAmongTheReadersOfARemoval(t *testing.T) {
	h := newBureau(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	ends, done := h.live(ctx, reader)
	ends(1)
	h.clock.day(h.Today().AddDays(40)) // the intent is older than what is looked through
	c := h.carry(h.propose(was), removal.Announce)
	ends(2)
	between := h.clock.Now()
	c, err := h.step(c, removal.Reverse)
	h.ok(err)
	ends(3)
	want := map[string]string{"reader": "read, corrected"}
	h.readersAre(c, want)
	if all, err := h.Readers(t.Context(), county, c.ID); err != nil || !all[0].ReadAt.Before(between) {
		t.Errorf("read at %v, not before %s, error %v", all, between, err)
	}
	cancel()
	<-done
	h.readersAre(c, want)
}

func TestAReadingWithoutAnOutcomeCountsAsHanded(t *testing.T) {
	h := newBureau(newHouse(t))
	k := copyOf(h, reader)
	h.agreeWest()
	part := copyOf(h, west)
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Action == "sync.pull" && e.Of != "" }
	k.pull()
	part.pull() // an area that the removal never came to
	h.store.failAudit = nil
	c, err := h.step(c, removal.Reverse)
	h.ok(err)
	h.readersAre(c, map[string]string{"reader": "assumed"})
	k.pull()
	h.readersAre(c, map[string]string{"reader": "assumed, corrected"})
}

func TestReadersAreFoundWhereverTheDecisionWent(t *testing.T) {
	h := newBureau(newHouse(t))
	h.agreeWest()
	h.agree(access.Agreement{ID: "a-idle", Agency: "idle", Divisions: []string{province}, Lists: allLists})
	copyOf(h, access.Caller{Agency: "idle", Client: "nightly"}) // and never again
	all, part := copyOf(h, reader), copyOf(h, west)
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
	all.pull()
	part.pull()
	h.move(h.find("HH-0001"), danzhou[0])
	part.pull()
	c, err := h.step(c, removal.Reverse)
	h.ok(err)
	h.readersAre(c, map[string]string{"reader": "read", "west": "read"})
	all.pull()
	h.readersAre(c, map[string]string{"reader": "read, corrected", "west": "read"})
	part.pull()
	h.readersAre(c, map[string]string{"reader": "read, corrected", "west": "read, corrected"})
}

func TestReadersOfThoseWhoSplitOffAreFound(t *testing.T) {
	h := newBureau(newHouse(t))
	h.agreeWest()
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
	was := h.find("HH-0001")
	_, off := h.split(was, "HH-0002", was.Household.Persons[1].ID)
	h.move(off, danzhou[0])
	part := copyOf(h, west)
	c, err := h.step(c, removal.Reverse)
	h.ok(err)
	h.readersAre(c, map[string]string{"west": "read"})
	part.pull()
	h.readersAre(c, map[string]string{"west": "read, corrected"})
	copyOf(h, reader) // was never handed what was wrong
	h.readersAre(c, map[string]string{"west": "read, corrected"})
}

// Until the reversal has come to everybody in an area, nobody who reads it is right.
func TestAReaderIsCorrectedWhenEverybodyIs(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Announce)
	was := h.find("HH-0001")
	h.split(was, "HH-0002", was.Household.Persons[1].ID)
	k := copyOf(h, reader)
	by, s := h.usual(c, removal.Reverse)
	h.store.failUpdate = 2 // in the household that split off
	_, err := h.TakeStep(t.Context(), by, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
	h.ok(err)
	k.pull()
	h.readersAre(c, map[string]string{"reader": "read"})
	h.ok(h.FinishReversals(t.Context()))
	h.readersAre(c, map[string]string{"reader": "read"})
	k.pull()
	h.readersAre(c, map[string]string{"reader": "read, corrected"})
}

// A hub ends without a word while a stream is open: what it sent then is not known.
func TestAStreamThatBrokeOffCountsAsHandedWhereItMayHaveLasted(t *testing.T) {
	for days, want := range map[int]map[string]string{12: {"reader": "assumed"}, 60: {}} {
		h := newBureau(newHouse(t))
		was := h.fits(qionghai[0], 1, 1)[0]
		h.store.failAudit = func(e store.AuditEntry) bool { return e.Action == "sync.follow" && e.Of != "" }
		h.ok(h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return nil }))
		h.store.failAudit = nil
		h.clock.day(h.Today().AddDays(days))
		c, err := h.step(h.carry(h.propose(was), removal.Announce), removal.Reverse)
		h.ok(err)
		h.readersAre(c, want)
	}
}
