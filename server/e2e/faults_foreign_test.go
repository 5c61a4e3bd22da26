package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// foreign is a transaction that has nothing to do with the hub, held open on its database:
// it has written, so it has a number, and it has a snapshot.
type foreign struct {
	*sql.Tx
	number int64
}

func openForeign(t *testing.T, database string) foreign {
	t.Helper()
	db := openSQL(t, database)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE foreign_things (id int)"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	f := foreign{Tx: tx}
	err = tx.QueryRowContext(t.Context(), "SELECT txid_current()").Scan(&f.number)
	if err == nil {
		_, err = tx.ExecContext(t.Context(), "INSERT INTO foreign_things VALUES (1)")
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mustBeOpen asks the database, from outside, whether it is; every transaction since is newer.
func (f foreign) mustBeOpen(t *testing.T, db *sql.DB) {
	t.Helper()
	var oldest int64
	var status string
	err := db.QueryRowContext(t.Context(), "SELECT txid_status($1), txid_snapshot_xmin(txid_current_snapshot())", f.number).Scan(&status, &oldest)
	if err != nil || status != "in progress" || oldest > f.number {
		t.Errorf("the foreign transaction %d is %s, the oldest open one is %d: %v", f.number, status, oldest, err)
	}
}

func TestAForeignTransactionHeldOpenDoesNotDelayTheFeed(t *testing.T) {
	t.Parallel()
	const rounds = 5
	h := hubtest.Start(t, hubtest.Config{Dir: t.TempDir(), Database: pgtest.URL(t)})
	other := hubtest.Start(t, hubtest.Config{Dir: h.Dir, Database: h.Database}) // finds the commits by polling
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 12, 3)))
	ctx, cancel := context.WithTimeout(t.Context(), inTime)
	defer cancel()
	office := h.Client(t, "office", "a-clerk")
	at := standing(ctx, t, office)

	held := openForeign(t, h.Database)
	near, far := listen(ctx, t, office), listen(ctx, t, other.Client(t, "office", "a-clerk"))
	for range rounds {
		changeFacts(t, office, 3)
		now := standing(ctx, t, office)
		for _, f := range []*following{near, far} {
			f.until(ctx, t, now)
		}
	}
	held.mustBeOpen(t, openSQL(t, h.Database))
	if err := held.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*following{near, far} {
		f.mustHaveSeen(t, at, standing(ctx, t, office))
	}
}

// mustHaveSeen wants each transaction after from, up to upTo, once and in order.
func (f *following) mustHaveSeen(t *testing.T, from, upTo map[string]int64) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := 0
	for area, last := range upTo {
		next := from[area] + 1
		for _, n := range f.seen[area] {
			if n != next {
				t.Errorf("%s: transaction %d came where %d was due", area, n, next)
			}
			next, seen = n+1, seen+1
		}
		if next != last+1 {
			t.Errorf("%s: transactions up to %d came, of %d", area, next-1, last)
		}
	}
	if seen == 0 {
		t.Error("nothing was written")
	}
}

func (f *following) took(page *hubv1.Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, txn := range page.GetTransactions() {
		f.seen[txn.GetArea()] = append(f.seen[txn.GetArea()], txn.GetNumber())
	}
}
