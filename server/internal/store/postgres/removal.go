package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	duplicate = "23505"
	caseRows  = 128 // fetched at a time: a reader mostly stops after a page of a worklist
)

const caseColumns = `area, id, household, village, revision, state, open, waiting, since, until, opened_on,
	decision, overridden, flagged, time, document`

func scanCase(row pgx.CollectableRow) (c store.Case, err error) {
	err = row.Scan(&c.Area, &c.ID, &c.Household, &c.Village, &c.Revision, &c.State, &c.Open, &c.Waiting, &c.Since,
		&c.Until, &c.OpenedOn, &c.Decision, &c.Overridden, &c.Flagged, &c.Time, &c.Document)
	c.Time = c.Time.UTC()
	return c, err
}

func (r *reader) Case(ctx context.Context, area, id string) (store.Case, error) {
	return one(ctx, r, scanCase, `SELECT `+caseColumns+` FROM cases WHERE area = $1 AND id = $2`, area, id)
}

func (r *reader) FindCase(ctx context.Context, id string) (string, error) {
	return one(ctx, r, pgx.RowTo[string], `SELECT area FROM cases WHERE id = $1`, id)
}

func (r *reader) Cases(ctx context.Context, q store.CaseQuery, fn func(store.Case) error) error {
	return pages(q.Limit, caseRows, func(n int) ([]store.Case, error) {
		rows, err := r.casePage(ctx, q, n)
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			q.AfterSince, q.AfterID = last.Since, last.ID
		}
		return rows, err
	}, fn)
}

func (r *reader) casePage(ctx context.Context, q store.CaseQuery, n int) ([]store.Case, error) {
	var f filter
	f.and("area = %s", q.Area)
	for _, c := range []struct{ column, value string }{
		{"village", q.Village}, {"household", q.Household}, {"state", q.State}, {"waiting", q.Waiting},
	} {
		if c.value != "" {
			f.and(c.column+" = %s", c.value)
		}
	}
	if q.States != nil {
		f.and("state = ANY(%s)", q.States)
	}
	if q.Overridden {
		f.and("overridden")
	}
	if q.Flagged {
		f.and("flagged")
	}
	if q.OpenedFrom != "" {
		f.and("opened_on >= %s", q.OpenedFrom)
	}
	if q.AfterID != "" {
		f.and("(since, id) > (%s, %s)", q.AfterSince, q.AfterID)
	}
	limit := f.arg(n)
	return list(ctx, r, scanCase, `SELECT `+caseColumns+` FROM cases`+f.text.String()+` ORDER BY since, id LIMIT `+limit, f.args...)
}

func scanProcedure(row pgx.CollectableRow) (p store.Procedure, err error) {
	err = row.Scan(&p.Area, &p.Version, &p.From, &p.Document)
	return p, err
}

func (r *reader) Procedures(ctx context.Context, area string) ([]store.Procedure, error) {
	return list(ctx, r, scanProcedure,
		`SELECT area, version, from_date, document FROM procedures WHERE area = $1 ORDER BY version DESC`, area)
}

func scanCount(row pgx.CollectableRow) (c store.VillageCount, err error) {
	err = row.Scan(&c.Village, &c.PovertyStatus, &c.SupportStatus, &c.Count)
	return c, err
}

func (r *reader) HouseholdCounts(ctx context.Context, area string) ([]store.VillageCount, error) {
	return list(ctx, r, scanCount, `SELECT village, poverty_status, support_status, count(*) FROM households
		WHERE area = $1 AND NOT gone GROUP BY village, poverty_status, support_status
		ORDER BY village, poverty_status, support_status`, area)
}

// LockCase implements store.Tx.
func (t *tx) LockCase(ctx context.Context, area, id string) (store.Case, error) {
	return one(ctx, &t.reader, scanCase, `SELECT `+caseColumns+` FROM cases WHERE area = $1 AND id = $2 FOR UPDATE`, area, id)
}

// SaveCase runs in a savepoint: where the index refuses a second open case, also one that
// another Update has just committed, only the savepoint is rolled back.
func (t *tx) SaveCase(ctx context.Context, c store.Case) error {
	save := `UPDATE cases SET household = $3, village = $4, revision = $5, state = $6, open = $7, waiting = $8, since = $9,
		until = $10, opened_on = $11, decision = $12, overridden = $13, flagged = $14, time = $15, document = $16
		WHERE area = $1 AND id = $2 AND revision = $5 - 1`
	if c.Revision == 1 {
		save = `INSERT INTO cases (` + caseColumns + `)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (area, id) DO NOTHING`
	}
	point, err := t.open.Begin(ctx)
	if err != nil {
		return t.note(err)
	}
	tag, err := point.Exec(ctx, save, c.Area, c.ID, c.Household, c.Village, c.Revision, c.State, c.Open, c.Waiting,
		c.Since, c.Until, c.OpenedOn, c.Decision, c.Overridden, c.Flagged, c.Time, c.Document)
	if failure := (*pgconn.PgError)(nil); errors.As(err, &failure) && failure.Code == duplicate {
		if err := point.Rollback(ctx); err != nil {
			return t.note(err)
		}
		return fmt.Errorf("%w: an open case of the household", store.ErrTaken)
	}
	if err == nil {
		err = point.Commit(ctx)
	}
	if err == nil && tag.RowsAffected() == 0 {
		return store.ErrStale
	}
	return t.note(err)
}

func (t *tx) SaveProcedure(ctx context.Context, p store.Procedure) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO procedures (area, version, from_date, document) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, p.Area, p.Version, p.From, p.Document)
}
