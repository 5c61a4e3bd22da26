package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// mirrorFull compares hubsync's first pull with copying the same rows from one database
// to another.
func (b *bench) mirrorFull(ctx context.Context) ([]line, error) {
	h, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	main, err := b.mirrorInto(ctx, h, b.engine, "mirror_full")
	if err != nil || b.SQLite {
		return []line{main}, err
	}
	// A department's copy may be a file, whatever the hub's own store is.
	file, err := b.mirrorInto(ctx, h, &sqliteEngine{dir: b.dir}, "mirror_full_sqlite")
	return []line{main, file}, err
}

func (b *bench) mirrorInto(ctx context.Context, h *hub, e engine, name string) (line, error) {
	l := line{
		Name: name, Unit: "rows/s", Against: e.words().pour,
		goal: &goal{floor: ratioAtLeast(0.6), aim: ratioAtLeast(1)},
	}
	first, err := e.empty(ctx)
	if err != nil {
		return l, err
	}
	rows, _, err := pull(ctx, e, h, first)
	if err != nil {
		return l, err
	}
	l.Note = fmt.Sprintf("%d rows", rows)
	source, err := e.open(ctx, first)
	if err != nil {
		return l, err
	}
	l, err = b.compare(ctx, l, func(ctx context.Context) (float64, error) {
		address, err := e.empty(ctx)
		if err != nil {
			return 0, err
		}
		n, took, err := pull(ctx, e, h, address)
		return rate(n, took), errors.Join(all(n, rows, err), e.drop(ctx, address))
	}, func(ctx context.Context) (float64, error) { return pour(ctx, source, rows) })
	return l, errors.Join(err, source.close(), e.drop(ctx, first))
}

// pour copies a mirror's rows into a table like it.
func pour(ctx context.Context, source database, rows int64) (float64, error) {
	t, err := source.twin(ctx, table)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	n, err := t.fill(ctx)
	took := time.Since(began)
	return rate(n, took), errors.Join(all(n, rows, err), t.drop(ctx))
}
