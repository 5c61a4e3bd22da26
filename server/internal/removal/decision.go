package removal

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// StateOn is where a case stands on a day: an announced removal is in effect from its
// day on, without anybody doing anything.
func StateOn(c Case, today date.Date) State {
	if c.State == Announced && c.EffectiveOn <= today {
		return Effective
	}
	return c.State
}

// Waiting says whom a case waits for, since when, and until when: in publicity the first
// day on which the review is possible, else the day by which the step is due. Role "" is
// a case that waits for nobody. Until is "" where a calendar that it needs is missing.
func Waiting(c Case, cal *Calendar) (role Role, since, until date.Date) {
	if len(c.Steps) == 0 {
		return "", "", ""
	}
	role = waitsFor(c.State)
	if role == "" {
		return "", "", ""
	}
	since = c.Steps[len(c.Steps)-1].On
	if c.State != InPublicity {
		return role, since, since.AddDays(c.Parameters.StepDays)
	}
	_, last, err := Publicity(c, cal)
	if err != nil {
		return role, since, ""
	}
	return role, since, last.AddDays(1)
}

// waitsFor is the part that takes the next step on the way to the decision, by the
// table: the first one that leads on and does not wait for somebody to object.
func waitsFor(s State) Role {
	for _, kind := range Possible(s) {
		if r := ruleOf(kind); r.Part != "" {
			return r.Part
		}
	}
	return ""
}

// Decision is the decision of an announced case. Every person present at the
// announcement is named, also where nothing but the default ends for them, so that
// whoever joins later can be told from them.
func Decision(c Case) household.Decision {
	d := household.Decision{
		ID: c.Decision, Number: c.DecisionNumber, Kind: household.DecisionRemoval,
		DecidedOn: c.last(Confirm).On, AnnouncedOn: c.last(Announce).Posting.From, EffectiveOn: c.EffectiveOn,
		Document: c.last(Announce).Document,
	}
	for _, e := range c.Ends {
		d.Ends = append(d.Ends, household.End{Person: e.Person, Policy: e.Policy, LastDay: e.LastDay})
	}
	return d
}

// ReversalDecision is the decision that took an announced case back.
func ReversalDecision(c Case) household.Decision {
	s := c.last(Reverse)
	return household.Decision{
		ID: c.Reversal, Number: s.Document.Number, Kind: household.DecisionReversal, Reverses: c.Decision,
		DecidedOn: s.On, EffectiveOn: s.EffectiveOn, Document: s.Document,
	}
}
