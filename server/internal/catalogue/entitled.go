package catalogue

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Entitlement is a policy to which a person, or the household (Person ""), is entitled.
type Entitlement struct {
	Policy *Policy
	Person string
	Until  date.Date // last day that a decision leaves to it; "" where none has ended it
}

// Entitled lists what a household and its members are entitled to on a day, the
// household's first, then by person's id, each in the order of the policies. It is what
// Derive puts into the lists, whether or not a list names the policy.
func (c *Catalogue) Entitled(h *household.Household, on date.Date) ([]Entitlement, error) {
	v := newView(h, on)
	if v.closed {
		return nil, nil
	}
	var out []Entitlement
	subjects := c.subjects(v, v.present...)
	for i := range subjects {
		s := &subjects[i]
		for _, p := range c.Policies {
			if (p.Grain == GrainPerson) != (s.p != nil) {
				continue
			}
			e, ok, err := s.entitled(p)
			if err != nil {
				return nil, fmt.Errorf("policy %s: %w", p.Code, err)
			}
			if ok {
				out = append(out, Entitlement{Policy: p, Person: s.personID(), Until: e.until})
			}
		}
	}
	return out, nil
}

// Beneficiary tells whether the household is one of those that the policies are for, as
// far as facts go; what decisions ended is not asked.
func (c *Catalogue) Beneficiary(h *household.Household, on date.Date) (bool, error) {
	v := newView(h, on)
	if v.closed || len(c.Policies) == 0 {
		return false, nil
	}
	p := c.Policies[0] // all have the same beneficiaries
	return c.subjects(v)[0].holds(p.when[:p.everybody])
}
