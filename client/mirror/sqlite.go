package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// OpenSQLite opens the mirror in a SQLite file, which is made where there is none,
// readable by its owner alone. Other programs may read it while a sync writes; while the
// first load is under way, when there is nothing to read yet, they and it wait for each other.
func OpenSQLite(ctx context.Context, path string) (Sink, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	options := url.Values{"_pragma": {
		// Rows are longer than most: with pages of twice the usual size a load writes faster.
		"busy_timeout(10000)", "page_size(8192)", "temp_store(MEMORY)", "cache_size(-65536)",
		// So many pages are written ahead before they are carried over into the file.
		"wal_autocheckpoint(8192)", "journal_size_limit(67108864)",
		// A power cut may lose the last transactions, never part of one: cursor and rows stay together.
		"synchronous(NORMAL)",
		// A load's table takes the place of one with other fields, whatever views of the department's speak of that one.
		"legacy_alter_table(ON)",
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &sqlite{db: db, spares: make(chan []byte, spareInboxes)}
	if s.images, err = newImages(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare also shares a mirror whose rows are visible already.
func (s *sqlite) prepare(ctx context.Context) (err error) {
	if err := createOwnTables(ctx, s); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("mirror: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var lists int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM hub_lists WHERE side = 'live'").Scan(&lists); err != nil || lists == 0 {
		return err
	}
	return share(ctx, conn)
}

type sqlite struct {
	db     *sql.DB
	images *images
	spares chan []byte // space of images that were stored
}

func (s *sqlite) Close() error { return errors.Join(s.db.Close(), s.images.folder.Close()) }

func (s *sqlite) update(ctx context.Context, fn func(sinkTx) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("mirror: %w", err)
	}
	defer func() { _ = conn.Close() }() // gives it back
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("mirror: %w", err)
	}
	t := &sqliteTx{conn: conn, sink: s}
	unbroken := context.WithoutCancel(ctx) // what was begun is ended
	if err = fn(t); err == nil {
		_, err = conn.ExecContext(unbroken, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(unbroken, "ROLLBACK") // the first error is the one that matters
	}
	if err == nil && t.revealed {
		err = share(unbroken, conn)
	}
	return errors.Join(err, t.detach(unbroken))
}

type sqliteTx struct {
	conn     *sql.Conn
	sink     *sqlite
	attached bool // an image
	revealed bool // rows may be visible from this transaction on
}

// share has a file with visible rows write ahead, so that nobody who reads them waits. A
// first load does without: what is written ahead is written twice. Where a reader keeps the
// file from changing over it stays as it is, until it is opened the next time.
func share(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "PRAGMA main.journal_mode = WAL")
	if e, ok := errors.AsType[*modernc.Error](err); ok && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return nil
	}
	return err
}

func (t *sqliteTx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// checkEvery is after how many rows it is looked whether the context has ended. The
// driver would watch it by a goroutine for every row.
const checkEvery = 256

func (t *sqliteTx) each(ctx context.Context, query string, rows [][]any) (affected int64, err error) {
	statement, err := t.conn.PrepareContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	unwatched := context.WithoutCancel(ctx)
	for i, row := range rows {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return affected, ctx.Err()
		}
		result, err := statement.ExecContext(unwatched, row...)
		if err != nil {
			return affected, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return affected, err
		}
		affected += n
	}
	return affected, nil
}

func (t *sqliteTx) query(ctx context.Context, query string, args []any, row func(func(...any) error) error) (err error) {
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *sqliteTx) upsert(ctx context.Context, tb *table, s side, rows [][]any, condition string) error {
	_, err := t.each(ctx, tb.upsert(s, tb.placeholders(), condition), rows)
	return err
}
