package sqlite

import (
	"context"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/store"
)

const recordColumns = `area, list, village, household, person, txn, hash, document`

func scanRecord(row scanner) (r store.Record, err error) {
	var hash []byte
	err = row.Scan(&r.Area, &r.List, &r.Village, &r.Household, &r.Person, &r.Transaction, &hash, &r.Document)
	copy(r.Hash[:], hash)
	return r, err
}

func (r *reader) HouseholdRecords(ctx context.Context, area string, households []string) ([]store.Record, error) {
	var all []store.Record
	for _, household := range sorted(households) {
		records, err := list(ctx, r, scanRecord, `SELECT `+recordColumns+` FROM records
			WHERE area = ? AND household = ? ORDER BY list, person, village`, area, household)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

func (r *reader) WithRecords(ctx context.Context, of []store.Alias, lists []string) (rows []store.Household, records []store.Record, err error) {
	ids, persons := map[string][]string{}, map[string]bool{"": true} // by area
	for _, a := range of {
		ids[a.Area] = append(ids[a.Area], a.Household)
		persons[a.Person] = true
	}
	for _, area := range slices.Sorted(maps.Keys(ids)) {
		some, err := r.current(ctx, area, sorted(ids[area]))
		if err != nil {
			return nil, nil, err
		}
		all, err := r.HouseholdRecords(ctx, area, ids[area])
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, some...)
		records = append(records, slices.DeleteFunc(all, func(rec store.Record) bool {
			return !persons[rec.Person] || lists != nil && !slices.Contains(lists, rec.List)
		})...)
	}
	return rows, records, nil
}

func (r *reader) Records(ctx context.Context, q store.RecordQuery, fn func(store.Record) error) error {
	var f filter
	f.and("area = ?", q.Area)
	f.and("list = ?", q.List)
	if q.Villages != nil {
		f.in("village", q.Villages)
	}
	if after := q.After; after.Village != "" {
		f.and("(village, household, person) > (?, ?, ?)", after.Village, after.Household, after.Person)
	}
	limit := f.limit(q.Limit)
	return each(ctx, r, fn, scanRecord, `SELECT `+recordColumns+` FROM records`+f.text.String()+
		` ORDER BY village, household, person`+limit, f.args...)
}

// Villages implements store.Reader.
func (r *reader) Villages(ctx context.Context, area, list string, villages []string, fn func(store.Record) error) error {
	if len(villages) == 0 {
		return nil
	}
	return r.Records(ctx, store.RecordQuery{Area: area, List: list, Villages: villages}, func(rec store.Record) error {
		rec.Hash = [16]byte{}
		return fn(rec)
	})
}

func scanBlock(row scanner) (b store.Block, err error) {
	var digest []byte
	err = row.Scan(&b.Area, &b.List, &b.Village, &b.Transaction, &b.Count, &digest, &b.Built, &b.Bytes)
	copy(b.Digest[:], digest)
	return b, err
}

func (r *reader) Blocks(ctx context.Context, q store.BlockQuery, fn func(store.Block) error) error {
	var f filter
	f.and("area = ?", q.Area)
	f.and("count > 0")
	if q.Lists != nil {
		f.in("list", q.Lists)
	}
	if q.Villages != nil {
		f.in("village", q.Villages)
	}
	if q.AfterList != "" {
		f.and("(list, village) > (?, ?)", q.AfterList, q.AfterVillage)
	}
	columns, join := "0, NULL", ""
	if q.Bytes {
		columns, join = "coalesce(built, 0), bytes", " LEFT JOIN block_bytes USING (area, list, village)"
	}
	limit := f.limit(q.Limit)
	return each(ctx, r, fn, scanBlock, `SELECT area, list, village, txn, count, digest, `+columns+
		` FROM blocks`+join+f.text.String()+` ORDER BY list, village`+limit, f.args...)
}

func scanChange(row scanner) (c store.Change, err error) {
	var at int64
	err = row.Scan(&c.Area, &c.Transaction, &c.Ordinal, &at, &c.Cause, &c.Op, &c.List, &c.Village,
		&c.Household, &c.Person, &c.FromVillage, &c.Document)
	c.Time = micros(at)
	return c, err
}

func (r *reader) Changes(ctx context.Context, q store.ChangeQuery, fn func(store.Change) error) error {
	var f filter
	f.and("area = ?", q.Area)
	f.and("txn > ?", q.After)
	if q.UpTo != 0 {
		f.and("txn <= ?", q.UpTo)
	}
	if q.Lists != nil {
		f.in("list", q.Lists)
	}
	if q.Households != nil {
		f.in("household", q.Households)
	}
	return each(ctx, r, fn, scanChange, `SELECT area, txn, ordinal, time, cause, op, list, village, household, person, from_village, document
		FROM changes`+f.text.String()+` ORDER BY txn, ordinal`, f.args...)
}
