package mirror

import (
	"context"
	"fmt"
	"strings"
)

// Sink is a database that holds a mirror: OpenSQLite and OpenPostgres make one. Both
// pass the same suite, and nearly all SQL is common to them; what differs is below.
type Sink interface {
	// update runs fn in one transaction and commits it when fn returns nil.
	update(ctx context.Context, fn func(sinkTx) error) error
	// inbox makes an empty one. It may be filled while a transaction runs.
	inbox() inbox
	// Close ends the connection.
	Close() error
}

// sinkTx is an open transaction. Statements use $1, $2 … on both engines.
type sinkTx interface {
	// exec runs a statement and counts the rows affected.
	exec(ctx context.Context, query string, args ...any) (int64, error)
	// each runs one statement for many sets of arguments and counts the rows affected in all.
	each(ctx context.Context, query string, rows [][]any) (int64, error)
	// query calls row once for each row of the answer.
	query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error
	// upsert stores whole rows of a table, none twice; old rows give way where the condition holds.
	upsert(ctx context.Context, t *table, s side, rows [][]any, condition string) error
	// create makes the table of a list, with comments. A load's has no key and takes any rows.
	create(ctx context.Context, t *table, s side) error
	// relax lets a crash of the database's machine lose this transaction, whole, with those after it: a load then goes
	// on from where it was before. The one that makes it visible is not among them.
	relax(ctx context.Context) error
	// append adds an inbox's rows of a list to the load's table, which has no key yet; once for each list.
	append(ctx context.Context, t *table, in inbox) error
	// keyed tells whether the load's table has its key.
	keyed(ctx context.Context, t *table) (bool, error)
	// addKey gives the load's table its key; false, and nothing done, where a record stands in it twice.
	addKey(ctx context.Context, t *table) (bool, error)
	// ripen gives the load's table whatever a live one has beside its key, as far as the engine can.
	ripen(ctx context.Context, t *table) error
	// rename makes the load's table, which is ripe, the live one; there is no other.
	rename(ctx context.Context, t *table) error
	// rowID names the hidden column that tells rows apart, in the order in which they came.
	rowID() string
}

// Open opens the mirror at a location: a postgres:// URL, else the path of a SQLite file.
func Open(ctx context.Context, location string) (Sink, error) {
	if strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://") {
		return OpenPostgres(ctx, location)
	}
	return OpenSQLite(ctx, location)
}

// ownTables are the mirror's own: where each side stands, what its tables hold, and
// what left a load while it was under way.
var ownTables = []string{
	`CREATE TABLE IF NOT EXISTS hub_state (
		side text PRIMARY KEY, cursor text NOT NULL, positions text NOT NULL, guard text NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS hub_lists (
		side text NOT NULL, list text NOT NULL, fingerprint text NOT NULL, definition text NOT NULL, PRIMARY KEY (side, list))`,
	`CREATE TABLE IF NOT EXISTS hub_gone (
		list text NOT NULL, area text NOT NULL, household text NOT NULL, person text NOT NULL, hub_transaction bigint NOT NULL,
		PRIMARY KEY (list, area, household, person))`,
}

func createOwnTables(ctx context.Context, s Sink) error {
	return s.update(ctx, func(tx sinkTx) error {
		for _, statement := range ownTables {
			if _, err := tx.exec(ctx, statement); err != nil {
				return fmt.Errorf("mirror: cannot prepare the database: %w", err)
			}
		}
		return nil
	})
}

// spareInboxes is how many a sink keeps to be used again: one is filled while one is stored.
const spareInboxes = 2

func spare(from chan []byte) []byte {
	select {
	case space := <-from:
		return space
	default:
		return nil
	}
}

func giveBack(to chan []byte, space []byte) {
	select {
	case to <- space:
	default:
	}
}
