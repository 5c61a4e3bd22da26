package hub

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// stretch is what of an area's feed a removal made wrong.
type stretch struct {
	from int64 // first transaction that may show it
	back int64 // transaction by which the reversal stands; 0: not there, or not yet
	end  int64 // transaction from which on a first load shows nothing wrong
}

// standing is since when a removal stood on a household in an area, since when its reversal
// does, and when it was wrong no more: reversed, or gone from there.
type standing struct {
	came, back, end time.Time // zero: never
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
	for _, was := range slices.Backward(all) { // the oldest first
		if was.Time.Before(announcedAt(c)) {
			continue
		}
		row, err := r.Revision(ctx, area, id, was.Revision, time.Time{})
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
		switch wrong := removed && !reversed && !row.Gone; {
		case wrong:
			s.end = time.Time{}
		case !s.came.IsZero() && s.end.IsZero():
			s.end = row.Time
		}
	}
	return s, nil
}

// stretchOf finds the transactions that go with those times. An area is right again when
// every household is in which the removal stood there.
func stretchOf(ctx context.Context, r store.Reader, area string, times map[string]standing) (out stretch, err error) {
	found := map[string]stretch{}
	q := store.ChangeQuery{Area: area, Households: slices.Collect(maps.Keys(times))}
	err = r.Changes(ctx, q, func(ch store.Change) error {
		s, f := times[ch.Household], found[ch.Household]
		since(&f.from, s.came, ch)
		since(&f.back, s.back, ch)
		since(&f.end, s.end, ch)
		found[ch.Household] = f
		return nil
	})
	open := false
	for id, s := range times {
		f := found[id]
		if f.from > 0 && (out.from == 0 || f.from < out.from) {
			out.from = f.from
		}
		unseen := f.from > 0 && f.end == 0 // no transaction shows yet that it is right again
		out.back, out.end, open = max(out.back, f.back), max(out.end, f.end), open || s.end.IsZero() || unseen
	}
	if open {
		out.back, out.end = 0, math.MaxInt64
	}
	return out, err
}

// since notes the first transaction of a time or later.
func since(first *int64, at time.Time, ch store.Change) {
	if *first == 0 && !at.IsZero() && !ch.Time.Before(at) {
		*first = ch.Transaction
	}
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
