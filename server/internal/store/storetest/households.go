package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var householdTests = []test{
	{"a household has a current state and every revision", revisionsAreKept},
	{"a revision is found by number and by time", revisionAsOf},
	{"a household that is not the stored one's next revision is stale", staleRevision},
	{"a batch may not name a household twice", householdTwice},
	{"households are selected, in order of id", householdsAreSelected},
	{"households that are gone are left out unless asked for", goneHouseholds},
	{"a household is due by the day that was saved last for its present revision", dues},
	{"LockHouseholds gives the current state by id, missing ones left out", lockHouseholds},
	{"LockHouseholds keeps to ascending order", lockOrder},
	{"a locked household waits for the Update that holds it", lockExcludes},
}

func dues(t *testing.T, s store.Store) {
	due := func(revision int64, day string) store.Household {
		h := household("A", "h1", revision)
		h.Due = day
		return h
	}
	by := func(day string) (ids string) {
		view(t, s, func(ctx context.Context, r store.Reader) error {
			ids = fmt.Sprint(householdIDs(selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: "A", DueBy: day})))
			return nil
		})
		return ids
	}
	appendBatch(t, s, save("A", household("A", "h0", 1), due(1, "2026-05-01"), household("A", "h2", 1)))
	equal(t, "due at once", by("2026-04-30"), "[h0 h2]")
	equal(t, "due by its day", by("2026-05-01"), "[h0 h1 h2]")
	appendBatch(t, s, store.Batch{Area: "A", Dues: []store.Due{
		{Household: "h0", Revision: 1, Day: "2027-01-01"}, {Household: "h1", Revision: 2, Day: "2028-01-01"}, {Household: "h3", Revision: 1, Day: "2028-01-01"},
	}})
	equal(t, "after a Due", by("2026-05-01"), "[h1 h2]")
	h0 := household("A", "h0", 1)
	h0.Due = "2027-01-01"
	equal(t, "with a Due", current(t, s, "A", "h0"), h0)
	appendBatch(t, s, save("A", due(2, "2026-06-01")))
	equal(t, "due by its next revision", by("2026-05-31"), "[h2]")
	equal(t, "next revision", current(t, s, "A", "h1"), due(2, "2026-06-01"))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		got, err := r.Revision(ctx, "A", "h1", 2, time.Time{})
		equal(t, "the revision", got, household("A", "h1", 2))
		return err
	})
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		got, err := tx.LockHouseholds(ctx, "A", []string{"h1"})
		equal(t, "locked", got, []store.Household{due(2, "2026-06-01")})
		return err
	})
}

func current(t *testing.T, s store.Store, area, id string) (h store.Household) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		h, err = r.Household(ctx, area, id)
		return err
	})
	return h
}

func revisionsAreKept(t *testing.T, s store.Store) {
	var want []store.Household
	for revision := int64(1); revision <= 3; revision++ {
		h := household("A", "h1", revision)
		h.Village, h.Gone = fmt.Sprint("v", revision), revision == 3
		appendBatch(t, s, save("A", h))
		equal(t, "current state", current(t, s, "A", "h1"), h)
		h.Document = nil
		want = append(want, h)
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		got, err := r.Revisions(ctx, "A", "h1")
		equal(t, "revisions", got, reversed(want))
		for _, missing := range [][2]string{{"A", "h2"}, {"B", "h1"}} {
			_, err := r.Household(ctx, missing[0], missing[1])
			isError(t, "missing household", err, store.ErrNotFound)
			got, err := r.Revisions(ctx, missing[0], missing[1])
			equal(t, fmt.Sprintf("missing revisions (error %v)", err), len(got), 0)
		}
		return err
	})
}

func revisionAsOf(t *testing.T, s store.Store) {
	for revision := int64(1); revision <= 3; revision++ {
		appendBatch(t, s, save("A", household("A", "h1", revision)))
	}
	second := household("A", "h1", 2)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			revision int64
			at       time.Time
			want     int64
		}{
			{1, time.Time{}, 1},
			{3, time.Time{}, 3},
			{9, time.Time{}, 3},
			{0, second.Time.Add(-time.Microsecond), 1},
			{0, second.Time, 2},
			{0, second.Time.Add(time.Minute).In(time.FixedZone("", 3600)), 2},
			{0, second.Time.Add(24 * time.Hour), 3},
		} {
			got, err := r.Revision(ctx, "A", "h1", c.revision, c.at)
			if err != nil {
				t.Errorf("revision %d at %v: %v", c.revision, c.at, err)
			}
			equal(t, "revision", got, household("A", "h1", c.want))
		}
		_, err := r.Revision(ctx, "A", "h1", 0, noon)
		isError(t, "before the first", err, store.ErrNotFound)
		_, err = r.Revision(ctx, "A", "h2", 1, time.Time{})
		isError(t, "another household", err, store.ErrNotFound)
		return nil
	})
}

func staleRevision(t *testing.T, s store.Store) {
	appendBatch(t, s, save("A", household("A", "h1", 1)))
	appendBatch(t, s, save("A", household("A", "h1", 2)))
	for _, h := range []store.Household{
		household("A", "h1", 1), household("A", "h1", 2), household("A", "h1", 4),
		household("A", "h2", 2), household("A", "h2", 0),
	} {
		_, err := tryAppend(t, s, save("A", household("A", "h0", 1), h, household("A", "h9", 1)))
		isError(t, fmt.Sprintf("revision %d of %s", h.Revision, h.ID), err, store.ErrStale)
	}
	equal(t, "current state", current(t, s, "A", "h1"), household("A", "h1", 2))
	appendBatch(t, s, save("A", household("A", "h0", 1), household("A", "h1", 3)))
}

func householdTwice(t *testing.T, s store.Store) {
	if _, err := tryAppend(t, s, save("A", household("A", "h1", 1), household("A", "h1", 2))); err == nil {
		t.Error("a household was stored twice")
	}
}

func selectHouseholds(ctx context.Context, t *testing.T, r store.Reader, q store.HouseholdQuery) []store.Household {
	t.Helper()
	return collect(t, func(fn func(store.Household) error) error { return r.Households(ctx, q, fn) })
}

func householdsAreSelected(t *testing.T, s store.Store) {
	b := save("A")
	for i, id := range []string{"b", "é", "B", "a", "C", "乙"} { // by their bytes: B C a b é 乙
		h := household("A", id, 1)
		h.Village = fmt.Sprint("v", i%3)
		if i%2 == 0 {
			h.PovertyStatus, h.SupportStatus = "MONITORED", "ENDED"
		}
		b.Households = append(b.Households, h)
	}
	appendBatch(t, s, b)
	appendBatch(t, s, save("B", household("B", "D", 1)))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.HouseholdQuery
			want string
		}{
			{store.HouseholdQuery{}, "[B C a b é 乙]"},
			{store.HouseholdQuery{Villages: []string{"v2", "v0"}}, "[B a b 乙]"},
			{store.HouseholdQuery{Villages: []string{}}, "[B C a b é 乙]"},
			{store.HouseholdQuery{PovertyStatus: "MONITORED"}, "[B C b]"},
			{store.HouseholdQuery{SupportStatus: "SUPPORTED"}, "[a é 乙]"},
			{store.HouseholdQuery{PovertyStatus: "MONITORED", SupportStatus: "SUPPORTED"}, "[]"},
			{store.HouseholdQuery{After: "a"}, "[b é 乙]"},
			{store.HouseholdQuery{After: "B", Limit: 2}, "[C a]"},
			{store.HouseholdQuery{Villages: []string{"v0", "v1"}, After: "a", Limit: 1}, "[b]"},
		} {
			c.q.Area = "A"
			equal(t, fmt.Sprintf("households of %+v", c.q), fmt.Sprint(householdIDs(selectHouseholds(ctx, t, r, c.q))), c.want)
		}
		equal(t, "whole household", selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: "B"}),
			[]store.Household{household("B", "D", 1)})
		stops(t, "Households", func(fn func(store.Household) error) error {
			return r.Households(ctx, store.HouseholdQuery{Area: "A"}, fn)
		})
		return nil
	})
}

func goneHouseholds(t *testing.T, s store.Store) {
	gone := household("A", "h1", 2)
	gone.Gone = true
	appendBatch(t, s, save("A", household("A", "h1", 1), household("A", "h2", 1)))
	appendBatch(t, s, save("A", gone))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "present", householdIDs(selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: "A"})), []string{"h2"})
		equal(t, "all", householdIDs(selectHouseholds(ctx, t, r, store.HouseholdQuery{Area: "A", IncludeGone: true})),
			[]string{"h1", "h2"})
		h, err := r.Household(ctx, "A", "h1")
		equal(t, "the one that is gone", h, gone)
		return err
	})
}

func lockHouseholds(t *testing.T, s store.Store) {
	appendBatch(t, s, save("A", household("A", "h1", 1), household("A", "h2", 1), household("A", "h3", 1)))
	appendBatch(t, s, save("A", household("A", "h3", 2)))
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		got, err := tx.LockHouseholds(ctx, "A", []string{"h3", "h9", "h1", "h3"})
		equal(t, "locked", got, []store.Household{household("A", "h1", 1), household("A", "h3", 2)})
		return err
	})
}

func lockOrder(t *testing.T, s store.Store) {
	appendBatch(t, s, save("A", household("A", "h1", 1), household("A", "h2", 1), household("A", "h3", 1)))
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for _, ids := range [][]string{{"h2"}, {"h3", "h2"}, {"h2", "h4"}} {
			if _, err := tx.LockHouseholds(ctx, "A", ids); err != nil {
				t.Errorf("lock %v: %v", ids, err)
			}
		}
		if _, err := tx.LockHouseholds(ctx, "A", []string{"h1"}); err == nil {
			t.Error("a smaller id was locked after a greater one")
		}
		return nil
	})
}

// lockExcludes lets two Updates read, then add one to, the same household's revision.
func lockExcludes(t *testing.T, s store.Store) {
	const writers, rounds = 4, 10
	appendBatch(t, s, save("A", household("A", "h1", 1), household("A", "h2", 1)))
	failed := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				err = s.Update(t.Context(), func(tx store.Tx) error { return revise(t.Context(), tx, "h2", "h1") })
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Errorf("an Update: %v", err)
		}
	}
	equal(t, "revision", current(t, s, "A", "h1").Revision, int64(1+writers*rounds))
}

func revise(ctx context.Context, tx store.Tx, ids ...string) error {
	locked, err := tx.LockHouseholds(ctx, "A", ids)
	if err != nil {
		return err
	}
	for i, h := range locked {
		locked[i] = household("A", h.ID, h.Revision+1)
	}
	_, err = tx.Append(ctx, save("A", locked...))
	return err
}
