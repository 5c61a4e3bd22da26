package mirror

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/client/internal/testhub"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// deadLine leads to a database. The first connection that has moved the mirror's state goes
// dead before its COMMIT: both ends stay open, nothing comes through any more.
type deadLine struct {
	network, address string
	moved, died      atomic.Bool
}

// startDeadLine gives a URL that leads to the same database over the line.
func startDeadLine(t *testing.T, direct string) (*deadLine, string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &deadLine{}
	l.network, l.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := (&net.Dialer{}).Dial(l.network, l.address)
			if err != nil {
				_ = client.Close()
				continue
			}
			t.Cleanup(func() { _, _ = client.Close(), server.Close() })
			dead := &atomic.Bool{}
			go l.pass(client, server, dead)
			go l.pass(server, client, dead)
		}
	}()
	through := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: listener.Addr().String(), Path: cfg.Database, RawQuery: "sslmode=disable"}
	return l, through.String()
}

func (l *deadLine) pass(from, to net.Conn, dead *atomic.Bool) {
	buffer := make([]byte, 64*1024)
	for {
		n, err := from.Read(buffer)
		if bytes.Contains(buffer[:n], []byte("UPDATE hub_state SET cursor = $1")) {
			l.moved.Store(true)
		}
		if l.moved.Load() && bytes.Contains(buffer[:n], []byte("commit\x00")) && l.died.CompareAndSwap(false, true) {
			dead.Store(true)
		}
		if dead.Load() {
			return
		}
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			_, _ = from.Close(), to.Close()
			return
		}
	}
}

func TestADeadLineToTheDatabaseIsGivenUpAndTheNextRunGoesOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	hub, c := testhub.Start(t, statusList(), schoolList())
	line, place := startDeadLine(t, pgtest.URL(t))
	sink, err := openPostgres(ctx, place, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	s, err := New(Config{Client: c, Sink: sink})
	if err != nil {
		t.Fatal(err)
	}
	// Two runs: the first may give up, with the state still locked by the server's end of it.
	if _, err := s.Pull(ctx); err == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) || !line.died.Load() {
		t.Fatalf("the line died: %t; the run ended with %v", line.died.Load(), err)
	}
	if r, err := s.Pull(ctx); err != nil || !r.Current {
		t.Fatalf("the next run: current %t, %v", r.Current, err)
	}
	for _, list := range []string{status1, school1} {
		mustHold(t, sink, list, hub.Hashes(list))
	}
}
