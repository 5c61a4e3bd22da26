package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/server/internal/store"
)

var errAppended = errors.New("postgres: a second Append in one Update")

// LockHouseholds implements store.Tx. Rows are locked after they are sorted.
func (t *tx) LockHouseholds(ctx context.Context, area string, ids []string) ([]store.Household, error) {
	ids, err := t.order.Next(area, ids)
	if err != nil {
		return nil, err
	}
	return list(ctx, &t.reader, scanHousehold, `SELECT `+householdColumns+currentColumns+` FROM households
		WHERE area = $1 AND id = ANY($2) ORDER BY id FOR UPDATE`, area, ids)
}

// Append implements store.Tx in two round trips: what must be locked, then what the
// area's head guards. After a failed one nothing of the Update can be committed.
func (t *tx) Append(ctx context.Context, b store.Batch) (int64, error) {
	number, err := t.append(ctx, b)
	if err != nil {
		return 0, t.note(err)
	}
	return number, nil
}

func (t *tx) append(ctx context.Context, b store.Batch) (int64, error) {
	if t.appended {
		return 0, errAppended
	}
	t.appended = true
	b, err := b.Prepared()
	if err != nil {
		return 0, err
	}
	first, second := &pipeline{}, &pipeline{}
	first.saveHouseholds(b)
	first.saveDues(b)
	first.saveAliases(b)
	if len(b.Changes) == 0 {
		return 0, first.send(ctx, t.open)
	}
	var number int64
	deltas := b.BlockDeltas()
	sums := make([]store.Block, len(deltas))
	first.nextNumber(b.Area, &number)
	first.readBlocks(b.Area, deltas, sums)
	if err := first.send(ctx, t.open); err != nil {
		return 0, err
	}
	second.saveRecords(b, number)
	second.saveChanges(b, number)
	second.saveBlocks(b.Area, deltas, sums, number)
	return number, second.send(ctx, t.open)
}

// pipeline collects statements that are sent together and run in order.
type pipeline struct{ batch pgx.Batch }

// all adds a statement that must touch n rows; otherwise it is refused.
func (p *pipeline) all(n int, refused error, query string, args ...any) {
	p.batch.Queue(query, args...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != int64(n) {
			return refused
		}
		return nil
	})
}

// some adds a statement that may touch any number of rows.
func (p *pipeline) some(query string, args ...any) { p.batch.Queue(query, args...) }

func (p *pipeline) send(ctx context.Context, open pgx.Tx) error {
	if p.batch.Len() == 0 {
		return nil
	}
	return open.SendBatch(ctx, &p.batch).Close()
}

// column is one field of many rows: what is written goes as arrays that unnest turns into
// rows again, so that a thousand of them are one statement.
func column[T, V any](rows []T, field func(T) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = field(row)
	}
	return values
}

// nextNumber locks the head, waiting for a transaction that holds it, and counts on. A new
// area's head is locked by its key.
func (p *pipeline) nextNumber(area string, number *int64) {
	p.batch.Queue(`INSERT INTO heads (area, last, oldest_kept, derived_for, catalogue) VALUES ($1, 1, 1, '', '')
		ON CONFLICT (area) DO UPDATE SET last = heads.last + 1 RETURNING last`, area).QueryRow(func(row pgx.Row) error {
		return row.Scan(number)
	})
}

// See aliasesOf.
const blockSums = `SELECT place, count, digest FROM unnest($2::text[], $3::text[]) WITH ORDINALITY u (of, at, place)
	JOIN LATERAL (SELECT count, digest FROM blocks WHERE area = $1 AND list = u.of AND village = u.at OFFSET 0) b ON true`

// readBlocks reads the sums of the blocks that are about to change, in the order of their
// deltas. The head is locked by now, so nobody else changes them.
func (p *pipeline) readBlocks(area string, deltas []store.BlockDelta, sums []store.Block) {
	if len(deltas) == 0 {
		return
	}
	p.batch.Queue(blockSums, area, column(deltas, blockList), column(deltas, blockVillage)).Query(func(rows pgx.Rows) error {
		var place, count int64
		var digest []byte
		_, err := pgx.ForEachRow(rows, []any{&place, &count, &digest}, func() error {
			sums[place-1].Count = count
			copy(sums[place-1].Digest[:], digest)
			return nil
		})
		return err
	})
}

// saveBlocks makes the blocks' bytes stale by moving their transaction ahead of Built.
func (p *pipeline) saveBlocks(area string, deltas []store.BlockDelta, sums []store.Block, number int64) {
	if len(deltas) == 0 {
		return
	}
	counts, digests := make([]int64, len(deltas)), make([][]byte, len(deltas))
	for i, d := range deltas {
		digest := store.AddHash(sums[i].Digest, d.Digest)
		counts[i], digests[i] = sums[i].Count+d.Count, digest[:]
	}
	p.some(`INSERT INTO blocks (area, list, village, txn, count, digest)
		SELECT $1, list, village, $2, count, digest FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bytea[]) u (list, village, count, digest)
		ON CONFLICT (area, list, village) DO UPDATE SET txn = excluded.txn, count = excluded.count, digest = excluded.digest`,
		area, number, column(deltas, blockList), column(deltas, blockVillage), counts, digests)
}

func blockList(d store.BlockDelta) string    { return d.List }
func blockVillage(d store.BlockDelta) string { return d.Village }
