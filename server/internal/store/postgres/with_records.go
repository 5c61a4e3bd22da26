package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	aliasHouseholds = `SELECT ` + householdColumns + currentColumns + ` FROM unnest($1::text[], $2::text[]) u (in_area, of)
		JOIN households ON area = in_area AND id = of ORDER BY area, id`
	aliasRecords = `SELECT ` + recordColumns + ` FROM unnest($1::text[], $2::text[]) u (in_area, of)
		JOIN records ON area = in_area AND household = of WHERE person = ANY($3) ORDER BY area, household, list, person, village`
	// Each list by itself, which OFFSET 0 makes the planner do: it would else read the records of all lists.
	aliasRecordsOf = `SELECT ` + recordColumns + ` FROM unnest($1::text[], $2::text[]) u (in_area, of) CROSS JOIN unnest($4::text[]) l (name)
		JOIN LATERAL (SELECT * FROM records WHERE area = in_area AND household = of AND list = l.name OFFSET 0) r ON person = ANY($3)
		ORDER BY area, household, list, person, village`
)

// WithRecords sends both queries together.
func (r *reader) WithRecords(ctx context.Context, of []store.Alias, lists []string) (rows []store.Household, records []store.Record, err error) {
	if r.ended {
		return nil, nil, errEnded
	}
	persons := append(column(of, func(a store.Alias) string { return a.Person }), "")
	areas, households := householdsOf(of)
	var both pgx.Batch
	both.Queue(aliasHouseholds, areas, households).Query(func(found pgx.Rows) error {
		rows, err = pgx.AppendRows(rows, found, pgx.RowToFunc[store.Household](scanHousehold))
		return err
	})
	query, args := aliasRecords, []any{areas, households, persons}
	if lists != nil {
		query, args = aliasRecordsOf, append(args, lists)
	}
	both.Queue(query, args...).Query(func(found pgx.Rows) error {
		records, err = pgx.AppendRows(records, found, pgx.RowToFunc[store.Record](scanRecord))
		return err
	})
	return rows, records, r.note(r.in.SendBatch(ctx, &both).Close())
}

// householdsOf gives each household that aliases lead to once.
func householdsOf(of []store.Alias) (areas, ids []string) {
	order := func(a, b store.Alias) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Household, b.Household))
	}
	of = slices.SortedFunc(slices.Values(of), order)
	of = slices.CompactFunc(of, func(a, b store.Alias) bool { return order(a, b) == 0 })
	return column(of, func(a store.Alias) string { return a.Area }), column(of, func(a store.Alias) string { return a.Household })
}
