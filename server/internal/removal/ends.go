package removal

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// When policies end (Policy.AtRemoval).
const (
	atOnce             = "at-once"
	endOfSchoolTerm    = "end-of-school-term"
	endOfSchoolStage   = "end-of-school-stage"
	endOfInsuranceYear = "end-of-insurance-year"
)

// august is the day by which a school year is over.
func august(year int) date.Date { return date.New(year, time.August, 31) }

// Ends says what a removal in effect from a day would end, for whom and when: first each
// person's default for all policies, then the policies to which somebody is entitled on
// that day, each with its last day. It assumes the facts as they are known today.
func Ends(cat *catalogue.Catalogue, h *household.Household, effective date.Date, p Parameters) ([]End, error) {
	var out []End
	present := h.PresentOn(effective)
	slices.SortFunc(present, func(a, b *household.Person) int { return cmp.Compare(a.ID, b.ID) })
	for _, person := range present {
		out = append(out, End{Person: person.ID, Policy: household.AllPolicies, LastDay: effective.AddDays(-1), Rule: atOnce})
	}
	entitlements, err := cat.Entitled(h, effective)
	if err != nil {
		return nil, err
	}
	for _, e := range entitlements {
		if e.Policy.Reach != catalogue.Supported {
			continue
		}
		last, err := p.lastDayOf(e.Policy.AtRemoval, h.Person(e.Person), effective)
		if err != nil {
			return nil, err
		}
		if e.Until != "" { // an earlier decision about the person is under way
			last = min(last, e.Until)
		}
		out = append(out, End{Person: e.Person, Policy: e.Policy.Code, LastDay: last, Rule: e.Policy.AtRemoval})
	}
	return append(out, succeeding(cat, out, effective)...), nil
}

// succeeding are the policies of the same department that may take the place of one that
// runs on: a child in preschool turns six, and its aid becomes that of compulsory
// education. They end on the same day, and not at once only because they came later.
func succeeding(cat *catalogue.Catalogue, ends []End, effective date.Date) (out []End) {
	for _, e := range ends {
		p := cat.Policy(e.Policy)
		if p == nil || p.Grain != catalogue.GrainPerson || e.LastDay < effective {
			continue
		}
		for _, other := range cat.Policies {
			known := func(k End) bool { return k.Person == e.Person && k.Policy == other.Code }
			if other.Department != p.Department || other.Grain != p.Grain || other.Reach != catalogue.Supported ||
				slices.ContainsFunc(ends, known) || slices.ContainsFunc(out, known) {
				continue
			}
			out = append(out, End{Person: e.Person, Policy: other.Code, LastDay: e.LastDay, Rule: e.Rule})
		}
	}
	return out
}

// lastDayOf is the last day of a policy that ends by a rule; person is nil for the household.
func (p *Parameters) lastDayOf(rule string, person *household.Person, effective date.Date) (date.Date, error) {
	switch {
	case rule == atOnce:
		return effective.AddDays(-1), nil
	case rule == endOfInsuranceYear:
		return date.New(effective.Year(), time.December, 31), nil
	case rule == endOfSchoolTerm:
		return p.termEnd(effective), nil
	case rule == endOfSchoolStage && person != nil:
		return p.stageEnd(person, effective), nil
	}
	return "", fmt.Errorf("removal: no rule for %q", rule)
}

// termEnd is the last day of the first school term that ends on a day or later.
func (p *Parameters) termEnd(from date.Date) date.Date {
	var found date.Date
	for year := from.Year(); year <= from.Year()+1; year++ {
		for _, end := range p.TermEnds {
			d := date.Date(fmt.Sprintf("%04d-%s", year, end))
			if d >= from && (found == "" || d < found) {
				found = d
			}
		}
	}
	if found == "" {
		return p.schoolYearEnd(from)
	}
	return found
}

// schoolYearEnd is the last day of the last term of the first school year that ends on a
// day or later. School years end by August; who is found between two is given the next.
func (p *Parameters) schoolYearEnd(from date.Date) date.Date {
	for year := from.Year(); ; year++ {
		var last date.Date
		for _, end := range p.TermEnds {
			if d := date.Date(fmt.Sprintf("%04d-%s", year, end)); d <= august(year) {
				last = max(last, d)
			}
		}
		if last == "" { // Check refuses such parameters; nobody's support may end for want of a day
			last = august(year)
		}
		if last >= from {
			return last
		}
	}
}

// yearsLeft are the school years that follow the one of a grade within its stage. Of
// PRIMARY and COLLEGE nobody records the grade or the length: for them it is the end of
// the school year.
var yearsLeft = map[household.SchoolStage]int{
	household.Grade7: 2, household.Grade8: 1,
	household.Senior1: 2, household.Senior2: 1,
	household.Vocational1: 2, household.Vocational2: 1,
	household.HigherVocational1: 2, household.HigherVocational2: 1,
}

// stageEnd is the last day of the stage in which a person is at school. Preschool lasts
// until the summer after which the child, being six by the end of August, starts school.
func (p *Parameters) stageEnd(person *household.Person, effective date.Date) date.Date {
	end := p.schoolYearEnd(effective)
	stage := catalogue.StageOf(person)
	left := yearsLeft[stage]
	if stage == household.Preschool {
		left = max(0, 6-august(end.Year()).YearsSince(person.BirthDate))
	}
	return p.schoolYearEnd(date.New(end.Year()+left, time.January, 1))
}
