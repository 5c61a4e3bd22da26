package hub

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// stretch is what of an area's feed a removal made wrong.
type stretch struct {
	from int64 // first transaction that may show it
	back int64 // transaction from which on it is right again; 0: not there, or not yet
}

// standing is since when a removal stood on a household in an area, and since when its
// reversal does, by the revisions.
type standing struct {
	came, back time.Time // zero: never
	open       bool      // it stands there still
}

// stretchesOf finds, by area, the transactions by which a removal and its reversal became
// known: of its household and of all that the decision reached, in every area where they
// have been since.
func (h *Hub) stretchesOf(ctx context.Context, r store.Reader, c removal.Case) (map[string]stretch, error) {
	all, err := h.reached(ctx, r, c.Decision, c.Household, personsOf(c.Ends))
	if err != nil {
		return nil, err
	}
	if _, ok := all[c.Household]; !ok { // those who split off may have taken the decision along
		all[c.Household] = carrier{}
	}
	out := map[string]stretch{}
	for _, a := range h.Divisions.Areas() {
		times := map[string]standing{}
		for id := range all {
			s, err := h.standingOf(ctx, r, a.ID, id, c)
			if err != nil {
				return nil, err
			}
			if !s.came.IsZero() {
				times[id] = s
			}
		}
		if len(times) == 0 {
			continue
		}
		s, err := stretchOf(ctx, r, a.ID, times)
		if err != nil {
			return nil, err
		}
		if s.from > 0 {
			out[a.ID] = s
		}
	}
	return out, nil
}

// standingOf reads a household's revisions in an area since the announcement.
func (h *Hub) standingOf(ctx context.Context, r store.Reader, area, id string, c removal.Case) (s standing, err error) {
	all, err := r.Revisions(ctx, area, id)
	if err != nil {
		return s, err
	}
	for i := len(all) - 1; i >= 0; i-- { // the oldest first
		if all[i].Time.Before(announcedAt(c)) {
			continue
		}
		row, err := r.Revision(ctx, area, id, all[i].Revision, time.Time{})
		if err != nil {
			return s, err
		}
		facts, err := h.openHousehold(row)
		if err != nil {
			return s, err
		}
		removed, reversed := stands(facts, c.Decision), stands(facts, c.Reversal)
		if removed && s.came.IsZero() {
			s.came = row.Time
		}
		if removed && reversed && s.back.IsZero() && !row.Gone {
			s.back = row.Time
		}
		s.open = removed && !reversed && !row.Gone
	}
	return s, nil
}

// stretchOf finds the transactions that go with those times. An area is right again when
// every household is that has the reversal there.
func stretchOf(ctx context.Context, r store.Reader, area string, times map[string]standing) (out stretch, err error) {
	came, back := map[string]int64{}, map[string]int64{}
	err = r.Changes(ctx, store.ChangeQuery{Area: area}, func(ch store.Change) error {
		s, ok := times[ch.Household]
		if !ok {
			return nil
		}
		if came[ch.Household] == 0 && !ch.Time.Before(s.came) {
			came[ch.Household] = ch.Transaction
		}
		if back[ch.Household] == 0 && !s.back.IsZero() && !ch.Time.Before(s.back) {
			back[ch.Household] = ch.Transaction
		}
		return nil
	})
	open := false
	for id, s := range times {
		if n := came[id]; n > 0 && (out.from == 0 || n < out.from) {
			out.from = n
		}
		out.back, open = max(out.back, back[id]), open || s.open
	}
	if open {
		out.back = 0
	}
	return out, err
}

// announcedAt is when the decision was frozen.
func announcedAt(c removal.Case) time.Time {
	for _, s := range c.Steps {
		if s.Kind == removal.Announce {
			return s.Time.Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}
