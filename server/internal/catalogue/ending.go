package catalogue

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Ending says why a row that was in a list is there no more.
type Ending struct {
	// Op is ENDED only where support really ends; otherwise LEFT_SCOPE (law 6).
	Op string
	// Cause is of a LEFT_SCOPE: CONDITION, DATE (a policy's validity passed) or
	// LEFT_HOUSEHOLD (the person lives elsewhere, the household was merged into another).
	Cause string
	// Basis is of an ENDED: DECISION, DEATH or CLOSING.
	Basis string

	DecisionID, DecisionNumber string
	On                         date.Date // last day of support, of an ENDED
	Document                   string    // behind it: issuer, number and date, or the evidence of a death
	Clause                     string    // of the notice, for a decision
}

const (
	opEnded     = "ENDED"
	opLeftScope = "LEFT_SCOPE"

	basisDecision = "DECISION"
	basisDeath    = "DEATH"
	basisClosing  = "CLOSING"

	causeCondition     = "CONDITION"
	causeDate          = "DATE"
	causeLeftHousehold = "LEFT_HOUSEHOLD"
)

// WhyGone says why Derive gives no row of a list for a household (person "") or
// person any more. Only a decision, a death or the closing of the household ends
// support; facts that no longer meet a list's condition and validities that passed
// never do (law 6).
func (c *Catalogue) WhyGone(h *household.Household, list *List, person string, on date.Date) Ending {
	p := h.Person(person)
	if e, gone := departed(p, person, on); gone {
		return e
	}
	v := newView(h, on)
	if v.closed {
		return closed(h.Closing)
	}
	return c.stillHere(&c.subjects(v, p)[1], list) // no person: the household
}

// departed answers for persons who are no longer members: the dead and those who left.
func departed(p *household.Person, person string, on date.Date) (Ending, bool) {
	switch {
	case person == "":
		return Ending{}, false
	case p == nil:
		return Ending{Op: opLeftScope, Cause: causeLeftHousehold}, true
	case p.LeftOn == "" || p.LeftOn > on:
		return Ending{}, false
	case p.LeaveReason == household.LeaveDeath:
		return Ending{Op: opEnded, Basis: basisDeath, On: p.LeftOn.AddDays(-1), Document: p.LeaveEvidence}, true
	}
	return Ending{Op: opLeftScope, Cause: causeLeftHousehold}, true
}

func closed(by *household.Closing) Ending {
	if by.Kind == household.ClosingMerge {
		return Ending{Op: opLeftScope, Cause: causeLeftHousehold}
	}
	return Ending{Op: opEnded, Basis: basisClosing, On: by.On.AddDays(-1), Document: paper(by.Document)}
}

// stillHere answers for a subject that is there and not in the list: decisions ended
// all it had in it, or else facts or validities left it nothing.
func (c *Catalogue) stillHere(s *subject, list *List) Ending {
	gone := Ending{Op: opLeftScope, Cause: causeCondition}
	if ok, err := s.holds(list.when); !ok || err != nil {
		return gone
	}
	for _, p := range list.policies {
		if ok, err := s.holds(p.when); !ok || err != nil {
			continue
		}
		last, by := s.ruling(p)
		switch {
		case p.Until != "" && s.on > p.Until:
			if gone.Op == opLeftScope {
				gone.Cause = causeDate
			}
		case p.Reach == Supported && s.on >= p.From && by != nil && last >= gone.On && last < s.on:
			gone = Ending{
				Op: opEnded, Basis: basisDecision, DecisionID: by.ID, DecisionNumber: by.Number, On: last,
				Document: paper(by.Document), Clause: c.ExitClause,
			}
		}
	}
	return gone
}
