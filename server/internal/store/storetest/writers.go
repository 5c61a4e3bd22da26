package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var writerTests = []test{
	{"beside many writers with rollbacks a reader of heads and changes misses nothing", manyWriters},
}

const (
	writers  = 16
	attempts = 12
)

var writerAreas = []string{"A", "B", "C"}

// manyWriters lets writers append to three areas, rolling back at random, while a reader
// follows heads and changes as a consumer does. Every change's document says how many its
// transaction has, so that a split or a gap is seen at once.
func manyWriters(t *testing.T, s store.Store) {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { writeAtRandom(t, s, w) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()

	follower := map[string]*follower{}
	for _, area := range writerAreas {
		follower[area] = newFollower(t, area)
	}
	for finished := false; !finished; {
		select {
		case <-done:
			finished = true // and read once more
		default:
		}
		view(t, s, func(ctx context.Context, r store.Reader) error {
			heads, err := r.Heads(ctx, writerAreas)
			for _, h := range heads {
				follower[h.Area].read(ctx, r, h)
			}
			return err
		})
	}
	for _, area := range writerAreas {
		follower[area].finish(s)
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, area := range writerAreas {
			compareRevisions(ctx, t, r, area, follower[area].transactions)
		}
		return nil
	})
}

// writeAtRandom revises two households of an area in each transaction and appends one
// change each and some more; a third of the attempts is rolled back.
func writeAtRandom(t *testing.T, s store.Store, w int) {
	random := rand.New(rand.NewPCG(7, uint64(w))) //nolint:gosec // a seeded sequence is what is wanted
	for range attempts {
		area, rollback, more := writerAreas[random.IntN(len(writerAreas))], random.IntN(3) == 0, random.IntN(5)
		ids := []string{fmt.Sprint("h", random.IntN(4)), fmt.Sprint("h", random.IntN(4))}
		err := s.Update(t.Context(), func(tx store.Tx) error {
			if err := writeOne(t.Context(), tx, area, ids, more); err != nil {
				return err
			}
			if rollback {
				return errStop
			}
			return nil
		})
		switch {
		case rollback && errors.Is(err, errStop), err == nil, errors.Is(err, store.ErrStale):
			// Two writers may both make a household that neither could lock: one is stale.
		default:
			t.Errorf("writer %d: %v", w, err)
		}
	}
}

func writeOne(ctx context.Context, tx store.Tx, area string, ids []string, more int) error {
	locked, err := tx.LockHouseholds(ctx, area, ids)
	if err != nil {
		return err
	}
	revisions := map[string]int64{ids[0]: 0, ids[1]: 0}
	for _, h := range locked {
		revisions[h.ID] = h.Revision
	}
	b := changes(area, more)
	for _, id := range sortedKeys(revisions) {
		b.Households = append(b.Households, household(area, id, revisions[id]+1))
		b.Changes = append(b.Changes, change(key("households", "v1", id, "")))
	}
	for i := range b.Changes {
		b.Changes[i].Document = []byte(fmt.Sprint(len(b.Changes)))
	}
	_, err = tx.Append(ctx, b)
	return err
}

// follower reads one area's feed as a consumer does and keeps what it saw.
type follower struct {
	t            *testing.T
	area         string
	last         int64
	transactions [][]store.Change
}

func newFollower(t *testing.T, area string) *follower { return &follower{t: t, area: area} }

func (f *follower) read(ctx context.Context, r store.Reader, head store.Head) {
	if head.Last < f.last {
		f.t.Errorf("the head of %s went back from %d to %d", f.area, f.last, head.Last)
	}
	q := store.ChangeQuery{Area: f.area, After: f.last, UpTo: head.Last}
	for _, c := range selectChanges(ctx, f.t, r, q) {
		if c.Ordinal == 0 {
			f.last++
			f.transactions = append(f.transactions, nil)
		}
		if c.Transaction != f.last || len(f.transactions) == 0 {
			f.t.Errorf("in %s transaction %d follows %d", f.area, c.Transaction, f.last)
			return
		}
		latest := &f.transactions[len(f.transactions)-1]
		if c.Ordinal != len(*latest) {
			f.t.Errorf("in %s ordinal %d of transaction %d follows %d others", f.area, c.Ordinal, c.Transaction, len(*latest))
		}
		*latest = append(*latest, c)
	}
	if f.last != head.Last {
		f.t.Errorf("the head of %s is %d, its changes end with %d", f.area, head.Last, f.last)
	}
}

// finish checks that every transaction was seen whole, and as it stands in the end.
func (f *follower) finish(s store.Store) {
	var want []store.Change
	for i, transaction := range f.transactions {
		if size := fmt.Sprint(len(transaction)); size != string(transaction[0].Document) {
			f.t.Errorf("transaction %d of %s was split: %s of %s changes", i+1, f.area, size, transaction[0].Document)
		}
		want = append(want, transaction...)
	}
	view(f.t, s, func(ctx context.Context, r store.Reader) error {
		equal(f.t, "changes of "+f.area+" in the end", changesOf(ctx, f.t, r, f.area), want)
		return nil
	})
	if len(want) == 0 {
		f.t.Errorf("nothing was written to %s", f.area)
	}
}

// compareRevisions checks that a household has as many revisions as it has changes: no
// Update that was committed is missing from the feed, and none rolled back is in it.
func compareRevisions(ctx context.Context, t *testing.T, r store.Reader, area string, transactions [][]store.Change) {
	t.Helper()
	want, got := map[string]int64{}, map[string]int64{}
	for _, transaction := range transactions {
		for _, c := range transaction {
			if c.List == "households" {
				want[c.Household]++
			}
		}
	}
	for _, h := range selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: area}) {
		got[h.ID] = h.Revision
	}
	equal(t, "revisions in "+area, got, want)
}
