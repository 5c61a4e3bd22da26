package mirror

import (
	"cmp"
	"context"
	"slices"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// tally is what two copies of a village are compared by.
type tally struct {
	count  int64
	digest client.Digest
}

func (t tally) with(h client.Hash) tally { return tally{t.count + 1, t.digest.Add(h)} }

func (t tally) plus(o tally) tally {
	return tally{t.count + o.count, t.digest.Add(client.Hash(o.digest))}
}

// tallies are those of whole lists; a village without rows is absent.
type tallies map[Village]tally

// plus adds more rows of perhaps the same villages.
func (ts tallies) plus(more tallies) {
	for v, t := range more {
		ts[v] = ts[v].plus(t)
	}
}

// rows are those of all villages.
func (ts tallies) rows() (n int64) {
	for _, t := range ts {
		n += t.count
	}
	return n
}

// announced are the tallies that the hub gave.
func announced(end *hubv1.End) tallies {
	want := tallies{}
	for _, d := range end.GetDigests() {
		if d.GetCount() > 0 {
			t := tally{count: d.GetCount()}
			copy(t.digest[:], d.GetDigest())
			want[Village{d.GetList(), d.GetArea(), d.GetVillage()}] = t
		}
	}
	return want
}

// differing lists the villages whose tallies are not equal.
func differing(a, b tallies) []Village {
	var villages []Village
	for v, t := range a {
		if b[v] != t {
			villages = append(villages, v)
		}
	}
	for v := range b {
		if _, both := a[v]; !both {
			villages = append(villages, v)
		}
	}
	slices.SortFunc(villages, func(a, b Village) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Area, b.Area), cmp.Compare(a.Village, b.Village))
	})
	return villages
}

// compare lists the villages of the side that moves which differ from an End.
func (s *Syncer) compare(ctx context.Context, end *hubv1.End) ([]Village, error) {
	own := tallies{}
	err := s.config.Sink.update(ctx, func(tx sinkTx) error {
		if end.GetPartial() {
			return s.tallySome(ctx, tx, end, own)
		}
		for _, t := range s.tables(s.state.side) {
			if err := s.tally(ctx, tx, t, own); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return differing(announced(end), own), nil
}

// tallySome counts only the villages that an End names, as those of a live stream do.
func (s *Syncer) tallySome(ctx context.Context, tx sinkTx, end *hubv1.End, own tallies) error {
	for _, d := range end.GetDigests() {
		t := s.tables(s.state.side)[d.GetList()]
		if t == nil {
			continue
		}
		err := tallyRows(ctx, tx, t, s.state.side, " WHERE area = $1 AND village = $2", []any{d.GetArea(), d.GetVillage()}, own)
		if err != nil {
			return err
		}
	}
	return nil
}

// tallyRows adds the stored row hashes of a table to own.
func tallyRows(ctx context.Context, tx sinkTx, t *table, on side, where string, args []any, own tallies) error {
	v := Village{List: t.list.GetName()}
	var bytes []byte
	return tx.query(ctx, "SELECT area, village, row_hash FROM "+t.on(on)+where, args, func(scan func(...any) error) error {
		if err := scan(&v.Area, &v.Village, &bytes); err != nil {
			return err
		}
		own[v] = own[v].with(hashOf(bytes))
		return nil
	})
}

// hashOf takes a stored hash; one of a wrong length becomes one that no row has.
func hashOf(bytes []byte) (h client.Hash) {
	if len(bytes) == len(h) {
		copy(h[:], bytes)
	}
	return h
}
