package catalogue

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// What decisions do to a subject's support. Without one, support goes on (四个不摘).

// decidedBy lists the removals decided by a day and not taken back by then: first
// those in force, in the household's order, then those whose effect is still to come.
func decidedBy(h *household.Household, on date.Date) (all []*household.Decision, inForce int) {
	var coming []*household.Decision
	for i := range h.Decisions {
		d := &h.Decisions[i]
		switch {
		case d.Kind == household.DecisionReversal || takenBack(h, d, on):
		case d.EffectiveOn <= on:
			all = append(all, d)
		case d.DecidedOn <= on:
			coming = append(coming, d)
		}
	}
	return append(all, coming...), len(all)
}

// takenBack tells whether a reversal is in effect, or is known to be before the
// decision's own effect.
func takenBack(h *household.Household, d *household.Decision, on date.Date) bool {
	return slices.ContainsFunc(h.Decisions, func(r household.Decision) bool {
		inTime := r.DecidedOn <= on && r.EffectiveOn <= d.EffectiveOn
		return r.Kind == household.DecisionReversal && r.Reverses == d.ID && (r.EffectiveOn <= on || inTime)
	})
}

// removal is the decision in force that concerns the subject, nil for none. One that
// names the person came along with them and goes before the household's own.
func (s *subject) removal() *household.Decision {
	var found *household.Decision
	for _, d := range s.decided[:s.inForce] {
		if !d.Concerns(s.personID()) {
			continue
		}
		if found == nil || (len(d.Only) > 0 && len(found.Only) == 0) {
			found = d
		}
	}
	return found
}

// supportStatus is the subject's own: decisions can concern some members only.
func (s *subject) supportStatus() household.SupportStatus {
	if s.removal() != nil {
		return household.Unsupported
	}
	return household.Supported
}

// ruling is the last day that the decisions leave to a policy of reach supported, and
// the decision that says so; nil where support is open. A day is known from the
// decision on, before its effect; what is still to come never lengthens what is in force.
func (s *subject) ruling(p *Policy) (last date.Date, by *household.Decision) {
	last, by = s.rulingOf(p, s.decided[:s.inForce])
	if s.inForce == len(s.decided) {
		return last, by
	}
	if coming, d := s.rulingOf(p, s.decided); by == nil || coming < last {
		return coming, d
	}
	return last, by
}

// rulingOf is the rule of Household.LastDay: a decision that names the person goes
// before one about the whole household; of equals the earlier day counts.
func (s *subject) rulingOf(p *Policy, decisions []*household.Decision) (last date.Date, by *household.Decision) {
	for _, d := range decisions {
		if !d.Concerns(s.personID()) {
			continue
		}
		day := d.LastDay(s.personID(), p.Code)
		closer := by != nil && len(d.Only) > 0 && len(by.Only) == 0
		same := by != nil && (len(d.Only) > 0) == (len(by.Only) > 0)
		if by == nil || closer || (same && day < last) {
			last, by = day, d
		}
	}
	return last, by
}

// runs tells whether decisions leave a policy to the subject on the day, and until when.
func (s *subject) runs(p *Policy) (until date.Date, ok bool) {
	switch p.Reach {
	case Everyone:
		return "", true
	case Unsupported:
		return "", s.removal() != nil
	}
	until, by := s.ruling(p)
	return until, by == nil || s.on <= until
}

// since is the first day on which policy, register and membership all held; for a
// duty after removal the removal's effect, for support taken up again the reversal's.
func (s *subject) since(p *Policy) date.Date {
	since := max(p.From, s.Register.FirstIdentifiedOn)
	if s.p != nil {
		since = max(since, s.p.JoinedOn)
	}
	if len(s.Decisions) == 0 {
		return since
	}
	switch d := s.removal(); {
	case p.Reach == Supported:
		return max(since, s.resumed(p))
	case p.Reach == Unsupported && d != nil:
		return max(since, d.EffectiveOn)
	}
	return since
}

// resumed is the day on which reversals took support up again after an interruption,
// "" where there was none.
func (s *subject) resumed(p *Policy) date.Date {
	var since date.Date
	for _, r := range s.Decisions {
		if r.Kind != household.DecisionReversal || r.EffectiveOn > s.on {
			continue
		}
		for i := range s.Decisions {
			d := &s.Decisions[i]
			if d.ID == r.Reverses && d.Concerns(s.personID()) && d.LastDay(s.personID(), p.Code).AddDays(1) < r.EffectiveOn {
				since = max(since, r.EffectiveOn)
			}
		}
	}
	return since
}

// newcomer tells whether the person is unsupported with the household without standing
// on the frozen roster, e.g. born or married into it afterwards: to be reviewed. A
// legacy decision may name nobody; then whoever was there when it was taken, or came
// along from a household that split, counts as on the roster.
func (s *subject) newcomer() bool {
	d := s.removal()
	if s.p == nil || d == nil {
		return false
	}
	for _, k := range s.decided[:s.inForce] { // a later decision may name who came as a newcomer
		if k.Concerns(s.p.ID) && slices.ContainsFunc(k.Ends, func(e household.End) bool { return e.Person == s.p.ID }) {
			return false
		}
	}
	named := slices.ContainsFunc(d.Ends, func(e household.End) bool { return e.Person != "" })
	if named || d.Kind == household.DecisionRemoval {
		return true
	}
	return s.p.JoinedOn > d.DecidedOn && s.p.JoinReason != household.JoinSplit && !slices.Contains(d.Only, s.p.ID)
}
