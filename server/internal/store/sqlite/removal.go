package sqlite

import (
	"context"
	"errors"

	"github.com/bangfuhub/hub/server/internal/store"
)

const caseColumns = `area, id, household, village, revision, state, open, waiting, since, until, opened_on,
	decision, overridden, flagged, time, document`

func scanCase(row scanner) (c store.Case, err error) {
	var at int64
	err = row.Scan(&c.Area, &c.ID, &c.Household, &c.Village, &c.Revision, &c.State, &c.Open, &c.Waiting, &c.Since,
		&c.Until, &c.OpenedOn, &c.Decision, &c.Overridden, &c.Flagged, &at, &c.Document)
	c.Time = micros(at)
	return c, err
}

func (r *reader) Case(ctx context.Context, area, id string) (store.Case, error) {
	return one(ctx, r, scanCase, `SELECT `+caseColumns+` FROM cases WHERE area = ? AND id = ?`, area, id)
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

func (r *reader) FindCase(ctx context.Context, id string) (string, error) {
	return one(ctx, r, scanText, `SELECT area FROM cases WHERE id = ?`, id)
}

func (r *reader) Cases(ctx context.Context, q store.CaseQuery, fn func(store.Case) error) error {
	var f filter
	f.and("area = ?", q.Area)
	for _, c := range []struct{ column, value string }{
		{"village", q.Village}, {"household", q.Household}, {"state", q.State}, {"waiting", q.Waiting},
	} {
		if c.value != "" {
			f.and(c.column+" = ?", c.value)
		}
	}
	if q.States != nil {
		f.in("state", q.States)
	}
	if q.Overridden {
		f.and("overridden = 1")
	}
	if q.Flagged {
		f.and("flagged = 1")
	}
	if q.OpenedFrom != "" {
		f.and("opened_on >= ?", q.OpenedFrom)
	}
	if q.AfterID != "" {
		f.and("(since, id) > (?, ?)", q.AfterSince, q.AfterID)
	}
	limit := f.limit(q.Limit)
	return each(ctx, r, fn, scanCase, `SELECT `+caseColumns+` FROM cases`+f.text.String()+` ORDER BY since, id`+limit, f.args...)
}

func scanProcedure(row scanner) (p store.Procedure, err error) {
	err = row.Scan(&p.Area, &p.Version, &p.From, &p.Document)
	return p, err
}

func (r *reader) Procedures(ctx context.Context, area string) ([]store.Procedure, error) {
	return list(ctx, r, scanProcedure,
		`SELECT area, version, from_date, document FROM procedures WHERE area = ? ORDER BY version DESC`, area)
}

func scanCount(row scanner) (c store.VillageCount, err error) {
	err = row.Scan(&c.Village, &c.PovertyStatus, &c.SupportStatus, &c.Count)
	return c, err
}

func (r *reader) HouseholdCounts(ctx context.Context, area string) ([]store.VillageCount, error) {
	return list(ctx, r, scanCount, `SELECT village, poverty_status, support_status, count(*) FROM households
		WHERE area = ? AND gone = 0 GROUP BY village, poverty_status, support_status
		ORDER BY village, poverty_status, support_status`, area)
}

// LockCase only reads: the transaction has locked the file.
func (t *tx) LockCase(ctx context.Context, area, id string) (store.Case, error) {
	return t.Case(ctx, area, id)
}

// SaveCase reads what could refuse it first, since a refusal of SQLite's would end the
// transaction. There is no other writer, so that what it reads stays true.
func (t *tx) SaveCase(ctx context.Context, c store.Case) error {
	stored, err := t.Case(ctx, c.Area, c.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if c.Revision != stored.Revision+1 {
		return store.ErrStale
	}
	if c.Open {
		_, err := one(ctx, &t.reader, scanText, `SELECT id FROM cases
			WHERE area = ? AND household = ? AND open = 1 AND id <> ?`, c.Area, c.Household, c.ID)
		if err == nil {
			return store.ErrTaken
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	_, err = t.exec(ctx, `INSERT INTO cases (`+caseColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (area, id) DO UPDATE SET household = excluded.household, village = excluded.village,
		revision = excluded.revision, state = excluded.state, open = excluded.open, waiting = excluded.waiting,
		since = excluded.since, until = excluded.until, opened_on = excluded.opened_on, decision = excluded.decision,
		overridden = excluded.overridden, flagged = excluded.flagged, time = excluded.time, document = excluded.document`,
		c.Area, c.ID, c.Household, c.Village, c.Revision, c.State, c.Open, c.Waiting,
		c.Since, c.Until, c.OpenedOn, c.Decision, c.Overridden, c.Flagged, c.Time.UnixMicro(), c.Document)
	return err
}

func (t *tx) SaveProcedure(ctx context.Context, p store.Procedure) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO procedures (area, version, from_date, document) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, p.Area, p.Version, p.From, p.Document)
}
