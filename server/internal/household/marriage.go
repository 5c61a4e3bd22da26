package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Wedding is what the office states about a person who marries into another household,
// or about a marriage that was recorded wrongly.
type Wedding struct {
	Person   string
	Relation Relation            // to the head of the new household
	Staying  map[string]Relation // new relations of those who stay, where the head moves; of a revocation: in the old household
	On       date.Date           // first day in the new household; not of a revocation
	Document Document
}

// Marry moves a person from one household into another under the same id, with their
// own facts. They take the frozen end dates along, and go with an unsupported household
// into which they come (section 3 of the design). RevokeMarriage is the way back.
func Marry(from, to *Household, w Wedding) (rest, joined *Household, err error) {
	p := from.Person(w.Person)
	switch {
	case p == nil || !p.PresentOn(w.On):
		return nil, nil, violated("person", fault.PersonUnknown)
	case from.closed() || to.closed():
		return nil, nil, fault.New(fault.HouseholdClosed)
	}
	rest, joined = from.Clone(), to.Clone()
	rest.Person(w.Person).moveTo(joined, w.Relation, w.On, JoinMarriage, LeaveMarriage, w.Document)
	moveElements(rest, joined, func(person string) bool { return person == w.Person })
	joined.TakeAlong(from.leftBy(w.Person, w.On), w.Person, w.On)
	if err := rest.stay(w.Staying); err != nil {
		return nil, nil, err
	}
	Normalise(rest)
	Normalise(joined)
	return rest, joined, nil
}

// leftBy is the household as it stands once the person has left it.
func (h *Household) leftBy(person string, on date.Date) *Household {
	out := h.Clone()
	out.Person(person).LeftOn = on
	return out
}

// RevokeMarriage puts a person back who never moved: into the place that they had, with
// what is known about them now. The household into which they seemed to marry keeps the
// entry, as that of a member on no day. It is refused once a decision was taken there
// that concerns them: that one is reversed first.
func RevokeMarriage(from, to *Household, w Wedding) (restored, rest *Household, err error) {
	restored, rest = from.Clone(), to.Clone()
	was, now := restored.Person(w.Person), rest.Person(w.Person)
	switch {
	case was == nil || was.LeaveReason != LeaveMarriage:
		return nil, nil, violated("person", fault.PersonUnknown)
	case now == nil || now.LeftOn != "" || now.JoinReason != JoinMarriage || now.JoinedOn != was.LeftOn:
		return nil, nil, fault.New(fault.NotReversible, "why", "the person lives there no more, or came in another way", "why_zh", "该人已不在该户,或并非婚入")
	case from.closed():
		return nil, nil, fault.New(fault.HouseholdClosed)
	case slices.ContainsFunc(to.Decisions, func(d Decision) bool { return d.Concerns(w.Person) && d.DecidedOn > was.LeftOn }):
		return nil, nil, fault.New(fault.NotReversible, "why", "a decision that concerns the person was taken since", "why_zh", "其后已有涉及该人的决定")
	}
	back := now.clone()
	back.Relation, back.JoinedOn, back.JoinReason = was.Relation, was.JoinedOn, was.JoinReason
	*was = back
	now.LeftOn, now.LeaveReason, now.LeaveEvidence = now.JoinedOn, LeaveOther, w.Document.Number
	moveElements(rest, restored, func(person string) bool { return person == w.Person })
	rest.giveBack(w.Person)
	if err := restored.stay(w.Staying); err != nil {
		return nil, nil, err
	}
	Normalise(restored)
	Normalise(rest)
	return restored, rest, nil
}

// giveBack drops what was decided about the person alone and came along with them.
func (h *Household) giveBack(person string) {
	others := func(id string) bool { return id != person }
	var kept []Decision
	for _, d := range h.Decisions {
		if len(d.Only) == 0 {
			kept = append(kept, d)
		} else if d = d.of(others); len(d.Only) > 0 {
			kept = append(kept, d)
		}
	}
	h.Decisions = kept
}
