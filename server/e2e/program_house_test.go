package e2e

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // stores and mirrors are looked at from outside, as "pgx"
	_ "modernc.org/sqlite"             // and as "sqlite"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// house is a hub that is run by its programs alone.
type house struct {
	dir   string
	url   string   // of the PostgreSQL database, "" on the embedded store
	flags []string // say which store
}

// newHouse makes a store with an agreement of the office, for everything.
func newHouse(t testing.TB, postgres bool) house {
	t.Helper()
	url := ""
	if postgres {
		url = pgtest.URL(t)
	}
	return newHouseOn(t, url)
}

// newHouseOn makes it in an empty PostgreSQL database, or with "" on the embedded store.
func newHouseOn(t testing.TB, url string) house {
	t.Helper()
	h := house{dir: t.TempDir(), url: url}
	h.flags = []string{"--data", h.dir}
	if url != "" {
		h.flags = append(h.flags, "--postgres", h.url)
		mustRun(t, 0, "hubd", "keys", filepath.Join(h.dir, "keys.json"))
		mustRun(t, 0, "hubd", "migrate", "--postgres", h.url)
	}
	h.agree(t, "office", allLists, "--households", "--catalogue", "--groups", "REGISTER")
	return h
}

const allLists = "household-status,education,medical-insurance,housing,civil-affairs,industry,employment,finance,training,no-longer-supported"

// agree records an agreement with an agency, under its name.
func (h house) agree(t testing.TB, agency, lists string, more ...string) {
	t.Helper()
	h.hubd(t, 0, append([]string{
		"agreement", "save", agency, "--agency", agency, "--lists", lists,
		"--purpose", "test", "--basis", "notice of 2019-04-21", "--from", "2019-01-01",
	}, more...)...)
}

// hubd runs a command of hubd on this store.
func (h house) hubd(t testing.TB, exit int, args ...string) outcome {
	t.Helper()
	return mustRun(t, exit, "hubd", append(args, h.flags...)...)
}

func (h house) serve(t testing.TB) *served {
	t.Helper()
	return serve(t, h.flags...)
}

// token writes a token of an agency into a file and gives its path.
func (h house) token(t testing.TB, agency, person string) string {
	t.Helper()
	args := []string{"token", "--agency", agency}
	if person != "" {
		args = append(args, "--person", person)
	}
	return tokenFile(t, strings.TrimSpace(h.hubd(t, 0, args...).stdout))
}

func tokenFile(t testing.TB, token string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// client connects to a served hub; it tries everything once.
func (h house) client(t testing.TB, s *served, token string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Target: s.grpc, Insecure: true, Token: client.NewFileToken(token), Tries: 1, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// database opens the hub's own tables. On SQLite only while a hub runs on them: the
// last one to close a database cleans up what a killed program left, which is the hub's task.
func (h house) database(t testing.TB) *sql.DB {
	t.Helper()
	if h.url != "" {
		return openSQL(t, h.url)
	}
	return openSQL(t, filepath.Join(h.dir, "hub.db"))
}

// openSQL opens a PostgreSQL URL or a SQLite file.
func openSQL(t testing.TB, location string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !strings.HasPrefix(location, "postgres://") {
		driver = "sqlite"
	}
	if filepath.IsAbs(location) {
		location = "file:" + location + "?_pragma=busy_timeout(10000)" // the hub writes as well
	}
	db, err := sql.Open(driver, location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// synced is what hubsync --json says.
type synced struct {
	Exit   int `json:"exit"`
	Result struct {
		Current bool `json:"current"`
	} `json:"result"`
	Verification struct {
		Rows      int64 `json:"rows"`
		Differing []any `json:"differing"`
		Behind    []any `json:"behind"`
	} `json:"verification"`
}

// hubsync runs a command and reads its report.
func hubsync(t testing.TB, target, token, db, command string, flags ...string) synced {
	t.Helper()
	args := append([]string{command, "--json", "--insecure", "--hub", target, "--token-file", token, "--db", db}, flags...)
	got := finish(t, program(t, "hubsync", args...))
	var s synced
	if err := json.Unmarshal([]byte(got.stdout), &s); err != nil || s.Exit != got.exit {
		t.Fatalf("hubsync %s: exit %d, %v\n%s%s", command, got.exit, err, got.stdout, got.stderr)
	}
	return s
}

// mustEqual pulls a mirror and has every row of it compared with the hub.
func mustEqual(t testing.TB, target, token, db string) int64 {
	t.Helper()
	if p := hubsync(t, target, token, db, "pull"); !p.Result.Current || p.Exit != 0 && p.Exit != 10 && p.Exit != 11 {
		t.Fatalf("pull: %+v", p)
	}
	v := hubsync(t, target, token, db, "verify")
	if v.Exit != 0 || len(v.Verification.Differing)+len(v.Verification.Behind) > 0 || v.Verification.Rows == 0 {
		t.Fatalf("the mirror is not the hub's: %+v", v)
	}
	return v.Verification.Rows
}

// onBothStores runs a test for hubs on the embedded store and on PostgreSQL.
func onBothStores(t *testing.T, test func(t *testing.T, postgres bool)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, false) })
	t.Run("postgres", func(t *testing.T) { test(t, true) })
}

// today is the day in Hainan, as the programs see it.
func today() server.Date {
	return server.Date(time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format(time.DateOnly))
}
