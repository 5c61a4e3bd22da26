package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// NumberChange is what the office states about a person's ID number.
type NumberChange struct {
	Person string // hub id
	Number string
	// Correction: the number so far was a typing error. It finds the person no more and
	// is free for its owner. Otherwise the authority gave a new number, and the one so
	// far becomes a former one.
	Correction bool
}

// ChangeIDNumber gives a person another ID number. Its way back is the opposite
// correction. h is not changed; the result may still fail Validate, e.g. where the
// number says another birth date: that has to be corrected first.
func ChangeIDNumber(h *Household, c NumberChange) (*Household, error) {
	out := h.Clone()
	p, number := out.Person(c.Person), NormaliseIDNumber(c.Number)
	if p == nil || p.moved() {
		return nil, violated("person", fault.PersonUnknown)
	}
	if number == p.IDNumber {
		return nil, violated("id_number", fault.Duplicate, "with", "persons.id_number")
	}
	other := func(n string) bool { return NormaliseIDNumber(n) != number }
	keep := func(numbers []string) []string {
		return slices.DeleteFunc(numbers, func(n string) bool { return !other(n) })
	}
	was := p.IDNumber
	p.IDNumber, p.FormerIDNumbers, p.WrongIDNumbers = number, keep(p.FormerIDNumbers), keep(p.WrongIDNumbers)
	switch {
	case was == "":
	case c.Correction:
		p.WrongIDNumbers = append(p.WrongIDNumbers, was)
		slices.Sort(p.WrongIDNumbers)
		if len(p.DisabilityCard) == 20 && p.DisabilityCard[:18] == was {
			p.DisabilityCard = number + p.DisabilityCard[18:] // it repeats the error
		}
	default:
		p.FormerIDNumbers = append(p.FormerIDNumbers, was)
	}
	Normalise(out)
	return out, nil
}

// Note records that a use case was carried out, with its document.
func (h *Household) Note(e Event) { h.Events = append(h.Events, e) }

func violated(field string, r fault.Reason, pairs ...string) error {
	return fault.List(fault.HouseholdInvalid, []fault.Violation{fault.Bad(field, r, pairs...)})
}

// stay gives members of the household new relations to the head, where the head leaves
// it or comes back.
func (h *Household) stay(relations map[string]Relation) error {
	for id, relation := range relations {
		p := h.Person(id)
		if p == nil {
			return violated("staying", fault.PersonUnknown)
		}
		p.Relation = relation
	}
	return nil
}
