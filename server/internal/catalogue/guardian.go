package catalogue

import "github.com/bangfuhub/hub/server/internal/household"

// fullAge is the age from which a person is an adult (民法总则, article 17).
const fullAge = 18

// parents gives, for a child's relation to the head, those of its parents and then of
// its other elders, nearest first.
var parents = map[household.Relation][]household.Relation{
	household.RelationSon:               {household.RelationHead, household.RelationSpouse},
	household.RelationDaughter:          {household.RelationHead, household.RelationSpouse},
	household.RelationGrandson:          {household.RelationSon, household.RelationSonsWife},
	household.RelationGranddaughter:     {household.RelationSon, household.RelationSonsWife},
	household.RelationDaughtersSon:      {household.RelationDaughter, household.RelationDaughtersHusband},
	household.RelationDaughtersDaughter: {household.RelationDaughter, household.RelationDaughtersHusband},
	household.RelationHead: {
		household.RelationFather, household.RelationMother, household.RelationGrandfather, household.RelationGrandmother,
		household.RelationMothersFather, household.RelationMothersMother,
	},
}

// guardian is the adult member whom another register may hold in a minor's place
// (domain 4.1): a parent where the relations tell which member that is, else the head,
// else the spouse. It is nil for adults: nobody else's number is passed on with theirs.
func (s *subject) guardian() *household.Person {
	if s.p.BirthDate == "" || s.age() >= fullAge {
		return nil
	}
	for _, relation := range parents[s.p.Relation] {
		if p := s.onlyAdult(relation); p != nil {
			return p
		}
	}
	if p := s.onlyAdult(household.RelationHead); p != nil {
		return p
	}
	return s.onlyAdult(household.RelationSpouse)
}

// onlyAdult is the present adult of a relation to the head, nil where there are
// several: which of two sons is the father, nobody has recorded.
func (s *subject) onlyAdult(relation household.Relation) *household.Person {
	var found *household.Person
	for _, p := range s.present {
		if p == s.p || p.Relation != relation || s.on.YearsSince(p.BirthDate) < fullAge {
			continue
		}
		if found != nil {
			return nil
		}
		found = p
	}
	return found
}
