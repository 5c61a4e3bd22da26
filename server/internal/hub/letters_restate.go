package hub

import (
	"context"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// acquainted knows persons of letters as they are known today, wherever they live now and
// whatever entry they were merged into.
type acquainted struct {
	hub   *Hub
	tx    store.Tx
	area  string                          // of the letters
	facts map[string]*household.Household // by person as the letters call them
	now   map[string]string               // id under which such a person is known today
}

// with looks up the persons of items.
func (k *acquainted) with(ctx context.Context, items []letter.Item) error {
	if k.now == nil {
		k.now = map[string]string{}
	}
	for _, i := range items {
		if k.facts[i.Person] != nil {
			continue
		}
		area, home, id := k.area, i.Household, i.Person
		found, err := k.hub.find(ctx, k.tx, aliasPerson, []string{i.Person})
		if err != nil {
			return err
		}
		if at, ok := found[i.Person]; ok {
			area, home, id = at.Area, at.Household, at.Person
		}
		facts, err := k.hub.householdOf(ctx, k.tx, removal.Case{Area: area, Household: home})
		if fault.Is(err, fault.HouseholdNotFound) {
			continue // nobody knows better
		}
		if err != nil {
			return err
		}
		k.facts[i.Person], k.now[i.Person] = facts, id
	}
	return nil
}

// person is somebody as known today, nil where nobody knows.
func (k *acquainted) person(id string) *household.Person {
	if facts := k.facts[id]; facts != nil {
		return facts.Person(k.now[id])
	}
	return nil
}

// named gives an item with its person as known today.
func (k *acquainted) named(i letter.Item) letter.Item { return asKnown(i, k.person(i.Person)) }

// died is the day of a person's death, "" for the living.
func (k *acquainted) died(id string) date.Date {
	if p := k.person(id); p != nil && p.LeaveReason == household.LeaveDeath {
		return p.LeftOn
	}
	return ""
}

// merged tells whether a person was found to be another one, who is known already: the entry
// that the letter names is no more.
func (k *acquainted) merged(id string) bool {
	p := k.person(id)
	return k.facts[id] != nil && (p == nil || p.LeaveReason == household.LeaveDuplicate)
}

// restate has a person named as known today in every area's letters: those that were not
// issued are mended, those that were are answered by correcting letters. objection is what
// the drafts are about, once.
func (s *letterStep) restate(ctx context.Context, known *acquainted, about letter.Item, objection string) error {
	for _, area := range s.hub.Divisions.Areas() {
		d := &drafting{hub: s.hub, tx: s.tx, act: s.act, due: lettersDue{Area: area.ID, Decision: about.Decision, Reversal: objection, At: s.act.time}}
		if err := d.restate(ctx, known, about.Person); err != nil {
			return err
		}
	}
	return nil
}

func (d *drafting) restate(ctx context.Context, known *acquainted, person string) error {
	var ids []string
	wrong, waiting := map[string][]letter.Letter{}, map[string]bool{} // by department
	err := d.hub.eachLetter(ctx, d.tx, store.LetterQuery{Area: d.due.Area, Subject: person}, func(_ store.Letter, l letter.Letter) { ids = append(ids, l.ID) })
	if err != nil {
		return err
	}
	slices.Sort(ids)
	for _, id := range ids {
		row, l, err := d.hub.lockLetter(ctx, d.tx, d.due.Area, id)
		if err != nil {
			return err
		}
		misnamed := l.Misnamed(person, known.named)
		switch {
		case l.Unissued() && len(misnamed) > 0:
			l = letter.Rename(l, known.named)
			err = d.hub.saveLetter(ctx, d.tx, d.act, row, l)
		case l.State == letter.Issued && len(misnamed) > 0:
			wrong[l.Department] = append(wrong[l.Department], l)
		}
		if err != nil {
			return err
		}
		waiting[l.Department] = waiting[l.Department] || (l.Unissued() && l.Kind == letter.Correction)
	}
	for _, department := range slices.Sorted(maps.Keys(wrong)) {
		if waiting[department] {
			continue // a correcting letter that says so is on its way
		}
		var items []letter.Item
		for _, l := range wrong[department] {
			items = append(items, letter.Restatements(l, l.Misnamed(person, known.named), known.named)...)
		}
		if err := d.correct(ctx, department, wrong[department], items); err != nil {
			return err
		}
	}
	return nil
}
