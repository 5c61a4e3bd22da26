package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/storetest"
)

func TestTwoStoresKnowOfEachOthersLocks(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	one, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Locks(t, one, open(t, url))
}

// endHolders ends every session on the database that holds a lock.
func endHolders(t *testing.T, url string) {
	t.Helper()
	execute(t, url, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
}

func TestWhoLosesALockIsToldAndAnotherTakesIt(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	holder, next := migrated(t, url), open(t, url)
	err := holder.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		endHolders(t, url)
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), store.ErrLockLost) {
			t.Errorf("the holder was told %v", context.Cause(ctx))
		}
		err := store.ErrHeld
		for errors.Is(err, store.ErrHeld) && t.Context().Err() == nil { // a session tells of its end before its locks go
			err = next.Alone(t.Context(), "keeper", func(context.Context) error { return nil })
		}
		if err != nil {
			t.Errorf("the next holder: %v", err)
		}
		return holder.Update(ctx, func(tx store.Tx) error { return tx.SetMeta(ctx, store.Meta{Epoch: "too late"}) })
	})
	if !errors.Is(err, store.ErrLockLost) {
		t.Errorf("Alone gives %v", err)
	}
	err = next.View(t.Context(), func(r store.Reader) error { _, err := r.Meta(t.Context()); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was done after the lock was lost is there: %v", err)
	}
}

// A server that is gone without a word is found by asking it.
func TestALockOnADeadLineIsLost(t *testing.T) {
	t.Parallel()
	direct := pgtest.URL(t)
	line, through := startProxy(t, direct)
	s := migrated(t, through)
	err := s.Alone(t.Context(), "keeper", func(ctx context.Context) error {
		line.mode.Store(silent)
		defer line.mode.Store(pass)
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, store.ErrLockLost) {
		t.Errorf("Alone gives %v", err)
	}
}

// A pooled session must not hold a lock: it would go on holding it for the next user.
func TestALockLeavesNoSessionBehind(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	if err := s.Alone(t.Context(), "keeper", func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var locks int
	err := connect(t, url).QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&locks)
	if err != nil || locks != 0 {
		t.Errorf("%d locks are left, error %v", locks, err)
	}
}
