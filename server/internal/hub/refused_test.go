package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

func TestARecordThatMayNotBeReadLooksLikeNone(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.load(home(2, danzhou[0]))
	local := access.Caller{Agency: "local", Client: "t"}
	h.agree(access.Agreement{ID: "a-local", Agency: "local", Divisions: []string{danzhou[0]}, Lists: []string{"household-status"}})
	h.agree(access.Agreement{ID: "a-local-2", Agency: "local", Divisions: []string{qionghai[0]}, Lists: []string{"household-status"}, Until: "2020-01-01"})
	for _, c := range []access.Caller{local, stranger} {
		_, there := h.GetRecord(t.Context(), c, "household-status", h.find("HH-0001").Household.ID, "")
		_, none := h.GetRecord(t.Context(), c, "household-status", "hh_none", "")
		if there == nil || none == nil || there.Error() != none.Error() {
			t.Errorf("%s: an existing record gives %v, another %v", c.Agency, there, none)
		}
	}
	_, err := h.GetRecord(t.Context(), local, "household-status", h.find("HH-0002").Household.ID, "")
	h.ok(err)
	_, err = h.GetRecord(t.Context(), stranger, "household-status", "hh_none", "")
	h.refused(err, fault.NoAgreement)
}

func TestRefusedReadingsStandInTheAudit(t *testing.T) {
	h := newHouse(t)
	ask := feed.Request{Lists: []string{"education"}}
	send := func(*wire.Page) error { return nil }
	for _, tt := range []struct {
		action string
		reason fault.Reason
		do     func() error
	}{
		{"sync.pull", fault.NoAgreement, func() error { _, err := h.Pull(t.Context(), stranger, hub.PullQuery{Scope: ask}); return err }},
		{"sync.pull", fault.CursorInvalid, func() error { _, err := h.Pull(t.Context(), reader, hub.PullQuery{Cursor: "x"}); return err }},
		{"sync.pull", fault.SubscriptionNotFound, func() error { _, err := h.Pull(t.Context(), reader, hub.PullQuery{Subscription: "x"}); return err }},
		{"sync.follow", fault.NoAgreement, func() error { return h.Follow(t.Context(), stranger, hub.FollowQuery{Scope: ask}, send) }},
		{"sync.follow", fault.CursorInvalid, func() error { return h.Follow(t.Context(), reader, hub.FollowQuery{Cursor: "x"}, send) }},
	} {
		before := len(h.trail(0))
		h.refused(tt.do(), tt.reason)
		e := h.trail(before)
		if len(e) != 2 || e[0].Action != tt.action || e[0].Outcome != "" || e[1].Of != e[0].ID || e[1].Outcome != string(tt.reason) {
			t.Errorf("%s, %s: %+v", tt.action, tt.reason, e)
		}
	}
}
