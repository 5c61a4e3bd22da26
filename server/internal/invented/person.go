package invented

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// personFacts makes up health, labour and learning to fit the age.
func (m *maker) personFacts(p *household.Person) {
	age := m.on.YearsSince(p.BirthDate)
	p.Health = weighted(m, []household.Health{household.Healthy, household.Chronic, household.Serious, household.Disabled},
		[]int{max(20, 120-age), 2 + age/5, 1 + age/25, 4})
	if p.Health == household.Disabled && p.IDNumber != "" && m.chance(700) {
		p.DisabilityCard = fmt.Sprintf("%s%d%d", p.IDNumber, m.between(1, 7), m.between(1, 4))
	}
	p.LabourAbility = m.labour(p.Health, age)
	if able := p.LabourAbility == household.LabourOrdinary || p.LabourAbility == household.LabourSkilled; able && age >= 18 && m.chance(600) {
		p.WorkPlace = weighted(m, []household.WorkPlace{household.WorkTownship, household.WorkCounty, household.WorkProvince, household.WorkAway, household.WorkOther},
			[]int{40, 25, 22, 10, 3})
		p.WorkMonths = m.between(2, 12)
	}
	p.EducationLevel = m.learning(age)
	if p.Relation == household.RelationSon && age >= 18 && age < 25 && m.chance(15) {
		p.ActiveMilitary = household.Yes
	}
}

func (m *maker) labour(health household.Health, age int) household.LabourAbility {
	switch {
	case age < 16 || age >= 75:
		return household.LabourNone
	case health == household.Disabled || health == household.Serious || age >= 65:
		return weighted(m, []household.LabourAbility{household.LabourLost, household.LabourOrdinary}, []int{70, 30})
	}
	return weighted(m, []household.LabourAbility{household.LabourOrdinary, household.LabourSkilled}, []int{85, 15})
}

// learning: the older, the less.
func (m *maker) learning(age int) household.EducationLevel {
	levels := []household.EducationLevel{household.Illiterate, household.LevelPrimary, household.LevelJunior, household.LevelSenior, household.LevelCollege}
	switch {
	case age < 6:
		return household.LevelPreschool
	case age < 13:
		return household.LevelPrimary
	case age < 16:
		return household.LevelJunior
	case age < 35:
		return weighted(m, levels, []int{1, 10, 55, 22, 12})
	case age < 60:
		return weighted(m, levels, []int{8, 38, 45, 8, 1})
	}
	return weighted(m, levels, []int{45, 42, 11, 2, 0})
}

// schooling makes up the stage that fits the age at the beginning of the school year
// (1 September), and what the education department holds about a pupil.
func (m *maker) schooling(p *household.Person) {
	year := m.on.Year()
	if m.on < date.New(year, 9, 1) {
		year--
	}
	p.SchoolStage = m.stage(date.New(year, 8, 31).YearsSince(p.BirthDate))
	compulsory := p.SchoolStage == household.Primary || p.SchoolStage == household.Grade7 || p.SchoolStage == household.Grade8 || p.SchoolStage == household.Grade9
	switch {
	case compulsory && m.chance(10):
		p.SchoolStage = household.NotInSchool
		p.Education = &household.Education{Enrolment: household.DroppedOut, AsOf: m.on}
	case p.SchoolStage == household.NotInSchool || m.chance(40): // some are unknown to the department
		return
	default:
		p.Education = &household.Education{Stage: p.SchoolStage, Enrolment: household.Enrolled, AsOf: m.on,
			SchoolName: fmt.Sprintf("虚构第%d学校", m.between(1, 400)),
			StudyPlace: weighted(m, []household.StudyPlace{household.StudyInCounty, household.StudyInProvince, household.StudyAway}, []int{90, 8, 2})}
	}
	p.Education.StudentNumber = "G" + p.IDNumber
	if p.IDNumber == "" {
		p.Education.StudentNumber = "J" + idNumber("99", m.n, len(m.h.Persons), p.BirthDate, p.Sex)
	}
}

func (m *maker) stage(age int) household.SchoolStage {
	type s = household.SchoolStage
	switch {
	case age >= 3 && age < 6:
		return weighted(m, []s{household.Preschool, household.NotInSchool}, []int{82, 18})
	case age >= 6 && age < 12:
		return household.Primary
	case age >= 12 && age < 15:
		return []s{household.Grade7, household.Grade8, household.Grade9}[age-12]
	case age >= 15 && age < 18:
		senior := []s{household.Senior1, household.Senior2, household.Senior3}[age-15]
		vocational := []s{household.Vocational1, household.Vocational2, household.Vocational3}[age-15]
		return weighted(m, []s{senior, vocational, household.NotInSchool}, []int{48, 38, 14})
	case age >= 18 && age < 21:
		higher := []s{household.HigherVocational1, household.HigherVocational2, household.HigherVocational3}[age-18]
		return weighted(m, []s{higher, household.College, household.NotInSchool}, []int{18, 20, 62})
	case age >= 21 && age < 23:
		return weighted(m, []s{household.College, household.NotInSchool}, []int{15, 85})
	}
	return household.NotInSchool
}

// insurances: nearly everybody is covered in this year and the last.
func (m *maker) insurances(p *household.Person) {
	for year := max(m.on.Year()-1, p.BirthDate.Year()); year <= m.on.Year(); year++ {
		if m.chance(20) {
			continue // the department knows nothing
		}
		p.Insurances = append(p.Insurances, household.Insurance{Year: year, Basic: m.answer(980), CriticalIllness: m.answer(965), MedicalAssistance: m.answer(950)})
	}
}

func (m *maker) answer(yesPerMille int) household.Answer {
	if m.chance(yesPerMille) {
		return household.Yes
	}
	return household.No
}
