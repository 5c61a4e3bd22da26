package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

const (
	faultsBetweenChecks = 10
	answersDuringFault  = 6 // to the writers, good or bad, before the fault is taken away
)

// Whatever becomes of the lines between clients, hub and database: what was acknowledged is
// there once, and every mirror comes to equal the hub.
func TestMirrorsEqualTheHubAfterAnySequenceOfFaults(t *testing.T) {
	t.Parallel()
	s := newSpoiled(t)
	for n := range *sizes.faults {
		s.fault()
		if (n+1)%faultsBetweenChecks == 0 || n+1 == *sizes.faults {
			s.check()
		}
	}
	for _, f := range server.Doctor(t.Context(), server.Config{Postgres: s.direct, Data: s.h.Dir, Clock: s.h.Clock.Now}, true) {
		if f.Check == "blocks" && !f.OK || f.Check == "unfinished work" && !f.OK {
			t.Errorf("the doctor found %+v", f)
		}
	}
}

// spoiled is a hub whose lines are spoiled while it is written to and read from.
type spoiled struct {
	t        *testing.T
	random   *rand.Rand
	h        *hubtest.Hub
	direct   string // URL of the database
	lines    []toxicLine
	writers  []*clerk
	office   *client.Client   // over the line to the hub
	pulled   []*mirror.Syncer // again and again
	follower *followingMirror
	answers  chan error // that the writers got
	halt     func()     // ends writers and pullers
}

func newSpoiled(t *testing.T) *spoiled {
	t.Helper()
	s := &spoiled{t: t, random: rand.New(rand.NewPCG(11, 1)), direct: pgtest.URL(t)} //nolint:gosec // a seeded sequence is what is wanted
	cfg, err := pgx.ParseConfig(s.direct)
	if err != nil {
		t.Fatal(err)
	}
	bridge, _ := bridgeToDatabase(t, s.direct) // toxiproxy speaks no unix sockets
	below := newToxicLine(t, "hub to database", bridge.listener.Addr().String())
	s.h = hubtest.Start(t, hubtest.Config{Dir: t.TempDir(), Database: through(cfg, below.address()), Change: func(c *server.Config) {
		c.StoreWait = storeWait
		c.Limits.Keepalive, c.Limits.KeepaliveWait, c.Limits.MinPing = time.Second, time.Second, time.Second
	}})
	t.Cleanup(bridge.close) // before the hub ends, which may wait for its database
	s.h.AgreeOffice(t, "office")
	s.h.Load(t, bytes.NewReader(s.h.Generated(t, 24, 5)))
	above := newToxicLine(t, "client to hub", s.h.GRPCAddress())
	s.lines = []toxicLine{above, below}

	token := client.StaticToken(s.h.TokenFor(t, "office", "a-clerk"))
	for _, size := range []int32{7, 0} {
		s.pulled = append(s.pulled, newSyncer(t, mirrorConfig(t, above.address(), token), size))
	}
	s.follower = startFollowing(t, mirrorConfig(t, above.address(), token))
	s.office, err = client.New(client.Config{Target: above.address(), Insecure: true, Token: token, Tries: 2, Timeout: 2 * time.Second, Backoff: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.office.Close() })
	straight := s.h.Client(t, "office", "a-clerk")
	s.writers = clerks(t, straight.Sync(), straight.Households(), 3)
	s.load()
	return s
}

func newSyncer(t *testing.T, config mirror.Config, size int32) *mirror.Syncer {
	t.Helper()
	config.PageSize = size
	s, err := mirror.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load lets writers and pullers go to work.
func (s *spoiled) load() {
	ctx, cancel := context.WithCancel(s.t.Context())
	var working sync.WaitGroup
	s.answers = make(chan error)
	for _, w := range s.writers {
		working.Go(func() {
			for ctx.Err() == nil {
				err := w.once(s.t.Context(), s.office.Households())
				if !tolerable(err) {
					s.t.Errorf("%s was told: %v", w.name, err)
				}
				select {
				case s.answers <- err:
				case <-ctx.Done():
				}
			}
		})
	}
	for i, p := range s.pulled {
		working.Go(func() {
			for ctx.Err() == nil {
				if r, err := p.Pull(ctx); !tolerable(err) || len(r.Healed)+len(r.Reloads) > 0 {
					s.t.Errorf("mirror %d healed %v, reloaded %v: %v", i, r.Healed, r.Reloads, err)
				}
			}
		})
	}
	s.halt = sync.OnceFunc(func() { cancel(); working.Wait() })
	s.t.Cleanup(s.halt)
}

// tolerable is what may be answered while lines are spoiled: that it is done, that the same
// may be tried again, or that it took too long.
func tolerable(err error) bool {
	e := client.Of(err)
	return err == nil || errors.Is(err, context.Canceled) || e != nil && (e.Remedy == client.Retry || e.Code == codes.DeadlineExceeded)
}

// fault spoils a line until the writers have had their answers, and mends it until a write is
// acknowledged again.
func (s *spoiled) fault() {
	s.t.Helper()
	line, what := s.lines[s.random.IntN(len(s.lines))], anyFault(s.random)
	line.spoil(s.t, what)
	outcome := ""
	for range answersDuringFault {
		outcome += fmt.Sprintf(" %t", <-s.answers == nil)
	}
	line.mend()
	late := time.After(inTime)
	for written := false; !written; {
		select {
		case err := <-s.answers:
			written = err == nil
			outcome += fmt.Sprintf(" %t", written)
		case <-late:
			s.t.Fatalf("%s, after %v: nothing can be written any more", line.name, what)
		}
	}
	s.t.Log(line.name, what, "acknowledged:", outcome)
}

// check lets everybody finish on good lines, and holds them against each other.
func (s *spoiled) check() {
	s.t.Helper()
	s.halt()
	ctx, cancel := context.WithTimeout(s.t.Context(), inTime)
	defer cancel()
	straight := s.h.Client(s.t, "office", "a-clerk")
	for _, w := range s.writers {
		w.retry(s.t, straight.Households())
		w.check(s.t, straight.Households())
	}
	house{url: s.direct}.mustBeDense(s.t)
	for i, p := range s.pulled {
		if r, err := p.Pull(ctx); err != nil || !r.Current || len(r.Healed) > 0 || len(r.Reloads) > 0 {
			s.t.Fatalf("mirror %d: current %t, healed %v, reloads %v: %v", i, r.Current, r.Healed, r.Reloads, err)
		}
		v, err := p.Verify(ctx)
		if err != nil || v.Rows == 0 || len(v.Differing)+len(v.Behind) > 0 {
			s.t.Errorf("mirror %d is not the hub's: %+v, %v", i, v, err)
		}
	}
	s.follower.mustEqual(s.t)
	s.load()
}
