package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// agreementFor lets a caller read and write the register's facts in one division.
func agreementFor(c access.Caller, division string) access.Agreement {
	return access.Agreement{
		ID: "a-" + c.Agency, Agency: c.Agency, Divisions: []string{division}, Households: true, Groups: []household.Group{household.GroupRegister},
	}
}

// pullOnce asks for one page with a cursor.
func (h *house) pullOnce(c access.Caller, cursor string) error {
	_, err := h.Pull(h.Context(), c, hub.PullQuery{Cursor: cursor})
	return err
}

func TestWithoutAnAgreementNothingIsRead(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	h.agree(access.Agreement{ID: "a-early", Agency: "early", Divisions: []string{province}, Lists: allLists, Households: true, From: tomorrow})
	for _, c := range []access.Caller{stranger, {Agency: "early"}, {}, schools} { // schools have one for households, not for lists
		h.refused(h.pullOnce(c, ""), fault.NoAgreement)
		_, _, err := h.ListRecords(t.Context(), c, "education", qionghai[0], 0, "")
		h.refused(err, fault.NoAgreement)
		_, err = h.GetRecord(t.Context(), c, "household-status", was.Household.ID, "")
		h.refused(err, fault.NoAgreement)
	}
	h.clock.day(tomorrow)
	if k := copyOf(h, access.Caller{Agency: "early"}); len(k.rows) == 0 {
		t.Error("nothing is read on its first day")
	}
}

func TestOnlyTheListsAndDivisionsOfTheAgreementAreRead(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[1]))
	h.load(home(3, danzhou[0]))
	h.agree(access.Agreement{ID: "a-narrow", Agency: "narrow", Divisions: []string{qionghai[0], danzhou[0]}, Lists: []string{"education"}})
	narrow := access.Caller{Agency: "narrow"}
	k := copyOf(h, narrow)
	for key, r := range k.rows {
		if key.list != "education" || r.GetVillage() == qionghai[1] {
			t.Errorf("%s in %s", key.list, r.GetVillage())
		}
	}
	if len(k.rows) != 2 {
		t.Errorf("%d rows", len(k.rows))
	}
	for _, scope := range []feed.Request{{Lists: []string{"education", "medical-insurance"}}, {Divisions: []string{qionghai[1]}}, {Lists: []string{"education"}, Divisions: []string{province}}} {
		_, err := h.Pull(t.Context(), narrow, hub.PullQuery{Scope: scope})
		h.refused(err, fault.NoAgreement)
	}
	_, err := h.Pull(t.Context(), narrow, hub.PullQuery{Scope: feed.Request{Lists: []string{"unknown"}}})
	h.refused(err, fault.ListNotFound)
	_, err = h.Pull(t.Context(), narrow, hub.PullQuery{Scope: feed.Request{Divisions: []string{"469999999999"}}})
	h.refused(err, fault.DivisionNotFound)
	h.refused(h.pullOnce(reader, k.cursor), fault.CursorForeign)
	_, err = h.Pull(t.Context(), narrow, hub.PullQuery{Cursor: k.cursor, Scope: feed.Request{Lists: []string{"education"}}})
	h.refused(err, fault.CursorScope)
}

func TestAHouseholdThatLeavesTheScopeLeavesTheCopy(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.agree(access.Agreement{ID: "a-old", Agency: "old", Divisions: qionghai[:1], Lists: allLists})
	k := copyOf(h, access.Caller{Agency: "old"})
	rows := len(k.rows)
	here := h.move(h.find("HH-0001"), qionghai[1])
	for _, c := range k.pull() {
		if c.op != "LEFT_SCOPE" || c.cause != "MOVED" {
			t.Errorf("%+v", c)
		}
	}
	if len(k.rows) != 0 || len(k.changes) != rows {
		t.Errorf("%d rows left, %d changes", len(k.rows), len(k.changes))
	}
	here = h.move(here, qionghai[0])
	if k.pull(); len(k.rows) != rows {
		t.Errorf("it came back with %d rows of %d", len(k.rows), rows)
	}
	h.move(here, danzhou[0])
	if k.pull(); len(k.rows) != 0 || len(ended(k.changes)) > 0 {
		t.Errorf("%d rows left, %d ends", len(k.rows), len(ended(k.changes)))
	}
}

func TestAnExpiredAgreementIsTheEndOfReadingOnly(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.agree(access.Agreement{ID: "a-1", Agency: "brief", Divisions: []string{qionghai[0], danzhou[0]}, Lists: []string{"education"}, Until: today})
	brief := access.Caller{Agency: "brief"}
	k := copyOf(h, brief)
	if k.end.GetAgreementEndsOn() != string(today) {
		t.Errorf("ends on %q", k.end.GetAgreementEndsOn())
	}
	h.clock.day(tomorrow)
	h.load(home(2, qionghai[0]))
	sent, err := h.Pull(t.Context(), brief, hub.PullQuery{Cursor: k.cursor})
	h.ok(err)
	p := decoded(t, sent)
	var villages []string
	for _, l := range p.GetLeftScope() {
		if l.GetList() != "education" || l.GetCause() != "AGREEMENT_EXPIRED" {
			t.Errorf("%v", l)
		}
		villages = append(villages, l.GetVillages()...)
	}
	slices.Sort(villages)
	if want := []string{danzhou[0], qionghai[0]}; !slices.Equal(villages, want) || len(p.GetTransactions())+len(p.GetBlocks()) > 0 {
		t.Errorf("left %v, and got %d transactions", villages, len(p.GetTransactions()))
	}
	h.refused(h.pullOnce(brief, p.GetCursor()), fault.AgreementExpired)
	h.refused(h.pullOnce(brief, ""), fault.AgreementExpired)
	_, _, err = h.ListRecords(t.Context(), brief, "education", qionghai[0], 0, "")
	h.refused(err, fault.AgreementExpired)

	h.agree(access.Agreement{ID: "a-2", Agency: "brief", Divisions: []string{qionghai[0]}, Lists: []string{"education"}}) // renewed
	h.refused(h.pullOnce(brief, p.GetCursor()), fault.CursorScope)
	if k := copyOf(h, brief); len(k.rows) != 2 {
		t.Errorf("%d rows after the renewal", len(k.rows))
	}
}

func TestAnAgreementThatGrowsNeedsANewLoad(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[1]))
	growing := access.Caller{Agency: "growing"}
	a := access.Agreement{ID: "a-1", Agency: "growing", Divisions: qionghai[:1], Lists: []string{"education"}}
	h.agree(a)
	k := copyOf(h, growing)
	named, err := h.Pull(t.Context(), growing, hub.PullQuery{Scope: feed.Request{Lists: a.Lists, Divisions: a.Divisions}})
	h.ok(err)
	a.Divisions = qionghai[:2]
	h.agree(a)
	h.refused(h.pullOnce(growing, k.cursor), fault.CursorScope)
	h.ok(h.pullOnce(growing, named.Cursor)) // who named a scope reads on
	a.Divisions = qionghai[1:2]
	h.agree(a)
	sent, err := h.Pull(t.Context(), growing, hub.PullQuery{Cursor: named.Cursor})
	h.ok(err)
	if l := sent.LeftScope; len(l) != 1 || l[0].GetCause() != "AGREEMENT_CHANGED" {
		t.Errorf("%v", l)
	}
}

func TestAnAgreementNamesWhatExists(t *testing.T) {
	h := newHouse(t)
	err := h.SaveAgreement(t.Context(), access.Agreement{ID: "x", Agency: "y", Lists: []string{"unknown"}, Divisions: []string{"1"}, Purpose: "p", From: today})
	h.violated(err, "lists[0]", fault.ListNotFound)
	h.violated(err, "divisions[0]", fault.DivisionNotFound)
	h.violated(err, "basis", fault.Required)
	all, err := h.Agreements(t.Context(), "")
	if err != nil || len(all) != len(agreements()) {
		t.Fatal(len(all), err)
	}
	if one, err := h.Agreements(t.Context(), "reader"); err != nil || len(one) != 1 || one[0].ID != "a-reader" {
		t.Fatal(one, err)
	}
}
