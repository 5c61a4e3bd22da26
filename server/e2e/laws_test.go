package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	lawWriters  = 16
	lawFamilies = 48 // at the beginning
)

// lawReaders are the readers' page sizes; the last two read less than everything.
var lawReaders = []int{1, 5, 16, 53, 54, 100, 5, 53}

func TestFeedLawsHoldWhileWritersWriteAndRollBack(t *testing.T) {
	onLawStores(t, func(t *testing.T, h *lawHub, _ bool) {
		office := openRegister(t, h)
		begun := h.store.transactions.Load()
		until := int64(*sizes.transactions) / 2 // on each of two stores
		done := make(chan struct{})
		var writing, reading sync.WaitGroup
		readers := make([]*lawReader, len(lawReaders))
		for i, size := range lawReaders {
			readers[i] = openLawReader(t, h, i, size)
			if i%2 == 1 { // begins to load while writers write
				reading.Go(func() {
					waitUntil(h, begun+int64(i)*(until-begun)/20, done)
					readers[i].begin(t)
					readers[i].run(t, int64(1+8*i), done)
				})
				continue
			}
			readers[i].begin(t)
			reading.Go(func() { readers[i].run(t, int64(1+8*i), done) })
		}
		for w := range lawWriters {
			c := &lawClerk{hub: h, office: office, name: fmt.Sprintf("w%d", w), random: rand.New(rand.NewPCG(2019, uint64(w)))} //nolint:gosec // a seeded sequence is what is wanted
			writing.Go(func() { c.work(t, until) })
		}
		writing.Wait()
		if err := h.FinishTransfers(t.Context()); err != nil {
			t.Error(err)
		}
		close(done)
		reading.Wait()
		if t.Failed() {
			return
		}
		feeds := storedFeeds(t, h)
		for _, r := range readers {
			r.mustHaveAll(t, feeds)
		}
		mustStandAsAcknowledged(t, h, office)
		t.Logf("%d transactions, %d rolled back; %v", h.store.transactions.Load(), h.store.rolledBack.Load(), office.done)
	})
}

// openRegister loads the first households.
func openRegister(t *testing.T, h *lawHub) *lawRegister {
	t.Helper()
	r := &lawRegister{known: map[string]hub.HouseholdState{}, done: map[string]int{}}
	for range lawFamilies {
		n := r.count(1)
		f := lawFamily(n, lawVillage(lawAreas[n%len(lawAreas)], n%2))
		s, err := h.CreateHousehold(t.Context(), lawOffice, f, fmt.Sprint("first-", n))
		if err != nil {
			t.Fatal(err)
		}
		r.saw("first", s)
	}
	return r
}

// openLawReader makes reader i with its agreement: the last but one reads a single
// list, the last one a single village in each of two areas.
func openLawReader(t *testing.T, h *lawHub, i, size int) *lawReader {
	t.Helper()
	r := newLawReader(t, h, fmt.Sprintf("reader %d, %d a page", i, size), size)
	a := access.Agreement{ID: r.name, Agency: r.name, Lists: lawReads}
	switch i {
	case len(lawReaders) - 2:
		a.Lists = []string{"education"}
		r.covers = func(list, _ string) bool { return list == "education" }
	case len(lawReaders) - 1:
		a.Divisions = []string{lawVillage("danzhou", 0), lawVillage("wenchang", 1)}
		r.covers = func(list, village string) bool {
			return slices.Contains(lawReads, list) && slices.Contains(a.Divisions, village)
		}
	default:
		r.covers = func(list, village string) bool { return village != "" && slices.Contains(lawReads, list) }
	}
	h.agree(t, a)
	return r
}

// storedFeeds is every change that the store holds, by transaction; the numbers must be dense.
func storedFeeds(t *testing.T, h *lawHub) map[lawPosition][]store.Change {
	t.Helper()
	feeds := map[lawPosition][]store.Change{}
	err := h.Store.View(t.Context(), func(r store.Reader) error {
		heads, err := r.Heads(t.Context(), nil)
		for _, head := range heads {
			last := int64(0)
			err = r.Changes(t.Context(), store.ChangeQuery{Area: head.Area}, func(c store.Change) error {
				if c.Transaction > last+1 {
					t.Errorf("%s: transaction %d comes after %d", head.Area, c.Transaction, last)
				}
				last = c.Transaction
				at := lawPosition{head.Area, c.Transaction}
				feeds[at] = append(feeds[at], c)
				return nil
			})
			if err != nil || last != head.Last {
				t.Errorf("%s: the head is at %d, the changes go up to %d: %v", head.Area, head.Last, last, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(feeds)) != h.store.transactions.Load() {
		t.Errorf("%d transactions are stored, %d were committed", len(feeds), h.store.transactions.Load())
	}
	return feeds
}

// mustStandAsAcknowledged looks up every state that a use case gave back: it is a revision of the
// household, and no revision came from what was rolled back.
func mustStandAsAcknowledged(t *testing.T, h *lawHub, office *lawRegister) {
	t.Helper()
	type revision struct {
		area, id string
		number   int64
	}
	stored, known := map[revision]string{}, map[string]bool{}
	err := h.Store.View(t.Context(), func(r store.Reader) error {
		for _, s := range office.acked {
			at := s.Area + s.Household.ID
			if known[at] {
				continue
			}
			known[at] = true
			all, err := r.Revisions(t.Context(), s.Area, s.Household.ID)
			if err != nil {
				return err
			}
			for _, row := range all {
				stored[revision{row.Area, row.ID, row.Revision}] = row.Etag
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range office.acked {
		if etag := stored[revision{s.Area, s.Household.ID, s.Revision}]; etag != s.Etag {
			t.Errorf("revision %d was acknowledged as %s and stands as %q", s.Revision, s.Etag, etag)
		}
	}
	for _, kind := range []string{"update", "import", "create", "move", "transfer", "split", "merge"} {
		if office.done[kind] == 0 {
			t.Errorf("not one %s among %v", kind, office.done)
		}
	}
}
