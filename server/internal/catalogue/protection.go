package catalogue

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/household"
)

// protection is what looks like too much among a year's payments (clause 一(二)
// 避免过度保障). It is something to check, never a verdict (law 8).
type protection struct {
	year      int
	kinds     []string // of the payments concerned
	standards []string // codes of those exceeded
	excess    int64    // fen above them
	twice     bool     // a person got the same kind twice for one term
	double    bool     // the house was renovated at two programmes' cost
	err       error    // what could not be judged; Derive gives no rows then
}

func (p *protection) found() bool { return p.excess > 0 || p.twice || p.double || p.err != nil }

// protection looks at this year and, where nothing is found, at the last one: payments
// and reclaims of a year are settled in the next.
func (v *view) protection() *protection {
	if v.paid == nil {
		v.paid = v.payments(v.on.Year())
		if !v.paid.found() {
			v.paid = v.payments(v.on.Year() - 1)
		}
		v.paid.kinds, v.paid.standards = set(v.paid.kinds), set(v.paid.standards)
	}
	return v.paid
}

// payments judges those of a year.
func (v *view) payments(year int) *protection {
	type turn struct {
		person string
		kind   household.BenefitKind
		term   household.SchoolTerm
	}
	type share struct {
		person   string
		standard *Standard
	}
	out := &protection{year: year}
	turns, sums := map[turn]int{}, map[share]int64{}
	for i := range v.Benefits {
		b := &v.Benefits[i]
		if b.Year != year || b.PaidOn > v.on || b.Person == "" {
			continue
		}
		t := turn{b.Person, b.Kind, b.Term}
		if turns[t]++; turns[t] > 1 {
			out.twice, out.kinds = true, append(out.kinds, string(b.Kind))
		}
		standard, err := v.standardFor(b)
		if err != nil {
			out.err = fmt.Errorf("standard: %w", err)
		} else if standard != nil {
			sums[share{b.Person, standard}] += b.Amount
		}
	}
	for s, sum := range sums {
		if above := sum - s.standard.Yearly; above > 0 {
			out.excess += above
			out.standards, out.kinds = append(out.standards, s.standard.Code), append(out.kinds, string(s.standard.Kind))
		}
	}
	out.houses(v)
	return out
}

// houses: no renovation subsidy beside one for reconstruction after a disaster or
// against earthquakes. Work that is paid for over the turn of a year is one work.
func (p *protection) houses(v *view) {
	var kinds []string
	now, renovated, otherwise := false, false, false
	for i := range v.Benefits {
		b := &v.Benefits[i]
		if b.Year > p.year || b.Year < p.year-1 || b.PaidOn > v.on {
			continue
		}
		switch b.Kind {
		case household.HousingRenovationSubsidy:
			renovated = true
		case household.DisasterReconstruction, household.SeismicSubsidy:
			otherwise = true
		default:
			continue
		}
		now = now || b.Year == p.year
		kinds = append(kinds, string(b.Kind))
	}
	if now && renovated && otherwise {
		p.double, p.kinds = true, append(p.kinds, kinds...)
	}
}

// standardFor is the standard by which a payment is judged, nil where none is known to
// apply; of several the highest.
func (v *view) standardFor(b *household.Benefit) (*Standard, error) {
	p := v.Person(b.Person)
	if p == nil {
		return nil, nil
	}
	s := subject{view: v, p: atStage(p, b.Stage), verdicts: make([]verdict, len(v.whole.verdicts))}
	var found *Standard
	for _, standard := range v.standards {
		if standard.Kind != b.Kind || !standard.in(b.Year) || found != nil && found.Yearly >= standard.Yearly {
			continue
		}
		switch ok, err := s.holds(standard.when); {
		case err != nil:
			return nil, err
		case ok:
			found = standard
		}
	}
	return found, nil
}

// atStage is the person in the stage that a payment was for: who came to another school
// in the year is judged by the standard of each.
func atStage(p *household.Person, stage household.SchoolStage) *household.Person {
	if stage == "" {
		return p
	}
	then := *p
	then.SchoolStage = stage
	if p.Education != nil {
		education := *p.Education
		education.Stage = stage
		then.Education = &education
	}
	return &then
}

// whereFound makes a field of what was found; its text is "" where nothing was.
func whereFound(text func(*protection) string) func(*subject) string {
	return func(s *subject) string {
		if p := s.protection(); p.found() {
			return text(p)
		}
		return ""
	}
}
