package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// asking is how often the balancer asks its hubs whether they are ready. They are told to
// serve on for much longer than that when they end.
const asking = 20 * time.Millisecond

// balancer hands new connections to the hubs that say they are ready, in turn, as a load
// balancer in front of them does. What is connected stays so until one side ends it.
type balancer struct {
	grpc, rest net.Listener
	http       http.Client

	mu    sync.Mutex
	hubs  []*served
	ready []bool
	turn  int
}

func startBalancer(t testing.TB, hubs ...*served) *balancer {
	t.Helper()
	b := &balancer{hubs: hubs, ready: make([]bool, len(hubs)), http: http.Client{
		Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	}}
	var err error
	if b.grpc, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if b.rest, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.grpc.Close(), b.rest.Close() })
	go b.serve(b.grpc, func(s *served) string { return s.grpc })
	go b.serve(b.rest, func(s *served) string { return s.rest })
	for i := range hubs {
		go b.ask(t.Context(), i)
	}
	until(t, "all hubs are ready", b.allReady)
	return b
}

// ask keeps up with whether a hub is ready.
func (b *balancer) ask(ctx context.Context, i int) {
	tick := time.NewTicker(asking)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		hub := b.hub(i)
		well := b.well(ctx, hub)
		b.mu.Lock()
		b.ready[i] = well && b.hubs[i] == hub
		b.mu.Unlock()
	}
}

func (b *balancer) well(ctx context.Context, hub *served) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+hub.rest+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := b.http.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (b *balancer) hub(i int) *served {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hubs[i]
}

// replace puts a hub that was started again in the place of the one that ended.
func (b *balancer) replace(i int, hub *served) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hubs[i], b.ready[i] = hub, false
}

func (b *balancer) allReady() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ready := range b.ready {
		if !ready {
			return false
		}
	}
	return true
}

// next is the next hub that is ready; nil where none is.
func (b *balancer) next() *served {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.hubs {
		b.turn++
		if i := b.turn % len(b.hubs); b.ready[i] {
			return b.hubs[i]
		}
	}
	return nil
}

func (b *balancer) serve(l net.Listener, address func(*served) string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		hub := b.next()
		if hub == nil {
			_ = client.Close()
			continue
		}
		server, err := (&net.Dialer{}).Dial("tcp", address(hub))
		if err != nil {
			_ = client.Close()
			continue
		}
		go pass(client, server)
		go pass(server, client)
	}
}

// pass hands on what comes; the end of it as well.
func pass(from, to net.Conn) {
	_, _ = io.Copy(to, from) // whoever ends first ends both
	_, _ = from.Close(), to.Close()
}
