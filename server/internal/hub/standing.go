package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Standing is how an area stands, for whoever keeps the hub running.
type Standing struct {
	Area        string
	Transaction int64
	DerivedFor  date.Date
	Stale       int64 // blocks whose bytes are built anew when they are next wanted
}

// Standings tells how all areas stand that have had a transaction, ordered by area.
func (h *Hub) Standings(ctx context.Context) ([]Standing, error) {
	stale, err := h.Store.StaleBlocks(ctx)
	if err != nil {
		return nil, err
	}
	var out []Standing
	err = h.Store.View(ctx, func(r store.Reader) error {
		heads, err := r.Heads(ctx, nil)
		for _, hd := range heads {
			out = append(out, Standing{Area: hd.Area, Transaction: hd.Last, DerivedFor: date.Date(hd.DerivedFor), Stale: stale[hd.Area]})
		}
		return err
	})
	return out, err
}
