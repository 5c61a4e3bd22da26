// Package postgres keeps the hub's store in one PostgreSQL database, which several hub
// processes may share.
//
// Updates are READ COMMITTED transactions that lock what they change: households in order
// of id, then aliases and names in sorted order, then the area's head. What is written
// after the head is guarded by it. Views are REPEATABLE READ.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	defaultConns = 16                    // most of a View is waiting for the next answer
	auditConns   = 4                     // an Update that audits must not wait for other Updates
	auditWriters = 2                     // of them, where one's commit waits for the disk
	maxAttempts  = 10                    // of an Update that deadlocks
	retryPause   = 20 * time.Millisecond // at most, before the first repetition
	endTimeout   = 10 * time.Second      // for COMMIT and ROLLBACK, which the caller's context doesn't stop
	serialized   = "40001"
	deadlocked   = "40P01"
	ordinaryFail = "ERROR" // the severity of a failure that leaves the session alive
)

var errLost = errors.New("postgres: the connection was lost before COMMIT")

// Config says where the store is.
type Config struct {
	URL      string        // postgres://user@host/database?…, or any connection string of libpq's
	MaxConns int32         // of this process, audit apart; 0: what the URL says in pool_max_conns, or 16
	Wait     time.Duration // how long the server may owe an answer without sending anything; 0: 2 min, negative: for ever
}

// Store is a store.Store on PostgreSQL.
type Store struct {
	pool    *pgxpool.Pool
	audit   *pgxpool.Pool
	entries *store.AuditQueue
	locks   store.Calls // of Alone
}

var _ store.Store = (*Store)(nil)

// Open connects to the database. It does not migrate: see CheckSchema and Migrate. A standby
// is store.ErrStandby, then and whenever a connection is made anew.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Wait == 0 {
		cfg.Wait = defaultWait
	}
	pool, err := connect(ctx, cfg, cfg.MaxConns)
	if err != nil {
		return nil, err
	}
	audit, err := connect(ctx, cfg, auditConns)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s := &Store{pool: pool, audit: audit}
	s.entries = store.NewAuditQueue(auditWriters, s.writeAudit)
	return s, nil
}

func connect(ctx context.Context, where Config, maxConns int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(where.URL)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err) // the driver leaves the password out
	}
	switch {
	case maxConns > 0:
		cfg.MaxConns = maxConns
	case !strings.Contains(where.URL, "pool_max_conns"):
		cfg.MaxConns = defaultConns
	}
	// A server's default may be weaker than what Update and Audit promise.
	cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	cfg.ConnConfig.ValidateConnect = primary
	bound(&cfg.ConnConfig.Config, where.Wait)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return pool, nil
}

// primary refuses a session on a standby. No session outlives the change of a primary into
// one, so none that the pools hold is on a standby.
func primary(ctx context.Context, conn *pgconn.PgConn) error {
	err := pgconn.ValidateConnectTargetSessionAttrsPrimary(ctx, conn)
	if errors.Is(err, pgconn.ErrStandbyConnection) {
		return store.ErrStandby
	}
	return err
}

// Close waits for the calls in progress.
func (s *Store) Close() error {
	s.locks.End()
	s.pool.Close()
	s.entries.Close()
	s.audit.Close()
	return nil
}

var updating = pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	for attempt := 1; ; attempt++ {
		again, err := s.try(ctx, fn)
		if !again || attempt == maxAttempts {
			return err
		}
		pause := rand.N(retryPause * time.Duration(attempt)) //nolint:gosec // only keeps rivals apart
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// try runs fn once. It says whether the same may be tried again: only where the server
// has undone everything, because of others, before COMMIT was sent.
func (s *Store) try(ctx context.Context, fn func(store.Tx) error) (again bool, err error) {
	open, err := s.pool.BeginTx(ctx, updating)
	if err != nil {
		return false, away(ctx, err)
	}
	defer rollback(ctx, open)
	t := &tx{reader: reader{in: open}, open: open}
	if err := fn(t); err != nil {
		return retryable(err), lost(ctx, open.Conn(), err)
	}
	if t.failed != nil {
		return retryable(t.failed), lost(ctx, open.Conn(), t.failed)
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return false, commit(ctx, open)
}

// away says that the database is not there, or not for us; a caller who gave up is told only that.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrAway, err)
}

// lost tells the failure of a connection from others: the driver closes one that failed.
func lost(ctx context.Context, conn *pgx.Conn, err error) error {
	if err == nil || !conn.IsClosed() {
		return err
	}
	return away(ctx, err)
}

func retryable(err error) bool {
	failure := (*pgconn.PgError)(nil)
	return errors.As(err, &failure) && (failure.Code == serialized || failure.Code == deadlocked)
}

// commit ends the transaction, whatever becomes of ctx meanwhile.
func commit(ctx context.Context, open pgx.Tx) error {
	if open.Conn().IsClosed() {
		return away(ctx, errLost)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return answered(open.Commit(ctx))
}

// answered is store.ErrUnknown unless the server has said what has become of a statement
// that was sent. A session that is ended may have committed before it was. The driver's
// own judgement (pgconn.SafeToRetry) is of no use: when the line is cut while it waits for
// an answer it reports a closed connection, as if nothing had been sent.
func answered(err error) error {
	failure := (*pgconn.PgError)(nil)
	switch {
	case err == nil, errors.Is(err, pgx.ErrTxCommitRollback):
		return err
	case errors.As(err, &failure) && failure.SeverityUnlocalized == ordinaryFail:
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnknown, err)
}

// rollback ends a transaction that is still open. Where it fails, the pool gives the
// connection up, and the server rolls back.
func rollback(ctx context.Context, open pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_ = open.Rollback(ctx)
}
