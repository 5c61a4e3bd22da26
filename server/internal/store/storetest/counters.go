package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

func counter(t *testing.T, s store.Store, name string) (last int64) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		last, err = r.Counter(ctx, name)
		return err
	})
	return last
}

func counterCounts(t *testing.T, s store.Store) {
	equal(t, "one that was never used", counter(t, s, "2026"), int64(0))
	for want := int64(1); want < 4; want += 2 {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			for n := want; n < want+2; n++ {
				got, err := tx.TakeNumber(ctx, "2026")
				if err != nil {
					return err
				}
				equal(t, "taken", got, n)
				last, err := tx.Counter(ctx, "2026")
				equal(t, fmt.Sprintf("within the Update (error %v)", err), last, n)
			}
			return nil
		})
	}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		got, err := tx.TakeNumber(ctx, "2027")
		equal(t, "of another counter", got, int64(1))
		return err
	})
	equal(t, "the first", counter(t, s, "2026"), int64(4))
	equal(t, "the other", counter(t, s, "2027"), int64(1))
}

func counterRolledBack(t *testing.T, s store.Store) {
	take := func(want int64, fail error) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Tx) error {
			got, err := tx.TakeNumber(t.Context(), "2026")
			equal(t, "taken", got, want)
			return errors.Join(err, fail)
		})
		isError(t, "Update", err, fail)
	}
	take(1, errStop)
	equal(t, "the first was given back", counter(t, s, "2026"), int64(0))
	take(1, nil)
	take(2, errStop)
	equal(t, "the second was given back", counter(t, s, "2026"), int64(1))
	take(2, nil)
}

// counterDense lets several Updates take numbers of one counter at once, of which every
// third is rolled back. The others' are 1, 2, 3 … each once.
func counterDense(t *testing.T, s store.Store) {
	const takers, rounds = 6, 9
	var lock sync.Mutex
	var kept []int64
	take := func(i int) error {
		var number int64
		err := s.Update(t.Context(), func(tx store.Tx) (err error) {
			if number, err = tx.TakeNumber(t.Context(), "2026"); err == nil && i%3 == 0 {
				err = errStop
			}
			return err
		})
		if err == nil {
			lock.Lock()
			defer lock.Unlock()
			kept = append(kept, number)
		}
		return err
	}
	var all sync.WaitGroup
	for range takers {
		all.Go(func() {
			for i := range rounds {
				if err := take(i); err != nil && !errors.Is(err, errStop) {
					t.Errorf("an Update: %v", err)
				}
			}
		})
	}
	all.Wait()
	slices.Sort(kept)
	var want []int64
	for n := range int64(takers * rounds * 2 / 3) {
		want = append(want, n+1)
	}
	equal(t, "numbers kept", kept, want)
	equal(t, "the last one", counter(t, s, "2026"), want[len(want)-1])
}
