package mirror

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
)

// minLimit is what any run may remove unasked, so that small lists aren't held for a handful of rows.
const minLimit = 10

// guard counts what a run removes. It is stored with every page: a run that was killed
// or held is the same run when it goes on, so a drop can't slip through in parts.
type guard struct {
	Rows    map[string]int64 `json:"rows,omitempty"`    // list → rows at the beginning; nil between runs
	Removed map[string]int64 `json:"removed,omitempty"` // list → rows removed since
	Day     string           `json:"day,omitempty"`     // newest derived_for seen; a live mirror's run is a day
}

func (g guard) clone() guard {
	return guard{Rows: maps.Clone(g.Rows), Removed: maps.Clone(g.Removed), Day: g.Day}
}

// heldError rolls back the transaction of what is held.
type heldError struct{ held *Held }

func (heldError) Error() string { return "mirror: held by the shrink guard" }

// check adds what was just removed and is heldError where that is more than may go unasked.
func (g *guard) check(removed counts, share float64, accept bool) error {
	byList := map[string]int64{}
	for c, n := range removed {
		byList[c.List] += n
	}
	held := &Held{Counts: removed.sorted()}
	for _, list := range slices.Sorted(maps.Keys(byList)) {
		if g.Removed == nil {
			g.Removed = map[string]int64{}
		}
		g.Removed[list] += byList[list]
		limit := max(minLimit, int64(math.Ceil(share*float64(g.Rows[list]))))
		if g.Removed[list] > limit {
			held.Lists = append(held.Lists, HeldList{List: list, Rows: g.Rows[list], Removed: g.Removed[list], Limit: limit})
		}
	}
	if len(held.Lists) > 0 && !accept && share < 1 { // rows that come back count each time they go
		return heldError{held}
	}
	return nil
}

// heldBy finds what the guard holds in an error chain; nil where it doesn't.
func heldBy(err error) *Held {
	h, _ := errors.AsType[heldError](err)
	return h.held
}

// beginGuard counts the visible rows, unless a run is being continued.
func (s *Syncer) beginGuard(ctx context.Context) error {
	if s.state.guard.Rows != nil {
		return nil
	}
	rows := map[string]int64{}
	err := s.config.Sink.update(ctx, func(tx sinkTx) error {
		for name, t := range s.visible {
			n, err := countRows(ctx, tx, t.on(live))
			if err != nil {
				return err
			}
			rows[name] = n
		}
		return nil
	})
	s.state.guard = guard{Rows: rows}
	return err
}

func countRows(ctx context.Context, tx sinkTx, from string, args ...any) (n int64, err error) {
	err = tx.query(ctx, "SELECT count(*) FROM "+from, args, func(scan func(...any) error) error { return scan(&n) })
	return n, err
}
