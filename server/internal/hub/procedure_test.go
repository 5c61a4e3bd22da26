package hub_test

import (
	"reflect"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// set stores parameters that differ from the defaults.
func (h *house) set(who access.Caller, change func(*removal.Parameters)) (removal.Parameters, error) {
	p := removal.Defaults()
	p.From, p.Basis = h.Today(), "虚构县扶贫办通知"
	change(&p)
	return h.SetProcedure(h.Context(), who, "qionghai", p, h.request())
}

func TestParametersAreVersionedAndACaseGoesOnUnderItsOwn(t *testing.T) {
	h := newBureau(newHouse(t))
	few := h.fits(qionghai[0], 1, 2)
	first := h.carry(h.propose(few[0]), removal.Post)
	p, err := h.set(county, func(p *removal.Parameters) { p.PublicityDays = 20 })
	if h.ok(err); p.Version != 1 {
		t.Fatalf("version %d", p.Version)
	}
	later, err := h.set(county, func(p *removal.Parameters) { p.PublicityDays, p.From = 3, h.Today().AddDays(60) })
	if h.ok(err); later.Version != 2 {
		t.Fatalf("version %d", later.Version)
	}
	second := h.carry(h.propose(few[1]), removal.Post)
	if second.Parameters.Version != 1 || second.Until != h.Today().AddDays(20) {
		t.Errorf("a case under version %d waits until %s", second.Parameters.Version, second.Until)
	}
	h.clock.day(today.AddDays(8))
	if first, err = h.step(first, removal.Review); err != nil || first.Parameters.Version != 0 {
		t.Errorf("the older case goes on under version %d: %v", first.Parameters.Version, err)
	}
	_, err = h.step(second, removal.Review)
	h.hindered(err, fault.PublicityRunning)
	all, err := h.Procedure(t.Context(), "qionghai")
	if h.ok(err); len(all) != 3 || all[0].Version != 2 || all[1].PublicityDays != 20 || all[2].Version != 0 {
		t.Errorf("%v", all)
	}
	if other, err := h.Procedure(t.Context(), "danzhou"); err != nil || len(other) != 1 {
		t.Errorf("another area's are %v, %v", other, err)
	}
}

// openedUnder rewrites a case as a program would have stored it whose own parameters were others.
func (h *house) openedUnder(c hub.CaseState, change func(*removal.Parameters)) {
	h.Helper()
	h.ok(h.store.Update(h.Context(), func(tx store.Tx) error {
		row, err := tx.LockCase(h.Context(), c.Area, c.ID)
		h.ok(err)
		context := []byte("case\x00" + row.Area + "\x00" + row.ID)
		doc, err := h.keys.Open(row.Document, context)
		h.ok(err)
		was, err := wire.DecodeCase(doc)
		h.ok(err)
		change(&was.Parameters)
		doc, err = wire.EncodeCase(was)
		h.ok(err)
		row.Document, err = h.keys.Seal(doc, context)
		h.ok(err)
		row.Revision++
		return tx.SaveCase(h.Context(), row)
	}))
}

// The hub's own parameters are part of the program. A newer one must not change the rules of a
// case under way.
func TestACaseUnderTheHubsOwnParametersKeepsThemToo(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Post)
	h.openedUnder(c, func(p *removal.Parameters) { p.PublicityDays, p.Basis = 20, "虚构的旧依据" })
	h.clock.day(today.AddDays(19))
	_, err := h.step(h.now(c), removal.Review)
	h.hindered(err, fault.PublicityRunning)
	h.clock.day(today.AddDays(20))
	c, err = h.step(h.now(c), removal.Review)
	h.ok(err)
	want := removal.Defaults()
	want.PublicityDays, want.Basis = 20, "虚构的旧依据"
	if !reflect.DeepEqual(c.Parameters, want) {
		t.Errorf("it goes on under %+v", c.Parameters)
	}
}

// What is stored beside a case is as old as its last step; a calendar that was missing then may
// be there by now, and the other way round.
func TestUntilWhenACaseWaitsIsReckonedWhenItIsRead(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Post)
	for _, x := range []struct {
		days    int
		working bool
		until   date.Date
	}{{60, true, ""}, {9, true, today.AddDays(11)}, {9, false, today.AddDays(9)}} {
		h.openedUnder(c, func(p *removal.Parameters) { p.PublicityDays, p.WorkingDays = x.days, x.working })
		listed, _, err := h.Removals(t.Context(), county, hub.CaseQuery{Area: "qionghai", Waiting: removal.RoleReview})
		h.ok(err)
		for _, got := range append(listed, h.now(c)) {
			if got.Waiting != removal.RoleReview || got.Since != today || got.Until != x.until {
				t.Errorf("%d days: waits for %s since %s until %q, not until %q", x.days, got.Waiting, got.Since, got.Until, x.until)
			}
		}
	}
}

func TestWorkingDaysLeaveOutWeekends(t *testing.T) {
	h := newBureau(newHouse(t))
	_, err := h.set(county, func(p *removal.Parameters) { p.WorkingDays = true })
	h.ok(err)
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Post) // on a Monday
	if c.Until != today.AddDays(9) {
		t.Errorf("posted on %s it waits until %s", today, c.Until)
	}
	h.clock.day(today.AddDays(8)) // the seventh working day
	_, err = h.step(c, removal.Review)
	h.hindered(err, fault.PublicityRunning)
	h.clock.day(today.AddDays(9))
	_, err = h.step(c, removal.Review)
	h.ok(err)
}

func TestParametersAreSetByAPersonWhoConfirmsInTheAreaAndNotForThePast(t *testing.T) {
	h := newBureau(newHouse(t))
	same := func(*removal.Parameters) {}
	for _, x := range []struct {
		who    access.Caller
		reason fault.Reason
	}{
		{access.Caller{Agency: "county", Client: "test"}, fault.PersonMustAct},
		{township, fault.NoAgreement}, {villager, fault.NoAgreement}, {office, fault.NoAgreement},
	} {
		_, err := h.set(x.who, same)
		h.refused(err, x.reason)
	}
	_, err := h.set(county, func(p *removal.Parameters) { p.From = today.AddDays(-1) })
	h.violated(err, "parameters.from", fault.DateOrder)
	if all, err := h.Procedure(t.Context(), "qionghai"); err != nil || len(all) != 1 {
		t.Errorf("%v, error %v", all, err)
	}
}
