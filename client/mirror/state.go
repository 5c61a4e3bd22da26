package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// state is where the mirror stands. While a load is under way there are two: that of
// the visible tables, which waits, and the load's, which moves.
type state struct {
	side      side
	cursor    string
	positions map[string]int64 // area → last transaction applied; nothing at or before it is applied again
	guard     guard            // of the visible tables
}

// load reads the state, and the tables that each side has.
func (s *Syncer) load(ctx context.Context) error {
	return s.config.Sink.update(ctx, func(tx sinkTx) error { return s.read(ctx, tx) })
}

func (s *Syncer) read(ctx context.Context, tx sinkTx) error {
	s.state = state{side: live, positions: map[string]int64{}}
	s.visible, s.staged, s.sums = map[string]*table{}, map[string]*table{}, sums{}
	err := tx.query(ctx, "SELECT side, cursor, positions, guard FROM hub_state ORDER BY side", nil, s.scanState)
	if err != nil {
		return err
	}
	return tx.query(ctx, "SELECT side, definition FROM hub_lists", nil, s.scanList)
}

// scanState takes over "live" first, then "loading": a load under way is what moves,
// but the guard is that of the visible tables.
func (s *Syncer) scanState(scan func(...any) error) error {
	st := state{}
	var positions, guardText string
	if err := scan(&st.side, &st.cursor, &positions, &guardText); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(positions), &st.positions); err != nil {
		return fmt.Errorf("mirror: damaged state: %w", err)
	}
	if err := json.Unmarshal([]byte(guardText), &st.guard); err != nil {
		return fmt.Errorf("mirror: damaged state: %w", err)
	}
	if st.side == loading {
		st.guard = s.state.guard
	}
	s.state = st
	return nil
}

func (s *Syncer) scanList(scan func(...any) error) error {
	var on side
	var text string
	if err := scan(&on, &text); err != nil {
		return err
	}
	list := &hubv1.List{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal([]byte(text), list); err != nil {
		return fmt.Errorf("mirror: damaged state: %w", err)
	}
	t, err := newTable(list)
	if err != nil {
		return err
	}
	s.tables(on)[list.GetName()] = t
	return nil
}

func (s *Syncer) tables(on side) map[string]*table {
	if on == loading {
		return s.staged
	}
	return s.visible
}

// claim fails with ErrBusy where somebody else has moved the cursor since it was read,
// and keeps others from moving it until the transaction ends.
func (s *Syncer) claim(ctx context.Context, tx sinkTx) error {
	n, err := tx.exec(ctx, "UPDATE hub_state SET cursor = cursor WHERE side = $1 AND cursor = $2", string(s.state.side), s.state.cursor)
	if err == nil && n == 0 {
		return ErrBusy
	}
	return err
}

// store writes a state, in the transaction that stores its rows. The guard belongs to
// the visible tables whichever side moves.
func (st *state) store(ctx context.Context, tx sinkTx) error {
	positions, err := json.Marshal(st.positions)
	if err != nil {
		return err
	}
	guardText, err := json.Marshal(st.guard)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "UPDATE hub_state SET cursor = $1, positions = $2 WHERE side = $3",
		st.cursor, string(positions), string(st.side)); err != nil {
		return err
	}
	_, err = tx.exec(ctx, "UPDATE hub_state SET guard = $1 WHERE side = 'live'", string(guardText))
	return err
}

// addTable makes the table of a list on that side and keeps the list's definition with it.
func addTable(ctx context.Context, tx sinkTx, on side, t *table) error {
	if err := tx.create(ctx, t, on); err != nil {
		return fmt.Errorf("mirror: table of list %q: %w", t.list.GetName(), err)
	}
	definition, err := protojson.Marshal(t.list)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, "INSERT INTO hub_lists (side, list, fingerprint, definition) VALUES ($1, $2, $3, $4)",
		string(on), t.list.GetName(), t.list.GetFingerprint(), string(definition))
	return err
}

func dropTable(ctx context.Context, tx sinkTx, on side, t *table) error {
	if _, err := tx.exec(ctx, "DROP TABLE "+t.on(on)); err != nil {
		return fmt.Errorf("mirror: table of list %q: %w", t.list.GetName(), err)
	}
	_, err := tx.exec(ctx, "DELETE FROM hub_lists WHERE side = $1 AND list = $2", string(on), t.list.GetName())
	return err
}

// next is a copy of the state to be changed while a page is applied.
func (s *Syncer) next() state {
	n := s.state
	n.positions = maps.Clone(n.positions)
	n.guard = n.guard.clone()
	return n
}
