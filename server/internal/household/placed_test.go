package household

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// A clerk who sends the members in another order than the hub keeps them must read the
// fault at the row that has it.
func TestViolationsNameThePlaceInWhatWasStated(t *testing.T) {
	base := numbered("a", 3, false)
	in := &Household{Persons: slices.Clone(base.Persons)}
	for i := range in.Persons {
		in.Persons[i].ID = ""
	}
	slices.Reverse(in.Persons)
	in.Persons = in.Persons[:2] // a3, a2; a1 is not mentioned
	in.Persons = append(in.Persons, Person{}, Person{Name: "海 新", BirthDate: "2020-01-01"})
	for after, want := range map[string]string{
		"persons[2].sex": "persons[0].sex", "persons[1].id_number": "persons[1].id_number", "persons[0].name": "persons[a1].name",
		"persons[3].name": "persons[2].name", "persons[4].insurances[0].year": "persons[3].insurances[0].year",
		"incomes[1].year": "incomes[1].year", "persons": "persons",
	} {
		if got := Placed(in, afterOf(t, base, in), []fault.Violation{{Field: after}})[0].Field; got != want {
			t.Errorf("%s: %s, want %s", after, got, want)
		}
	}
}

// afterOf is the household as Merge leaves it.
func afterOf(t *testing.T, base, in *Household) *Household {
	t.Helper()
	n := 0
	after, bad := Merge(base, in, []Group{GroupRegister}, func(prefix string) string { n++; return prefix + string(rune('0'+n)) })
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	return after
}
