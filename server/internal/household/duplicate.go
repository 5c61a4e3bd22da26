package household

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Doubling is what the office states about two entries of one person.
type Doubling struct {
	Stays, Goes string              // hub ids
	Staying     map[string]Relation // new relations in the household of the entry that goes
	On          date.Date           // first day without it
	Document    Document
}

// MergePersons unites two entries of one person. Everything by which the entry that
// goes was found, and its open facts, find the one that stays from now on; the entry
// itself ends as DUPLICATE with its facts frozen, and no import or update changes it.
//
// Nobody's support ends by it: it is refused where support runs longer for the entry
// that goes. kept and ended are one household where both entries stand in one.
// SeparatePersons is the way back. The arguments are not changed.
func MergePersons(stays, goes *Household, d Doubling) (kept, ended *Household, err error) {
	kept, ended = clonePair(stays, goes)
	a, b := kept.Person(d.Stays), ended.Person(d.Goes)
	switch {
	case a == nil || !a.PresentOn(d.On):
		return nil, nil, violated("person", fault.PersonUnknown)
	case b == nil || !b.PresentOn(d.On) || d.Stays == d.Goes:
		return nil, nil, violated("duplicate", fault.PersonUnknown)
	case stays.closed() || goes.closed():
		return nil, nil, fault.New(fault.HouseholdClosed)
	case outlasts(goes, b.ID, stays, a.ID):
		return nil, nil, fault.New(fault.SupportDiffers)
	}
	take := Duplicate{Person: b.ID, PersonNumber: b.PersonNumber, IDNumbers: b.numbers()}
	if b.Education != nil {
		take.StudentNumber = b.Education.StudentNumber
	}
	take.Elements = kept.take(ended, b.ID, a.ID, func(string) bool { return true })
	a.IDNumber = cmp.Or(a.IDNumber, b.IDNumber)
	a.PersonNumber = cmp.Or(a.PersonNumber, b.PersonNumber)
	a.Duplicates = slices.Concat(a.Duplicates, []Duplicate{take}, b.Duplicates)
	b.Duplicates = nil
	b.LeftOn, b.LeaveReason, b.LeaveEvidence, b.DuplicateOf = d.On, LeaveDuplicate, d.Document.Number, a.ID
	if err := ended.stay(d.Staying); err != nil {
		return nil, nil, err
	}
	Normalise(kept)
	Normalise(ended)
	return kept, ended, nil
}

// SeparatePersons takes a MergePersons back: the entry that went stands again as it
// was, with all that it was found by.
func SeparatePersons(stays, went *Household, d Doubling) (kept, restored *Household, err error) {
	kept, restored = clonePair(stays, went)
	a, b := kept.Person(d.Stays), restored.Person(d.Goes)
	if a == nil || a.moved() {
		return nil, nil, violated("person", fault.PersonUnknown)
	}
	i := slices.IndexFunc(a.Duplicates, func(k Duplicate) bool { return k.Person == d.Goes })
	if i < 0 || b == nil || b.DuplicateOf == "" {
		return nil, nil, violated("duplicate", fault.PersonUnknown)
	}
	if restored.closed() || kept.closed() {
		return nil, nil, fault.New(fault.HouseholdClosed)
	}
	back := a.Duplicates[i]
	a.Duplicates = slices.Delete(a.Duplicates, i, i+1)
	if slices.Contains(back.IDNumbers, a.IDNumber) {
		a.IDNumber = "" // it came from there
	}
	a.FormerIDNumbers = slices.DeleteFunc(a.FormerIDNumbers, func(n string) bool { return slices.Contains(back.IDNumbers, NormaliseIDNumber(n)) })
	if a.PersonNumber == back.PersonNumber {
		a.PersonNumber = ""
	}
	restored.take(kept, a.ID, b.ID, func(key string) bool { return slices.Contains(back.Elements, key) })
	b.LeftOn, b.LeaveReason, b.LeaveEvidence, b.DuplicateOf = "", "", "", ""
	if err := restored.stay(d.Staying); err != nil {
		return nil, nil, err
	}
	Normalise(kept)
	Normalise(restored)
	return kept, restored, nil
}

// clonePair clones two households, which may be one.
func clonePair(a, b *Household) (*Household, *Household) {
	first := a.Clone()
	if a.ID == b.ID {
		return first, first
	}
	return first, b.Clone()
}

// take makes what is recorded for one entry in from the other's here: the elements with
// which keys. It gives their keys.
func (h *Household) take(from *Household, was, now string, which func(key string) bool) (keys []string) {
	mine := func(person, key string) bool { return person == was && which(key) }
	takeElements(&from.Needs, &h.Needs, func(e *Need) bool {
		return take(&e.Person, now, e.ID, mine(e.Person, e.ID), &keys)
	})
	takeElements(&from.Shocks, &h.Shocks, func(e *Shock) bool {
		return take(&e.Person, now, e.ID, mine(e.Person, e.ID), &keys)
	})
	takeElements(&from.Assistance, &h.Assistance, func(e *Assistance) bool {
		return take(&e.Person, now, e.ID, mine(e.Person, e.ID), &keys)
	})
	takeElements(&from.Benefits, &h.Benefits, func(e *Benefit) bool {
		return take(&e.Person, now, e.ID, mine(e.Person, e.ID), &keys)
	})
	return keys
}

func take(person *string, now, key string, yes bool, keys *[]string) bool {
	if yes {
		*person = now
		*keys = append(*keys, key)
	}
	return yes
}

// takeElements moves the elements of which take says so; both lists may be one.
func takeElements[T any](from, to *[]T, take func(*T) bool) {
	var rest, taken []T
	for _, e := range *from {
		if take(&e) {
			taken = append(taken, e)
		} else {
			rest = append(rest, e)
		}
	}
	*from = rest
	*to = append(*to, taken...)
}

// outlasts tells whether any policy runs longer for a person than for another one.
func outlasts(h *Household, person string, than *Household, other string) bool {
	policies := []string{""} // one that no decision names
	for _, d := range slices.Concat(h.Decisions, than.Decisions) {
		for _, e := range d.Ends {
			policies = append(policies, e.Policy)
		}
	}
	for _, policy := range policies {
		last, _, ended := h.LastDay(person, policy, lastDate)
		otherLast, _, otherEnded := than.LastDay(other, policy, lastDate)
		if otherEnded && (!ended || last > otherLast) {
			return true
		}
	}
	return false
}
