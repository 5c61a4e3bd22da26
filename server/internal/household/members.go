package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// Provisional tells whether the person has no ID number yet (a newborn, an
// unregistered person). Such a person is allowed but flagged.
func (p *Person) Provisional() bool { return p.IDNumber == "" }

// PresentOn tells whether the person belongs to the household on a day. LeftOn is the
// first day on which the person no longer does.
func (p *Person) PresentOn(on date.Date) bool {
	return p.JoinedOn <= on && (p.LeftOn == "" || on < p.LeftOn)
}

// moved tells whether the person lives on elsewhere. Whoever died stays findable here.
func (p *Person) moved() bool { return p.LeftOn != "" && p.LeaveReason != LeaveDeath }

// PresentOn lists the members on a day in the household's order.
func (h *Household) PresentOn(on date.Date) []*Person {
	present := make([]*Person, 0, len(h.Persons))
	for i := range h.Persons {
		if h.Persons[i].PresentOn(on) {
			present = append(present, &h.Persons[i])
		}
	}
	return present
}

// Person is the member or former member with this hub id, or nil.
func (h *Household) Person(id string) *Person {
	for i := range h.Persons {
		if id != "" && h.Persons[i].ID == id {
			return &h.Persons[i]
		}
	}
	return nil
}

// Head is the head of the household on a day, nil where there is none.
func (h *Household) Head(on date.Date) *Person {
	for _, p := range h.PresentOn(on) {
		if p.Relation == RelationHead {
			return p
		}
	}
	return nil
}

// hasPersonNumber tells whether the person, or a duplicate of theirs, bears the number.
func (p *Person) hasPersonNumber(number string) bool {
	return p.PersonNumber == number ||
		slices.ContainsFunc(p.Duplicates, func(d Duplicate) bool { return d.PersonNumber == number })
}

// resolve finds the person that a reference names by hub id, ID number (any of the
// person's) or person number.
func (h *Household) resolve(ref string) *Person {
	if p := h.Person(ref); p != nil || ref == "" {
		return p
	}
	number := NormaliseIDNumber(ref)
	for i := range h.Persons {
		if h.Persons[i].DuplicateOf == "" && slices.Contains(h.Persons[i].numbers(), number) {
			return &h.Persons[i]
		}
	}
	for i := range h.Persons {
		if h.Persons[i].DuplicateOf == "" && h.Persons[i].hasPersonNumber(ref) {
			return &h.Persons[i]
		}
	}
	return nil
}
