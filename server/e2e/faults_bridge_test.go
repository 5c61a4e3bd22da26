package e2e

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// bridge is a TCP line to wherever it is aimed at, the unix socket of a database for one.
// Unlike toxiproxy it can let what crosses it now go dead while others come through.
type bridge struct {
	listener net.Listener

	mu      sync.Mutex
	network string
	address string
	trap    []byte
	lines   []*bridgeLine
}

// bridgeLine is one connection that crosses.
type bridgeLine struct {
	client, server net.Conn
	dead           atomic.Bool // bytes are swallowed, both ends stay open, whatever the other does
}

func newBridge(t testing.TB, network, address string) *bridge {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{listener: l, network: network, address: address}
	t.Cleanup(b.close)
	go b.serve()
	return b
}

// bridgeToDatabase gives a bridge, and a URL that leads over it to the same database.
func bridgeToDatabase(t testing.TB, direct string) (*bridge, string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	b := newBridge(t, network, address)
	return b, through(cfg, b.listener.Addr().String())
}

// through is the URL of a database by another way.
func through(cfg *pgx.ConnConfig, address string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: address, Path: cfg.Database, RawQuery: "sslmode=disable"}
	return u.String()
}

// aim leads what comes from now on to another place.
func (b *bridge) aim(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.address = address
}

// freeze lets every connection that crosses now go dead. Others come through.
func (b *bridge) freeze() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		l.dead.Store(true)
	}
}

// freezeAt lets the first connection go dead on which a client sends this, before it is passed on.
func (b *bridge) freezeAt(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trap = []byte(what)
}

// sprung says whether these bytes are what freezeAt waits for; once.
func (b *bridge) sprung(sent []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trap == nil || !bytes.Contains(sent, b.trap) {
		return false
	}
	b.trap = nil
	return true
}

func (b *bridge) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		network, address := b.network, b.address
		b.mu.Unlock()
		server, err := (&net.Dialer{}).Dial(network, address)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &bridgeLine{client: client, server: server}
		b.mu.Lock()
		b.lines = append(b.lines, l)
		b.mu.Unlock()
		go l.pass(client, server, b.sprung)
		go l.pass(server, client, func([]byte) bool { return false })
	}
}

// pass copies bytes; whoever ends first ends both, unless the line is dead.
func (l *bridgeLine) pass(from, to net.Conn, kills func([]byte) bool) {
	buffer := make([]byte, 64*1024)
	for {
		n, err := from.Read(buffer)
		if kills(buffer[:n]) {
			l.dead.Store(true)
		}
		if l.dead.Load() {
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

func (b *bridge) close() {
	_ = b.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		_, _ = l.client.Close(), l.server.Close()
	}
}
