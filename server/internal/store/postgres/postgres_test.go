package postgres_test

import (
	"errors"
	"path"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/storetest"
)

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func migrated(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s := open(t, url)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	pgtest.URL(t) // skips here, and not in a subtest, where there is no PostgreSQL
	exerciseContract(t, func() string {
		url := pgtest.URL(t)
		migrated(t, url)
		return url
	})
}

// exerciseContract makes one database for each group of the contract's tests, which run one
// after the other, and empties its tables between them: that is three times as fast.
func exerciseContract(t *testing.T, database func() string) {
	t.Helper()
	var urls sync.Map
	storetest.Exercise(t, func(sub *testing.T) store.Store {
		url, found := urls.Load(path.Dir(sub.Name()))
		if found {
			empty(sub, url.(string))
		} else {
			url = database()
			urls.Store(path.Dir(sub.Name()), url)
		}
		return open(sub, url.(string))
	})
}

func empty(t *testing.T, url string) {
	t.Helper()
	execute(t, url, `DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'hub_schema' LOOP
			EXECUTE 'DELETE FROM ' || name;
		END LOOP; END $$`)
}

func TestASchemaThatIsNotThisProgramsIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("before Migrate CheckSchema gives %v", err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, url, "INSERT INTO hub_schema (version_id, is_applied) VALUES (1000, true)")
	if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("with a newer schema CheckSchema gives %v", err)
	}
	if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("with a newer schema Migrate gives %v", err)
	}
}

func TestBlocksOfTheOldFormAreDropped(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := migrated(t, url)
	execute(t, url, withoutRecordsByList+`DELETE FROM hub_schema WHERE version_id >= 2;
		DROP TABLE cases; DROP TABLE procedures; `+withoutLetters+`
		INSERT INTO block_bytes VALUES ('A', 'education', 'v1', 1, 'old form')`)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	err := connect(t, url).QueryRow(t.Context(), "SELECT count(*) FROM block_bytes").Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d blocks of the old form are left, error %v", left, err)
	}
}

func TestMigratingSideBySideMigratesOnce(t *testing.T) {
	t.Parallel()
	const processes = 3
	url := pgtest.URL(t)
	done := make(chan error, processes)
	for range processes {
		s := open(t, url)
		go func() { done <- errors.Join(s.Migrate(t.Context()), s.CheckSchema(t.Context())) }()
	}
	for range processes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Two Updates lock the same two households crosswise, which only their areas allow.
func TestADeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	s := migrated(t, pgtest.URL(t))
	for _, area := range []string{"A", "B"} {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.Append(t.Context(), store.Batch{Area: area, Households: []store.Household{{ID: "h1", Revision: 1}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var runs atomic.Int32
	var met sync.WaitGroup // both hold their first household
	met.Add(2)
	lockBoth := func(first, second string) error {
		var once sync.Once
		return s.Update(t.Context(), func(tx store.Tx) error {
			runs.Add(1)
			if _, err := tx.LockHouseholds(t.Context(), first, []string{"h1"}); err != nil {
				return err
			}
			once.Do(func() { met.Done(); met.Wait() })
			_, err := tx.LockHouseholds(t.Context(), second, []string{"h1"})
			return err
		})
	}
	done := make(chan error, 2)
	go func() { done <- lockBoth("A", "B") }()
	go func() { done <- lockBoth("B", "A") }()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := runs.Load(); n < 3 {
		t.Errorf("%d runs: there was no deadlock to repeat", n)
	}
}

func TestEverySessionWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	execute(t, url, "ALTER DATABASE "+connect(t, url).Config().Database+" SET synchronous_commit = off")
	for name, setting := range postgres.SynchronousCommit(t.Context(), open(t, url)) {
		if setting != "on" {
			t.Errorf("synchronous_commit of %s is %s", name, setting)
		}
	}
}

func TestAStandbyIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Standby(t, func(url string) { migrated(t, url) })
	if s, err := postgres.Open(t.Context(), postgres.Config{URL: url}); !errors.Is(err, store.ErrStandby) {
		t.Errorf("a standby is opened: %v, %v", s, err)
	}
}

func BenchmarkLoad(b *testing.B) {
	s, err := postgres.Open(b.Context(), postgres.Config{URL: pgtest.URL(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	storetest.BenchmarkLoad(b, s)
}
