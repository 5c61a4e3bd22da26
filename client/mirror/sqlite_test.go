package mirror

import (
	"database/sql"
	"net/url"
	"os"
	"testing"

	"github.com/bangfuhub/hub/client/internal/testhub"
)

// loadedFile is a bench with a SQLite file in which rows are visible.
func loadedFile(t *testing.T) *bench {
	t.Helper()
	hub, c := testhub.Start(t, statusList(), schoolList())
	b := &bench{TB: t, hub: hub, client: c, place: sqlitePlaces(t)()}
	b.open()
	b.fill(3)
	b.pull()
	return b
}

// department opens the file as another program does, which waits for nobody.
func (b *bench) department() *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(b.place)}).String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func (b *bench) must(_ any, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func TestASQLiteMirrorIsReadableByItsOwnerAlone(t *testing.T) {
	b := loadedFile(t)
	b.hub.Commit(area1, "UPDATE", household(7).Put(village1, statusRecord(1)))
	b.pull()
	for _, file := range []string{b.place, b.place + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: mode %s, %d bytes", info.Name(), info.Mode(), info.Size())
		}
	}
}

func TestAReaderOfVisibleRowsAndASyncDoNotWaitForEachOther(t *testing.T) {
	b := loadedFile(t)
	reading, err := b.department().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		t.Helper()
		if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM household_status").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	b.hub.Commit(area1, "UPDATE", household(7).Put(village1, statusRecord(1)))
	b.pull()
	if now := count(); now != before {
		t.Errorf("within one transaction a reader saw %d rows, then %d", before, now)
	}
	b.must(nil, reading.Rollback())
	b.mustEqualHub()
}

// A file that a reader kept from changing over is changed when it is opened the next time.
func TestAReaderWhoKeepsTheFileFromBeingSharedIsLeftAlone(t *testing.T) {
	b := loadedFile(t)
	b.must(nil, b.sink.Close())
	other := b.department()
	b.must(other.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE"))
	reading, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows int
	b.must(nil, reading.QueryRowContext(t.Context(), "SELECT count(*) FROM household_status").Scan(&rows))
	conn, err := b.department().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.must(nil, share(t.Context(), conn))
	b.must(nil, conn.Close())
	b.must(nil, reading.Rollback())
	mode := func() (mode string) {
		t.Helper()
		b.must(nil, b.department().QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
		return mode
	}
	if now := mode(); now != "delete" {
		t.Fatalf("journal mode %q beside a reader; the reader kept nobody from anything", now)
	}
	b.open()
	if now := mode(); now != "wal" {
		t.Errorf("journal mode %q after the next opening", now)
	}
}
