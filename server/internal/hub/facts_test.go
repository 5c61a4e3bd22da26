package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

var builders = access.Caller{Agency: "builders", Client: "test"}

// ownFacts is a house where schools write everywhere and another department in one area.
func ownFacts(t testing.TB) *house {
	h := newHouse(t)
	h.agree(access.Agreement{ID: "a-builders", Agency: "builders", Divisions: []string{"469002000000"}, Groups: []household.Group{household.GroupHousing, household.GroupMedical, household.GroupCivil}})
	return h
}

func (h *house) report(c access.Caller, g household.Group, rows ...*household.Household) []hub.Answer {
	h.Helper()
	out, err := h.SubmitFacts(h.Context(), c, hub.Submission{Group: g, Rows: rows, RequestID: h.request()})
	h.ok(err)
	if len(out.Answers) != len(rows) {
		h.Fatalf("%d answers to %d rows", len(out.Answers), len(rows))
	}
	return out.Answers
}

// toCheck counts the households on the worklist match-tasks in the first village.
func (h *house) toCheck() int {
	h.Helper()
	rows, _, err := h.ListRecords(h.Context(), reader, "match-tasks", qionghai[0], 0, "")
	h.ok(err)
	return len(rows)
}

func grade(number string, g household.Grade, on date.Date) *household.Household {
	return &household.Household{HouseholdNumber: number, Housing: household.Housing{Appraisals: []household.Appraisal{{Grade: g, AppraisedOn: on, Appraiser: "鉴定站"}}}}
}

func pupil(p household.Person, number string) *household.Household {
	return &household.Household{Persons: []household.Person{{IDNumber: p.IDNumber, Name: p.Name, Education: &household.Education{
		StudentNumber: number, Stage: household.Primary, Enrolment: household.Enrolled, AsOf: today}}}}
}

func TestDepartmentsWriteTheirOwnFacts(t *testing.T) {
	h := ownFacts(t)
	one, two := home(1, qionghai[0]), home(2, danzhou[0])
	h.load(one)
	h.load(two)
	got := h.report(schools, household.GroupEducation, pupil(one.Persons[2], ""), pupil(two.Persons[2], "G"+two.Persons[2].IDNumber), pupil(member(9, 1, "", household.Male, "2015-01-01"), ""))
	for i, want := range []household.MatchState{household.Matched, household.Matched, household.NotFound} {
		if got[i].Index != i || got[i].State != want || got[i].Changed != (want == household.Matched) {
			t.Errorf("row %d: %+v", i, got[i])
		}
	}
	if e := h.find("HH-0002").Household.Persons[2].Education; e == nil || e.Stage != household.Primary {
		t.Error("not written")
	}
	again := h.report(schools, household.GroupEducation, pupil(one.Persons[2], ""))
	if again[0].Changed || again[0].State != household.Matched {
		t.Errorf("the same again: %+v", again[0])
	}
	taken := h.report(schools, household.GroupEducation, pupil(one.Persons[2], "G"+two.Persons[2].IDNumber))
	if taken[0].State != household.Ambiguous || taken[0].Changed {
		t.Errorf("somebody else's student number: %+v", taken[0])
	}
	bad := h.report(builders, household.GroupHousing, grade("HH-0001", "E", "2026-03-01"))
	h.violated(bad[0].Reason, "appraisals[0].grade", fault.UnknownCode)
}

func TestTheOfficeAndTheDepartmentsLeaveEachOthersFacts(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]))
	h.report(builders, household.GroupHousing, grade("HH-0001", household.GradeD, "2026-03-01"))
	mine := home(1, qionghai[0])
	mine.Register.LiftedYear = 2017
	mine.Housing = grade("", household.GradeA, "2026-04-01").Housing
	h.load(mine)
	was := h.find("HH-0001").Household
	if len(was.Housing.Appraisals) != 1 || was.Housing.Appraisals[0].Grade != household.GradeD || was.Register.LiftedYear != 2017 {
		t.Errorf("after the office's import: %+v, %d", was.Housing, was.Register.LiftedYear)
	}
	theirs := grade("HH-0001", household.GradeC, "2026-03-01")
	theirs.Register.PovertyStatus, theirs.Village = household.Returned, qionghai[1]
	h.report(builders, household.GroupHousing, theirs)
	now := h.find("HH-0001").Household
	if now.Housing.Appraisals[0].Grade != household.GradeC || now.Register.PovertyStatus != household.Lifted || now.Village != qionghai[0] {
		t.Errorf("after housing's row: %+v", now)
	}
}

func TestNobodyWritesOutsideTheirDivisions(t *testing.T) {
	h := ownFacts(t)
	h.load(home(2, danzhou[0]))
	before := h.find("HH-0002")
	byName := &household.Household{Persons: []household.Person{{Name: before.Household.Persons[0].Name, BirthDate: "1980-03-01"}}}
	for i, a := range h.report(builders, household.GroupHousing, grade("HH-0002", household.GradeD, "2026-03-01"), byName) {
		if a.State != household.NotFound || a.Household != "" || len(a.Candidates) > 0 {
			t.Errorf("row %d: %+v", i, a)
		}
	}
	if h.find("HH-0002").Revision != before.Revision {
		t.Error("written")
	}
	_, err := h.SubmitFacts(h.Context(), schools, hub.Submission{Group: household.GroupHousing, Rows: []*household.Household{grade("HH-0002", household.GradeD, today)}, RequestID: "r"})
	h.refused(err, fault.GroupNotOwned)
	_, err = h.SubmitFacts(h.Context(), office, hub.Submission{Group: household.GroupRegister, Rows: []*household.Household{{}}, RequestID: "r"})
	h.violated(err, "group", fault.UnknownCode)
	_, err = h.SubmitFacts(h.Context(), schools, hub.Submission{Group: household.GroupEducation, Rows: repeated(hub.MaxFactRows + 1), RequestID: "r"})
	h.violated(err, "rows", fault.TooMany)
}

func repeated(n int) []*household.Household {
	return slices.Repeat([]*household.Household{{HouseholdNumber: "HH-0001"}}, n)
}

func TestAMismatchOpensOneTaskThatTheOfficeCloses(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]))
	p := h.find("HH-0001").Household.Persons[2]
	wrong := pupil(p, "")
	wrong.Persons[0].Name = "试错"
	unclear := &household.Household{Persons: []household.Person{{Name: p.Name, BirthDate: p.BirthDate, Education: wrong.Persons[0].Education}}}
	for range 2 {
		got := h.report(schools, household.GroupEducation, wrong, unclear)
		if got[0].State != household.Matched || !slices.Equal(got[0].Differs, []string{"name"}) || got[1].State != household.Ambiguous ||
			!slices.Equal(got[1].Candidates, []hub.Candidate{{Household: h.find("HH-0001").Household.ID, Person: p.ID}}) {
			t.Fatalf("got %+v", got)
		}
	}
	now := h.find("HH-0001")
	if len(now.Household.Tasks) != 2 {
		t.Fatalf("%d tasks", len(now.Household.Tasks))
	}
	if n := h.toCheck(); n != 1 {
		t.Errorf("%d households on the worklist", n)
	}
	if now.Support != household.Supported || now.Household.Persons[2].Name != p.Name {
		t.Error("a task changed something")
	}
	for _, task := range now.Household.Tasks {
		c := hub.TaskClosing{Household: now.Household.ID, Etag: h.find("HH-0001").Etag, Task: task.ID, Reason: "已核实", RequestID: h.request()}
		_, err := h.CloseTask(h.Context(), schools, c)
		h.refused(err, fault.GroupNotOwned)
		_, err = h.CloseTask(h.Context(), office, c)
		h.ok(err)
	}
	if n := h.toCheck(); n != 0 {
		t.Errorf("%d households on the worklist", n)
	}
	h.report(schools, household.GroupEducation, wrong, unclear)
	now = h.find("HH-0001")
	if len(now.Household.Tasks) != 2 || now.Household.Tasks[0].ClosedOn != today {
		t.Errorf("the same rows after closing: %+v", now.Household.Tasks)
	}
	_, err := h.CloseTask(h.Context(), office, hub.TaskClosing{Household: now.Household.ID, Etag: now.Etag, Task: "task_0", Reason: "x", RequestID: h.request()})
	h.refused(err, fault.TaskNotFound)
}

func TestTheFactOfWhoDiedOrLeftIsATask(t *testing.T) {
	h := ownFacts(t)
	in := home(1, qionghai[0])
	h.load(in)
	in.Persons[1].LeftOn, in.Persons[1].LeaveReason, in.Persons[1].LeaveEvidence = "2024-05-01", household.LeaveDeath, "证明1号"
	in.Persons[2].LeftOn, in.Persons[2].LeaveReason = "2024-05-01", household.LeaveMovedOut
	h.load(in)
	var rows []*household.Household
	for _, p := range in.Persons[1:] {
		rows = append(rows, &household.Household{Persons: []household.Person{{IDNumber: p.IDNumber, Insurances: []household.Insurance{{Year: 2026, Basic: household.Yes}}}}})
	}
	for i, a := range h.report(builders, household.GroupMedical, rows...) {
		if a.State != household.NotApplicable || a.Person == "" || a.Changed || !fault.Is(a.Reason, fault.MatchNotApplicable) {
			t.Errorf("row %d: %+v", i, a)
		}
	}
	now := h.find("HH-0001").Household
	if len(now.Tasks) != 2 || now.Persons[1].Insurances != nil {
		t.Errorf("%d tasks, %v", len(now.Tasks), now.Persons[1].Insurances)
	}
}

func TestARepeatedSubmissionGivesTheFirstAnswers(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]))
	rows := []*household.Household{grade("HH-0001", household.GradeD, "2026-03-01")}
	for range 2 {
		got, err := h.SubmitFacts(h.Context(), builders, hub.Submission{Group: household.GroupHousing, Rows: rows, RequestID: "same"})
		h.ok(err)
		if !got.Answers[0].Changed {
			t.Errorf("got %+v", got.Answers[0])
		}
	}
	_, err := h.SubmitFacts(h.Context(), builders, hub.Submission{Group: household.GroupHousing, Rows: []*household.Household{grade("HH-0001", household.GradeA, "2026-03-01")}, RequestID: "same"})
	h.refused(err, fault.RequestReused)
}

func TestManyRowsAreWrittenInSeveralTransactions(t *testing.T) {
	h := ownFacts(t)
	var rows, homes []*household.Household
	for n := 1; n <= 60; n++ {
		homes = append(homes, home(n, qionghai[0]))
		rows = append(rows, grade(fmt.Sprintf("HH-%04d", n), household.GradeC, "2026-03-01"), grade(fmt.Sprintf("HH-%04d", n), household.GradeD, "2026-04-01"))
	}
	h.load(homes...)
	for i, a := range h.report(builders, household.GroupHousing, rows...) {
		if !a.Changed {
			t.Fatalf("row %d: %+v", i, a)
		}
	}
	if got := len(h.find("HH-0060").Household.Housing.Appraisals); got != 2 {
		t.Errorf("%d appraisals", got)
	}
}

func TestTheAuditOfFactsNamesNobody(t *testing.T) {
	h := ownFacts(t)
	in := home(1, qionghai[0])
	h.load(in)
	n := len(h.trail(0))
	h.report(schools, household.GroupEducation, pupil(in.Persons[2], "G"+in.Persons[2].IDNumber))
	trail := h.trail(n)
	if len(trail) != 2 || trail[0].Action != "facts.submit" || trail[1].Outcome != "OK" {
		t.Fatalf("got %+v", trail)
	}
	for _, e := range trail {
		for _, secret := range []string{in.Persons[2].IDNumber, in.Persons[2].Name, in.HouseholdNumber} {
			if strings.Contains(e.Detail, secret) {
				t.Errorf("%s %s names somebody", e.Action, e.Detail)
			}
		}
	}
}

func TestRowsNeverChangeAnotherGroup(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	rapid.Check(t, func(rt *rapid.T) {
		group := rapid.SampledFrom([]household.Group{household.GroupHousing, household.GroupMedical, household.GroupCivil}).Draw(rt, "group")
		before := [2]*household.Household{h.find("HH-0001").Household, h.find("HH-0002").Household}
		_, err := h.SubmitFacts(h.Context(), builders, hub.Submission{Group: group, Rows: []*household.Household{drawRow(rt)}, RequestID: ""})
		h.ok(err)
		for i, was := range before {
			now := h.find(was.HouseholdNumber).Household
			if !household.Equal(without(was, group), without(now, group)) {
				rt.Fatalf("household %d changed beyond %s", i+1, group)
			}
		}
	})
}

// drawRow names somebody, or nobody, somehow and says something about every group.
func drawRow(t *rapid.T) *household.Household {
	row := home(rapid.IntRange(1, 2).Draw(t, "home"), qionghai[0])
	p := row.Persons[rapid.IntRange(0, 2).Draw(t, "person")]
	if rapid.Bool().Draw(t, "another") {
		p.PersonNumber = "P-0001-1"
	}
	if rapid.Bool().Draw(t, "no ID") {
		p.IDNumber = ""
	}
	if rapid.Bool().Draw(t, "no number") {
		row.HouseholdNumber = ""
	}
	day := date.New(2026, time.January, rapid.IntRange(1, 28).Draw(t, "day"))
	p.Name, p.Health, p.LabourAbility = "试新", household.Disabled, household.LabourNone
	p.Education = &household.Education{SchoolName: "某校", Stage: household.Grade7, AsOf: day}
	p.Insurances = []household.Insurance{{Year: 2026, Basic: household.Yes}}
	row.Persons = []household.Person{p}
	row.Register = household.Register{PovertyStatus: household.Returned, MainCause: household.CauseOther}
	row.Needs = []household.Need{{Category: household.NeedFood, AroseOn: day}}
	row.Housing.Damages = []household.Damage{{Cause: household.DamageFire, HappenedOn: day}}
	row.Assistance = []household.Assistance{{Kind: household.AssistTemporary, From: day}}
	row.Sources = map[household.Group]household.Provenance{}
	for _, g := range []household.Group{household.GroupRegister, household.GroupHousing, household.GroupMedical} {
		row.Sources[g] = household.Provenance{Owner: "x", Source: "y", AsOf: day}
	}
	return row
}

// without is a household without a group's facts and without tasks.
func without(h *household.Household, g household.Group) *household.Household {
	c := h.Clone()
	c.Tasks = nil
	delete(c.Sources, g)
	switch g {
	case household.GroupHousing:
		c.Housing = household.Housing{}
	case household.GroupCivil:
		c.Assistance = nil
	case household.GroupMedical:
		for i := range c.Persons {
			c.Persons[i].Insurances = nil
		}
	}
	return c
}
