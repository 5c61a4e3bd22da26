package mirror

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Causes of OpReload and OpHeal.
const (
	causeStored  = "STORED"
	causeRemoved = "REMOVED"
)

// sameKey holds for the rows s and old of a list's two tables that are the same record.
const sameKey = "s.area = old.area AND s.household = old.household AND s.person = old.person"

// differs says that a row of a load has to be written.
const differs = "excluded.row_hash <> old.row_hash OR excluded.hub_transaction <> old.hub_transaction"

// beginLoad throws away a load under way and begins another one with an empty cursor,
// beside the visible rows.
func (s *Syncer) beginLoad(ctx context.Context) error {
	planned := map[string]*table{}
	for _, name := range s.config.Lists {
		list, err := s.definition(ctx, name)
		if err != nil {
			return err
		}
		if planned[name], err = newTable(list); err != nil {
			return err
		}
	}
	next := state{side: loading, positions: map[string]int64{}, guard: s.state.guard}
	err := s.config.Sink.update(ctx, func(tx sinkTx) error {
		if err := forgetLoad(ctx, tx, s.staged); err != nil {
			return err
		}
		for _, on := range []side{live, loading} {
			if _, err := tx.exec(ctx, `INSERT INTO hub_state (side, cursor, positions, guard) VALUES ($1, '', '{}', '{}')
				ON CONFLICT (side) DO NOTHING`, string(on)); err != nil {
				return err
			}
		}
		for _, t := range planned {
			if err := addTable(ctx, tx, loading, t); err != nil {
				return err
			}
		}
		return next.store(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.state, s.staged, s.sums = next, planned, sums{}
	for name := range planned {
		s.sums.begin(name)
	}
	return nil
}

// forgetLoad removes everything that a load keeps, the given tables among it.
func forgetLoad(ctx context.Context, tx sinkTx, staged map[string]*table) error {
	for _, t := range staged {
		if err := dropTable(ctx, tx, loading, t); err != nil {
			return err
		}
	}
	for _, statement := range []string{"DELETE FROM hub_gone", "DELETE FROM hub_state WHERE side = 'loading'"} {
		if _, err := tx.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// reveal makes a complete load visible, in one transaction. Where a list has its table
// that stays and only rows that differ are written, so that readers are not locked out
// and views and grants of the department survive. Where it has none, or one with other
// fields, the load's own table takes that place.
func (s *Syncer) reveal(ctx context.Context, r *run) error {
	next := s.next()
	next.side = live
	visible := maps.Clone(s.visible)
	maps.Copy(visible, s.staged)
	stored, removed := counts{}, counts{}
	err := s.move(ctx, &next, func(tx sinkTx) (counts, error) {
		rest := maps.Clone(s.staged)
		for _, name := range slices.Sorted(maps.Keys(visible)) {
			taken, err := s.revealList(ctx, tx, name, stored, removed)
			if err != nil {
				return nil, fmt.Errorf("mirror: list %q: %w", name, err)
			}
			if taken {
				delete(rest, name)
			}
		}
		return removed, forgetLoad(ctx, tx, rest)
	})
	if err != nil {
		return err
	}
	s.visible, s.staged, s.sums = visible, map[string]*table{}, sums{}
	r.counts.merge(stored)
	r.counts.merge(removed)
	return nil
}

// revealList brings one visible table to the state of the load, and says whether the
// load's table was taken for it. A list that the load hasn't is no longer in the scope:
// its rows go, its table stays.
func (s *Syncer) revealList(ctx context.Context, tx sinkTx, name string, stored, removed counts) (taken bool, err error) {
	old, fresh := s.visible[name], s.staged[name]
	if fresh == nil {
		n, err := tx.exec(ctx, "DELETE FROM "+old.on(live))
		removed.add(name, OpReload, causeRemoved, n)
		return false, err
	}
	if old == nil || old.list.GetFingerprint() != fresh.list.GetFingerprint() {
		n, err := take(ctx, tx, old, fresh, removed)
		stored.add(name, OpReload, causeStored, n)
		return true, err
	}
	n, err := tx.exec(ctx, "DELETE FROM "+missing(old, fresh))
	if err != nil {
		return false, err
	}
	removed.add(name, OpReload, causeRemoved, n)
	n, err = tx.exec(ctx, fresh.upsert(live, "SELECT "+fresh.names+" FROM "+fresh.on(loading)+" WHERE true", differs))
	stored.add(name, OpReload, causeStored, n)
	return false, err
}

// missing are the visible rows, called old, that the load hasn't.
func missing(old, fresh *table) string {
	return old.on(live) + " AS old WHERE NOT EXISTS (SELECT 1 FROM " + fresh.on(loading) + " AS s WHERE " + sameKey + ")"
}

// take makes the load's table the visible one, in place of one with other fields, and
// counts its rows. All that takes long is done before readers are locked out.
func take(ctx context.Context, tx sinkTx, old, fresh *table, removed counts) (int64, error) {
	name := fresh.list.GetName()
	if old != nil {
		n, err := countRows(ctx, tx, missing(old, fresh))
		if err != nil {
			return 0, err
		}
		removed.add(name, OpReload, causeRemoved, n)
	}
	n, err := countRows(ctx, tx, fresh.on(loading))
	if err != nil {
		return 0, err
	}
	if err := tx.ripen(ctx, fresh); err != nil {
		return 0, err
	}
	if old != nil {
		if err := dropTable(ctx, tx, live, old); err != nil {
			return 0, err
		}
	}
	if err := tx.rename(ctx, fresh); err != nil {
		return 0, fmt.Errorf("table of list %q: %w", name, err)
	}
	_, err = tx.exec(ctx, "UPDATE hub_lists SET side = 'live' WHERE side = 'loading' AND list = $1", name)
	return n, err
}
