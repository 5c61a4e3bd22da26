package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server"
)

// engine is the kind of database that a run measures on. It makes the run's databases,
// and does without a hub what the hub's figures are compared with.
type engine interface {
	name() string
	// version names the server and whether a commit is on disk when it returns.
	version(context.Context) (string, error)
	words() words
	// hub makes an empty database for a hub.
	hub(ctx context.Context, name string) (server.Config, error)
	// of is the address of a hub's database.
	of(server.Config) string
	// settle does after a load what a server does by itself some time later.
	settle(context.Context, server.Config) error
	// empty makes an empty database for a mirror and gives its address.
	empty(context.Context) (string, error)
	// like makes a database like another one, to which nobody may be connected.
	like(ctx context.Context, address string) (string, error)
	drop(ctx context.Context, address string) error
	sink(ctx context.Context, address string) (mirror.Sink, error)
	open(ctx context.Context, address string) (database, error)
	// ask makes a counter of its own beside a table: each call reads one row by its key
	// and commits one row that says so, on one of as many connections as there are lanes.
	ask(ctx context.Context, address, query string, lanes int) (counter, error)
	// bell tells another connection something.
	bell(context.Context) (bell, error)
	// close drops everything that was made.
	close() error
}

// words say what the engine's baselines are.
type words struct{ list, pour, bulk, scan, ask, bell string }

// database is a connection to one of the run's databases.
type database interface {
	exec(ctx context.Context, statement string) error
	// texts are the first column of a query's rows.
	texts(ctx context.Context, query string) ([]string, error)
	// columns names those of a table, in its order.
	columns(ctx context.Context, table string) ([]string, error)
	// export reads the rows of a query in the quickest way there is, and throws them away.
	export(ctx context.Context, query string) (int64, error)
	// scan reads the rows of a query, which has one column of bytes, by the driver.
	scan(ctx context.Context, query string) (int64, error)
	// twin makes an empty table with the same columns and indexes elsewhere.
	twin(ctx context.Context, table string) (twin, error)
	// stage keeps the rows of a query ready to be put into a table of another database.
	stage(ctx context.Context, query, table string, to database) (fill func(context.Context) error, err error)
	// tidy prepares a table that was just filled for reading.
	tidy(ctx context.Context, table string) error
	// moment is a time as the hub's tables have it.
	moment(time.Time) string
	close() error
}

// twin is a table to be filled with the rows of another one.
type twin interface {
	fill(context.Context) (int64, error)
	drop(context.Context) error
}

// counter answers by plain SQL.
type counter interface {
	answer(ctx context.Context, key ...string) error
	close() error
}

// bell is a message from one connection to another.
type bell interface {
	ring(context.Context) error
	close() error
}

func newEngine(ctx context.Context, cfg runCmd, dir string) (engine, error) {
	if cfg.SQLite {
		return &sqliteEngine{dir: dir}, nil
	}
	return newPostgresEngine(ctx, cfg.Postgres, dir)
}

// folder is that of a hub.
func folder(dir, name string) string { return filepath.Join(dir, "hub-"+name) }
