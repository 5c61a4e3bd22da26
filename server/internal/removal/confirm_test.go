package removal

import (
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// by is the context of CONFIRM by a person in a village out of line.
func by(person string) Context {
	x := knows(Confirm, "2020-03-13")
	x.Actor.Person, x.OutOfLine = person, true
	return x
}

func TestAVillageOutOfLineNeedsTwoConfirmers(t *testing.T) {
	s := right(Confirm, "2020-03-13")
	c := take(t, caseAt(t, Reviewed), s, by("p_one"))
	if c.State != Reviewed || !c.Flagged {
		t.Fatalf("after the first: %s, %v", c.State, c.Flagged)
	}
	if got := refused(t, c, right(Announce, "2020-03-14"), knows(Announce, "2020-03-14")); got[0] != "step.kind STEP_OUT_OF_ORDER" {
		t.Errorf("announced after one: %v", got)
	}
	if got := refused(t, c, s, by("p_one")); !slices.Equal(got, []string{"step.kind SAME_PERSON"}) {
		t.Errorf("the same person twice: %v", got)
	}
	calm := by("p_two")
	calm.OutOfLine = false // the flag stays on the case
	c = take(t, c, s, calm)
	if c.State != Confirmed || !c.Flagged || len(c.Steps) != 7 {
		t.Errorf("after the second: %s, %v", c.State, c.Flagged)
	}
	still := knows(Announce, "2020-03-14")
	still.OutOfLine = true
	if c = take(t, c, right(Announce, "2020-03-14"), still); c.State != Announced {
		t.Error(c.State)
	}
}

func TestTwoConfirmersMustHaveSeenTheSame(t *testing.T) {
	s := right(Confirm, "2020-03-13")
	s.Reason, s.Evidence = "试", append(s.Evidence, paper(EvidenceOverride, "2020-03-13"))
	for name, change := range map[string]func(*Context, *Step){
		"a new hold": func(x *Context, s *Step) { x.Household.Helpers, s.Override = nil, true },
		"a death":    func(x *Context, _ *Step) { x.Household.Persons[1].LeftOn = "2020-03-13" },
	} {
		c := take(t, caseAt(t, Reviewed), s, by("p_one"))
		x, again := by("p_two"), s
		change(&x, &again)
		if c = take(t, c, again, x); c.State != Reviewed {
			t.Errorf("%s: the second saw something else, and the case went on", name)
		}
		x.Actor.Person = "p_one"
		if c = take(t, c, again, x); c.State != Confirmed || len(c.Steps) != 8 {
			t.Errorf("%s: both saw it, and the case stands at %s", name, c.State)
		}
	}
}

func TestAnOverrideIsOnTheCase(t *testing.T) {
	x, s := knows(Confirm, "2020-03-13"), right(Confirm, "2020-03-13")
	x.Household.Helpers, x.Household.Persons[2].Education.Enrolment = nil, household.DroppedOut
	if got := refused(t, caseAt(t, Reviewed), s, x); !slices.Equal(got, []string{"step.override HOLD_STANDS", "step.override HOLD_STANDS"}) {
		t.Errorf("got %v", got)
	}
	s.Override, s.Reason, s.Evidence = true, "已落实", append(s.Evidence, paper(EvidenceOverride, "2020-03-01"))
	c := take(t, caseAt(t, Reviewed), s, x)
	want := []Hold{{Kind: HoldChildOutOfSchool, Person: "pp_3"}, {Kind: HoldNoHelper}}
	if last := c.Steps[len(c.Steps)-1]; !c.Overridden || !last.Override || !slices.Equal(last.Holds, want) {
		t.Errorf("got %v %v", c.Overridden, last)
	}
	ann := knows(Announce, "2020-03-14")
	ann.Household = x.Household
	if c := take(t, c, right(Announce, "2020-03-14"), ann); c.State != Announced || !c.Overridden {
		t.Error("what was overridden is no new hold")
	}
	ann.Household.Persons[3].BirthDate = "2006-01-01"
	ann.Household.Persons[3].SchoolStage = household.NotInSchool
	if got := refused(t, c, right(Announce, "2020-03-14"), ann); !slices.Contains(got, "step.kind CONFIRM_AGAIN") {
		t.Errorf("a second child out of school: %v", got)
	}
	if _, err := Take(c, right(Announce, "2020-03-14"), ann); !strings.Contains(fault.Of(err).Error(), "of somebody else") {
		t.Errorf("the same kind of hold of another child: %v", err)
	}
	if c := take(t, caseAt(t, Reviewed), s, knows(Confirm, "2020-03-13")); c.Overridden || c.Steps[len(c.Steps)-1].Override {
		t.Error("nothing was overridden")
	}
}

func TestWhatChangedIsConfirmedAgainAndThenAnnounced(t *testing.T) {
	c := caseAt(t, Confirmed)
	x := knows(Announce, "2020-03-20")
	x.Household.Persons = append(x.Household.Persons, member("pp_5", "试戊", "2020-03-13", household.RelationDaughter))
	if got := refused(t, c, right(Announce, "2020-03-20"), x); !slices.Equal(got, []string{"step.kind CONFIRM_AGAIN"}) {
		t.Fatalf("got %v", got)
	}
	again := knows(Confirm, "2020-03-20")
	again.Household = x.Household
	c = take(t, c, right(Confirm, "2020-03-20"), again)
	if c.State != Confirmed {
		t.Fatal(c.State)
	}
	c = take(t, c, right(Announce, "2020-03-20"), x)
	if d := Decision(c); d.DecidedOn != "2020-03-20" || !slices.ContainsFunc(d.Ends, func(e household.End) bool { return e.Person == "pp_5" }) {
		t.Errorf("got %+v", d)
	}
}

// The boy is in his last senior year, not his second as was confirmed: his aid would end a
// year earlier.
func TestAnotherLastDayThanConfirmedIsConfirmedAgain(t *testing.T) {
	last := func(c Case) date.Date {
		i := slices.IndexFunc(c.Ends, func(e End) bool { return e.Person == "pp_4" && e.Rule == endOfSchoolStage })
		return c.Ends[i].LastDay
	}
	c, x := caseAt(t, Confirmed), knows(Announce, "2020-03-20")
	if last(c) != "2021-07-31" {
		t.Fatal(last(c))
	}
	later := right(Announce, "2020-03-20")
	later.EffectiveOn = "2020-08-01" // in another school year: moves the days, but not what was confirmed
	if c := take(t, c, later, x); last(c) != "2022-07-31" || c.EffectiveOn != "2020-08-01" {
		t.Errorf("announced for %s until %s", c.EffectiveOn, last(c))
	}
	x.Household.Persons[3].SchoolStage = household.Senior3
	for _, s := range []Step{right(Announce, "2020-03-20"), later} {
		if got := refused(t, c, s, x); !slices.Equal(got, []string{"step.kind CONFIRM_AGAIN"}) {
			t.Errorf("effect on %q: %v", s.EffectiveOn, got)
		}
	}
	again := knows(Confirm, "2020-03-20")
	again.Household = x.Household
	c = take(t, take(t, c, right(Confirm, "2020-03-20"), again), right(Announce, "2020-03-20"), x)
	if last(c) != "2020-07-31" {
		t.Errorf("confirmed again until %s", last(c))
	}
}

func TestTwoConfirmersSeeTheSameLastDays(t *testing.T) {
	s, one, two := right(Confirm, "2020-03-13"), by("p_one"), by("p_two")
	c := take(t, caseAt(t, Reviewed), s, one)
	two.Household.Persons[3].SchoolStage = household.Senior3
	if c = take(t, c, s, two); c.State != Reviewed {
		t.Errorf("%s by two who saw different days", c.State)
	}
	one.Household = two.Household
	if c = take(t, c, s, one); c.State != Confirmed {
		t.Errorf("%s by two who saw the same", c.State)
	}
}

func TestAFlaggedCaseIsConfirmedAgainByTwo(t *testing.T) {
	s := right(Confirm, "2020-03-13")
	c := take(t, take(t, caseAt(t, Reviewed), s, by("p_one")), s, by("p_two"))
	if c = take(t, c, s, by("p_one")); c.State != Reviewed {
		t.Errorf("confirmed again by one: %s", c.State)
	}
	if c = take(t, c, s, by("p_two")); c.State != Confirmed {
		t.Errorf("confirmed again by two: %s", c.State)
	}
}

func TestTheDayOfEffect(t *testing.T) {
	c := caseAt(t, Reviewed)
	c.Parameters.DaysToEffect = 10
	if e := take(t, c, right(Confirm, "2020-03-13"), knows(Confirm, "2020-03-13")).EffectiveOn; e != "2020-03-23" {
		t.Errorf("the earliest at confirmation: %s", e)
	}
	s := right(Confirm, "2020-03-13")
	s.EffectiveOn = "2020-04-01"
	c = take(t, c, s, knows(Confirm, "2020-03-13"))
	if e := take(t, c, right(Announce, "2020-03-14"), knows(Announce, "2020-03-14")).EffectiveOn; e != "2020-04-01" {
		t.Errorf("as confirmed: %s", e)
	}
	late := take(t, c, right(Announce, "2020-03-30"), knows(Announce, "2020-03-30"))
	if late.EffectiveOn != "2020-04-09" || late.Steps[len(late.Steps)-1].EffectiveOn != "2020-04-09" {
		t.Errorf("announced too late for that: %s", late.EffectiveOn)
	}
	a := right(Announce, "2020-03-14")
	a.EffectiveOn = "2020-05-01"
	if e := take(t, c, a, knows(Announce, "2020-03-14")).EffectiveOn; e != "2020-05-01" {
		t.Errorf("as announced: %s", e)
	}
}
