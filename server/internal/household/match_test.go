package household_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// known is a household of three: one with a former number, a pupil, and one who died.
func known() *household.Household {
	return &household.Household{
		ID: "hh_1", HouseholdNumber: "H-1", Register: household.Register{PovertyStatus: household.Lifted},
		Persons: []household.Person{
			{ID: "pp_1", PersonNumber: "P-1", Name: "试甲", Sex: household.Male, IDNumber: numbered("990000198003010011"), FormerIDNumbers: []string{numbered("990000198003010031")}, BirthDate: "1980-03-01", JoinedOn: "2014-05-01"},
			{ID: "pp_2", PersonNumber: "P-2", Name: "试乙", Sex: household.Female, BirthDate: "2010-06-01", JoinedOn: "2014-05-01", Education: &household.Education{StudentNumber: "L990000201006010021"}},
			{ID: "pp_3", PersonNumber: "P-3", Name: "试丙", Sex: household.Male, IDNumber: numbered("990000194001010011"), BirthDate: "1940-01-01", JoinedOn: "2014-05-01", LeftOn: "2026-02-01", LeaveReason: household.LeaveDeath, LeaveEvidence: "d"},
		},
	}
}

func numbered(s string) string { return s[:17] + string(household.CheckCharacter(s[:17])) }

// judge matches a row against households as the hub does: by what they are found by.
func judge(row *household.Household, g household.Group, all ...*household.Household) household.Matching {
	var leads []household.Lead
	var named []household.Subject
	for _, id := range household.RowIdentifiers(row, g) {
		for _, h := range all {
			for _, has := range h.Identifiers() {
				if has.Kind == id.Kind && has.Value == id.Value {
					leads = append(leads, household.Lead{Kind: id.Kind, Value: id.Value, Subject: household.Subject{Household: h, Person: h.Person(has.Person)}})
				}
			}
		}
	}
	for _, h := range all {
		for i := range h.Persons {
			named = append(named, household.Subject{Household: h, Person: &h.Persons[i]})
		}
	}
	return household.Match(row, g, leads, named, "2026-11-23")
}

func TestMatchStates(t *testing.T) {
	first, other := known(), known()
	other.ID, other.HouseholdNumber, other.Persons = "hh_2", "H-2", other.Persons[1:2]
	other.Persons[0].ID, other.Persons[0].PersonNumber, other.Persons[0].Education = "pp_9", "P-9", nil
	closed := known()
	closed.ID, closed.HouseholdNumber, closed.Persons = "hh_3", "H-3", nil
	closed.Register.PovertyStatus, closed.Closing = household.Closed, &household.Closing{Kind: household.ClosingDeath, On: "2025-01-01"}
	now, before := numbered("990000198003010011"), numbered("990000198003010031")
	edu := func(n, asOf string) *household.Education {
		return &household.Education{StudentNumber: n, Stage: household.Primary, AsOf: date.Date(asOf)}
	}
	graded := household.Housing{Appraisals: []household.Appraisal{{Grade: household.GradeC, AppraisedOn: "2026-03-01"}}}
	type row struct {
		number  string
		p       *household.Person
		housing household.Housing

		benefits []household.Benefit
	}
	aid := func(paid date.Date) []household.Benefit {
		return []household.Benefit{{Kind: household.EducationAid, Year: 2026, Amount: 1, PaidOn: paid}}
	}
	for name, tt := range map[string]struct {
		row    row
		group  household.Group
		want   household.MatchState
		person string
		why    fault.Reason
		others int
	}{
		"present number":              {row{p: &household.Person{IDNumber: now}}, household.GroupMedical, household.Matched, "pp_1", "", 0},
		"former number":               {row{p: &household.Person{IDNumber: before}}, household.GroupMedical, household.MatchedByFormer, "pp_1", "", 0},
		"present and former number":   {row{p: &household.Person{IDNumber: now, FormerIDNumbers: []string{before}}}, household.GroupMedical, household.Matched, "pp_1", "", 0},
		"disability card":             {row{p: &household.Person{DisabilityCard: now + "44"}}, household.GroupMedical, household.Matched, "pp_1", "", 0},
		"person number":               {row{p: &household.Person{PersonNumber: "P-2"}}, household.GroupMedical, household.Matched, "pp_2", "", 0},
		"student number":              {row{p: &household.Person{Education: edu("L990000201006010021", "")}}, household.GroupEducation, household.Matched, "pp_2", "", 0},
		"student number, not schools": {row{p: &household.Person{Education: edu("L990000201006010021", "")}}, household.GroupMedical, household.NotFound, "", fault.MatchNotFound, 0},
		"household number":            {row{number: "H-1", housing: graded}, household.GroupHousing, household.Matched, "", "", 0},
		"two persons' numbers":        {row{p: &household.Person{IDNumber: now, PersonNumber: "P-2"}}, household.GroupMedical, household.Ambiguous, "", fault.MatchContradicts, 2},
		"another household's number":  {row{number: "H-2", p: &household.Person{IDNumber: now}}, household.GroupMedical, household.Ambiguous, "", fault.MatchContradicts, 2},
		"person number of another ID": {row{p: &household.Person{IDNumber: numbered("990000198003010051"), PersonNumber: "P-1"}}, household.GroupMedical, household.Ambiguous, "", fault.MatchContradicts, 1},
		"name and birth date":         {row{p: &household.Person{Name: "试 乙", BirthDate: "2010-06-01"}}, household.GroupMedical, household.Ambiguous, "", fault.MatchByNameOnly, 2},
		"name in a household":         {row{number: "H-2", p: &household.Person{Name: "试乙", BirthDate: "2010-06-01"}}, household.GroupMedical, household.Ambiguous, "", fault.MatchByNameOnly, 1},
		"name alone":                  {row{p: &household.Person{Name: "试乙"}}, household.GroupMedical, household.NotFound, "", fault.MatchNotFound, 0},
		"name, another's ID number":   {row{p: &household.Person{Name: "试甲", IDNumber: numbered("990000198003010051")}}, household.GroupMedical, household.NotFound, "", fault.MatchNotFound, 1},
		"nobody":                      {row{p: &household.Person{PersonNumber: "P-0"}}, household.GroupMedical, household.NotFound, "", fault.MatchNotFound, 0},
		"dead before the fact":        {row{p: &household.Person{PersonNumber: "P-3", Education: edu("", "2026-02-01")}}, household.GroupEducation, household.NotApplicable, "pp_3", fault.MatchNotApplicable, 0},
		"dead after the fact":         {row{p: &household.Person{PersonNumber: "P-3", Education: edu("", "2026-01-31")}}, household.GroupEducation, household.Matched, "pp_3", "", 0},
		"dead, but the house stands":  {row{p: &household.Person{PersonNumber: "P-3"}, housing: graded}, household.GroupHousing, household.Matched, "pp_3", "", 0},
		"insured in the year of death": {row{p: &household.Person{PersonNumber: "P-3", Insurances: []household.Insurance{{Year: 2026, Basic: household.Yes}}}},
			household.GroupMedical, household.Matched, "pp_3", "", 0},
		"insured after it": {row{p: &household.Person{PersonNumber: "P-3", Insurances: []household.Insurance{{Year: 2027, Basic: household.Yes}}}},
			household.GroupMedical, household.NotApplicable, "pp_3", fault.MatchNotApplicable, 0},
		"paid before the death": {row{p: &household.Person{PersonNumber: "P-3"}, benefits: aid("2026-01-01")}, household.GroupEducation, household.Matched, "pp_3", "", 0},
		"paid after it": {row{p: &household.Person{PersonNumber: "P-3"}, benefits: aid("2026-11-01")},
			household.GroupEducation, household.NotApplicable, "pp_3", fault.MatchNotApplicable, 0},
		"closed household": {row{number: "H-3", housing: graded}, household.GroupHousing, household.NotApplicable, "", fault.MatchNotApplicable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			in := &household.Household{HouseholdNumber: tt.row.number, Housing: tt.row.housing, Benefits: tt.row.benefits}
			if tt.row.p != nil {
				in.Persons = []household.Person{*tt.row.p}
			}
			got := judge(in, tt.group, first, other, closed)
			person := ""
			if got.Person != nil {
				person = got.Person.ID
			}
			if got.State != tt.want || person != tt.person || len(got.Candidates) != tt.others {
				t.Errorf("got %s, %q, %d candidates", got.State, person, len(got.Candidates))
			}
			if reason := reasonOf(got.Reason); reason != tt.why {
				t.Errorf("for the reason %q, not %q", reason, tt.why)
			}
		})
	}
}

func reasonOf(f *fault.Fault) fault.Reason {
	if f == nil {
		return ""
	}
	return f.Reason
}

func TestWhoLeftIsNotApplicable(t *testing.T) {
	h := known()
	p := &h.Persons[1]
	p.LeftOn, p.LeaveReason = "2026-01-01", household.LeaveMarriage
	row := &household.Household{Housing: household.Housing{Appraisals: []household.Appraisal{{Grade: household.GradeC, AppraisedOn: "2026-03-01"}}}}
	m := household.Matching{State: household.Matched, Subject: household.Subject{Household: h, Person: p}}
	if got := household.Applicable(m, row, household.GroupHousing, "2026-11-23"); got.State != household.NotApplicable {
		t.Errorf("got %s", got.State)
	}
}

func TestAMatchSaysWhatDiffers(t *testing.T) {
	in := &household.Household{Persons: []household.Person{{PersonNumber: "P-1", Name: "试 甲", Sex: household.Female, BirthDate: "1980-03-02"}}}
	got := judge(in, household.GroupMedical, known())
	if want := []string{"birth_date", "sex"}; got.State != household.Matched || !slices.Equal(got.Differs, want) {
		t.Errorf("got %s, %v", got.State, got.Differs)
	}
}

func TestAFormerNumbersBirthDateIsNoMismatch(t *testing.T) {
	h := known()
	h.Persons[0].FormerIDNumbers = []string{numbered("990000198103010011")}
	in := &household.Household{Persons: []household.Person{{IDNumber: h.Persons[0].FormerIDNumbers[0]}}}
	if got := judge(in, household.GroupMedical, h); got.State != household.MatchedByFormer || got.Differs != nil {
		t.Errorf("got %s, %v", got.State, got.Differs)
	}
}
