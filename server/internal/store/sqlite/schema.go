package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Migrations are numbered by their place in the sorted folder. The number of those
// applied is the file's user_version, which SQLite changes in the same transaction.
//
//go:embed migrations
var migrations embed.FS

func scripts(folder string) ([]string, error) {
	names, err := fs.Glob(migrations, "migrations/"+folder+"/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]string, len(names))
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list[i] = string(text)
	}
	return list, nil
}

// migrate applies what is missing in one transaction; other processes wait for it.
func (f *file) migrate(ctx context.Context) error {
	list, err := scripts(f.name)
	if err != nil {
		return err
	}
	return f.write(ctx, func(c *conn) error {
		version, err := c.version(ctx)
		if err != nil {
			return err
		}
		if version > len(list) {
			return fmt.Errorf("%w: %s has version %d, this program %d", store.ErrSchema, f.name, version, len(list))
		}
		for _, script := range list[version:] {
			if _, err := c.sql.ExecContext(ctx, script); err != nil {
				return err
			}
		}
		_, err = c.sql.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(list)))
		return err
	})
}

func (f *file) check(ctx context.Context) error {
	list, err := scripts(f.name)
	if err != nil {
		return err
	}
	return f.read(ctx, func(c *conn) error {
		version, err := c.version(ctx)
		if err == nil && version != len(list) {
			err = fmt.Errorf("%w: %s has version %d, this program %d", store.ErrSchema, f.name, version, len(list))
		}
		return err
	})
}

func (c *conn) version(ctx context.Context) (int, error) {
	var version int
	err := c.sql.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
