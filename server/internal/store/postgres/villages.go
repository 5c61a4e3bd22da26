package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Villages asks village by village, in the order of the key's index, and for no order
// within a village, since sorting would cost the server as much as reading.
func (r *reader) Villages(ctx context.Context, area, list string, villages []string, fn func(store.Record) error) error {
	if villages = slices.Compact(slices.Sorted(slices.Values(villages))); len(villages) == 0 {
		return nil
	}
	rec := store.Record{Area: area, Key: store.Key{List: list}}
	var place int64
	var household, person, document pgtype.DriverBytes
	into := []any{&place, &household, &person, &rec.Transaction, &document}
	return each(ctx, r, func(row pgx.CollectableRow) (store.Record, error) {
		if err := row.Scan(into...); err != nil {
			return rec, err
		}
		rec.Village, rec.Person, rec.Document = villages[place-1], string(person), document
		if rec.Household != string(household) { // most have several records
			rec.Household = string(household)
		}
		return rec, nil
	}, fn, `SELECT place, household, person, txn, document
		FROM unnest($3::text[]) WITH ORDINALITY v (village, place)
		JOIN LATERAL (SELECT * FROM records WHERE area = $1 AND list = $2 AND village = v.village OFFSET 0) r ON true
		ORDER BY place`, area, list, villages)
}
