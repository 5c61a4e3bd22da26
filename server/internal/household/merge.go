package household

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Merge gives the household that results when a writer who owns some groups states
// the facts of in about base (nil: a household new to the hub). Neither is changed.
//
// A writer changes only the groups it owns; facts of other groups in in are ignored.
// Nothing that in doesn't mention is deleted: an element, person or year that it
// mentions is replaced whole (as far as the writer owns it), all others stay. The
// register counts as mentioned when any of its fields is given. What identifies a
// person is never lost by leaving it out: numbers that were replaced become former ones.
//
// Persons are matched by hub id, else by any ID number, else by person number, else by
// student number, else by name and birth date where the numbers of neither side
// contradict. Only the office (GroupRegister) brings households and persons into the
// hub; mint gives each a fresh id beginning with the prefix "hh_", "pp_" or "dd_".
// Where elements and ends name a person, they may do so by hub id, ID number or person
// number; the result has hub ids only.
//
// Decisions are never written, with one exception: a household new to the hub may bring
// legacy decisions, which are frozen as they are. Afterwards stored decisions may be
// repeated as they stand; anything else is a violation.
//
// Persons whom in names and who left another household before are given as leavers (see
// Person.Arriving): they keep their ids and what is known about them.
//
// The last writer wins, whatever the as-of dates say. Merging the same facts again
// changes nothing. Violations name their place in in (as Normalise sorts it); with any,
// the household is nil. The result is normalised but not validated, see Validate.
func Merge(base, in *Household, groups []Group, mint func(prefix string) string, leavers ...Person) (*Household, []fault.Violation) {
	m := merger{base: base, in: in.Clone(), groups: groups, mint: mint, leavers: leavers}
	Normalise(m.in)
	if base == nil {
		if !m.owns(GroupRegister) {
			return nil, []fault.Violation{fault.Bad("household_number", fault.GroupNotOwned, "group", string(GroupRegister))}
		}
		m.out = &Household{ID: mint("hh_")}
	} else {
		m.out = base.Clone()
	}
	m.persons()
	m.elements()
	m.tasks()
	m.decisions()
	m.sources()
	if len(m.bad) > 0 {
		return nil, m.bad
	}
	Normalise(m.out)
	return m.out, nil
}

type merger struct {
	base, in, out *Household
	groups        []Group
	mint          func(string) string
	leavers       []Person
	bad           []fault.Violation
}

func (m *merger) owns(g Group) bool { return slices.Contains(m.groups, g) }

func (m *merger) violate(field string, r fault.Reason, pairs ...string) {
	m.bad = append(m.bad, fault.Bad(field, r, pairs...))
}

// elements merges everything but persons and decisions.
func (m *merger) elements() {
	m.resolveReferences()
	in, out := m.in, m.out
	if m.owns(GroupRegister) {
		m.register()
		out.Incomes = mergeByKey(out.Incomes, in.Incomes, func(e *Income) (string, string) { return year(e.Year), year(e.Year) })
		out.Helpers = mergeByKey(out.Helpers, in.Helpers, func(e *HelperAssignment) (string, string) { return e.ID, e.natural() })
		out.Needs = mergeByKey(out.Needs, in.Needs, func(e *Need) (string, string) { return e.ID, e.natural() })
		out.Shocks = mergeByKey(out.Shocks, in.Shocks, func(e *Shock) (string, string) { return e.ID, e.natural() })
	}
	if m.owns(GroupHousing) {
		damages, appraisals := &out.Housing.Damages, &out.Housing.Appraisals
		*damages = mergeByKey(*damages, in.Housing.Damages, func(e *Damage) (string, string) { return e.ID, e.natural() })
		*appraisals = mergeByKey(*appraisals, in.Housing.Appraisals, func(e *Appraisal) (string, string) { return e.ID, e.natural() })
	}
	if m.owns(GroupCivil) {
		out.Assistance = mergeByKey(out.Assistance, in.Assistance, func(e *Assistance) (string, string) { return e.ID, e.natural() })
	}
	m.benefits()
}

// register merges what the office holds about the household as a whole.
func (m *merger) register() {
	in, out := m.in, m.out
	if in.HouseholdNumber != "" && !slices.Contains(out.FormerHouseholdNumbers, in.HouseholdNumber) {
		out.HouseholdNumber = in.HouseholdNumber
	}
	if in.Village != "" && in.Village != out.Village {
		out.Village, out.VillageGroup = in.Village, ""
	}
	out.VillageGroup = cmp.Or(in.VillageGroup, out.VillageGroup)
	if !reflect.ValueOf(in.Register).IsZero() {
		out.Register = in.Register
		if status := in.Register.PovertyStatus; status != "" && status != Closed && status != Removed {
			out.Closing = nil // the office states that the household lives on
		}
	}
	if in.Closing != nil {
		out.Closing = in.Closing
	}
}

// resolveReferences puts hub ids where elements name persons, and then keys them.
func (m *merger) resolveReferences() {
	if m.owns(GroupRegister) {
		for i := range m.in.Needs {
			m.resolve(&m.in.Needs[i].Person, at("needs", i))
		}
		for i := range m.in.Shocks {
			m.resolve(&m.in.Shocks[i].Person, at("shocks", i))
		}
	}
	if m.owns(GroupCivil) {
		for i := range m.in.Assistance {
			m.resolve(&m.in.Assistance[i].Person, at("assistance", i))
		}
	}
	m.resolveBenefits()
	keyed := Household{Persons: m.out.Persons, Helpers: m.in.Helpers, Needs: m.in.Needs, Shocks: m.in.Shocks,
		Housing: m.in.Housing, Assistance: m.in.Assistance, Benefits: m.in.Benefits}
	keyed.addKeys()
}

// resolve puts the hub id where an element names a person.
func (m *merger) resolve(ref *string, element string) {
	if *ref == "" {
		return
	}
	p := m.out.resolve(*ref)
	if p == nil {
		m.violate(element+".person", fault.PersonUnknown)
		return
	}
	*ref = p.ID
}

// sources records where the written groups come from now.
func (m *merger) sources() {
	for _, g := range m.groups {
		source, ok := m.in.Sources[g]
		if !ok {
			continue
		}
		if m.out.Sources == nil {
			m.out.Sources = make(map[Group]Provenance)
		}
		m.out.Sources[g] = source
	}
	m.out.Sources = maps.Clone(m.out.Sources)
}

// mergeByKey replaces those elements of base that in mentions and appends the others.
// key gives an element's key and the one made from its content: a source without keys
// of its own also means the element that another source keyed in its own way. Two
// elements of in with one key both stay, for Validate to name them.
func mergeByKey[T any](base, in []T, key func(*T) (id, natural string)) []T {
	out := slices.Clone(base)
	taken := make([]bool, len(base))
	for i := range in {
		id, natural := key(&in[i])
		j := slices.IndexFunc(base, func(b T) bool { have, _ := key(&b); return have == id })
		if j < 0 && id == natural {
			j = slices.IndexFunc(base, func(b T) bool { _, have := key(&b); return have == id })
		}
		if j < 0 || taken[j] {
			out = append(out, in[i])
			continue
		}
		taken[j] = true
		out[j] = in[i]
	}
	return out
}

func year(n int) string { return strconv.Itoa(n) }

// at is the path of an element, e.g. "needs[2]".
func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
