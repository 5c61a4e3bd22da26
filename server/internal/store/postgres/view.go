package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bangfuhub/hub/server/internal/store"
)

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	return view(ctx, s.pool, func(r *reader) error { return fn(r) })
}

func view(ctx context.Context, pool *pgxpool.Pool, fn func(*reader) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return away(ctx, err)
	}
	defer func() { go leave(ctx, conn) }()
	r := &reader{in: conn}
	if err := r.begin(ctx); err != nil {
		return lost(ctx, conn.Conn(), err)
	}
	defer func() { r.ended = true }()
	return lost(ctx, conn.Conn(), fn(r))
}

// begin asks with the BEGIN what almost every use case asks first, in one round trip: a
// snapshot stands from the first query on.
func (r *reader) begin(ctx context.Context) error {
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	b.Queue(metaQuery).Query(func(rows pgx.Rows) error {
		meta, err := pgx.CollectOneRow(rows, pgx.RowToFunc[store.Meta](scanMeta))
		if errors.Is(err, pgx.ErrNoRows) {
			r.meta = func() (store.Meta, error) { return store.Meta{}, store.ErrNotFound }
			return nil
		}
		r.meta = func() (store.Meta, error) { return meta, nil }
		return err
	})
	return r.in.SendBatch(ctx, &b).Close()
}

// leave ends the transaction and gives the connection back; nobody waits for that. Where it
// fails, the pool gives the connection up, and the server rolls back.
func leave(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
	conn.Release()
}
