package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

// blockPage is how many blocks are fetched at a time with their bytes, tens of kilobytes each.
const blockPage = 32

const recordColumns = `area, list, village, household, person, txn, hash, document`

func scanRecord(row pgx.CollectableRow) (r store.Record, err error) {
	var hash []byte
	err = row.Scan(&r.Area, &r.List, &r.Village, &r.Household, &r.Person, &r.Transaction, &hash, &r.Document)
	copy(r.Hash[:], hash)
	return r, err
}

func (r *reader) HouseholdRecords(ctx context.Context, area string, households []string) ([]store.Record, error) {
	return list(ctx, r, scanRecord, `SELECT `+recordColumns+` FROM records
		WHERE area = $1 AND household = ANY($2) ORDER BY household, list, person, village`, area, households)
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

func (r *reader) recordPage(ctx context.Context, q store.RecordQuery, n int) ([]store.Record, error) {
	var f filter
	f.and("area = %s", q.Area)
	f.and("list = %s", q.List)
	if q.Village != "" {
		f.and("village = %s", q.Village)
	}
	if after := q.After; after.Village != "" {
		f.and("(village, household, person) > (%s, %s, %s)", after.Village, after.Household, after.Person)
	}
	limit := f.arg(n)
	return list(ctx, r, scanRecord, `SELECT `+recordColumns+` FROM records`+f.text.String()+
		` ORDER BY village, household, person LIMIT `+limit, f.args...)
}

func scanBlock(row pgx.CollectableRow) (b store.Block, err error) {
	var digest []byte
	err = row.Scan(&b.Area, &b.List, &b.Village, &b.Transaction, &b.Count, &digest, &b.Built, &b.Bytes)
	copy(b.Digest[:], digest)
	return b, err
}

func (r *reader) Blocks(ctx context.Context, q store.BlockQuery, fn func(store.Block) error) error {
	size := page
	if q.Bytes {
		size = blockPage
	}
	return pages(q.Limit, size, func(n int) ([]store.Block, error) {
		rows, err := r.blockPage(ctx, q, n)
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			q.AfterList, q.AfterVillage = last.List, last.Village
		}
		return rows, err
	}, fn)
}

func (r *reader) blockPage(ctx context.Context, q store.BlockQuery, n int) ([]store.Block, error) {
	var f filter
	f.and("area = %s", q.Area)
	f.and("count > 0")
	if q.Lists != nil {
		f.and("list = ANY(%s)", q.Lists)
	}
	if q.Villages != nil {
		f.and("village = ANY(%s)", q.Villages)
	}
	if q.AfterList != "" {
		f.and("(list, village) > (%s, %s)", q.AfterList, q.AfterVillage)
	}
	bytes := "NULL::bytea"
	if q.Bytes {
		bytes = "bytes"
	}
	limit := f.arg(n)
	return list(ctx, r, scanBlock, `SELECT area, list, village, txn, count, digest, coalesce(built, 0), `+bytes+`
		FROM blocks LEFT JOIN block_bytes USING (area, list, village)`+f.text.String()+` ORDER BY list, village LIMIT `+limit, f.args...)
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
	limit := f.arg(n)
	return list(ctx, r, scanChange, `SELECT area, txn, ordinal, time, cause, op, list, village, household, person, from_village, document
		FROM changes`+f.text.String()+` ORDER BY txn, ordinal LIMIT `+limit, f.args...)
}
