package mirror

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// databaseWait is longer than any statement of a mirror's is silent: a load that becomes
	// visible has its index made.
	databaseWait   = 10 * time.Minute
	connectTimeout = 30 * time.Second // unless the URL has connect_timeout
)

// bound sees to it that a line to the database that went dead is given up, on this end and
// on the server's, which would keep the mirror's state locked. What the URL says goes first.
func bound(cfg *pgconn.Config, wait time.Duration) {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	const timeout = "idle_in_transaction_session_timeout"
	if _, given := cfg.RuntimeParams[timeout]; !given {
		cfg.RuntimeParams[timeout] = strconv.FormatInt(wait.Milliseconds(), 10)
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
