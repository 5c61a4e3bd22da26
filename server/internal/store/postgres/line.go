package postgres

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// defaultWait is longer than any statement of the hub's is silent on a healthy database.
	defaultWait    = 2 * time.Minute
	connectTimeout = 10 * time.Second // unless the URL has connect_timeout
)

// bound sees to it that neither end waits for ever where the line between them is dead,
// or lets bytes in and none out: a proxy or firewall that has forgotten it does that. This
// end gives up after wait without a byte that it is owed. The server's end, which may hold
// an area's head locked, gives up as soon. What the URL says goes first.
func bound(cfg *pgconn.Config, wait time.Duration) {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if wait < 0 {
		return
	}
	seconds, tries := max(wait/4, time.Second)/time.Second, 3
	for name, value := range map[string]int64{
		"idle_in_transaction_session_timeout": wait.Milliseconds(),
		"tcp_keepalives_idle":                 int64(seconds), // none of these three is heeded on a unix socket
		"tcp_keepalives_interval":             int64(seconds),
		"tcp_keepalives_count":                int64(tries),
	} {
		if _, given := cfg.RuntimeParams[name]; !given {
			cfg.RuntimeParams[name] = strconv.FormatInt(value, 10)
		}
	}
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn, wait: wait}, nil
	}
}

// unbound dials what bound has bounded, for a session that is watched otherwise.
func unbound(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if l, ok := conn.(*line); ok {
			return l.Conn, err
		}
		return conn, err
	}
}

// line is a connection on which each read and each write ends in time. The driver reads
// only where an answer is owed.
type line struct {
	net.Conn
	wait time.Duration

	mu    sync.Mutex
	until time.Time // the driver's own deadline; zero: none
}

// Read ends after wait, or at the driver's deadline.
func (l *line) Read(b []byte) (int, error) {
	if err := l.set(l.SetReadDeadline); err != nil {
		return 0, err
	}
	return l.Conn.Read(b)
}

// Write ends after wait, or at the driver's deadline.
func (l *line) Write(b []byte) (int, error) {
	if err := l.set(l.SetWriteDeadline); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

func (l *line) set(deadline func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := time.Now().Add(l.wait)
	if !l.until.IsZero() && l.until.Before(end) {
		end = l.until
	}
	return deadline(end)
}

// SetDeadline is how the driver ends what is under way when a context ends: it holds for
// reads and writes that begin afterwards as well.
func (l *line) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = t
	return l.Conn.SetDeadline(t)
}
