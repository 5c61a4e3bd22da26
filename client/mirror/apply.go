package mirror

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// newer is the one rule about old rows: only a later transaction replaces them.
const newer = "excluded.hub_transaction > old.hub_transaction"

// villagesPerStatement keeps a statement below every engine's limit of arguments.
const villagesPerStatement = 500

// apply stores one page: its rows and its cursor in one transaction, or nothing.
func (s *Syncer) apply(ctx context.Context, r *run, p *page) error {
	b := newBatch()
	if err := b.absorbChanges(p, s.state.positions); err != nil {
		return err
	}
	on, lists := s.state.side, p.lists()
	if on == live && (len(lists) > 0 || p.loading) {
		return errors.New("mirror: the hub sent a page of a load that was not asked for")
	}
	for name := range b.lists {
		lists[name] = true
	}
	tables, err := s.tablesFor(ctx, on, slices.Sorted(maps.Keys(lists)))
	if err != nil {
		return err
	}
	next := s.next()
	next.advance(p, b)
	var a *applier
	err = s.move(ctx, &next, func(tx sinkTx) (counts, error) {
		a = newApplier(tx, on)
		return a.removed, s.applyPage(ctx, a, p, b, tables)
	})
	if err != nil {
		return err
	}
	s.keep(a, tables)
	r.stored(p, b, a)
	if s.config.Progress != nil {
		s.config.Progress(Progress{Loading: on == loading, Pages: r.result.Pages, Rows: r.rows})
	}
	return nil
}

// move runs write and stores the next state in one transaction. Where the shrink guard
// holds what write removed from the visible tables, nothing happens.
func (s *Syncer) move(ctx context.Context, next *state, write func(sinkTx) (removed counts, err error)) error {
	err := s.config.Sink.update(ctx, func(tx sinkTx) error {
		if err := s.claim(ctx, tx); err != nil {
			return err
		}
		if next.side == loading {
			if err := tx.relax(ctx); err != nil {
				return err
			}
		}
		removed, err := write(tx)
		if err != nil {
			return err
		}
		if next.side == live {
			if err := next.guard.check(removed, s.config.MaxShrink, s.config.AcceptShrink); err != nil {
				return err
			}
		}
		return next.store(ctx, tx)
	})
	if err == nil {
		s.state = *next
	}
	return err
}

// advance moves the state over a page.
func (st *state) advance(p *page, b *batch) {
	st.cursor = p.cursor
	for area, number := range b.positions {
		st.positions[area] = max(st.positions[area], number)
	}
	for _, a := range p.end.GetAreas() {
		st.positions[a.GetArea()] = max(st.positions[a.GetArea()], a.GetTransaction())
	}
}

// tablesFor finds the tables of lists on a side; those that don't exist yet are only
// planned. The catalogue is asked before the transaction begins, not inside it.
func (s *Syncer) tablesFor(ctx context.Context, on side, lists []string) (map[string]*table, error) {
	tables := make(map[string]*table, len(lists))
	for _, name := range lists {
		if t := s.tables(on)[name]; t != nil {
			tables[name] = t
			continue
		}
		list, err := s.definition(ctx, name)
		if err != nil {
			return nil, err
		}
		if tables[name], err = newTable(list); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

// applier is one transaction on one side, with what it did there.
type applier struct {
	tx       sinkTx
	side     side
	rows     int64              // rows of blocks
	removed  counts             // rows that went, for the guard
	left     counts             // of them those of LeftScope
	added    map[string]tallies // list → rows that were simply added
	reworked map[string]bool    // lists whose rows were written in another way
}

func newApplier(tx sinkTx, on side) *applier {
	return &applier{tx: tx, side: on, removed: counts{}, left: counts{}, added: map[string]tallies{}, reworked: map[string]bool{}}
}

func (s *Syncer) applyPage(ctx context.Context, a *applier, p *page, b *batch, tables map[string]*table) error {
	for name, t := range tables {
		if s.tables(a.side)[name] == nil {
			if err := addTable(ctx, a.tx, a.side, t); err != nil {
				return err
			}
		}
	}
	if err := s.applyBlocks(ctx, a, p, tables); err != nil {
		return err
	}
	for name, l := range b.lists {
		if err := a.list(ctx, tables[name], l); err != nil {
			return err
		}
	}
	for _, left := range b.left {
		t := tables[left.GetList()]
		if t == nil {
			t = s.tables(a.side)[left.GetList()]
		}
		if t == nil {
			continue
		}
		if err := a.leave(ctx, t, left); err != nil {
			return err
		}
	}
	if a.side != loading || p.end == nil {
		return nil
	}
	return s.keyAll(ctx, a, tables)
}

// applyBlocks stores the rows of a page's blocks. As long as only blocks of a list came
// they are simply added, which is several times as fast as looking for each whether an
// older one is there; whether a record came twice is found out when the table gets its key.
func (s *Syncer) applyBlocks(ctx context.Context, a *applier, p *page, tables map[string]*table) error {
	open := map[string]*table{}
	for name := range p.lists() {
		keyed, err := a.tx.keyed(ctx, tables[name])
		switch {
		case err != nil:
			return err
		case !keyed:
			open[name] = tables[name]
		default:
			if err := a.merge(ctx, p, tables[name]); err != nil {
				return err
			}
		}
	}
	if !p.ready(open) {
		if err := p.prepare(s.config.Sink, open); err != nil {
			return err
		}
	}
	for name := range open {
		a.rows += p.sums[name].rows()
		if err := a.tx.append(ctx, p.made[name], p.rows); err != nil {
			return err
		}
		a.added[name] = p.sums[name]
	}
	return nil
}

// merge stores the rows of a page's blocks of one list, each where no newer one is there.
func (a *applier) merge(ctx context.Context, p *page, t *table) error {
	b := newBatch()
	for i := range p.blocks {
		if p.blocks[i].list == t.list.GetName() {
			if err := b.absorbBlock(&p.blocks[i]); err != nil {
				return err
			}
		}
	}
	a.rows += b.rows
	for _, l := range b.lists {
		if err := a.list(ctx, t, l); err != nil {
			return err
		}
	}
	return a.sweep(ctx, t)
}

// list stores and removes the rows of one list.
func (a *applier) list(ctx context.Context, t *table, l *listBatch) error {
	a.reworked[t.list.GetName()] = true
	if a.side == loading {
		if err := a.key(ctx, t); err != nil {
			return err
		}
	}
	if rows := l.rowsOf(t); len(rows) > 0 {
		if err := a.tx.upsert(ctx, t, a.side, rows, newer); err != nil {
			return err
		}
	}
	for why, keys := range l.gone() {
		n, err := a.tx.each(ctx, "DELETE FROM "+t.on(a.side)+
			" WHERE area = $1 AND household = $2 AND person = $3 AND hub_transaction < $4", keys)
		if err != nil {
			return err
		}
		a.removed.add(t.list.GetName(), why.op, why.cause, n)
		if a.side == loading {
			if err := a.bury(ctx, t, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

// bury remembers what left while a load is under way: an older block that comes later must not bring it back.
func (a *applier) bury(ctx context.Context, t *table, keys [][]any) error {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = append([]any{t.list.GetName()}, k...)
	}
	_, err := a.tx.each(ctx, `INSERT INTO hub_gone (list, area, household, person, hub_transaction) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (list, area, household, person) DO UPDATE SET hub_transaction = excluded.hub_transaction
		WHERE excluded.hub_transaction > hub_gone.hub_transaction`, rows)
	return err
}

// sweep removes what blocks brought back.
func (a *applier) sweep(ctx context.Context, t *table) error {
	n, err := countRows(ctx, a.tx, "hub_gone WHERE list = $1", t.list.GetName())
	if err != nil || n == 0 {
		return err
	}
	_, err = a.tx.exec(ctx, "DELETE FROM "+t.on(a.side)+` AS r WHERE EXISTS (SELECT 1 FROM hub_gone AS g WHERE g.list = $1
		AND g.area = r.area AND g.household = r.household AND g.person = r.person AND g.hub_transaction >= r.hub_transaction)`, t.list.GetName())
	return err
}

// leave drops the rows of villages that may no longer be read.
func (a *applier) leave(ctx context.Context, t *table, left *hubv1.LeftScope) error {
	a.reworked[t.list.GetName()] = true
	for villages := range slices.Chunk(left.GetVillages(), villagesPerStatement) {
		args, marks := make([]any, len(villages)), make([]string, len(villages))
		for i, v := range villages {
			args[i], marks[i] = v, "$"+strconv.Itoa(i+1)
		}
		n, err := a.tx.exec(ctx, "DELETE FROM "+t.on(a.side)+" WHERE village IN ("+strings.Join(marks, ", ")+")", args...)
		if err != nil {
			return err
		}
		a.removed.add(left.GetList(), OpLeftScope, left.GetCause(), n)
		a.left.add(left.GetList(), OpLeftScope, left.GetCause(), n)
	}
	return nil
}
