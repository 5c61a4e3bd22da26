package sqlite

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Audit implements store.Store.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error {
	return s.audit.write(ctx, func(c *conn) error {
		t := &tx{reader: reader{conn: c}}
		_, err := t.exec(ctx, `INSERT INTO audit (id, time, of, agency, client, person, action, detail, outcome)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.ID, e.Time.UnixMicro(), e.Of, e.Agency, e.Client, e.Person, e.Action, e.Detail, e.Outcome)
		return err
	})
}

// AuditTrail implements store.Store.
func (s *Store) AuditTrail(ctx context.Context, from, to time.Time, fn func(store.AuditEntry) error) error {
	return s.audit.read(ctx, func(c *conn) error {
		return each(ctx, &reader{conn: c}, fn, scanAudit, `SELECT id, time, of, agency, client, person, action, detail, outcome
			FROM audit WHERE time >= ? AND time < ? ORDER BY sequence`, from.UnixMicro(), to.UnixMicro())
	})
}

func scanAudit(row scanner) (e store.AuditEntry, err error) {
	var at int64
	err = row.Scan(&e.ID, &at, &e.Of, &e.Agency, &e.Client, &e.Person, &e.Action, &e.Detail, &e.Outcome)
	e.Time = micros(at)
	return e, err
}
