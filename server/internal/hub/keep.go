package hub

import (
	"context"
	"errors"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// keeperLock is the lock under which the hub's own work is done, by one process at a time
// of all that run on the store. Its jobs bear being done twice, which is relied on where
// the lock is lost in the middle: derivation locks households and writes only what differs,
// and an intent is deleted in the transaction that does its work. So the calls that leave
// such work behind may try to do it at once, without the lock.
const keeperLock = "keeper"

const (
	keepPause = time.Minute     // between two rounds of the hub's own work
	heldPause = 5 * time.Second // while another process is at it: it may die
	askPause  = time.Second / 2 // for somebody who waits for it
)

// Keep does what must be done by itself until ctx ends: it finishes transfers, reversals
// and letters that a crash cut short, derives areas when the day or the catalogue has
// changed, and forgets old requests. Of several processes on one store one does a round; the others look again soon.
func (h *Hub) Keep(ctx context.Context) {
	for {
		pause := keepPause
		err := h.Store.Alone(ctx, keeperLock, h.ownWork)
		switch {
		case errors.Is(err, store.ErrHeld):
			pause = heldPause
		case err != nil && ctx.Err() == nil:
			h.Log.Error("own work failed; it is tried again in a minute", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		case <-h.kick:
		}
	}
}

// ownWork is one round. A process that waits for its restart after the store was migrated
// leaves it to those of the program that did that.
func (h *Hub) ownWork(ctx context.Context) error {
	if err := h.Store.CheckSchema(ctx); err != nil {
		return err
	}
	return errors.Join(h.FinishTransfers(ctx), h.FinishReversals(ctx), h.FinishLetters(ctx), h.deriveIfAble(ctx), h.forgetRequests(ctx))
}

// forgetRequests deletes the outcomes of requests that nobody repeats any more.
func (h *Hub) forgetRequests(ctx context.Context) error {
	before := h.Clock().Add(-RequestsKept)
	return h.Store.Update(ctx, func(tx store.Tx) error { return tx.PurgeRequests(ctx, before) })
}

func (h *Hub) deriveIfAble(ctx context.Context) error {
	d, err := h.Derive(ctx)
	if err == nil && d.Areas > 0 {
		h.Log.Info("derived", "areas", d.Areas, "households", d.Households, "changed", d.Changed)
	}
	return err
}

// wakeKeeper makes Keep look at once; without a keeper the next one finds the work.
func (h *Hub) wakeKeeper() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// DeriveAlone is Derive for somebody who asks for it beside running hubs: where one of them
// is at its own work it waits for that, and derives what is left. When it returns without
// an error, every area is derived.
func (h *Hub) DeriveAlone(ctx context.Context) (d Derived, err error) {
	for told := false; ; told = true {
		err = h.Store.Alone(ctx, keeperLock, func(ctx context.Context) error {
			d, err = h.Derive(ctx)
			return err
		})
		if !errors.Is(err, store.ErrHeld) {
			return d, err
		}
		if !told {
			h.Log.Info("another process does the hub's own work; waiting for it")
		}
		select {
		case <-ctx.Done():
			return d, ctx.Err()
		case <-time.After(askPause):
		}
	}
}
