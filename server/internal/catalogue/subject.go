package catalogue

import (
	"fmt"

	"cel.dev/cel-go/common/types"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// subject is whom a condition or field speaks of: a household, or a person in it.
// Each test is made once.
type subject struct {
	*view
	p        *household.Person // nil for the household
	verdicts []verdict         // by the test's ordinal

	// Of the list that is being derived.
	entitlements []entitlement
	todo         []*Todo
}

// verdict is the outcome of a test.
type verdict int8

const (
	unknown verdict = iota
	no
	yes
)

// entitlement is a policy that a subject is entitled to on the day.
type entitlement struct {
	policy       *Policy
	since, until date.Date
}

// subjects gives the household as a whole, then the persons.
func (c *Catalogue) subjects(v *view, persons ...*household.Person) []subject {
	verdicts := make([]verdict, (1+len(persons))*c.tests)
	out := make([]subject, 1+len(persons))
	for i := range out {
		out[i] = subject{view: v, verdicts: verdicts[i*c.tests : (i+1)*c.tests]}
		if i > 0 {
			out[i].p = persons[i-1]
		}
	}
	v.whole, v.standards = &out[0], c.Standards
	return out
}

// holds tells whether the subject meets a condition.
func (s *subject) holds(c condition) (bool, error) {
	for _, t := range c {
		if ok, err := s.meets(t); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// meets makes a test, once for each household or person.
func (s *subject) meets(t *test) (bool, error) {
	of := s.of(t)
	if of.verdicts[t.ordinal] == unknown {
		v, _, err := t.program.Eval(of)
		if err != nil {
			return false, fmt.Errorf("condition: %w", err)
		}
		of.verdicts[t.ordinal] = no
		if v == types.True {
			of.verdicts[t.ordinal] = yes
		}
	}
	return of.verdicts[t.ordinal] == yes, nil
}

// of is whom a test asks: the person, or the household as a whole.
func (s *subject) of(t *test) *subject {
	if t.grain == GrainHousehold {
		return s.whole
	}
	return s
}

// entitled tells whether the subject is entitled to a policy on the day, and since
// and until when.
func (s *subject) entitled(p *Policy) (entitlement, bool, error) {
	if !s.on.In(p.From, p.Until) {
		return entitlement{}, false, nil
	}
	ok, err := s.holds(p.when)
	if err != nil || !ok {
		return entitlement{}, false, err
	}
	until, ok := s.runs(p)
	if !ok {
		return entitlement{}, false, nil
	}
	return entitlement{policy: p, since: s.since(p), until: until}, true, nil
}

func (s *subject) personID() string {
	if s.p == nil {
		return ""
	}
	return s.p.ID
}

func (s *subject) age() int { return s.on.YearsSince(s.p.BirthDate) }

func (s *subject) stage() household.SchoolStage { return StageOf(s.p) }

func (s *subject) inSchool() bool {
	stage := s.stage()
	return stage != "" && stage != household.NotInSchool
}

func (s *subject) able() bool { return able(s.p, s.stage()) }

// openNeeds are the person's own needs or, for the household, its and its members'.
func (s *subject) openNeeds() []string {
	var out []string
	for i := range s.Needs {
		if n := &s.Needs[i]; s.concerns(n.Person) && openOn(s.on, n.AroseOn, n.FulfilledOn) {
			out = append(out, string(n.Category))
		}
	}
	return set(out)
}

func (s *subject) oldestNeed() date.Date {
	var oldest date.Date
	for i := range s.Needs {
		n := &s.Needs[i]
		if s.concerns(n.Person) && openOn(s.on, n.AroseOn, n.FulfilledOn) && (oldest == "" || n.AroseOn < oldest) {
			oldest = n.AroseOn
		}
	}
	return oldest
}

// concerns tells whether what is recorded for a member ("": for all) is the subject's.
func (s *subject) concerns(person string) bool { return s.p == nil || s.p.ID == person }

// assistance is what runs for the person, alone or with the household or, for the
// household, for anybody in it.
func (s *subject) assistance() []string {
	var out []string
	for i := range s.Assistance {
		if a := &s.Assistance[i]; (a.Person == "" || s.concerns(a.Person)) && s.on.In(a.From, a.To) {
			out = append(out, string(a.Kind))
		}
	}
	return set(out)
}

// insurance is that of the newest insurance year that has begun, nil for none.
func (s *subject) insurance() *household.Insurance {
	return newest(s.p.Insurances, func(y *household.Insurance) (int, bool) { return y.Year, y.Year <= s.on.Year() })
}

// fullyInsured tells whether the person is in all three schemes this year; last year's
// word says nothing about it.
func (s *subject) fullyInsured() bool {
	y := s.insurance()
	return y != nil && y.Year == s.on.Year() &&
		y.Basic == household.Yes && y.CriticalIllness == household.Yes && y.MedicalAssistance == household.Yes
}
