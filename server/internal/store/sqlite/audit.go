package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

const auditColumns = `id, time, of, agency, client, person, action, detail, outcome`

// Audit implements store.Store.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error { return s.entries.Audit(ctx, e) }

// AuditLater implements store.Store.
func (s *Store) AuditLater(e store.AuditEntry, told func(error)) { s.entries.Later(e, told) }

// readAudit sees all entries that were handed over before.
func (s *Store) readAudit(ctx context.Context, fn func(*conn) error) error {
	if err := s.entries.Flush(ctx); err != nil {
		return err
	}
	return s.audit.read(ctx, fn)
}

func (s *Store) writeAudit(ctx context.Context, entries []store.AuditEntry) error {
	return s.audit.write(ctx, func(c *conn) error {
		t := &tx{reader: reader{conn: c}}
		for _, e := range entries {
			if err := t.saveEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) saveEntry(ctx context.Context, e store.AuditEntry) error {
	_, err := t.exec(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.Time.UnixMicro(), e.Of, e.Agency, e.Client, e.Person, e.Action, e.Detail, e.Outcome)
	if err != nil || len(e.Deliveries) == 0 {
		return err
	}
	return t.saveDeliveries(ctx, e)
}

// saveDeliveries follows the entry's own insertion: its rowid is the sequence. Deliveries
// have no rowid, so that the last one stays the entry's.
func (t *tx) saveDeliveries(ctx context.Context, e store.AuditEntry) error {
	for _, d := range e.Deliveries {
		if _, err := t.exec(ctx, `INSERT INTO deliveries (area, sequence, of, lists, from_txn, to_txn, load, agency, client, time)
			VALUES (?, last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?)`, d.Area, e.Of, strings.Join(d.Lists, ","),
			d.From, d.To, d.Load, e.Agency, e.Client, e.Time.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// AuditTrail implements store.Store.
func (s *Store) AuditTrail(ctx context.Context, from, to time.Time, fn func(store.AuditEntry) error) error {
	return s.readAudit(ctx, func(c *conn) error {
		return each(ctx, &reader{conn: c}, fn, scanAudit, `SELECT `+auditColumns+`
			FROM audit WHERE time >= ? AND time < ? ORDER BY sequence`, from.UnixMicro(), to.UnixMicro())
	})
}

func scanAudit(row scanner) (e store.AuditEntry, err error) {
	var at int64
	err = row.Scan(&e.ID, &at, &e.Of, &e.Agency, &e.Client, &e.Person, &e.Action, &e.Detail, &e.Outcome)
	e.Time = micros(at)
	return e, err
}

// Deliveries implements store.Store.
func (s *Store) Deliveries(ctx context.Context, q store.DeliveryQuery, fn func(store.Delivery) error) error {
	var f filter
	f.and("area = ?", q.Area)
	if q.Agency != "" {
		f.and("agency = ?", q.Agency)
	}
	if !q.From.IsZero() {
		f.and("time >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		f.and("time < ?", q.To.UnixMicro())
	}
	if q.After > 0 {
		f.and("sequence > ?", q.After)
	}
	limit := f.limit(q.Limit)
	return s.readAudit(ctx, func(c *conn) error {
		return each(ctx, &reader{conn: c}, fn, scanDelivery, `SELECT area, sequence, of, lists, from_txn, to_txn, load, agency, client, time
			FROM deliveries`+f.text.String()+` ORDER BY sequence`+limit, f.args...)
	})
}

func scanDelivery(row scanner) (d store.Delivery, err error) {
	var at int64
	var lists string
	err = row.Scan(&d.Area, &d.Sequence, &d.Of, &lists, &d.From, &d.To, &d.Load, &d.Agency, &d.Client, &at)
	if lists != "" {
		d.Lists = strings.Split(lists, ",")
	}
	d.Time = micros(at)
	return d, err
}

// OpenReadings implements store.Store.
func (s *Store) OpenReadings(ctx context.Context, actions []string, from, to time.Time, fn func(store.AuditEntry) error) error {
	query, args := openReadingsQuery(actions, from, to)
	return s.readAudit(ctx, func(c *conn) error {
		return each(ctx, &reader{conn: c}, fn, scanAudit, query, args...)
	})
}

func openReadingsQuery(actions []string, from, to time.Time) (query string, args []any) {
	var f filter
	f.and("of = '' AND time >= ? AND time < ?", from.UnixMicro(), to.UnixMicro())
	if actions != nil {
		f.in("action", actions)
	}
	// The index of outcomes is used where its own conditions stand here word for word.
	f.and(`NOT EXISTS (SELECT 1 FROM audit o WHERE o.of = audit.id AND o.of <> '' AND o.outcome <> '` + store.OutcomeSent + `')`)
	return `SELECT ` + auditColumns + ` FROM audit` + f.text.String() + ` ORDER BY sequence`, f.args
}
