package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var letterTests = []test{
	{"a letter is given back as it was saved last, its subjects and recipients sorted", letterSaved},
	{"a letter that names a subject or an agency twice is refused whole", letterTwice},
	{"a letter is found by its id alone", letterFound},
	{"a letter that is not the stored one's next revision is stale", letterStale},
	{"a number stands for one letter, in whatever area", numberOnce},
	{"of many letters that take one number at once, one does", numberRace},
	{"a letter is saved in the Update that locks a case and appends", letterBesideAppend},
	{"a locked letter waits for the Update that holds it, and is given whole", letterLockExcludes},
	{"letters are selected, in order of since and id, without subjects and recipients", lettersSelected},
	{"letters of all areas are selected by agency only", lettersOfAllAreas},
	{"letters are read in pages by since and id", lettersPaged},
	{"a counter gives 1, 2, 3 and on, each counter for itself", counterCounts},
	{"an Update that is rolled back gives its number back", counterRolledBack},
	{"numbers taken at once are dense, whoever fails", counterDense},
}

// letter is the given revision of a letter that has not been issued.
func letter(area, id string, revision int64) store.Letter {
	return store.Letter{
		Area: area, ID: id, Revision: revision, Department: "housing", State: "DRAFTED", Waiting: "office",
		Since: "2026-03-01", OpenedOn: "2026-02-27", Time: noon,
		Subjects: []string{"h1"}, Recipients: []store.LetterRecipient{{Agency: "housing", Open: true}},
		Document: []byte(fmt.Sprintf("items %d", revision)),
	}
}

// numberedLetter is a letter that is issued under that number.
func numberedLetter(area, id string, revision int64, number string) store.Letter {
	l := letter(area, id, revision)
	l.State, l.IssuedOn, l.Number = "ISSUED", "2026-03-02", number
	return l
}

func saveLetters(t *testing.T, s store.Store, letters ...store.Letter) {
	t.Helper()
	for _, l := range letters {
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.SaveLetter(t.Context(), l) })
		if err != nil {
			t.Fatalf("letter %s: %v", l.ID, err)
		}
	}
}

func currentLetter(t *testing.T, s store.Store, area, id string) (l store.Letter) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		l, err = r.Letter(ctx, area, id)
		return err
	})
	return l
}

// refusedLetter checks that the letter is refused, and that the Update goes on and commits.
func refusedLetter(t *testing.T, s store.Store, l store.Letter, want error) {
	t.Helper()
	what := fmt.Sprintf("revision %d of %s in %s with number %q", l.Revision, l.ID, l.Area, l.Number)
	after := "after " + what
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if err := setEpoch("before "+what)(ctx, tx); err != nil {
			return err
		}
		isError(t, what, tx.SaveLetter(ctx, l), want)
		m, err := tx.Meta(ctx)
		equal(t, fmt.Sprintf("written before (error %v)", err), m.Epoch, "before "+what)
		return setEpoch(after)(ctx, tx)
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		m, err := r.Meta(ctx)
		equal(t, "committed", m.Epoch, after)
		return err
	})
}

func letterSaved(t *testing.T, s store.Store) {
	other := letter("A", "l2", 1)
	saveLetters(t, s, letter("A", "l1", 1), other)
	equal(t, "first", currentLetter(t, s, "A", "l1"), letter("A", "l1", 1))
	next := store.Letter{
		Area: "A", ID: "l1", Revision: 2, Department: "education", State: "ISSUED", Waiting: "recipients",
		Since: "2026-04-01", OpenedOn: "2026-02-28", IssuedOn: "2026-04-02", Number: "2026-1",
		Subjects:   []string{"h3", "h10", "h2"},
		Recipients: []store.LetterRecipient{{Agency: "schools", Open: true}, {Agency: "Schools"}, {Agency: "housing"}},
		Time:       noon.AddDate(0, 1, 0), Document: []byte("all items"),
	}
	sorted := next
	sorted.Subjects = []string{"h10", "h2", "h3"}
	sorted.Recipients = []store.LetterRecipient{{Agency: "Schools"}, {Agency: "housing"}, {Agency: "schools", Open: true}}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if err := tx.SaveLetter(ctx, next); err != nil {
			return err
		}
		got, err := tx.Letter(ctx, "A", "l1")
		equal(t, "within the Update", got, sorted)
		return err
	})
	equal(t, "next", currentLetter(t, s, "A", "l1"), sorted)
	bare := letter("A", "l1", 3)
	bare.Subjects, bare.Recipients, bare.Document = nil, nil, nil
	saveLetters(t, s, bare)
	equal(t, "without subjects and recipients", currentLetter(t, s, "A", "l1"), bare)
	equal(t, "another one", currentLetter(t, s, "A", "l2"), other)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, missing := range [][2]string{{"A", "l3"}, {"B", "l1"}} {
			_, err := r.Letter(ctx, missing[0], missing[1])
			isError(t, "missing letter", err, store.ErrNotFound)
		}
		return nil
	})
}

func letterTwice(t *testing.T, s store.Store) {
	saveLetters(t, s, letter("A", "l1", 1))
	subjects, recipients := letter("A", "l1", 2), letter("A", "l1", 2)
	subjects.Subjects = []string{"h1", "h2", "h1"}
	recipients.Recipients = []store.LetterRecipient{{Agency: "housing"}, {Agency: "housing", Open: true}}
	for what, l := range map[string]store.Letter{"a subject": subjects, "an agency": recipients} {
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.SaveLetter(t.Context(), l) })
		if err == nil || errors.Is(err, store.ErrTaken) || errors.Is(err, store.ErrStale) {
			t.Errorf("%s twice: got error %v, want another one", what, err)
		}
	}
	equal(t, "current state", currentLetter(t, s, "A", "l1"), letter("A", "l1", 1))
}

func letterFound(t *testing.T, s store.Store) {
	saveLetters(t, s, letter("A", "l1", 1), letter("B", "l2", 1))
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for id, want := range map[string]string{"l1": "A", "l2": "B"} {
			area, err := r.FindLetter(ctx, id)
			equal(t, fmt.Sprintf("area of %s (error %v)", id, err), area, want)
		}
		_, err := r.FindLetter(ctx, "l3")
		isError(t, "an id that stands for nothing", err, store.ErrNotFound)
		return nil
	})
}

func letterStale(t *testing.T, s store.Store) {
	saveLetters(t, s, numberedLetter("A", "l0", 1, "2026-1"), letter("A", "l1", 1), letter("A", "l1", 2))
	other := letter("A", "l1", 2)
	other.Subjects, other.Recipients = []string{"h2"}, nil
	for _, l := range []store.Letter{
		letter("A", "l1", 1), other, letter("A", "l1", 4), letter("A", "l2", 2), letter("A", "l2", 0), letter("B", "l1", 3),
		numberedLetter("A", "l1", 1, "2026-1"), numberedLetter("A", "l1", 2, "2026-1"), // stale goes before taken
	} {
		refusedLetter(t, s, l, store.ErrStale)
	}
	equal(t, "current state", currentLetter(t, s, "A", "l1"), letter("A", "l1", 2))
}

func numberOnce(t *testing.T, s store.Store) {
	saveLetters(t, s, letter("A", "l1", 1), letter("A", "l2", 1), letter("B", "l1", 1)) // without a number, any number of them
	saveLetters(t, s, numberedLetter("A", "l1", 2, "2026-1"), numberedLetter("A", "l3", 1, "2026-2"))
	other := numberedLetter("A", "l2", 2, "2026-1")
	other.Subjects, other.Recipients = []string{"h2"}, nil
	for _, l := range []store.Letter{
		other, numberedLetter("A", "l4", 1, "2026-1"), numberedLetter("A", "l3", 2, "2026-1"),
		numberedLetter("B", "l1", 2, "2026-1"), numberedLetter("B", "l5", 1, "2026-2"),
	} {
		refusedLetter(t, s, l, store.ErrTaken)
	}
	equal(t, "its holder", currentLetter(t, s, "A", "l1"), numberedLetter("A", "l1", 2, "2026-1"))
	equal(t, "one that was refused", currentLetter(t, s, "A", "l2"), letter("A", "l2", 1))
	saveLetters(t, s, numberedLetter("A", "l1", 3, "2026-1"), numberedLetter("A", "l1", 4, "2026-3"),
		numberedLetter("B", "l1", 2, "2026-1")) // kept, then given up and taken
}

func numberRace(t *testing.T, s store.Store) {
	const rivals = 8
	results := make(chan error, rivals)
	for i := range rivals {
		go func() {
			results <- s.Update(t.Context(), func(tx store.Tx) error {
				return tx.SaveLetter(t.Context(), numberedLetter(fmt.Sprint("area", i%2), fmt.Sprint("l", i), 1, "2026-1"))
			})
		}()
	}
	taken := 0
	for range rivals {
		err := <-results
		if err == nil {
			taken++
		} else if !errors.Is(err, store.ErrTaken) {
			t.Errorf("a rival: %v", err)
		}
	}
	equal(t, "letters with the number", taken, 1)
}

func letterBesideAppend(t *testing.T, s store.Store) {
	saveCases(t, s, removalCase("A", "c1", "h1", 1))
	saveLetters(t, s, letter("A", "l1", 1))
	step := func(fail error) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			if _, err := tx.LockCase(t.Context(), "A", "c1"); err != nil {
				return err
			}
			locked, err := tx.LockLetter(t.Context(), "A", "l1")
			if err != nil {
				return err
			}
			next := letter("A", "l1", locked.Revision+1)
			next.Subjects = []string{"h2"}
			if err := tx.SaveLetter(t.Context(), next); err != nil {
				return err
			}
			if _, err := tx.Append(t.Context(), changes("A", 1)); err != nil {
				return err
			}
			return fail
		}
	}
	isError(t, "rolled back", s.Update(t.Context(), step(errStop)), errStop)
	equal(t, "nothing is half done", currentLetter(t, s, "A", "l1"), letter("A", "l1", 1))
	if err := s.Update(t.Context(), step(nil)); err != nil {
		t.Fatal(err)
	}
	got := currentLetter(t, s, "A", "l1")
	equal(t, "letter", fmt.Sprint(got.Revision, got.Subjects), "2 [h2]")
}

// letterLockExcludes lets several Updates read, then add one to, the revisions of the same
// two letters. Each revision has subjects and recipients of its own, which must be those
// of the state that the lock gives.
func letterLockExcludes(t *testing.T, s store.Store) {
	const writers, rounds = 4, 10
	ofRevision := func(id string, n int64) store.Letter {
		l := letter("A", id, n)
		l.Subjects = []string{fmt.Sprint("h", n)}
		l.Recipients = []store.LetterRecipient{{Agency: fmt.Sprint("agency", n), Open: n%2 == 0}}
		return l
	}
	saveLetters(t, s, ofRevision("l1", 1), ofRevision("l2", 1))
	addOne := func(tx store.Tx) error {
		for _, id := range []string{"l1", "l2"} {
			l, err := tx.LockLetter(t.Context(), "A", id)
			if err != nil {
				return err
			}
			equal(t, "locked letter", l, ofRevision(id, l.Revision))
			if err := tx.SaveLetter(t.Context(), ofRevision(id, l.Revision+1)); err != nil {
				return err
			}
		}
		return nil
	}
	failed := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for i := 0; i < rounds && err == nil; i++ {
				err = s.Update(t.Context(), addOne)
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Errorf("an Update: %v", err)
		}
	}
	for _, id := range []string{"l1", "l2"} {
		equal(t, "in the end", currentLetter(t, s, "A", id), ofRevision(id, 1+writers*rounds))
	}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.LockLetter(ctx, "A", "l3")
		isError(t, "a letter that does not exist", err, store.ErrNotFound)
		return nil
	})
}
