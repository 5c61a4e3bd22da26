package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const auditPage = 1000

const auditColumns = `id, time, of, agency, client, person, action, detail, outcome`

const (
	auditInsert = `INSERT INTO audit (` + auditColumns + `) SELECT ` + auditColumns + `
		FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
		WITH ORDINALITY u (` + auditColumns + `, place) ORDER BY place`
	// Numbers are given in the order of the rows, so the n-th of them is the n-th entry's.
	auditDeliveries = `WITH entry AS (` + auditInsert + ` RETURNING sequence, of, agency, client, time),
		placed AS (SELECT *, row_number() OVER (ORDER BY sequence) AS place FROM entry)
		INSERT INTO deliveries (sequence, of, agency, client, time, area, lists, from_txn, to_txn, load)
		SELECT p.sequence, p.of, p.agency, p.client, p.time, u.area, u.lists, u.from_txn, u.to_txn, u.load
		FROM placed p JOIN unnest($10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::boolean[])
		u (place, area, lists, from_txn, to_txn, load) USING (place)`
)

// Audit implements store.Store.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error { return s.entries.Audit(ctx, e) }

// AuditLater implements store.Store.
func (s *Store) AuditLater(e store.AuditEntry, told func(error)) { s.entries.Later(e, told) }

// writeAudit writes the entries by one statement, on a connection that no Update uses.
func (s *Store) writeAudit(ctx context.Context, entries []store.AuditEntry) error {
	conn, err := s.audit.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	statement, args := auditStatement(entries)
	_, err = conn.Exec(ctx, statement, args...)
	return answered(err)
}

func auditStatement(rows []store.AuditEntry) (statement string, args []any) {
	args = []any{
		column(rows, func(e store.AuditEntry) string { return e.ID }),
		column(rows, func(e store.AuditEntry) time.Time { return e.Time }),
		column(rows, func(e store.AuditEntry) string { return e.Of }),
		column(rows, func(e store.AuditEntry) string { return e.Agency }),
		column(rows, func(e store.AuditEntry) string { return e.Client }),
		column(rows, func(e store.AuditEntry) string { return e.Person }),
		column(rows, func(e store.AuditEntry) string { return e.Action }),
		column(rows, func(e store.AuditEntry) string { return e.Detail }),
		column(rows, func(e store.AuditEntry) string { return e.Outcome }),
	}
	var deliveries []store.Delivery
	var places []int64
	for i, e := range rows {
		for _, d := range e.Deliveries {
			deliveries, places = append(deliveries, d), append(places, int64(i)+1)
		}
	}
	if len(deliveries) == 0 {
		return auditInsert, args
	}
	return auditDeliveries, slices.Concat(args, []any{places}, deliveryArgs(deliveries))
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
