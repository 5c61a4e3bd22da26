package invented

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// people makes up the family: mostly a couple with children, often with parents,
// married sons and grandchildren; some old people alone.
func (m *maker) people() {
	if m.chance(60) {
		m.add(household.RelationHead, m.sex(500), m.born(m.between(62, 88)))
		return
	}
	age := m.between(28, 48) + m.between(0, 22)
	head := m.add(household.RelationHead, m.sex(850), m.born(age))
	if m.chance(850) {
		m.add(household.RelationSpouse, opposite(head.Sex), m.born(max(20, age+m.between(-6, 4))))
	}
	m.parents(age)
	m.children(age)
}

func (m *maker) parents(age int) {
	if age > 62 {
		return
	}
	if m.chance(270) {
		m.old(household.RelationFather, household.Male, age)
	}
	if m.chance(430) {
		m.old(household.RelationMother, household.Female, age)
	}
}

// old adds a parent, some of whom have died since.
func (m *maker) old(relation household.Relation, sex household.Sex, age int) {
	p := m.add(relation, sex, m.born(min(97, age+m.between(20, 32))))
	if p != nil && m.chance(70) {
		m.leave(p, household.LeaveDeath, "虚构死亡证明")
	}
}

func (m *maker) children(age int) {
	age -= m.between(21, 30)
	for range weighted(m, []int{0, 1, 2, 3, 4}, []int{7, 20, 40, 24, 9}) {
		if age < 0 {
			return
		}
		if age < 36 || m.chance(250) { // older ones have mostly long left
			m.child(age)
		}
		age -= m.between(1, 5)
	}
}

func (m *maker) child(age int) {
	if m.chance(480) {
		p := m.add(household.RelationDaughter, household.Female, m.born(age))
		if p != nil && age >= 20 && m.chance(150) {
			m.leave(p, household.LeaveMarriage, "虚构户口迁移证")
		}
		return
	}
	m.add(household.RelationSon, household.Male, m.born(age))
	if age < 23 || !m.chance(400) {
		return
	}
	if wife := m.add(household.RelationSonsWife, household.Female, m.born(max(20, age-m.between(0, 4)))); wife != nil && m.chance(300) {
		wife.JoinedOn, wife.JoinReason = m.day(m.identified, m.on), household.JoinMarriage
	}
	for young := age - m.between(20, 28); young >= 0 && young < 16 && m.chance(800); young -= m.between(2, 5) {
		if m.chance(500) {
			m.add(household.RelationGrandson, household.Male, m.born(young))
		} else {
			m.add(household.RelationGranddaughter, household.Female, m.born(young))
		}
	}
}

// add makes up a person; nil where the household is full.
func (m *maker) add(relation household.Relation, sex household.Sex, born date.Date) *household.Person {
	k := len(m.h.Persons)
	if k == maxPersons {
		return nil
	}
	p := household.Person{Relation: relation, Sex: sex, BirthDate: born, EthnicGroup: m.ethnic,
		JoinedOn: m.identified, JoinReason: household.JoinRegistered}
	if born > m.identified {
		p.JoinedOn, p.JoinReason = born, household.JoinBirth
	}
	family := m.family
	switch relation {
	case household.RelationSpouse, household.RelationMother, household.RelationSonsWife:
		family = pick(m, familyNames)
	}
	p.Name = m.name(family, k)
	m.identify(&p, k)
	m.personFacts(&p)
	m.schooling(&p)
	m.insurances(&p)
	m.h.Persons = append(m.h.Persons, p)
	return &m.h.Persons[k]
}

// leave makes a member go within the last three years.
func (m *maker) leave(p *household.Person, reason household.LeaveReason, evidence string) {
	p.LeftOn = m.day(max(p.JoinedOn, m.on.AddDays(-3*365)), m.on)
	p.LeaveReason, p.LeaveEvidence = reason, evidence
	p.Education, p.Insurances = nil, nil
	p.SchoolStage, p.WorkPlace, p.WorkMonths = household.NotInSchool, "", 0
}

// born is a birth date that makes somebody so many years old.
func (m *maker) born(age int) date.Date {
	return date.New(m.on.Year()-age-1, m.on.Time().Month(), m.on.Time().Day()).AddDays(m.between(1, 365))
}

func (m *maker) sex(menPerMille int) household.Sex {
	if m.chance(menPerMille) {
		return household.Male
	}
	return household.Female
}

func opposite(s household.Sex) household.Sex {
	if s == household.Male {
		return household.Female
	}
	return household.Male
}
