// Package line bounds connections on which an answer is owed: where the line between the
// two ends is dead, or lets bytes in and none out, no call waits on it for ever. A proxy or
// firewall that has forgotten a connection does that.
package line

import (
	"context"
	"net"
	"sync"
	"time"
)

// Dial makes a connection.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Bound dials connections on which each read and each write ends after wait, or at the
// deadline that is set. It is for drivers that read only where an answer is owed.
func Bound(dial Dial, wait time.Duration) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &bound{Conn: conn, wait: wait}, nil
	}
}

// Unbound dials what Bound has bounded, for a connection that is watched otherwise.
func Unbound(dial Dial) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if b, ok := conn.(*bound); ok {
			return b.Conn, err
		}
		return conn, err
	}
}

type bound struct {
	net.Conn
	wait time.Duration

	mu    sync.Mutex
	until time.Time // the driver's own deadline; zero: none
}

// Read ends after wait, or at the driver's deadline.
func (b *bound) Read(p []byte) (int, error) {
	if err := b.set(b.SetReadDeadline); err != nil {
		return 0, err
	}
	return b.Conn.Read(p)
}

// Write ends after wait, or at the driver's deadline.
func (b *bound) Write(p []byte) (int, error) {
	if err := b.set(b.SetWriteDeadline); err != nil {
		return 0, err
	}
	return b.Conn.Write(p)
}

func (b *bound) set(deadline func(time.Time) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := time.Now().Add(b.wait)
	if !b.until.IsZero() && b.until.Before(end) {
		end = b.until
	}
	return deadline(end)
}

// SetDeadline is how the driver ends what is under way when a context ends: it holds for
// reads and writes that begin afterwards as well.
func (b *bound) SetDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = t
	return b.Conn.SetDeadline(t)
}
