// Package testhub is a small hub for the client's own tests: rows in memory behind a
// real socket, with the contract's blocks, transactions, ends, digests and cursors.
// It knows no policies: tests say what happens to the rows. It can break, repeat and
// falsify what it sends.
package testhub

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Key is a record's identity within an area.
type Key struct{ List, Household, Person string }

// row is a record as it stands.
type row struct {
	village string
	record  *hubv1.Record
}

// Hub is the state; its methods may be called at any time, also while streams run.
type Hub struct {
	mu         sync.Mutex
	lists      []*hubv1.List
	version    int
	areas      map[string]map[Key]row
	feeds      map[string][]*hubv1.Transaction
	kept       map[string]int64 // transactions up to this one are purged
	left       []*hubv1.LeftScope
	epoch      int
	derivedFor string
	endsOn     string
	changed    chan struct{} // closed by the next change
	mail       mail
	faults     faults
}

// faults are what a test makes go wrong; the zero value is an honest hub.
type faults struct {
	mu      sync.Mutex
	before  func(method string) error
	pages   func(page *hubv1.Page) []*hubv1.Page
	cut     func(sent int) error
	falsify func(end *hubv1.End)
	token   string
}

// SetBefore lets f fail calls.
func (h *Hub) SetBefore(f func(method string) error) { h.fault(func() { h.faults.before = f }) }

// SetPages lets f say what is sent instead of a page.
func (h *Hub) SetPages(f func(page *hubv1.Page) []*hubv1.Page) {
	h.fault(func() { h.faults.pages = f })
}

// SetCut lets f end a stream with an error after so many pages of it.
func (h *Hub) SetCut(f func(sent int) error) { h.fault(func() { h.faults.cut = f }) }

// SetFalsify lets f change an End or digest answer before it is sent.
func (h *Hub) SetFalsify(f func(end *hubv1.End)) { h.fault(func() { h.faults.falsify = f }) }

// SetToken names the only token that Follow accepts; "" accepts all.
func (h *Hub) SetToken(token string) { h.fault(func() { h.faults.token = token }) }

// fault has a lock of its own: faults may change the hub while a call holds its state.
func (h *Hub) fault(f func()) {
	h.faults.mu.Lock()
	defer h.faults.mu.Unlock()
	f()
}

// List makes a list of the catalogue.
func List(name string, grain hubv1.Grain, fields ...string) *hubv1.List {
	l := &hubv1.List{
		Name: name, Title: "名单 " + name, TitleEn: "list " + name, Grain: grain,
		Fingerprint: name + ":" + strings.Join(fields, ","),
	}
	for _, f := range fields {
		l.Fields = append(l.Fields, &hubv1.Field{Name: f, Meaning: "含义 " + f, MeaningEn: "it's " + f})
	}
	return l
}

// Put stores a record; in another village than before it is a move.
func (k Key) Put(village string, r *hubv1.Record) Act {
	return Act{key: k, village: village, record: r}
}

// End removes a record since support ended on this basis.
func (k Key) End(basis string) Act {
	return Act{key: k, op: hubv1.Op_OP_ENDED, cause: basis}
}

// Leave removes a record for a cause that says nothing about support.
func (k Key) Leave(cause string) Act {
	return Act{key: k, op: hubv1.Op_OP_LEFT_SCOPE, cause: cause}
}

// Act is one thing that a transaction does.
type Act struct {
	key     Key
	op      hubv1.Op
	village string
	cause   string
	record  *hubv1.Record
}

// Commit makes one transaction and gives its number; acts on records that don't exist do nothing.
func (h *Hub) Commit(area, cause string, acts ...Act) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.areas[area] == nil {
		h.areas[area] = map[Key]row{}
	}
	t := &hubv1.Transaction{Area: area, Number: int64(len(h.feeds[area]) + 1), Cause: cause}
	for _, a := range acts {
		if c := h.act(area, t.Number, a); c != nil {
			t.Changes = append(t.Changes, c)
		}
	}
	h.feeds[area] = append(h.feeds[area], t)
	h.notify()
	return t.Number
}

func (h *Hub) act(area string, number int64, a Act) *hubv1.Change {
	rows := h.areas[area]
	old, exists := rows[a.key]
	c := &hubv1.Change{Op: a.op, List: a.key.List, Household: a.key.Household, Person: a.key.Person, Village: old.village}
	switch {
	case a.record != nil:
		c.Op, c.Village = hubv1.Op_OP_UPSERT, a.village
		if exists && old.village != a.village {
			c.Op, c.FromVillage = hubv1.Op_OP_MOVED, old.village
		}
		c.Record = proto.CloneOf(a.record)
		c.Record.Household, c.Record.Person, c.Record.Transaction = a.key.Household, a.key.Person, number
		rows[a.key] = row{a.village, c.Record}
		return c
	case !exists:
		return nil
	case a.op == hubv1.Op_OP_ENDED:
		c.Ending = &hubv1.Ending{Basis: a.cause}
	default:
		c.Cause = a.cause
	}
	delete(rows, a.key)
	return c
}

// notify wakes live streams; the lock is held.
func (h *Hub) notify() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// Restore forgets nothing but makes all cursors those of another epoch.
func (h *Hub) Restore() { h.do(func() { h.epoch++ }) }

// Purge drops all changes kept so far.
func (h *Hub) Purge() {
	h.do(func() {
		for area, feed := range h.feeds {
			h.kept[area] = int64(len(feed))
		}
	})
}

// ChangeList replaces a list's definition; cursors made before are refused.
func (h *Hub) ChangeList(l *hubv1.List) {
	h.do(func() {
		h.version++
		i := slices.IndexFunc(h.lists, func(o *hubv1.List) bool { return o.GetName() == l.GetName() })
		h.lists[i] = l
	})
}

// Expire ends the agreement for a list in a division.
func (h *Hub) Expire(list, division string) {
	h.do(func() {
		l := &hubv1.LeftScope{List: list, Division: division, Cause: "AGREEMENT_EXPIRED"}
		for _, rows := range h.areas {
			for k, r := range rows {
				if k.List == list && below(r.village, division) && !slices.Contains(l.Villages, r.village) {
					l.Villages = append(l.Villages, r.village)
				}
			}
		}
		h.left = append(h.left, l)
		h.notify()
	})
}

// Derived sets the day of all areas, and the day on which the agreement ends.
func (h *Hub) Derived(day, agreementEndsOn string) {
	h.do(func() { h.derivedFor, h.endsOn = day, agreementEndsOn })
}

func (h *Hub) do(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// Hashes are the row hashes of a list, by area, village, household and person: what a
// mirror of everything must hold.
func (h *Hub) Hashes(list string) map[client.Key]client.Hash {
	h.mu.Lock()
	defer h.mu.Unlock()
	hashes := map[client.Key]client.Hash{}
	for area, rows := range h.areas {
		for k, r := range rows {
			if k.List == list && !h.expired(list, r.village) {
				key := client.Key{Area: area, Village: r.village, Household: k.Household, Person: k.Person}
				hashes[key] = h.plan(list).Hash(area, r.village, r.record)
			}
		}
	}
	return hashes
}

// Keys are the keys of an area's records, sorted.
func (h *Hub) Keys(area string) []Key {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make([]Key, 0, len(h.areas[area]))
	for k := range h.areas[area] {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Household, b.Household), cmp.Compare(a.Person, b.Person))
	})
	return keys
}

func (h *Hub) plan(list string) *client.Rows {
	for _, l := range h.lists {
		if l.GetName() == list {
			rows, err := client.NewRows(l)
			if err != nil {
				panic(err) // a mistake in a test
			}
			return rows
		}
	}
	panic(fmt.Sprintf("testhub: no list %q", list))
}

func (h *Hub) expired(list, village string) bool {
	return slices.ContainsFunc(h.left, func(l *hubv1.LeftScope) bool {
		return l.GetList() == list && below(village, l.GetDivision())
	})
}

// below goes by prefix, which is good enough for the codes of tests.
func below(village, division string) bool {
	return strings.HasPrefix(village, strings.TrimRight(division, "0"))
}
