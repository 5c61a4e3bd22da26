package postgres

import (
	"context"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bangfuhub/hub/server/internal/store"
)

const recordColumns = `area, list, village, household, person, txn, hash, document`

func scanRecord(row pgx.CollectableRow) (r store.Record, err error) {
	var hash []byte
	err = row.Scan(&r.Area, &r.List, &r.Village, &r.Household, &r.Person, &r.Transaction, &hash, &r.Document)
	copy(r.Hash[:], hash)
	return r, err
}

// See aliasesOf.
const householdRecords = `SELECT ` + recordColumns + ` FROM (SELECT DISTINCT unnest($2::text[]) AS of) u
	JOIN LATERAL (SELECT * FROM records WHERE area = $1 AND household = u.of OFFSET 0) r ON true
	ORDER BY household, list, person, village`

func (r *reader) HouseholdRecords(ctx context.Context, area string, households []string) ([]store.Record, error) {
	return list(ctx, r, scanRecord, householdRecords, area, households)
}

func (r *reader) Records(ctx context.Context, q store.RecordQuery, fn func(store.Record) error) error {
	return pages(q.Limit, page, func(n int) ([]store.Record, error) {
		rows, err := r.recordPage(ctx, q, n)
		if len(rows) > 0 {
			q.After = rows[len(rows)-1].Key
		}
		return rows, err
	}, fn)
}

// recordPage asks village by village where some are given: only then does the key's index
// give the rows in order, so that a page costs what it holds.
func (r *reader) recordPage(ctx context.Context, q store.RecordQuery, n int) ([]store.Record, error) {
	var f filter
	f.and("area = %s", q.Area)
	f.and("list = %s", q.List)
	if after := q.After; after.Village != "" {
		f.and("(village, household, person) > (%s, %s, %s)", after.Village, after.Household, after.Person)
	}
	from, order := "records"+f.text.String(), "village"
	if q.Villages != nil {
		villages := slices.Sorted(slices.Values(q.Villages))
		villages = slices.DeleteFunc(slices.Compact(villages), func(v string) bool { return v < q.After.Village })
		from = "unnest(" + f.arg(villages) + "::text[]) WITH ORDINALITY v (of, place)" +
			" JOIN LATERAL (SELECT * FROM records" + f.text.String() + " AND village = v.of) r ON true"
		order = "place"
	}
	var hash pgtype.DriverBytes
	return list(ctx, r, func(row pgx.CollectableRow) (store.Record, error) {
		rec := store.Record{Area: q.Area, Key: store.Key{List: q.List}}
		err := row.Scan(&rec.Village, &rec.Household, &rec.Person, &rec.Transaction, &hash, &rec.Document)
		copy(rec.Hash[:], hash)
		return rec, err
	}, `SELECT village, household, person, txn, hash, document FROM `+from+
		` ORDER BY `+order+`, household, person LIMIT `+f.arg(n), f.args...)
}

// scanBlock leaves the bytes where the driver has them.
func scanBlock(row pgx.CollectableRow) (b store.Block, err error) {
	var digest, bytes pgtype.DriverBytes
	err = row.Scan(&b.Area, &b.List, &b.Village, &b.Transaction, &b.Count, &digest, &b.Built, &bytes)
	copy(b.Digest[:], digest)
	b.Bytes = bytes
	return b, err
}

// Blocks asks list by list: only then does the key's index give the rows in order, so
// that a page costs what it holds and not what the area holds.
func (r *reader) Blocks(ctx context.Context, q store.BlockQuery, fn func(store.Block) error) error {
	lists, err := r.blockLists(ctx, q)
	if err != nil {
		return err
	}
	left := q.Limit
	for _, list := range lists {
		after := ""
		if list == q.AfterList {
			after = q.AfterVillage
		}
		given := func(b store.Block) error {
			left--
			return fn(b)
		}
		if q.Bytes {
			query, args := blockQuery(q, list, after, left)
			err = each(ctx, r, scanBlock, given, query, args...)
		} else {
			err = pages(left, page, func(n int) ([]store.Block, error) {
				rows, err := r.blockPage(ctx, q, list, after, n)
				if len(rows) > 0 {
					after = rows[len(rows)-1].Village
				}
				return rows, err
			}, given)
		}
		if err != nil || (q.Limit > 0 && left == 0) {
			return err
		}
	}
	return nil
}

// blockLists gives the lists to read, in order, from AfterList on.
func (r *reader) blockLists(ctx context.Context, q store.BlockQuery) ([]string, error) {
	lists := slices.Sorted(slices.Values(q.Lists))
	if q.Lists == nil {
		var err error
		lists, err = list(ctx, r, pgx.RowTo[string], `SELECT DISTINCT list FROM blocks WHERE area = $1 ORDER BY list`, q.Area)
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Compact(lists), func(l string) bool { return l < q.AfterList }), nil
}

func (r *reader) blockPage(ctx context.Context, q store.BlockQuery, ofList, after string, n int) ([]store.Block, error) {
	query, args := blockQuery(q, ofList, after, n)
	return list(ctx, r, scanBlock, query, args...)
}

// blockQuery asks for n blocks of a list; 0: all.
func blockQuery(q store.BlockQuery, ofList, after string, n int) (query string, args []any) {
	var f filter
	f.and("area = %s", q.Area)
	f.and("list = %s", ofList)
	f.and("count > 0")
	if q.Villages != nil {
		f.and("village = ANY(%s)", q.Villages)
	}
	if after != "" {
		f.and("village > %s", after)
	}
	columns, join := "0, NULL::bytea", ""
	if q.Bytes {
		// OFFSET 0 keeps the planner from reading all bytes of the area for a few.
		columns = "coalesce(built, 0), bytes"
		join = ` LEFT JOIN LATERAL (SELECT built, bytes FROM block_bytes AS x
			WHERE x.area = b.area AND x.list = b.list AND x.village = b.village OFFSET 0) AS x ON true`
	}
	query = `SELECT area, list, village, txn, count, digest, ` + columns + ` FROM blocks AS b` + join + f.text.String() + ` ORDER BY village`
	if n > 0 {
		query += ` LIMIT ` + f.arg(n)
	}
	return query, f.args
}

func scanChange(row pgx.CollectableRow) (c store.Change, err error) {
	err = row.Scan(&c.Area, &c.Transaction, &c.Ordinal, &c.Time, &c.Cause, &c.Op, &c.List, &c.Village,
		&c.Household, &c.Person, &c.FromVillage, &c.Document)
	c.Time = c.Time.UTC()
	return c, err
}

func (r *reader) Changes(ctx context.Context, q store.ChangeQuery, fn func(store.Change) error) error {
	ordinal := math.MaxInt32 // after the whole of q.After
	return pages(0, page, func(n int) ([]store.Change, error) {
		rows, err := r.changePage(ctx, q, ordinal, n)
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			q.After, ordinal = last.Transaction, last.Ordinal
		}
		return rows, err
	}, fn)
}

func (r *reader) changePage(ctx context.Context, q store.ChangeQuery, ordinal, n int) ([]store.Change, error) {
	var f filter
	f.and("area = %s", q.Area)
	f.and("(txn, ordinal) > (%s, %s)", q.After, ordinal)
	if q.UpTo != 0 {
		f.and("txn <= %s", q.UpTo)
	}
	if q.Lists != nil {
		f.and("list = ANY(%s)", q.Lists)
	}
	if q.Households != nil {
		f.and("household = ANY(%s)", q.Households)
	}
	limit := f.arg(n)
	return list(ctx, r, scanChange, `SELECT area, txn, ordinal, time, cause, op, list, village, household, person, from_village, document
		FROM changes`+f.text.String()+` ORDER BY txn, ordinal LIMIT `+limit, f.args...)
}
