package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Files are the files of a store, in the order in which they are backed up: every reading
// of what is in the copy of the first stands in the copy of the audit.
var Files = []string{"hub.db", "audit.db"}

// Backup writes a copy of each file, as it was at one moment, into a folder that has none.
// Others read and write meanwhile.
func (s *Store) Backup(ctx context.Context, dir string) error {
	for i, f := range []*file{s.hub, s.audit} {
		if err := f.backup(ctx, filepath.Join(dir, Files[i])); err != nil {
			return fmt.Errorf("sqlite: back up %s: %w", Files[i], err)
		}
	}
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// backup uses a connection of its own: the pool's readers may not write, not even elsewhere.
func (f *file) backup(ctx context.Context, to string) error {
	made, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's folder
	if err != nil {
		return err
	}
	defer func() { _ = made.Close() }()
	c, err := f.writers.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	return made.Sync()
}
