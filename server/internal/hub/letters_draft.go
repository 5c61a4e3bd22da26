package hub

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// FinishLetters drafts the letters about every decision that has none yet. It runs after
// each decision and when a hub starts; doing it twice is harmless.
func (h *Hub) FinishLetters(ctx context.Context) error {
	return finish(ctx, h, lettersKind, h.draftLetters)
}

// drafting is one attempt at the transaction that drafts the letters about a decision.
type drafting struct {
	hub *Hub
	tx  store.Tx
	act act
	due lettersDue
}

func (h *Hub) draftLetters(ctx context.Context, intent string, due lettersDue) error {
	const attempts = 3 // another hub may draft the same, or add to the same draft
	a := h.act(system, due.Area, "LETTERS")
	for n := 1; ; n++ {
		err := h.Store.Update(ctx, func(tx store.Tx) error {
			if err := (&drafting{hub: h, tx: tx, act: a, due: due}).draft(ctx); err != nil {
				return err
			}
			return tx.DeleteIntent(ctx, intent)
		})
		if n == attempts || !errors.Is(err, store.ErrStale) {
			return err
		}
	}
}

func (d *drafting) draft(ctx context.Context) error {
	if d.due.Reversal != "" {
		return d.takeBack(ctx)
	}
	row, err := d.tx.Case(ctx, d.due.Area, d.due.Case)
	if err != nil {
		return err
	}
	if row.State == string(removal.Reversed) {
		return nil // nobody was told yet, and nobody need be
	}
	for _, department := range slices.Sorted(maps.Keys(d.due.Departments)) {
		if err := d.tellDepartment(ctx, department, d.due.Departments[department]); err != nil {
			return err
		}
	}
	return nil
}

// tellDepartment puts a department's items into its draft, or opens one for them. Another
// hub may have done so already.
func (d *drafting) tellDepartment(ctx context.Context, department string, items []letter.Item) error {
	var drafts []string
	q := store.LetterQuery{Area: d.due.Area, Department: department}
	told := false
	about := q
	about.Household = d.due.Household
	if err := d.hub.eachLetter(ctx, d.tx, about, func(_ store.Letter, l letter.Letter) { told = told || l.Names(d.due.Decision) }); err != nil || told {
		return err
	}
	q.State = string(letter.Draft)
	err := d.hub.eachLetter(ctx, d.tx, q, func(_ store.Letter, l letter.Letter) {
		if l.Collects(len(items), d.act.on) {
			drafts = append(drafts, l.ID)
		}
	})
	if err != nil {
		return err
	}
	if len(drafts) > 0 {
		row, l, err := d.hub.lockLetter(ctx, d.tx, d.due.Area, drafts[0])
		if err != nil {
			return err
		}
		if l.Collects(len(items), d.act.on) {
			return d.hub.saveLetter(ctx, d.tx, d.act, row, letter.Add(l, items, d.due.At))
		}
	}
	terms, err := d.terms(ctx)
	if err != nil {
		return err
	}
	l := letter.Open(d.id(department), d.due.Area, department, letter.Notice, terms, d.act.on)
	return d.hub.saveLetter(ctx, d.tx, d.act, store.Letter{}, letter.Add(l, items, d.due.At))
}

func (d *drafting) terms(ctx context.Context) (removal.LetterTerms, error) {
	p, err := d.hub.procedure(ctx, d.tx, d.due.Area, d.act.on)
	return p.Letters, err
}

// id is always the same for what a letter is about: where two hubs draft it at once, the
// second one is refused, and finds the first one's when it looks again.
func (d *drafting) id(parts string) string {
	return "lt_" + hex.EncodeToString(d.hub.Keys.Hash("letter", d.due.Decision+"\x00"+d.due.Reversal+"\x00"+parts)[:12])
}

// takeBack follows a reversed decision through the letters that name it: what was not
// issued loses its items, what was is answered by a correcting letter.
func (d *drafting) takeBack(ctx context.Context) error {
	naming, err := d.naming(ctx)
	if err != nil {
		return err
	}
	wrong := map[string][]letter.Letter{} // issued, by department
	for _, id := range naming {
		row, l, err := d.hub.lockLetter(ctx, d.tx, d.due.Area, id)
		if err != nil {
			return err
		}
		switch l.State {
		case letter.Draft, letter.Signed:
			if len(l.Uncorrected(d.due.Decision)) == 0 {
				continue // it takes the decision back itself
			}
			if err := d.hub.saveLetter(ctx, d.tx, d.act, row, letter.Drop(l, d.due.Decision)); err != nil {
				return err
			}
		case letter.Issued:
			if len(l.Uncorrected(d.due.Decision)) > 0 {
				wrong[l.Department] = append(wrong[l.Department], l)
			}
		}
	}
	for _, department := range slices.Sorted(maps.Keys(wrong)) {
		var items []letter.Item
		for _, l := range wrong[department] {
			items = append(items, letter.Corrections(l, l.Uncorrected(d.due.Decision), d.due.From, nil)...)
		}
		if err := d.correct(ctx, department, wrong[department], items); err != nil {
			return err
		}
	}
	return nil
}

// naming are the ids, sorted, of the letters with items of the decision.
func (d *drafting) naming(ctx context.Context) (ids []string, err error) {
	err = d.hub.eachLetter(ctx, d.tx, store.LetterQuery{Area: d.due.Area, Household: d.due.Household}, func(_ store.Letter, l letter.Letter) {
		if l.Names(d.due.Decision) {
			ids = append(ids, l.ID)
		}
	})
	slices.Sort(ids)
	return ids, err
}

// correct drafts a correcting letter, unless another hub has.
func (d *drafting) correct(ctx context.Context, department string, wrong []letter.Letter, items []letter.Item) error {
	id := d.id("correction " + department)
	if _, err := d.tx.Letter(ctx, d.due.Area, id); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	terms, err := d.terms(ctx)
	if err != nil {
		return err
	}
	l := letter.Open(id, d.due.Area, department, letter.Correction, terms, d.act.on)
	for _, w := range wrong {
		l.Corrects = append(l.Corrects, w.ID)
	}
	return d.hub.saveLetter(ctx, d.tx, d.act, store.Letter{}, letter.Add(l, items, d.due.At))
}

// restate drafts correcting letters wherever an issued letter names a person of an item
// otherwise than the person is known today, unless a correcting letter that says so waits
// to be issued; one that says what is wrong by now loses its items. objection is what the
// drafts are about, once.
func (h *Hub) restate(ctx context.Context, tx store.Tx, a act, about letter.Item, named func(letter.Item) letter.Item, objection string) error {
	wrong, waiting := map[string][]letter.Letter{}, map[string]bool{} // by department
	var overtaken []string
	q := store.LetterQuery{Area: a.area, Household: about.Household}
	err := h.eachLetter(ctx, tx, q, func(_ store.Letter, l letter.Letter) {
		switch {
		case l.State == letter.Issued && len(misnamed(l, about.Person, named)) > 0:
			wrong[l.Department] = append(wrong[l.Department], l)
		case l.Kind == letter.Correction && (l.State == letter.Draft || l.State == letter.Signed):
			waiting[l.Department] = waiting[l.Department] || restates(l, about.Person, named)
			if len(misnamed(l, about.Person, named)) > 0 {
				overtaken = append(overtaken, l.ID)
			}
		}
	})
	if err == nil {
		err = h.dropOvertaken(ctx, tx, a, overtaken)
	}
	if err != nil {
		return err
	}
	d := &drafting{hub: h, tx: tx, act: a, due: lettersDue{Area: a.area, Household: about.Household, Decision: about.Decision, Reversal: objection, At: a.time}}
	for _, department := range slices.Sorted(maps.Keys(wrong)) {
		if waiting[department] {
			continue
		}
		var items []letter.Item
		for _, l := range wrong[department] {
			items = append(items, letter.Corrections(l, misnamed(l, about.Person, named), "", named)...)
		}
		if err := d.correct(ctx, department, wrong[department], items); err != nil {
			return err
		}
	}
	return nil
}

// dropOvertaken takes the items out of restating letters that were not issued and are wrong
// by now: nobody was told.
func (h *Hub) dropOvertaken(ctx context.Context, tx store.Tx, a act, ids []string) error {
	for _, id := range slices.Sorted(slices.Values(ids)) {
		row, l, err := h.lockLetter(ctx, tx, a.area, id)
		if err != nil {
			return err
		}
		for _, i := range l.Items { // all about one person
			l = letter.Drop(l, i.Decision)
		}
		if err := h.saveLetter(ctx, tx, a, row, l); err != nil {
			return err
		}
	}
	return nil
}

// misnamed are the numbers of the items that name a person otherwise than now known.
func misnamed(l letter.Letter, person string, named func(letter.Item) letter.Item) (numbers []int) {
	for n, i := range l.Items {
		if i.Person == person && i.Kind != letter.Resume && i.Corrected == "" && named(i) != i {
			numbers = append(numbers, n+1)
		}
	}
	return numbers
}

// restates tells whether a letter names a person as now known.
func restates(l letter.Letter, person string, named func(letter.Item) letter.Item) bool {
	return slices.ContainsFunc(l.Items, func(i letter.Item) bool { return i.Person == person && i.Kind == letter.Restate && named(i) == i })
}
