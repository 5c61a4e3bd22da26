package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// LeftAlive tells whether the person left for where nobody has said yet: not by a split
// or a merge, after which they stand in the other household at once, nor as a duplicate.
func (p *Person) LeftAlive() bool {
	return p.moved() && p.LeaveReason != LeaveSplit && p.LeaveReason != LeaveMerge && p.LeaveReason != LeaveDuplicate
}

// Arriving is the person as another household may receive them (see Merge): as known,
// but not yet a member.
func (p *Person) Arriving() Person {
	out := p.clone()
	out.JoinedOn, out.JoinReason = "", ""
	out.LeftOn, out.LeaveReason, out.LeaveEvidence = "", "", ""
	return out
}

// TakeAlong gives the household the decisions under which one of its members left
// another one, with the end dates that concern this person: whoever moves out takes
// them along, and those who live here are not concerned. Open tasks about the person come too. What was decided there after
// the person had left does not concern them either, unless it takes back what does.
func (h *Household) TakeAlong(from *Household, person string, on date.Date) {
	left := from.Person(person)
	if left == nil || h.ID == from.ID {
		return
	}
	for _, whole := range from.Decisions {
		follows := whole.Concerns(person) && whole.DecidedOn <= left.LeftOn
		if whole.Kind == DecisionReversal {
			follows = slices.ContainsFunc(h.Decisions, func(d Decision) bool { return d.ID == whole.Reverses })
		}
		if follows {
			d := whole.of(func(id string) bool { return id == person })
			d.Only = []string{person}
			h.takeDecision(d)
		}
	}
	h.takeTasks(from, person)
	h.widen(on)
	Normalise(h)
}
