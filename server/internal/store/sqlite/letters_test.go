package sqlite

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// withoutLetters takes hub.db back to a schema that has no letters, nor what came after them.
const withoutLetters = `DROP INDEX households_due; ALTER TABLE households DROP COLUMN due; ALTER TABLE meta DROP COLUMN agreements; DROP TABLE letters; DROP TABLE letter_subjects; DROP TABLE letter_recipients; DROP TABLE letter_numbers; DROP TABLE counters`

func TestAStoreWithoutLettersIsUpgraded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	old := store.AuditEntry{ID: "old", Time: time.UnixMicro(1).UTC(), Action: "sync.pull"}
	if err := s.Audit(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	for f, script := range map[*file]string{
		s.hub:   withoutLetters + `; PRAGMA user_version = 3`,
		s.audit: `DROP TABLE deliveries; DROP INDEX audit_outcome; PRAGMA user_version = 1`,
	} {
		if err := f.write(t.Context(), func(c *conn) error {
			_, err := c.sql.ExecContext(t.Context(), script)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	upgraded := openStore(t, dir)
	if err := upgraded.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := upgraded.Update(t.Context(), func(tx store.Tx) error {
		return tx.SaveLetter(t.Context(), store.Letter{Area: "A", ID: "l1", Revision: 1, Subjects: []string{"h1"}})
	}); err != nil {
		t.Error(err)
	}
	told := store.AuditEntry{ID: "told", Of: "old", Outcome: store.OutcomeSent, Deliveries: []store.Delivery{{Area: "A", To: 1}}}
	if err := upgraded.Audit(t.Context(), told); err != nil {
		t.Error(err)
	}
	var open []store.AuditEntry
	err := upgraded.OpenReadings(t.Context(), nil, old.Time, old.Time.Add(time.Second), func(e store.AuditEntry) error {
		open = append(open, e)
		return nil
	})
	if err != nil || len(open) != 1 || open[0].ID != old.ID {
		t.Errorf("open readings are %+v, error %v", open, err)
	}
}

func TestNumbersGivenBeforeTheyHadATableStayTaken(t *testing.T) {
	dir := t.TempDir()
	save := func(s store.Store, l store.Letter) error {
		return s.Update(t.Context(), func(tx store.Tx) error { return tx.SaveLetter(t.Context(), l) })
	}
	s, old := openStore(t, dir), store.Letter{Area: "A", ID: "l1", Revision: 1, Number: "2026-1"}
	err := errors.Join(save(s, old), save(s, store.Letter{Area: "A", ID: "l2", Revision: 1}), s.hub.write(t.Context(), func(c *conn) error {
		_, err := c.sql.ExecContext(t.Context(), `DROP TABLE letter_numbers; PRAGMA user_version = 5;
			CREATE UNIQUE INDEX letters_number ON letters (number) WHERE number <> ''`)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	upgraded := openStore(t, dir)
	if err := save(upgraded, store.Letter{Area: "B", ID: "l3", Revision: 1, Number: "2026-1"}); !errors.Is(err, store.ErrTaken) {
		t.Errorf("the number is given again: %v", err)
	}
	old.Revision = 2
	if err := save(upgraded, old); err != nil {
		t.Errorf("its own letter: %v", err)
	}
}

// SQLite uses a partial index only where the query repeats the index's conditions.
func TestOutcomesAreFoundByTheirIndex(t *testing.T) {
	s := openStore(t, t.TempDir())
	query, args := openReadingsQuery(nil, time.Time{}, time.Time{})
	var plan []string
	err := s.audit.read(t.Context(), func(c *conn) error {
		rows, err := c.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		return drain(rows, err, func(row scanner) (step string, err error) {
			var id, parent, unused int
			err = row.Scan(&id, &parent, &unused, &step)
			return step, err
		}, func(step string) error {
			plan = append(plan, step)
			return nil
		})
	})
	if steps := strings.Join(plan, "\n"); err != nil || !strings.Contains(steps, "INDEX audit_outcome (of=?)") {
		t.Errorf("the plan is\n%s\nerror %v", steps, err)
	}
}
