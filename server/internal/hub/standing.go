package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Standing is how an area stands, for whoever keeps the hub running.
type Standing struct {
	Area        string
	Transaction int64
	DerivedFor  date.Date
	Stale       int64 // blocks whose bytes are built anew when they are next wanted
	Overdue     int64 // letters with which a recipient, or the office with an answer, is late
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
			s := Standing{Area: hd.Area, Transaction: hd.Last, DerivedFor: date.Date(hd.DerivedFor), Stale: stale[hd.Area]}
			if s.Overdue, err = h.overdue(ctx, r, hd.Area); err != nil {
				return err
			}
			out = append(out, s)
		}
		return err
	})
	return out, err
}

// overdue counts the letters of an area with which somebody is late.
func (h *Hub) overdue(ctx context.Context, r store.Reader, area string) (n int64, err error) {
	x := h.letterMoment(system, h.Clock())
	for _, waiting := range []letter.Waiting{letter.ForRecipients, letter.ForAnswer} {
		err := h.eachLetter(ctx, r, store.LetterQuery{Area: area, Waiting: string(waiting)}, func(_ store.Letter, l letter.Letter) {
			if v := letter.See(l, "", "", true, x); v.Overdue() {
				n++
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}
