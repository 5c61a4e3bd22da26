package hub

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Recall is somebody who was handed something that is no longer true.
type Recall struct {
	Agency, Client     string // Client "": it came by letter
	Decision, Case     string // taken back; "": a letter named somebody wrongly
	Letter, Correction string // "": it was read from the feed; Correction also: not issued yet
	ReadAt, SettledAt  time.Time
	Assumed            bool
}

// Recalls tells who holds something that is no longer true: open ones first, the oldest first.
func (h *Hub) Recalls(ctx context.Context, c access.Caller, area string, settled bool) (out []Recall, err error) {
	if _, ok := h.Divisions.Area(area); !ok {
		return nil, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	err = h.audited(ctx, c, "ledger.recalls", map[string]any{"area": area}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayOversee(ctx, r, c, area, handedWhat+area); err != nil {
				return err
			}
			reversed, err := h.reversedIn(ctx, r, area)
			if err != nil {
				return err
			}
			read, err := h.recallsOfReaders(ctx, r, reversed)
			if err != nil {
				return err
			}
			told, err := h.recallsOfLetters(ctx, r, area, reversed)
			out = append(read, told...)
			return err
		})
		return map[string]any{"recalls": len(out)}, err
	})
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(a Recall) bool { return !settled && !a.SettledAt.IsZero() })
	slices.SortStableFunc(out, func(a, b Recall) int {
		if open := a.SettledAt.IsZero(); open != b.SettledAt.IsZero() {
			if open {
				return -1
			}
			return 1
		}
		return cmp.Or(a.ReadAt.Compare(b.ReadAt), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Client, b.Client))
	})
	return out, nil
}

// reversedIn gives the reversed cases of an area.
func (h *Hub) reversedIn(ctx context.Context, r store.Reader, area string) (out []removal.Case, err error) {
	err = r.Cases(ctx, store.CaseQuery{Area: area, State: string(removal.Reversed)}, func(row store.Case) error {
		c, err := h.openCase(row)
		out = append(out, c)
		return err
	})
	return out, err
}

// recallsOfReaders are the consumers that were handed a removal from the feed.
func (h *Hub) recallsOfReaders(ctx context.Context, r store.Reader, reversed []removal.Case) (out []Recall, err error) {
	if len(reversed) == 0 {
		return nil, nil
	}
	first := announcedAt(reversed[0])
	for _, c := range reversed {
		if at := announcedAt(c); at.Before(first) {
			first = at
		}
	}
	l, err := h.ledger(ctx, "", first, h.Clock().Add(time.Second))
	if err != nil {
		return nil, err
	}
	for _, c := range reversed {
		readers, err := h.readersIn(ctx, r, l, c)
		if err != nil {
			return nil, err
		}
		for _, d := range readers {
			out = append(out, Recall{
				Agency: d.Agency, Client: d.Client, Decision: c.Decision, Case: c.ID, ReadAt: d.ReadAt, SettledAt: d.CorrectedAt, Assumed: d.Assumed,
			})
		}
	}
	return out, nil
}

// recalled follows wrong letters to their corrections.
type recalled struct {
	letters map[string]letter.Letter
	cases   map[string]string // by decision that was taken back
	out     []Recall
}

// recallsOfLetters are the recipients that were handed a letter of which something is wrong.
func (h *Hub) recallsOfLetters(ctx context.Context, r store.Reader, area string, reversed []removal.Case) ([]Recall, error) {
	t := &recalled{letters: map[string]letter.Letter{}, cases: map[string]string{}}
	for _, c := range reversed {
		t.cases[c.Decision] = c.ID
	}
	var order []string
	err := h.eachLetter(ctx, r, store.LetterQuery{Area: area}, func(_ store.Letter, l letter.Letter) {
		t.letters[l.ID] = l
		order = append(order, l.ID)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range order {
		if l := t.letters[id]; l.State == letter.Issued || l.State == letter.Withdrawn {
			t.wrong(l, order)
		}
	}
	return t.out, nil
}

// wrong takes a letter with all that corrects it, or will.
func (t *recalled) wrong(l letter.Letter, order []string) {
	answered := map[string]bool{} // decisions taken back that a correcting letter takes up
	for _, id := range order {
		by := t.letters[id]
		if !slices.Contains(by.Corrects, l.ID) || by.State == letter.Cancelled {
			continue
		}
		decision := takenBack(l, by)
		answered[decision] = true
		t.recall(l, by, decision)
	}
	for _, i := range l.Items {
		if t.cases[i.Decision] != "" && i.Kind != letter.Resume && i.Corrected == "" && !answered[i.Decision] {
			answered[i.Decision] = true
			t.recall(l, letter.Letter{}, i.Decision) // its correction is still to be drafted
		}
	}
}

// takenBack is the decision of a letter that another one takes back; "" where that one only
// names somebody rightly.
func takenBack(l, by letter.Letter) string {
	for _, i := range l.Items {
		if i.Kind != letter.Resume && slices.ContainsFunc(by.Items, func(b letter.Item) bool {
			return b.Kind == letter.Resume && itemKeyOf(by, b) == itemKeyOf(l, i)
		}) {
			return i.Decision
		}
	}
	return ""
}

// recall notes who was handed the letter, and when each confirmed its correction.
func (t *recalled) recall(l, by letter.Letter, decision string) {
	correction := by.ID
	if by.IssuedOn == "" {
		correction = ""
	}
	for _, r := range l.Receipts {
		if r.DeliveredAt.IsZero() {
			continue
		}
		t.out = append(t.out, Recall{
			Agency: r.Agency, Decision: decision, Case: t.cases[decision], Letter: l.ID, Correction: correction,
			ReadAt: r.DeliveredAt, SettledAt: t.confirmed(by, r.Agency),
		})
	}
}

// confirmed is when a recipient confirmed a correcting letter or, where that was withdrawn
// before, all that correct it in turn; zero: not yet.
func (t *recalled) confirmed(by letter.Letter, agency string) (at time.Time) {
	n := by.Receipt(agency)
	switch {
	case n >= 0 && !by.Receipts[n].AppliedAt.IsZero():
		return by.Receipts[n].AppliedAt
	case by.State != letter.Withdrawn:
		return time.Time{}
	}
	for _, next := range by.CorrectedBy {
		got := t.confirmed(t.letters[next.Letter], agency)
		if got.IsZero() {
			return got
		}
		if got.After(at) {
			at = got
		}
	}
	return at
}
