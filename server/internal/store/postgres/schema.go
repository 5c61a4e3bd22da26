package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/bangfuhub/hub/server/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable   = "hub_schema"
	lockPeriod     = 1       // seconds between two attempts to get the migration lock
	lockAttempts   = 10 * 60 // a migration of a large store takes minutes
	undefinedTable = "42P01"
)

// Migrate implements store.Store. An advisory lock keeps other processes out meanwhile.
func (s *Store) Migrate(ctx context.Context) (err error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockAttempts))
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { err = errors.Join(err, db.Close()) }() // the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithTableName(versionTable),
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	return s.CheckSchema(ctx)
}

// CheckSchema implements store.Store. It only reads.
func (s *Store) CheckSchema(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	want, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		return err
	}
	var version int64
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&version)
	if failure := (*pgconn.PgError)(nil); errors.As(err, &failure) && failure.Code == undefinedTable {
		version, err = 0, nil
	}
	if err == nil && version != want {
		err = fmt.Errorf("%w: the database has version %d, this program %d", store.ErrSchema, version, want)
	}
	return err
}
