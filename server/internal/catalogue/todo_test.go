package catalogue

import (
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// todoCase is a row of a worklist and which of the list's advice it gives, by position.
type todoCase struct {
	list, person string
	change       func(*household.Household)
	want         []int
}

func todoCases() []todoCase {
	ended := func(change func(*household.Household)) func(*household.Household) {
		return func(h *household.Household) { h.Decisions = append(h.Decisions, removal()); change(h) }
	}
	helpers := func(all ...household.HelperAssignment) func(*household.Household) {
		return func(h *household.Household) { h.Helpers = all }
	}
	needs := func(all ...household.NeedCategory) func(*household.Household) {
		return func(h *household.Household) {
			for _, category := range all {
				h.Needs = append(h.Needs, household.Need{Category: category, AroseOn: today})
			}
		}
	}
	task := func(kind household.TaskKind) func(*household.Household) {
		return func(h *household.Household) { h.Tasks = []household.Task{{Kind: kind, OpenedOn: today}} }
	}
	girl := func(change func(*household.Person)) func(*household.Household) {
		return func(h *household.Household) { change(&h.Persons[2]) }
	}
	schooling := func(e household.Enrolment) func(*household.Household) {
		return girl(func(p *household.Person) {
			p.SchoolStage, p.Education = household.NotInSchool, &household.Education{Enrolment: e}
		})
	}
	insured := func(basic, critical, assistance household.Answer) func(*household.Household) {
		return girl(func(p *household.Person) {
			p.Insurances = []household.Insurance{{Year: 2020, Basic: basic, CriticalIllness: critical, MedicalAssistance: assistance}}
		})
	}
	paid := func(all ...household.Benefit) func(*household.Household) {
		return func(h *household.Household) { h.Benefits = all }
	}
	dangerous := func(g household.Grade, damages ...household.Damage) func(*household.Household) {
		return func(h *household.Household) {
			h.Housing = household.Housing{Damages: damages, Appraisals: []household.Appraisal{{Grade: g, AppraisedOn: today}}}
		}
	}
	income := func(year int) func(*household.Household) {
		return func(h *household.Household) { h.Incomes = []household.Income{{Year: year}} }
	}
	insured2019 := household.Insurance{Year: 2019, Basic: household.No, CriticalIllness: household.No, MedicalAssistance: household.No}
	flood := household.Damage{Cause: household.DamageFlood, HappenedOn: "2020-01-01"}
	return []todoCase{
		{"without-helper", "", helpers(), []int{0}},
		{"without-helper", "", helpers(household.HelperAssignment{From: today.AddDays(1)}), []int{0}},
		{"without-helper", "", ended(helpers(household.HelperAssignment{To: "2020-01-01"})), []int{1, 2}},

		{"open-needs", "", needs(household.NeedFood), []int{0, 10}},
		{"open-needs", "", needs(household.NeedClothing), []int{0, 10}},
		{"open-needs", "", needs(household.NeedEducation, household.NeedMedical, household.NeedHousing, household.NeedIndustry), []int{1, 2, 3, 4, 10}},
		{"open-needs", "", needs(household.NeedEmployment, household.NeedTraining, household.NeedFinance, household.NeedOther), []int{5, 6, 7, 8, 10}},
		{"open-needs", "", func(h *household.Household) { needs(household.NeedOther)(h); h.Helpers = nil }, []int{8, 9, 10}},

		{"match-tasks", "", task(household.TaskAmbiguous), []int{0, 3}},
		{"match-tasks", "", task(household.TaskNotApplicable), []int{1, 3}},
		{"match-tasks", "", task(household.TaskMismatch), []int{2, 3}},

		{"provisional-identities", "pp_3", girl(func(p *household.Person) { p.IDNumber, p.BirthDate = "", "2019-05-11" }), []int{0}},
		{"provisional-identities", "pp_3", girl(func(p *household.Person) { p.IDNumber, p.BirthDate = "", "2019-05-10" }), []int{1}},

		{"school-age-not-enrolled", "pp_3", schooling(household.DroppedOut), []int{0}},
		{"school-age-not-enrolled", "pp_3", schooling(household.NotEnrolled), []int{1}},
		{"school-age-not-enrolled", "pp_3", schooling(""), []int{2}},

		{"insurance-missing", "pp_3", insured(household.No, household.Yes, ""), []int{0, 5}},
		{"insurance-missing", "pp_3", insured("", household.No, household.Yes), []int{1, 2}},
		{"insurance-missing", "pp_3", insured(household.Yes, "", household.No), []int{3, 4}},
		{"insurance-missing", "pp_3", girl(func(p *household.Person) { p.Insurances = []household.Insurance{insured2019} }), []int{1, 3, 5}},

		{"dangerous-house-unrenovated", "", dangerous(household.GradeD, flood), []int{0, 2}},
		{"dangerous-house-unrenovated", "", dangerous(household.GradeC), []int{1, 3}},
		{"dangerous-house-unrenovated", "", ended(dangerous(household.GradeC, flood)), []int{1, 4}},

		{"income-missing", "", income(2019), []int{0}},
		{"income-missing", "", income(2018), []int{1}},
		{"income-missing", "", income(1919), []int{1}}, // far behind is not the same as none
		{"income-missing", "", ended(func(h *household.Household) { h.Incomes, h.Helpers = nil, nil }), []int{2, 3, 4}},

		{"monitoring-overdue", "", overdue("2018-06-01", true), []int{0}},
		{"monitoring-overdue", "", overdue("2018-04-01", false), []int{0, 1, 2}},

		{"helper-gap", "", helpers(household.HelperAssignment{To: "2019-12-30"}, household.HelperAssignment{From: "2020-01-01"}), []int{0}},
		{"helper-gap", "", helpers(household.HelperAssignment{To: today.AddDays(60)}), []int{1}},
		{"helper-gap", "", helpers(household.HelperAssignment{To: "2018-01-01"}, household.HelperAssignment{From: "2018-02-01", To: today}), []int{1}},

		{"over-protection", "", paid(aid(2001)), []int{0, 3}},
		{"over-protection", "", paid(aid(1), aid(1)), []int{1, 3}},
		{"over-protection", "", paid(house(household.HousingRenovationSubsidy, 2020), house(household.SeismicSubsidy, 2020)), []int{2, 3}},
	}
}

// overdue ended support on a day, and nobody has looked at the income since.
func overdue(on date.Date, helped bool) func(*household.Household) {
	return func(h *household.Household) {
		d := removal()
		d.DecidedOn, d.EffectiveOn = on, on
		h.Decisions, h.Incomes = append(h.Decisions, d), nil
		if !helped {
			h.Helpers = nil
		}
	}
}

// TestRowsSayWhatIsToBeDone also sees to it that each advice was both given and left out.
func TestRowsSayWhatIsToBeDone(t *testing.T) {
	c := hainan(t)
	given, left := map[*Todo]bool{}, map[*Todo]bool{}
	for i, tt := range todoCases() {
		h := family()
		tt.change(h)
		row, there := derive(t, c, h, tt.list, today)[tt.person]
		if !there {
			t.Fatalf("%d: no row in %s", i, tt.list)
		}
		var chinese, english []string
		for j, todo := range c.List(tt.list).Todo {
			if slices.Contains(tt.want, j) {
				chinese, english = append(chinese, todo.Text), append(english, todo.TextEnglish)
				given[todo] = true
			} else {
				left[todo] = true
			}
		}
		fill := func(texts []string, separator string) string {
			return braces.ReplaceAllStringFunc(strings.Join(texts, separator), func(f string) string { return value(t, row, f[1:len(f)-1]) })
		}
		if got := value(t, row, "todo"); got != fill(chinese, "；") || strings.Contains(got, "{") {
			t.Errorf("%d, %s: %s", i, tt.list, got)
		}
		if got := value(t, row, "todo_en"); got != fill(english, "; ") {
			t.Errorf("%d, %s: %s", i, tt.list, got)
		}
	}
	for _, l := range c.Lists {
		if l.Worklist && len(l.Todo) == 0 {
			t.Errorf("%s does not say what is to be done", l.Name)
		}
		for i, todo := range l.Todo {
			if !given[todo] || !left[todo] && todo.Condition != "" {
				t.Errorf("%s: advice %d was tried only one way", l.Name, i)
			}
		}
	}
}

func TestAdviceThatIsWrongIsNamedWithItsLine(t *testing.T) {
	advising := strings.NewReplacer(
		"  - {name: entitlements,", "  - {name: todo, meaning: 办, meaning_en: do, source: REGISTER, sharing: conditional}\n  - {name: todo_en, meaning: 办, meaning_en: do, source: REGISTER, sharing: conditional}\n  - {name: entitlements,",
		"             head_name]\n", "             todo, todo_en]\n    todo:\n      - {text: 去, text_en: go, when: person.age < 1}\n      - {text: 来, text_en: come}\n",
	).Replace(small)
	for _, tt := range []struct{ name, old, with, field, message string }{
		{"nothing", "", "", "", ""},
		{"misspelt fact", "person.age < 1", "person.ages < 1", "line 49: lists[1].todo[0].when", "undeclared reference"},
		{"no condition", "person.age < 1", "person.age", "line 49: lists[1].todo[0].when", "gives int"},
		{"fact of a person at household grain", "policies: [house],", "policies: [house], todo: [{text: 去, text_en: go, when: person.age < 1}],", "line 38: lists[0].todo[0].when", "cannot be asked at grain household"},
		{"no Chinese", "{text: 来, text_en: come}", "{text_en: come}", "line 50: lists[1].todo[1].text", "must be given"},
		{"no English", "{text: 来, text_en: come}", "{text: 来}", "line 50: lists[1].todo[1].text_en", "must be given"},
		{"value of a field", "{text: 来,", "{text: '来 {name} {name}',", "", ""},
		{"value of a field that the list has not", "{text: 来,", "{text: '来 {head_name}',", "line 50: lists[1].todo[1].text", "codes of fields"},
		{"value of no field", "text_en: come", "text_en: 'come {}'", "line 50: lists[1].todo[1].text_en", "codes of fields"},
		{"advice in the advice", "{text: 来,", "{text: '来 {todo_en}',", "line 50: lists[1].todo[1].text", "codes of fields"},
		{"unknown key", "{text: 来,", "{words: 来,", "line 50: lists[1].todo[1].words", "known are text, text_en, when"},
		{"no advice in it", "\n      - {text: 去, text_en: go, when: person.age < 1}\n      - {text: 来, text_en: come}", " []", "line 48: lists[1].todo", "must be given"},
		{"fields without advice", "    todo:\n      - {text: 去, text_en: go, when: person.age < 1}\n      - {text: 来, text_en: come}\n", "", "line 47: lists[1].fields[1]", "todo: is missing"},
		{"advice without the Chinese field", "todo, todo_en]", "todo_en]", "line 49: lists[1].todo", "fields: todo is missing"},
		{"advice without the English field", "todo, todo_en]", "todo]", "line 49: lists[1].todo", "fields: todo_en is missing"},
		{"advice without fields", "policies: [house],", "policies: [house], todo: [{text: 去, text_en: go}],", "line 38: lists[0].todo", "fields: todo is missing"},
	} {
		text := strings.Replace(advising, tt.old, tt.with, 1)
		_, err := Parse([]byte(text))
		f := fault.Of(err)
		switch {
		case tt.field == "":
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		case text == advising || f == nil:
			t.Errorf("%s: got %v", tt.name, err)
		case !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool {
			return v.Field == tt.field && strings.Contains(v.Message, tt.message) && v.Chinese != v.Message
		}):
			t.Errorf("%s: not named: %v", tt.name, f)
		}
	}
}

func TestAdviceNamesTheRowsOwnValues(t *testing.T) {
	h := family()
	h.Helpers = []household.HelperAssignment{{Name: "试一", To: "2020-03-31"}, {Name: "试二", From: "2020-04-11", To: "2020-06-01"}}
	row := derive(t, hainan(t), h, "helper-gap", today)[""]
	if got := value(t, row, "todo"); !strings.Contains(got, "2020-04-01至2020-04-10无帮扶责任人，计10天") || !strings.Contains(got, "帮扶2020-06-01到期") {
		t.Error(got)
	}
	if got := value(t, row, "todo_en"); !strings.Contains(got, "from 2020-04-01 to 2020-04-10 (10 days)") || !strings.Contains(got, "ends on 2020-06-01: ") {
		t.Error(got)
	}
}
