package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"

	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// rowID numbers rows as they came.
func (t *sqliteTx) rowID() string { return "rowid" }

// relax has nothing to do: see OpenSQLite.
func (t *sqliteTx) relax(context.Context) error { return nil }

// create makes the key as an index, since that can be done when all rows of a load are there.
func (t *sqliteTx) create(ctx context.Context, tb *table, s side) error {
	statements := []string{createSQLite(tb, s)}
	if s == live {
		t.revealed = true
		statements = append(statements, addUnique(tb, s, s), addVillages(tb))
	}
	return t.all(ctx, statements...)
}

// createSQLite writes the comments into the statement, which SQLite keeps as it is.
func createSQLite(tb *table, s side) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", tb.on(s), oneLine(tb.comment()))
	for i, c := range tb.columns {
		kind, comma := c.sqlType, ","
		if kind == rowHashType {
			kind = "blob NOT NULL"
		}
		if i == len(tb.columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "  %s %s%s -- %s\n", quoted(c.name), kind, comma, oneLine(c.comment))
	}
	b.WriteString(")")
	return b.String()
}

func addUnique(tb *table, on, named side) string {
	return "CREATE UNIQUE INDEX " + tb.part(named, "key") + " ON " + tb.on(on) + " (area, household, person)"
}

func addVillages(tb *table) string {
	return "CREATE INDEX " + tb.index(live) + " ON " + tb.on(live) + " (area, village)"
}

func (t *sqliteTx) all(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := t.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// oneLine keeps a comment from ending early.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (t *sqliteTx) keyed(ctx context.Context, tb *table) (bool, error) {
	n, err := countRows(ctx, t, `pragma_index_list($1) WHERE "unique"`, tb.name(loading))
	return n > 0, err
}

// addKey names the index as the live table's where there is none: an index can't be renamed.
func (t *sqliteTx) addKey(ctx context.Context, tb *table) (bool, error) {
	named := live
	if taken, err := t.has(ctx, tb.name(live)); err != nil {
		return false, err
	} else if taken {
		named = loading
	}
	_, err := t.exec(ctx, addUnique(tb, loading, named))
	if e, ok := errors.AsType[*modernc.Error](err); ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return false, nil
	}
	return err == nil, err
}

// has tells whether a table or index of that name is there.
func (t *sqliteTx) has(ctx context.Context, name string) (bool, error) {
	n, err := countRows(ctx, t, "sqlite_master WHERE name = $1", name)
	return n > 0, err
}

// ripen leaves the index to rename: its name may still be the old table's.
func (t *sqliteTx) ripen(context.Context, *table) error { return nil }

func (t *sqliteTx) rename(ctx context.Context, tb *table) error {
	t.revealed = true
	statements := []string{"ALTER TABLE " + tb.on(loading) + " RENAME TO " + tb.on(live), addVillages(tb)}
	misnamed, err := t.has(ctx, tb.name(loading)+"_key")
	if err != nil {
		return err
	}
	if misnamed { // there was another live table when it was made
		statements = append(statements, "DROP INDEX "+tb.part(loading, "key"), addUnique(tb, live, live))
	}
	return t.all(ctx, statements...)
}
