package hub

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// Where few changes have come since a block was built, they are laid over its old bytes; that
// costs less than reading and opening all its records. What comes out is the same.

// news is what has changed in a block of which there are old bytes.
type news struct {
	built   int64
	changes []store.Change
}

// changedSince gives the changes of blocks of one list since each was built; nil where there
// are so many, or so many transactions, that reading the records costs less.
func changedSince(ctx context.Context, r store.Reader, head store.Head, blocks []store.Block) (map[string]*news, error) {
	out, after, worth := map[string]*news{}, head.Last, int64(0)
	for _, b := range blocks {
		if b.Bytes == nil || b.Built+1 < head.OldestKept {
			continue
		}
		out[b.Village] = &news{built: b.Built}
		after, worth = min(after, b.Built), worth+b.Count
	}
	if len(out) == 0 || head.Last-after > worth {
		return nil, nil
	}
	q := store.ChangeQuery{Area: head.Area, After: after, UpTo: head.Last, Lists: []string{blocks[0].List}}
	err := r.Changes(ctx, q, func(c store.Change) error {
		if worth--; worth < 0 {
			return errEnough
		}
		for _, village := range []string{c.Village, c.FromVillage} {
			if s := out[village]; s != nil && c.Transaction > s.built {
				s.changes = append(s.changes, c)
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil, nil
	}
	return out, err
}

// mend gives a block's records by its old bytes and the changes since; false where that
// cannot be what stands in the store.
func (h *Hub) mend(b store.Block, s *news) (plain []byte, ok bool, err error) {
	old := b
	old.Transaction = b.Built
	packed, err := h.Keys.Open(b.Bytes, blockContext(old))
	if err != nil {
		return nil, false, nil //nolint:nilerr // of another program or key: they are built anew
	}
	records, err := wire.Unpack(nil, packed)
	if err != nil {
		return nil, false, nil //nolint:nilerr // as above
	}
	rows, err := h.overlaid(b, s, records)
	if err != nil || int64(len(rows)) != b.Count {
		return nil, false, err
	}
	return joined(rows), true, nil
}

// row is a record of a block as it stands there.
type row struct {
	household, person string
	record            []byte // nil: it is gone
}

func byKey(a, b row) int {
	return cmp.Or(cmp.Compare(a.household, b.household), cmp.Compare(a.person, b.person))
}

func joined(rows []row) []byte {
	records := make([][]byte, len(rows))
	for i, r := range rows {
		records[i] = r.record
	}
	return slices.Concat(records...)
}

// overlaid gives the rows of a block after the changes, in their order.
func (h *Hub) overlaid(b store.Block, s *news, records []byte) ([]row, error) {
	changed := map[[2]string]row{}
	for _, c := range s.changes {
		r := row{household: c.Household, person: c.Person}
		if c.Village == b.Village && (c.Op == string(feed.Upsert) || c.Op == string(feed.Moved)) {
			fields, err := h.openRow(b.Area, c.Key, c.Document)
			if err != nil {
				return nil, err
			}
			r.record = wire.AppendRecord(nil, c.Household, c.Person, c.Transaction, fields)
		}
		changed[[2]string{c.Household, c.Person}] = r
	}
	rows := make([]row, 0, b.Count)
	err := wire.EachRecord(records, func(household, person string, record []byte) {
		if _, over := changed[[2]string{household, person}]; !over {
			rows = append(rows, row{household, person, record})
		}
	})
	for _, r := range changed {
		if r.record != nil {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, byKey)
	return rows, err
}
