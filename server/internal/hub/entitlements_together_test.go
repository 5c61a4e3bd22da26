package hub_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

// asking is a call under way.
type asking struct {
	answers []hub.EntitlementAnswer
	err     error
	done    chan struct{}
}

// begin asks beside the test.
func (h *house) begin(ctx context.Context, c access.Caller, questions ...hub.Question) *asking {
	a := &asking{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.answers, a.err = h.Entitlements(ctx, c, questions)
	}()
	return a
}

// end gives the answers.
func (h *house) end(a *asking) []hub.EntitlementAnswer {
	h.Helper()
	<-a.done
	h.ok(a.err)
	return a.answers
}

// hold lets one call inquire, and holds it, with the snapshot that it has, until it is let
// go; nobody else can inquire meanwhile.
func (h *house) hold(q hub.Question) (letGo func()) {
	h.Helper()
	arrived, let := make(chan struct{}), make(chan struct{})
	h.OneInquiry()
	h.within(func() { arrived <- struct{}{}; <-let })
	held := h.begin(h.Context(), office, q)
	<-arrived
	h.within(nil)
	return func() {
		h.Helper()
		close(let)
		h.end(held)
	}
}

func (h *house) within(do func()) {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	h.store.within = do
}

// wait waits until so many calls wait for the next inquiry.
func (h *house) wait(n int) {
	for h.Waiting() != n {
		runtime.Gosched()
	}
}

// views counts the Views from here on.
func (h *house) views() *int {
	n := new(int)
	h.within(func() {
		h.store.mu.Lock()
		defer h.store.mu.Unlock()
		*n++
	})
	return n
}

func TestWhoAsksTogetherGetsWhatEachMayAsk(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.load(home(2, danzhou[0]))
	local := access.Caller{Agency: "local", Client: "t"}
	h.agree(access.Agreement{ID: "a-local", Agency: "local", Divisions: []string{qionghai[0]}, Lists: []string{"education"}})
	one, two := h.find("HH-0001").Household.Persons[2].IDNumber, h.find("HH-0002").Household.Persons[2].IDNumber
	letGo := h.hold(byID(one, "helper", ""))
	before := len(h.trail(0))
	calls := []struct {
		c      access.Caller
		number string
		policy string
		match  hub.EntitlementMatch
	}{
		{office, one, "medical-basic", hub.Matched}, {stranger, one, "medical-basic", hub.NotFound}, {local, one, "education-compulsory", hub.Matched},
		{local, one, "medical-basic", hub.NotFound}, {local, two, "education-compulsory", hub.NotFound}, {reader, two, "education-compulsory", hub.Matched},
		{access.Caller{}, one, "education-compulsory", hub.NotFound},
	}
	begun := make([]*asking, len(calls))
	for i, c := range calls {
		begun[i] = h.begin(t.Context(), c.c, byID(c.number, c.policy, ""))
	}
	h.wait(len(calls))
	views := h.views()
	letGo()
	for i, c := range calls {
		if a := h.end(begun[i])[0]; a.Match != c.match || (a.Policy == nil) != (c.match == hub.NotFound) {
			t.Errorf("%s about %s: %s, not %s", c.c.Agency, c.policy, short(a), c.match)
		}
	}
	if *views != 1 {
		t.Errorf("%d Views for %d calls", *views, len(calls))
	}
	intents, outcomes := map[string]string{}, 0
	for _, e := range h.trail(before) {
		if e.Of == "" {
			intents[e.ID] = e.Agency
		} else if by, mine := intents[e.Of]; mine && by == e.Agency && strings.Count(e.Detail, "hh_") == 1 {
			outcomes++
		}
	}
	if len(intents) != len(calls) || outcomes != len(calls) {
		t.Errorf("%d intents and %d outcomes of %d calls", len(intents), outcomes, len(calls))
	}
}

func TestABadQuestionIsRefusedBesideAGoodOne(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	child := h.find("HH-0001").Household.Persons[2].IDNumber
	letGo := h.hold(byID(child, "helper", ""))
	good, bad := h.begin(t.Context(), reader, byID(child, "education-compulsory", "")), h.begin(t.Context(), reader, byID(child, "no-such", "2027-02-30"))
	h.wait(2)
	views := h.views()
	letGo()
	if a := h.end(good)[0]; a.Match != hub.Matched {
		t.Error(short(a))
	}
	<-bad.done
	h.violated(bad.err, "questions[0].policy", fault.UnknownCode)
	h.violated(bad.err, "questions[0].date", fault.Malformed)
	if *views != 1 {
		t.Errorf("%d Views", *views)
	}
}

func TestAnAgreementThatCannotBeOpenedFailsItsAgencyAlone(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	child := h.find("HH-0001").Household.Persons[2].IDNumber
	h.ok(h.store.Store.Update(t.Context(), func(tx store.Tx) error {
		return tx.SaveAgreement(t.Context(), store.Agreement{ID: "broken", Agency: "broken", From: "2019-01-01", Document: []byte("no agreement")})
	}))
	letGo := h.hold(byID(child, "helper", ""))
	good := h.begin(t.Context(), reader, byID(child, "education-compulsory", ""))
	broken := h.begin(t.Context(), access.Caller{Agency: "broken", Client: "t"}, byID(child, "education-compulsory", ""))
	h.wait(2)
	letGo()
	if a := h.end(good)[0]; a.Match != hub.Matched {
		t.Error(short(a))
	}
	if <-broken.done; broken.err == nil || fault.Of(broken.err) != nil {
		t.Errorf("got %v and %v", broken.answers, broken.err)
	}
}

func TestWhoGivesUpDoesNotEndTheInquiryOfOthers(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	child := h.find("HH-0001").Household.Persons[2].IDNumber
	letGo := h.hold(byID(child, "helper", ""))
	ctx, giveUp := context.WithCancel(t.Context())
	leaving, staying := h.begin(ctx, reader, byID(child, "education-compulsory", "")), h.begin(t.Context(), reader, byID(child, "education-compulsory", ""))
	h.wait(2)
	arrived, let := make(chan struct{}), make(chan struct{})
	h.within(func() { arrived <- struct{}{}; <-let })
	letGo()
	<-arrived // both are inquired for
	giveUp()
	if <-leaving.done; !errors.Is(leaving.err, context.Canceled) {
		t.Errorf("got %v and %v", leaving.answers, leaving.err)
	}
	h.within(nil)
	close(let)
	if a := h.end(staying)[0]; a.Match != hub.Matched {
		t.Error(short(a))
	}
}

func TestAnAnswerKnowsWhatWasAcknowledgedBeforeTheQuestion(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	letGo := h.hold(byID(h.find("HH-0001").Household.Persons[2].IDNumber, "helper", ""))
	second := home(2, qionghai[0])
	h.load(second)
	found := h.begin(t.Context(), reader, byID(second.Persons[2].IDNumber, "education-compulsory", ""))
	late := access.Caller{Agency: "late", Client: "t"}
	h.agree(access.Agreement{ID: "a-late", Agency: "late", Divisions: []string{qionghai[0]}, Lists: []string{"education"}})
	allowed := h.begin(t.Context(), late, byID(second.Persons[2].IDNumber, "education-compulsory", ""))
	h.wait(2)
	letGo()
	for _, a := range []*asking{found, allowed} {
		if a := h.end(a)[0]; a.Match != hub.Matched || !a.Entitled {
			t.Error(short(a))
		}
	}
}

// A held inquiry holds up neither who asks much nor who asks about a past day, and they
// hold up nobody.
func TestWhoAsksMuchOrAboutAPastDayInquiresAlone(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	child := h.find("HH-0001").Household.Persons[2].IDNumber
	letGo := h.hold(byID(child, "helper", ""))
	many := make([]hub.Question, hub.MaxQuestions)
	for i := range many {
		many[i] = byID(child, "education-compulsory", "")
	}
	if got := h.ask(reader, many...); len(got) != len(many) || got[len(many)-1].Match != hub.Matched {
		t.Errorf("%d answers", len(got))
	}
	if a := h.ask(reader, byID(child, "education-compulsory", today.AddDays(-1)))[0]; a.Why.Code != "NOT_KNOWN_THEN" {
		t.Error(short(a))
	}
	letGo()
}

func TestNoInquiryServesMoreThanACallMayAsk(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	child := h.find("HH-0001").Household.Persons[2].IDNumber
	letGo := h.hold(byID(child, "helper", ""))
	few := make([]hub.Question, 10)
	for i := range few {
		few[i] = byID(child, "education-compulsory", "")
	}
	calls := make([]*asking, 2*hub.MaxQuestions/len(few)+1)
	for i := range calls {
		calls[i] = h.begin(t.Context(), reader, few...)
	}
	h.wait(len(calls))
	views := h.views()
	letGo()
	for _, a := range calls {
		if got := h.end(a); got[9].Match != hub.Matched {
			t.Error(short(got[9]))
		}
	}
	if *views != 3 {
		t.Errorf("%d Views for %d questions", *views, len(calls)*len(few))
	}
}

func TestWhatWasAskedTogetherIsAnsweredAsAskedAlone(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), unsupported(home(2, qionghai[0])))
	h.load(home(3, danzhou[0]))
	var questions []hub.Question
	for _, number := range []string{"HH-0001", "HH-0002", "HH-0003"} {
		facts := h.find(number).Household
		questions = append(questions,
			hub.Question{Subject: hub.Subject{Kind: string(household.HouseholdNumber), Value: number}, Policy: "helper"},
			hub.Question{Subject: hub.Subject{Household: facts.ID}, Policy: "medical-basic"})
		for _, p := range facts.Persons {
			questions = append(questions, byID(p.IDNumber, "education-compulsory", ""), byID(p.IDNumber, "medical-basic", today.AddDays(400)),
				hub.Question{Subject: hub.Subject{Person: p.ID}, Policy: "employment"})
		}
	}
	alone := make([]string, len(questions))
	for i, q := range questions {
		alone[i] = short(h.ask(office, q)[0])
	}
	letGo := h.hold(questions[0])
	begun := make([]*asking, len(questions))
	for i, q := range questions {
		begun[i] = h.begin(t.Context(), office, q)
	}
	h.wait(len(questions))
	letGo()
	for i := range questions {
		if got := short(h.end(begun[i])[0]); got != alone[i] {
			t.Errorf("question %d: together %s, alone %s", i, got, alone[i])
		}
	}
}
