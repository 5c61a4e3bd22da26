package wire

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Every plain field is another in two households filled one after the other.
func TestPathsOfDifferencesAreThoseOfTheContract(t *testing.T) {
	a, b := filled(), filled()
	b.Register.Phone, b.Persons[0].IDNumber, b.Persons[0].FormerIDNumbers = "1", "2", nil
	b.Persons[0].Insurances[0].MedicalAssistance, b.Persons[0].Education.AsOf = "", ""
	b.Incomes[0].PerCapitaNet, b.Housing.Damages[0].HappenedOn, b.Closing.Document.Number = -1, "", "3"
	some := []string{
		"register.phone", "persons.id_number", "persons.former_id_numbers", "persons.insurances.medical_assistance", "persons.education.as_of",
		"incomes.per_capita_net", "damages.happened_on", "closing.document",
	}
	var seen []string
	for _, d := range slices.Concat(household.Diff(a, b, household.Names{}), household.Diff(&household.Household{}, a, household.Names{}), household.Diff(a, other(a), household.Names{})) {
		path := plain(d.Path)
		seen = append(seen, path)
		if !inContract((&hubv1.Household{}).ProtoReflect().Descriptor(), path) {
			t.Errorf("%s is no path of the contract", d.Path)
		}
	}
	for _, path := range some {
		if !slices.Contains(seen, path) {
			t.Errorf("%s is not among %v", path, seen)
		}
	}
}

// other is h with every plain field emptied, by groups of fields that make no key.
func other(h *household.Household) *household.Household {
	c := h.Clone()
	c.Register = household.Register{}
	for i := range c.Persons {
		p := &c.Persons[i]
		c.Persons[i] = household.Person{ID: p.ID, Education: &household.Education{}, Duplicates: p.Duplicates, Insurances: p.Insurances}
		for j := range p.Duplicates {
			p.Duplicates[j] = household.Duplicate{Person: p.Duplicates[j].Person}
		}
	}
	for i := range c.Helpers {
		c.Helpers[i] = household.HelperAssignment{ID: c.Helpers[i].ID}
	}
	for i := range c.Decisions {
		c.Decisions[i] = household.Decision{ID: c.Decisions[i].ID}
	}
	for i := range c.Tasks {
		c.Tasks[i] = household.Task{ID: c.Tasks[i].ID}
	}
	c.Village, c.VillageGroup, c.HouseholdNumber, c.FormerHouseholdNumbers = "", "", "", nil
	return c
}

// plain is a path without its keys.
func plain(path string) string {
	var out strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func inContract(md protoreflect.MessageDescriptor, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if md == nil {
			return false
		}
		fd := md.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			return false
		}
		md = fd.Message()
	}
	return true
}
