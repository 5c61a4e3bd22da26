package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the engine

	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server"
)

// sqliteEngine makes files in the run's folder.
type sqliteEngine struct {
	dir  string
	made int
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) words() words {
	return words{
		list: "SELECT of the same fields, ordered, read and thrown away",
		pour: "INSERT … SELECT from one file into another, same columns and indexes",
		bulk: "INSERT … SELECT of the same rows into the same tables",
		scan: "SELECT of all household documents",
		ask:  "one SELECT by key and one committed INSERT",
		bell: "a committed INSERT, seen by another connection",
	}
}

func (e *sqliteEngine) version(ctx context.Context) (string, error) {
	db, err := openFile(filepath.Join(e.dir, "version.db"))
	if err != nil {
		return "", err
	}
	var version string
	err = db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version)
	return "SQLite " + version + ", synchronous FULL", errors.Join(err, db.Close())
}

// hub leaves the making of the tables to the hub itself.
func (e *sqliteEngine) hub(_ context.Context, name string) (server.Config, error) {
	return server.Config{Data: folder(e.dir, name)}, nil
}

func (e *sqliteEngine) of(cfg server.Config) string { return filepath.Join(cfg.Data, "hub.db") }

func (e *sqliteEngine) settle(ctx context.Context, cfg server.Config) error {
	d, err := e.open(ctx, e.of(cfg))
	if err != nil {
		return err
	}
	return errors.Join(d.exec(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"), d.close())
}

func (e *sqliteEngine) empty(context.Context) (string, error) {
	e.made++
	return filepath.Join(e.dir, fmt.Sprintf("mirror-%d.db", e.made)), nil
}

func (e *sqliteEngine) like(ctx context.Context, address string) (_ string, err error) {
	to, err := e.empty(ctx)
	if err != nil {
		return "", err
	}
	from, err := os.Open(address) //nolint:gosec // in the run's own folder
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in the run's own folder
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, from)
	return to, errors.Join(err, out.Close())
}

func (e *sqliteEngine) drop(_ context.Context, address string) error {
	if filepath.Base(address) == "hub.db" {
		return os.RemoveAll(filepath.Dir(address))
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(address + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// close leaves the files to the run's folder.
func (e *sqliteEngine) close() error { return nil }

func (e *sqliteEngine) sink(ctx context.Context, address string) (mirror.Sink, error) {
	return mirror.OpenSQLite(ctx, address)
}

func (e *sqliteEngine) open(_ context.Context, address string) (database, error) {
	db, err := openFile(address)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // what is attached is so to one connection
	return &sqliteDatabase{db: db, address: address}, nil
}

// openFile opens a file as safe as the hub's.
func openFile(path string) (*sql.DB, error) {
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)",
	}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options.Encode()}).String())
}

// quoted is a text as SQL has it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
