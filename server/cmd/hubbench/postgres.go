package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server"
)

// dropTimeout bounds the cleaning up after an interrupted run.
const dropTimeout = time.Minute

// postgresEngine makes databases on a server.
type postgresEngine struct {
	base  *url.URL
	admin *pgx.Conn
	dir   string
	made  []string // names of databases
}

func newPostgresEngine(ctx context.Context, address, dir string) (*postgresEngine, error) {
	base, err := url.Parse(address)
	if err != nil || base.Scheme == "" {
		return nil, errors.New("--postgres takes a URL, such as postgres://user@host/postgres")
	}
	admin, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err // the driver leaves the password out
	}
	return &postgresEngine{base: base, admin: admin, dir: dir}, nil
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) words() words {
	return words{
		list: "COPY of the same fields, ordered, thrown away",
		pour: "COPY out piped to COPY in, same columns and indexes",
		bulk: "COPY of the same rows into the same tables",
		scan: "SELECT of all household documents",
		ask:  "one SELECT by key and one committed INSERT",
		bell: "LISTEN and NOTIFY from one connection to another",
	}
}

func (e *postgresEngine) version(ctx context.Context) (text string, err error) {
	err = e.admin.QueryRow(ctx, `SELECT format('PostgreSQL %s, fsync %s, shared_buffers %s',
		current_setting('server_version'), current_setting('fsync'), current_setting('shared_buffers'))`).Scan(&text)
	return text, err
}

func (e *postgresEngine) hub(ctx context.Context, name string) (server.Config, error) {
	address, err := e.empty(ctx)
	if err != nil {
		return server.Config{}, err
	}
	dir := folder(e.dir, name)
	cfg := server.Config{Data: dir, Postgres: address, Keys: filepath.Join(dir, "keys.json")}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return cfg, err
	}
	return cfg, errors.Join(server.CreateKeys(cfg.Keys), server.Migrate(ctx, address))
}

func (e *postgresEngine) of(cfg server.Config) string { return cfg.Postgres }

func (e *postgresEngine) settle(ctx context.Context, cfg server.Config) error {
	d, err := e.open(ctx, cfg.Postgres)
	if err != nil {
		return err
	}
	return errors.Join(d.exec(ctx, "VACUUM ANALYZE"), d.close())
}

func (e *postgresEngine) empty(ctx context.Context) (string, error) {
	return e.create(ctx, "template0")
}

func (e *postgresEngine) like(ctx context.Context, address string) (string, error) {
	return e.create(ctx, databaseOf(address))
}

func (e *postgresEngine) create(ctx context.Context, template string) (string, error) {
	name := "hubbench_" + strings.ToLower(rand.Text())
	e.made = append(e.made, name)
	// Interrupted in the middle, the server would finish it, but after close has looked for it.
	if _, err := e.admin.Exec(context.WithoutCancel(ctx), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", err
	}
	own := *e.base
	own.Path = "/" + name
	return own.String(), nil
}

// databaseOf is the name in an address that create made.
func databaseOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

func (e *postgresEngine) drop(ctx context.Context, address string) error {
	name := databaseOf(address)
	if _, err := e.admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return err
	}
	e.made = slices.DeleteFunc(e.made, func(n string) bool { return n == name })
	return nil
}

// close may come after an interruption, which broke the connection.
func (e *postgresEngine) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	if e.admin.IsClosed() {
		var err error
		if e.admin, err = pgx.Connect(ctx, e.base.String()); err != nil {
			return fmt.Errorf("left behind: databases %v: %w", e.made, err)
		}
	}
	var errs []error
	for _, name := range e.made {
		_, err := e.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		errs = append(errs, err)
	}
	return errors.Join(append(errs, e.admin.Close(ctx))...)
}

func (e *postgresEngine) sink(ctx context.Context, address string) (mirror.Sink, error) {
	return mirror.OpenPostgres(ctx, address)
}

func (e *postgresEngine) open(ctx context.Context, address string) (database, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	return &postgresDatabase{conn: conn, address: address, dir: e.dir}, nil
}
