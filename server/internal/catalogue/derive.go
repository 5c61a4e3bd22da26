package catalogue

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Row is a household's or person's row in a list.
type Row struct {
	List      *List
	Village   string
	Household string
	Person    string   // "" at household grain
	Values    []string // canonical texts, one per field of the list
}

// Derive gives all rows of a household on a day, in the order of the lists and, within
// a list, of the persons' ids. It depends on its arguments alone and changes none of
// them. A closed household has no rows, nor has who isn't a member on the day. The area
// only tells the operator where an error arose: standards are the province's (law 7).
func (c *Catalogue) Derive(area string, h *household.Household, on date.Date) ([]Row, error) {
	v := newView(h, on)
	if v.closed {
		return nil, nil
	}
	subjects := c.subjects(v, v.present...)
	out := make([]Row, 0, 2*len(subjects))
	for _, l := range c.Lists {
		of := subjects[1:]
		if l.Grain == GrainHousehold {
			of = subjects[:1]
		}
		for i := range of {
			listed, err := of[i].listed(l)
			if err != nil {
				return nil, fmt.Errorf("area %s, list %s: %w", area, l.Name, err)
			}
			if !listed {
				continue
			}
			if err := of[i].advice(l); err != nil {
				return nil, fmt.Errorf("area %s, list %s: todo: %w", area, l.Name, err)
			}
			out = append(out, of[i].row(l))
		}
	}
	if v.paid != nil && v.paid.err != nil {
		return nil, fmt.Errorf("area %s: %w", area, v.paid.err)
	}
	return out, nil
}

// listed tells whether the subject stands in a list, and gathers its entitlements.
func (s *subject) listed(l *List) (bool, error) {
	if ok, err := s.holds(l.when); err != nil || !ok {
		return false, err
	}
	s.entitlements = s.entitlements[:0]
	for _, p := range l.policies {
		e, ok, err := s.entitled(p)
		if err != nil {
			return false, fmt.Errorf("policy %s: %w", p.Code, err)
		}
		if ok {
			s.entitlements = append(s.entitlements, e)
		}
	}
	return len(l.policies) == 0 || len(s.entitlements) > 0, nil
}

func (s *subject) row(l *List) Row {
	row := Row{List: l, Village: s.Village, Household: s.ID, Person: s.personID(), Values: make([]string, len(l.Fields))}
	for i, f := range l.Fields {
		row.Values[i] = f.word.text(s)
	}
	return row
}
