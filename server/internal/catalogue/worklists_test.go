package catalogue

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// insured is a year in which the person is in all three schemes.
func insured(year int) household.Insurance {
	return household.Insurance{Year: year, Basic: household.Yes, CriticalIllness: household.Yes, MedicalAssistance: household.Yes}
}

// TestWorklists changes one thing about the girl pp_3 or the house and looks for the row.
func TestWorklists(t *testing.T) {
	child := func(change func(p *household.Person)) func(*household.Household) {
		return func(h *household.Household) { change(&h.Persons[2]) }
	}
	house := func(a household.Appraisal) func(*household.Household) {
		return func(h *household.Household) { h.Housing.Appraisals = []household.Appraisal{a} }
	}
	noID := func(p *household.Person) { p.IDNumber = "" }
	unschooled := func(p *household.Person) { p.Education, p.SchoolStage = nil, household.NotInSchool }
	enrolment := func(e household.Enrolment) func(*household.Household) {
		return child(func(p *household.Person) { p.Education.Enrolment = e })
	}
	insurances := func(all ...household.Insurance) func(*household.Household) {
		return child(func(p *household.Person) { p.Insurances = all })
	}
	born := func(day date.Date) func(*household.Household) {
		return child(func(p *household.Person) { unschooled(p); p.BirthDate = day })
	}
	incomes := func(years ...int) func(*household.Household) {
		return func(h *household.Household) {
			h.Incomes = nil
			for _, year := range years {
				h.Incomes = append(h.Incomes, household.Income{Year: year, PerCapitaNet: 1_000_000})
			}
		}
	}
	helpers := func(days ...date.Date) func(*household.Household) {
		return func(h *household.Household) {
			h.Helpers = nil
			for i := 0; i < len(days); i += 2 {
				h.Helpers = append(h.Helpers, household.HelperAssignment{Name: "试帮", From: days[i], To: days[i+1]})
			}
		}
	}
	removed := func(change func(*household.Household)) func(*household.Household) {
		return func(h *household.Household) { h.Decisions = append(h.Decisions, removal()); change(h) }
	}
	ended := func(on date.Date, years ...int) func(*household.Household) {
		return func(h *household.Household) {
			d := removal()
			d.DecidedOn, d.EffectiveOn = on, on
			h.Decisions = append(h.Decisions, d)
			incomes(years...)(h)
		}
	}
	for _, tt := range []struct {
		list, person, name string
		change             func(*household.Household)
		want               bool
	}{
		{"provisional-identities", "pp_3", "has an ID number", func(*household.Household) {}, false},
		{"provisional-identities", "pp_3", "no ID number", child(noID), true},
		{"provisional-identities", "pp_3", "left today", child(func(p *household.Person) { noID(p); p.LeftOn = today }), false},
		{"provisional-identities", "pp_3", "closed today", func(h *household.Household) { noID(&h.Persons[2]); h.Closing = &household.Closing{On: today} }, false},
		{"provisional-identities", "pp_3", "closes tomorrow", func(h *household.Household) {
			noID(&h.Persons[2])
			h.Closing = &household.Closing{On: today.AddDays(1)}
		}, true},

		{"school-age-not-enrolled", "pp_3", "6 today", born("2014-05-10"), true},
		{"school-age-not-enrolled", "pp_3", "6 tomorrow", born("2014-05-11"), false},
		{"school-age-not-enrolled", "pp_3", "16 tomorrow", born("2004-05-11"), true},
		{"school-age-not-enrolled", "pp_3", "16 today", born("2004-05-10"), false},
		{"school-age-not-enrolled", "pp_3", "enrolled", enrolment(household.Enrolled), false},
		{"school-age-not-enrolled", "pp_3", "not enrolled", enrolment(household.NotEnrolled), true},
		{"school-age-not-enrolled", "pp_3", "dropped out", enrolment(household.DroppedOut), true},
		{"school-age-not-enrolled", "pp_3", "suspended", enrolment(household.Suspended), false},
		{"school-age-not-enrolled", "pp_3", "dead", child(func(p *household.Person) { unschooled(p); p.LeftOn, p.LeaveReason = today, household.LeaveDeath }), false},

		{"insurance-missing", "pp_3", "all three", insurances(insured(2020)), false},
		{"insurance-missing", "pp_3", "last year only", insurances(insured(2019)), true},
		{"insurance-missing", "pp_3", "nothing recorded", insurances(), true},
		{"insurance-missing", "pp_3", "not basic", insurances(household.Insurance{Year: 2020, CriticalIllness: household.Yes, MedicalAssistance: household.Yes}), true},
		{"insurance-missing", "pp_3", "not critical illness", insurances(household.Insurance{Year: 2020, Basic: household.Yes, MedicalAssistance: household.Yes}), true},
		{"insurance-missing", "pp_3", "not assistance", insurances(household.Insurance{Year: 2020, Basic: household.Yes, CriticalIllness: household.Yes}), true},
		{"insurance-missing", "pp_3", "cleared from the register", func(h *household.Household) { h.Register.PovertyStatus = household.Removed }, false},

		{"dangerous-house-unrenovated", "", "grade B", house(household.Appraisal{Grade: household.GradeB, AppraisedOn: "2020-01-01"}), false},
		{"dangerous-house-unrenovated", "", "grade C", house(household.Appraisal{Grade: household.GradeC, AppraisedOn: today}), true},
		{"dangerous-house-unrenovated", "", "grade D", house(household.Appraisal{Grade: household.GradeD, AppraisedOn: today}), true},
		{"dangerous-house-unrenovated", "", "appraised tomorrow", house(household.Appraisal{Grade: household.GradeC, AppraisedOn: today.AddDays(1)}), false},
		{"dangerous-house-unrenovated", "", "accepted today", house(household.Appraisal{Grade: household.GradeC, AppraisedOn: "2020-01-01", RenovatedOn: today}), false},
		{"dangerous-house-unrenovated", "", "accepted tomorrow", house(household.Appraisal{Grade: household.GradeC, AppraisedOn: "2020-01-01", RenovatedOn: today.AddDays(1)}), true},

		{"monitoring-overdue", "", "supported", incomes(), false},
		{"monitoring-overdue", "", "twelve months after the decision", ended("2019-05-10"), false},
		{"monitoring-overdue", "", "a month later", ended("2019-04-10"), true},
		{"monitoring-overdue", "", "the day before that", ended("2019-04-11"), false},
		{"monitoring-overdue", "", "an income of before it", ended("2019-03-01", 2018), true},
		{"monitoring-overdue", "", "last year's is there", ended("2017-03-01", 2019), false},
		{"monitoring-overdue", "", "that of the year before", ended("2017-03-01", 2018), true},
		{"income-missing", "", "this year's", incomes(2019, 2020), false},
		{"income-missing", "", "last year's", incomes(2018, 2019), true},
		{"income-missing", "", "none", incomes(), true},
		{"income-missing", "", "next year's, by mistake", incomes(2021), true},
		{"income-missing", "", "this year's, no longer supported", removed(incomes(2020)), false},
		{"income-missing", "", "last year's, no longer supported", removed(incomes(2019)), true},
		{"income-missing", "", "cleared from the register", func(h *household.Household) { incomes()(h); h.Register.PovertyStatus = household.Removed }, false},

		{"helper-gap", "", "one, open", helpers("2016-01-01", ""), false},
		{"helper-gap", "", "one after the other", helpers("2016-01-01", "2020-02-29", "2020-03-01", ""), false},
		{"helper-gap", "", "a day between", helpers("2016-01-01", "2020-02-28", "2020-03-01", ""), true},
		{"helper-gap", "", "a day between, filled", helpers("2016-01-01", "2020-02-28", "2020-03-01", "", "2020-02-29", "2020-02-29"), false},
		{"helper-gap", "", "a day between, another stood by", helpers("2016-01-01", "2020-02-28", "2020-03-01", "", "2018-01-01", "2020-03-10"), false},
		{"helper-gap", "", "ended last year", helpers("2016-01-01", "2018-11-30", "2019-01-02", ""), true},
		{"helper-gap", "", "ended the year before", helpers("2016-01-01", "2018-11-30", "2019-01-01", ""), false},
		{"helper-gap", "", "before the register", helpers("2010-01-01", "2010-12-31", "2016-01-01", ""), false},
		{"helper-gap", "", "still without", helpers("2016-01-01", "2020-02-28", "2020-03-01", "2020-04-01"), false},
		{"helper-gap", "", "one comes tomorrow", helpers("2016-01-01", "2020-02-28", today.AddDays(1), ""), false},
		{"helper-gap", "", "ends in 60 days", helpers("2016-01-01", today.AddDays(60)), true},
		{"helper-gap", "", "ends in 61 days", helpers("2016-01-01", today.AddDays(61)), false},
		{"helper-gap", "", "ends today", helpers("2016-01-01", today), true},
		{"helper-gap", "", "ended yesterday", helpers("2016-01-01", today.AddDays(-1)), false},
		{"helper-gap", "", "ends today, followed", helpers("2016-01-01", today, today.AddDays(1), ""), false},
		{"helper-gap", "", "ends today, followed a day late", helpers("2016-01-01", today, today.AddDays(2), ""), true},
		{"helper-gap", "", "no longer supported", removed(helpers("2016-01-01", today)), true},
	} {
		t.Run(tt.list+"/"+tt.name, func(t *testing.T) {
			h := family()
			tt.change(h)
			if _, there := derive(t, hainan(t), h, tt.list, today)[tt.person]; there != tt.want {
				t.Errorf("listed: %v", there)
			}
		})
	}
}

func TestAHelperGapIsToldWithItsDays(t *testing.T) {
	h := family()
	h.Helpers = []household.HelperAssignment{
		{Name: "试三", From: "2020-04-01", To: "2020-06-01"},
		{Name: "试一", From: "2016-01-01", To: "2019-03-31"},
		{Name: "试二", From: "2019-04-11", To: "2020-02-28"},
	}
	row := derive(t, hainan(t), h, "helper-gap", today)[""]
	for field, want := range map[string]string{
		"helper_gap_from": "2020-02-29", "helper_gap_to": "2020-03-31", "helper_gap_days": "32", "helper_ends_on": "2020-06-01", "helper_name": "试三",
	} {
		if got := value(t, row, field); got != want {
			t.Errorf("%s: got %q, not %q", field, got, want)
		}
	}
}
