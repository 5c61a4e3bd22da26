package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func pragma(t *testing.T, p *pool, name string) (value string) {
	t.Helper()
	err := p.use(t.Context(), func(c *conn) error {
		return c.sql.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value)
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEveryConnectionIsDurableAndWaits(t *testing.T) {
	s := openStore(t, t.TempDir())
	for _, f := range []*file{s.hub, s.audit} {
		for _, want := range []struct {
			pool        *pool
			name, value string
		}{
			{f.writers, "journal_mode", "wal"},
			{f.writers, "synchronous", "2"},
			{f.writers, "foreign_keys", "1"},
			{f.writers, "busy_timeout", fmt.Sprint(busyTimeout)},
			{f.readers, "journal_mode", "wal"},
			{f.readers, "query_only", "1"},
			{f.readers, "busy_timeout", fmt.Sprint(busyTimeout)},
		} {
			if got := pragma(t, want.pool, want.name); got != want.value {
				t.Errorf("%s.db: %s is %s, want %s", f.name, want.name, got, want.value)
			}
		}
	}
}

func TestASchemaOfANewerProgramIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	err := s.hub.write(t.Context(), func(c *conn) error {
		_, err := c.sql.ExecContext(t.Context(), "PRAGMA user_version = 1000")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("CheckSchema gives %v", err)
	}
	if newer, err := Open(Config{Dir: dir}); !errors.Is(err, store.ErrSchema) {
		t.Errorf("Open gives %v and error %v", newer, err)
	}
}

func TestBlocksOfTheOldFormAreDropped(t *testing.T) {
	s := openStore(t, t.TempDir())
	err := s.hub.write(t.Context(), func(c *conn) error {
		_, err := c.sql.ExecContext(t.Context(), `INSERT INTO block_bytes VALUES ('A', 'education', 'v1', 1, x'00');
			DROP TABLE cases; DROP TABLE procedures; `+withoutLetters+`; PRAGMA user_version = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := -1
	err = s.hub.read(t.Context(), func(c *conn) error {
		return c.sql.QueryRowContext(t.Context(), "SELECT count(*) FROM block_bytes").Scan(&left)
	})
	if err != nil || left != 0 {
		t.Errorf("%d blocks of the old form are left, error %v", left, err)
	}
}

// A failure after which SQLite may have ended the transaction by itself must not let
// later statements commit one by one.
func TestNothingIsWrittenAfterAFailure(t *testing.T) {
	s := openStore(t, t.TempDir())
	err := s.Update(t.Context(), func(open store.Tx) error {
		w := open.(*tx)
		if _, err := w.exec(t.Context(), "INSERT INTO nowhere VALUES (1)"); err == nil {
			t.Error("a table that does not exist was written to")
		}
		if err := w.SetMeta(t.Context(), store.Meta{Epoch: "late"}); err == nil {
			t.Error("written after a failure")
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("Update gives %v, want the failure", err)
	}
}

func TestACommitThatFailsIsUnknown(t *testing.T) {
	s := openStore(t, t.TempDir())
	err := s.Update(t.Context(), func(open store.Tx) error {
		// Ending the transaction behind the engine's back makes its COMMIT fail.
		_, err := open.(*tx).conn.sql.ExecContext(t.Context(), "ROLLBACK")
		return err
	})
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("Update gives %v", err)
	}
	if err := s.Update(t.Context(), func(store.Tx) error { return nil }); err != nil {
		t.Errorf("the next Update: %v", err)
	}
}

func TestAClosedStoreRefuses(t *testing.T) {
	s := openStore(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.View(context.Background(), func(store.Reader) error { return nil }); !errors.Is(err, errClosed) {
		t.Errorf("View gives %v", err)
	}
	if err := s.Update(context.Background(), func(store.Tx) error { return nil }); !errors.Is(err, errClosed) {
		t.Errorf("Update gives %v", err)
	}
}
