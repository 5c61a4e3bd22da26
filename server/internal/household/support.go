package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// SupportStatusOn says whether the household's support continues on a day. It follows
// from decisions alone: without one in force that concerns the whole household,
// support continues (law 6; clause 一, exit paragraph).
func (h *Household) SupportStatusOn(on date.Date) SupportStatus {
	for _, d := range h.DecisionsInForce(on) {
		if len(d.Only) == 0 {
			return Unsupported
		}
	}
	return Supported
}

// DecisionsInForce lists the decisions that have ended support by a day and were not
// reversed by then. Single policies may run on after that, see LastDay.
func (h *Household) DecisionsInForce(on date.Date) []*Decision {
	var out []*Decision
	for i := range h.Decisions {
		d := &h.Decisions[i]
		if d.Kind != DecisionReversal && d.EffectiveOn <= on && !h.reversed(d.ID, on) {
			out = append(out, d)
		}
	}
	return out
}

func (h *Household) reversed(id string, on date.Date) bool {
	return slices.ContainsFunc(h.Decisions, func(d Decision) bool {
		return d.Kind == DecisionReversal && d.Reverses == id && d.EffectiveOn <= on
	})
}

// Concerns tells whether the decision concerns a person by hub id, or the household
// as a whole ("").
func (d *Decision) Concerns(person string) bool {
	return len(d.Only) == 0 || slices.Contains(d.Only, person)
}

// LastDay is the last day of a policy for a person (hub id) or, with person "", for the
// household as a whole, if decisions in force on a day have ended it; false where
// support continues. A decision that names the person goes before one about the whole
// household, because it came along with the person.
func (h *Household) LastDay(person, policy string, on date.Date) (last date.Date, by *Decision, ended bool) {
	for _, d := range h.DecisionsInForce(on) {
		if !d.Concerns(person) {
			continue
		}
		day := d.LastDay(person, policy)
		closer := by != nil && len(d.Only) > 0 && len(by.Only) == 0
		same := by != nil && (len(d.Only) > 0) == (len(by.Only) > 0)
		if by == nil || closer || (same && day < last) {
			last, by = day, d
		}
	}
	return last, by, by != nil
}

// LastDay is the frozen last day of a policy for a person whom the decision concerns
// (person "": for the household): the person's own date for the policy, else the
// person's for all policies, else the household's, else the day before the
// decision's effect. Whoever was born or married into the household later has no
// date of their own and goes with the household.
func (d *Decision) LastDay(person, policy string) date.Date {
	best, rank := d.EffectiveOn.AddDays(-1), 0
	for _, e := range d.Ends {
		var r int
		switch {
		case (e.Person != person && e.Person != "") || (e.Policy != policy && e.Policy != AllPolicies):
			continue
		case e.Person == person && e.Policy == policy:
			r = 4
		case e.Person == person:
			r = 3
		case e.Policy == policy:
			r = 2
		default:
			r = 1
		}
		if r > rank {
			best, rank = e.LastDay, r
		}
	}
	return best
}
