package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	maxReaders  = 32               // Views that may be open at the same time; more wait
	busyTimeout = 5000             // milliseconds that SQLite itself waits for another process
	busyPause   = time.Second / 50 // between two attempts after that
)

// file is one database file with one connection that writes and several that read.
//
// The connections are kept out of database/sql's pool, because a statement prepared
// there while the only writer is inside a transaction would wait for that writer.
type file struct {
	name    string // folder of its migrations
	writers *pool
	readers *pool
}

func openFile(ctx context.Context, dir, name string) (*file, error) {
	path := filepath.Join(dir, name+".db")
	if err := create(path); err != nil {
		return nil, err
	}
	f := &file{name: name}
	var err error
	if f.writers, err = newPool(path, 1, "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)"); err != nil {
		return nil, err
	}
	if f.readers, err = newPool(path, maxReaders, "query_only(1)"); err != nil {
		return nil, errors.Join(err, f.writers.close())
	}
	if err := f.migrate(ctx); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// create makes an empty file that only its owner reads; SQLite gives its -wal and -shm the
// same mode. One that is there is left alone: a process that closes a file loses every lock
// that it has on it.
func create(path string) error {
	created, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in the store's own folder
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return created.Close()
}

// close ends with the connection that may write: as the last one it leaves one whole file, without a journal.
func (f *file) close() error { return errors.Join(f.readers.close(), f.writers.close()) }

// write runs fn in an immediate transaction and commits it.
func (f *file) write(ctx context.Context, fn func(*conn) error) error {
	return f.writers.use(ctx, func(c *conn) error {
		if err := c.begin(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		defer c.rollback()
		if err := fn(c); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return c.commit(ctx)
	})
}

// read runs fn in a transaction that sees the file as it is now.
func (f *file) read(ctx context.Context, fn func(*conn) error) error {
	return f.readers.use(ctx, func(c *conn) error {
		if err := c.begin(ctx, "BEGIN"); err != nil {
			return err
		}
		defer c.rollback()
		return fn(c)
	})
}

// pool holds up to a fixed number of connections; a nil stands for one not opened yet.
type pool struct {
	db     *sql.DB
	free   chan *conn
	once   sync.Once
	closed chan struct{}
}

var errClosed = errors.New("sqlite: store is closed")

func newPool(path string, size int, pragmas ...string) (*pool, error) {
	db, err := sql.Open("sqlite", fileURL(path, append(pragmas, "foreign_keys(1)", fmt.Sprintf("busy_timeout(%d)", busyTimeout))))
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(-1) // closing a connection closes it
	p := &pool{db: db, free: make(chan *conn, size), closed: make(chan struct{})}
	for range size {
		p.free <- nil
	}
	return p, nil
}

// fileURL names a database file to the driver.
func fileURL(path string, pragmas []string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a volume's letter
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return name.String()
}

// use lends a connection to fn and takes it back; one that is broken is closed instead.
func (p *pool) use(ctx context.Context, fn func(*conn) error) (err error) {
	var c *conn
	select {
	case c = <-p.free:
	case <-p.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		if c != nil && c.broken {
			err = errors.Join(err, c.close())
			c = nil
		}
		p.free <- c
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	if c == nil {
		if c, err = p.open(ctx); err != nil {
			return err
		}
	}
	return fn(c)
}

func (p *pool) open(ctx context.Context) (*conn, error) {
	var opened *sql.Conn
	err := retryBusy(ctx, func() (err error) {
		opened, err = p.db.Conn(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &conn{sql: opened, statements: map[string]*sql.Stmt{}}, nil
}

// close waits for the connections in use. Closing twice is harmless.
func (p *pool) close() error {
	var errs []error
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.free) {
			if c := <-p.free; c != nil {
				errs = append(errs, c.close())
			}
		}
		errs = append(errs, p.db.Close())
	})
	return errors.Join(errs...)
}

// retryBusy waits as long as ctx allows for a lock that another process holds.
func retryBusy(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		if code(err) != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// code is SQLite's primary result code, 0 for an error of another kind.
func code(err error) int {
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) {
		return failure.Code() & 0xff
	}
	return 0
}

// conn is one connection with its prepared statements. One goroutine uses it at a time.
type conn struct {
	sql        *sql.Conn
	statements map[string]*sql.Stmt
	open       bool // inside a transaction
	broken     bool // its state is not known; it must be closed
}

// close closes the statements first: SQLite keeps a connection that has any left.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}

// begin opens a transaction and takes its snapshot at once: SQLite itself would take
// it at the first read.
func (c *conn) begin(ctx context.Context, statement string) error {
	return retryBusy(ctx, func() error {
		c.open = true // perhaps even where an error is reported: ctx may end just after it
		_, err := c.sql.ExecContext(ctx, statement)
		if err == nil {
			var n int
			err = c.sql.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
		}
		if err != nil {
			c.rollback()
		}
		return err
	})
}

// commit does not stop half way when ctx ends, so that its outcome is known.
func (c *conn) commit(ctx context.Context) error {
	if _, err := c.sql.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		c.broken = true
		return fmt.Errorf("%w: %w", store.ErrUnknown, err)
	}
	c.open = false
	return nil
}

// rollback ends an open transaction. Where SQLite has ended it already, as it does after
// some errors, nothing is open; after any other failure the connection is not used again.
func (c *conn) rollback() {
	if !c.open || c.broken {
		return
	}
	c.open = false
	_, err := c.sql.ExecContext(context.Background(), "ROLLBACK")
	c.broken = err != nil && code(err) != sqlite3.SQLITE_ERROR
}

// prepare gives the statement for a text, prepared once per connection.
func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.statements[text]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.statements[text] = s
	return s, nil
}
