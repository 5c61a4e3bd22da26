package hub_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// next pulls the page that a subscription stands before.
func (h *house) next(name string) *wire.Page {
	h.Helper()
	p, err := h.Pull(h.Context(), reader, hub.PullQuery{Subscription: name, PageSize: 1})
	h.ok(err)
	return decoded(h, p)
}

func TestASubscriptionGivesAPageAgainUntilItIsAcknowledged(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	scope := feed.Request{Lists: []string{"education", "household-status"}}
	sub, err := h.CreateSubscription(t.Context(), reader, "nightly", scope)
	h.ok(err)
	if !sub.Loading {
		t.Error("a new one is not loading")
	}
	rows := map[string]int{}
	for pages := 0; ; pages++ {
		first, again := h.next("nightly"), h.next("nightly")
		cursor := first.GetCursor()
		first.Cursor, again.Cursor = "", "" // sealed anew each time
		if !proto.Equal(first, again) {
			t.Fatal("the same page is another one")
		}
		for _, b := range first.GetBlocks() {
			rows[b.GetList()] += len(b.GetRecords())
		}
		var loading bool
		for range 2 { // twice is harmless
			sub, err = h.AdvanceSubscription(t.Context(), reader, "nightly", cursor)
			h.ok(err)
			loading = sub.Loading
		}
		if got, err := h.GetSubscription(t.Context(), reader, "nightly"); err != nil || got.Loading != loading {
			t.Fatal("it says otherwise when asked", err)
		}
		if loading != (first.GetEnd() == nil) {
			t.Fatalf("page %d: loading is %v", pages, loading)
		}
		if first.GetEnd() != nil {
			if pages < 1 {
				t.Fatal("one page only: nothing was tried")
			}
			break
		}
	}
	if rows["education"] != 1 || rows["household-status"] != 1 || len(rows) != 2 {
		t.Errorf("%v", rows)
	}
	h.load(home(2, qionghai[0]))
	if p := h.next("nightly"); len(p.GetTransactions()) != 1 || len(p.GetBlocks()) != 0 {
		t.Error("after the load it does not give the changes")
	}
}

func TestASubscriptionTakesNoCursorOfAnotherScopeOrAgency(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	other := access.Caller{Agency: "other"}
	h.agree(access.Agreement{ID: "a-other", Agency: "other", Divisions: []string{province}, Lists: allLists})
	_, err := h.CreateSubscription(t.Context(), reader, "nightly", feed.Request{Lists: []string{"education"}})
	h.ok(err)
	advance := func(c access.Caller, q hub.PullQuery) error {
		p, err := h.Pull(t.Context(), c, q)
		h.ok(err)
		_, err = h.AdvanceSubscription(t.Context(), reader, "nightly", p.GetCursor())
		return err
	}
	h.refused(advance(reader, hub.PullQuery{}), fault.CursorScope)
	h.refused(advance(reader, hub.PullQuery{Scope: feed.Request{Lists: []string{"education"}, Divisions: qionghai[:1]}}), fault.CursorScope)
	h.refused(advance(other, hub.PullQuery{Scope: feed.Request{Lists: []string{"education"}}}), fault.CursorForeign)
	if s, err := h.GetSubscription(t.Context(), reader, "nightly"); err != nil || s.Cursor != "" {
		t.Fatal("a refused cursor was kept", err)
	}
	h.ok(advance(reader, hub.PullQuery{Scope: feed.Request{Lists: []string{"education"}}}))

	for _, refused := range []func() error{
		func() error { _, err := h.GetSubscription(t.Context(), other, "nightly"); return err },
		func() error {
			_, err := h.Pull(t.Context(), other, hub.PullQuery{Subscription: "nightly"})
			return err
		},
		func() error { return h.DeleteSubscription(t.Context(), other, "nightly") },
	} {
		h.refused(refused(), fault.SubscriptionNotFound)
	}
}

func TestSubscriptionsAreKeptByName(t *testing.T) {
	h := newHouse(t)
	scope := feed.Request{Lists: []string{"education"}}
	for range 2 { // twice is harmless
		_, err := h.CreateSubscription(t.Context(), reader, "b", scope)
		h.ok(err)
	}
	_, err := h.CreateSubscription(t.Context(), reader, "b", feed.Request{Lists: []string{"housing"}})
	h.refused(err, fault.SubscriptionExists)
	_, err = h.CreateSubscription(t.Context(), stranger, "b", scope)
	h.refused(err, fault.NoAgreement)
	_, err = h.CreateSubscription(t.Context(), reader, "a", feed.Request{})
	h.ok(err)
	all, err := h.ListSubscriptions(t.Context(), reader)
	if err != nil || len(all) != 2 || all[0].Name != "a" || all[1].Name != "b" || all[1].Scope.Lists[0] != "education" {
		t.Fatal(all, err)
	}
	h.ok(h.DeleteSubscription(t.Context(), reader, "b"))
	h.refused(h.DeleteSubscription(t.Context(), reader, "b"), fault.SubscriptionNotFound)
	_, err = h.AdvanceSubscription(t.Context(), reader, "b", "x")
	h.refused(err, fault.CursorInvalid)
}
