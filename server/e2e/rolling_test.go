package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	"github.com/bangfuhub/hub/server/hubtest"
)

// load is everybody who uses the hubs while they are restarted. No call may fail to its
// caller; what the client library tries again by itself is counted.
type load struct {
	*testing.T
	house
	balancer *balancer

	ctx   context.Context // ends the load
	work  sync.WaitGroup
	logs  map[string]*hubtest.Log // by client
	acked atomic.Int64            // writes
	rest  atomic.Int64            // answers over REST
	clerk []*clerk
}

// client connects to whichever hub the balancer gives.
func (l *load) client(name, token string) *client.Client {
	l.Helper()
	l.logs[name] = &hubtest.Log{}
	c, err := client.New(client.Config{
		Target: l.balancer.grpc.Addr().String(), Insecure: true, Token: client.NewFileToken(token), Log: slog.New(slog.NewTextHandler(l.logs[name], nil)),
	})
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = c.Close() })
	return c
}

// write lets clerks change households. What was asked last may have had no answer.
func (l *load) write(token string) {
	l.Helper()
	for i, c := range clerks(l, l.client("first look", token).Sync(), l.client("first look", token).Households(), 3) {
		hub := l.client(fmt.Sprint("clerk ", i), token).Households()
		l.clerk = append(l.clerk, c)
		l.work.Go(func() {
			c.work(l.ctx, hub, func() { l.acked.Add(1) })
			if l.ctx.Err() == nil {
				l.Errorf("%s: a write failed: %+v", c.name, c.asked)
			}
		})
	}
}

// follow keeps a mirror current, by one stream or by pulling again and again.
func (l *load) follow(name, token string, live bool) *mirror.Syncer {
	l.Helper()
	sink, err := mirror.Open(l.Context(), filepath.Join(l.TempDir(), "mirror.db"))
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = sink.Close() })
	s, err := mirror.New(mirror.Config{Client: l.client(name, token), Sink: sink, PageSize: 50, MaxShrink: 1})
	if err != nil {
		l.Fatal(err)
	}
	l.work.Go(func() {
		for l.ctx.Err() == nil {
			sync := s.Pull
			if live {
				sync = func(ctx context.Context) (mirror.Result, error) { return s.Follow(ctx, func(mirror.Result) {}) }
			}
			if r, err := sync(l.ctx); err != nil && !errors.Is(err, context.Canceled) || len(r.Reloads)+len(r.Healed) > 0 {
				l.Errorf("%s: %+v, %v", name, r, err)
				return
			}
		}
	})
	return s
}

// call asks over REST without ever asking twice.
func (l *load) call(token, method, path, body string) {
	l.Helper()
	bearer, err := os.ReadFile(filepath.Clean(token))
	if err != nil {
		l.Fatal(err)
	}
	caller := &http.Client{Transport: &http.Transport{}}
	l.Cleanup(caller.CloseIdleConnections)
	l.work.Go(func() {
		for l.ctx.Err() == nil {
			req, err := http.NewRequestWithContext(l.Context(), method, "http://"+l.balancer.rest.Addr().String()+path, strings.NewReader(body))
			if err != nil {
				l.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+string(bearer))
			res, err := caller.Do(req)
			if err != nil {
				l.Errorf("%s %s: %v", method, path, err)
				return
			}
			answer, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK {
				l.Errorf("%s %s: %s %s, %v", method, path, res.Status, answer, err)
				return
			}
			l.rest.Add(1)
		}
	})
}

// progress waits until the load has got further, whatever hubs are there.
func (l *load) progress() {
	l.Helper()
	acked, rest := l.acked.Load()+20, l.rest.Load()+20
	until(l, "the load goes on", func() bool { return l.Failed() || l.acked.Load() >= acked && l.rest.Load() >= rest })
	if l.Failed() {
		l.FailNow()
	}
}

// restart ends a hub as a service manager does, and starts it again.
func (l *load) restart(i int, flags ...string) {
	l.Helper()
	hub := l.balancer.hub(i)
	if err := hub.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		l.Fatal(err)
	}
	<-hub.ended
	if err := hub.cmd.Wait(); err != nil {
		l.Errorf("hub %d ended with %v", i, err)
	}
	l.balancer.replace(i, serve(l, append(flags, l.flags...)...))
	until(l, "all hubs are ready", l.balancer.allReady)
}

func TestARollingRestartUnderLoadCostsAtMostARetry(t *testing.T) {
	const hubs = 3
	h := newHouse(t, true)
	h.agree(t, "education", "education,household-status")
	h.load(t, invented(t, 24, 9))
	office, education := h.token(t, "office", "a-clerk"), h.token(t, "education", "")
	flags := []string{"--rate-limit", "0", "--drain-delay", "1s"}
	running := make([]*served, hubs)
	for i := range running {
		running[i] = serve(t, append(flags, h.flags...)...)
	}
	ctx, end := context.WithCancel(t.Context())
	l := &load{T: t, house: h, balancer: startBalancer(t, running...), ctx: ctx, logs: map[string]*hubtest.Log{}}
	defer l.work.Wait()
	defer end()
	l.write(office)
	mirrors := map[string]*mirror.Syncer{
		"follower": l.follow("follower", education, true), "office's follower": l.follow("office's follower", office, true), "puller": l.follow("puller", education, false),
	}
	l.call(education, http.MethodGet, "/v1/areas", "")
	l.call(education, http.MethodPost, "/v1/sync:pull", `{"scope":{"lists":["household-status"]},"page_size":10}`)

	restarts := 0
	for range *sizes.restarts {
		for i := range hubs {
			l.progress()
			l.restart(i, flags...)
			restarts++
		}
	}
	l.progress()
	end()
	l.work.Wait()
	l.settle(office, restarts, mirrors)
}

// settle looks at what everybody has in the end.
func (l *load) settle(office string, restarts int, mirrors map[string]*mirror.Syncer) {
	l.Helper()
	hub := l.client("last look", office).Households()
	for _, c := range l.clerk {
		c.retry(l, hub)
		c.check(l, hub)
	}
	l.mustBeDense(l)
	for name, s := range mirrors {
		if _, err := s.Pull(l.Context()); err != nil {
			l.Errorf("%s: %v", name, err)
		}
		if v, err := s.Verify(l.Context()); err != nil || v.Rows == 0 || len(v.Differing)+len(v.Behind) > 0 {
			l.Errorf("%s is not the hub's: %+v, %v", name, v, err)
		}
	}
	retries := map[string]int{}
	for name, log := range l.logs {
		if retries[name] = strings.Count(log.String(), "trying again"); retries[name] > restarts {
			l.Errorf("%s tried again %d times in %d restarts:\n%s", name, retries[name], restarts, log)
		}
	}
	l.Logf("%d restarts, %d writes, %d answers over REST, retries %v", restarts, l.acked.Load(), l.rest.Load(), retries)
}
