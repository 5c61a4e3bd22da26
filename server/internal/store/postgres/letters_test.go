package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
)

// withoutLetters takes the database back to a schema that has no letters.
const withoutLetters = `ALTER TABLE households DROP COLUMN due; ALTER TABLE meta DROP COLUMN agreements; DROP TABLE letters; DROP TABLE letter_subjects; DROP TABLE letter_recipients; DROP TABLE letter_numbers; DROP TABLE counters;
	DROP TABLE deliveries; DROP INDEX audit_outcome;`

// connect gives a connection that is closed with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, url, script string) {
	t.Helper()
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), script)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func openReadings(t *testing.T, s *postgres.Store, from, to time.Time) (ids []string) {
	t.Helper()
	if err := s.OpenReadings(t.Context(), nil, from, to, func(e store.AuditEntry) error {
		ids = append(ids, e.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestADatabaseWithoutLettersIsUpgraded(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := migrated(t, url)
	old := store.AuditEntry{ID: "old", Time: time.UnixMicro(1).UTC(), Action: "sync.pull"}
	if err := s.Audit(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	execute(t, url, withoutLetters+withoutRecordsByList+`DELETE FROM hub_schema WHERE version_id >= 4`)
	upgraded := migrated(t, url)
	if err := upgraded.Update(t.Context(), func(tx store.Tx) error {
		return tx.SaveLetter(t.Context(), store.Letter{Area: "A", ID: "l1", Revision: 1, Subjects: []string{"h1"}})
	}); err != nil {
		t.Error(err)
	}
	told := store.AuditEntry{ID: "told", Of: "old", Outcome: store.OutcomeSent, Deliveries: []store.Delivery{{Area: "A", To: 1}}}
	if err := upgraded.Audit(t.Context(), told); err != nil {
		t.Error(err)
	}
	if open := openReadings(t, upgraded, old.Time, old.Time.Add(time.Second)); len(open) != 1 || open[0] != old.ID {
		t.Errorf("open readings are %v", open)
	}
}

// withoutRecordsByList takes the database back to a schema in which records have another index.
const withoutRecordsByList = `DROP INDEX records_household_list; CREATE INDEX records_household ON records (area, household);`

// withoutNumbers takes the database back to a schema in which numbers are an index of letters.
const withoutNumbers = withoutRecordsByList + `DROP TABLE letter_numbers; CREATE UNIQUE INDEX letters_number ON letters (number) WHERE number <> '';
	DELETE FROM hub_schema WHERE version_id >= 6`

func TestNumbersGivenBeforeTheyHadATableStayTaken(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	save := func(s store.Store, l store.Letter) error {
		return s.Update(t.Context(), func(tx store.Tx) error { return tx.SaveLetter(t.Context(), l) })
	}
	old := store.Letter{Area: "A", ID: "l1", Revision: 1, Number: "2026-1"}
	if err := errors.Join(save(migrated(t, url), old), save(open(t, url), store.Letter{Area: "A", ID: "l2", Revision: 1})); err != nil {
		t.Fatal(err)
	}
	execute(t, url, withoutNumbers)
	upgraded := migrated(t, url)
	if err := save(upgraded, store.Letter{Area: "B", ID: "l3", Revision: 1, Number: "2026-1"}); !errors.Is(err, store.ErrTaken) {
		t.Errorf("the number is given again: %v", err)
	}
	old.Revision = 2
	if err := save(upgraded, old); err != nil {
		t.Errorf("its own letter: %v", err)
	}
}

// More rows than are fetched at a time come once each, in order.
func TestManyDeliveriesAndOpenReadingsAreReadInPages(t *testing.T) {
	t.Parallel()
	const many = 2500
	url := pgtest.URL(t)
	s := migrated(t, url)
	execute(t, url, `INSERT INTO audit (id, time, of, agency, client, person, action, detail, outcome)
		SELECT n, 'epoch', '', '', '', '', '', '', '' FROM generate_series(1, 2500) n;
		INSERT INTO deliveries SELECT 'A', sequence, '', '', 0, sequence, false, '', '', time FROM audit`)
	if open := openReadings(t, s, time.Time{}, time.UnixMicro(1)); len(open) != many {
		t.Errorf("%d open readings", len(open))
	}
	for limit, want := range map[int]int64{0: many, many - 1: many - 1} {
		var last int64
		err := s.Deliveries(t.Context(), store.DeliveryQuery{Area: "A", Limit: limit}, func(d store.Delivery) error {
			if last++; d.To != last {
				t.Errorf("delivery %d comes in place %d", d.To, last)
			}
			return nil
		})
		if err != nil || last != want {
			t.Errorf("with limit %d: %d deliveries, error %v", limit, last, err)
		}
	}
}
