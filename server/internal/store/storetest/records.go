package storetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var recordTests = []test{
	{"records are inserted, replaced and deleted with their transaction", recordsFollow},
	{"a household's records come by household, list and person", householdRecords},
	{"households come with their records, missing ones left out", withRecords},
	{"a list's records come by village, household and person", recordsAreSelected},
	{"a list's records come village by village, all of each", villagesComeWhole},
	{"a record that is not as the batch says is stale", staleRecord},
	{"a delete makes room for an insert of the same key", deleteThenInsert},
	{"long iterations are complete", iterationsAreComplete},
}

func recordsOf(ctx context.Context, t *testing.T, r store.Reader, area string, households ...string) []store.Record {
	t.Helper()
	all, err := r.HouseholdRecords(ctx, area, households)
	if err != nil {
		t.Fatalf("HouseholdRecords: %v", err)
	}
	return all
}

func record(area string, k store.Key, transaction int64, h [16]byte, document string) store.Record {
	return store.Record{Area: area, Key: k, Transaction: transaction, Hash: h, Document: []byte(document)}
}

func recordsFollow(t *testing.T, s store.Store) {
	first, second := key("education", "v1", "h1", "p1"), key("education", "v1", "h1", "p2")
	appendBatch(t, s, insert("A", first, second))
	appendBatch(t, s, store.Batch{
		Area: "A", Changes: changes("A", 1).Changes,
		Upserts: []store.RecordUpsert{{Key: first, Hash: hash("2"), Replaces: true, OldHash: hash("p1", "1"), Document: []byte("second")}},
	})
	want := []store.Record{record("A", first, 2, hash("2"), "second"), record("A", second, 1, hash("p2", "1"), "first")}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "records", recordsOf(ctx, t, r, "A", "h1"), want)
		return nil
	})
	appendBatch(t, s, store.Batch{
		Area: "A", Changes: changes("A", 1).Changes,
		Deletes: []store.RecordDelete{{Key: first, OldHash: hash("2")}},
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "records after the delete", recordsOf(ctx, t, r, "A", "h1"), want[1:])
		return nil
	})
}

func withRecords(t *testing.T, s store.Store) {
	all := []store.Key{
		key("education", "v1", "h1", "p1"), key("education", "v1", "h1", "p2"), key("housing", "v1", "h1", ""), key("training", "v1", "h1", "p1"),
		key("education", "v1", "h2", "p3"), key("housing", "v1", "h4", ""), key("housing", "v1", "h5", ""),
	}
	b := insert("A", reversed(all)...)
	b.Households = save("A", household("A", "h1", 1), household("A", "h2", 1), household("A", "h5", 1)).Households
	appendBatch(t, s, b)
	b = insert("B", all[0])
	b.Households = save("B", household("B", "h1", 1)).Households
	appendBatch(t, s, b)
	of := func(area, household, person string) store.Alias {
		return store.Alias{Area: area, Household: household, Person: person}
	}
	asked := []store.Alias{of("B", "h1", ""), of("A", "h2", "p3"), of("A", "h4", "p9"), of("A", "h1", "p1"), of("A", "h3", ""), of("A", "h1", "")}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			lists []string
			of    []store.Alias
			rows  []store.Household
			keys  []store.Key
		}{
			{nil, asked, []store.Household{household("A", "h1", 1), household("A", "h2", 1), household("B", "h1", 1)},
				[]store.Key{all[0], all[2], all[3], all[4], all[5], all[0]}},
			{[]string{"training", "housing"}, asked[3:4], []store.Household{household("A", "h1", 1)}, all[2:4]},
			{[]string{}, asked[3:4], []store.Household{household("A", "h1", 1)}, nil},
			{nil, asked[:1], []store.Household{household("B", "h1", 1)}, nil},
			{nil, nil, nil, nil},
		} {
			rows, records, err := r.WithRecords(ctx, c.of, c.lists)
			if err != nil {
				return err
			}
			equal(t, fmt.Sprint("households of ", c.of), rows, c.rows)
			equal(t, fmt.Sprint("records of ", c.of, " in ", c.lists), recordKeys(records), c.keys)
		}
		_, records, err := r.WithRecords(ctx, asked[3:4], []string{"training"})
		equal(t, "record", records, []store.Record{record("A", all[3], 1, hash("p1", "1"), "first")})
		return err
	})
}

func householdRecords(t *testing.T, s store.Store) {
	keys := []store.Key{
		key("education", "v2", "h1", "p1"), key("education", "v2", "h1", "p2"), key("housing", "v2", "h1", ""),
		key("education", "v1", "h2", "p3"), key("education", "v1", "h3", "p4"),
	}
	appendBatch(t, s, insert("A", reversed(keys)...))
	appendBatch(t, s, insert("B", keys[0]))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		got := recordsOf(ctx, t, r, "A", "h2", "h9", "h1", "h2")
		equal(t, "keys", recordKeys(got), keys[:4])
		equal(t, "records of nobody", len(recordsOf(ctx, t, r, "A")), 0)
		return nil
	})
}

func recordKeys(records []store.Record) []store.Key {
	var keys []store.Key
	for _, r := range records {
		keys = append(keys, r.Key)
	}
	return keys
}

func selectRecords(ctx context.Context, t *testing.T, r store.Reader, q store.RecordQuery) []store.Record {
	t.Helper()
	return collect(t, func(fn func(store.Record) error) error { return r.Records(ctx, q, fn) })
}

func recordsAreSelected(t *testing.T, s store.Store) {
	keys := []store.Key{
		key("education", "v1", "h2", "p1"), key("education", "v1", "h2", "p2"), key("education", "v1", "h3", ""),
		key("education", "v2", "h1", "p0"), key("education", "v2", "h1", "p3"),
	}
	appendBatch(t, s, insert("A", reversed(keys)...))
	appendBatch(t, s, insert("A", key("housing", "v1", "h1", "")))
	appendBatch(t, s, insert("B", keys[1]))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.RecordQuery
			want []store.Key
		}{
			{store.RecordQuery{}, keys},
			{store.RecordQuery{Villages: []string{"v3", "v2"}}, keys[3:]},
			{store.RecordQuery{Villages: []string{}}, nil},
			{store.RecordQuery{After: keys[1]}, keys[2:]},
			{store.RecordQuery{After: keys[1], Limit: 2}, keys[2:4]},
			{store.RecordQuery{Villages: []string{"v1"}, After: keys[0], Limit: 9}, keys[1:3]},
			{store.RecordQuery{After: keys[4]}, nil},
		} {
			c.q.Area, c.q.List = "A", "education"
			equal(t, fmt.Sprintf("records of %+v", c.q), recordKeys(selectRecords(ctx, t, r, c.q)), c.want)
		}
		q := store.RecordQuery{Area: "B", List: "education"}
		equal(t, "whole record", selectRecords(ctx, t, r, q), []store.Record{record("B", keys[1], 1, hash("p2", "1"), "first")})
		stops(t, "Records", func(fn func(store.Record) error) error {
			return r.Records(ctx, store.RecordQuery{Area: "A", List: "education"}, fn)
		})
		return nil
	})
}

// villagesComeWhole has villages of many records, written in an order of their own.
func villagesComeWhole(t *testing.T, s store.Store) {
	var all []store.Key
	for _, village := range []string{"v1", "v2", "v3"} {
		for n := range 40 {
			h := fmt.Sprintf("h%02d", n)
			all = append(all, key("education", village, h, ""), key("education", village, h, "p1"), key("education", village, h, "p"+h))
		}
	}
	for i := range 3 { // three transactions, so that numbers differ
		var part []store.Key
		for at := i; at < len(all); at += 3 {
			part = append(part, all[at])
		}
		appendBatch(t, s, insert("A", reversed(part)...))
	}
	appendBatch(t, s, insert("A", key("housing", "v1", "h1", ""), key("education", "v9", "h1", "")))
	appendBatch(t, s, insert("B", all[0]))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		want := selectRecords(ctx, t, r, store.RecordQuery{Area: "A", List: "education", Villages: []string{"v1", "v3"}})
		var got []store.Record
		err := r.Villages(ctx, "A", "education", []string{"v3", "v0", "v1", "v3"}, func(rec store.Record) error {
			rec.Document = bytes.Clone(rec.Document)
			got = append(got, rec)
			return nil
		})
		slices.SortStableFunc(got, func(a, b store.Record) int {
			if a.Village != b.Village {
				return 0 // the villages stand in order
			}
			return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.Person, b.Person))
		})
		for i := range want {
			want[i].Hash = [16]byte{}
		}
		equal(t, "records", got, want)
		stops(t, "Villages", func(fn func(store.Record) error) error {
			return r.Villages(ctx, "A", "education", []string{"v1", "v3"}, fn)
		})
		equal(t, "records of no village", r.Villages(ctx, "A", "education", nil, func(store.Record) error { return store.ErrTaken }), nil)
		return err
	})
}

func staleRecord(t *testing.T, s store.Store) {
	stands, missing := key("education", "v1", "h1", "p1"), key("education", "v1", "h1", "p2")
	appendBatch(t, s, insert("A", stands))
	for what, b := range map[string]store.Batch{
		"insert of one that stands":   {Upserts: []store.RecordUpsert{{Key: stands, Hash: hash("2")}}},
		"replacement with other hash": {Upserts: []store.RecordUpsert{{Key: stands, Hash: hash("2"), Replaces: true, OldHash: hash("3")}}},
		"replacement of none":         {Upserts: []store.RecordUpsert{{Key: missing, Hash: hash("2"), Replaces: true}}},
		"delete with other hash":      {Deletes: []store.RecordDelete{{Key: stands, OldHash: hash("3")}}},
		"delete of none":              {Deletes: []store.RecordDelete{{Key: missing}}},
	} {
		b.Area, b.Changes = "A", changes("A", 1).Changes
		_, err := tryAppend(t, s, b)
		isError(t, what, err, store.ErrStale)
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "records", recordsOf(ctx, t, r, "A", "h1"), []store.Record{record("A", stands, 1, hash("p1", "1"), "first")})
		return nil
	})
}

func deleteThenInsert(t *testing.T, s store.Store) {
	k := key("education", "v1", "h1", "p1")
	appendBatch(t, s, insert("A", k))
	b := insert("A", k)
	b.Deletes = []store.RecordDelete{{Key: k, OldHash: hash("p1", "1")}}
	appendBatch(t, s, b)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "records", recordsOf(ctx, t, r, "A", "h1"), []store.Record{record("A", k, 2, hash("p1", "1"), "first")})
		return nil
	})
}

// iterationsAreComplete has more rows than an engine may want to fetch at a time.
func iterationsAreComplete(t *testing.T, s store.Store) {
	const rounds, size = 3, 800
	var keys []store.Key
	var ids []string
	for round := range rounds {
		b := store.Batch{Area: "A"}
		for i := range size {
			n := round*size + i
			k := key("education", fmt.Sprintf("v%04d", n/2), fmt.Sprintf("h%04d", n), "")
			b = join(b, insert("A", k))
			b.Households = append(b.Households, household("A", k.Household, 1))
			keys, ids = append(keys, k), append(ids, k.Household)
		}
		appendBatch(t, s, b)
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "records", recordKeys(selectRecords(ctx, t, r, store.RecordQuery{Area: "A", List: "education"})), keys)
		equal(t, "households", householdIDs(selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: "A"})), ids)
		var changed []store.Key
		for _, c := range changesOf(ctx, t, r, "A") {
			changed = append(changed, c.Key)
		}
		equal(t, "changes", changed, keys)
		for _, bytes := range []bool{false, true} {
			var villages, want []string
			for _, b := range selectBlocks(ctx, t, r, store.BlockQuery{Area: "A", Bytes: bytes}) {
				villages = append(villages, b.Village)
			}
			for n := 0; n < len(keys); n += 2 {
				want = append(want, keys[n].Village)
			}
			equal(t, "blocks", villages, want)
		}
		return nil
	})
}

func join(b, more store.Batch) store.Batch {
	b.Upserts, b.Changes = append(b.Upserts, more.Upserts...), append(b.Changes, more.Changes...)
	return b
}
