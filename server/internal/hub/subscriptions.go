package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Subscription is a cursor that the hub keeps by name, for callers that can't.
type Subscription struct {
	Name       string
	Scope      feed.Request
	AdvancedAt time.Time
	Loading    bool
	Cursor     string `json:"-"` // of the last page acknowledged, "" before the first
}

// subscriptionState is what is stored, sealed.
type subscriptionState struct {
	Scope   feed.Request
	Cursor  string
	Loading bool
}

// CreateSubscription makes a subscription; the same again is harmless.
func (h *Hub) CreateSubscription(ctx context.Context, c access.Caller, name string, scope feed.Request) (Subscription, error) {
	scope = scope.Normalised()
	if _, err := h.open(ctx, c, scope, ""); err != nil {
		return Subscription{}, err
	}
	var out Subscription
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		old, err := tx.Subscription(ctx, c.Agency, name)
		if err == nil {
			if out, err = h.openSubscription(old); err == nil && !equalRequest(out.Scope, scope) {
				err = fault.New(fault.SubscriptionExists, "name", name)
			}
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		out = Subscription{Name: name, Scope: scope, Loading: true}
		return h.saveSubscription(ctx, tx, c, out, 1)
	})
	return out, err
}

// GetSubscription shows one.
func (h *Hub) GetSubscription(ctx context.Context, c access.Caller, name string) (Subscription, error) {
	return h.subscription(ctx, c, name)
}

func (h *Hub) subscription(ctx context.Context, c access.Caller, name string) (out Subscription, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		row, err := r.Subscription(ctx, c.Agency, name)
		if errors.Is(err, store.ErrNotFound) {
			return fault.New(fault.SubscriptionNotFound, "name", named(name))
		}
		if err != nil {
			return err
		}
		out, err = h.openSubscription(row)
		return err
	})
	return out, err
}

// ListSubscriptions lists those of the caller's agency by name.
func (h *Hub) ListSubscriptions(ctx context.Context, c access.Caller) (out []Subscription, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		rows, err := r.Subscriptions(ctx, c.Agency)
		if err != nil {
			return err
		}
		for _, row := range rows {
			s, err := h.openSubscription(row)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// AdvanceSubscription says that the page with this cursor was stored. The cursor
// must be one of the caller's own, over the subscription's scope.
func (h *Hub) AdvanceSubscription(ctx context.Context, c access.Caller, name, cursor string) (Subscription, error) {
	cur, err := h.openCursor(cursor)
	if err != nil {
		return Subscription{}, err
	}
	if cur.Agency != c.Agency {
		return Subscription{}, fault.New(fault.CursorForeign)
	}
	var out Subscription
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		row, err := tx.Subscription(ctx, c.Agency, name)
		if errors.Is(err, store.ErrNotFound) {
			return fault.New(fault.SubscriptionNotFound, "name", named(name))
		}
		if err != nil {
			return err
		}
		if out, err = h.openSubscription(row); err != nil {
			return err
		}
		if !equalRequest(out.Scope, cur.Asked) {
			return fault.New(fault.CursorScope)
		}
		out.Cursor, out.Loading = cursor, cur.Loading
		return h.saveSubscription(ctx, tx, c, out, row.Version+1)
	})
	if errors.Is(err, store.ErrStale) {
		err = fault.New(fault.WrittenMeanwhile)
	}
	return out, err
}

// DeleteSubscription forgets one.
func (h *Hub) DeleteSubscription(ctx context.Context, c access.Caller, name string) error {
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Subscription(ctx, c.Agency, name); err != nil {
			return err
		}
		return tx.DeleteSubscription(ctx, c.Agency, name)
	})
	if errors.Is(err, store.ErrNotFound) {
		return fault.New(fault.SubscriptionNotFound, "name", named(name))
	}
	return err
}

func (h *Hub) saveSubscription(ctx context.Context, tx store.Tx, c access.Caller, s Subscription, version int64) error {
	plain, err := json.Marshal(subscriptionState{Scope: s.Scope, Cursor: s.Cursor, Loading: s.Loading})
	if err != nil {
		return err
	}
	sealed, err := h.Keys.Seal(plain, subscriptionContext(c.Agency, s.Name))
	if err != nil {
		return err
	}
	return tx.SaveSubscription(ctx, store.Subscription{Agency: c.Agency, Name: s.Name, Version: version, Document: sealed, Time: h.Clock()})
}

func (h *Hub) openSubscription(row store.Subscription) (Subscription, error) {
	plain, err := h.Keys.Open(row.Document, subscriptionContext(row.Agency, row.Name))
	if err != nil {
		return Subscription{}, fmt.Errorf("subscription %s: %w", row.Name, err)
	}
	var s subscriptionState
	if err := json.Unmarshal(plain, &s); err != nil {
		return Subscription{}, fmt.Errorf("subscription %s: %w", row.Name, err)
	}
	return Subscription{Name: row.Name, Scope: s.Scope, Cursor: s.Cursor, Loading: s.Loading, AdvancedAt: row.Time}, nil
}

func subscriptionContext(agency, name string) []byte {
	return []byte("subscription\x00" + agency + "\x00" + name)
}
