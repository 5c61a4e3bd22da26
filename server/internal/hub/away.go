package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/store"
)

// reached is a store whose failures to be reached are faults that tell the caller to
// repeat: a database that is restarted is no defect of the hub's.
type reached struct{ store.Store }

func (r reached) View(ctx context.Context, fn func(store.Reader) error) error {
	return reachFault(r.Store.View(ctx, fn))
}

func (r reached) Update(ctx context.Context, fn func(store.Tx) error) error {
	return reachFault(r.Store.Update(ctx, fn))
}

func (r reached) AuditTrail(ctx context.Context, from, to time.Time, fn func(store.AuditEntry) error) error {
	return reachFault(r.Store.AuditTrail(ctx, from, to, fn))
}

func (r reached) Deliveries(ctx context.Context, q store.DeliveryQuery, fn func(store.Delivery) error) error {
	return reachFault(r.Store.Deliveries(ctx, q, fn))
}

func (r reached) OpenReadings(ctx context.Context, actions []string, from, to time.Time, fn func(store.AuditEntry) error) error {
	return reachFault(r.Store.OpenReadings(ctx, actions, from, to, fn))
}

func reachFault(err error) error {
	switch {
	case fault.Of(err) != nil:
		return err
	case errors.Is(err, store.ErrUnknown):
		return fmt.Errorf("%w: %w", fault.New(fault.OutcomeUnknown), err)
	case errors.Is(err, store.ErrAway):
		return fmt.Errorf("%w: %w", fault.New(fault.StoreBusy), err)
	}
	return err
}
