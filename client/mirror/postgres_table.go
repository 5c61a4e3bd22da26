package mirror

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// uniqueViolation is PostgreSQL's code for a key that is there already.
const uniqueViolation = "23505"

// rowID orders the rows of a table that was never changed as they came.
func (t postgresTx) rowID() string { return "ctid" }

func (t postgresTx) relax(ctx context.Context) error {
	_, err := t.exec(ctx, "SET LOCAL synchronous_commit TO off")
	return err
}

func (t postgresTx) create(ctx context.Context, tb *table, s side) error {
	columns := joined(tb.columns, func(c column) string {
		if c.sqlType == rowHashType {
			return quoted(c.name) + " bytea NOT NULL"
		}
		return quoted(c.name) + " " + c.sqlType
	})
	statements := []string{"CREATE TABLE " + tb.on(s) + " (" + columns + ")", "COMMENT ON TABLE " + tb.on(s) + " IS " + literal(tb.comment())}
	for _, c := range tb.columns {
		statements = append(statements, "COMMENT ON COLUMN "+tb.on(s)+"."+quoted(c.name)+" IS "+literal(c.comment))
	}
	if s == live {
		statements = append(statements, addPrimaryKey(tb, s), addIndex(tb, s))
	}
	return t.all(ctx, statements)
}

func addPrimaryKey(tb *table, s side) string {
	return "ALTER TABLE " + tb.on(s) + " ADD CONSTRAINT " + tb.part(s, "pkey") + " PRIMARY KEY (area, household, person)"
}

func addIndex(tb *table, s side) string {
	return "CREATE INDEX " + tb.index(s) + " ON " + tb.on(s) + " (area, village)"
}

// all runs statements that take no arguments, in one exchange.
func (t postgresTx) all(ctx context.Context, statements []string) error {
	_, err := t.tx.Conn().PgConn().Exec(ctx, strings.Join(statements, ";")).ReadAll()
	return err
}

func (t postgresTx) keyed(ctx context.Context, tb *table) (keyed bool, err error) {
	err = t.tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = $1::text::regclass AND indisprimary)", tb.on(loading)).Scan(&keyed)
	return keyed, err
}

// addKey tries it under a savepoint, so that the transaction outlives a record that
// stands there twice.
func (t postgresTx) addKey(ctx context.Context, tb *table) (bool, error) {
	err := pgx.BeginFunc(ctx, t.tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, addPrimaryKey(tb, loading))
		return err
	})
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation {
		return false, nil
	}
	return err == nil, err
}

func (t postgresTx) ripen(ctx context.Context, tb *table) error {
	return t.all(ctx, []string{addIndex(tb, loading)})
}

func (t postgresTx) rename(ctx context.Context, tb *table) error {
	return t.all(ctx, []string{
		"ALTER TABLE " + tb.on(loading) + " RENAME TO " + tb.on(live),
		"ALTER INDEX " + tb.part(loading, "pkey") + " RENAME TO " + tb.part(live, "pkey"),
		"ALTER INDEX " + tb.index(loading) + " RENAME TO " + tb.index(live),
	})
}
