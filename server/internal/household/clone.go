package household

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
)

// Clone is a deep copy; nil of nil.
func (h *Household) Clone() *Household {
	if h == nil {
		return nil
	}
	c := *h
	c.FormerHouseholdNumbers = slices.Clone(h.FormerHouseholdNumbers)
	c.Register.OtherCauses = slices.Clone(h.Register.OtherCauses)
	c.Persons = slices.Clone(h.Persons)
	for i := range c.Persons {
		c.Persons[i] = h.Persons[i].clone()
	}
	c.Incomes = slices.Clone(h.Incomes)
	c.Helpers = slices.Clone(h.Helpers)
	c.Needs = slices.Clone(h.Needs)
	c.Shocks = slices.Clone(h.Shocks)
	c.Housing.Damages = slices.Clone(h.Housing.Damages)
	c.Housing.Appraisals = slices.Clone(h.Housing.Appraisals)
	c.Assistance = slices.Clone(h.Assistance)
	c.Benefits = slices.Clone(h.Benefits)
	c.Tasks = slices.Clone(h.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Fields = slices.Clone(h.Tasks[i].Fields)
	}
	c.Decisions = slices.Clone(h.Decisions)
	for i := range c.Decisions {
		c.Decisions[i] = h.Decisions[i].clone()
	}
	if h.Closing != nil {
		closing := *h.Closing
		c.Closing = &closing
	}
	c.Sources = maps.Clone(h.Sources)
	c.Events = slices.Clone(h.Events)
	return &c
}

func (p Person) clone() Person {
	p.FormerIDNumbers = slices.Clone(p.FormerIDNumbers)
	p.WrongIDNumbers = slices.Clone(p.WrongIDNumbers)
	p.Duplicates = slices.Clone(p.Duplicates)
	for i := range p.Duplicates {
		d := &p.Duplicates[i]
		d.IDNumbers, d.Elements = slices.Clone(d.IDNumbers), slices.Clone(d.Elements)
	}
	p.Insurances = slices.Clone(p.Insurances)
	if p.Education != nil {
		education := *p.Education
		p.Education = &education
	}
	return p
}

func (d Decision) clone() Decision {
	d.Ends = slices.Clone(d.Ends)
	d.Only = slices.Clone(d.Only)
	return d
}

// Equal tells whether two households state the same facts; the order of elements and
// of persons does not matter. Neither is changed.
func Equal(a, b *Household) bool {
	if a == nil || b == nil {
		return a == b
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	return reflect.DeepEqual(canonical(a), canonical(b))
}

func canonical(h *Household) *Household {
	c := h.Clone()
	Normalise(c)
	for i := range c.Persons {
		p := &c.Persons[i]
		slices.SortFunc(p.Duplicates, func(a, b Duplicate) int { return cmp.Compare(a.Person, b.Person) })
		for j := range p.Duplicates {
			trim(&p.Duplicates[j].IDNumbers)
			trim(&p.Duplicates[j].Elements)
		}
	}
	trim(&c.Events)
	slices.SortFunc(c.Persons, func(a, b Person) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.PersonNumber, b.PersonNumber), cmp.Compare(a.IDNumber, b.IDNumber),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.BirthDate, b.BirthDate))
	})
	return c
}
