package hub

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// RolesIn opens removalRoles to the tests.
func (h *Hub) RolesIn(ctx context.Context, c access.Caller, village string) (roles []removal.Role, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		roles, err = h.removalRoles(ctx, r, c, village)
		return err
	})
	return roles, err
}

// MayConfirm opens mayConfirmInArea to the tests.
func (h *Hub) MayConfirm(ctx context.Context, c access.Caller, area string) error {
	return h.Store.View(ctx, func(r store.Reader) error { return h.mayConfirmInArea(ctx, r, c, area) })
}

// OwnWork opens a round of the keeper to the tests.
func (h *Hub) OwnWork(ctx context.Context) error { return h.ownWork(ctx) }

// LoadPage is how many records a page of blocks holds while so many streams load.
func LoadPage(streams, asked int64) int64 {
	var l loads
	l.streams.Store(streams)
	return l.page(asked)
}

// Loading is how many streams are being loaded.
func Loading(h *Hub) int64 { return h.loads.streams.Load() }

// ErrApart opens errApart to the tests.
var ErrApart = errApart

// Together opens together to the tests.
type Together struct{ calls *together[string] }

// NewTogether serves calls by run.
func NewTogether(run func(context.Context, []string) error, atOnce, most int, patience time.Duration) *Together {
	return &Together{newTogether(run, atOnce, patience, most)}
}

// Serve opens together.serve.
func (t *Together) Serve(ctx context.Context, call string, size int) error {
	return t.calls.serve(ctx, call, size)
}

// Waiting is how many calls wait for the next inquiry.
func (h *Hub) Waiting() int { return h.counters.calls.Waiting() }

// OneInquiry lets one inquiry be under way at a time, however long it takes; nobody may be
// asking yet.
func (h *Hub) OneInquiry() { h.counters.calls.AtOnce = 1 }
