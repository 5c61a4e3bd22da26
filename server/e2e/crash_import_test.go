package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/bangfuhub/hub/server"
)

// invented writes a file of invented households.
func invented(t testing.TB, households int, seed uint64) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := server.Generate(&b, households, seed, today(), nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "households.ndjson")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// load imports a file and gives the summary.
func (h house) load(t testing.TB, file string) (r server.ImportResult) {
	t.Helper()
	if err := json.Unmarshal([]byte(h.hubd(t, 0, "import", file, "--json").stdout), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// meter tells how far an import has come, in a measure that grows while it works.
type meter struct {
	db   *sql.DB // counts transactions; nil: bytes in the embedded store's files
	read func() int64
}

// transactions counts them. On SQLite this leaves nothing to clean up for the program
// that comes after a killed one, since the last to close a database does that.
func (h house) transactions(t testing.TB) meter {
	db := h.database(t)
	return meter{db: db, read: func() (last int64) {
		if err := db.QueryRowContext(t.Context(), "SELECT coalesce(sum(last), 0) FROM heads").Scan(&last); err != nil {
			t.Fatal(err)
		}
		return last
	}}
}

// bytes measures the embedded store's files, without opening them.
func (h house) bytes() meter {
	return meter{read: func() (size int64) {
		for _, name := range []string{"hub.db", "hub.db-wal"} {
			if info, err := os.Stat(filepath.Join(h.dir, name)); err == nil {
				size += info.Size()
			}
		}
		return size
	}}
}

func (m meter) close() {
	if m.db != nil {
		_ = m.db.Close()
	}
}

// importAndKill starts an import and kills it when the meter has grown by so much, or
// finds it ended. It tells whether the import was killed, and where the meter stood.
func (h house) importAndKill(t testing.TB, file string, m meter, grown int64) (killed bool, reached int64) {
	t.Helper()
	before := m.read()
	cmd := program(t, "hubd", append([]string{"import", file}, h.flags...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, as a rule
	}()
	for reached = before; reached < before+grown; reached = m.read() {
		select {
		case <-ended:
			return false, reached
		default:
		}
	}
	_ = cmd.Process.Kill() // it may have ended just now
	<-ended
	if now := m.read(); now < reached {
		t.Errorf("what others saw committed is gone: %d, now %d", reached, now)
	}
	return !cmd.ProcessState.Exited(), reached
}

// mustBeDense holds the feed against its first law: every number from 1 to the head's
// has changes, and none has more than a transaction may hold.
func (h house) mustBeDense(t testing.TB) {
	t.Helper()
	db := h.database(t)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), `SELECT h.area, h.last, count(DISTINCT c.txn), coalesce(max(c.txn), 0), coalesce(max(c.ordinal), 0)
		FROM heads h LEFT JOIN changes c ON c.area = h.area GROUP BY h.area, h.last`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var transactions int64
	for rows.Next() {
		var area string
		var last, count, highest, ordinal int64
		if err := rows.Scan(&area, &last, &count, &highest, &ordinal); err != nil {
			t.Fatal(err)
		}
		if count != last || highest != last || ordinal > 1000 {
			t.Errorf("%s stands at %d, but has %d transactions up to %d", area, last, count, highest)
		}
		transactions += last
	}
	if err := rows.Err(); err != nil || transactions == 0 {
		t.Errorf("%d transactions, %v", transactions, err)
	}
}

func TestAKilledImportLosesNothingAndTheSameFileLoadsTheRest(t *testing.T) {
	const households = 120
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		file := invented(t, households, 3)
		whole := newHouse(t, postgres)
		whole.load(t, file)
		transactions := whole.transactions(t).read()
		bytes := whole.bytes().read()
		kills(t, func(i int) bool {
			h := newHouse(t, postgres)
			m, until := h.transactions(t), rand.Int64N(transactions)
			if !postgres && i%2 == 0 { // hubd itself finds what the killed one left
				m.close()
				m, until = h.bytes(), rand.Int64N(bytes-h.bytes().read())
			}
			killed, reached := h.importAndKill(t, file, m, until)
			m.close()
			h.mustGoOn(t, file, households, m.db != nil && reached > 0)
			return killed
		})
	})
}

// mustGoOn loads the rest of a file whose import was killed, perhaps after something
// was committed, serves it, and compares a mirror.
func (h house) mustGoOn(t testing.TB, file string, households int, committed bool) {
	t.Helper()
	rest := h.load(t, file)
	if rest.Created+rest.Unchanged != households || rest.Changed+rest.Rejected > 0 || committed && rest.Unchanged == 0 {
		t.Fatalf("after the kill: %+v", rest)
	}
	if again := h.load(t, file); again.Unchanged != households {
		t.Fatalf("once more: %+v", again)
	}
	s := h.serve(t)
	defer s.kill()
	h.mustBeDense(t)
	mustEqual(t, s.grpc, h.token(t, "office", ""), filepath.Join(t.TempDir(), "mirror.db"))
}
