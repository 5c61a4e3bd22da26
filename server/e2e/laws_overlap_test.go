package e2e

import (
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

// overlap is two writers, A and B, and a reader that looks in between. On an engine with
// one writer at a time B can only begin while A is open; it then comes after A.
type overlap struct {
	*lawHub
	t        *testing.T
	overlaps bool
	reader   *lawReader
	homes    []hub.HouseholdState // of the areas in turn: 0 and 3 are in the first one
	before   map[string]int64
	writing  sync.WaitGroup
}

func onOverlaps(t *testing.T, test func(t *testing.T, o *overlap)) {
	onLawStores(t, func(t *testing.T, h *lawHub, overlaps bool) {
		o := &overlap{lawHub: h, t: t, overlaps: overlaps, reader: openLawReader(t, h, 0, 1)}
		o.homes = openRegister(t, h).acked
		if err := o.reader.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.before = lawHeads(t, h)
		test(t, o)
		o.writing.Wait()
	})
}

// revise changes household n.
func (o *overlap) revise(n int, i interference) error {
	s := o.homes[n]
	_, err := o.UpdateHousehold(withInterference(o.t.Context(), i), lawOffice, hub.Update{
		Household: &household.Household{ID: s.Household.ID, VillageGroup: "组"}, Etag: s.Etag,
		Groups: []household.Group{household.GroupRegister}, RequestID: fmt.Sprint("overlap-", n),
	})
	return err
}

// beside lets B revise household n while A is open: to its end where it can get there,
// else until it has begun.
func (o *overlap) beside(n int, toItsEnd bool) {
	begun, done := o.store.begun.Load(), make(chan struct{})
	o.writing.Go(func() {
		defer close(done)
		if err := o.revise(n, interference{}); err != nil {
			o.t.Errorf("B: %v", err)
		}
	})
	if toItsEnd {
		<-done
		return
	}
	for o.store.begun.Load() == begun {
		runtime.Gosched()
	}
}

// look reads what there is, up to an End that must say that so many transactions came since the beginning.
func (o *overlap) look(when string, since map[string]int64) {
	o.t.Helper()
	if err := o.reader.catchUp(o.t.Context()); err != nil {
		o.t.Errorf("%s: %v", when, err)
	}
	want := maps.Clone(o.before)
	for area, n := range since {
		want[area] += n
	}
	for area, n := range lawHeads(o.t, o.lawHub) {
		if n != want[area] || o.reader.at[area] > n || since[area] > 0 && o.reader.at[area] != n {
			o.t.Errorf("%s: %s is at %d and was sent up to %d, want %d", when, area, n, o.reader.at[area], want[area])
		}
	}
}

func TestATransactionThatOpensFirstAndCommitsLastIsReadLast(t *testing.T) {
	onOverlaps(t, func(t *testing.T, o *overlap) {
		area := o.homes[0].Area
		err := o.revise(0, interference{opened: func(store.Tx) {
			o.beside(3, o.overlaps)
			if o.overlaps {
				o.look("B committed, A open", map[string]int64{area: 1})
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		o.writing.Wait()
		o.look("both committed", map[string]int64{area: 2})
	})
}

func TestANumberTakenAndNotCommittedHidesNothingAndIsGivenBack(t *testing.T) {
	onOverlaps(t, func(t *testing.T, o *overlap) {
		area := o.homes[0].Area
		err := o.revise(0, interference{
			appended: func(store.Tx) {
				o.beside(3, false)
				o.look("A has its number, B waits", nil)
			},
			fails: func() bool { return true },
		})
		if err == nil {
			t.Fatal("A was not rolled back")
		}
		o.writing.Wait()
		o.look("A rolled back, B committed", map[string]int64{area: 1})
	})
}

func TestACommitHeldBackInOneAreaIsNotPassedOverByAnother(t *testing.T) {
	onOverlaps(t, func(t *testing.T, o *overlap) {
		first, second := o.homes[0].Area, o.homes[1].Area
		err := o.revise(0, interference{appended: func(store.Tx) {
			o.beside(1, o.overlaps)
			if o.overlaps {
				o.look("B committed in another area, A not yet", map[string]int64{second: 1})
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		o.writing.Wait()
		o.look("both committed", map[string]int64{first: 1, second: 1})
	})
}
