package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var lockTests = []test{
	{"a lock that one holds is refused to another at once, and another lock is not", lockHeld},
	{"a lock is given back when fn returns, and its error comes as it is", lockGivenBack},
	{"of many that try at once one holds the lock at a time", lockRace},
	{"under a lock the store is read and written as ever, also by those who were refused", lockBesideWork},
}

func nothing(context.Context) error { return nil }

func lockHeld(t *testing.T, s store.Store) {
	err := s.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		ran := false
		err := s.Alone(ctx, "keeper", func(context.Context) error { ran = true; return nil })
		isError(t, "the same lock", err, store.ErrHeld)
		equal(t, "ran without the lock", ran, false)
		return s.Alone(ctx, "other", nothing)
	})
	isError(t, "Alone", err, nil)
}

func lockGivenBack(t *testing.T, s store.Store) {
	for range 3 {
		if err := s.Alone(t.Context(), "keeper", func(context.Context) error { return errStop }); err != errStop { //nolint:errorlint // as it is, not wrapped
			t.Errorf("got error %v, want fn's", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Alone(ctx, "keeper", func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() })
		isError(t, "ended by its caller", err, context.Canceled)
	}
	isError(t, "afterwards", s.Alone(t.Context(), "keeper", nothing), nil)
}

func lockRace(t *testing.T, s store.Store) {
	var all sync.WaitGroup
	var inside, held atomic.Int32
	for range 6 {
		all.Go(func() {
			for range 10 {
				err := s.Alone(t.Context(), "keeper", func(context.Context) error {
					if n := inside.Add(1); n != 1 {
						t.Errorf("%d hold the lock", n)
					}
					held.Add(1)
					inside.Add(-1)
					return nil
				})
				if err != nil && !errors.Is(err, store.ErrHeld) {
					t.Errorf("Alone: %v", err)
				}
			}
		})
	}
	all.Wait()
	if held.Load() == 0 {
		t.Error("nobody got the lock")
	}
}

func lockBesideWork(t *testing.T, s store.Store) {
	err := s.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		equal(t, "number", appendBatch(t, s, changes("A", 1)), int64(1))
		isError(t, "another", s.Alone(ctx, "keeper", nothing), store.ErrHeld)
		equal(t, "number", appendBatch(t, s, changes("A", 1)), int64(2))
		return nil
	})
	isError(t, "Alone", err, nil)
}

// Locks checks that two stores on one database know of each other's locks. It closes one.
func Locks(t *testing.T, one, other store.Store) {
	t.Helper()
	err := one.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		isError(t, "the other store", other.Alone(ctx, "keeper", nothing), store.ErrHeld)
		return nil
	})
	isError(t, "Alone", err, nil)
	isError(t, "given back to the other store", other.Alone(t.Context(), "keeper", nothing), nil)
	working, closed := make(chan struct{}), make(chan error, 1)
	go func() {
		<-working
		closed <- one.Close()
	}()
	err = one.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		close(working)
		isError(t, "the other store, while the holder is being closed", other.Alone(ctx, "keeper", nothing), store.ErrHeld)
		return nil
	})
	isError(t, "Alone", errors.Join(err, <-closed), nil)
	isError(t, "given back by a store that is closed", other.Alone(t.Context(), "keeper", nothing), nil)
}
