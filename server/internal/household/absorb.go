package household

import (
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Union is what the office states about two households that become one.
type Union struct {
	Relations map[string]Relation // of those who move in (hub ids) to the head; left out: OTHER
	On        date.Date           // first day of the united household
	Document  Document
}

// Absorb unites two households, or two entries of one and the same: the present
// members of from move into the other under their ids, with their own facts, and from
// is closed as MERGED. into is found by from's number as well from now on. What from
// holds as a whole (incomes, house, helpers) stays with it; only its open needs and
// tasks are copied over.
//
// Nobody's support changes by it: persons take the frozen end dates along as decisions
// that name them in Only, and where into is unsupported but those who come are not,
// its decisions name its own members from now on. A household of both kinds is
// supported as a whole; the office decides about it (a task, never a verdict).
//
// To undo it, Split the persons off again with from as the fresh household. Neither
// argument is changed; the results are normalised and may still fail Validate.
func Absorb(from, into *Household, u Union) (closed, united *Household, err error) {
	if bad := u.check(from); len(bad) > 0 {
		return nil, nil, fault.List(fault.HouseholdInvalid, bad)
	}
	if into.closed() {
		return nil, nil, fault.New(fault.HouseholdClosed)
	}
	closed, united = from.Clone(), into.Clone()
	var moved []string
	for i := range closed.Persons {
		if p := &closed.Persons[i]; p.PresentOn(u.On) {
			moved = append(moved, p.ID)
			p.moveTo(united, u.Relations[p.ID], u.On, JoinMerge, LeaveMerge, u.Document)
		}
	}
	moves := func(person string) bool { return slices.Contains(moved, person) }
	moveElements(closed, united, moves)
	united.Needs = mergeByKey(united.Needs, openNeeds(closed), func(e *Need) (string, string) { return e.ID, e.natural() })
	united.takeTasks(closed, "")
	absorbDecisions(from, into, united, moved)
	united.FormerHouseholdNumbers = slices.Concat(united.FormerHouseholdNumbers, from.FormerHouseholdNumbers)
	if from.HouseholdNumber != united.HouseholdNumber {
		united.FormerHouseholdNumbers = append(united.FormerHouseholdNumbers, from.HouseholdNumber)
	}
	closed.Register.PovertyStatus = Closed
	closed.Closing = &Closing{Kind: ClosingMerge, On: u.On, Document: u.Document}
	Normalise(closed)
	Normalise(united)
	return closed, united, nil
}

// check: from is open, relations are those of its present members, none is head.
func (u Union) check(from *Household) []fault.Violation {
	var bad []fault.Violation
	if from.closed() {
		bad = append(bad, fault.Bad("from", fault.OutOfRange, "range", "poverty_status ≠ CLOSED, REMOVED"))
	}
	heads := 0
	for id, relation := range u.Relations {
		if p := from.Person(id); p == nil || !p.PresentOn(u.On) {
			bad = append(bad, fault.Bad("relations", fault.PersonUnknown))
		}
		if relation == RelationHead {
			heads++
		}
	}
	if heads > 0 {
		bad = append(bad, fault.Bad("relations", fault.OneHead, "heads", strconv.Itoa(heads+1)))
	}
	return bad
}

// openNeeds lists what the household as a whole still lacks.
func openNeeds(h *Household) []Need {
	return slices.DeleteFunc(slices.Clone(h.Needs), func(e Need) bool { return e.Person != "" || e.FulfilledOn != "" })
}
