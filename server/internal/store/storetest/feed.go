package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var feedTests = []test{
	{"transactions of an area are numbered 1, 2, 3, and areas count by themselves", numbersAreDense},
	{"an Append waits for the one before it, and comes after it", overlappingCommits},
	{"an Append that waits for a rollback takes the number that was given back", overlappingRollback},
	{"a rolled back Append leaves no gap", rollbackLeavesNoGap},
	{"a batch without changes takes no number and leaves the head alone", noChangesNoNumber},
	{"records without changes are refused", recordsNeedChanges},
	{"a transaction has at most MaxChanges changes", tooLarge},
	{"there is one Append in an Update", oneAppend},
	{"an Update whose Append failed is not committed", failedAppend},
	{"changes carry their place and their transaction's header", changesCarryHeader},
	{"changes are selected by area, transaction, list and household", changesAreSelected},
	{"heads are listed by area", headsAreListed},
	{"SetDerivedFor makes a head, takes no number and stays", derivedFor},
	{"Purge deletes what is older, and never moves back nor ahead of the feed", purge},
}

func changesOf(ctx context.Context, t *testing.T, r store.Reader, area string) []store.Change {
	t.Helper()
	return selectChanges(ctx, t, r, store.ChangeQuery{Area: area})
}

func selectChanges(ctx context.Context, t *testing.T, r store.Reader, q store.ChangeQuery) []store.Change {
	t.Helper()
	return collect(t, func(fn func(store.Change) error) error { return r.Changes(ctx, q, fn) })
}

func headOf(t *testing.T, s store.Store, area string) (h store.Head) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) error {
		heads, err := r.Heads(ctx, []string{area})
		if len(heads) == 1 {
			h = heads[0]
		}
		return err
	})
	return h
}

func numbersAreDense(t *testing.T, s store.Store) {
	for want := int64(1); want <= 3; want++ {
		equal(t, "number in A", appendBatch(t, s, changes("A", 1)), want)
	}
	equal(t, "number in B", appendBatch(t, s, changes("B", 2)), int64(1))
	equal(t, "number in A", appendBatch(t, s, changes("A", 1)), int64(4))
	equal(t, "head of A", headOf(t, s, "A"), store.Head{Area: "A", Last: 4, OldestKept: 1})
	equal(t, "head of B", headOf(t, s, "B"), store.Head{Area: "B", Last: 1, OldestKept: 1})
}

// second runs an Append in another goroutine and gives its number or error.
type second struct {
	begun chan struct{}
	done  chan int64
}

func appendBeside(t *testing.T, s store.Store, b store.Batch) second {
	other := second{begun: make(chan struct{}), done: make(chan int64, 1)}
	go func() {
		close(other.begun)
		number, err := tryAppend(t, s, b)
		if err != nil {
			t.Errorf("the second Append: %v", err)
		}
		other.done <- number
	}()
	return other
}

// overlap appends to an area while an Append to it is open, which ends as end says.
func overlap(t *testing.T, s store.Store, end error) (first, next int64) {
	var other second
	started := false
	err := s.Update(t.Context(), func(tx store.Tx) (err error) {
		if first, err = tx.Append(t.Context(), changes("A", 2)); err != nil {
			return err
		}
		if !started {
			started = true
			other = appendBeside(t, s, changes("A", 3))
			<-other.begun
		}
		for range 20 { // time enough for an engine that doesn't wait
			if _, err := tx.Heads(t.Context(), nil); err != nil {
				return err
			}
		}
		select {
		case n := <-other.done:
			t.Errorf("the second Append got number %d before the first had ended", n)
		default:
		}
		return end
	})
	if err != end { //nolint:errorlint // fn's error as it is
		t.Fatalf("the first Update: %v", err)
	}
	return first, <-other.done
}

func overlappingCommits(t *testing.T, s store.Store) {
	appendBatch(t, s, changes("A", 1))
	first, next := overlap(t, s, nil)
	equal(t, "numbers", []int64{first, next}, []int64{2, 3})
	equal(t, "changes by transaction", sizes(t, s, "A"), []int{1, 2, 3})
}

func overlappingRollback(t *testing.T, s store.Store) {
	first, next := overlap(t, s, errStop) // the area is new: its head is rolled back, too
	equal(t, "numbers", []int64{first, next}, []int64{1, 1})
	equal(t, "changes by transaction", sizes(t, s, "A"), []int{3})
}

// sizes gives the number of changes of the transactions 1, 2, 3 …
func sizes(t *testing.T, s store.Store, area string) []int {
	t.Helper()
	var all []int
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range changesOf(ctx, t, r, area) {
			for int64(len(all)) < c.Transaction {
				all = append(all, 0)
			}
			all[c.Transaction-1]++
		}
		return nil
	})
	return all
}

func rollbackLeavesNoGap(t *testing.T, s store.Store) {
	appendBatch(t, s, changes("A", 1))
	_ = s.Update(t.Context(), func(tx store.Tx) error {
		number, err := tx.Append(t.Context(), changes("A", 2))
		equal(t, "number that is rolled back", number, int64(2))
		if err != nil {
			t.Error(err)
		}
		return errStop
	})
	equal(t, "next number", appendBatch(t, s, changes("A", 3)), int64(2))
	equal(t, "changes by transaction", sizes(t, s, "A"), []int{1, 3})
}

func noChangesNoNumber(t *testing.T, s store.Store) {
	equal(t, "number", appendBatch(t, s, save("A", household("A", "h1", 1))), int64(0))
	equal(t, "head", headOf(t, s, "A"), store.Head{})
	equal(t, "stored revision", current(t, s, "A", "h1").Revision, int64(1))
}

func recordsNeedChanges(t *testing.T, s store.Store) {
	b := insert("A", key("education", "v1", "h1", ""))
	b.Changes = nil
	if _, err := tryAppend(t, s, b); err == nil {
		t.Error("an upsert without a change was stored")
	}
	b.Upserts, b.Deletes = nil, []store.RecordDelete{{Key: key("education", "v1", "h1", "")}}
	if _, err := tryAppend(t, s, b); err == nil {
		t.Error("a delete without a change was stored")
	}
}

func tooLarge(t *testing.T, s store.Store) {
	_, err := tryAppend(t, s, changes("A", store.MaxChanges+1))
	isError(t, "one change too many", err, store.ErrTooLarge)
	equal(t, "head", headOf(t, s, "A"), store.Head{})
	equal(t, "number of the largest", appendBatch(t, s, changes("A", store.MaxChanges)), int64(1))
	equal(t, "changes by transaction", sizes(t, s, "A"), []int{store.MaxChanges})
}

func oneAppend(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Append(t.Context(), changes("A", 1)); err != nil {
			t.Error(err)
		}
		_, err := tx.Append(t.Context(), changes("B", 1))
		return err
	})
	if err == nil {
		t.Error("two transactions in one Update")
	}
}

func failedAppend(t *testing.T, s store.Store) {
	appendBatch(t, s, save("A", household("A", "h2", 1)))
	b := insert("A", key("education", "v1", "h1", ""))
	b.Households = []store.Household{household("A", "h1", 1), household("A", "h2", 1)}
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Append(t.Context(), b)
		isError(t, "Append", err, store.ErrStale)
		return nil
	})
	isError(t, "Update", err, store.ErrStale)
	equal(t, "head", headOf(t, s, "A"), store.Head{})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		_, err := r.Household(ctx, "A", "h1")
		isError(t, "the household beside the stale one", err, store.ErrNotFound)
		return nil
	})
}

func changesCarryHeader(t *testing.T, s store.Store) {
	at := time.Date(2026, 5, 6, 20, 30, 0, 999_999_999, time.FixedZone("", 8*3600))
	moved := store.Change{Op: "MOVED", Key: key("housing", "v2", "h1", ""), FromVillage: "v1", Document: []byte("d1")}
	ended := store.Change{Op: "ENDED", Key: key("education", "v1", "h1", "p1"), Document: []byte("d2")}
	appendBatch(t, s, changes("A", 1))
	number := appendBatch(t, s, store.Batch{Area: "A", Time: at, Cause: "decision", Changes: []store.Change{moved, ended}})
	for i, c := range []*store.Change{&moved, &ended} {
		c.Area, c.Transaction, c.Ordinal, c.Cause = "A", number, i, "decision"
		c.Time = time.Date(2026, 5, 6, 12, 30, 0, 999_999_000, time.UTC)
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "changes", selectChanges(ctx, t, r, store.ChangeQuery{Area: "A", After: 1}), []store.Change{moved, ended})
		return nil
	})
}

func changesAreSelected(t *testing.T, s store.Store) {
	lists := []string{"education", "housing", "medical"}
	for n := range 3 {
		b := changes("A", 0)
		for _, list := range lists {
			b.Changes = append(b.Changes, change(key(list, "v1", fmt.Sprint("h", n), "")))
		}
		appendBatch(t, s, b)
	}
	appendBatch(t, s, changes("B", 1))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.ChangeQuery
			want string
		}{
			{store.ChangeQuery{Area: "A"}, "1.0 1.1 1.2 2.0 2.1 2.2 3.0 3.1 3.2 "},
			{store.ChangeQuery{Area: "A", After: 1}, "2.0 2.1 2.2 3.0 3.1 3.2 "},
			{store.ChangeQuery{Area: "A", UpTo: 2}, "1.0 1.1 1.2 2.0 2.1 2.2 "},
			{store.ChangeQuery{Area: "A", After: 1, UpTo: 2, Lists: []string{"medical", "education"}}, "2.0 2.2 "},
			{store.ChangeQuery{Area: "A", After: 3}, ""},
			{store.ChangeQuery{Area: "A", Lists: []string{}}, ""},
			{store.ChangeQuery{Area: "A", Households: []string{"h0", "h2"}}, "1.0 1.1 1.2 3.0 3.1 3.2 "},
			{store.ChangeQuery{Area: "A", After: 1, Lists: []string{"housing"}, Households: []string{"h0", "h1"}}, "2.1 "},
			{store.ChangeQuery{Area: "A", Households: []string{}}, ""},
			{store.ChangeQuery{Area: "C"}, ""},
		} {
			var got strings.Builder
			for _, c := range selectChanges(ctx, t, r, c.q) {
				fmt.Fprintf(&got, "%d.%d ", c.Transaction, c.Ordinal)
			}
			equal(t, fmt.Sprintf("changes of %+v", c.q), got.String(), c.want)
		}
		stops(t, "Changes", func(fn func(store.Change) error) error {
			return r.Changes(ctx, store.ChangeQuery{Area: "A"}, fn)
		})
		return nil
	})
}

func headsAreListed(t *testing.T, s store.Store) {
	for _, area := range []string{"b", "A", "B"} {
		appendBatch(t, s, changes(area, 1))
	}
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			areas []string
			want  string
		}{
			{nil, "ABb"},
			{[]string{"b", "C", "A"}, "Ab"},
			{[]string{}, ""},
		} {
			heads, err := r.Heads(ctx, c.areas)
			var got strings.Builder
			for _, h := range heads {
				got.WriteString(h.Area)
			}
			equal(t, fmt.Sprintf("heads of %v (error %v)", c.areas, err), got.String(), c.want)
		}
		return nil
	})
}

func derivedFor(t *testing.T, s store.Store) {
	derive := func(day, catalogue string) {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SetDerivedFor(ctx, "A", day, catalogue) })
	}
	derive("2026-03-01", "c1")
	equal(t, "head that was made", headOf(t, s, "A"),
		store.Head{Area: "A", Last: 0, OldestKept: 1, DerivedFor: "2026-03-01", Catalogue: "c1"})
	equal(t, "first number", appendBatch(t, s, changes("A", 1)), int64(1))
	derive("2026-03-02", "c2")
	equal(t, "second number", appendBatch(t, s, changes("A", 1)), int64(2))
	equal(t, "head", headOf(t, s, "A"),
		store.Head{Area: "A", Last: 2, OldestKept: 1, DerivedFor: "2026-03-02", Catalogue: "c2"})
}

func purge(t *testing.T, s store.Store) {
	for range 4 {
		appendBatch(t, s, changes("A", 2))
		appendBatch(t, s, changes("B", 1))
	}
	for _, c := range []struct {
		oldest, kept int64
		sizes        []int
	}{
		{3, 3, []int{0, 0, 2, 2}},
		{2, 3, []int{0, 0, 2, 2}},
		{9, 5, nil},
	} {
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.Purge(ctx, "A", c.oldest) })
		equal(t, "oldest kept", headOf(t, s, "A").OldestKept, c.kept)
		equal(t, "changes by transaction", sizes(t, s, "A"), c.sizes)
	}
	equal(t, "next number", appendBatch(t, s, changes("A", 1)), int64(5))
	equal(t, "changes by transaction", sizes(t, s, "A"), []int{0, 0, 0, 0, 1})
	equal(t, "other area's head", headOf(t, s, "B").OldestKept, int64(1))
	equal(t, "other area's changes", sizes(t, s, "B"), []int{1, 1, 1, 1})
}
