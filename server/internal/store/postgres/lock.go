package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/line"
	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	lockWatch = 2 * time.Second // between two questions whether the server still answers the holder of a lock
	lockLimit = 5 * time.Second // in which it must answer
)

// lockClass keeps the hub's locks apart from others' in the same database.
const lockClass = 0x68756264

// Alone implements store.Store by an advisory lock of a session of its own, outside the
// pools: nothing else can end that session, or make it wait.
func (s *Store) Alone(ctx context.Context, name string, fn func(context.Context) error) error {
	if err := s.locks.Begin(); err != nil {
		return err
	}
	defer s.locks.Done()
	cfg := s.pool.Config().ConnConfig.Copy()
	// Where the holder's machine is gone without a word, the server finds out in half a minute, not in hours.
	cfg.RuntimeParams["tcp_keepalives_idle"], cfg.RuntimeParams["tcp_keepalives_interval"], cfg.RuntimeParams["tcp_keepalives_count"] = "10", "5", "3"
	cfg.DialFunc = line.Unbound(cfg.DialFunc) // it is watched below, and silent meanwhile
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("postgres: lock: %w", err)
	}
	defer unlock(ctx, conn)
	var held bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, lockClass, name).Scan(&held); err != nil {
		return fmt.Errorf("postgres: lock: %w", err)
	}
	if !held {
		return store.ErrHeld
	}
	return watched(ctx, conn, fn)
}

// watched runs fn under a context that ends when the session does.
func watched(ctx context.Context, conn *pgx.Conn, fn func(context.Context) error) error {
	working, lose := context.WithCancelCause(ctx)
	watching, enough := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := watch(watching, conn); err != nil {
			lose(fmt.Errorf("%w: %w", store.ErrLockLost, err))
		}
	}()
	err := fn(working)
	enough()
	<-ended
	defer lose(nil)
	if lost := context.Cause(working); err != nil && errors.Is(lost, store.ErrLockLost) {
		return fmt.Errorf("%w: %w", lost, err)
	}
	return err
}

// watch returns when ctx ends, or with the error by which the session has ended. The
// server says so at once where it can; a line that is dead is found by asking.
func watch(ctx context.Context, conn *pgx.Conn) error {
	for {
		listening, cancel := context.WithTimeout(ctx, lockWatch)
		_, _ = conn.WaitForNotification(listening) // what ended it is told by the question below
		cancel()
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockLimit)
		err := conn.Ping(asking)
		cancel()
		if err != nil {
			return err
		}
	}
}

// unlock gives the lock back before the session ends: the server takes its time over that.
func unlock(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockLimit)
	defer cancel()
	if !conn.IsClosed() {
		_, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`) // or by the end of the session
	}
	_ = conn.Close(ctx)
}
