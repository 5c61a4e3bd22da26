package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/store"
)

var errAppended = errors.New("sqlite: a second Append in one Update")

// LockHouseholds only reads: the transaction has locked the file. It keeps to the order
// all the same, so that what works here works on every engine.
func (t *tx) LockHouseholds(ctx context.Context, area string, ids []string) ([]store.Household, error) {
	ids, err := t.order.Next(area, ids)
	if err != nil {
		return nil, err
	}
	return t.current(ctx, area, ids)
}

// Append implements store.Tx. After a failed one nothing of the Update can be committed.
func (t *tx) Append(ctx context.Context, b store.Batch) (int64, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	number, err := t.append(ctx, b)
	if err != nil {
		t.failed = err
		return 0, err
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
	if err := t.saveHouseholds(ctx, b.Households); err != nil {
		return 0, err
	}
	if err := t.saveDues(ctx, b); err != nil {
		return 0, err
	}
	if err := t.saveAliases(ctx, b); err != nil {
		return 0, err
	}
	if len(b.Changes) == 0 {
		return 0, nil
	}
	number, err := t.nextNumber(ctx, b.Area)
	if err != nil {
		return 0, err
	}
	if err := t.saveRecords(ctx, b, number); err != nil {
		return 0, err
	}
	if err := t.saveChanges(ctx, b, number); err != nil {
		return 0, err
	}
	return number, t.touchBlocks(ctx, b, number)
}

func (t *tx) saveHouseholds(ctx context.Context, households []store.Household) error {
	for _, h := range households {
		args := []any{h.Area, h.ID, h.Revision, h.Etag, h.Village, h.PovertyStatus, h.SupportStatus,
			h.Actor, h.Cause, h.Time.UnixMicro(), h.Gone, h.Document}
		save := `UPDATE households SET revision = ?3, etag = ?4, village = ?5, poverty_status = ?6, support_status = ?7,
			actor = ?8, cause = ?9, time = ?10, gone = ?11, document = ?12, due = ?13 WHERE area = ?1 AND id = ?2 AND revision = ?3 - 1`
		if h.Revision == 1 {
			save = `INSERT INTO households (` + householdColumns + `, document, due)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
		}
		if err := t.execOne(ctx, store.ErrStale, save, append(args, h.Due)...); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO household_revisions (`+householdColumns+`, document)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// saveDues leaves alone what somebody has changed meanwhile.
func (t *tx) saveDues(ctx context.Context, b store.Batch) error {
	for _, d := range b.Dues {
		if _, err := t.exec(ctx, `UPDATE households SET due = ? WHERE area = ? AND id = ? AND revision = ?`,
			d.Day, b.Area, d.Household, d.Revision); err != nil {
			return err
		}
	}
	return nil
}

// saveAliases drops first, so that a batch can move an alias from one subject to another.
func (t *tx) saveAliases(ctx context.Context, b store.Batch) error {
	for _, a := range b.DropAliases {
		if _, err := t.exec(ctx, `DELETE FROM aliases WHERE kind = ? AND hash = ? AND area = ? AND household = ? AND person = ?`,
			a.Kind, a.Hash, a.Area, a.Household, a.Person); err != nil {
			return err
		}
	}
	for _, a := range b.SetAliases {
		if err := t.execOne(ctx, store.ErrTaken, `INSERT INTO aliases (kind, hash, area, household, person) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (kind, hash) DO UPDATE SET area = excluded.area WHERE aliases.area = excluded.area
			AND aliases.household = excluded.household AND aliases.person = excluded.person`,
			a.Kind, a.Hash, a.Area, a.Household, a.Person); err != nil {
			return err
		}
	}
	for _, n := range b.DropNames {
		if _, err := t.exec(ctx, `DELETE FROM names WHERE area = ? AND hash = ? AND household = ? AND person = ?`,
			n.Area, n.Hash, n.Household, n.Person); err != nil {
			return err
		}
	}
	for _, n := range b.SetNames {
		if _, err := t.exec(ctx, `INSERT INTO names (area, hash, household, person) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			n.Area, n.Hash, n.Household, n.Person); err != nil {
			return err
		}
	}
	return nil
}

func scanInt(row scanner) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

func (t *tx) nextNumber(ctx context.Context, area string) (int64, error) {
	if _, err := t.exec(ctx, `INSERT INTO heads (area, last, oldest_kept, derived_for, catalogue) VALUES (?, 1, 1, '', '')
		ON CONFLICT (area) DO UPDATE SET last = last + 1`, area); err != nil {
		return 0, err
	}
	return one(ctx, &t.reader, scanInt, `SELECT last FROM heads WHERE area = ?`, area)
}

// saveRecords deletes first: a record may be deleted and another take its key.
func (t *tx) saveRecords(ctx context.Context, b store.Batch, number int64) error {
	for _, d := range b.Deletes {
		if err := t.execOne(ctx, store.ErrStale, `DELETE FROM records
			WHERE area = ? AND list = ? AND village = ? AND household = ? AND person = ? AND hash = ?`,
			b.Area, d.List, d.Village, d.Household, d.Person, d.OldHash[:]); err != nil {
			return err
		}
	}
	for _, u := range b.Upserts {
		save := `INSERT INTO records (` + recordColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
		args := []any{b.Area, u.List, u.Village, u.Household, u.Person, number, u.Hash[:], u.Document}
		if u.Replaces {
			save = `UPDATE records SET txn = ?6, hash = ?7, document = ?8
				WHERE area = ?1 AND list = ?2 AND village = ?3 AND household = ?4 AND person = ?5 AND hash = ?9`
			args = append(args, u.OldHash[:])
		}
		if err := t.execOne(ctx, store.ErrStale, save, args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveChanges(ctx context.Context, b store.Batch, number int64) error {
	for i, c := range b.Changes {
		if _, err := t.exec(ctx, `INSERT INTO changes (area, txn, ordinal, time, cause, op, list, village, household, person, from_village, document)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, b.Area, number, i, b.Time.UnixMicro(), b.Cause,
			c.Op, c.List, c.Village, c.Household, c.Person, c.FromVillage, c.Document); err != nil {
			return err
		}
	}
	return nil
}

func scanSum(row scanner) (b store.Block, err error) {
	var digest []byte
	err = row.Scan(&b.Count, &digest)
	copy(b.Digest[:], digest)
	return b, err
}

// touchBlocks makes the blocks' bytes stale by moving their transaction ahead of Built.
func (t *tx) touchBlocks(ctx context.Context, b store.Batch, number int64) error {
	for _, d := range b.BlockDeltas() {
		sum, err := one(ctx, &t.reader, scanSum,
			`SELECT count, digest FROM blocks WHERE area = ? AND list = ? AND village = ?`, b.Area, d.List, d.Village)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		digest := store.AddHash(sum.Digest, d.Digest)
		if _, err := t.exec(ctx, `INSERT INTO blocks (area, list, village, txn, count, digest) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (area, list, village) DO UPDATE SET txn = excluded.txn, count = excluded.count, digest = excluded.digest`,
			b.Area, d.List, d.Village, number, sum.Count+d.Count, digest[:]); err != nil {
			return fmt.Errorf("sqlite: block: %w", err)
		}
	}
	return nil
}
