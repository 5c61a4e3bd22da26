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
	hub    *Hub
	tx     store.Tx
	area   string                             // of the letters
	opened map[[2]string]*household.Household // by area and id; nil where there is none
	at     map[string]store.Alias             // where a person as the letters have it is known today
}

func (h *Hub) acquainted(tx store.Tx, area string) *acquainted {
	return &acquainted{hub: h, tx: tx, area: area, opened: map[[2]string]*household.Household{}, at: map[string]store.Alias{}}
}

// with looks up the persons of items.
func (k *acquainted) with(ctx context.Context, items []letter.Item) error {
	var persons []string
	for _, i := range items {
		if _, known := k.at[i.Person]; !known {
			k.at[i.Person] = store.Alias{Area: k.area, Household: i.Household, Person: i.Person}
			persons = append(persons, i.Person)
		}
	}
	found, err := k.hub.find(ctx, k.tx, aliasPerson, persons)
	if err != nil {
		return err
	}
	maps.Copy(k.at, found)
	for _, id := range persons {
		if err := k.open(ctx, k.at[id]); err != nil {
			return err
		}
	}
	return nil
}

// open opens a household once; of one that is no more nobody knows better.
func (k *acquainted) open(ctx context.Context, at store.Alias) error {
	if _, done := k.opened[homeOf(at)]; done {
		return nil
	}
	facts, err := k.hub.householdOf(ctx, k.tx, removal.Case{Area: at.Area, Household: at.Household})
	if err != nil && !fault.Is(err, fault.HouseholdNotFound) {
		return err
	}
	k.opened[homeOf(at)] = facts
	return nil
}

func homeOf(at store.Alias) [2]string { return [2]string{at.Area, at.Household} }

// person is somebody as known today, nil where nobody knows.
func (k *acquainted) person(id string) *household.Person {
	at := k.at[id]
	if facts := k.opened[homeOf(at)]; facts != nil {
		return facts.Person(at.Person)
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
	return k.opened[homeOf(k.at[id])] != nil && (p == nil || p.LeaveReason == household.LeaveDuplicate)
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

// restating sorts the letters that name a person.
type restating struct {
	person   string
	known    *acquainted
	reversed map[string]bool            // cases
	wrong    map[string][]letter.Letter // issued, by department
	waiting  map[itemKey]bool           // what correcting letters say that wait to be issued
}

// itemKey names what an item is about.
type itemKey struct{ department, decision, person, policy string }

func itemKeyOf(l letter.Letter, i letter.Item) itemKey {
	return itemKey{l.Department, i.Decision, i.Person, i.Policy}
}

func (d *drafting) restate(ctx context.Context, known *acquainted, person string) error {
	t := &restating{person: person, known: known, reversed: map[string]bool{}, wrong: map[string][]letter.Letter{}, waiting: map[itemKey]bool{}}
	ids, err := d.lockCases(ctx, t)
	if err != nil {
		return err
	}
	for _, id := range ids {
		row, l, err := d.hub.lockLetter(ctx, d.tx, d.due.Area, id)
		if err != nil {
			return err
		}
		if !t.take(l) {
			continue
		}
		if err := d.hub.saveLetter(ctx, d.tx, d.act, row, letter.Rename(l, known.named)); err != nil {
			return err
		}
	}
	for _, department := range slices.Sorted(maps.Keys(t.wrong)) {
		var items []letter.Item
		var wrong []letter.Letter
		for _, l := range t.wrong[department] {
			if numbers := t.missing(l); len(numbers) > 0 {
				wrong, items = append(wrong, l), append(items, letter.Restatements(l, numbers, known.named)...)
			}
		}
		if len(items) == 0 {
			continue
		}
		if err := d.correct(ctx, department, wrong, items); err != nil {
			return err
		}
	}
	return nil
}

// lockCases locks the cases that the letters tell the end of, and gives the letters' ids, sorted.
func (d *drafting) lockCases(ctx context.Context, t *restating) (ids []string, err error) {
	var cases []string
	err = d.hub.eachLetter(ctx, d.tx, store.LetterQuery{Area: d.due.Area, Subject: t.person}, func(_ store.Letter, l letter.Letter) {
		ids, cases = append(ids, l.ID), append(cases, l.Cases()...)
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(cases)
	for _, id := range slices.Compact(cases) {
		c, err := d.tx.LockCase(ctx, d.due.Area, id)
		if err != nil {
			return nil, err
		}
		t.reversed[id] = c.State == string(removal.Reversed)
	}
	slices.Sort(ids)
	return ids, nil
}

// take tells whether a letter that was not issued has to be mended, and keeps the others.
func (t *restating) take(l letter.Letter) (mend bool) {
	if l.Unissued() {
		for _, i := range l.Items {
			t.waiting[itemKeyOf(l, i)] = t.waiting[itemKeyOf(l, i)] || l.Kind == letter.Correction
		}
		return len(l.Misnamed(t.person, t.known.named)) > 0
	}
	if l.State == letter.Issued && len(l.Misnamed(t.person, t.known.named)) > 0 {
		t.wrong[l.Department] = append(t.wrong[l.Department], l)
	}
	return false
}

// missing are the numbers of the items of an issued letter that no other letter is about to
// put right, and that are not about to be taken back.
func (t *restating) missing(l letter.Letter) []int {
	return slices.DeleteFunc(l.Misnamed(t.person, t.known.named), func(n int) bool {
		i := l.Items[n-1]
		return t.waiting[itemKeyOf(l, i)] || (i.Kind != letter.Resume && t.reversed[i.Case])
	})
}
