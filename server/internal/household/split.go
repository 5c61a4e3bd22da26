package household

import (
	"maps"
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Splitting is what the office states about a household that splits.
type Splitting struct {
	Leaving  map[string]Relation // who moves out (hub ids), with the relation in the new household; "" is OTHER
	Staying  map[string]Relation // new relations of those who stay, where the head moves out
	On       date.Date           // first day of the new household
	Document Document
}

// Split moves persons out of a household into a new one, of which the caller gives id,
// number and village. They keep their ids and their own facts (education, insurance,
// needs, shocks, assistance, benefits) and take the frozen end dates along: the new household has
// copies of the decisions with the ends that concern it, so it is unsupported exactly
// if the old one was (section 3 of the design). It starts with the old one's register
// facts, except phone, account and house, and with its present helpers.
//
// To undo an Absorb, give as fresh the household that was closed by it. To undo a
// Split, Absorb the new household. Neither argument is changed; the results are
// normalised and may still fail Validate.
func Split(h, fresh *Household, s Splitting) (rest, split *Household, err error) {
	if bad := s.check(h); len(bad) > 0 {
		return nil, nil, fault.List(fault.HouseholdInvalid, bad)
	}
	rest, split = h.Clone(), fresh.Clone()
	if split.Closing != nil {
		split.Closing = nil
		split.Register.PovertyStatus = h.Register.PovertyStatus
	} else {
		split.Register = inherited(h.Register)
		split.Sources = maps.Clone(h.Sources)
	}
	for id, relation := range s.Staying {
		rest.Person(id).Relation = relation
	}
	for i := range rest.Persons {
		if relation, leaves := s.Leaving[rest.Persons[i].ID]; leaves {
			rest.Persons[i].moveTo(split, relation, s.On, JoinSplit, LeaveSplit, s.Document)
		}
	}
	moveElements(rest, split, s.leaves)
	split.shareHelpers(h, s.On)
	splitDecisions(h, rest, split, s)
	own := append(slices.Clone(fresh.FormerHouseholdNumbers), fresh.HouseholdNumber)
	rest.FormerHouseholdNumbers = slices.DeleteFunc(rest.FormerHouseholdNumbers, func(n string) bool { return slices.Contains(own, n) })
	Normalise(rest)
	Normalise(split)
	return rest, split, nil
}

func (s Splitting) leaves(person string) bool {
	_, leaves := s.Leaving[person]
	return leaves
}

// check: those who leave are present, one of them becomes the head, and one head stays.
func (s Splitting) check(h *Household) []fault.Violation {
	var bad []fault.Violation
	heads, leaving := 0, 0
	for id, relation := range s.Leaving {
		p := h.Person(id)
		if p == nil || !p.PresentOn(s.On) {
			bad = append(bad, fault.Bad("leaving", fault.PersonUnknown))
		}
		leaving++
		if relation == RelationHead {
			heads++
		}
	}
	if heads != 1 {
		bad = append(bad, fault.Bad("leaving", fault.OneHead, "heads", strconv.Itoa(heads)))
	}
	for id := range s.Staying {
		if _, leaves := s.Leaving[id]; leaves || h.Person(id) == nil {
			bad = append(bad, fault.Bad("staying", fault.PersonUnknown))
		}
	}
	if leaving == len(h.PresentOn(s.On)) {
		bad = append(bad, fault.Bad("leaving", fault.OutOfRange, "range", "< persons"))
	}
	return bad
}

// inherited is the register of a household that split off.
func inherited(r Register) Register {
	r.OtherCauses = slices.Clone(r.OtherCauses)
	r.Phone, r.Bank, r.Account = "", "", ""
	r.HousingArea, r.Structure, r.BuiltYear = "", "", 0
	return r
}

// moveTo ends the person's membership here and begins it in to, under the same id.
func (p *Person) moveTo(to *Household, relation Relation, on date.Date, join JoinReason, leave LeaveReason, document Document) {
	moved := p.clone()
	moved.Relation = relation
	if relation == "" {
		moved.Relation = RelationOther
	}
	moved.JoinedOn, moved.JoinReason = on, join
	moved.LeftOn, moved.LeaveReason, moved.LeaveEvidence = "", "", ""
	if was := to.Person(p.ID); was != nil {
		*was = moved
	} else {
		to.Persons = append(to.Persons, moved)
	}
	p.LeftOn, p.LeaveReason, p.LeaveEvidence = on, leave, document.Number
}

// shareHelpers lets the helpers who stand for the old household stand for this one
// too: clause 一(六) wants the original helper to go on.
func (h *Household) shareHelpers(old *Household, on date.Date) {
	for _, e := range old.Helpers {
		known := slices.ContainsFunc(h.Helpers, func(k HelperAssignment) bool { return k.ID == e.ID })
		if !known && (e.To == "" || e.To >= on) {
			h.Helpers = append(h.Helpers, e)
		}
	}
}

// moveElements moves the needs, shocks, assistance, benefits and tasks of those persons.
func moveElements(from, to *Household, of func(person string) bool) {
	move(&from.Needs, &to.Needs, func(e Need) bool { return of(e.Person) })
	move(&from.Shocks, &to.Shocks, func(e Shock) bool { return of(e.Person) })
	move(&from.Tasks, &to.Tasks, func(e Task) bool { return of(e.Person) })
	move(&from.Assistance, &to.Assistance, func(e Assistance) bool { return of(e.Person) })
	move(&from.Benefits, &to.Benefits, func(e Benefit) bool { return of(e.Person) })
}

func move[T any](from, to *[]T, which func(T) bool) {
	for _, e := range *from {
		if which(e) {
			*to = append(*to, e)
		}
	}
	*from = slices.DeleteFunc(*from, which)
}
