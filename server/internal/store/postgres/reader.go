package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

// page is how many rows an iteration fetches at a time; their documents are in memory.
const page = 1000

// session is what a reader asks: a transaction, or a connection within one.
type session interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// reader reads within one transaction. When that has ended, every call is an error.
type reader struct {
	in     session
	meta   func() (store.Meta, error) // of a snapshot; nil: it has to be asked
	failed error                      // the first failure; the server refuses everything after it
	ended  bool
}

var errEnded = errors.New("postgres: the transaction has ended")

func (r *reader) query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	if r.ended {
		return nil, errEnded
	}
	return r.in.Query(ctx, query, args...)
}

func (r *reader) note(err error) error {
	if err != nil && !errors.Is(err, pgx.ErrNoRows) && r.failed == nil {
		r.failed = err
	}
	return err
}

type scan[T any] func(pgx.CollectableRow) (T, error)

// one reads a single row; without one it is store.ErrNotFound.
func one[T any](ctx context.Context, r *reader, scan scan[T], query string, args ...any) (T, error) {
	var none T
	rows, err := r.query(ctx, query, args...)
	if err != nil {
		return none, r.note(err)
	}
	row, err := pgx.CollectOneRow(rows, pgx.RowToFunc[T](scan))
	if errors.Is(err, pgx.ErrNoRows) {
		return none, store.ErrNotFound
	}
	return row, r.note(err)
}

// list reads all rows; none of them are nil.
func list[T any](ctx context.Context, r *reader, scan scan[T], query string, args ...any) ([]T, error) {
	rows, err := r.query(ctx, query, args...)
	if err != nil {
		return nil, r.note(err)
	}
	all, err := pgx.AppendRows([]T(nil), rows, pgx.RowToFunc[T](scan))
	return all, r.note(err)
}

// each hands rows to fn as they come, which must not read; what scan leaves with the driver
// is good until fn returns.
func each[T any](ctx context.Context, r *reader, scan scan[T], fn func(T) error, query string, args ...any) error {
	rows, err := r.query(ctx, query, args...)
	if err != nil {
		return r.note(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return r.note(err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return r.note(rows.Err())
}

// pages hands rows to fn, of which read fetches the next n at a time. A result that is
// open cannot be left without reading it to its end, and nothing else can be read meanwhile;
// so fn, which may do both, gets rows that have been fetched already.
func pages[T any](limit, size int, read func(n int) ([]T, error), fn func(T) error) error {
	for given := 0; limit <= 0 || given < limit; {
		n := size
		if limit > 0 {
			n = min(n, limit-given)
		}
		rows, err := read(n)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := fn(row); err != nil {
				return err
			}
		}
		if given += len(rows); len(rows) < n {
			return nil
		}
	}
	return nil
}

// filter collects the conditions of a query.
type filter struct {
	text strings.Builder
	args []any
}

// and adds a condition; each %s in it stands for the next of its arguments.
func (f *filter) and(condition string, args ...any) {
	if f.text.Len() == 0 {
		f.text.WriteString(" WHERE ")
	} else {
		f.text.WriteString(" AND ")
	}
	places := make([]any, len(args))
	for i, arg := range args {
		places[i] = f.arg(arg)
	}
	fmt.Fprintf(&f.text, condition, places...)
}

// arg gives the place of an argument.
func (f *filter) arg(value any) string {
	f.args = append(f.args, value)
	return fmt.Sprintf("$%d", len(f.args))
}
