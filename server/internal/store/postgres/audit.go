package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const auditPage = 1000

const (
	auditColumns = `id, time, of, agency, client, person, action, detail, outcome`
	auditInsert  = `INSERT INTO audit (` + auditColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

// Audit implements store.Store.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error { return s.entries.Audit(ctx, e) }

// AuditLater implements store.Store.
func (s *Store) AuditLater(e store.AuditEntry, told func(error)) { s.entries.Later(e, told) }

// writeAudit sends the entries' statements together, which makes one transaction of
// them, on a connection that no Update uses.
func (s *Store) writeAudit(ctx context.Context, entries []store.AuditEntry) error {
	conn, err := s.audit.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var all pgx.Batch
	for _, e := range entries {
		statement, args := auditStatement(e)
		all.Queue(statement, args...)
	}
	return answered(conn.SendBatch(ctx, &all).Close())
}

func auditStatement(e store.AuditEntry) (statement string, args []any) {
	statement = auditInsert
	args = []any{e.ID, e.Time, e.Of, e.Agency, e.Client, e.Person, e.Action, e.Detail, e.Outcome}
	if len(e.Deliveries) > 0 {
		statement = `WITH entry AS (` + auditInsert + ` RETURNING sequence, of, agency, client, time)
			INSERT INTO deliveries (sequence, of, agency, client, time, area, lists, from_txn, to_txn, load)
			SELECT entry.*, u.* FROM entry, unnest($10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::boolean[]) u`
		args = append(args, deliveryArgs(e.Deliveries)...)
	}
	return statement, args
}

func deliveryArgs(rows []store.Delivery) []any {
	return []any{
		column(rows, func(d store.Delivery) string { return d.Area }),
		column(rows, func(d store.Delivery) string { return strings.Join(d.Lists, ",") }),
		column(rows, func(d store.Delivery) int64 { return d.From }),
		column(rows, func(d store.Delivery) int64 { return d.To }),
		column(rows, func(d store.Delivery) bool { return d.Load }),
	}
}

// numbered is an entry with its place in the order of writing.
type numbered struct {
	store.AuditEntry
	sequence int64
}

// AuditTrail implements store.Store.
func (s *Store) AuditTrail(ctx context.Context, from, to time.Time, fn func(store.AuditEntry) error) error {
	return s.eachEntry(ctx, fn, func(f *filter) { f.and("time >= %s AND time < %s", from, to) })
}

// OpenReadings implements store.Store.
func (s *Store) OpenReadings(ctx context.Context, actions []string, from, to time.Time, fn func(store.AuditEntry) error) error {
	return s.eachEntry(ctx, fn, func(f *filter) {
		f.and("of = '' AND time >= %s AND time < %s", from, to)
		if actions != nil {
			f.and("action = ANY(%s)", actions)
		}
		// The index of outcomes is used where its own conditions stand here.
		f.and(`NOT EXISTS (SELECT FROM audit o WHERE o.of COLLATE "C" = audit.id AND o.of <> '' AND o.outcome <> '` + store.OutcomeSent + `')`)
	})
}

// eachEntry hands the entries that where selects to fn, in order of writing.
func (s *Store) eachEntry(ctx context.Context, fn func(store.AuditEntry) error, where func(*filter)) error {
	if err := s.entries.Flush(ctx); err != nil {
		return err
	}
	return view(ctx, s.audit, func(r *reader) error {
		last := int64(0)
		return pages(0, auditPage, func(n int) ([]numbered, error) {
			var f filter
			where(&f)
			f.and("sequence > %s", last)
			limit := f.arg(n)
			page, err := list(ctx, r, scanAudit, `SELECT sequence, `+auditColumns+`
				FROM audit`+f.text.String()+` ORDER BY sequence LIMIT `+limit, f.args...)
			if len(page) > 0 {
				last = page[len(page)-1].sequence
			}
			return page, err
		}, func(e numbered) error { return fn(e.AuditEntry) })
	})
}

func scanAudit(row pgx.CollectableRow) (e numbered, err error) {
	err = row.Scan(&e.sequence, &e.ID, &e.Time, &e.Of, &e.Agency, &e.Client, &e.Person, &e.Action, &e.Detail, &e.Outcome)
	e.Time = e.Time.UTC()
	return e, err
}

// Deliveries implements store.Store.
func (s *Store) Deliveries(ctx context.Context, q store.DeliveryQuery, fn func(store.Delivery) error) error {
	if err := s.entries.Flush(ctx); err != nil {
		return err
	}
	return view(ctx, s.audit, func(r *reader) error {
		return pages(q.Limit, auditPage, func(n int) ([]store.Delivery, error) {
			page, err := r.deliveryPage(ctx, q, n)
			if len(page) > 0 {
				q.After = page[len(page)-1].Sequence
			}
			return page, err
		}, fn)
	})
}

func (r *reader) deliveryPage(ctx context.Context, q store.DeliveryQuery, n int) ([]store.Delivery, error) {
	var f filter
	f.and("area = %s", q.Area)
	if q.Agency != "" {
		f.and("agency = %s", q.Agency)
	}
	if !q.From.IsZero() {
		f.and("time >= %s", q.From)
	}
	if !q.To.IsZero() {
		f.and("time < %s", q.To)
	}
	if q.After > 0 {
		f.and("sequence > %s", q.After)
	}
	limit := f.arg(n)
	return list(ctx, r, scanDelivery, `SELECT area, sequence, of, lists, from_txn, to_txn, load, agency, client, time
		FROM deliveries`+f.text.String()+` ORDER BY sequence LIMIT `+limit, f.args...)
}

func scanDelivery(row pgx.CollectableRow) (d store.Delivery, err error) {
	var lists string
	err = row.Scan(&d.Area, &d.Sequence, &d.Of, &lists, &d.From, &d.To, &d.Load, &d.Agency, &d.Client, &d.Time)
	if lists != "" {
		d.Lists = strings.Split(lists, ",")
	}
	d.Time = d.Time.UTC()
	return d, err
}
