package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var transactionTests = []test{
	{"a View reads what was true when it began, and no Update waits for it", viewIsSnapshot},
	{"a View begins beside an open Update and does not see it", viewBesideUpdate},
	{"an Update sees its own writes", updateSeesItself},
	{"an error of fn comes back as it is and rolls everything back", errorRollsBack},
	{"a panic of fn rolls everything back", panicRollsBack},
	{"a context that ends before the commit rolls everything back", contextRollsBack},
	{"a Reader and a Tx are dead when fn returns", deadAfterwards},
	{"an iteration may read within fn", readsNest},
	{"Migrate may be repeated and CheckSchema agrees with it", migrateRepeats},
}

func setEpoch(epoch string) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error { return tx.SetMeta(ctx, store.Meta{Epoch: epoch}) }
}

func wantEpoch(ctx context.Context, t *testing.T, r store.Reader, want string) {
	t.Helper()
	m, err := r.Meta(ctx)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	if err != nil || m.Epoch != want {
		t.Errorf("epoch is %q (error %v), want %q", m.Epoch, err, want)
	}
}

func viewIsSnapshot(t *testing.T, s store.Store) {
	update(t, s, setEpoch("old"))
	appendBatch(t, s, changes("A", 1))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		// Nothing has been read yet: the snapshot must stand all the same.
		update(t, s, setEpoch("new"))
		appendBatch(t, s, changes("A", 1))
		wantEpoch(ctx, t, r, "old")
		for range 2 {
			equal(t, "changes in the snapshot", len(changesOf(ctx, t, r, "A")), 1)
			update(t, s, setEpoch("newer"))
			appendBatch(t, s, changes("A", 1))
		}
		wantEpoch(ctx, t, r, "old")
		view(t, s, func(ctx context.Context, r store.Reader) error {
			wantEpoch(ctx, t, r, "newer")
			equal(t, "changes in a later snapshot", len(changesOf(ctx, t, r, "A")), 4)
			return nil
		})
		return nil
	})
}

func viewBesideUpdate(t *testing.T, s store.Store) {
	update(t, s, setEpoch("old"))
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if err := tx.SetMeta(ctx, store.Meta{Epoch: "new"}); err != nil {
			return err
		}
		view(t, s, func(ctx context.Context, r store.Reader) error {
			wantEpoch(ctx, t, r, "old")
			return nil
		})
		return nil
	})
}

func updateSeesItself(t *testing.T, s store.Store) {
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if err := tx.SetMeta(ctx, store.Meta{Epoch: "mine"}); err != nil {
			return err
		}
		wantEpoch(ctx, t, tx, "mine")
		b := insert("A", key("education", "v1", "h1", "p1"))
		b.Households = []store.Household{household("A", "h1", 1)}
		if _, err := tx.Append(ctx, b); err != nil {
			return err
		}
		if _, err := tx.Household(ctx, "A", "h1"); err != nil {
			t.Errorf("own household: %v", err)
		}
		equal(t, "own changes", len(changesOf(ctx, t, tx, "A")), 1)
		equal(t, "own records", len(recordsOf(ctx, t, tx, "A", "h1")), 1)
		return nil
	})
}

func errorRollsBack(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := setEpoch("lost")(t.Context(), tx); err != nil {
			return err
		}
		if _, err := tx.Append(t.Context(), changes("A", 1)); err != nil {
			return err
		}
		return errStop
	})
	if err != errStop { //nolint:errorlint // as it is, not wrapped
		t.Errorf("Update gives %v, want fn's error", err)
	}
	if err := s.View(t.Context(), func(store.Reader) error { return errStop }); err != errStop { //nolint:errorlint // as above
		t.Errorf("View gives %v, want fn's error", err)
	}
	nothingStored(t, s)
}

func nothingStored(t *testing.T, s store.Store) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) error {
		wantEpoch(ctx, t, r, "")
		heads, err := r.Heads(ctx, nil)
		equal(t, "heads", len(heads), 0)
		equal(t, "changes", len(changesOf(ctx, t, r, "A")), 0)
		return err
	})
}

func panicRollsBack(t *testing.T, s store.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(t.Context(), func(tx store.Tx) error {
			if err := setEpoch("lost")(t.Context(), tx); err != nil {
				t.Error(err)
			}
			panic("invented")
		})
	}()
	nothingStored(t, s)
	update(t, s, setEpoch("the store still works"))
}

func contextRollsBack(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx store.Tx) error {
		if err := setEpoch("lost")(ctx, tx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	isError(t, "Update", err, context.Canceled)
	if errors.Is(err, store.ErrUnknown) {
		t.Error("the outcome is reported as unknown although COMMIT was never sent")
	}
	isError(t, "View", s.View(ctx, func(store.Reader) error { return nil }), context.Canceled)
	nothingStored(t, s)
	update(t, s, setEpoch("the store still works"))
}

func deadAfterwards(t *testing.T, s store.Store) {
	var reader store.Reader
	var writer store.Tx
	view(t, s, func(_ context.Context, r store.Reader) error { reader = r; return nil })
	update(t, s, func(_ context.Context, tx store.Tx) error { writer = tx; return nil })
	if _, err := reader.Heads(t.Context(), nil); err == nil {
		t.Error("the Reader still reads")
	}
	if _, err := writer.Heads(t.Context(), nil); err == nil {
		t.Error("the Tx still reads")
	}
	if err := setEpoch("late")(t.Context(), writer); err == nil {
		t.Error("the Tx still writes")
	}
	if _, err := writer.Append(t.Context(), changes("A", 1)); err == nil {
		t.Error("the Tx still appends")
	}
	nothingStored(t, s)
}

func readsNest(t *testing.T, s store.Store) {
	appendBatch(t, s, changes("A", 3))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		inner := 0
		err := r.Changes(ctx, store.ChangeQuery{Area: "A"}, func(store.Change) error {
			inner += len(changesOf(ctx, t, r, "A"))
			return nil
		})
		equal(t, "changes read within", inner, 9)
		return err
	})
}

func migrateRepeats(t *testing.T, s store.Store) {
	update(t, s, setEpoch("kept"))
	for range 2 {
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		wantEpoch(ctx, t, r, "kept")
		return nil
	})
}
