package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// postgresDatabase is one connection.
type postgresDatabase struct {
	conn    *pgx.Conn
	address string
	dir     string
}

func (d *postgresDatabase) close() error { return d.conn.Close(context.Background()) }

func (d *postgresDatabase) exec(ctx context.Context, statement string) error {
	_, err := d.conn.Exec(ctx, statement)
	return err
}

func (d *postgresDatabase) texts(ctx context.Context, query string) ([]string, error) {
	rows, err := d.conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (d *postgresDatabase) columns(ctx context.Context, table string) ([]string, error) {
	return d.texts(ctx, "SELECT column_name::text FROM information_schema.columns WHERE table_name = '"+table+"' ORDER BY ordinal_position")
}

func (d *postgresDatabase) tidy(ctx context.Context, table string) error {
	return d.exec(ctx, "VACUUM ANALYZE "+table)
}

func (d *postgresDatabase) export(ctx context.Context, query string) (int64, error) {
	return copyOut(ctx, d.conn, io.Discard, query)
}

func copyOut(ctx context.Context, conn *pgx.Conn, to io.Writer, query string) (int64, error) {
	tag, err := conn.PgConn().CopyTo(ctx, to, "COPY ("+query+") TO STDOUT")
	return tag.RowsAffected(), err
}

func copyIn(ctx context.Context, conn *pgx.Conn, from io.Reader, table string) (int64, error) {
	tag, err := conn.PgConn().CopyFrom(ctx, from, "COPY "+table+" FROM STDIN")
	return tag.RowsAffected(), err
}

func (d *postgresDatabase) scan(ctx context.Context, query string) (n int64, err error) {
	rows, err := d.conn.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	var document []byte
	_, err = pgx.ForEachRow(rows, []any{&document}, func() error { n++; return nil })
	return n, err
}

func (d *postgresDatabase) moment(t time.Time) string {
	return "'" + t.UTC().Format(time.RFC3339Nano) + "'::timestamptz"
}

// postgresTwin stands in a schema of its own, and is filled by a connection of its own.
type postgresTwin struct {
	from  *postgresDatabase
	table string
	conn  *pgx.Conn
}

const twinSchema = "twin"

func (d *postgresDatabase) twin(ctx context.Context, table string) (twin, error) {
	conn, err := pgx.Connect(ctx, d.address)
	if err != nil {
		return nil, err
	}
	t := &postgresTwin{from: d, table: table, conn: conn}
	for _, statement := range []string{
		"CREATE SCHEMA " + twinSchema,
		fmt.Sprintf("CREATE TABLE %s.%s (LIKE %s INCLUDING INDEXES)", twinSchema, table, table),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	return t, nil
}

func (t *postgresTwin) fill(ctx context.Context) (n int64, err error) {
	r, w := io.Pipe()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := copyOut(ctx, t.from.conn, w, "SELECT * FROM "+t.table)
		return w.CloseWithError(err)
	})
	g.Go(func() error {
		n, err = copyIn(ctx, t.conn, r, twinSchema+"."+t.table)
		_ = r.CloseWithError(err) // ends the other side where this stopped early
		return err
	})
	return n, g.Wait()
}

func (t *postgresTwin) drop(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, "DROP SCHEMA "+twinSchema+" CASCADE")
	return errors.Join(err, t.conn.Close(ctx))
}

// stage keeps the rows in a file.
func (d *postgresDatabase) stage(ctx context.Context, query, table string, to database) (func(context.Context) error, error) {
	target, ok := to.(*postgresDatabase)
	if !ok {
		return nil, errors.New("rows go from PostgreSQL to PostgreSQL")
	}
	f, err := os.CreateTemp(d.dir, "stage-")
	if err != nil {
		return nil, err
	}
	done := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	if _, err := copyOut(ctx, d.conn, f, query); err != nil {
		return nil, errors.Join(err, done())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, done())
	}
	return func(ctx context.Context) error {
		_, err := copyIn(ctx, target.conn, f, table)
		return errors.Join(err, done())
	}, nil
}
