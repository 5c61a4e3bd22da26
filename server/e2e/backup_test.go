package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// ahead loads a mirror, takes a backup, and then brings the mirror further than the backup.
func ahead(t *testing.T, h house, backup func()) (mirror string) {
	t.Helper()
	h.load(t, invented(t, 30, 6))
	s := h.serve(t)
	token, mirror := h.token(t, "office", "a-clerk"), filepath.Join(t.TempDir(), "mirror.db")
	mustEqual(t, s.grpc, token, mirror)
	if h.url == "" {
		backup() // others go on meanwhile
	} else {
		s.kill()
		backup() // a database is copied only while nobody uses it
		s = h.serve(t)
	}
	changeFacts(t, h.client(t, s, token), 5)
	mustEqual(t, s.grpc, token, mirror)
	s.kill()
	return mirror
}

// mustRecover pulls a mirror from a restored hub: it is refused, loads anew, and is equal.
func mustRecover(t *testing.T, h house, mirror string) {
	t.Helper()
	s, token := h.serve(t), h.token(t, "office", "a-clerk")
	changeFacts(t, h.client(t, s, token), 8) // the numbers that the mirror has seen are given out again
	got := finish(t, program(t, "hubsync", "pull", "--json", "--insecure", "--hub", s.grpc, "--token-file", token, "--db", mirror))
	if got.exit != 0 || !strings.Contains(got.stdout, "CURSOR_EPOCH") {
		t.Errorf("exit %d: %s%s", got.exit, got.stdout, got.stderr)
	}
	mustEqual(t, s.grpc, token, mirror)
	h.mustBeDense(t)
}

func copyKeys(t *testing.T, to, from string) {
	t.Helper()
	keys, err := os.ReadFile(filepath.Join(from, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(to, "keys.json"), keys)
}

func TestAMirrorAheadOfARestoredBackupIsRefusedAndEndsEqualByItself(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		h, folder, dir := newHouse(t, false), filepath.Join(t.TempDir(), "backup"), t.TempDir()
		mirror := ahead(t, h, func() {
			if said := h.hubd(t, 0, "backup", folder).stdout; !strings.Contains(said, "evidence") {
				t.Errorf("it does not say what is missing: %s", said)
			}
		})
		copyKeys(t, dir, h.dir)
		mustRun(t, 0, "hubd", "restore", folder, "--data", dir)
		mustRecover(t, house{dir: dir, flags: []string{"--data", dir}}, mirror)
	})
	t.Run("postgres", func(t *testing.T) {
		h := newHouse(t, true)
		u, err := url.Parse(h.url)
		if err != nil {
			t.Fatal(err)
		}
		copied := *u
		copied.Path += "_copy"
		mirror := ahead(t, h, func() {
			statement := "CREATE DATABASE " + strings.TrimPrefix(copied.Path, "/") + " TEMPLATE " + strings.TrimPrefix(u.Path, "/")
			if _, err := openSQL(t, pgtest.URL(t)).ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		})
		restored := house{dir: h.dir, url: copied.String(), flags: []string{"--data", h.dir, "--postgres", copied.String()}}
		restored.hubd(t, 0, "restored")
		mustRecover(t, restored, mirror)
	})
}

func TestABackupIsRestoredOnlyWholeUnderItsKeysAndWhereNothingLies(t *testing.T) {
	h, folder := newHouse(t, false), filepath.Join(t.TempDir(), "backup")
	h.load(t, invented(t, 5, 6))
	h.hubd(t, 0, "backup", folder)
	if said := h.hubd(t, 1, "backup", folder).stderr; !strings.Contains(said, "exists") {
		t.Errorf("a backup over another: %s", said)
	}
	refused := func(dir, why string) {
		t.Helper()
		if got := mustRun(t, 1, "hubd", "restore", folder, "--data", dir); !strings.Contains(got.stderr, why) {
			t.Errorf("it does not say %q: %s", why, got.stderr)
		}
	}
	refused(t.TempDir(), "key file")
	strange := newHouse(t, false)
	refused(strange.dir, "other keys")
	refused(h.dir, "hub.db is there already")
	dir := t.TempDir()
	copyKeys(t, dir, h.dir)
	put(t, filepath.Join(dir, "hub.db-wal"), []byte("of another database"))
	refused(dir, "hub.db-wal is there already")
	if err := os.Remove(filepath.Join(dir, "hub.db-wal")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(folder, "audit.db"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)/2] ^= 1
	put(t, filepath.Join(folder, "audit.db"), damaged)
	refused(dir, "damaged")
	put(t, filepath.Join(folder, "audit.db"), whole)
	mustRun(t, 0, "hubd", "restore", folder, "--data", dir)
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 3 { // keys.json, hub.db, audit.db
		t.Errorf("in the folder are %v (%v)", left, err)
	}
	if err := os.Remove(filepath.Join(folder, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	refused(t.TempDir(), "no complete backup")
}
