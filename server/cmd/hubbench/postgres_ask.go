package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresCounter has a connection a lane.
type postgresCounter struct {
	pool  *pgxpool.Pool
	query string
}

func (e *postgresEngine) ask(ctx context.Context, address, query string, lanes int) (counter, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.MinConns = int32(lanes), int32(lanes) //nolint:gosec // a few
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, `CREATE TABLE asked (
		sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time timestamptz NOT NULL, who text NOT NULL, detail text NOT NULL)`); err != nil {
		pool.Close()
		return nil, err
	}
	return &postgresCounter{pool, query}, nil
}

func (c *postgresCounter) answer(ctx context.Context, key ...string) error {
	args := make([]any, len(key))
	for i, k := range key {
		args[i] = k
	}
	rows, err := c.pool.Query(ctx, c.query, args...)
	if err != nil {
		return err
	}
	found := rows.Next()
	if found {
		_, err = rows.Values()
	}
	rows.Close()
	switch {
	case err != nil || rows.Err() != nil:
		return errors.Join(err, rows.Err())
	case !found:
		return errNoRow
	}
	_, err = c.pool.Exec(ctx, "INSERT INTO asked (time, who, detail) VALUES (now(), $1, $2)", reader, key[1])
	return err
}

func (c *postgresCounter) close() error {
	c.pool.Close()
	return nil
}

var errNoRow = errors.New("a row that was copied is not there")

// postgresBell is a NOTIFY.
type postgresBell struct{ from, to *pgx.Conn }

func (e *postgresEngine) bell(ctx context.Context) (bell, error) {
	b := &postgresBell{}
	var err error
	if b.from, err = pgx.Connect(ctx, e.base.String()); err != nil {
		return nil, err
	}
	if b.to, err = pgx.Connect(ctx, e.base.String()); err != nil {
		return nil, errors.Join(err, b.from.Close(ctx))
	}
	if _, err := b.to.Exec(ctx, "LISTEN hubbench"); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *postgresBell) ring(ctx context.Context) error {
	if _, err := b.from.Exec(ctx, "NOTIFY hubbench"); err != nil {
		return err
	}
	_, err := b.to.WaitForNotification(ctx)
	return err
}

func (b *postgresBell) close() error {
	return errors.Join(b.from.Close(context.Background()), b.to.Close(context.Background()))
}
