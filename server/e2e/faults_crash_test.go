package e2e

import (
	"context"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// Whatever is killed, hubd or the postmaster below it, at whatever point: the service is
// there again when the killed program is, and has all that it acknowledged.
//
// The server syncs its disk as always, but the test would not notice if it didn't: what a
// killed process has written is in the page cache, which only the machine can lose.
func TestAKilledHubOrDatabaseComesBackWithEveryWriteThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	r := newRuin(t)
	for n := range *sizes.crashes {
		acknowledgements := 1 + r.random.IntN(40)
		if n%2 == 0 {
			r.killHub(acknowledgements)
		} else {
			r.killDatabase(acknowledgements, n%4 == 1)
		}
		c := r.patient() // a connection of the hub's pools may still be one to the server that was killed
		for _, w := range r.writers {
			w.retry(t, c.Households())
			w.check(t, c.Households())
		}
		r.h.mustBeDense(t)
		mustEqual(t, r.hub.grpc, r.token, r.copied)
		r.follower.mustEqual(t)
	}
	mustFind(t, r.h, []string{"--all"})
}

const worklists = "without-helper,open-needs,match-tasks,provisional-identities,school-age-not-enrolled,insurance-missing," +
	"dangerous-house-unrenovated,income-missing,monitoring-overdue,helper-gap,over-protection"

// ruin is a hub and its own database, of which one after the other is killed.
type ruin struct {
	t        *testing.T
	random   *rand.Rand
	database *pgtest.Server
	h        house
	hub      *served
	token    string // file
	way      *bridge
	writers  []*clerk
	copied   string // mirror that is pulled again and again
	follower *followingMirror
}

func newRuin(t *testing.T) *ruin {
	t.Helper()
	database := pgtest.Start(t)
	r := &ruin{
		t: t, random: rand.New(rand.NewPCG(7, 1)), //nolint:gosec // a seeded sequence is what is wanted
		database: database, h: newHouseOn(t, database.URL(t)), copied: filepath.Join(t.TempDir(), "mirror.db"),
	}
	// With all lists in its scope a follower is told of every transaction; the numbers of others it need not hear.
	r.h.agree(t, "office", allLists+","+worklists, "--households", "--catalogue", "--groups", "REGISTER")
	r.h.load(t, invented(t, 24, 4))
	r.h.hubd(t, 0, "derive")
	r.token = r.h.token(t, "office", "a-clerk")
	r.hub = r.h.serve(t)
	r.way = newBridge(t, "tcp", r.hub.grpc)
	c := r.h.client(t, r.hub, r.token)
	r.writers = clerks(t, c.Sync(), c.Households(), 3)
	r.follower = startFollowing(t, mirrorConfig(t, r.way.listener.Addr().String(), client.NewFileToken(r.token)))
	return r
}

// killHub kills hubd after so many acknowledgements and starts it again.
func (r *ruin) killHub(acknowledgements int) {
	r.t.Helper()
	writeAndKill(r.t, r.hub.kill, r.h.client(r.t, r.hub, r.token).Households(), r.writers, acknowledgements)
	r.hub = r.h.serve(r.t)
	r.way.aim(r.hub.grpc)
}

// killDatabase kills the postmaster and starts it again, at once or when hubd has noticed.
// hubd stays, and must come back by itself.
func (r *ruin) killDatabase(acknowledgements int, noticed bool) {
	r.t.Helper()
	conn, err := grpc.NewClient(r.hub.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	until, _ := watchHealth(r.t, conn)
	until(serving)
	writeAndKill(r.t, func() { r.database.Kill(r.t) }, r.h.client(r.t, r.hub, r.token).Households(), r.writers, acknowledgements)
	if noticed {
		until(notServing)
		mustAnswer(r.t, "http://"+r.hub.rest+"/readyz", http.StatusServiceUnavailable)
		mustAnswer(r.t, "http://"+r.hub.rest+"/livez", http.StatusOK)
	}
	r.database.Restart(r.t)
	if noticed {
		until(serving)
		mustAnswer(r.t, "http://"+r.hub.rest+"/readyz", http.StatusOK)
	}
}

// patient is a client as departments have it: it repeats what the hub says may be repeated.
func (r *ruin) patient() *client.Client {
	r.t.Helper()
	c, err := client.New(client.Config{Target: r.hub.grpc, Insecure: true, Token: client.NewFileToken(r.token), Timeout: inTime})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// followingMirror is a mirror that follows until the test ends.
type followingMirror struct {
	config mirror.Config
	sync   *mirror.Syncer
	end    func()

	mu      sync.Mutex
	current chan struct{} // closed when the next run is done
	last    *mirror.End
	mended  []any // villages that were fetched anew, and reloads: there is to be nothing to mend
}

// mirrorConfig is that of a mirror in SQLite, over a way to the hub that may break.
func mirrorConfig(t *testing.T, target string, token client.TokenSource) mirror.Config {
	t.Helper()
	c, err := client.New(client.Config{Target: target, Insecure: true, Token: token, Tries: 1000, Backoff: 20 * time.Millisecond, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	sink, err := mirror.Open(t.Context(), filepath.Join(t.TempDir(), "mirror.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	return mirror.Config{Client: c, Sink: sink, MaxShrink: 1}
}

func startFollowing(t *testing.T, config mirror.Config) *followingMirror {
	t.Helper()
	s, err := mirror.New(config)
	if err != nil {
		t.Fatal(err)
	}
	f := &followingMirror{config: config, sync: s}
	f.start(t)
	t.Cleanup(func() { f.end() })
	return f
}

func (f *followingMirror) start(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f.current = make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if _, err := f.sync.Follow(ctx, f.report); err != nil {
			t.Errorf("the follower gave up: %v", err)
		}
	}()
	f.end = func() { cancel(); <-ended }
}

func (f *followingMirror) report(r mirror.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = r.End
	for _, v := range r.Healed {
		f.mended = append(f.mended, v)
	}
	for _, why := range r.Reloads {
		f.mended = append(f.mended, why)
	}
	close(f.current)
	f.current = make(chan struct{})
}

// mustEqual waits until the mirror has been told of all that there is, by its stream alone,
// and has every row compared with the hub. Nobody may write meanwhile.
func (f *followingMirror) mustEqual(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), inTime)
	defer cancel()
	want := standing(ctx, t, f.config.Client)
	for {
		f.mu.Lock()
		last, next := f.last, f.current
		f.mu.Unlock()
		if last != nil && stands(last, want) {
			break
		}
		select {
		case <-next:
		case <-ctx.Done():
			t.Fatalf("the follower was not told of %v in time: %+v", want, last)
		}
	}
	f.end()
	v, err := f.sync.Verify(ctx)
	if err != nil || v.Rows == 0 || len(v.Differing)+len(v.Behind) > 0 || len(f.mended) > 0 {
		t.Errorf("the follower's mirror is not the hub's: %+v, mended %v, %v", v, f.mended, err)
	}
	f.start(t)
}

func stands(end *mirror.End, want map[string]int64) bool {
	for _, a := range end.Areas {
		if a.Transaction < want[a.Area] {
			return false
		}
	}
	return true
}
