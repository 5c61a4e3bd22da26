package mirror

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// recordKey is a row's identity within a list. The village is no part of it: a record
// that moves is one row all the time, so it can be neither lost nor kept twice.
type recordKey struct{ area, household, person string }

// change is what a page finally says about one record.
type change struct {
	recordKey
	village string
	number  int64         // transaction
	record  *hubv1.Record // nil: the record is gone
	op      string
	cause   string
}

// batch is what a page (or, when healing, all pages of a few villages) comes down to:
// for each list the newest word about each record.
type batch struct {
	lists     map[string]*listBatch
	left      []*hubv1.LeftScope
	counts    counts
	positions map[string]int64 // area → last transaction seen
	rows      int64            // records and changes taken in
}

type listBatch struct {
	index   map[recordKey]int
	changes []change
}

func newBatch() *batch {
	return &batch{lists: map[string]*listBatch{}, counts: counts{}, positions: map[string]int64{}}
}

// absorb takes a page in: blocks, transactions, lists left, in this order. Transactions
// at or before the area's position in applied are known already.
func (b *batch) absorb(p *page, applied map[string]int64) error {
	for i := range p.blocks {
		if err := b.absorbBlock(&p.blocks[i]); err != nil {
			return err
		}
	}
	return b.absorbChanges(p, applied)
}

// absorbBlock keeps copies: the records themselves are good for a step.
func (b *batch) absorbBlock(from *block) error {
	for r, err := range from.records {
		if err != nil {
			return fmt.Errorf("mirror: list %q in %s: %w", from.list, from.village, err)
		}
		b.rows++
		r = proto.CloneOf(r)
		key := recordKey{from.area, r.GetHousehold(), r.GetPerson()}
		b.put(from.list, change{recordKey: key, village: from.village, number: r.GetTransaction(), record: r})
	}
	return nil
}

func (b *batch) absorbChanges(p *page, applied map[string]int64) error {
	for _, t := range p.transactions {
		if t.GetNumber() <= max(applied[t.GetArea()], b.positions[t.GetArea()]) {
			continue
		}
		b.positions[t.GetArea()] = t.GetNumber()
		b.rows += int64(len(t.GetChanges()))
		for _, c := range t.GetChanges() {
			if err := b.add(t, c); err != nil {
				return err
			}
		}
	}
	b.left = append(b.left, p.left...)
	return nil
}

func (b *batch) add(t *hubv1.Transaction, c *hubv1.Change) error {
	ch := change{
		recordKey: recordKey{t.GetArea(), c.GetHousehold(), c.GetPerson()},
		village:   c.GetVillage(), number: t.GetNumber(), op: opName(c.GetOp()), cause: t.GetCause(),
	}
	switch c.GetOp() {
	case hubv1.Op_OP_UPSERT, hubv1.Op_OP_MOVED:
		ch.record = c.GetRecord()
		if ch.record == nil {
			return fmt.Errorf("mirror: transaction %d of %s: %s without a record", t.GetNumber(), t.GetArea(), ch.op)
		}
	case hubv1.Op_OP_ENDED:
		ch.cause = c.GetEnding().GetBasis()
	case hubv1.Op_OP_LEFT_SCOPE:
		ch.cause = c.GetCause()
	default:
		return fmt.Errorf("mirror: transaction %d of %s: operation %d is not known; this program is older than the hub", t.GetNumber(), t.GetArea(), c.GetOp())
	}
	b.counts.add(c.GetList(), ch.op, ch.cause, 1)
	b.put(c.GetList(), ch)
	return nil
}

// put keeps the newest change of a record; of two in one transaction, the later one.
func (b *batch) put(list string, c change) {
	l := b.lists[list]
	if l == nil {
		l = &listBatch{index: map[recordKey]int{}}
		b.lists[list] = l
	}
	i, known := l.index[c.recordKey]
	switch {
	case !known:
		l.index[c.recordKey] = len(l.changes)
		l.changes = append(l.changes, c)
	case c.number >= l.changes[i].number:
		l.changes[i] = c
	}
}

// rowsOf are the rows to store of a list.
func (l *listBatch) rowsOf(t *table) [][]any {
	rows := make([][]any, 0, len(l.changes))
	for _, c := range l.changes {
		if c.record != nil {
			rows = append(rows, t.values(c))
		}
	}
	return rows
}

// reason is why rows go: an operation and its cause.
type reason struct{ op, cause string }

// gone are the keys and transactions of the rows to remove, by reason.
func (l *listBatch) gone() map[reason][][]any {
	gone := map[reason][][]any{}
	for _, c := range l.changes {
		if c.record == nil {
			why := reason{c.op, c.cause}
			gone[why] = append(gone[why], []any{c.area, c.household, c.person, c.number})
		}
	}
	return gone
}
