package mirror

import (
	"context"
	"maps"
)

// sums are what this Syncer itself added to the tables of a load, in transactions that
// were committed: list → tallies. Only lists are in it whose table it made and never
// touched but by adding rows, so that their rows need not be read back to be compared.
type sums map[string]tallies

// begin is for a list whose table was just made.
func (m sums) begin(list string) { m[list] = tallies{} }

// keep takes over what a committed page did, and the tables that it spoke of.
func (s *Syncer) keep(a *applier, tables map[string]*table) {
	known := s.tables(a.side)
	for name := range tables {
		if known[name] == nil && a.side == loading {
			s.sums.begin(name)
		}
	}
	maps.Copy(known, tables)
	for name, added := range a.added {
		if sum := s.sums[name]; sum != nil {
			sum.plus(added)
		}
	}
	for name := range a.reworked {
		s.sums.forget(name)
	}
}

// forget is for a list whose rows are written in any other way than by adding.
func (m sums) forget(list string) { delete(m, list) }

// summed gives the tallies of a load's table without reading its rows back: nil where they
// are not known, or where the table holds another number of rows than they count.
func (s *Syncer) summed(ctx context.Context, tx sinkTx, t *table) (tallies, error) {
	known := s.sums[t.list.GetName()]
	if known == nil || s.state.side != loading {
		return nil, nil
	}
	n, err := countRows(ctx, tx, t.on(loading))
	if err != nil || n != known.rows() {
		return nil, err
	}
	return known, nil
}

// tally adds the tallies of a side's table to own.
func (s *Syncer) tally(ctx context.Context, tx sinkTx, t *table, own tallies) error {
	known, err := s.summed(ctx, tx, t)
	if err != nil {
		return err
	}
	if known != nil {
		maps.Copy(own, known)
		return nil
	}
	return tallyRows(ctx, tx, t, s.state.side, "", nil, own)
}
