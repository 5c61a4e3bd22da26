package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// sqliteDatabase is one connection to a file.
type sqliteDatabase struct {
	db      *sql.DB
	address string
}

func (d *sqliteDatabase) close() error { return d.db.Close() }

func (d *sqliteDatabase) exec(ctx context.Context, statement string) error {
	_, err := d.db.ExecContext(ctx, statement)
	return err
}

func (d *sqliteDatabase) texts(ctx context.Context, query string) (out []string, err error) {
	err = d.each(ctx, query, func(row []sql.RawBytes) { out = append(out, string(row[0])) })
	return out, err
}

func (d *sqliteDatabase) columns(ctx context.Context, table string) ([]string, error) {
	return d.texts(ctx, "SELECT name FROM pragma_table_info("+quoted(table)+") ORDER BY cid")
}

func (d *sqliteDatabase) tidy(ctx context.Context, table string) error {
	return d.exec(ctx, "ANALYZE "+table)
}

func (d *sqliteDatabase) export(ctx context.Context, query string) (n int64, err error) {
	err = d.each(ctx, query, func([]sql.RawBytes) { n++ })
	return n, err
}

func (d *sqliteDatabase) scan(ctx context.Context, query string) (int64, error) {
	return d.export(ctx, query)
}

func (d *sqliteDatabase) each(ctx context.Context, query string, fn func([]sql.RawBytes)) (err error) {
	rows, err := d.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, places := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range row {
		places[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		fn(row)
	}
	return rows.Err()
}

func (d *sqliteDatabase) moment(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// sqliteTwin is a file beside.
type sqliteTwin struct {
	from  *sqliteDatabase
	table string
}

func (t *sqliteTwin) file() string { return t.from.address + ".twin" }

func (d *sqliteDatabase) twin(ctx context.Context, table string) (twin, error) {
	made, err := d.texts(ctx, "SELECT sql FROM sqlite_master WHERE tbl_name = "+quoted(table)+" AND sql IS NOT NULL ORDER BY type DESC") // the table, then its indexes
	if err != nil {
		return nil, err
	}
	t := &sqliteTwin{d, table}
	other, err := openFile(t.file())
	if err != nil {
		return nil, err
	}
	for _, statement := range made {
		if _, err := other.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, other.Close())
		}
	}
	return t, errors.Join(other.Close(), d.exec(ctx, "ATTACH "+quoted(t.file())+" AS twin"))
}

func (t *sqliteTwin) fill(ctx context.Context) (int64, error) {
	done, err := t.from.db.ExecContext(ctx, "INSERT INTO twin."+t.table+" SELECT * FROM main."+t.table)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (t *sqliteTwin) drop(ctx context.Context) error {
	err := t.from.exec(ctx, "DETACH twin")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if gone := os.Remove(t.file() + suffix); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// stage keeps the rows in a temporary table of the other connection.
func (d *sqliteDatabase) stage(ctx context.Context, query, table string, to database) (func(context.Context) error, error) {
	for _, statement := range []string{
		"ATTACH " + quoted(d.address) + " AS source",
		"CREATE TEMP TABLE staged AS " + inSource(query),
		"DETACH source",
	} {
		if err := to.exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		return errors.Join(to.exec(ctx, "INSERT INTO main."+table+" SELECT * FROM staged"), to.exec(ctx, "DROP TABLE staged"))
	}, nil
}

// inSource lets a query read from the attached file.
func inSource(query string) string { return strings.ReplaceAll(query, " FROM ", " FROM source.") }
