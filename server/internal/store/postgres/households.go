package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const householdColumns = `area, id, revision, etag, village, poverty_status, support_status, actor, cause, time, gone`

// What is read has these columns after householdColumns.
const (
	currentColumns  = `, document, due`
	revisionColumns = `, document, ''`
)

func scanHousehold(row pgx.CollectableRow) (h store.Household, err error) {
	err = row.Scan(&h.Area, &h.ID, &h.Revision, &h.Etag, &h.Village, &h.PovertyStatus,
		&h.SupportStatus, &h.Actor, &h.Cause, &h.Time, &h.Gone, &h.Document, &h.Due)
	h.Time = h.Time.UTC()
	return h, err
}

func (r *reader) Household(ctx context.Context, area, id string) (store.Household, error) {
	return one(ctx, r, scanHousehold,
		`SELECT `+householdColumns+currentColumns+` FROM households WHERE area = $1 AND id = $2`, area, id)
}

func (r *reader) Revision(ctx context.Context, area, id string, revision int64, at time.Time) (store.Household, error) {
	const query = `SELECT ` + householdColumns + revisionColumns + ` FROM household_revisions WHERE area = $1 AND id = $2`
	if revision > 0 {
		return one(ctx, r, scanHousehold, query+` AND revision <= $3 ORDER BY revision DESC LIMIT 1`, area, id, revision)
	}
	return one(ctx, r, scanHousehold, query+` AND time <= $3 ORDER BY revision DESC LIMIT 1`, area, id, at)
}

func (r *reader) Revisions(ctx context.Context, area, id string) ([]store.Household, error) {
	return list(ctx, r, scanHousehold, `SELECT `+householdColumns+`, NULL::bytea, '' FROM household_revisions
		WHERE area = $1 AND id = $2 ORDER BY revision DESC`, area, id)
}

func (r *reader) Households(ctx context.Context, q store.HouseholdQuery, fn func(store.Household) error) error {
	return pages(q.Limit, page, func(n int) ([]store.Household, error) {
		rows, err := r.householdPage(ctx, q, n)
		if len(rows) > 0 {
			q.After = rows[len(rows)-1].ID
		}
		return rows, err
	}, fn)
}

func (r *reader) householdPage(ctx context.Context, q store.HouseholdQuery, n int) ([]store.Household, error) {
	var f filter
	f.and("area = %s", q.Area)
	if len(q.Villages) > 0 {
		f.and("village = ANY(%s)", q.Villages)
	}
	if q.PovertyStatus != "" {
		f.and("poverty_status = %s", q.PovertyStatus)
	}
	if q.SupportStatus != "" {
		f.and("support_status = %s", q.SupportStatus)
	}
	if q.DueBy != "" {
		f.and("due <= %s", q.DueBy)
	}
	if q.After != "" {
		f.and("id > %s", q.After)
	}
	if !q.IncludeGone {
		f.and("NOT gone")
	}
	limit := f.arg(n)
	return list(ctx, r, scanHousehold,
		`SELECT `+householdColumns+currentColumns+` FROM households`+f.text.String()+` ORDER BY id LIMIT `+limit, f.args...)
}

func scanAlias(row pgx.CollectableRow) (a store.Alias, err error) {
	err = row.Scan(&a.Kind, &a.Hash, &a.Area, &a.Household, &a.Person)
	return a, err
}

// What a load looks up by keys is looked up one by one, which LATERAL and OFFSET 0 make the
// planner do. Left to choose while a table is empty, it would read the whole of it, and go on
// so while a first load fills it, until the server next looks at the table.
const aliasesOf = `SELECT a.* FROM (SELECT DISTINCT unnest($2::bytea[]) AS of) u
	JOIN LATERAL (SELECT kind, hash, area, household, person FROM aliases WHERE kind = $1 AND hash = u.of OFFSET 0) a ON true
	ORDER BY hash`

func (r *reader) Aliases(ctx context.Context, kind string, hashes [][]byte) ([]store.Alias, error) {
	return list(ctx, r, scanAlias, aliasesOf, kind, hashes)
}

func (r *reader) Names(ctx context.Context, hash []byte, areas []string, limit int) ([]store.Alias, error) {
	var f filter
	f.and("hash = %s", hash)
	if areas != nil {
		f.and("area = ANY(%s)", areas)
	}
	query := `SELECT '', hash, area, household, person FROM names` + f.text.String() + ` ORDER BY household, person, area`
	if limit > 0 {
		query += ` LIMIT ` + f.arg(limit)
	}
	return list(ctx, r, scanAlias, query, f.args...)
}
