package hub

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
)

// sweepRun is how many households a derivation pass looks at in one snapshot.
const sweepRun = 500

// AreasAtOnce is how many areas are derived, or loaded from one file, at a time: while one
// waits for the store, another is computed.
const AreasAtOnce = 3

// Derived counts what a derivation pass did.
type Derived struct {
	Areas      int
	Households int // looked at
	Changed    int // whose lists or status differ
}

func (d *Derived) add(o Derived) {
	d.Areas += o.Areas
	d.Households += o.Households
	d.Changed += o.Changed
}

// ActionDerive is how the audit calls a run of the derivation.
const ActionDerive = "derive"

// system is the caller under which the hub's own jobs are audited.
var system = access.Caller{Agency: "hub", Client: "hubd"}

// Derive derives anew every area that has not been derived for today or under the
// active catalogue, and writes only differences. For a new day it looks at those
// households that are due by it, see catalogue.Due; under a new catalogue at all. It is
// resumable: cut at any point, the next run does what is missing. It is audited as one run.
func (h *Hub) Derive(ctx context.Context) (Derived, error) {
	due, err := h.due(ctx)
	if err != nil || len(due) == 0 {
		return Derived{}, err
	}
	var total Derived
	err = h.audited(ctx, system, ActionDerive, map[string]any{"areas": len(due), "on": h.Today()}, func() (any, error) {
		total, err = h.deriveAreas(ctx, due)
		return total, err
	})
	return total, err
}

// deriveAreas derives some at a time; after an error the store begins nothing for the others.
func (h *Hub) deriveAreas(ctx context.Context, due map[string]string) (total Derived, err error) {
	var counting sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(AreasAtOnce)
	for _, area := range slices.Sorted(maps.Keys(due)) {
		g.Go(func() error {
			d, err := h.deriveArea(ctx, area, due[area])
			counting.Lock()
			defer counting.Unlock()
			total.add(d)
			return err
		})
	}
	err = g.Wait()
	return total, err
}

// due lists the areas to derive, with the cause.
func (h *Hub) due(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := h.Store.View(ctx, func(r store.Reader) error {
		_, meta, err := h.writable(ctx, r)
		if err != nil {
			return err
		}
		heads, err := r.Heads(ctx, nil)
		if err != nil {
			return err
		}
		for _, hd := range heads {
			switch {
			case hd.Catalogue != meta.Catalogue:
				out[hd.Area] = feed.CauseCatalogue
			case date.Date(hd.DerivedFor) < h.Today():
				out[hd.Area] = feed.CauseDate
			}
		}
		return nil
	})
	return out, err
}

func (h *Hub) deriveArea(ctx context.Context, area, cause string) (Derived, error) {
	a := h.act(system, area, cause)
	catalogue, err := h.barrier(ctx, area)
	if err != nil {
		return Derived{}, err
	}
	total := Derived{Areas: 1}
	for after := ""; ; {
		run, err := h.outdated(ctx, a, after)
		if err != nil {
			return total, err
		}
		if err := h.rederive(ctx, a, run.outdated); err != nil {
			return total, err
		}
		total.Households += len(run.seen)
		total.Changed += run.changed
		if len(run.seen) < sweepRun {
			break
		}
		after = run.seen[len(run.seen)-1]
	}
	return total, h.Store.Update(ctx, func(tx store.Tx) error {
		return tx.SetDerivedFor(ctx, area, string(a.on), catalogue)
	})
}

// barrier takes and gives back the area's head: writers who began under the old
// catalogue have committed by then, and those who come later see the new one.
func (h *Hub) barrier(ctx context.Context, area string) (catalogue string, err error) {
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		_, meta, err := h.writable(ctx, tx)
		if err != nil {
			return err
		}
		heads, err := tx.Heads(ctx, []string{area})
		if err != nil {
			return err
		}
		catalogue = meta.Catalogue
		hd, _ := headOf(heads, area)
		return tx.SetDerivedFor(ctx, area, hd.DerivedFor, hd.Catalogue)
	})
	return catalogue, err
}

// sweep is what was found out about some households of an area.
type sweep struct {
	seen     []string // ids
	outdated []string // ids of those whose records, status or due day differ today
	changed  int      // how many of them not by the due day alone
}

// outdated looks at the next households of an area that can differ.
func (h *Hub) outdated(ctx context.Context, a act, after string) (out sweep, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		d, _, err := h.active(ctx, r)
		if err != nil {
			return err
		}
		var run []store.Household
		q := store.HouseholdQuery{Area: a.area, After: after, Limit: sweepRun}
		if a.cause == feed.CauseDate {
			q.DueBy = string(a.on)
		}
		if err := r.Households(ctx, q, func(row store.Household) error { run = append(run, row); return nil }); err != nil {
			return err
		}
		for _, row := range run {
			out.seen = append(out.seen, row.ID)
		}
		stored, err := h.storedByHousehold(ctx, r, a.area, out.seen)
		if err != nil {
			return err
		}
		for _, row := range run {
			if err := h.look(&out, d, a, row, stored[row.ID]); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// look compares a household with what is stored of it.
func (h *Hub) look(out *sweep, d *deriver, a act, row store.Household, stored []feed.Row) error {
	facts, err := h.openHousehold(row)
	if err != nil {
		return err
	}
	now, err := rows(d, a.area, facts, a.on)
	if err != nil {
		return err
	}
	changed := len(feed.Diff(stored, now)) > 0 || string(facts.SupportStatusOn(a.on)) != row.SupportStatus
	if changed {
		out.changed++
	}
	if changed || string(d.Due(facts, a.on)) != row.Due {
		out.outdated = append(out.outdated, row.ID)
	}
	return nil
}

func (h *Hub) storedByHousehold(ctx context.Context, r store.Reader, area string, ids []string) (map[string][]feed.Row, error) {
	stored, err := r.HouseholdRecords(ctx, area, ids)
	if err != nil {
		return nil, err
	}
	return byHousehold(stored), nil
}

// rederive derives households again under their locks and writes what differs, in
// as many transactions as it takes.
func (h *Hub) rederive(ctx context.Context, a act, ids []string) error {
	for len(ids) > 0 {
		done := 0
		err := h.update(ctx, a.area, func(tx store.Tx) (int64, error) {
			run := ids[:min(len(ids), ImportRun)]
			locked, err := h.lock(ctx, tx, a.area, run)
			if err != nil {
				return 0, err
			}
			var steps []transition
			for _, id := range run {
				if was, ok := locked[id]; ok && !was.row.Gone {
					steps = append(steps, h.again(a, was))
				}
			}
			n, some, err := h.appendSome(ctx, tx, a, steps)
			if done = len(run); some < len(steps) {
				if some == 0 && err == nil {
					err = store.ErrTooLarge
				}
				done = position(run, steps[some].ID)
			}
			return n, err
		})
		if err != nil {
			return err
		}
		ids = ids[done:]
	}
	return nil
}

// again is the step of a household whose facts stay as they are. Only a status that
// changes with the day makes a revision.
func (h *Hub) again(a act, was held) transition {
	return transition{
		ID: was.row.ID, Revision: was.row.Revision, Before: was.facts, After: was.facts,
		Same: string(was.facts.SupportStatusOn(a.on)) == was.row.SupportStatus,
	}
}

func position(ids []string, id string) int {
	for i, x := range ids {
		if x == id {
			return i
		}
	}
	return len(ids)
}
