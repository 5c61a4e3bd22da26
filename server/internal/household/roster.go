package household

import (
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// lastDate lies after every decision's effect.
const lastDate date.Date = "9999-12-31"

// How decisions follow persons who change households. A decision's text never changes
// (law 9); what changes is in which household it stands and whom there it concerns.

// splitDecisions gives the new household copies of the decisions that concern it, and
// takes from the old one what concerned only persons who left. Those who once came with
// decisions of their own leave with these alone.
func splitDecisions(h, rest, split *Household, s Splitting) {
	stays := func(person string) bool { return !s.leaves(person) }
	follows := slices.ContainsFunc(slices.Collect(maps.Keys(s.Leaving)), func(person string) bool { return !h.named(person) })
	rest.Decisions = nil
	for _, d := range h.Decisions {
		if len(d.Only) == 0 {
			rest.Decisions = append(rest.Decisions, d.clone())
			if follows {
				split.takeDecision(d.of(s.leaves))
			}
			continue
		}
		if left := d.of(stays); len(left.Only) > 0 {
			rest.Decisions = append(rest.Decisions, left)
		}
		if moved := d.of(s.leaves); len(moved.Only) > 0 {
			split.takeDecision(moved)
		}
	}
	rest.widen(s.On)
	split.widen(s.On)
	rest.dropIdle()
	split.dropIdle()
}

// dropIdle leaves out reversals of decisions that do not stand here, because whom they
// concern lives elsewhere: there the reversal stands beside its decision.
func (h *Household) dropIdle() {
	stands := map[string]bool{}
	for _, d := range h.Decisions {
		stands[d.ID] = true
	}
	h.Decisions = slices.DeleteFunc(h.Decisions, func(d Decision) bool { return d.Kind == DecisionReversal && !stands[d.Reverses] })
}

// absorbDecisions brings the decisions about the moved persons into the united
// household so that nobody's support changes, neither theirs nor that of the others.
func absorbDecisions(from, into, united *Household, moved []string) {
	if into.unsupported() && !from.unsupported() {
		for i := range united.Decisions {
			if d := &united.Decisions[i]; len(d.Only) == 0 {
				// Who comes may have been here once: then the old entry does not count.
				d.Only = slices.DeleteFunc(into.personIDs(), func(id string) bool { return slices.Contains(moved, id) })
			}
		}
	}
	for _, whole := range from.Decisions {
		d := whole.of(func(person string) bool { return slices.Contains(moved, person) })
		if len(whole.Only) == 0 {
			d.Only = slices.Clone(moved)
		}
		if len(d.Only) > 0 {
			united.takeDecision(d)
		}
	}
	united.dropIdle()
}

// of is the decision with only what concerns those persons or the household as a whole.
func (d Decision) of(persons func(string) bool) Decision {
	d = d.clone()
	d.Ends = slices.DeleteFunc(d.Ends, func(e End) bool { return e.Person != "" && !persons(e.Person) })
	d.Only = slices.DeleteFunc(d.Only, func(id string) bool { return !persons(id) })
	return d
}

// takeDecision adds a decision, or what one that stands here already says about
// further persons: they come back to it.
func (h *Household) takeDecision(d Decision) {
	i := slices.IndexFunc(h.Decisions, func(k Decision) bool { return k.ID == d.ID })
	if i < 0 {
		h.Decisions = append(h.Decisions, d)
		return
	}
	have := &h.Decisions[i]
	for _, e := range d.Ends {
		if !slices.Contains(have.Ends, e) {
			have.Ends = append(have.Ends, e)
		}
	}
	if len(have.Only) == 0 || len(d.Only) == 0 {
		have.Only = nil
		return
	}
	have.Only = slices.Compact(slices.Sorted(slices.Values(slices.Concat(have.Only, d.Only))))
}

// widen lets a decision that names every present member concern the household as a
// whole again.
func (h *Household) widen(on date.Date) {
	for i := range h.Decisions {
		d := &h.Decisions[i]
		if !slices.ContainsFunc(h.PresentOn(on), func(p *Person) bool { return !d.Concerns(p.ID) }) {
			d.Only = nil
		}
	}
}

// named tells whether a standing decision names the person in Only.
func (h *Household) named(person string) bool {
	return slices.ContainsFunc(h.DecisionsInForce(lastDate), func(d *Decision) bool { return slices.Contains(d.Only, person) })
}

// unsupported tells whether a decision about the whole household stands, whenever it
// takes effect.
func (h *Household) unsupported() bool {
	return h.SupportStatusOn(lastDate) == Unsupported
}

func (h *Household) personIDs() []string {
	ids := make([]string, len(h.Persons))
	for i := range h.Persons {
		ids[i] = h.Persons[i].ID
	}
	return ids
}
