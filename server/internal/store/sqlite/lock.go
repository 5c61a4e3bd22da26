package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Alone implements store.Store by SQLite's own lock on an empty file of that name, which
// the operating system takes back from a process that dies, and from no other.
func (s *Store) Alone(ctx context.Context, name string, fn func(context.Context) error) error {
	if err := s.locks.Begin(); err != nil {
		return err
	}
	defer s.locks.Done()
	path := filepath.Join(s.dir, name+".lock")
	if err := create(path); err != nil {
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	db, err := sql.Open("sqlite", fileURL(path, nil))
	if err != nil {
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	db.SetMaxOpenConns(1)
	held, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	defer func() { _ = held.Close() }()
	switch _, err := held.ExecContext(ctx, "BEGIN EXCLUSIVE"); {
	case code(err) == sqlite3.SQLITE_BUSY:
		return store.ErrHeld
	case err != nil:
		return fmt.Errorf("sqlite: lock: %w", err)
	}
	return fn(ctx)
}
