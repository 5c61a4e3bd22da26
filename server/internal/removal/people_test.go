package removal

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// The people of these tests are invented.

const day0 = date.Date("2020-03-02") // on which the case is opened

var hainan = func() *catalogue.Catalogue {
	c, err := catalogue.Parse(catalogue.Hainan2019())
	if err != nil {
		panic(err)
	}
	return c
}()

var calendar = func() *Calendar {
	years, err := Published()
	if err != nil {
		panic(err)
	}
	return NewCalendar(years...)
}()

// wealthy is a lifted household with a helper against which nothing speaks: head,
// spouse, a girl of 8 at primary school and a boy of 17 in his second senior year.
func wealthy() *household.Household {
	h := &household.Household{
		ID: "hh_1", HouseholdNumber: "4690021002030001", Village: "469002100203", VillageGroup: "一组",
		Register: household.Register{PovertyStatus: household.Lifted, FirstIdentifiedOn: "2014-03-01", LiftedYear: 2018},
		Incomes:  []household.Income{{Year: 2019, PerCapitaNet: 2634500}},
		Helpers:  []household.HelperAssignment{{ID: "a1", Name: "试帮甲", From: "2016-04-01"}},
	}
	h.Persons = []household.Person{
		member("pp_1", "试甲", "1980-02-03", household.RelationHead),
		member("pp_2", "试乙", "1982-07-08", household.RelationSpouse),
		member("pp_3", "试丙", "2011-09-10", household.RelationDaughter),
		member("pp_4", "试丁", "2002-11-12", household.RelationSon),
	}
	h.Persons[0].LabourAbility, h.Persons[1].LabourAbility = household.LabourOrdinary, household.LabourSkilled
	h.Persons[2].Education = &household.Education{Stage: household.Primary, Enrolment: household.Enrolled, AsOf: "2020-03-01"}
	h.Persons[3].SchoolStage = household.Senior2
	return h
}

func member(id, name string, born date.Date, relation household.Relation) household.Person {
	return household.Person{ID: id, Name: name, BirthDate: born, Relation: relation, JoinedOn: max("2014-03-01", born)}
}

// clerks are the persons who take the steps.
var clerks = map[Role]string{RolePropose: "p_village", RoleReview: "p_town", RoleConfirm: "p_county"}

// knows is the context in which the right person takes a step on a day.
func knows(kind StepKind, on date.Date) Context {
	role := ruleOf(kind).Roles[0]
	return Context{
		Today: on, Actor: Actor{Agency: "agency", Client: "client", Person: clerks[role]}, Roles: []Role{role},
		Calendar: calendar, Household: wealthy(), Catalogue: hainan, Decision: "dd_1",
	}
}

// right is a step with all that it needs, papers of the same day.
func right(kind StepKind, on date.Date) Step {
	s := Step{Kind: kind}
	for _, k := range ruleOf(kind).Evidence {
		s.Evidence = append(s.Evidence, paper(k, on))
	}
	switch kind {
	case Propose, Withdraw:
		s.Reason = "收入稳定"
	case Appraise:
		s.Meeting = &Meeting{On: on, Members: 30, Present: 20, Yes: 11, No: 9}
	case Post:
		s.Posting = &Posting{Place: "村务公开栏", From: on}
	case Announce:
		s.Posting, s.DecisionNumber = &Posting{Place: "村务公开栏", From: on}, "琼试扶决〔2020〕1号"
		s.Document = household.Document{Issuer: "某某市", Number: "琼试扶〔2020〕7号", Date: on}
	case Reverse:
		s.Reason, s.Ground = "复核", GroundUpheldReview
		s.Document = household.Document{Issuer: "某某市", Number: "琼试扶〔2020〕9号", Date: on}
	}
	return s
}

func paper(kind EvidenceKind, on date.Date) Evidence {
	return Evidence{Kind: kind, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(kind))), MediaType: "application/pdf", Dated: on}
}

func opened() Case {
	p := Defaults()
	return Case{ID: "rc_1", Area: "wenchang", Household: "hh_1", Village: "469002100203", Parameters: p}
}

// when says on which day the case of these tests takes each step.
var when = map[StepKind]date.Date{
	Propose: day0, Assess: "2020-03-03", Appraise: "2020-03-04", Post: "2020-03-05", Object: "2020-03-06", Dismiss: "2020-03-07",
	Uphold: "2020-03-07", Review: "2020-03-12", Confirm: "2020-03-13", Announce: "2020-03-14", Withdraw: "2020-03-15", Reverse: "2020-04-01",
}

// the straight way to a state.
var straight = []StepKind{Propose, Assess, Appraise, Post, Review, Confirm, Announce}

// caseAt is a case that has come to a state by the straight way.
func caseAt(t testing.TB, s State) Case {
	t.Helper()
	c := opened()
	for _, kind := range straight {
		if c.State == s {
			return c
		}
		c = take(t, c, right(kind, when[kind]), knows(kind, when[kind]))
	}
	if s == Objected {
		return take(t, caseAt(t, InPublicity), right(Object, when[Object]), knows(Object, when[Object]))
	}
	if c.State != s {
		t.Fatalf("no way to %s", s)
	}
	return c
}

func take(t testing.TB, c Case, s Step, x Context) Case {
	t.Helper()
	out, err := Take(c, s, x)
	if err != nil {
		t.Fatalf("%s from %q: %v", s.Kind, c.State, err)
	}
	return out
}

// refused gives the reasons of a refusal as "field REASON", and checks its form.
func refused(t testing.TB, c Case, s Step, x Context) []string {
	t.Helper()
	_, err := Take(c, s, x)
	f := fault.Of(err)
	if f == nil {
		t.Fatalf("%s from %q: not refused: %v", s.Kind, c.State, err)
	}
	var out []string
	for _, v := range f.Violations {
		if !english.MatchString(v.Message) || !chinese.MatchString(v.Chinese) || unfilled.MatchString(v.Message+v.Chinese) {
			t.Errorf("%s: %q, %q", v.Field, v.Message, v.Chinese)
		}
		out = append(out, v.Field+" "+string(v.Reason))
	}
	slices.Sort(out)
	return out
}
