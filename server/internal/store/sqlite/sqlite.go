// Package sqlite keeps the hub's store in files of one folder: hub.db, and audit.db
// beside it, so that no rollback of work can take an audit entry along.
//
// Both files are in WAL mode with synchronous FULL: a commit that was acknowledged is on
// disk. One connection writes at a time, also across processes; readers never wait.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// openTimeout bounds how long Open waits for another process that is migrating.
const openTimeout = time.Minute

// Config says where the store is.
type Config struct {
	Dir string // made where it does not exist; only this user may read it
}

// Store is a store.Store on SQLite.
type Store struct {
	dir     string // absolute
	hub     *file
	audit   *file
	entries *store.AuditQueue
	locks   store.Calls // of Alone
}

var _ store.Store = (*Store)(nil)

// Open opens the store in cfg.Dir, makes it where there is none, and migrates it.
// A store of a newer program is store.ErrSchema.
func Open(cfg Config) (*Store, error) {
	if cfg.Dir == "" {
		return nil, errors.New("sqlite: no folder given")
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	hub, err := openFile(ctx, dir, "hub")
	if err != nil {
		return nil, fmt.Errorf("sqlite: open hub.db: %w", err)
	}
	audit, err := openFile(ctx, dir, "audit")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open audit.db: %w", err), hub.close())
	}
	s := &Store{dir: dir, hub: hub, audit: audit}
	s.entries = store.NewAuditQueue(1, s.writeAudit)
	return s, nil
}

// Close waits for the calls in progress.
func (s *Store) Close() error {
	s.locks.End()
	s.entries.Close()
	return errors.Join(s.hub.close(), s.audit.close())
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.hub.read(ctx, func(c *conn) error {
		r := &reader{conn: c}
		defer r.kill()
		return fn(r)
	})
}

// Update implements store.Store. There is one writer at a time, so fn runs once.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.hub.write(ctx, func(c *conn) error {
		t := &tx{reader: reader{conn: c}}
		defer t.kill()
		if err := fn(t); err != nil {
			return err
		}
		return t.failed
	})
}

// Migrate implements store.Store; Open has done it already.
func (s *Store) Migrate(ctx context.Context) error {
	return errors.Join(s.hub.migrate(ctx), s.audit.migrate(ctx))
}

// CheckSchema implements store.Store.
func (s *Store) CheckSchema(ctx context.Context) error {
	return errors.Join(s.hub.check(ctx), s.audit.check(ctx))
}
