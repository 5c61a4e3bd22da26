package hub_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// rowKey names a record as consumers keep it.
type rowKey struct{ list, area, household, person string }

// change is one change as a consumer saw it.
type change struct {
	rowKey
	op, cause, basis, lastDay string
	transaction               int64
}

// copied is what a consumer has made of the pages that it got.
type copied struct {
	house   *house
	caller  access.Caller
	size    int
	cursor  string
	rows    map[rowKey]*wire.Record
	changes []change // of the last pull
	end     *wire.End
}

// copyOf begins a consumer's copy of all that it may read, and reads it once.
func copyOf(h *house, c access.Caller) *copied {
	h.Helper()
	k := &copied{house: h, caller: c, size: 7, rows: map[rowKey]*wire.Record{}}
	k.pull()
	return k
}

// pull reads up to the next End.
func (k *copied) pull() []change {
	k.house.Helper()
	k.changes, k.end = nil, nil
	for k.end == nil {
		p, err := k.house.Pull(k.house.Context(), k.caller, hub.PullQuery{Cursor: k.cursor, PageSize: k.size})
		k.house.ok(err)
		k.take(decoded(k.house, p))
	}
	return k.changes
}

// decoded is a page as it arrives: the hub sends records that it has not looked into.
func decoded(t testing.TB, p *wire.Page) *wire.Page {
	t.Helper()
	b, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out wire.Page
	if err := proto.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

func (k *copied) take(p *wire.Page) {
	for _, b := range p.GetBlocks() {
		for _, r := range b.GetRecords() {
			k.put(rowKey{b.GetList(), b.GetArea(), r.GetHousehold(), r.GetPerson()}, b.GetVillage(), r)
		}
	}
	for _, t := range p.GetTransactions() {
		for _, c := range t.GetChanges() {
			key := rowKey{c.GetList(), t.GetArea(), c.GetHousehold(), c.GetPerson()}
			k.changes = append(k.changes, change{
				key, c.GetOp().String()[len("OP_"):], c.GetCause(), c.GetEnding().GetBasis(), c.GetEnding().GetLastDay(), t.GetNumber(),
			})
			if c.GetRecord() == nil {
				delete(k.rows, key)
				continue
			}
			k.put(key, c.GetVillage(), c.GetRecord())
		}
	}
	k.cursor, k.end = p.GetCursor(), p.GetEnd()
}

func (k *copied) put(key rowKey, village string, r *wire.Record) {
	r.Area, r.Village = key.area, village
	k.rows[key] = r
}

// equal fails the test unless the copy is what a fresh load gives now.
func (k *copied) equal() {
	k.house.Helper()
	fresh := copyOf(k.house, k.caller)
	if !maps.EqualFunc(k.rows, fresh.rows, func(a, b *wire.Record) bool { return proto.Equal(a, b) }) {
		k.house.Fatalf("the copy has %d rows and differs from a fresh load of %d", len(k.rows), len(fresh.rows))
	}
}

// row is the row of a household or person in a list, nil where it has none.
func (k *copied) row(list, household, person string) *wire.Record {
	for key, r := range k.rows {
		if key.list == list && key.household == household && key.person == person {
			return r
		}
	}
	return nil
}

// persons lists who stands in a list.
func (k *copied) persons(list string) []string {
	var out []string
	for key := range k.rows {
		if key.list == list {
			out = append(out, key.person)
		}
	}
	slices.Sort(out)
	return out
}

// areas lists the areas in which a household stands, with any row.
func (k *copied) areas(household string) []string {
	in := map[string]bool{}
	for key := range k.rows {
		if key.household == household {
			in[key.area] = true
		}
	}
	return slices.Sorted(maps.Keys(in))
}

// ended lists the changes that say that support ended.
func ended(changes []change) []change {
	return slices.DeleteFunc(slices.Clone(changes), func(c change) bool { return c.op != string(feed.Ended) })
}
