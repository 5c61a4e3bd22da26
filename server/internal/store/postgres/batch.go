package postgres

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const householdArrays = `unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
	$10::timestamptz[], $11::boolean[], $12::bytea[], $13::text[])
	u (id, revision, etag, village, poverty_status, support_status, actor, cause, time, gone, document, due)`

func householdArgs(area string, rows []store.Household) []any {
	return []any{
		area,
		column(rows, func(h store.Household) string { return h.ID }),
		column(rows, func(h store.Household) int64 { return h.Revision }),
		column(rows, func(h store.Household) string { return h.Etag }),
		column(rows, func(h store.Household) string { return h.Village }),
		column(rows, func(h store.Household) string { return h.PovertyStatus }),
		column(rows, func(h store.Household) string { return h.SupportStatus }),
		column(rows, func(h store.Household) string { return h.Actor }),
		column(rows, func(h store.Household) string { return h.Cause }),
		column(rows, func(h store.Household) time.Time { return h.Time }),
		column(rows, func(h store.Household) bool { return h.Gone }),
		column(rows, func(h store.Household) []byte { return h.Document }),
		column(rows, func(h store.Household) string { return h.Due }),
	}
}

// saveHouseholds locks those that exist in order of id, whether the caller has or not.
func (p *pipeline) saveHouseholds(b store.Batch) {
	var first, next []store.Household
	for _, h := range b.Households {
		if h.Revision == 1 {
			first = append(first, h)
		} else {
			next = append(next, h)
		}
	}
	if len(next) > 0 {
		p.some(`SELECT FROM households WHERE area = $1 AND id = ANY($2) ORDER BY id FOR UPDATE`,
			b.Area, column(next, func(h store.Household) string { return h.ID }))
		p.all(len(next), store.ErrStale, `UPDATE households h SET revision = u.revision, etag = u.etag, village = u.village,
			poverty_status = u.poverty_status, support_status = u.support_status, actor = u.actor, cause = u.cause,
			time = u.time, gone = u.gone, document = u.document, due = u.due FROM `+householdArrays+`
			WHERE h.area = $1 AND h.id = u.id AND h.revision = u.revision - 1`, householdArgs(b.Area, next)...)
	}
	if len(first) > 0 {
		p.all(len(first), store.ErrStale, `INSERT INTO households (`+householdColumns+`, document, due)
			SELECT $1, u.* FROM `+householdArrays+` ON CONFLICT DO NOTHING`, householdArgs(b.Area, first)...)
	}
	if len(b.Households) > 0 {
		p.some(`INSERT INTO household_revisions (`+householdColumns+`, document)
			SELECT $1, id, revision, etag, village, poverty_status, support_status, actor, cause, time, gone, document
			FROM `+householdArrays, householdArgs(b.Area, b.Households)...)
	}
}

// saveDues leaves alone what somebody has changed meanwhile.
func (p *pipeline) saveDues(b store.Batch) {
	if len(b.Dues) == 0 {
		return
	}
	p.some(`UPDATE households h SET due = u.due FROM unnest($2::text[], $3::bigint[], $4::text[]) u (id, revision, due)
		WHERE h.area = $1 AND h.id = u.id AND h.revision = u.revision`, b.Area,
		column(b.Dues, func(d store.Due) string { return d.Household }),
		column(b.Dues, func(d store.Due) int64 { return d.Revision }),
		column(b.Dues, func(d store.Due) string { return d.Day }))
}

const aliasArrays = `unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[]) u (kind, hash, area, household, person)`

func aliasArgs(rows []store.Alias) []any {
	return append([]any{column(rows, func(a store.Alias) string { return a.Kind })}, nameArgs(rows)...)
}

const nameArrays = `unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) u (hash, area, household, person)`

func nameArgs(rows []store.Alias) []any {
	return []any{
		column(rows, func(a store.Alias) []byte { return a.Hash }),
		column(rows, func(a store.Alias) string { return a.Area }),
		column(rows, func(a store.Alias) string { return a.Household }),
		column(rows, func(a store.Alias) string { return a.Person }),
	}
}

// saveAliases drops first, so that a batch can move an alias from one subject to another.
// What it sets is locked in sorted order; two batches that drop the same alias change the
// same household, and one of them waits there.
func (p *pipeline) saveAliases(b store.Batch) {
	if len(b.DropAliases) > 0 {
		p.some(`DELETE FROM aliases a USING `+aliasArrays+` WHERE a.kind = u.kind AND a.hash = u.hash
			AND a.area = u.area AND a.household = u.household AND a.person = u.person`, aliasArgs(b.DropAliases)...)
	}
	if len(b.SetAliases) > 0 {
		args := aliasArgs(b.SetAliases)
		p.some(`INSERT INTO aliases (kind, hash, area, household, person)
			SELECT u.* FROM `+aliasArrays+` ON CONFLICT DO NOTHING`, args...)
		p.batch.Queue(someTaken, args...).QueryRow(refuseTaken)
	}
	if len(b.DropNames) > 0 {
		p.some(`DELETE FROM names n USING `+nameArrays+` WHERE n.area = u.area AND n.hash = u.hash
			AND n.household = u.household AND n.person = u.person`, nameArgs(b.DropNames)...)
	}
	if len(b.SetNames) > 0 {
		p.some(`INSERT INTO names (hash, area, household, person)
			SELECT u.* FROM `+nameArrays+` ON CONFLICT DO NOTHING`, nameArgs(b.SetNames)...)
	}
}

// See aliasesOf.
const someTaken = `SELECT EXISTS (SELECT FROM ` + aliasArrays + ` LEFT JOIN LATERAL
	(SELECT area, household, person FROM aliases WHERE kind = u.kind AND hash = u.hash OFFSET 0) a ON true
	WHERE (a.area, a.household, a.person) IS DISTINCT FROM (u.area, u.household, u.person))`

func refuseTaken(row pgx.Row) error {
	var taken bool
	if err := row.Scan(&taken); err != nil {
		return err
	}
	if taken {
		return store.ErrTaken
	}
	return nil
}

const keyArrays = `unnest($2::text[], $3::text[], $4::text[], $5::text[], `

func keyArgs[T any](area string, rows []T, key func(T) store.Key) []any {
	return []any{
		area,
		column(rows, func(r T) string { return key(r).List }),
		column(rows, func(r T) string { return key(r).Village }),
		column(rows, func(r T) string { return key(r).Household }),
		column(rows, func(r T) string { return key(r).Person }),
	}
}

// saveRecords deletes first: a record may be deleted and another take its key.
func (p *pipeline) saveRecords(b store.Batch, number int64) {
	if len(b.Deletes) > 0 {
		args := keyArgs(b.Area, b.Deletes, func(d store.RecordDelete) store.Key { return d.Key })
		p.all(len(b.Deletes), store.ErrStale, `DELETE FROM records r
			USING `+keyArrays+`$6::bytea[]) u (list, village, household, person, hash) WHERE r.area = $1 AND r.list = u.list
			AND r.village = u.village AND r.household = u.household AND r.person = u.person AND r.hash = u.hash`,
			append(args, column(b.Deletes, func(d store.RecordDelete) []byte { return d.OldHash[:] }))...)
	}
	var inserts, updates []store.RecordUpsert
	for _, u := range b.Upserts {
		if u.Replaces {
			updates = append(updates, u)
		} else {
			inserts = append(inserts, u)
		}
	}
	if len(updates) > 0 {
		args := append(upsertArgs(b.Area, number, updates), column(updates, func(u store.RecordUpsert) []byte { return u.OldHash[:] }))
		p.all(len(updates), store.ErrStale, `UPDATE records r SET txn = $8, hash = u.hash, document = u.document
			FROM `+keyArrays+`$6::bytea[], $7::bytea[], $9::bytea[]) u (list, village, household, person, hash, document, old)
			WHERE r.area = $1 AND r.list = u.list AND r.village = u.village AND r.household = u.household AND r.person = u.person
			AND r.hash = u.old`, args...)
	}
	if len(inserts) > 0 {
		// Rows of a list that stand beside each other are read faster.
		slices.SortFunc(inserts, func(a, b store.RecordUpsert) int {
			return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Village, b.Village), cmp.Compare(a.Household, b.Household), cmp.Compare(a.Person, b.Person))
		})
		p.all(len(inserts), store.ErrStale, `INSERT INTO records (area, txn, list, village, household, person, hash, document)
			SELECT $1, $8, u.* FROM `+keyArrays+`$6::bytea[], $7::bytea[]) u ON CONFLICT DO NOTHING`,
			upsertArgs(b.Area, number, inserts)...)
	}
}

func upsertArgs(area string, number int64, rows []store.RecordUpsert) []any {
	return append(keyArgs(area, rows, func(u store.RecordUpsert) store.Key { return u.Key }),
		column(rows, func(u store.RecordUpsert) []byte { return u.Hash[:] }),
		column(rows, func(u store.RecordUpsert) []byte { return u.Document }),
		number)
}

func (p *pipeline) saveChanges(b store.Batch, number int64) {
	args := append(keyArgs(b.Area, b.Changes, func(c store.Change) store.Key { return c.Key }),
		column(b.Changes, func(c store.Change) string { return c.Op }),
		column(b.Changes, func(c store.Change) string { return c.FromVillage }),
		column(b.Changes, func(c store.Change) []byte { return c.Document }),
		number, b.Time, b.Cause)
	p.some(`INSERT INTO changes (area, txn, time, cause, ordinal, list, village, household, person, op, from_village, document)
		SELECT $1, $9, $10, $11, place - 1, list, village, household, person, op, from_village, document
		FROM `+keyArrays+`$6::text[], $7::text[], $8::bytea[]) WITH ORDINALITY
		u (list, village, household, person, op, from_village, document, place)`, args...)
}
