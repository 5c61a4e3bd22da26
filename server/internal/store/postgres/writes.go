package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

// tx writes within one READ COMMITTED transaction.
type tx struct {
	reader
	open     pgx.Tx
	order    store.LockOrder
	appended bool
}

// exec runs one write and gives the number of rows it has touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.open.Exec(ctx, query, args...)
	return tag.RowsAffected(), t.note(err)
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
	_, err := t.exec(ctx, `INSERT INTO heads (area, last, oldest_kept, derived_for, catalogue) VALUES ($1, 0, 1, $2, $3)
		ON CONFLICT (area) DO UPDATE SET derived_for = excluded.derived_for, catalogue = excluded.catalogue`, area, day, catalogue)
	return err
}

// SaveBlocks never overwrites bytes that were built later. It locks nothing that Append
// locks: where a transaction commits meanwhile, Built is older than that, which is stale.
// Of two readers that save the same blocks one waits for the other at the first.
// The bytes go as one argument: an array of them would be copied as often as it doubles.
func (t *tx) SaveBlocks(ctx context.Context, blocks []store.Block) error {
	at, end := make([]int, len(blocks)), 0
	for i, b := range blocks {
		at[i], end = end+1, end+len(b.Bytes) // substring counts from 1
	}
	_, err := t.exec(ctx, `INSERT INTO block_bytes (area, list, village, built, bytes)
		SELECT area, list, village, u.built, substring($7::bytea FROM u.at FOR u.size)
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[]) u (area, list, village, built, at, size)
		JOIN blocks USING (area, list, village) WHERE txn <= u.built ORDER BY area, list, village
		ON CONFLICT (area, list, village) DO UPDATE SET built = excluded.built, bytes = excluded.bytes
		WHERE block_bytes.built <= excluded.built`,
		column(blocks, func(b store.Block) string { return b.Area }),
		column(blocks, func(b store.Block) string { return b.List }),
		column(blocks, func(b store.Block) string { return b.Village }),
		column(blocks, func(b store.Block) int64 { return b.Transaction }), at,
		column(blocks, func(b store.Block) int { return len(b.Bytes) }),
		slices.Concat(column(blocks, func(b store.Block) []byte { return b.Bytes })...))
	return err
}

func (t *tx) Purge(ctx context.Context, area string, oldestKept int64) error {
	if _, err := t.exec(ctx, `UPDATE heads SET oldest_kept = greatest(oldest_kept, least($1, last + 1)) WHERE area = $2`,
		oldestKept, area); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM changes WHERE area = $1 AND txn < $2`, area, oldestKept)
	return err
}

func (t *tx) SetMeta(ctx context.Context, m store.Meta) error {
	_, err := t.exec(ctx, `INSERT INTO meta (id, epoch, catalogue, derivation) VALUES (1, $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, catalogue = excluded.catalogue, derivation = excluded.derivation`,
		m.Epoch, m.Catalogue, m.Derivation)
	return err
}

func (t *tx) SaveRequest(ctx context.Context, q store.Request) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO requests (agency, id, fingerprint, outcome, time) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, q.Agency, q.ID, q.Fingerprint, q.Outcome, q.Time)
}

func (t *tx) PurgeRequests(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, `DELETE FROM requests WHERE time < $1`, before)
	return err
}

func (t *tx) SaveCatalogue(ctx context.Context, c store.Catalogue) error {
	_, err := t.exec(ctx, `INSERT INTO catalogues (version, text, state, submitted_by, submitted_at, preview, activated_by, activated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (version) DO UPDATE SET state = excluded.state, preview = excluded.preview,
		activated_by = excluded.activated_by, activated_at = excluded.activated_at`,
		c.Version, c.Text, c.State, c.SubmittedBy, c.SubmittedAt, c.Preview, c.ActivatedBy, c.ActivatedAt)
	return err
}

func (t *tx) SaveAgreement(ctx context.Context, a store.Agreement) error {
	_, err := t.exec(ctx, `INSERT INTO agreements (id, agency, from_date, until_date, document) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, from_date = excluded.from_date,
		until_date = excluded.until_date, document = excluded.document`, a.ID, a.Agency, a.From, a.Until, a.Document)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE meta SET agreements = gen_random_uuid()::text`)
	return err
}

func (t *tx) SaveSubscription(ctx context.Context, s store.Subscription) error {
	const insert = `INSERT INTO subscriptions (agency, name, version, document, time) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agency, name) DO UPDATE SET version = excluded.version, document = excluded.document, time = excluded.time`
	args := []any{s.Agency, s.Name, s.Version, s.Document, s.Time}
	switch {
	case s.Version <= 0:
		_, err := t.exec(ctx, insert, args...)
		return err
	case s.Version == 1:
		return t.execOne(ctx, store.ErrStale, insert+` WHERE subscriptions.version = 0`, args...)
	default:
		return t.execOne(ctx, store.ErrStale, `UPDATE subscriptions SET version = $3, document = $4, time = $5
			WHERE agency = $1 AND name = $2 AND version = $3 - 1`, args...)
	}
}

func (t *tx) DeleteSubscription(ctx context.Context, agency, name string) error {
	_, err := t.exec(ctx, `DELETE FROM subscriptions WHERE agency = $1 AND name = $2`, agency, name)
	return err
}

func (t *tx) SaveIntent(ctx context.Context, i store.Intent) error {
	return t.execOne(ctx, store.ErrTaken, `INSERT INTO intents (id, kind, area, document, time) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, i.ID, i.Kind, i.Area, i.Document, i.Time)
}

func (t *tx) DeleteIntent(ctx context.Context, id string) error {
	_, err := t.exec(ctx, `DELETE FROM intents WHERE id = $1`, id)
	return err
}
