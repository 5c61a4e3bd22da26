package e2e

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
)

// keepers tells which sessions hold the keeper's lock, by the name of their program.
func keepers(t testing.TB, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// behind counts the areas that are not derived for today.
func behind(t testing.TB, db *sql.DB) (areas int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM heads WHERE derived_for <> $1", today()).Scan(&areas); err != nil {
		t.Fatal(err)
	}
	return areas
}

// Three hubs find the same night's work. The one that is at it is killed in the middle, and
// another takes over; nobody is at it beside it at any time that was looked at.
func TestANightsWorkIsTakenOverWhenTheHubThatIsAtItDies(t *testing.T) {
	h := newHouse(t, true)
	h.load(t, invented(t, 20, 3))
	db := h.database(t)
	if _, err := db.ExecContext(t.Context(), "UPDATE heads SET derived_for = '2026-01-01'"); err != nil {
		t.Fatal(err)
	}
	hold, err := db.BeginTx(t.Context(), nil) // stops whoever derives at the first area
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(t.Context(), "SELECT FROM heads FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	hubs := map[string]*served{}
	for n := range 3 {
		name := fmt.Sprint("hub-", n)
		hubs[name] = serve(t, "--data", h.dir, "--postgres", h.url+"&application_name="+name)
	}
	var first, next []string
	until(t, "a hub is at the night's work", func() bool {
		first = append(first[:0], keepers(t, db)...)
		return len(first) > 0
	})
	hubs[first[0]].kill()
	until(t, "another hub has taken over", func() bool {
		next = append(next[:0], keepers(t, db)...)
		if len(next) > 1 {
			t.Errorf("at it at once: %v", next)
		}
		return len(next) > 0 && !slices.Contains(next, first[0])
	})
	if areas := behind(t, db); areas == 0 {
		t.Error("the work was done while it was held up")
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	until(t, "the night's work is done", func() bool { return behind(t, db) == 0 })
	mustHaveDerivedOnce(t, db, next[0])
}

// mustHaveDerivedOnce looks at the audit: one run was begun and never ended, since its hub was
// killed, and one came to its end.
func mustHaveDerivedOnce(t *testing.T, db *sql.DB, by string) {
	t.Helper()
	var begun, ended int
	until(t, by+" says in the audit that it is done", func() bool {
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE of = ''), count(*) FILTER (WHERE outcome = 'OK')
			FROM audit WHERE action = 'derive'`).Scan(&begun, &ended)
		if err != nil {
			t.Fatal(err)
		}
		return ended > 0
	})
	if begun != 2 || ended != 1 {
		t.Errorf("%d runs of the derivation were begun and %d ended", begun, ended)
	}
}
