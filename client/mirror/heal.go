package mirror

import (
	"context"
	"strconv"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// villagesPerHeal bounds the rows held in memory while villages are fetched anew.
const villagesPerHeal = 64

// group is the part of the villages to heal that one pull fetches.
type group struct {
	list, area string
	villages   []string
}

// groups divides villages into pulls of one list in one area each.
func groups(villages []Village) (gs []group) {
	for _, v := range villages {
		last := len(gs) - 1
		if last < 0 || gs[last].list != v.List || gs[last].area != v.Area || len(gs[last].villages) == villagesPerHeal {
			gs = append(gs, group{list: v.List, area: v.Area})
			last++
		}
		gs[last].villages = append(gs[last].villages, v.Village)
	}
	return gs
}

// heal fetches villages anew, on the side that moves.
func (s *Syncer) heal(ctx context.Context, r *run, villages []Village) error {
	s.config.Log.Warn("villages differ from the hub, fetching them anew", "villages", len(villages))
	for _, g := range groups(villages) {
		b, position, err := s.fetch(ctx, g)
		if err != nil {
			return err
		}
		if err := s.replace(ctx, r, g, b, position); err != nil {
			return err
		}
		for _, v := range g.villages {
			r.result.Healed = append(r.result.Healed, Village{g.list, g.area, v})
		}
	}
	return nil
}

// fetch reads a group with an empty cursor up to its End, and checks it against that
// End. It gives the rows and the area's transaction at which they are true.
func (s *Syncer) fetch(ctx context.Context, g group) (*listBatch, int64, error) {
	b := newBatch()
	var end *hubv1.End
	scope := &hubv1.Scope{Lists: []string{g.list}, Divisions: g.villages}
	for p, err := range s.config.Client.Read(ctx, &hubv1.FollowRequest{Scope: scope, PageSize: s.config.PageSize}) {
		if err != nil {
			return nil, 0, err
		}
		if err := b.absorb(pageOf(p), nil); err != nil {
			return nil, 0, err
		}
		end = p.End
	}
	tables, err := s.tablesFor(ctx, s.state.side, []string{g.list})
	if err != nil {
		return nil, 0, err
	}
	l := b.lists[g.list]
	if l == nil {
		l = &listBatch{index: map[recordKey]int{}}
	}
	if d := differing(announced(end), l.tallies(tables[g.list])); len(d) > 0 {
		return nil, 0, &DifferError{Villages: d, Reason: "the hub's records and digests contradict each other"}
	}
	position := b.positions[g.area]
	for _, a := range end.GetAreas() {
		if a.GetArea() == g.area {
			position = max(position, a.GetTransaction())
		}
	}
	return l, position, nil
}

// tallies counts the rows of a batch.
func (l *listBatch) tallies(t *table) tallies {
	own := tallies{}
	for _, c := range l.changes {
		if c.record != nil {
			v := Village{t.list.GetName(), c.area, c.village}
			own[v] = own[v].with(t.rows.Hash(c.area, c.village, c.record))
		}
	}
	return own
}

// replace makes the group's villages equal to what was fetched. Rows that are newer
// than the fetch stay as they are.
func (s *Syncer) replace(ctx context.Context, r *run, g group, l *listBatch, position int64) error {
	on := s.state.side
	tables, err := s.tablesFor(ctx, on, []string{g.list})
	if err != nil {
		return err
	}
	t := tables[g.list]
	s.sums.forget(g.list)
	next := s.next()
	stored, removed := counts{}, counts{}
	err = s.move(ctx, &next, func(tx sinkTx) (counts, error) {
		if s.tables(on)[g.list] == nil {
			if err := addTable(ctx, tx, on, t); err != nil {
				return nil, err
			}
		}
		n, err := removeExtra(ctx, tx, t, on, g, l, position)
		if err != nil {
			return nil, err
		}
		removed.add(g.list, OpHeal, causeRemoved, n)
		rows := l.rowsOf(t)
		stored.add(g.list, OpHeal, causeStored, int64(len(rows)))
		return removed, tx.upsert(ctx, t, on, rows, notNewerThan(position))
	})
	if err != nil {
		return err
	}
	s.tables(on)[g.list] = t
	if on == live {
		r.counts.merge(stored)
		r.counts.merge(removed)
	}
	return nil
}

// notNewerThan lets fetched rows replace old ones of the same transaction, too: it is
// content that healing doubts. The number is written out since the rows take all arguments.
func notNewerThan(position int64) string {
	return "old.hub_transaction <= " + strconv.FormatInt(position, 10)
}

// removeExtra removes the rows of the group's villages that were not fetched.
func removeExtra(ctx context.Context, tx sinkTx, t *table, on side, g group, l *listBatch, position int64) (int64, error) {
	var extra [][]any
	for _, village := range g.villages {
		err := tx.query(ctx, "SELECT household, person FROM "+t.on(on)+" WHERE area = $1 AND village = $2 AND hub_transaction <= $3",
			[]any{g.area, village, position}, func(scan func(...any) error) error {
				key := recordKey{area: g.area}
				if err := scan(&key.household, &key.person); err != nil {
					return err
				}
				if i, fetched := l.index[key]; !fetched || l.changes[i].record == nil {
					extra = append(extra, []any{key.area, key.household, key.person})
				}
				return nil
			})
		if err != nil {
			return 0, err
		}
	}
	return tx.each(ctx, "DELETE FROM "+t.on(on)+" WHERE area = $1 AND household = $2 AND person = $3", extra)
}
