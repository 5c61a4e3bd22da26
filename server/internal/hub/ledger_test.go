package hub_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// delivered lists the ledger of an area as the bureau sees it.
func (h *house) delivered(q hub.DeliveryQuery) []hub.Delivery {
	h.Helper()
	if q.Area == "" {
		q.Area = "qionghai"
	}
	all, next, err := h.Deliveries(h.Context(), clerk, q)
	if h.ok(err); next != "" {
		h.Fatal("there is another page")
	}
	return all
}

// stretches writes deliveries down shortly.
func stretches(all []hub.Delivery) (out []string) {
	for _, d := range all {
		text := fmt.Sprintf("%s %d-%d", d.Agency, d.From, d.To)
		if d.Load {
			text += " load"
		}
		if d.Assumed {
			text += " assumed"
		}
		out = append(out, text)
	}
	return out
}

func (h *house) deliveredAre(q hub.DeliveryQuery, want ...string) {
	h.Helper()
	if got := stretches(h.delivered(q)); !slices.Equal(got, want) {
		h.Errorf("the ledger says %q, not %q", got, want)
	}
}

func TestWhatIsPulledStandsInTheLedger(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	_, err := h.Pull(t.Context(), reader, hub.PullQuery{})
	h.ok(err)
	k := copyOf(h, reader)
	h.load(home(2, qionghai[0]))
	h.load(home(3, qionghai[0]))
	k.size = 1000
	k.pull()
	k.pull() // nothing new
	all := h.delivered(hub.DeliveryQuery{})
	if got := stretches(all[len(all)-1:]); !slices.Equal(got, []string{"reader 1-3"}) {
		t.Errorf("the last one is %q", got)
	}
	for _, d := range all[:len(all)-1] {
		if !d.Load || d.From != 1 || d.To != 1 {
			t.Errorf("the load: %+v", d)
		}
	}
	want := slices.Sorted(slices.Values(allLists))
	if d := all[0]; d.Client != reader.Client || !slices.Equal(d.Lists, want) || d.Assumed || d.Time.IsZero() {
		t.Errorf("%+v", d)
	}
}

func TestWhatWasRefusedOrFailedIsNoDelivery(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	_, err := h.Pull(t.Context(), stranger, hub.PullQuery{})
	h.refused(err, fault.NoAgreement)
	_, err = h.Pull(t.Context(), reader, hub.PullQuery{Cursor: "AAAA"})
	h.refused(err, fault.CursorInvalid)
	if err := h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return errInjected }); err == nil {
		t.Error("the reader's failure was swallowed")
	}
	h.deliveredAre(hub.DeliveryQuery{})
}

func TestWhatIsFollowedStandsInTheLedgerInEachArea(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agreeWest()
	h.load(home(1, qionghai[0]))
	h.load(home(2, danzhou[0]))
	h.load(home(3, danzhou[0]))
	for _, c := range []access.Caller{reader, west} {
		h.ok(h.Follow(t.Context(), c, hub.FollowQuery{}, func(*wire.Page) error { return nil }))
	}
	h.deliveredAre(hub.DeliveryQuery{}, "reader 1-1 load")
	h.deliveredAre(hub.DeliveryQuery{Area: "danzhou"}, "reader 2-2 load", "west 2-2 load")
	h.deliveredAre(hub.DeliveryQuery{Area: "danzhou", Agency: "west"}, "west 2-2 load")
}

// A stream tells each stretch once, also where an entry could not be written.
func TestAnOpenStreamTellsEachStretchOnce(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	var fail atomic.Bool
	failed := make(chan struct{})
	h.store.failAudit = func(e store.AuditEntry) bool {
		if e.Outcome != store.OutcomeSent || !fail.CompareAndSwap(true, false) {
			return false
		}
		close(failed)
		return true
	}
	ctx, cancel := context.WithCancel(t.Context())
	ends, done := h.live(ctx, reader)
	ends(1)
	h.load(home(2, qionghai[0]))
	ends(2)
	fail.Store(true)
	h.load(home(3, qionghai[0]))
	<-failed
	h.load(home(4, qionghai[0]))
	ends(3)
	want := []string{"reader 1-1 load", "reader 1-2", "reader 2-4"}
	h.deliveredAre(hub.DeliveryQuery{}, want...)
	cancel()
	<-done
	h.deliveredAre(hub.DeliveryQuery{}, want...)
}

func TestAReadingThatNeverEndedIsAssumedToHaveHandedOutEverything(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Action == "sync.follow" && e.Of != "" }
	h.ok(h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return nil }))
	h.store.failAudit = nil
	begun := h.Today()
	h.deliveredAre(hub.DeliveryQuery{}, "reader 1-1 load assumed")
	h.load(home(2, qionghai[0]))
	h.deliveredAre(hub.DeliveryQuery{}, "reader 1-2 load assumed")
	h.deliveredAre(hub.DeliveryQuery{Agency: "west"})
	h.clock.day(begun.AddDays(40)) // it has broken off by then
	h.load(home(3, qionghai[0]))
	h.deliveredAre(hub.DeliveryQuery{From: begun}, "reader 1-2 load assumed")
	h.deliveredAre(hub.DeliveryQuery{})
}

// What a stream has told of is not assumed once more.
func TestAStreamThatBrokeOffIsAssumedBeyondWhatItTold(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	var fail atomic.Bool
	h.store.failAudit = func(e store.AuditEntry) bool { return fail.Load() && e.Action == "sync.follow" }
	ctx, cancel := context.WithCancel(t.Context())
	ends, done := h.live(ctx, reader)
	ends(1)
	h.deliveredAre(hub.DeliveryQuery{}, "reader 1-1 load")
	h.clock.day(h.Today().AddDays(40)) // longer than an unheard stream is believed to last
	h.load(home(2, danzhou[0]))        // but of this one something is heard
	ends(2)
	fail.Store(true)
	cancel()
	<-done
	h.load(home(3, qionghai[0]))
	h.deliveredAre(hub.DeliveryQuery{From: today}, "reader 1-1 load", "reader 1-2 assumed")
}

func TestTheLedgerIsReadPageByPage(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agreeWest()
	h.load(home(1, danzhou[0]))
	k, other := copyOf(h, reader), copyOf(h, west)
	for n := range 5 {
		h.load(home(2+n, danzhou[0]))
		h.store.failAudit = func(e store.AuditEntry) bool { return n%2 == 1 && e.Action == "sync.pull" && e.Of != "" }
		k.pull()
		other.pull()
		h.store.failAudit = nil
	}
	q := hub.DeliveryQuery{Area: "danzhou"}
	whole := h.delivered(q)
	for _, size := range []int{1, 2, 3, len(whole)} {
		var got []hub.Delivery
		q.PageSize, q.PageToken = size, ""
		for {
			page, next, err := h.Deliveries(t.Context(), clerk, q)
			if h.ok(err); len(page) > size {
				t.Fatalf("a page of %d has %d", size, len(page))
			}
			got = append(got, page...)
			if q.PageToken = next; next == "" {
				break
			}
		}
		if !slices.Equal(stretches(got), stretches(whole)) {
			t.Errorf("in pages of %d: %q, not %q", size, stretches(got), stretches(whole))
		}
	}
	if !slices.IsSortedFunc(whole, func(a, b hub.Delivery) int { return a.Time.Compare(b.Time) }) || !slices.ContainsFunc(whole, func(d hub.Delivery) bool { return d.Assumed }) {
		t.Errorf("%q", stretches(whole))
	}
	q.PageSize, q.PageToken = 1, ""
	_, next, err := h.Deliveries(t.Context(), clerk, q)
	h.ok(err)
	_, _, err = h.Deliveries(t.Context(), clerk, hub.DeliveryQuery{Area: "danzhou", Agency: "west", PageToken: next})
	h.refused(err, fault.PageTokenInvalid)
}

func TestTheLedgerIsForWhoeverOverseesTheArea(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	copyOf(h, reader)
	for _, c := range []access.Caller{stranger, reader, recipient("education"), county} {
		_, _, err := h.Deliveries(t.Context(), c, hub.DeliveryQuery{Area: "qionghai"})
		h.refused(err, fault.NoAgreement)
	}
	all, _, err := h.Deliveries(t.Context(), office, hub.DeliveryQuery{Area: "qionghai"}) // reads whole households
	if h.ok(err); len(all) == 0 {
		t.Error("the office sees nothing")
	}
	_, _, err = h.Deliveries(t.Context(), clerk, hub.DeliveryQuery{Area: "nowhere"})
	h.refused(err, fault.DivisionNotFound)
	_, _, err = h.Deliveries(t.Context(), clerk, hub.DeliveryQuery{Area: "qionghai", From: "2026-02-31"})
	h.violated(err, "from", fault.Malformed)
	_, _, err = h.Deliveries(t.Context(), clerk, hub.DeliveryQuery{Area: "qionghai", From: "2026-03-02", Until: "2026-03-01"})
	h.violated(err, "until", fault.DateOrder)
}

func TestTheLedgerIsAskedForByDay(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]))
	h.ok(h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return nil }))
	h.clock.day(h.Today().AddDays(31))
	h.deliveredAre(hub.DeliveryQuery{})
	for span, want := range map[[2]date.Date]int{
		{today, today}: 1, {today.AddDays(1), ""}: 0, {"", today}: 1, {"", today.AddDays(-1)}: 0, {today.AddDays(-9), today.AddDays(9)}: 1,
	} {
		if got := h.delivered(hub.DeliveryQuery{From: span[0], Until: span[1]}); len(got) != want {
			t.Errorf("%s: %d, not %d", span, len(got), want)
		}
	}
}

func TestAskingTheLedgerIsAudited(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	asked := map[string]func() error{
		"ledger.deliveries": func() error {
			_, _, err := h.Deliveries(t.Context(), clerk, hub.DeliveryQuery{Area: "qionghai"})
			return err
		},
		"ledger.replay": func() error {
			_, err := h.Replay(t.Context(), office, "reader", was.Household.ID, h.Today())
			return err
		},
		"ledger.recalls": func() error { _, err := h.Recalls(t.Context(), clerk, "qionghai", false); return err },
		"ledger.reconciliation": func() error {
			_, err := h.Reconciliation(t.Context(), clerk, "qionghai", "", "")
			return err
		},
	}
	by := map[string]string{"ledger.replay": office.Agency}
	for action, do := range asked {
		before, who := len(h.trail(0)), cmp.Or(by[action], clerk.Agency)
		h.ok(do())
		if e := h.trail(before); len(e) != 2 || e[0].Action != action || e[1].Of != e[0].ID || e[1].Outcome != "OK" || e[0].Agency != who {
			t.Errorf("%s: %+v", action, e)
		}
	}
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Of == "" }
	for _, do := range asked {
		h.refused(do(), fault.AuditUnavailable)
	}
}
