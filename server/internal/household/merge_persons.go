package household

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// persons merges the persons, as far as the writer owns them.
func (m *merger) persons() {
	members := len(m.out.Persons)
	known := slices.Concat(m.out.Persons, m.leavers)
	for i, j := range m.match(known) {
		p := m.in.Persons[i]
		switch {
		case j == conflicting: // reported by match
		case j < 0 && m.owns(GroupRegister):
			p.ID = m.mint("pp_")
			fresh := Person{ID: p.ID}
			m.out.Persons = append(m.out.Persons, m.mergePerson(fresh, p))
		case j < 0, j >= members && !m.owns(GroupRegister):
			m.violate(at("persons", i), fault.PersonUnknown)
		case j >= members:
			m.out.Persons = append(m.out.Persons, m.mergePerson(known[j], p))
		default:
			m.out.Persons[j] = m.mergePerson(m.out.Persons[j], p)
		}
	}
}

// mergePerson gives the person with those facts of in that the writer owns.
func (m *merger) mergePerson(base, in Person) Person {
	out := base
	if base.DuplicateOf != "" {
		return base // only SeparatePersons brings the entry back
	}
	if m.owns(GroupRegister) {
		out = in
		out.ID, out.Education, out.Insurances = base.ID, base.Education, base.Insurances
		out.keepIdentity(base)
	}
	if m.owns(GroupEducation) && in.Education != nil {
		out.Education = in.Education
	}
	if m.owns(GroupMedical) {
		out.Insurances = mergeByKey(out.Insurances, in.Insurances, func(e *Insurance) (string, string) { return year(e.Year), year(e.Year) })
	}
	return out
}

// keepIdentity keeps what the base knew the person by, and since when it belongs here.
// A replaced ID number becomes a former one: other departments may still send it.
func (p *Person) keepIdentity(base Person) {
	p.WrongIDNumbers, p.DuplicateOf, p.Duplicates = base.WrongIDNumbers, base.DuplicateOf, base.Duplicates
	if base.outdated(p.IDNumber) {
		p.IDNumber = base.IDNumber
	}
	former := slices.Concat(p.FormerIDNumbers, base.FormerIDNumbers)
	if base.IDNumber != "" {
		former = append(former, base.IDNumber)
	}
	p.IDNumber = cmp.Or(p.IDNumber, base.IDNumber)
	wrong := func(n string) bool { return slices.Contains(base.WrongIDNumbers, n) }
	p.FormerIDNumbers = slices.DeleteFunc(former, wrong) // Normalise removes the present one and repetitions
	if p.PersonNumber == "" || base.PersonNumber != "" && base.hasPersonNumber(p.PersonNumber) {
		p.PersonNumber = base.PersonNumber
	}
	if p.DisabilityCard == "" || wrong(NormaliseIDNumber(p.DisabilityCard)) {
		p.DisabilityCard = base.DisabilityCard
	}
	if p.JoinedOn == "" {
		p.JoinedOn, p.JoinReason = base.JoinedOn, base.JoinReason
	}
}

// outdated tells whether a file still states a number that the office has corrected, or
// that of a duplicate: both would come back as the person's own.
func (p *Person) outdated(number string) bool {
	return slices.Contains(p.WrongIDNumbers, number) || p.IDNumber != "" &&
		slices.ContainsFunc(p.Duplicates, func(d Duplicate) bool { return slices.Contains(d.IDNumbers, number) })
}

const (
	unmatched   = -1
	conflicting = -2
)

// match says for each person of in which of the known ones is meant.
func (m *merger) match(known []Person) []int {
	matches := make([]int, len(m.in.Persons))
	by := make(map[int]int, len(matches)) // known → in
	claim := func(i, j int) {
		if first, taken := by[j]; j >= 0 && taken {
			m.violate(at("persons", i), fault.Duplicate, "with", at("persons", first))
			j = conflicting
		} else if j >= 0 {
			by[j] = i
		}
		matches[i] = j
	}
	for i := range m.in.Persons {
		j := matchByNumber(known, &m.in.Persons[i])
		if j == unmatched && m.in.Persons[i].ID != "" {
			// Ids are minted here; one that the household doesn't have is another's.
			m.violate(at("persons", i)+".id", fault.PersonUnknown)
			j = conflicting
		}
		claim(i, j)
	}
	for i := range m.in.Persons {
		if matches[i] != unmatched {
			continue
		}
		var same []int
		for j := range known {
			if _, taken := by[j]; !taken && sameByName(&known[j], &m.in.Persons[i]) {
				same = append(same, j)
			}
		}
		if len(same) == 1 {
			claim(i, same[0])
		} else if len(same) > 1 {
			m.violate(at("persons", i)+".name", fault.Duplicate, "with", "name, birth_date")
			matches[i] = conflicting
		}
	}
	m.redirect(known, matches)
	return matches
}

// redirect lets the row of a duplicate state the entry that stayed, where the file has
// given that one's own row up.
func (m *merger) redirect(known []Person, matches []int) {
	for i, j := range matches {
		if stays := standing(known, j); stays >= 0 && m.in.Persons[i].ID == "" && !slices.Contains(matches, stays) {
			matches[i] = stays
		}
	}
}

// standing is the entry that stayed where the j-th one is a duplicate, -1 otherwise.
func standing(known []Person, j int) int {
	if j < 0 || known[j].DuplicateOf == "" {
		return unmatched
	}
	return slices.IndexFunc(known, func(k Person) bool { return k.ID == known[j].DuplicateOf })
}

// frozen tells whether a file still states a duplicate as it was: its row says nothing
// new beside that of the entry that stayed.
func frozen(k, p *Person) bool {
	if k.DuplicateOf == "" {
		return false
	}
	numbers := k.numbers()
	same := func(n string) bool { return slices.Contains(numbers, n) }
	return slices.ContainsFunc(p.numbers(), same) || len(p.numbers()) == 0 && p.PersonNumber != "" && p.PersonNumber == k.PersonNumber
}

func matchByNumber(known []Person, p *Person) int {
	if p.ID != "" {
		return slices.IndexFunc(known, func(k Person) bool { return k.ID == p.ID })
	}
	if j := slices.IndexFunc(known, func(k Person) bool { return frozen(&k, p) }); j >= 0 {
		return j
	}
	if j := slices.IndexFunc(known, func(k Person) bool { return shared(&k, p) }); j >= 0 {
		return j
	}
	if p.PersonNumber != "" {
		if j := slices.IndexFunc(known, func(k Person) bool { return k.DuplicateOf == "" && k.hasPersonNumber(p.PersonNumber) }); j >= 0 {
			return j
		}
	}
	if p.Education == nil || p.Education.StudentNumber == "" {
		return unmatched
	}
	return slices.IndexFunc(known, func(k Person) bool {
		return k.DuplicateOf == "" && k.Education != nil && k.Education.StudentNumber == p.Education.StudentNumber && !contradict(&k, p)
	})
}

// sameByName is the weakest match: two records without anything that tells them apart.
func sameByName(a, b *Person) bool {
	return a.DuplicateOf == "" && b.DuplicateOf == "" && a.Name != "" && a.Name == b.Name && a.BirthDate != "" && a.BirthDate == b.BirthDate && !contradict(a, b)
}

// shared tells whether two persons have an ID number in common.
func shared(a, b *Person) bool {
	if a.DuplicateOf != "" || b.DuplicateOf != "" {
		return false // what it was found by finds the entry that stayed
	}
	numbers := a.numbers()
	return slices.ContainsFunc(b.numbers(), func(n string) bool { return slices.Contains(numbers, n) })
}

// contradict tells whether numbers of the same kind on both sides differ.
func contradict(a, b *Person) bool {
	if a.PersonNumber != "" && b.PersonNumber != "" && !a.hasPersonNumber(b.PersonNumber) && !b.hasPersonNumber(a.PersonNumber) {
		return true
	}
	return len(a.numbers()) > 0 && len(b.numbers()) > 0 && !shared(a, b)
}
