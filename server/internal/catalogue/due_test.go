package catalogue

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// dues is a catalogue whose lists ask what moves by itself, at limits of all kinds.
func dues(t *testing.T) *Catalogue {
	text := string(Hainan2019())
	at := strings.Index(text, "lists:\n") + len("lists:\n")
	var more strings.Builder
	for name, condition := range map[string]string{
		"a-months": "household.months_unmonitored == 1", "b-months": "household.months_unmonitored > 2", "c-months": "6 <= household.months_unmonitored",
		"d-help": "household.helper_ends_within_days < 7", "e-help": "household.helper_ends_within_days == 100", "f-help": "household.helper_ends_within_days >= 30",
	} {
		more.WriteString("  - {name: " + name + ", title: 试, title_en: test, department: poverty-alleviation, grain: household, worklist: true, basis: 试, condition: '" + condition + "', fields: [head_name]}\n")
	}
	for name, condition := range map[string]string{"g-age": "person.age != 40", "h-age": "person.age < 65 && 30 < person.age"} {
		more.WriteString("  - {name: " + name + ", title: 试, title_en: test, department: poverty-alleviation, grain: person, worklist: true, basis: 试, condition: '" + condition + "', fields: [name, guardian_name]}\n")
	}
	text = text[:at] + more.String() + text[at:]
	text = strings.Replace(text, "\n    from: 2019-01-01\n", "\n    from: 2019-06-15\n    until: 2020-03-10\n", 3)
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingChangesBeforeAHouseholdIsDue(t *testing.T) {
	for name, c := range map[string]*Catalogue{"hainan": hainan(t), "limits": dues(t)} {
		t.Run(name, func(t *testing.T) {
			days, looks := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				h, on := drawHousehold(t), drawDay(t, "on")
				due := c.Due(h, on)
				if due <= on {
					t.Fatalf("due on %s, which is over", due)
				}
				want, err := c.Derive(area, h, on)
				if err != nil {
					t.Fatal(err)
				}
				status := h.SupportStatusOn(on)
				for day := on.AddDays(1); day < due; day = day.AddDays(1) {
					rows, err := c.Derive(area, h, day)
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(rows, want) || h.SupportStatusOn(day) != status {
						t.Fatalf("on %s it is others than on %s, but due on %s", day, on, due)
					}
				}
				days, looks = days+due.DaysSince(on), looks+1
			})
			if days < 5*looks {
				t.Errorf("households are due every %d days: too early", days/looks)
			}
		})
	}
}

func TestAConditionThatAsksAMovingFactOtherwiseMakesEveryDayDue(t *testing.T) {
	for condition, daily := range map[string]bool{
		"person.age < 7": false, "7 < person.age || person.able": false, "household.member_count == household.able_count": false,
		"person.age in [6, 7]": true, "person.age == household.member_count": true, "person.age < 7 || household.lifted_year == person.age": true,
	} {
		r := &compiler{}
		if _, bad := r.compile(condition, GrainPerson, true); len(bad) > 0 {
			t.Fatal(condition, bad)
		}
		if r.daily != daily {
			t.Errorf("%s: daily %v", condition, r.daily)
		}
	}
	h := family()
	if due := (&Catalogue{daily: true}).Due(h, today); due != today.AddDays(1) {
		t.Errorf("due on %s", due)
	}
}

func TestABirthdayOnALeapDayIsDueInEveryYear(t *testing.T) {
	c := &Catalogue{limits: map[limit]bool{{byBirthday, 7}: true}}
	h := &household.Household{Persons: []household.Person{{BirthDate: "2012-02-29"}}}
	for on, want := range map[date.Date]date.Date{
		"2019-01-31": "2019-03-01", "2019-03-01": "2020-01-01", "2020-02-01": "2020-02-29", "2021-02-01": "2022-01-01",
	} {
		if due := c.Due(h, on); due != want {
			t.Errorf("after %s due on %s, not %s", on, due, want)
		}
	}
}

func TestAGuardianIsDueUntilTheChildIsGrown(t *testing.T) {
	h := &household.Household{Persons: []household.Person{{BirthDate: "2002-05-05"}}}
	if due := (&Catalogue{}).Due(h, "2020-02-01"); due != "2020-05-05" {
		t.Errorf("due on %s", due)
	}
}
