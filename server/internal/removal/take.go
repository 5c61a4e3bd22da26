package removal

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Context is what the hub knows when somebody takes a step.
type Context struct {
	Today     date.Date
	Time      time.Time // for the record only; no rule looks at it
	Actor     Actor
	Roles     []Role // that the actor's agency holds where the case is
	Calendar  *Calendar
	Household *household.Household // as it is now; nil where it left the area
	Catalogue *catalogue.Catalogue // the active one
	OutOfLine bool                 // the village is flagged, see Rates
	Decision  string               // id for the decision that ANNOUNCE or REVERSE makes
}

// attempt is a step that is being taken: guards add what is wrong, and what it changes
// is carried into its copy of the case once nothing is.
type attempt struct {
	c    Case
	s    Step
	x    Context
	rule *Rule
	from State // of the case before the step

	wrong []fault.Violation
	err   error // a defect, not a refusal
	holds []Hold
	ends  []End
	seen  []End // what would end by today's facts on the day confirmed before; nil without one
}

// Take carries a case one step on. It changes neither argument: the case that it gives
// has the step as its last one. A refusal is one fault that names everything missing.
func Take(c Case, s Step, x Context) (Case, error) {
	a := &attempt{c: c, s: own(s), x: x, rule: ruleOf(s.Kind), from: c.State}
	if a.rule == nil {
		return c, a.refusal(fault.Bad("step.kind", fault.UnknownCode, "list", "StepKind"))
	}
	a.s.Number, a.s.On, a.s.Time, a.s.Actor = len(c.Steps)+1, x.Today, x.Time, x.Actor
	inOrder := a.order()
	a.person()
	a.removable()
	a.evidence()
	if inOrder {
		for _, n := range a.rule.Needs {
			n.check(a)
		}
	}
	if a.err != nil {
		return c, a.err
	}
	if len(a.wrong) > 0 {
		return c, a.refusal(a.wrong...)
	}
	if (s.Kind == Announce || s.Kind == Reverse) && x.Decision == "" {
		return c, errors.New("removal: the decision has no id")
	}
	a.c.State = a.rule.To
	if a.rule.carry != nil {
		a.rule.carry(a)
	}
	a.c.Steps = append(slices.Clip(a.c.Steps), a.s)
	return a.c, nil
}

// own is a copy of a step that holds only the particulars of its kind.
func own(s Step) Step {
	out := Step{Kind: s.Kind, Evidence: slices.Clone(s.Evidence), Reason: s.Reason}
	switch s.Kind {
	case Appraise:
		out.Meeting = copied(s.Meeting)
	case Post:
		out.Posting = copied(s.Posting)
	case Confirm:
		out.Override, out.EffectiveOn = s.Override, s.EffectiveOn
	case Announce:
		out.Posting, out.DecisionNumber, out.Document, out.EffectiveOn = copied(s.Posting), s.DecisionNumber, s.Document, s.EffectiveOn
	case Reverse:
		out.Ground, out.Document, out.EffectiveOn = s.Ground, s.Document, s.EffectiveOn
	}
	return out
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	out := *p
	return &out
}

// refusal is the fault for what is wrong: of the case where anything is, else of the request.
func (a *attempt) refusal(wrong ...fault.Violation) error {
	reason := fault.StepIncomplete
	for _, v := range wrong {
		if fault.New(v.Reason).Kind != fault.Invalid {
			reason = fault.StepRefused
		}
	}
	f := fault.New(reason, "count", fmt.Sprint(len(wrong)))
	f.Violations = wrong
	return f
}

// field is a field's path in the request that carries the step.
func (a *attempt) field(name string) string {
	switch {
	case a.s.Kind != Propose && a.s.Kind != Reverse:
		return "step." + name
	case name != "kind":
		return name
	case a.s.Kind == Propose:
		return "household"
	}
	return "id"
}

func (a *attempt) bad(field string, r fault.Reason, pairs ...string) {
	a.wrong = append(a.wrong, fault.Bad(a.field(field), r, pairs...))
}

// order tells whether the step is one of those that may come next.
func (a *attempt) order() bool {
	if slices.Contains(a.rule.From, a.c.State) {
		return true
	}
	state, possible := a.c.State.Label(), Possible(a.c.State)
	if len(possible) == 0 {
		a.bad("kind", fault.CaseEnded, "state", state.English, "state_zh", state.Chinese)
		return false
	}
	next := joined(possible)
	a.bad("kind", fault.StepOutOfOrder,
		"state", state.English, "state_zh", state.Chinese, "possible", next.English, "possible_zh", next.Chinese)
	return false
}

// person looks at who acts: a person, in a role of the step, and not one who already
// was another of the three persons.
func (a *attempt) person() {
	if a.x.Actor.Person == "" {
		a.bad("kind", fault.PersonMustAct)
	}
	if !slices.ContainsFunc(a.x.Roles, func(r Role) bool { return slices.Contains(a.rule.Roles, r) }) {
		roles := joined(a.rule.Roles)
		a.bad("kind", fault.RoleMissing, "role", roles.English, "role_zh", roles.Chinese)
	}
	for _, part := range anyRole {
		if a.rule.Part != "" && part != a.rule.Part && a.c.acted(part, a.x.Actor.Person) {
			a.bad("kind", fault.SamePerson, "role", partWords[part].English, "role_zh", partWords[part].Chinese)
		}
	}
}

// acted tells whether a person was one of the three persons of the case.
func (c *Case) acted(part Role, person string) bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		return ruleOf(s.Kind).Part == part && s.Actor.Person == person
	})
}

// last is the newest step of a kind, nil for none.
func (c *Case) last(kind StepKind) *Step {
	for i := len(c.Steps) - 1; i >= 0; i-- {
		if c.Steps[i].Kind == kind {
			return &c.Steps[i]
		}
	}
	return nil
}
