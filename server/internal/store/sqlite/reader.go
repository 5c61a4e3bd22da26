package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var errDead = errors.New("sqlite: used after its View or Update has ended")

// reader reads within one transaction of one connection.
type reader struct {
	conn   *conn
	dead   atomic.Bool
	failed error // the first failure of SQLite; it may have ended the transaction
}

func (r *reader) kill() { r.dead.Store(true) }

// usable is nil as long as the transaction is certainly open.
func (r *reader) usable() error {
	if r.dead.Load() {
		return errDead
	}
	return r.failed
}

// note remembers a failure of SQLite's. A read that ctx has ended harms nothing.
func (r *reader) note(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, sql.ErrNoRows) && ctx.Err() == nil && r.failed == nil {
		r.failed = err
	}
	return err
}

type scanner interface{ Scan(dest ...any) error }

// one reads a single row; without one it is store.ErrNotFound.
func one[T any](ctx context.Context, r *reader, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	if err := r.usable(); err != nil {
		return none, err
	}
	s, err := r.conn.prepare(ctx, query)
	if err != nil {
		return none, r.note(ctx, err)
	}
	row, err := scan(s.QueryRowContext(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return none, store.ErrNotFound
	}
	return row, r.note(ctx, err)
}

// list reads all rows.
func list[T any](ctx context.Context, r *reader, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	if err := r.usable(); err != nil {
		return nil, err
	}
	s, err := r.conn.prepare(ctx, query)
	if err != nil {
		return nil, r.note(ctx, err)
	}
	var all []T
	rows, err := s.QueryContext(ctx, args...)
	err = drain(rows, err, scan, func(row T) error {
		all = append(all, row)
		return nil
	})
	return all, r.note(ctx, err)
}

// each hands rows to fn as they come. The statement is not a prepared one, since fn may
// run the same query again.
func each[T any](ctx context.Context, r *reader, fn func(T) error, scan func(scanner) (T, error), query string, args ...any) error {
	if err := r.usable(); err != nil {
		return err
	}
	var stop error
	rows, err := r.conn.sql.QueryContext(ctx, query, args...)
	err = drain(rows, err, scan, func(row T) error {
		stop = fn(row)
		return stop
	})
	if stop != nil {
		return stop
	}
	return r.note(ctx, err)
}

func drain[T any](rows *sql.Rows, err error, scan func(scanner) (T, error), fn func(T) error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// filter collects the conditions of a query.
type filter struct {
	text strings.Builder
	args []any
}

// and adds a condition with its arguments.
func (f *filter) and(condition string, args ...any) {
	if f.text.Len() == 0 {
		f.text.WriteString(" WHERE ")
	} else {
		f.text.WriteString(" AND ")
	}
	f.text.WriteString(condition)
	f.args = append(f.args, args...)
}

// in restricts a column to the given values; none of them means no row.
func (f *filter) in(column string, values []string) {
	f.and(column+" IN (SELECT value FROM json_each(?))", jsonList(values))
}

// limit adds a limit, 0 being none.
func (f *filter) limit(n int) string {
	if n <= 0 {
		return ""
	}
	f.args = append(f.args, n)
	return " LIMIT ?"
}

// jsonList makes one argument of a list, so that the text of a query does not depend on
// its length.
func jsonList(values []string) string {
	if values == nil {
		values = []string{}
	}
	text, _ := json.Marshal(values) // strings always can be
	return string(text)
}

func sorted(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}

func micros(at int64) time.Time { return time.UnixMicro(at).UTC() }
