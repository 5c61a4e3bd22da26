package removal

import (
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// lastDays gives the days of a person's policies by code.
func lastDays(ends []End, person string) map[string]date.Date {
	out := map[string]date.Date{}
	for _, e := range ends {
		if e.Person == person {
			out[e.Policy] = e.LastDay
		}
	}
	return out
}

func TestWhatEndsForWhomAndWhen(t *testing.T) {
	h := wealthy()
	h.Assistance = []household.Assistance{{Kind: household.AssistTemporary, From: "2020-01-01"}} // civil affairs': goes on
	ends, err := Ends(hainan, h, "2020-03-14", Defaults())
	if err != nil {
		t.Fatal(err)
	}
	for person, want := range map[string]map[string]date.Date{
		"":     {"industry": "2020-03-13", "finance": "2020-03-13", "helper": "2020-03-13"},
		"pp_1": {"*": "2020-03-13", "employment": "2020-03-13", "medical-basic": "2020-12-31"},
		"pp_3": {"*": "2020-03-13", "education-compulsory": "2020-07-31", "education-aid": "2020-07-31", "medical-assistance": "2020-12-31"},
		"pp_4": {"*": "2020-03-13", "education-aid": "2021-07-31", "education-compulsory": "2021-07-31", "medical-critical-illness": "2020-12-31"},
	} {
		got := lastDays(ends, person)
		for policy, last := range want {
			if got[policy] != last {
				t.Errorf("%s %s: %s, want %s", person, policy, got[policy], last)
			}
		}
	}
	for _, e := range ends {
		p := hainan.Policy(e.Policy)
		if p != nil && (p.Reach != "supported" || p.AtRemoval != e.Rule && p.Department != "education") {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhoIsNotThereOnTheDayHasNoEnds(t *testing.T) {
	h := wealthy()
	h.Persons[1].LeftOn = "2020-03-14"
	h.Persons = append(h.Persons, member("pp_5", "试戊", "2020-03-14", household.RelationDaughter))
	ends, err := Ends(hainan, h, "2020-03-14", Defaults())
	if err != nil || len(lastDays(ends, "pp_2")) != 0 || lastDays(ends, "pp_5")["*"] != "2020-03-13" {
		t.Errorf("got %v, %v", ends, err)
	}
}

func TestTheEndOfTermAndStage(t *testing.T) {
	born := date.Date("2015-09-01") // six a day too late for the summer of 2021
	for _, tt := range []struct {
		rule      string
		stage     household.SchoolStage
		born      date.Date
		effective date.Date
		want      date.Date
	}{
		{endOfSchoolTerm, household.Primary, "2010-01-01", "2020-01-31", "2020-01-31"},
		{endOfSchoolTerm, household.Primary, "2010-01-01", "2020-02-01", "2020-07-31"},
		{endOfSchoolTerm, household.Primary, "2010-01-01", "2020-08-01", "2021-01-31"},
		{endOfSchoolStage, household.Senior1, "2004-01-01", "2020-03-14", "2022-07-31"},
		{endOfSchoolStage, household.Senior2, "2004-01-01", "2020-03-14", "2021-07-31"},
		{endOfSchoolStage, household.Senior3, "2004-01-01", "2020-03-14", "2020-07-31"},
		{endOfSchoolStage, household.Senior3, "2004-01-01", "2020-10-01", "2021-07-31"},
		{endOfSchoolStage, household.Vocational1, "2004-01-01", "2020-03-14", "2022-07-31"},
		{endOfSchoolStage, household.Vocational2, "2004-01-01", "2020-03-14", "2021-07-31"},
		{endOfSchoolStage, household.HigherVocational1, "2001-01-01", "2020-03-14", "2022-07-31"},
		{endOfSchoolStage, household.HigherVocational3, "2001-01-01", "2020-03-14", "2020-07-31"},
		{endOfSchoolStage, household.Grade7, "2007-01-01", "2020-03-14", "2022-07-31"},
		{endOfSchoolStage, household.Grade8, "2007-01-01", "2020-03-14", "2021-07-31"},
		{endOfSchoolStage, household.College, "2000-01-01", "2020-03-14", "2020-07-31"},
		{endOfSchoolStage, household.Preschool, "2015-08-31", "2020-03-14", "2021-07-31"},
		{endOfSchoolStage, household.Preschool, born, "2020-03-14", "2022-07-31"},
		{endOfSchoolStage, household.Preschool, "2014-08-31", "2020-03-14", "2020-07-31"},
		{endOfSchoolStage, household.Preschool, "2012-01-01", "2020-03-14", "2020-07-31"},
		{endOfInsuranceYear, "", "1980-01-01", "2020-01-01", "2020-12-31"},
		{endOfInsuranceYear, "", "1980-01-01", "2020-12-31", "2020-12-31"},
		{atOnce, "", "1980-01-01", "2020-03-01", "2020-02-29"},
	} {
		p := Defaults()
		got, err := p.lastDayOf(tt.rule, &household.Person{SchoolStage: tt.stage, BirthDate: tt.born}, tt.effective)
		if err != nil || got != tt.want {
			t.Errorf("%s %s from %s: %s, want %s (%v)", tt.rule, tt.stage, tt.effective, got, tt.want, err)
		}
	}
	p := Defaults()
	for _, rule := range []string{"", "some-day", endOfSchoolStage} {
		if _, err := p.lastDayOf(rule, nil, "2020-03-14"); err == nil {
			t.Errorf("rule %q of the household", rule)
		}
	}
}

func TestAnEarlierDecisionIsNeverLengthened(t *testing.T) {
	h := wealthy()
	h.Decisions = []household.Decision{{
		ID: "dd_0", Kind: household.DecisionRemoval, DecidedOn: "2019-01-01", EffectiveOn: "2019-02-01", Only: []string{"pp_4"},
		Ends: []household.End{{Person: "pp_4", Policy: "education-aid", LastDay: "2020-07-15"}},
	}}
	ends, err := Ends(hainan, h, "2020-03-14", Defaults())
	if got := lastDays(ends, "pp_4"); err != nil || len(got) != 3 || got["education-aid"] != "2020-07-15" || got["education-compulsory"] != "2020-07-15" {
		t.Errorf("got %v, %v", got, err)
	}
}

// entitlements gives what Derive says of a person in a list on a day, "" without a row.
func entitlements(t *testing.T, h *household.Household, list, person string, on date.Date) string {
	t.Helper()
	rows, err := hainan.Derive("wenchang", h, on)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.List.Name == list && r.Person == person {
			for i, f := range r.List.Fields {
				if f.Name == "entitlements" {
					return r.Values[i]
				}
			}
			return "in"
		}
	}
	return ""
}

// A child who turns six before its stage is over changes from one policy to the other; its
// aid ends with the stage all the same.
func TestAidRunsOnThroughABirthday(t *testing.T) {
	const effective, birthday, last = date.Date("2020-03-14"), date.Date("2020-11-12"), date.Date("2021-07-31")
	h := wealthy()
	child := h.Person("pp_4")
	child.BirthDate, child.JoinedOn, child.SchoolStage, child.Education = birthday.AddDays(-6*365-2), birthday.AddDays(-6*365-2), household.Preschool, nil
	ends, err := Ends(hainan, h, effective, Defaults())
	if err != nil {
		t.Fatal(err)
	}
	h.Decisions = []household.Decision{Decision(Case{Decision: "dd_1", Ends: ends, EffectiveOn: effective, Steps: []Step{
		{Kind: Confirm, On: effective}, {Kind: Announce, On: effective, Posting: &Posting{From: effective}},
	}})}
	for on, policy := range map[date.Date]string{effective: "education-aid", birthday.AddDays(-1): "education-aid", birthday: "education-compulsory", last: "education-compulsory"} {
		if got := entitlements(t, h, "education", "pp_4", on); !strings.HasPrefix(got, policy) || !strings.Contains(got, string(last)) {
			t.Errorf("on %s: %q, want %s until %s", on, got, policy, last)
		}
	}
	if got := entitlements(t, h, "education", "pp_4", last.AddDays(1)); got != "" {
		t.Errorf("after the stage: %q", got)
	}
}

func TestTheDecisionEndsEachPolicyInTheListsOnItsDay(t *testing.T) {
	c := caseAt(t, Announced)
	h := wealthy()
	h.Decisions = []household.Decision{Decision(c)}
	if d := h.Decisions[0]; d.ID != "dd_1" || d.Kind != household.DecisionRemoval || d.Number != c.DecisionNumber || d.DecidedOn != "2020-03-13" ||
		d.AnnouncedOn != "2020-03-14" || d.EffectiveOn != "2020-03-14" || d.Document.Number != "琼试扶〔2020〕7号" || len(d.Only) != 0 {
		t.Errorf("got %+v", d)
	}
	for _, tt := range []struct {
		list, person, policy string
		last                 date.Date
	}{
		{"industry", "", "industry", "2020-03-13"},
		{"employment", "pp_1", "employment", "2020-03-13"},
		{"education", "pp_3", "education-compulsory", "2020-07-31"},
		{"education", "pp_4", "education-aid", "2021-07-31"},
		{"medical-insurance", "pp_2", "medical-basic", "2020-12-31"},
	} {
		next := tt.last.AddDays(1)
		if got := entitlements(t, h, tt.list, tt.person, tt.last); !strings.Contains(got, tt.policy+",") || !strings.Contains(got, string(tt.last)) {
			t.Errorf("%s on the last day: %q", tt.list, got)
		}
		if got := entitlements(t, h, tt.list, tt.person, next); got != "" {
			t.Errorf("%s the day after: %q", tt.list, got)
		}
		if e := hainan.WhyGone(h, hainan.List(tt.list), tt.person, next); e.Op != "ENDED" || e.Basis != "DECISION" || e.On != tt.last || e.DecisionID != "dd_1" {
			t.Errorf("%s: %+v", tt.list, e)
		}
	}
	for _, p := range h.Persons {
		if entitlements(t, h, "no-longer-supported", p.ID, "2020-03-13") != "" || entitlements(t, h, "no-longer-supported", p.ID, "2020-03-14") == "" {
			t.Errorf("%s: on the roster on the wrong day", p.ID)
		}
	}
}

func TestTheReversalTakesSupportUpAgain(t *testing.T) {
	c := take(t, caseAt(t, Announced), right(Reverse, "2020-04-01"), knows(Reverse, "2020-04-01"))
	c.Reversal = "dd_2"
	h := wealthy()
	h.Decisions = []household.Decision{Decision(c), ReversalDecision(c)}
	if d := h.Decisions[1]; d.ID != "dd_2" || d.Kind != household.DecisionReversal || d.Reverses != "dd_1" || d.EffectiveOn != "2020-04-01" ||
		d.DecidedOn != "2020-04-01" || d.Number != "琼试扶〔2020〕9号" {
		t.Errorf("got %+v", d)
	}
	if entitlements(t, h, "employment", "pp_1", "2020-03-31") != "" || entitlements(t, h, "employment", "pp_1", "2020-04-01") == "" {
		t.Error("support resumed on another day")
	}
	if entitlements(t, h, "no-longer-supported", "pp_1", "2020-04-01") != "" {
		t.Error("still on the roster")
	}
	s := right(Reverse, "2020-04-01")
	for _, on := range []date.Date{"2020-03-31", "2021-04-03"} { // what has ended is not given back by a date, and a mistyped year not taken
		s.EffectiveOn = on
		if got := refused(t, caseAt(t, Announced), s, knows(Reverse, "2020-04-01")); len(got) != 1 || !strings.HasPrefix(got[0], "effective_on ") {
			t.Errorf("from %s: %v", on, got)
		}
	}
	s.EffectiveOn = "2021-04-02"
	if r := ReversalDecision(take(t, caseAt(t, Announced), s, knows(Reverse, "2020-04-01"))); r.EffectiveOn != "2021-04-02" {
		t.Errorf("a year ahead: %s", r.EffectiveOn)
	}
	later := caseAt(t, Announced)
	later.EffectiveOn = "2020-06-01"
	if r := ReversalDecision(take(t, later, right(Reverse, "2020-04-01"), knows(Reverse, "2020-04-01"))); r.EffectiveOn != "2020-06-01" {
		t.Errorf("before it took effect: %s", r.EffectiveOn)
	}
}

func TestEachHoldIsFound(t *testing.T) {
	on := date.Date("2020-03-13")
	if got := Holds(wealthy(), on, Defaults()); len(got) != 0 {
		t.Fatalf("against the wealthy: %v", got)
	}
	for _, tt := range []struct {
		name   string
		change func(*household.Household)
		want   []Hold
	}{
		{"a need", func(h *household.Household) {
			h.Needs = []household.Need{{Category: household.NeedFood, Person: "pp_2", AroseOn: on}}
		}, []Hold{{HoldOpenNeed, "pp_2"}}},
		{"a need of the household", func(h *household.Household) {
			h.Needs = []household.Need{{AroseOn: on}, {AroseOn: "2019-01-01", FulfilledOn: "2020-03-14"}}
		}, []Hold{{HoldOpenNeed, ""}}},
		{"a need met today", func(h *household.Household) { h.Needs = []household.Need{{AroseOn: "2019-01-01", FulfilledOn: on}} }, nil},
		{"a need to come", func(h *household.Household) { h.Needs = []household.Need{{AroseOn: "2020-03-14"}} }, nil},
		{"a need of somebody gone", func(h *household.Household) {
			h.Persons[1].LeftOn, h.Needs = on, []household.Need{{Person: "pp_2", AroseOn: "2020-01-01"}}
		}, nil},
		{"a house of grade D", func(h *household.Household) {
			h.Housing.Appraisals = []household.Appraisal{{Grade: household.GradeA, AppraisedOn: "2018-01-01"}, {Grade: household.GradeD, AppraisedOn: "2019-01-01"}}
		}, []Hold{{HoldDangerousHouse, ""}}},
		{"a house of grade C, renovation tomorrow", func(h *household.Household) {
			h.Housing.Appraisals = []household.Appraisal{{Grade: household.GradeC, AppraisedOn: "2019-01-01", RenovatedOn: "2020-03-14"}}
		}, []Hold{{HoldDangerousHouse, ""}}},
		{"renovated", func(h *household.Household) {
			h.Housing.Appraisals = []household.Appraisal{{Grade: household.GradeC, AppraisedOn: "2019-01-01", RenovatedOn: on}}
		}, nil},
		{"appraised anew", func(h *household.Household) {
			h.Housing.Appraisals = []household.Appraisal{{Grade: household.GradeD, AppraisedOn: "2019-01-01"}, {Grade: household.GradeB, AppraisedOn: "2019-02-01"}}
		}, nil},
		{"appraised tomorrow", func(h *household.Household) {
			h.Housing.Appraisals = []household.Appraisal{{Grade: household.GradeD, AppraisedOn: "2020-03-14"}}
		}, nil},
		{"dropped out", func(h *household.Household) { h.Persons[2].Education.Enrolment = household.DroppedOut }, []Hold{{HoldChildOutOfSchool, "pp_3"}}},
		{"not enrolled", func(h *household.Household) { h.Persons[2].Education.Enrolment = household.NotEnrolled }, []Hold{{HoldChildOutOfSchool, "pp_3"}}},
		{"unknown to education", func(h *household.Household) { h.Persons[2].Education = nil }, []Hold{{HoldChildOutOfSchool, "pp_3"}}},
		{"at preschool at 8", func(h *household.Household) {
			h.Persons[2].Education = &household.Education{Stage: household.Preschool}
		}, []Hold{{HoldChildOutOfSchool, "pp_3"}}},
		{"five years old", func(h *household.Household) { h.Persons[2].Education, h.Persons[2].BirthDate = nil, "2014-03-14" }, nil},
		{"sixteen", func(h *household.Household) { h.Persons[2].Education, h.Persons[2].BirthDate = nil, "2004-03-13" }, nil},
		{"a shock a year ago", func(h *household.Household) {
			h.Shocks = []household.Shock{{Person: "pp_1", HappenedOn: "2019-03-14", ResolvedOn: "2019-04-01"}}
		}, []Hold{{HoldRecentShock, "pp_1"}}},
		{"a shock longer ago", func(h *household.Household) {
			h.Shocks = []household.Shock{{HappenedOn: "2019-03-13", ResolvedOn: "2019-04-01"}}
		}, nil},
		{"an unresolved shock", func(h *household.Household) { h.Shocks = []household.Shock{{HappenedOn: "2017-01-01"}} }, []Hold{{HoldRecentShock, ""}}},
		{"a shock to come", func(h *household.Household) { h.Shocks = []household.Shock{{HappenedOn: "2020-03-14"}} }, nil},
		{"a warning", func(h *household.Household) { h.Register.MonitorType = household.MonitorUnstable }, []Hold{{HoldOpenWarning, ""}}},
		{"a risk eliminated tomorrow", func(h *household.Household) {
			h.Register.MonitorType, h.Register.RiskEliminatedOn = household.MonitorUnstable, "2020-03-14"
		}, []Hold{{HoldOpenWarning, ""}}},
		{"a risk eliminated", func(h *household.Household) {
			h.Register.MonitorType, h.Register.RiskEliminatedOn = household.MonitorUnstable, on
		}, nil},
		{"income of two years ago", func(h *household.Household) { h.Incomes[0].Year = 2018 }, []Hold{{HoldIncomeMissing, ""}}},
		{"income of this year", func(h *household.Household) { h.Incomes[0].Year = 2020 }, nil},
		{"no income", func(h *household.Household) { h.Incomes = nil }, []Hold{{HoldIncomeMissing, ""}}},
		{"help ended yesterday", func(h *household.Household) { h.Helpers[0].To = "2020-03-12" }, []Hold{{HoldNoHelper, ""}}},
		{"help ends today", func(h *household.Household) { h.Helpers[0].To = on }, nil},
		{"subsistence allowance", func(h *household.Household) {
			h.Assistance = []household.Assistance{{Kind: household.AssistSubsistence, Person: "pp_4", From: "2019-01-01"}, {Kind: household.AssistExtreme, From: "2019-01-01", To: on}}
		}, []Hold{{HoldSocialAssistance, ""}, {HoldSocialAssistance, "pp_4"}}},
		{"temporary assistance", func(h *household.Household) {
			h.Assistance = []household.Assistance{{Kind: household.AssistTemporary, From: "2019-01-01"}, {Kind: household.AssistExtreme, From: "2019-01-01", To: "2020-03-12"}}
		}, nil},
		{"two of a kind and two kinds", func(h *household.Household) {
			h.Helpers, h.Needs = nil, []household.Need{{Person: "pp_2", AroseOn: on}, {Person: "pp_1", AroseOn: on}, {Person: "pp_2", AroseOn: on}}
		}, []Hold{{HoldOpenNeed, "pp_1"}, {HoldOpenNeed, "pp_2"}, {HoldNoHelper, ""}}},
	} {
		h := wealthy()
		tt.change(h)
		if got := Holds(h, on, Defaults()); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestParametersAreChecked(t *testing.T) {
	for _, tt := range []struct {
		from date.Date
		ends []string
		want string // "" for none
	}{
		{"2020-01-01", []string{"01-31", "07-31"}, ""},
		{"2020-01-01", []string{"08-31"}, ""},
		{"2020-02-30", []string{"07-31"}, "parameters.from"},
		{"2020-01-01", []string{"07-31", "02-29"}, "parameters.term_ends[1]"},
		{"2020-01-01", []string{"01-31", "12-31"}, "parameters.term_ends"},
		{"2020-01-01", nil, "parameters.term_ends"},
	} {
		p := Defaults()
		p.From, p.TermEnds = tt.from, tt.ends
		f, got := fault.Of(p.Check()), ""
		if f != nil {
			got = f.Violations[0].Field
		}
		if got != tt.want {
			t.Errorf("%s %v: %q", tt.from, tt.ends, got)
		}
	}
	p := Parameters{}
	if p.termEnd("2020-03-14") != "2020-08-31" || p.schoolYearEnd("2020-09-01") != "2021-08-31" {
		t.Error("without terms, support would end for want of a day")
	}
	if d := Defaults(); d.Check() != nil {
		t.Error(d.Check())
	}
}
