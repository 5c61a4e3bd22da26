// Package hubtest runs a whole hub inside a test: real ports, real storage, its own
// keys and clock. It is for the hub's own end-to-end tests and for those of other
// teams, whose programs read from a hub.
package hubtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// Province is the code of the province that a test hub knows.
const Province = "460000000000"

// Config says what hub to start. The zero value is a hub on the embedded store.
type Config struct {
	// Postgres starts it on a fresh PostgreSQL database; the test is skipped where
	// there is no PostgreSQL (see pgtest).
	Postgres bool
	// On is the day that the hub's clock begins with; "" is 2026-11-23.
	On server.Date
	// Dir keeps the hub's files; "" is a temporary folder of the test.
	Dir string
	// Database is the URL of a database to use again, with the Dir of the hub before.
	Database string
	// Change changes the server's configuration before it starts.
	Change func(*server.Config)
}

// Hub is a running hub.
type Hub struct {
	*server.Server
	Dir      string
	Database string // URL, "" on the embedded store
	Clock    *Clock
	Log      *Log // everything that the hub has logged

	stop   func()
	killed bool // it may end with an error
}

// Start starts a hub that ends with the test.
func Start(t testing.TB, cfg Config) *Hub {
	t.Helper()
	h := &Hub{Dir: cfg.Dir, Database: cfg.Database, Clock: NewClock(cfg.On), Log: &Log{}}
	if h.Dir == "" {
		h.Dir = t.TempDir()
	}
	if cfg.Postgres && h.Database == "" {
		h.Database = pgtest.URL(t)
	}
	h.open(t, cfg.Change)
	t.Cleanup(h.Stop)
	return h
}

func (h *Hub) open(t testing.TB, change func(*server.Config)) {
	t.Helper()
	ctx := context.Background()
	cfg := server.Config{
		Data: h.Dir, GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Reflection: true, Clock: h.Clock.Now,
		PollInterval: 20 * time.Millisecond, HealthInterval: 100 * time.Millisecond, Log: slog.New(slog.NewTextHandler(h.Log, nil)),
		Limits: server.Limits{Rate: -1}, // tests call faster than anybody else
	}
	if h.Database != "" {
		cfg.Postgres, cfg.Keys = h.Database, h.Dir+"/keys.json"
		_ = server.CreateKeys(cfg.Keys) // there already where a hub is started again
		if err := server.Migrate(ctx, h.Database); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if h.Server, err = server.New(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.Run(running) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		err := errors.Join(<-done, h.Close())
		if err != nil && !h.killed {
			t.Errorf("the hub ended with %v", err)
		}
	})
}

// Stop ends the hub before the test does. Its files and database stay.
func (h *Hub) Stop() { h.stop() }

// Kill takes the store away under the running hub and ends it: what is under way fails
// wherever it stands, as when the process is killed.
func (h *Hub) Kill() {
	h.killed = true
	_ = h.Close()
	h.stop()
}

// Agree makes an agreement that lets an agency read lists in divisions; none means
// the whole province.
func (h *Hub) Agree(t testing.TB, agency string, lists []string, divisions ...string) {
	t.Helper()
	h.Save(t, server.Agreement{ID: "read-" + agency, Agency: agency, Lists: lists, Divisions: divisions})
}

// AgreeOffice makes an agreement of the office: everything, in the whole province.
func (h *Hub) AgreeOffice(t testing.TB, agency string) {
	t.Helper()
	h.Save(t, server.Agreement{
		ID: "office-" + agency, Agency: agency, Lists: h.Lists(context.Background()), Households: true, Catalogue: true,
		Groups: []server.Group{"REGISTER", "HOUSING", "EDUCATION", "MEDICAL_INSURANCE", "CIVIL_AFFAIRS"},
	})
}

// Save records an agreement; what is left out of it is filled in.
func (h *Hub) Save(t testing.TB, a server.Agreement) {
	t.Helper()
	if len(a.Divisions) == 0 {
		a.Divisions = []string{Province}
	}
	if a.From == "" {
		a.From = "2019-01-01"
	}
	a.Purpose, a.Basis = "test", "notice of 2019-04-21"
	if err := h.SaveAgreement(context.Background(), a); err != nil {
		t.Fatal(err)
	}
}

// TokenFor issues a token; person may be "".
func (h *Hub) TokenFor(t testing.TB, agency, person string) string {
	t.Helper()
	token, err := h.Token(server.Caller{Agency: agency, Client: "test", Person: person}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Client connects as an agency; person may be "".
func (h *Hub) Client(t testing.TB, agency, person string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{
		Target: h.GRPCAddress(), Insecure: true, Token: client.StaticToken(h.TokenFor(t, agency, person)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Generated is the NDJSON of invented households as of the hub's day.
func (h *Hub) Generated(t testing.TB, households int, seed uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := server.Generate(&b, households, seed, h.Today(), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Load imports NDJSON, of which no line may be rejected.
func (h *Hub) Load(t testing.TB, ndjson io.Reader) server.ImportResult {
	t.Helper()
	var rejected bytes.Buffer
	r, err := h.Import(context.Background(), ndjson, server.ImportOptions{
		Caller:   server.Caller{Agency: "office", Client: "test"},
		Rejected: func() (io.Writer, error) { return &rejected, nil },
	})
	if err != nil || rejected.Len() > 0 {
		t.Fatal(err, rejected.String())
	}
	return r
}

// Clock is the hub's time. It stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins at noon, in Hainan, of a day; "" is 2026-11-23.
func NewClock(on server.Date) *Clock {
	if on == "" {
		on = "2026-11-23"
	}
	c := &Clock{}
	c.Set(on)
	return c
}

// Now tells the time; each call is a microsecond later than the one before.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Set moves the clock to noon, in Hainan, of a day.
func (c *Clock) Set(on server.Date) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = on.Time().Add(4 * time.Hour)
}

// Log keeps what is written to it.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps p.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
