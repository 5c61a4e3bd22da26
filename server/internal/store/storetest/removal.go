package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var removalTests = []test{
	{"a case is given back as it was saved last", caseSaved},
	{"a case is found by its id alone", caseFound},
	{"a case that is not the stored one's next revision is stale", caseStale},
	{"a household has at most one open case", caseOpenOnce},
	{"of many that open a case for one household at once, one does", caseRace},
	{"a case is saved in the Update that appends", caseBesideAppend},
	{"cases are selected, in order of since and id", casesSelected},
	{"cases are read in pages by since and id", casesPaged},
	{"a locked case waits for the Update that holds it", caseLockExcludes},
	{"an area's parameters are listed newest first, a version is taken once", procedures},
	{"households are counted by village, poverty and support status, those gone left out", householdCounts},
}

// removalCase is the given revision of an open case.
func removalCase(area, id, household string, revision int64) store.Case {
	return store.Case{
		Area: area, ID: id, Household: household, Village: "v1", Revision: revision, State: "PROPOSED", Open: true,
		Waiting: "PROPOSE", Since: "2026-03-01", Until: "2026-03-11", OpenedOn: "2026-03-01", Time: noon,
		Document: []byte(fmt.Sprintf("steps %d", revision)),
	}
}

func trySaveCase(t *testing.T, s store.Store, c store.Case) error {
	t.Helper()
	return s.Update(t.Context(), func(tx store.Tx) error { return tx.SaveCase(t.Context(), c) })
}

func saveCases(t *testing.T, s store.Store, cases ...store.Case) {
	t.Helper()
	for _, c := range cases {
		if err := trySaveCase(t, s, c); err != nil {
			t.Fatalf("case %s: %v", c.ID, err)
		}
	}
}

func currentCase(t *testing.T, s store.Store, area, id string) (c store.Case) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		c, err = r.Case(ctx, area, id)
		return err
	})
	return c
}

func caseSaved(t *testing.T, s store.Store) {
	first := removalCase("A", "c1", "h1", 1)
	saveCases(t, s, first)
	equal(t, "first", currentCase(t, s, "A", "c1"), first)
	next := store.Case{
		Area: "A", ID: "c1", Household: "h2", Village: "v2", Revision: 2, State: "ANNOUNCED", Waiting: "CONFIRM",
		Since: "2026-04-01", Until: "2026-04-02", OpenedOn: "2026-03-02", Decision: "d1", Overridden: true, Flagged: true,
		Time: noon.AddDate(0, 1, 0), Document: []byte("all steps"),
	}
	saveCases(t, s, next)
	equal(t, "next", currentCase(t, s, "A", "c1"), next)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, missing := range [][2]string{{"A", "c2"}, {"B", "c1"}} {
			_, err := r.Case(ctx, missing[0], missing[1])
			isError(t, "missing case", err, store.ErrNotFound)
		}
		return nil
	})
}

func caseFound(t *testing.T, s store.Store) {
	saveCases(t, s, removalCase("A", "c1", "h1", 1), removalCase("B", "c2", "h1", 1))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for id, want := range map[string]string{"c1": "A", "c2": "B"} {
			area, err := r.FindCase(ctx, id)
			equal(t, fmt.Sprintf("area of %s (error %v)", id, err), area, want)
		}
		_, err := r.FindCase(ctx, "c3")
		isError(t, "an id that stands for nothing", err, store.ErrNotFound)
		return nil
	})
}

func caseStale(t *testing.T, s store.Store) {
	saveCases(t, s, removalCase("A", "c0", "h0", 1), removalCase("A", "c1", "h1", 1), removalCase("A", "c1", "h1", 2))
	taken := removalCase("A", "c1", "h0", 2) // stale goes before taken
	for _, c := range []store.Case{
		removalCase("A", "c1", "h1", 1), removalCase("A", "c1", "h1", 2), removalCase("A", "c1", "h1", 4), taken,
		removalCase("A", "c2", "h2", 2), removalCase("A", "c2", "h2", 0), removalCase("B", "c1", "h1", 3),
	} {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			isError(t, fmt.Sprintf("revision %d of %s", c.Revision, c.ID), tx.SaveCase(ctx, c), store.ErrStale)
			_, err := tx.Case(ctx, "A", "c1") // and the Update goes on
			return err
		})
	}
	equal(t, "current state", currentCase(t, s, "A", "c1"), removalCase("A", "c1", "h1", 2))
}

func caseOpenOnce(t *testing.T, s store.Store) {
	ended := removalCase("A", "c0", "h1", 1)
	ended.Open = false
	saveCases(t, s, ended, removalCase("A", "c1", "h1", 1), removalCase("A", "c3", "h3", 1), removalCase("B", "c4", "h1", 1))
	again := removalCase("A", "c0", "h1", 2)
	moved := removalCase("A", "c3", "h1", 2)
	for what, c := range map[string]store.Case{"a second": removalCase("A", "c2", "h1", 1), "reopened": again, "of another household": moved} {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			isError(t, what, tx.SaveCase(ctx, c), store.ErrTaken)
			_, err := tx.Case(ctx, "A", "c1") // and the Update goes on
			return err
		})
	}
	equal(t, "the first", currentCase(t, s, "A", "c1"), removalCase("A", "c1", "h1", 1))
	closed := removalCase("A", "c1", "h1", 2)
	closed.Open = false
	saveCases(t, s, closed, removalCase("A", "c2", "h1", 1))
}

func caseRace(t *testing.T, s store.Store) {
	const rivals = 8
	results := make(chan error, rivals)
	for i := range rivals {
		go func() {
			results <- s.Update(t.Context(), func(tx store.Tx) error {
				return tx.SaveCase(t.Context(), removalCase("A", fmt.Sprint("c", i), "h1", 1))
			})
		}()
	}
	opened := 0
	for range rivals {
		err := <-results
		if err == nil {
			opened++
		} else if !errors.Is(err, store.ErrTaken) {
			t.Errorf("a rival: %v", err)
		}
	}
	equal(t, "cases opened", opened, 1)
}

func caseBesideAppend(t *testing.T, s store.Store) {
	saveCases(t, s, removalCase("A", "c1", "h1", 1))
	appendBatch(t, s, save("A", household("A", "h1", 1)))
	step := func(fail error) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			if _, err := tx.LockHouseholds(t.Context(), "A", []string{"h1"}); err != nil {
				return err
			}
			locked, err := tx.LockCase(t.Context(), "A", "c1")
			if err != nil {
				return err
			}
			if err := tx.SaveCase(t.Context(), removalCase("A", "c1", "h1", locked.Revision+1)); err != nil {
				return err
			}
			if _, err := tx.Append(t.Context(), save("A", household("A", "h1", 2))); err != nil {
				return err
			}
			return fail
		}
	}
	isError(t, "rolled back", s.Update(t.Context(), step(errStop)), errStop)
	equal(t, "nothing is half done", currentCase(t, s, "A", "c1").Revision, int64(1))
	if err := s.Update(t.Context(), step(nil)); err != nil {
		t.Fatal(err)
	}
	equal(t, "case", currentCase(t, s, "A", "c1").Revision, int64(2))
	equal(t, "household", current(t, s, "A", "h1").Revision, int64(2))
}

func selectCases(ctx context.Context, t *testing.T, r store.Reader, q store.CaseQuery) (ids []string) {
	t.Helper()
	for _, c := range collect(t, func(fn func(store.Case) error) error { return r.Cases(ctx, q, fn) }) {
		ids = append(ids, c.ID)
	}
	return ids
}

// someCases are seven cases of area A, in the order in which they are listed, and one of B.
func someCases(t *testing.T, s store.Store) {
	t.Helper()
	for i, id := range []string{"c6", "c2", "c4", "c1", "c3", "c5", "c7"} {
		c := removalCase("A", id, fmt.Sprint("h", i), 1)
		c.Village = fmt.Sprint("v", i%2)
		c.Since = fmt.Sprintf("2026-03-0%d", 1+i/2)
		c.OpenedOn = fmt.Sprintf("2026-02-0%d", 1+i)
		c.State = []string{"PROPOSED", "REVIEWED", "CONFIRMED"}[i%3]
		c.Waiting = []string{"PROPOSE", "CONFIRM", "CONFIRM"}[i%3]
		c.Overridden, c.Flagged = i > 4, i == 3
		saveCases(t, s, c)
	}
	saveCases(t, s, removalCase("B", "c8", "h0", 1))
}

func casesSelected(t *testing.T, s store.Store) {
	someCases(t, s)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.CaseQuery
			want string
		}{
			{store.CaseQuery{}, "[c2 c6 c1 c4 c3 c5 c7]"},
			{store.CaseQuery{Village: "v1"}, "[c2 c1 c5]"},
			{store.CaseQuery{Household: "h3"}, "[c1]"},
			{store.CaseQuery{State: "REVIEWED"}, "[c2 c3]"},
			{store.CaseQuery{States: []string{"PROPOSED", "CONFIRMED"}}, "[c6 c1 c4 c5 c7]"},
			{store.CaseQuery{States: []string{}}, "[]"},
			{store.CaseQuery{Waiting: "PROPOSE"}, "[c6 c1 c7]"},
			{store.CaseQuery{Overridden: true}, "[c5 c7]"},
			{store.CaseQuery{Flagged: true}, "[c1]"},
			{store.CaseQuery{OpenedFrom: "2026-02-05"}, "[c3 c5 c7]"},
			{store.CaseQuery{Village: "v0", State: "PROPOSED"}, "[c6 c7]"},
		} {
			c.q.Area = "A"
			equal(t, fmt.Sprintf("cases of %+v", c.q), fmt.Sprint(selectCases(ctx, t, r, c.q)), c.want)
		}
		equal(t, "whole case", collect(t, func(fn func(store.Case) error) error {
			return r.Cases(ctx, store.CaseQuery{Area: "B"}, fn)
		}), []store.Case{removalCase("B", "c8", "h0", 1)})
		stops(t, "Cases", func(fn func(store.Case) error) error { return r.Cases(ctx, store.CaseQuery{Area: "A"}, fn) })
		return nil
	})
}

func casesPaged(t *testing.T, s store.Store) {
	someCases(t, s)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			since, id string
			limit     int
			want      string
		}{
			{"", "", 2, "[c2 c6]"},
			{"2026-03-01", "c2", 2, "[c6 c1]"},
			{"2026-03-01", "c6", 0, "[c1 c4 c3 c5 c7]"},
			{"2026-03-03", "c3", 9, "[c5 c7]"},
			{"2026-03-04", "c7", 9, "[]"},
		} {
			q := store.CaseQuery{Area: "A", AfterSince: c.since, AfterID: c.id, Limit: c.limit}
			equal(t, fmt.Sprintf("cases of %+v", q), fmt.Sprint(selectCases(ctx, t, r, q)), c.want)
		}
		return nil
	})
}

// caseLockExcludes lets several Updates read, then add one to, the same case's revision.
func caseLockExcludes(t *testing.T, s store.Store) {
	const writers, rounds = 4, 10
	saveCases(t, s, removalCase("A", "c1", "h1", 1))
	failed := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				err = s.Update(t.Context(), func(tx store.Tx) error {
					c, err := tx.LockCase(t.Context(), "A", "c1")
					if err != nil {
						return err
					}
					return tx.SaveCase(t.Context(), removalCase("A", "c1", "h1", c.Revision+1))
				})
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Errorf("an Update: %v", err)
		}
	}
	equal(t, "revision", currentCase(t, s, "A", "c1").Revision, int64(1+writers*rounds))
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.LockCase(ctx, "A", "c2")
		isError(t, "a case that does not exist", err, store.ErrNotFound)
		return nil
	})
}
