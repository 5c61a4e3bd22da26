package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/store"
)

// saveIntent keeps what must be done in an area, also after a crash, until finish has done it.
func (h *Hub) saveIntent(ctx context.Context, tx store.Tx, i store.Intent, work any) error {
	plain, err := json.Marshal(work)
	if err != nil {
		return err
	}
	if i.Document, err = h.Keys.Seal(plain, intentContext(i.ID)); err != nil {
		return err
	}
	return tx.SaveIntent(ctx, i)
}

// finish takes up every unfinished intent of a kind; one that fails is in no other's way.
// do has to delete the intent, and has to bear being asked twice.
func finish[Work any](ctx context.Context, h *Hub, kind string, do func(context.Context, string, Work) error) error {
	var open []store.Intent
	err := h.Store.View(ctx, func(r store.Reader) (err error) {
		open, err = r.Intents(ctx, kind)
		return err
	})
	for _, i := range open {
		work, wrong := openIntent[Work](h, i)
		if wrong == nil {
			wrong = do(ctx, i.ID, work)
		}
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("intent %s: %w", i.ID, wrong))
		}
	}
	return err
}

func openIntent[Work any](h *Hub, i store.Intent) (work Work, err error) {
	plain, err := h.Keys.Open(i.Document, intentContext(i.ID))
	if err != nil {
		return work, err
	}
	return work, json.Unmarshal(plain, &work)
}

// unfinished tells whether an intent that was read of before is there still: another hub may
// have finished it, and what came after that must not be undone.
func unfinished(ctx context.Context, r store.Reader, kind, id string) (bool, error) {
	open, err := r.Intents(ctx, kind)
	return slices.ContainsFunc(open, func(i store.Intent) bool { return i.ID == id }), err
}

func intentContext(id string) []byte { return []byte("intent\x00" + id) }
