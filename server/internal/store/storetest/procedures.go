package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

func procedures(t *testing.T, s store.Store) {
	var want []store.Procedure
	for _, version := range []int{2, 10, 1} {
		p := store.Procedure{Area: "A", Version: version, From: fmt.Sprintf("2026-01-%02d", version), Document: []byte("{}")}
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SaveProcedure(ctx, p) })
		want = append(want, p)
	}
	again := store.Procedure{Area: "A", Version: 2, From: "2026-02-01", Document: []byte("[]")}
	other := store.Procedure{Area: "B", Version: 2, From: "2026-02-01", Document: []byte("[]")}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		isError(t, "a version that exists", tx.SaveProcedure(ctx, again), store.ErrTaken)
		return tx.SaveProcedure(ctx, other) // and the Update goes on
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for area, want := range map[string][]store.Procedure{"A": {want[1], want[0], want[2]}, "B": {other}, "C": nil} {
			got, err := r.Procedures(ctx, area)
			equal(t, fmt.Sprintf("procedures of %s (error %v)", area, err), got, want)
		}
		return nil
	})
}

func householdCounts(t *testing.T, s store.Store) {
	b := save("A")
	for i := range 7 {
		h := household("A", fmt.Sprint("h", i), 1)
		h.Village, h.Gone = fmt.Sprint("v", i%2), i == 6
		switch i {
		case 3:
			h.SupportStatus = "ENDED"
		case 4:
			h.PovertyStatus = "CLOSED"
		}
		b.Households = append(b.Households, h)
	}
	appendBatch(t, s, b)
	appendBatch(t, s, save("B", household("B", "h1", 1)))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		got, err := r.HouseholdCounts(ctx, "A")
		equal(t, "counts", got, []store.VillageCount{
			{Village: "v0", PovertyStatus: "CLOSED", SupportStatus: "SUPPORTED", Count: 1},
			{Village: "v0", PovertyStatus: "LIFTED", SupportStatus: "SUPPORTED", Count: 2},
			{Village: "v1", PovertyStatus: "LIFTED", SupportStatus: "ENDED", Count: 1},
			{Village: "v1", PovertyStatus: "LIFTED", SupportStatus: "SUPPORTED", Count: 2},
		})
		return err
	})
}
