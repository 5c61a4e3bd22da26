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
	row, err := d.tx.LockCase(ctx, d.due.Area, d.due.Case) // or it is reversed meanwhile, and its letters are never taken back
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
	about.Subject = d.due.Household
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
		switch {
		case len(l.Uncorrected(d.due.Decision)) == 0: // it takes the decision back itself
		case l.Unissued():
			if err := d.hub.saveLetter(ctx, d.tx, d.act, row, letter.Drop(l, d.due.Decision)); err != nil {
				return err
			}
		case l.State == letter.Issued:
			wrong[l.Department] = append(wrong[l.Department], l)
		}
	}
	known := d.hub.acquainted(d.tx, d.due.Area)
	for _, department := range slices.Sorted(maps.Keys(wrong)) {
		var items []letter.Item
		for _, l := range wrong[department] {
			if err := known.with(ctx, l.Items); err != nil {
				return err
			}
			items = append(items, letter.Resumptions(l, l.Uncorrected(d.due.Decision), d.due.From, known.named, known.died)...)
		}
		if err := d.correct(ctx, department, wrong[department], items); err != nil {
			return err
		}
	}
	return nil
}

// naming are the ids, sorted, of the letters with items of the decision.
func (d *drafting) naming(ctx context.Context) (ids []string, err error) {
	err = d.hub.eachLetter(ctx, d.tx, store.LetterQuery{Area: d.due.Area, Subject: d.due.Household}, func(_ store.Letter, l letter.Letter) {
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
