package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const auditPage = 1000

// Audit implements store.Store. The statement is a transaction of its own, on a
// connection that no Update uses.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error {
	conn, err := s.audit.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	_, err = conn.Exec(ctx, `INSERT INTO audit (id, time, of, agency, client, person, action, detail, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.Time, e.Of, e.Agency, e.Client, e.Person, e.Action, e.Detail, e.Outcome)
	return answered(err)
}

// numbered is an entry with its place in the order of writing.
type numbered struct {
	store.AuditEntry
	sequence int64
}

// AuditTrail implements store.Store.
func (s *Store) AuditTrail(ctx context.Context, from, to time.Time, fn func(store.AuditEntry) error) error {
	open, err := s.audit.BeginTx(ctx, viewing)
	if err != nil {
		return err
	}
	defer rollback(ctx, open)
	r, last := &reader{tx: open}, int64(0)
	return pages(0, auditPage, func(n int) ([]numbered, error) {
		page, err := list(ctx, r, scanAudit, `SELECT sequence, id, time, of, agency, client, person, action, detail, outcome
			FROM audit WHERE time >= $1 AND time < $2 AND sequence > $3 ORDER BY sequence LIMIT $4`, from, to, last, n)
		if len(page) > 0 {
			last = page[len(page)-1].sequence
		}
		return page, err
	}, func(e numbered) error { return fn(e.AuditEntry) })
}

func scanAudit(row pgx.CollectableRow) (e numbered, err error) {
	err = row.Scan(&e.sequence, &e.ID, &e.Time, &e.Of, &e.Agency, &e.Client, &e.Person, &e.Action, &e.Detail, &e.Outcome)
	e.Time = e.Time.UTC()
	return e, err
}
