package main

import (
	"context"
	"database/sql"
	"errors"
)

// sqliteCounter reads on many connections and writes on one, as the hub does.
type sqliteCounter struct {
	reads, writes *sql.DB
	query         string
}

func (e *sqliteEngine) ask(ctx context.Context, address, query string, lanes int) (counter, error) {
	c := &sqliteCounter{query: query}
	var err error
	if c.reads, err = openFile(address); err != nil {
		return nil, err
	}
	c.reads.SetMaxIdleConns(lanes)
	if c.writes, err = openFile(address); err != nil {
		return nil, errors.Join(err, c.reads.Close())
	}
	c.writes.SetMaxOpenConns(1)
	if _, err := c.writes.ExecContext(ctx, "CREATE TABLE asked (sequence INTEGER PRIMARY KEY, time TEXT NOT NULL, who TEXT NOT NULL, detail TEXT NOT NULL)"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *sqliteCounter) answer(ctx context.Context, key ...string) error {
	args := make([]any, len(key))
	for i, k := range key {
		args[i] = k
	}
	rows, err := c.reads.QueryContext(ctx, c.query, args...)
	if err != nil {
		return err
	}
	found := rows.Next()
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if !found {
		return errNoRow
	}
	_, err = c.writes.ExecContext(ctx, "INSERT INTO asked (time, who, detail) VALUES (datetime(), $1, $2)", reader, key[1])
	return err
}

func (c *sqliteCounter) close() error { return errors.Join(c.reads.Close(), c.writes.Close()) }

// sqliteBell is a row that another connection finds.
type sqliteBell struct {
	from, to *sql.DB
	rung     int64
}

func (e *sqliteEngine) bell(ctx context.Context) (bell, error) {
	address, err := e.empty(ctx)
	if err != nil {
		return nil, err
	}
	b := &sqliteBell{}
	if b.from, err = openFile(address); err != nil {
		return nil, err
	}
	if b.to, err = openFile(address); err != nil {
		return nil, errors.Join(err, b.from.Close())
	}
	if _, err := b.from.ExecContext(ctx, "CREATE TABLE bell (id INTEGER PRIMARY KEY)"); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *sqliteBell) ring(ctx context.Context) error {
	b.rung++
	if _, err := b.from.ExecContext(ctx, "INSERT INTO bell (id) VALUES ($1)", b.rung); err != nil {
		return err
	}
	var heard int64
	return b.to.QueryRowContext(ctx, "SELECT id FROM bell WHERE id = $1", b.rung).Scan(&heard)
}

func (b *sqliteBell) close() error { return errors.Join(b.from.Close(), b.to.Close()) }
