package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/store"
)

// What a proxy does with a COMMIT.
const (
	pass      = int32(iota)
	cutBefore // the server never gets it
	cutAnswer // the server does it, the answer is lost
	silent    // no line is cut, and no answer comes any more
)

// proxy stands between the store and the server and can cut the line at a COMMIT.
type proxy struct {
	listener net.Listener
	network  string
	address  string
	mode     atomic.Int32
}

// startProxy gives a URL that leads to the same database through the proxy.
func startProxy(t *testing.T, direct string) (*proxy, string) {
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
	p := &proxy{listener: listener}
	p.network, p.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	go p.serve()
	through := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Path: cfg.Database, RawQuery: "sslmode=disable"}
	through.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	return p, through.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).Dial(p.network, p.address)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() { // whoever ends first ends both
			p.answers(client, server)
			_, _ = client.Close(), server.Close()
		}()
		go func() {
			p.questions(server, client)
			_, _ = client.Close(), server.Close()
		}()
	}
}

func (p *proxy) questions(server io.Writer, client io.Reader) {
	buffer := make([]byte, 64*1024)
	for {
		n, err := client.Read(buffer)
		if err != nil || p.mode.Load() == cutBefore && bytes.Contains(buffer[:n], []byte("commit\x00")) {
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) answers(client io.Writer, server io.Reader) {
	buffer := make([]byte, 64*1024)
	for {
		n, err := server.Read(buffer)
		if err != nil || p.mode.Load() == cutAnswer && bytes.Contains(buffer[:n], []byte("COMMIT\x00")) {
			return
		}
		if p.mode.Load() == silent {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestALostAnswerToACommitIsUnknownAndNotRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode int32
		last int64
	}{
		"the COMMIT never arrives": {cutBefore, 0},
		"the COMMIT is done":       {cutAnswer, 1},
	} {
		t.Run(name, func(t *testing.T) {
			direct := pgtest.URL(t)
			checker := migrated(t, direct)
			line, through := startProxy(t, direct)
			s := open(t, through)
			line.mode.Store(c.mode)
			runs := 0
			err := s.Update(t.Context(), func(tx store.Tx) error {
				runs++
				_, err := tx.Append(t.Context(), store.Batch{Area: "A", Changes: []store.Change{{Op: "UPSERT"}}})
				return err
			})
			if !errors.Is(err, store.ErrUnknown) || runs != 1 {
				t.Errorf("after %d runs Update gives %v", runs, err)
			}
			if last := lastOf(t, checker); last != c.last {
				t.Errorf("the head is %d, want %d", last, c.last)
			}
			line.mode.Store(pass)
			if err := s.Update(t.Context(), func(store.Tx) error { return nil }); err != nil {
				t.Errorf("the next Update: %v", err)
			}
		})
	}
}

func lastOf(t *testing.T, s store.Store) (last int64) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		heads, err := r.Heads(t.Context(), nil)
		for _, h := range heads {
			last = h.Last
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}
