package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func (h *house) ask(c access.Caller, questions ...hub.Question) []hub.EntitlementAnswer {
	h.Helper()
	out, err := h.Entitlements(h.Context(), c, questions)
	h.ok(err)
	return out
}

func byID(number, policy string, on date.Date) hub.Question {
	return hub.Question{Subject: hub.Subject{Kind: "ID_NUMBER", Value: number}, Policy: policy, On: on}
}

// short says what matters of an answer.
func short(a hub.EntitlementAnswer) string {
	return strings.TrimSpace(fmt.Sprint(a.Match, " ", a.Entitled, " ", a.Since, " ", a.Until, " ", a.Why.Code))
}

func TestQuestionsAreAnsweredInTheirOrder(t *testing.T) {
	h := newHouse(t)
	renewed := home(1, qionghai[0])
	renewed.Persons[1].FormerIDNumbers = []string{idNumber(9, 9, household.Female, "1982-06-01")}
	h.load(renewed, unsupported(home(2, qionghai[0])))
	one, two := h.find("HH-0001").Household, h.find("HH-0002").Household
	got := h.ask(reader,
		byID(one.Persons[2].IDNumber, "education-compulsory", ""),
		byID(one.Persons[1].FormerIDNumbers[0], "medical-basic", today),
		byID(idNumber(30, 1, household.Male, "1980-03-01"), "medical-basic", ""),
		hub.Question{Subject: hub.Subject{Household: one.ID}, Policy: "medical-basic"},
		hub.Question{Subject: hub.Subject{Person: two.Persons[0].ID}, Policy: "helper"},
		hub.Question{Subject: hub.Subject{Person: two.Persons[2].ID}, Policy: "education-compulsory"},
		byID(one.Persons[0].IDNumber, "education-compulsory", ""),
	)
	want := []string{
		"MATCHED true 2019-01-01", "MATCHED_BY_FORMER_ID true 2019-01-01", "NOT_FOUND false", "MATCHED false   PERSON_NEEDED",
		"MATCHED false   SUPPORT_ENDED", "MATCHED true 2019-01-01 2027-08-31", "MATCHED false   CONDITION_NOT_MET",
	}
	for i, a := range got {
		if strings.Join(strings.Fields(short(a)), " ") != strings.Join(strings.Fields(want[i]), " ") {
			t.Errorf("question %d: %s, not %s", i, short(a), want[i])
		}
	}
	if w := got[4].Why; w.DecisionNumber != "试决〔2024〕HH-0002" || w.On != "2024-01-31" {
		t.Errorf("the decision is %+v", w)
	}
}

func TestWhoMayNotAskFindsNobody(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001").Household
	local := access.Caller{Agency: "local", Client: "t"}
	h.agree(access.Agreement{ID: "a-local", Agency: "local", Divisions: []string{qionghai[0]}, Lists: []string{"education"}})
	h.agree(access.Agreement{ID: "a-far", Agency: "far", Divisions: []string{danzhou[0]}, Lists: allLists, Households: true})
	child := was.Persons[2].IDNumber
	for _, tt := range []struct {
		c      access.Caller
		policy string
		match  hub.EntitlementMatch
	}{
		{local, "education-compulsory", hub.Matched}, {local, "medical-basic", hub.NotFound}, {access.Caller{Agency: "far"}, "education-compulsory", hub.NotFound},
		{stranger, "education-compulsory", hub.NotFound}, {office, "medical-basic", hub.Matched},
	} {
		if a := h.ask(tt.c, byID(child, tt.policy, ""))[0]; a.Match != tt.match || (a.Match == hub.NotFound) != (a.Policy == nil) {
			t.Errorf("%s, %s: %s", tt.c.Agency, tt.policy, short(a))
		}
	}
	all, err := h.ExplainEntitlements(t.Context(), local, byID(child, "", ""))
	if h.ok(err); len(all) != 2 || len(all[0].Tests) == 0 {
		t.Errorf("%d policies explained", len(all))
	}
	_, err = h.ExplainEntitlements(t.Context(), stranger, byID(child, "", ""))
	h.refused(err, fault.HouseholdNotFound)
	_, err = h.Entitlements(t.Context(), reader, []hub.Question{byID(child, "no-such", "2026-02-30")})
	h.violated(err, "questions[0].policy", fault.UnknownCode)
	h.violated(err, "questions[0].date", fault.Malformed)
	_, err = h.Entitlements(t.Context(), reader, make([]hub.Question, hub.MaxQuestions+1))
	h.refused(err, fault.LimitReached)
}

func TestQuestionsStandInTheAuditWithoutPersonalData(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001").Household
	before := len(h.trail(0))
	h.ask(reader, byID(was.Persons[2].IDNumber, "education-compulsory", ""))
	e := h.trail(before)
	if len(e) != 2 || e[0].Action != "entitlement.check" || e[1].Outcome != "OK" || !strings.Contains(e[1].Detail, was.ID) {
		t.Fatalf("%+v", e)
	}
	if text := fmt.Sprint(e); strings.Contains(text, was.Persons[2].IDNumber) || strings.Contains(text, was.Persons[2].Name) {
		t.Error("the audit holds personal data")
	}
	_, err := h.ExplainEntitlements(t.Context(), stranger, byID(was.Persons[2].IDNumber, "", ""))
	h.refused(err, fault.HouseholdNotFound)
	if e := h.trail(before + 2); len(e) != 2 || e[1].Outcome != "HOUSEHOLD_NOT_FOUND" {
		t.Errorf("%+v", e)
	}
}

// What became known later does not change what was answered about an earlier day, also
// where the household has moved to another area since.
func TestAPastDayIsAnsweredFromWhatWasKnownThen(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	id := was.Household.Persons[0].IDNumber
	h.clock.day(today.AddDays(10))
	_, err := h.Derive(t.Context())
	h.ok(err)
	now, err := h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Persons[0].LabourAbility = household.LabourLost })
	h.ok(err)
	h.clock.day(today.AddDays(20))
	h.move(now, danzhou[0])
	for on, want := range map[date.Date]string{
		today.AddDays(-1): "NOT_KNOWN_THEN", today: "", today.AddDays(9): "", today.AddDays(10): "CONDITION_NOT_MET",
		today.AddDays(20): "CONDITION_NOT_MET", today.AddDays(30): "CONDITION_NOT_MET",
	} {
		if a := h.ask(office, byID(id, "employment", on))[0]; a.Why.Code != want || a.Entitled != (want == "") {
			t.Errorf("%s: %s, not %s", on, short(a), want)
		}
	}
	then, err := h.GetHousehold(t.Context(), office, was.Household.ID, 0, today.AddDays(1).Time())
	if h.ok(err); then.Area != "qionghai" || then.Household.Persons[0].LabourAbility != household.LabourOrdinary {
		t.Errorf("known then: %s", then.Area)
	}
	all, err := h.Revisions(t.Context(), office, was.Household.ID)
	h.ok(err)
	areas := map[string]int{}
	for _, r := range all {
		areas[r.Area]++
	}
	sorted := slices.IsSortedFunc(all, func(a, b hub.Revision) int { return b.Time.Compare(a.Time) })
	if areas["qionghai"] != 3 || areas["danzhou"] != 1 || !sorted {
		t.Errorf("revisions %v", areas)
	}
}

// The lists that departments hold say yes or no for today, even while the facts have
// run ahead of them.
func TestTodayIsAnsweredFromTheStoredLists(t *testing.T) {
	h := newHouse(t)
	child := home(1, qionghai[0])
	child.Persons[2].BirthDate = date.New(today.Year()-6, time.November, 24)
	child.Persons[2].IDNumber = idNumber(1, 3, household.Female, child.Persons[2].BirthDate)
	child.Persons[2].JoinedOn = child.Persons[2].BirthDate
	h.load(child)
	id := child.Persons[2].IDNumber
	h.clock.day(today.AddDays(1)) // six, and the night's derivation has not run
	if a := h.ask(reader, byID(id, "education-compulsory", ""))[0]; a.Entitled || a.Why.Code != "NOT_IN_LIST" {
		t.Errorf("before the derivation: %s", short(a))
	}
	_, err := h.Derive(t.Context())
	h.ok(err)
	if a := h.ask(reader, byID(id, "education-compulsory", ""))[0]; !a.Entitled || a.Why != (catalogue.Why{}) {
		t.Errorf("after it: %s", short(a))
	}
}
