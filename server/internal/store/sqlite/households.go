package sqlite

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

const householdColumns = `area, id, revision, etag, village, poverty_status, support_status, actor, cause, time, gone`

// What is read has these columns after householdColumns, and the document where it is wanted.
const (
	currentColumns  = `, due`
	revisionColumns = `, ''`
)

func scanHousehold(row scanner) (store.Household, error) {
	var document []byte
	h, err := scanHouseholdWith(row, &document)
	h.Document = document
	return h, err
}

func scanHouseholdHeader(row scanner) (store.Household, error) { return scanHouseholdWith(row) }

func scanHouseholdWith(row scanner, more ...any) (h store.Household, err error) {
	var at int64
	err = row.Scan(append([]any{&h.Area, &h.ID, &h.Revision, &h.Etag, &h.Village, &h.PovertyStatus,
		&h.SupportStatus, &h.Actor, &h.Cause, &at, &h.Gone, &h.Due}, more...)...)
	h.Time = micros(at)
	return h, err
}

func (r *reader) Household(ctx context.Context, area, id string) (store.Household, error) {
	return one(ctx, r, scanHousehold,
		`SELECT `+householdColumns+currentColumns+`, document FROM households WHERE area = ? AND id = ?`, area, id)
}

// current gives the current states in the order of the ids, missing ones left out.
func (r *reader) current(ctx context.Context, area string, ids []string) ([]store.Household, error) {
	var found []store.Household
	for _, id := range ids {
		h, err := r.Household(ctx, area, id)
		switch {
		case err == nil:
			found = append(found, h)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}

func (r *reader) Revision(ctx context.Context, area, id string, revision int64, at time.Time) (store.Household, error) {
	const query = `SELECT ` + householdColumns + revisionColumns + `, document FROM household_revisions WHERE area = ? AND id = ?`
	if revision > 0 {
		return one(ctx, r, scanHousehold, query+` AND revision <= ? ORDER BY revision DESC LIMIT 1`, area, id, revision)
	}
	return one(ctx, r, scanHousehold, query+` AND time <= ? ORDER BY revision DESC LIMIT 1`, area, id, at.UnixMicro())
}

func (r *reader) Revisions(ctx context.Context, area, id string) ([]store.Household, error) {
	return list(ctx, r, scanHouseholdHeader,
		`SELECT `+householdColumns+revisionColumns+` FROM household_revisions WHERE area = ? AND id = ? ORDER BY revision DESC`, area, id)
}

func (r *reader) Households(ctx context.Context, q store.HouseholdQuery, fn func(store.Household) error) error {
	var f filter
	f.and("area = ?", q.Area)
	if len(q.Villages) > 0 {
		f.in("village", q.Villages)
	}
	if q.PovertyStatus != "" {
		f.and("poverty_status = ?", q.PovertyStatus)
	}
	if q.SupportStatus != "" {
		f.and("support_status = ?", q.SupportStatus)
	}
	if q.DueBy != "" {
		f.and("due <= ?", q.DueBy)
	}
	if q.After != "" {
		f.and("id > ?", q.After)
	}
	if !q.IncludeGone {
		f.and("gone = 0")
	}
	limit := f.limit(q.Limit)
	return each(ctx, r, fn, scanHousehold,
		`SELECT `+householdColumns+currentColumns+`, document FROM households`+f.text.String()+` ORDER BY id`+limit, f.args...)
}

func scanAlias(row scanner) (a store.Alias, err error) {
	err = row.Scan(&a.Kind, &a.Hash, &a.Area, &a.Household, &a.Person)
	return a, err
}

func (r *reader) Aliases(ctx context.Context, kind string, hashes [][]byte) ([]store.Alias, error) {
	hashes = slices.SortedFunc(slices.Values(hashes), bytes.Compare)
	hashes = slices.CompactFunc(hashes, bytes.Equal)
	var found []store.Alias
	for _, hash := range hashes {
		a, err := one(ctx, r, scanAlias,
			`SELECT kind, hash, area, household, person FROM aliases WHERE kind = ? AND hash = ?`, kind, hash)
		switch {
		case err == nil:
			found = append(found, a)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}

func (r *reader) Names(ctx context.Context, hash []byte, areas []string, limit int) ([]store.Alias, error) {
	var f filter
	f.and("hash = ?", hash)
	if areas != nil {
		f.in("area", areas)
	}
	bound := f.limit(limit)
	return list(ctx, r, scanAlias, `SELECT '', hash, area, household, person FROM names`+f.text.String()+
		` ORDER BY household, person, area`+bound, f.args...)
}
