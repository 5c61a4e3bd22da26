package invented

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// yearly is student aid in yuan a year by stage, as the catalogue's standards have it.
var yearly = map[household.SchoolStage]int64{
	household.Preschool: 1000, household.Primary: 2000, household.Grade7: 2500, household.Grade8: 2500, household.Grade9: 2500,
	household.Senior1: 1000, household.Senior2: 1000, household.Senior3: 1000, household.Vocational1: 3500, household.Vocational2: 3500, household.Vocational3: 3500,
}

// benefits: many pupils got the aid of the last two terms, exactly the standard; a few
// got more, or the same twice. Most renovated houses got the subsidy, a few another
// one beside it.
func (m *maker) benefits() {
	for i := range m.h.Persons {
		if p := &m.h.Persons[i]; p.PresentOn(m.on) && yearly[p.SchoolStage] > 0 && m.chance(400) {
			m.aid(p)
		}
	}
	for _, a := range m.h.Housing.Appraisals {
		if a.RenovatedOn == "" || !m.chance(800) {
			continue
		}
		b := household.Benefit{Group: household.GroupHousing, Kind: household.HousingRenovationSubsidy, Year: a.RenovatedOn.Year(), Amount: 800_000, PaidOn: a.RenovatedOn}
		if a.Grade == household.GradeD {
			b.Amount = 3_500_000
		}
		m.h.Benefits = append(m.h.Benefits, b)
		if m.chance(80) {
			b.Group, b.Kind = household.GroupCivil, household.DisasterReconstruction
			m.h.Benefits = append(m.h.Benefits, b)
		}
	}
}

// aid of the last two terms, paid in half a month: in March, and in September.
func (m *maker) aid(p *household.Person) {
	half := yearly[p.SchoolStage] * 100 / 2
	for i, first := range m.terms() {
		b := household.Benefit{Group: household.GroupEducation, Kind: household.EducationAid, Person: p.PersonNumber, Stage: p.SchoolStage,
			Year: first.Year(), Term: household.TermSpring, Amount: half, PaidOn: first.AddDays(m.between(0, 14))}
		if first.Time().Month() > 6 {
			b.Term = household.TermAutumn
		}
		newest := i == 1
		switch {
		case b.PaidOn < p.BirthDate.AddDays(3*366): // was at no school yet
			continue
		case newest && m.chance(30):
			b.Amount = half * 5 / 2 // above the year's standard by itself
		case newest && m.chance(10):
			again := b
			again.PaidOn = b.PaidOn.AddDays(1)
			m.h.Benefits = append(m.h.Benefits, again)
		}
		m.h.Benefits = append(m.h.Benefits, b)
	}
}

// terms are the first days on which the aid of the last two terms was paid.
func (m *maker) terms() []date.Date {
	var all []date.Date
	for year := m.on.Year() - 1; year <= m.on.Year(); year++ {
		all = append(all, date.New(year, 3, 15), date.New(year, 9, 15))
	}
	all = slices.DeleteFunc(all, func(d date.Date) bool { return d.AddDays(15) > m.on })
	return all[len(all)-2:]
}
