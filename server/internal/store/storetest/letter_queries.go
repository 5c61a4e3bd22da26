package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

func selectLetters(ctx context.Context, t *testing.T, r store.Reader, q store.LetterQuery) string {
	t.Helper()
	ids := []string{}
	for _, l := range collect(t, func(fn func(store.Letter) error) error { return r.Letters(ctx, q, fn) }) {
		ids = append(ids, l.ID)
	}
	return fmt.Sprint(ids)
}

// someLetters are six letters of area A, listed as l2 l6 l1 l4 l3 l5, and two of B. Of each
// three, one is addressed to nobody, one to schools, one to schools and housing. The last
// two of A are not issued.
func someLetters(t *testing.T, s store.Store) {
	t.Helper()
	for i, id := range []string{"l6", "l2", "l4", "l1", "l3", "l5"} {
		l := letter("A", id, 1)
		l.Since = fmt.Sprintf("2026-03-0%d", 1+i/2)
		l.Department = []string{"housing", "education"}[i%2]
		l.State = []string{"DRAFTED", "ISSUED", "CLOSED"}[i%3]
		l.Waiting = []string{"office", "", "recipients"}[i%3]
		if i < 4 {
			l.IssuedOn, l.Number = fmt.Sprintf("2026-03-1%d", i), fmt.Sprint("2026-", i)
		}
		l.Subjects = []string{fmt.Sprint("h", i), fmt.Sprint("h", i+1)}
		l.Recipients = []store.LetterRecipient{{Agency: "schools", Open: i > 2}, {Agency: "housing", Open: i < 3}}[:i%3]
		saveLetters(t, s, l)
	}
	first, second := numberedLetter("B", "l7", 1, "2026-7"), letter("B", "l0", 1)
	first.Since, second.Since = "2026-03-02", "2026-03-03"
	second.Recipients = []store.LetterRecipient{{Agency: "housing"}}
	saveLetters(t, s, first, second)
}

func lettersSelected(t *testing.T, s store.Store) {
	someLetters(t, s)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.LetterQuery
			want string
		}{
			{store.LetterQuery{}, "[l2 l6 l1 l4 l3 l5]"},
			{store.LetterQuery{Department: "education"}, "[l2 l1 l5]"},
			{store.LetterQuery{State: "ISSUED"}, "[l2 l3]"},
			{store.LetterQuery{Waiting: "recipients"}, "[l4 l5]"},
			{store.LetterQuery{Subject: "h2"}, "[l2 l4]"},
			{store.LetterQuery{Subject: "h9"}, "[]"},
			{store.LetterQuery{Agency: "schools"}, "[l2 l4 l3 l5]"},
			{store.LetterQuery{Agency: "housing"}, "[l4 l5]"},
			{store.LetterQuery{Agency: "nobody"}, "[]"},
			{store.LetterQuery{Agency: "schools", Open: true}, "[l3 l5]"},
			{store.LetterQuery{Agency: "housing", Open: true}, "[l4]"},
			{store.LetterQuery{Open: true}, "[l2 l6 l1 l4 l3 l5]"},
			{store.LetterQuery{IssuedFrom: "2026-03-12"}, "[l1 l4]"},
			{store.LetterQuery{IssuedTo: "2026-03-12"}, "[l2 l6 l4]"},
			{store.LetterQuery{IssuedFrom: "2026-03-11", IssuedTo: "2026-03-12"}, "[l2 l4]"},
			{store.LetterQuery{IssuedFrom: "2026-03-13", IssuedTo: "2026-03-12"}, "[]"},
			{store.LetterQuery{Agency: "schools", Subject: "h2", Department: "education"}, "[l2]"},
			{store.LetterQuery{Agency: "schools", Open: true, State: "ISSUED", Subject: "h4"}, "[l3]"},
			{store.LetterQuery{Waiting: "office", IssuedTo: "2026-03-31"}, "[l6 l1]"},
		} {
			c.q.Area = "A"
			equal(t, fmt.Sprintf("letters of %+v", c.q), selectLetters(ctx, t, r, c.q), c.want)
		}
		bare := numberedLetter("B", "l7", 1, "2026-7")
		bare.Since, bare.Subjects, bare.Recipients = "2026-03-02", nil, nil
		equal(t, "what a letter carries", collect(t, func(fn func(store.Letter) error) error {
			return r.Letters(ctx, store.LetterQuery{Area: "B", State: "ISSUED"}, fn)
		}), []store.Letter{bare})
		stops(t, "Letters", func(fn func(store.Letter) error) error { return r.Letters(ctx, store.LetterQuery{Area: "A"}, fn) })
		return nil
	})
}

func lettersOfAllAreas(t *testing.T, s store.Store) {
	someLetters(t, s)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.LetterQuery
			want string
		}{
			{store.LetterQuery{Agency: "housing"}, "[l4 l7 l0 l5]"},
			{store.LetterQuery{Agency: "housing", Open: true}, "[l4 l7]"},
			{store.LetterQuery{Agency: "housing", Subject: "h1"}, "[l7 l0]"},
			{store.LetterQuery{Agency: "housing", IssuedTo: "2026-03-02"}, "[l7]"},
			{store.LetterQuery{Agency: "housing", AfterSince: "2026-03-02", AfterID: "l4", Limit: 2}, "[l7 l0]"},
			{store.LetterQuery{}, "[]"},
			{store.LetterQuery{Department: "housing"}, "[]"},
			{store.LetterQuery{Open: true}, "[]"},
		} {
			equal(t, fmt.Sprintf("letters of %+v", c.q), selectLetters(ctx, t, r, c.q), c.want)
		}
		return nil
	})
}

func lettersPaged(t *testing.T, s store.Store) {
	someLetters(t, s)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			since, id string
			limit     int
			want      string
		}{
			{"", "", 2, "[l2 l6]"},
			{"2026-03-01", "l2", 2, "[l6 l1]"},
			{"2026-03-01", "l6", 0, "[l1 l4 l3 l5]"},
			{"2026-03-03", "l3", 9, "[l5]"},
			{"2026-03-03", "l5", 9, "[]"},
		} {
			q := store.LetterQuery{Area: "A", AfterSince: c.since, AfterID: c.id, Limit: c.limit}
			equal(t, fmt.Sprintf("letters of %+v", q), selectLetters(ctx, t, r, q), c.want)
		}
		return nil
	})
	const many = 300 // more than an engine fetches at a time
	var want []string
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for i := range many {
			l := letter("C", fmt.Sprintf("m%03d", i), 1)
			want = append(want, l.ID)
			if err := tx.SaveLetter(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, r store.Reader) error {
		equal(t, "many letters", selectLetters(ctx, t, r, store.LetterQuery{Area: "C"}), fmt.Sprint(want))
		equal(t, "many letters but the last", selectLetters(ctx, t, r, store.LetterQuery{Area: "C", Limit: many - 1}), fmt.Sprint(want[:many-1]))
		return nil
	})
}
