package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// held gives the agency's consumers in an area, and the records about the household that
// each of them held. It goes by area and lists: of the villages that were read the ledger
// knows nothing.
func (t *replay) held(ctx context.Context, l *ledger, area string) error {
	told, err := l.deliveries(ctx, area)
	if err != nil {
		return err
	}
	assumed, err := l.assumed(ctx, t.r, area)
	if err != nil {
		return err
	}
	by := map[string][]Delivery{}
	for _, d := range told {
		by[d.Client] = append(by[d.Client], Delivery{Delivery: d})
	}
	for _, d := range assumed { // last: what is known goes before what is assumed
		by[d.Client] = append(by[d.Client], d)
	}
	var changes []store.Change
	q := store.ChangeQuery{Area: area, Households: []string{t.out.Household}}
	if err := t.r.Changes(ctx, q, func(ch store.Change) error { changes = append(changes, ch); return nil }); err != nil {
		return err
	}
	for _, client := range slices.Sorted(maps.Keys(by)) {
		t.out.Readers = append(t.out.Readers, readerFrom(by[client]))
		if err := t.records(by[client], changes); err != nil {
			return err
		}
	}
	return nil
}

// furthest is the first of a consumer's deliveries that brought it furthest; with a list,
// of those that had it. False where there is none.
func furthest(all []Delivery, list string) (best Delivery, some bool) {
	for _, d := range all {
		if (list == "" || slices.Contains(d.Lists, list)) && (!some || d.To > best.To) {
			best, some = d, true
		}
	}
	return best, some
}

func readerFrom(all []Delivery) ReplayReader {
	last, _ := furthest(all, "")
	out := ReplayReader{Client: last.Client, Area: last.Area, Transaction: last.To, ReadAt: last.Time, Assumed: last.Assumed}
	for _, d := range all {
		out.Lists = union(out.Lists, d.Lists)
	}
	return out
}

// recordKey names a record of the household.
type recordKey struct{ list, person string }

// records folds the household's changes up to where the consumer had read each list.
func (t *replay) records(all []Delivery, changes []store.Change) error {
	standing := map[recordKey]store.Change{}
	for _, ch := range changes {
		last, reads := furthest(all, ch.List)
		if !reads || ch.Transaction > last.To {
			continue
		}
		k := recordKey{ch.List, ch.Person}
		switch feed.Op(ch.Op) {
		case feed.Upsert, feed.Moved:
			standing[k] = ch
		default:
			delete(standing, k)
		}
	}
	order := func(a, b recordKey) int { return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(a.person, b.person)) }
	for _, k := range slices.SortedFunc(maps.Keys(standing), order) {
		ch := standing[k]
		fields, err := t.hub.openRow(ch.Area, ch.Key, ch.Document)
		if err != nil {
			return err
		}
		rec, err := wire.DecodeRecord(ch.Area, ch.Village, ch.Household, ch.Person, ch.Transaction, fields)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Delivery) bool { return d.To >= ch.Transaction && slices.Contains(d.Lists, k.list) })
		t.out.Records = append(t.out.Records, ReplayRecord{
			Client: all[i].Client, List: k.list, Described: t.d.List(k.list), Record: rec, ReadAt: all[i].Time,
		})
	}
	return nil
}
