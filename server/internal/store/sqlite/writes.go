package sqlite

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// tx writes within one immediate transaction. There is no other writer, so whatever it
// reads stays true until its end.
type tx struct {
	reader
	order    store.LockOrder
	appended bool
}

// exec runs one write and gives the number of rows it has touched. It is not stopped half
// way when ctx ends: SQLite would roll the whole transaction back.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	s, err := t.conn.prepare(ctx, query)
	if err != nil {
		return 0, t.note(ctx, err)
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, t.note(ctx, err)
	}
	return result.RowsAffected()
}

// execOne is exec where touching no row means refused.
func (t *tx) execOne(ctx context.Context, refused error, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return refused
	}
	return err
}

func (t *tx) SetDerivedFor(ctx context.Context, area, day, catalogue string) error {
	_, err := t.exec(ctx, `INSERT INTO heads (area, last, oldest_kept, derived_for, catalogue) VALUES (?, 0, 1, ?, ?)
		ON CONFLICT (area) DO UPDATE SET derived_for = excluded.derived_for, catalogue = excluded.catalogue`, area, day, catalogue)
	return err
}

// SaveBlocks never overwrites bytes that were built later.
func (t *tx) SaveBlocks(ctx context.Context, blocks []store.Block) error {
	for _, b := range blocks {
		if _, err := t.exec(ctx, `INSERT INTO block_bytes (area, list, village, built, bytes)
			SELECT area, list, village, ?, ? FROM blocks WHERE area = ? AND list = ? AND village = ? AND txn <= ?
			ON CONFLICT (area, list, village) DO UPDATE SET built = excluded.built, bytes = excluded.bytes
			WHERE block_bytes.built <= excluded.built`, b.Transaction, b.Bytes, b.Area, b.List, b.Village, b.Transaction); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Purge(ctx context.Context, area string, oldestKept int64) error {
	if _, err := t.exec(ctx, `UPDATE heads SET oldest_kept = max(oldest_kept, min(?, last + 1)) WHERE area = ?`,
		oldestKept, area); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM changes WHERE area = ? AND txn < ?`, area, oldestKept)
	return err
}

func (t *tx) SetMeta(ctx context.Context, m store.Meta) error {
	_, err := t.exec(ctx, `INSERT INTO meta (id, epoch, catalogue, derivation) VALUES (1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, catalogue = excluded.catalogue, derivation = excluded.derivation`,
		m.Epoch, m.Catalogue, m.Derivation)
	return err
}

func (t *tx) SaveRequest(ctx context.Context, q store.Request) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO requests (agency, id, fingerprint, outcome, time) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, q.Agency, q.ID, q.Fingerprint, q.Outcome, q.Time.UnixMicro())
}

func (t *tx) PurgeRequests(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, `DELETE FROM requests WHERE time < ?`, before.UnixMicro())
	return err
}

func (t *tx) SaveCatalogue(ctx context.Context, c store.Catalogue) error {
	_, err := t.exec(ctx, `INSERT INTO catalogues (version, text, state, submitted_by, submitted_at, preview, activated_by, activated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (version) DO UPDATE SET state = excluded.state, preview = excluded.preview,
		activated_by = excluded.activated_by, activated_at = excluded.activated_at`,
		c.Version, c.Text, c.State, c.SubmittedBy, c.SubmittedAt.UnixMicro(), c.Preview, c.ActivatedBy, c.ActivatedAt.UnixMicro())
	return err
}

func (t *tx) SaveAgreement(ctx context.Context, a store.Agreement) error {
	_, err := t.exec(ctx, `INSERT INTO agreements (id, agency, from_date, until_date, document) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, from_date = excluded.from_date,
		until_date = excluded.until_date, document = excluded.document`, a.ID, a.Agency, a.From, a.Until, a.Document)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE meta SET agreements = hex(randomblob(16))`)
	return err
}

func (t *tx) SaveSubscription(ctx context.Context, s store.Subscription) error {
	const insert = `INSERT INTO subscriptions (agency, name, version, document, time) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (agency, name) DO UPDATE SET version = excluded.version, document = excluded.document, time = excluded.time`
	args := []any{s.Agency, s.Name, s.Version, s.Document, s.Time.UnixMicro()}
	switch {
	case s.Version <= 0:
		_, err := t.exec(ctx, insert, args...)
		return err
	case s.Version == 1:
		return t.execOne(ctx, store.ErrStale, insert+` WHERE subscriptions.version = 0`, args...)
	default:
		return t.execOne(ctx, store.ErrStale, `UPDATE subscriptions SET version = ?3, document = ?4, time = ?5
			WHERE agency = ?1 AND name = ?2 AND version = ?3 - 1`, args...)
	}
}

func (t *tx) DeleteSubscription(ctx context.Context, agency, name string) error {
	_, err := t.exec(ctx, `DELETE FROM subscriptions WHERE agency = ? AND name = ?`, agency, name)
	return err
}

func (t *tx) SaveIntent(ctx context.Context, i store.Intent) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO intents (id, kind, area, document, time) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, i.ID, i.Kind, i.Area, i.Document, i.Time.UnixMicro())
}

func (t *tx) DeleteIntent(ctx context.Context, id string) error {
	_, err := t.exec(ctx, `DELETE FROM intents WHERE id = ?`, id)
	return err
}
