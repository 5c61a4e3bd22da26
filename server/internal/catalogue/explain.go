package catalogue

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Explanation answers a question at the counter: whether somebody is entitled to a
// policy on a day, and why. It holds no names and no identifiers.
type Explanation struct {
	Policy       *Policy
	Entitled     bool
	Since, Until date.Date // of an entitlement; Until "" is open
	Why          Why       // the zero value where entitled
	Tests        []Tested  // of the policy's condition; none where the person or household isn't there
}

// Tested is one test of a condition, all of which must hold.
type Tested struct {
	Test  string          // as the condition says it
	Wants household.Label // the same in words, where it can be said
	Held  bool
	Facts []Asked
}

// Asked is a fact that a test asked.
type Asked struct {
	Name, Meaning string
	Value         string // code, number, true or false; codes of a list are joined with ";"

	Label, Text household.Label // what a clerk calls the fact, and its value
}

// Explain answers for a person, or for the household as a whole ("", and for policies
// about households whichever member asks). It decides as Derive does, by the same code.
func (c *Catalogue) Explain(h *household.Household, person string, p *Policy, on date.Date) (Explanation, error) {
	all, err := c.explain(h, person, on, []*Policy{p})
	if err != nil {
		return Explanation{}, err
	}
	return all[0], nil
}

// ExplainAll answers for all policies, in the order of the catalogue.
func (c *Catalogue) ExplainAll(h *household.Household, person string, on date.Date) ([]Explanation, error) {
	return c.explain(h, person, on, c.Policies)
}

func (c *Catalogue) explain(h *household.Household, person string, on date.Date, policies []*Policy) ([]Explanation, error) {
	out := make([]Explanation, len(policies))
	v := newView(h, on)
	who := h.Person(person)
	absent := whyAbsent(v, who, person)
	var subjects []subject
	if absent.Code == "" && who != nil {
		subjects = c.subjects(v, who)
	} else if absent.Code == "" {
		subjects = c.subjects(v)
	}
	for i, p := range policies {
		out[i] = Explanation{Policy: p, Why: absent}
		switch {
		case absent.Code != "":
			continue
		case p.Grain == GrainPerson && who == nil:
			out[i].Why = why(PersonNeeded)
			continue
		}
		s := &subjects[len(subjects)-1]
		if p.Grain == GrainHousehold {
			s = &subjects[0]
		}
		if err := s.explain(&out[i]); err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.Code, err)
		}
	}
	return out, nil
}

func (s *subject) explain(out *Explanation) error {
	e, entitled, err := s.entitled(out.Policy)
	if err != nil {
		return err
	}
	for _, t := range out.Policy.when {
		held, err := s.meets(t)
		if err != nil {
			return err
		}
		tested := Tested{Test: t.source, Wants: t.wants, Held: held}
		for _, f := range t.facts {
			v := f.value(s.of(t))
			tested.Facts = append(tested.Facts, Asked{Name: f.Name, Meaning: f.Meaning, Value: factText(v), Label: f.label(), Text: f.read(v)})
		}
		out.Tests = append(out.Tests, tested)
	}
	if entitled {
		out.Entitled, out.Since, out.Until = true, e.since, e.until
		return nil
	}
	out.Why = s.whyNot(out.Policy, out.Tests)
	return nil
}

// factText writes a fact as a condition would.
func factText(v ref.Val) string {
	if all, ok := v.(traits.Lister); ok {
		var parts []string
		for it := all.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, fmt.Sprint(it.Next().Value()))
		}
		return strings.Join(parts, ";")
	}
	if v == types.String("") {
		return notRecorded
	}
	return fmt.Sprint(v.Value())
}
