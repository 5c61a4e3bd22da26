package mirror

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the engine
)

// OpenSQLite opens the mirror in a SQLite file, which is made where there is none,
// readable by its owner alone. Other programs may read it while a sync writes.
func OpenSQLite(ctx context.Context, path string) (Sink, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "temp_store(MEMORY)", "cache_size(-65536)",
		// A power cut may lose the last transactions, never part of one: cursor and rows stay together.
		"synchronous(NORMAL)",
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &sqlite{db}
	if err := createOwnTables(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

type sqlite struct{ db *sql.DB }

func (s *sqlite) Close() error { return s.db.Close() }

func (s *sqlite) update(ctx context.Context, fn func(sinkTx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("mirror: %w", err)
	}
	if err := fn(sqliteTx{tx}); err != nil {
		_ = tx.Rollback() // the first error is the one that matters
		return err
	}
	return tx.Commit()
}

type sqliteTx struct{ tx *sql.Tx }

func (t sqliteTx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t sqliteTx) each(ctx context.Context, query string, rows [][]any) (affected int64, err error) {
	statement, err := t.tx.PrepareContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	for _, row := range rows {
		result, err := statement.ExecContext(ctx, row...)
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

func (t sqliteTx) query(ctx context.Context, query string, args []any, row func(func(...any) error) error) (err error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
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

func (t sqliteTx) upsert(ctx context.Context, tb *table, s side, rows [][]any, condition string) error {
	_, err := t.each(ctx, tb.upsert(s, tb.placeholders(), condition), rows)
	return err
}

// create writes the comments into the statement, which SQLite keeps as it is.
func (t sqliteTx) create(ctx context.Context, tb *table, s side) error {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", tb.on(s), oneLine(tb.comment()))
	for _, c := range tb.columns {
		kind := c.sqlType
		if kind == rowHashType {
			kind = "blob NOT NULL"
		}
		fmt.Fprintf(&b, "  %s %s, -- %s\n", quoted(c.name), kind, oneLine(c.comment))
	}
	b.WriteString("  PRIMARY KEY (area, household, person)\n) WITHOUT ROWID")
	if _, err := t.exec(ctx, b.String()); err != nil || s == loading {
		return err
	}
	_, err := t.exec(ctx, "CREATE INDEX "+tb.index()+" ON "+tb.on(s)+" (area, village)")
	return err
}

// oneLine keeps a comment from ending early.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
