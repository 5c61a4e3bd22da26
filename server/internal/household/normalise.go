package household

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
)

// Normalise brings a household to its canonical form in place: texts and identifiers
// cleaned, sex and birth date filled in from a valid ID number, elements keyed and
// sorted, empty slices nil. Doing it again changes nothing.
//
// Persons keep their order, so that a fault that names persons[2] means the third
// one of the input. Elements that name a person by something else than the hub id
// get their key in Merge, where the person is known.
func Normalise(h *Household) {
	clean(&h.HouseholdNumber, cleanIdentifier)
	clean(&h.Village, cleanIdentifier)
	clean(&h.VillageGroup, cleanText)
	cleanSet(&h.FormerHouseholdNumbers, cleanIdentifier)
	h.Register.normalise()
	for i := range h.Persons {
		h.Persons[i].normalise()
	}
	h.cleanElements()
	h.addKeys()
	h.sort()
	if len(h.Sources) == 0 {
		h.Sources = nil
	}
}

func (r *Register) normalise() {
	clean(&r.Phone, cleanIdentifier)
	clean(&r.Bank, cleanText)
	clean(&r.Account, cleanIdentifier)
	clean(&r.HousingArea, cleanIdentifier)
	slices.Sort(r.OtherCauses)
	trim(&r.OtherCauses)
}

func (p *Person) normalise() {
	clean(&p.PersonNumber, cleanIdentifier)
	clean(&p.Name, NormaliseName)
	clean(&p.IDNumber, cleanIDNumber)
	clean(&p.DisabilityCard, cleanIDNumber)
	clean(&p.EthnicGroup, cleanIdentifier)
	clean(&p.Phone, cleanIdentifier)
	clean(&p.LeaveEvidence, cleanText)
	if _, err := ParseDisabilityCard(p.IDNumber); err == nil {
		// The card's number is often written where the ID number belongs.
		p.DisabilityCard = cmp.Or(p.DisabilityCard, p.IDNumber)
		p.IDNumber = p.IDNumber[:18]
	}
	cleanSet(&p.FormerIDNumbers, cleanIDNumber)
	p.FormerIDNumbers = slices.DeleteFunc(p.FormerIDNumbers, func(s string) bool { return s == p.IDNumber })
	trim(&p.FormerIDNumbers)
	cleanSet(&p.WrongIDNumbers, cleanIDNumber)
	trim(&p.Duplicates)
	if id, err := ParseIDNumber(p.IDNumber); err == nil {
		p.BirthDate = cmp.Or(p.BirthDate, id.BirthDate)
		p.Sex = cmp.Or(p.Sex, id.Sex)
	}
	if e := p.Education; e != nil {
		clean(&e.StudentNumber, cleanStudentNumber)
		clean(&e.SchoolName, cleanText)
		if reflect.ValueOf(*e).IsZero() {
			p.Education = nil
		}
	}
	sortBy(&p.Insurances, func(a, b Insurance) int { return cmp.Compare(a.Year, b.Year) })
}

func (h *Household) cleanElements() {
	for i := range h.Helpers {
		e := &h.Helpers[i]
		clean(&e.Name, NormaliseName)
		clean(&e.Unit, cleanText)
		clean(&e.Post, cleanText)
		clean(&e.Phone, cleanIdentifier)
		clean(&e.Reason, cleanText)
	}
	for i := range h.Needs {
		clean(&h.Needs[i].Person, cleanIdentifier)
		clean(&h.Needs[i].Evidence, cleanText)
	}
	for i := range h.Shocks {
		clean(&h.Shocks[i].Person, cleanIdentifier)
		clean(&h.Shocks[i].Note, cleanText)
	}
	for i := range h.Housing.Appraisals {
		clean(&h.Housing.Appraisals[i].Appraiser, cleanText)
		clean(&h.Housing.Appraisals[i].Certificate, cleanText)
	}
	for i := range h.Assistance {
		clean(&h.Assistance[i].Person, cleanIdentifier)
	}
	for i := range h.Benefits {
		clean(&h.Benefits[i].Person, cleanIdentifier)
		clean(&h.Benefits[i].Document, cleanText)
	}
	for i := range h.Tasks {
		cleanSet(&h.Tasks[i].Fields, cleanIdentifier)
		clean(&h.Tasks[i].ClosedReason, cleanText)
	}
	for i := range h.Decisions {
		h.Decisions[i].normalise()
	}
	if h.Closing != nil {
		h.Closing.Document.normalise()
	}
}

func (d *Decision) normalise() {
	clean(&d.Number, cleanText)
	d.Document.normalise()
	for i := range d.Ends {
		clean(&d.Ends[i].Person, cleanIdentifier)
		clean(&d.Ends[i].Policy, cleanIdentifier)
	}
	sortBy(&d.Ends, func(a, b End) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.LastDay, b.LastDay))
	})
	slices.Sort(d.Only)
	trim(&d.Only)
}

func (d *Document) normalise() {
	clean(&d.Issuer, cleanText)
	clean(&d.Number, cleanText)
}

// sort orders each kind of element by its date and then by its key.
func (h *Household) sort() {
	sortBy(&h.Incomes, func(a, b Income) int { return cmp.Compare(a.Year, b.Year) })
	sortBy(&h.Helpers, func(a, b HelperAssignment) int { return byDate(a.From, b.From, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Needs, func(a, b Need) int { return byDate(a.AroseOn, b.AroseOn, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Shocks, func(a, b Shock) int { return byDate(a.HappenedOn, b.HappenedOn, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Housing.Damages, func(a, b Damage) int { return byDate(a.HappenedOn, b.HappenedOn, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Housing.Appraisals, func(a, b Appraisal) int {
		return byDate(a.AppraisedOn, b.AppraisedOn, a.ID, b.ID, a.natural, b.natural)
	})
	sortBy(&h.Assistance, func(a, b Assistance) int { return byDate(a.From, b.From, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Benefits, func(a, b Benefit) int { return byDate(a.PaidOn, b.PaidOn, a.ID, b.ID, a.natural, b.natural) })
	sortBy(&h.Tasks, func(a, b Task) int { return cmp.Or(cmp.Compare(a.OpenedOn, b.OpenedOn), cmp.Compare(a.ID, b.ID)) })
	sortBy(&h.Decisions, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.DecidedOn, b.DecidedOn), cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	trim(&h.Persons)
}

// byDate falls back to the content for elements that cannot be keyed yet.
func byDate(a, b date.Date, keyA, keyB string, naturalA, naturalB func() string) int {
	if order := cmp.Or(cmp.Compare(a, b), cmp.Compare(keyA, keyB)); order != 0 || keyA != "" {
		return order
	}
	return cmp.Compare(naturalA(), naturalB())
}

func sortBy[T any](s *[]T, compare func(a, b T) int) {
	slices.SortStableFunc(*s, compare)
	trim(s)
}

// trim makes an empty slice nil, so that equal facts are equal in memory.
func trim[T any](s *[]T) {
	if len(*s) == 0 {
		*s = nil
	}
}

func clean(s *string, how func(string) string) { *s = how(*s) }

func cleanSet(s *[]string, how func(string) string) {
	set := make(map[string]bool, len(*s))
	for _, v := range *s {
		set[how(v)] = true
	}
	delete(set, "")
	*s = slices.Sorted(maps.Keys(set))
	trim(s)
}

func cleanStudentNumber(s string) string { return strings.ToUpper(cleanIdentifier(s)) }
