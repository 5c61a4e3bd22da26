package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

func scanMeta(row pgx.CollectableRow) (m store.Meta, err error) {
	err = row.Scan(&m.Epoch, &m.Catalogue, &m.Derivation, &m.Agreements)
	return m, err
}

const metaQuery = `SELECT epoch, catalogue, derivation, agreements FROM meta`

func (r *reader) Meta(ctx context.Context) (store.Meta, error) {
	if r.meta != nil && !r.ended {
		return r.meta()
	}
	return one(ctx, r, scanMeta, metaQuery)
}

func scanHead(row pgx.CollectableRow) (h store.Head, err error) {
	err = row.Scan(&h.Area, &h.Last, &h.OldestKept, &h.DerivedFor, &h.Catalogue)
	return h, err
}

func (r *reader) Heads(ctx context.Context, areas []string) ([]store.Head, error) {
	var f filter
	if areas != nil {
		f.and("area = ANY(%s)", areas)
	}
	return list(ctx, r, scanHead,
		`SELECT area, last, oldest_kept, derived_for, catalogue FROM heads`+f.text.String()+` ORDER BY area`, f.args...)
}

func scanRequest(row pgx.CollectableRow) (q store.Request, err error) {
	err = row.Scan(&q.Agency, &q.ID, &q.Fingerprint, &q.Outcome, &q.Time)
	q.Time = q.Time.UTC()
	return q, err
}

func (r *reader) Request(ctx context.Context, agency, id string) (store.Request, error) {
	return one(ctx, r, scanRequest,
		`SELECT agency, id, fingerprint, outcome, time FROM requests WHERE agency = $1 AND id = $2`, agency, id)
}

func scanCatalogue(row pgx.CollectableRow) (c store.Catalogue, err error) {
	err = row.Scan(&c.Version, &c.Text, &c.State, &c.SubmittedBy, &c.SubmittedAt, &c.Preview, &c.ActivatedBy, &c.ActivatedAt)
	c.SubmittedAt, c.ActivatedAt = c.SubmittedAt.UTC(), c.ActivatedAt.UTC()
	return c, err
}

func (r *reader) Catalogues(ctx context.Context) ([]store.Catalogue, error) {
	return list(ctx, r, scanCatalogue, `SELECT version, NULL::bytea, state, submitted_by, submitted_at, preview, activated_by, activated_at
		FROM catalogues ORDER BY submitted_at DESC, version DESC`)
}

func (r *reader) Catalogue(ctx context.Context, version string) (store.Catalogue, error) {
	return one(ctx, r, scanCatalogue, `SELECT version, text, state, submitted_by, submitted_at, preview, activated_by, activated_at
		FROM catalogues WHERE version = $1`, version)
}

func scanAgreement(row pgx.CollectableRow) (a store.Agreement, err error) {
	err = row.Scan(&a.ID, &a.Agency, &a.From, &a.Until, &a.Document)
	return a, err
}

func (r *reader) Agreements(ctx context.Context, agency string) ([]store.Agreement, error) {
	var f filter
	if agency != "" {
		f.and("agency = %s", agency)
	}
	return list(ctx, r, scanAgreement,
		`SELECT id, agency, from_date, until_date, document FROM agreements`+f.text.String()+` ORDER BY id`, f.args...)
}

func scanSubscription(row pgx.CollectableRow) (s store.Subscription, err error) {
	err = row.Scan(&s.Agency, &s.Name, &s.Version, &s.Document, &s.Time)
	s.Time = s.Time.UTC()
	return s, err
}

func (r *reader) Subscription(ctx context.Context, agency, name string) (store.Subscription, error) {
	return one(ctx, r, scanSubscription,
		`SELECT agency, name, version, document, time FROM subscriptions WHERE agency = $1 AND name = $2`, agency, name)
}

func (r *reader) Subscriptions(ctx context.Context, agency string) ([]store.Subscription, error) {
	return list(ctx, r, scanSubscription,
		`SELECT agency, name, version, document, time FROM subscriptions WHERE agency = $1 ORDER BY name`, agency)
}

func scanIntent(row pgx.CollectableRow) (i store.Intent, err error) {
	err = row.Scan(&i.ID, &i.Kind, &i.Area, &i.Document, &i.Time)
	i.Time = i.Time.UTC()
	return i, err
}

func (r *reader) Intents(ctx context.Context, kind string) ([]store.Intent, error) {
	return list(ctx, r, scanIntent,
		`SELECT id, kind, area, document, time FROM intents WHERE kind = $1 ORDER BY id`, kind)
}
