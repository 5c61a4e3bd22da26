package catalogue

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// aid is a payment of student aid to the girl pp_3 in primary school, or another kind.
func aid(yuan int64, change ...func(*household.Benefit)) household.Benefit {
	b := household.Benefit{Group: household.GroupEducation, Kind: household.EducationAid, Person: "pp_3", Year: 2020, Amount: yuan * 100, PaidOn: "2020-03-20"}
	for _, c := range change {
		c(&b)
	}
	return b
}

func ofYear(year int) func(*household.Benefit) {
	return func(b *household.Benefit) { b.Year, b.PaidOn = year, date.New(min(year, 2020), 1, 5) }
}
func inTerm(t household.SchoolTerm) func(*household.Benefit) {
	return func(b *household.Benefit) { b.Term = t }
}
func atSchool(s household.SchoolStage) func(*household.Benefit) {
	return func(b *household.Benefit) { b.Stage = s }
}
func to(person string) func(*household.Benefit) {
	return func(b *household.Benefit) { b.Person = person }
}
func paidOn(d date.Date) func(*household.Benefit) { return func(b *household.Benefit) { b.PaidOn = d } }

func house(kind household.BenefitKind, year int) household.Benefit {
	return aid(30_000, ofYear(year), to(""), func(b *household.Benefit) { b.Group, b.Kind = household.GroupHousing, kind })
}

func articles(yuan int64, change ...func(*household.Benefit)) household.Benefit {
	return aid(yuan, append(change, func(b *household.Benefit) { b.Kind = household.CompulsoryArticles })...)
}

func TestOverProtection(t *testing.T) {
	spring, autumn := inTerm(household.TermSpring), inTerm(household.TermAutumn)
	renovation, disaster, seismic := household.HousingRenovationSubsidy, household.DisasterReconstruction, household.SeismicSubsidy
	tomorrow := house(disaster, 2020)
	tomorrow.PaidOn = today.AddDays(1)
	for name, tt := range map[string]struct {
		paid []household.Benefit
		want string // kinds, year, excess and standards of the row; "" for no row
	}{
		"nothing":                        {nil, ""},
		"the standard in two terms":      {[]household.Benefit{aid(1000, spring), aid(1000, autumn)}, ""},
		"a yuan more":                    {[]household.Benefit{aid(1000, spring), aid(1001, autumn)}, "EDUCATION_AID 2020 100 aid-primary"},
		"kinds are judged apart":         {[]household.Benefit{aid(2000), articles(400)}, ""},
		"two kinds above":                {[]household.Benefit{aid(2300), articles(450)}, "COMPULSORY_ARTICLES;EDUCATION_AID 2020 35000 aid-primary;articles-compulsory"},
		"persons are judged apart":       {[]household.Benefit{aid(2000), aid(1000, to("pp_4"))}, ""},
		"a senior's standard":            {[]household.Benefit{aid(1100, to("pp_4"))}, "EDUCATION_AID 2020 10000 aid-senior"},
		"above at home":                  {[]household.Benefit{aid(5000, to("pp_1"))}, ""}, // in no school: no standard is known
		"two years are judged apart":     {[]household.Benefit{aid(2000), aid(2000, ofYear(2019))}, ""},
		"last year's":                    {[]household.Benefit{aid(1000), aid(2100, ofYear(2019))}, "EDUCATION_AID 2019 10000 aid-primary"},
		"both years' excess":             {[]household.Benefit{aid(2200), aid(2100, ofYear(2019))}, "EDUCATION_AID 2020 20000 aid-primary"},
		"the year before":                {[]household.Benefit{aid(2100, ofYear(2018))}, ""},
		"next year's":                    {[]household.Benefit{aid(2100, ofYear(2021))}, ""},
		"paid tomorrow":                  {[]household.Benefit{aid(2100, paidOn(today.AddDays(1)))}, ""},
		"paid today":                     {[]household.Benefit{aid(2100, paidOn(today))}, "EDUCATION_AID 2020 10000 aid-primary"},
		"each stage by its own standard": {[]household.Benefit{aid(1250, spring, to("pp_4"), atSchool(household.Grade9)), aid(500, autumn, to("pp_4"))}, ""},
		"above that of the stage before": {[]household.Benefit{aid(2600, spring, to("pp_4"), atSchool(household.Grade9)), aid(500, autumn, to("pp_4"))},
			"EDUCATION_AID 2020 10000 aid-junior"},

		"the same term twice":         {[]household.Benefit{aid(500, spring), aid(500, spring, paidOn("2020-03-21"))}, "EDUCATION_AID 2020  "},
		"the year twice":              {[]household.Benefit{aid(500), aid(500, paidOn("2020-03-21"))}, "EDUCATION_AID 2020  "},
		"one term, two persons":       {[]household.Benefit{aid(500, spring), aid(500, spring, to("pp_4"))}, ""},
		"one term, two kinds":         {[]household.Benefit{aid(500, spring), articles(200, spring)}, ""},
		"one term of two years":       {[]household.Benefit{aid(500, spring), aid(500, spring, ofYear(2019))}, ""},
		"twice and above":             {[]household.Benefit{aid(1500, spring), aid(1500, spring, paidOn("2020-03-21"))}, "EDUCATION_AID 2020 100000 aid-primary"},
		"a house paid in instalments": {[]household.Benefit{house(renovation, 2020), house(renovation, 2020)}, ""},

		"renovation and disaster":                  {[]household.Benefit{house(renovation, 2020), house(disaster, 2020)}, "DISASTER_RECONSTRUCTION_SUBSIDY;HOUSING_RENOVATION_SUBSIDY 2020  "},
		"renovation and seismic":                   {[]household.Benefit{house(renovation, 2020), house(seismic, 2020)}, "HOUSING_RENOVATION_SUBSIDY;SEISMIC_SUBSIDY 2020  "},
		"disaster and seismic":                     {[]household.Benefit{house(disaster, 2020), house(seismic, 2020)}, ""},
		"over the turn of the year":                {[]household.Benefit{house(renovation, 2019), house(disaster, 2020)}, "DISASTER_RECONSTRUCTION_SUBSIDY;HOUSING_RENOVATION_SUBSIDY 2020  "},
		"over the turn of the year before":         {[]household.Benefit{house(renovation, 2018), house(seismic, 2019)}, "HOUSING_RENOVATION_SUBSIDY;SEISMIC_SUBSIDY 2019  "},
		"two years apart":                          {[]household.Benefit{house(renovation, 2018), house(disaster, 2020)}, ""},
		"long ago":                                 {[]household.Benefit{house(renovation, 2018), house(disaster, 2018)}, ""},
		"the second one is paid tomorrow":          {[]household.Benefit{house(renovation, 2020), tomorrow}, ""},
		"the second one is for next year":          {[]household.Benefit{house(renovation, 2020), house(disaster, 2021)}, ""},
		"what is within its standard is not named": {[]household.Benefit{aid(2000), articles(400), articles(1, paidOn("2020-03-21"))}, "COMPULSORY_ARTICLES 2020 100 articles-compulsory"},
		"the house and a payment above it all":     {[]household.Benefit{house(renovation, 2020), house(disaster, 2020), aid(2001)}, "DISASTER_RECONSTRUCTION_SUBSIDY;EDUCATION_AID;HOUSING_RENOVATION_SUBSIDY 2020 100 aid-primary"},
	} {
		h := family()
		h.Benefits = tt.paid
		got := ""
		if row, there := derive(t, hainan(t), h, "over-protection", today)[""]; there {
			got = strings.Join([]string{value(t, row, "benefit_kinds"), value(t, row, "benefit_year"), value(t, row, "benefit_excess"), value(t, row, "benefit_standards")}, " ")
		}
		if got != tt.want {
			t.Errorf("%s: got %q, not %q", name, got, tt.want)
		}
	}
}

// TestTheStandardsAreThoseThatWerePublished per stage, in yuan a year: aid, board and
// books, articles.
func TestTheStandardsAreThoseThatWerePublished(t *testing.T) {
	c := hainan(t)
	most := func(kind household.BenefitKind, stage household.SchoolStage) int64 {
		h := family()
		b := aid(1, atSchool(stage), func(b *household.Benefit) { b.Kind = kind })
		v := newView(h, today)
		c.subjects(v)
		s, err := v.standardFor(&b)
		if err != nil {
			t.Fatal(err)
		}
		if s == nil {
			return 0
		}
		return s.Yearly / 100
	}
	compulsory, senior, vocational := [3]int64{2500, 0, 400}, [3]int64{1000, 1000, 0}, [3]int64{3500, 0, 0}
	known := map[string][3]int64{
		"PRESCHOOL": {1000, 0, 0}, "PRIMARY": {2000, 0, 400}, "GRADE_7": compulsory, "GRADE_8": compulsory, "GRADE_9": compulsory,
		"SENIOR_1": senior, "SENIOR_2": senior, "SENIOR_3": senior, "VOCATIONAL_1": vocational, "VOCATIONAL_2": vocational, "VOCATIONAL_3": vocational,
	}
	for _, code := range household.Codes["SchoolStage"] {
		stage := household.SchoolStage(code)
		got := [3]int64{most(household.EducationAid, stage), most(household.BoardAndBooks, stage), most(household.CompulsoryArticles, stage)}
		if got != known[code] {
			t.Errorf("%s: %v, not %v", code, got, known[code])
		}
	}
}

const standing = `standards:
  - code: pupil
    title: 学
    title_en: pupil
    kind: EDUCATION_AID
    condition: person.age < 16
    yearly_fen: 100
    basis: 试
    from: 2020-05-01
    until: 2020-05-09
  - {code: any, title: 人, title_en: any, kind: EDUCATION_AID, yearly_fen: 90, basis: 试, from: 2019-01-01}
`

func TestStandardsThatAreWrongAreNamedWithTheirLine(t *testing.T) {
	with := strings.Replace(small, "lists:\n", standing+"lists:\n", 1) // the first one is on line 36
	for _, tt := range []struct{ name, old, with, field, message string }{
		{"nothing", "", "", "", ""},
		{"unknown key", "    basis: 试\n", "    bases: 试\n", "line 42: standards[0].bases", "known are code, title,"},
		{"no basis", "    basis: 试\n", "", "line 36: standards[0].basis", "must be given"},
		{"unknown kind", "kind: EDUCATION_AID\n", "kind: EDUCATION\n", "line 39: standards[0].kind", "EDUCATION_AID, BOARD_AND_BOOKS"},
		{"kind that no person gets", "kind: EDUCATION_AID\n", "kind: SEISMIC_SUBSIDY\n", "line 39: standards[0].kind", "EDUCATION_AID, BOARD_AND_BOOKS"},
		{"no amount", "    yearly_fen: 100\n", "", "line 36: standards[0].yearly_fen", "must be given"},
		{"nothing allowed", "yearly_fen: 100\n", "yearly_fen: 0\n", "line 41: standards[0].yearly_fen", "100000"},
		{"a part of a fen", "yearly_fen: 100\n", "yearly_fen: 1.5\n", "line 41: standards[0].yearly_fen", "100000"},
		{"misspelt fact", "person.age < 16", "person.ages < 16", "line 40: standards[0].condition", "undeclared reference"},
		{"one that follows from a decision", "person.age < 16", "'!person.unsupported'", "line 40: standards[0].condition", "person.unsupported"},
		{"one that follows from payments", "person.age < 16", "'!household.paid_twice'", "line 40: standards[0].condition", "household.paid_twice"},
		{"no first day", "    from: 2020-05-01\n", "", "line 36: standards[0].from", "must be given"},
		{"days out of order", "until: 2020-05-09", "until: 2020-04-09", "line 44: standards[0].until", "lies before from"},
		{"code twice", "code: any", "code: pupil", "line 45: standards[1].code", "standards[0]"},
	} {
		text := strings.Replace(with, tt.old, tt.with, 1)
		_, err := Parse([]byte(text))
		f := fault.Of(err)
		switch {
		case tt.field == "":
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		case text == with || f == nil:
			t.Errorf("%s: got %v", tt.name, err)
		case !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool {
			return v.Field == tt.field && strings.Contains(v.Message, tt.message) && v.Chinese != v.Message
		}):
			t.Errorf("%s: not named: %v", tt.name, f)
		}
	}
}

func TestOfSeveralStandardsTheHighestThatIsInForceCounts(t *testing.T) {
	c, err := Parse([]byte(strings.Replace(small, "lists:\n", standing+"lists:\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for year, want := range map[int]string{2018: "", 2019: "any", 2020: "pupil", 2021: "any"} {
		v := newView(family(), today)
		c.subjects(v)
		b := aid(1, ofYear(year))
		got := ""
		if s, err := v.standardFor(&b); err != nil {
			t.Fatal(err)
		} else if s != nil {
			got = s.Code
		}
		if got != want {
			t.Errorf("%d: %q, not %q", year, got, want)
		}
	}
}

// broken is a condition that fails, as none of a catalogue's can.
type broken struct{ cel.Program }

func (broken) Eval(any) (ref.Val, *cel.EvalDetails, error) { return nil, nil, errors.New("broken") }

func TestWhatCannotBeJudgedIsNotPassedOverInSilence(t *testing.T) {
	h := family()
	h.Benefits = []household.Benefit{aid(1)}
	for name, change := range map[string]func(*List){"asked by the condition": func(*List) {}, "by the fields alone": func(l *List) { l.when, l.Todo = nil, nil }} {
		c := hainan(t)
		change(c.List("over-protection"))
		for _, s := range c.Standards {
			s.when = condition{{program: broken{}, grain: GrainPerson}}
		}
		if _, err := c.Derive(area, h, today); err == nil || !strings.Contains(err.Error(), "standard: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
