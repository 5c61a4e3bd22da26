package testhub

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// cursor is what the opaque string holds.
type cursor struct {
	Epoch, Version  int
	Lists, Places   []string
	Block           string // list and village of the last block sent
	Blocks, Loading bool
	At              map[string]int64
	Left            int // expired agreements told already
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // plain data
	}
	return base64.StdEncoding.EncodeToString(text)
}

// open reads a cursor or begins one; a refusal is a reason.
func (h *Hub) open(text string, scope *hubv1.Scope) (c cursor, refusal hubv1.Reason) {
	if text == "" {
		c = cursor{Epoch: h.epoch, Version: h.version, Lists: scope.GetLists(), Places: scope.GetDivisions(),
			Blocks: true, Loading: true, At: map[string]int64{}, Left: len(h.left)}
		for area, feed := range h.feeds {
			c.At[area] = int64(len(feed))
		}
		return c, 0
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return c, hubv1.Reason_REASON_CURSOR_INVALID
	}
	switch {
	case c.Epoch != h.epoch:
		return c, hubv1.Reason_REASON_CURSOR_EPOCH
	case c.Version != h.version:
		return c, hubv1.Reason_REASON_CURSOR_LIST_CHANGED
	case scope != nil && (!slices.Equal(c.Lists, scope.GetLists()) || !slices.Equal(c.Places, scope.GetDivisions())):
		return c, hubv1.Reason_REASON_CURSOR_SCOPE
	}
	for area, kept := range h.kept {
		if c.At[area] < kept {
			return c, hubv1.Reason_REASON_CURSOR_PURGED
		}
	}
	return c, 0
}

func (h *Hub) covers(c cursor, list, village string) bool {
	return village != "" && !h.expired(list, village) &&
		(len(c.Lists) == 0 || slices.Contains(c.Lists, list)) &&
		(len(c.Places) == 0 || slices.ContainsFunc(c.Places, func(d string) bool { return below(village, d) }))
}

// page makes the next page and moves the cursor over it.
func (h *Hub) page(c *cursor, size int) *hubv1.Page {
	p := &hubv1.Page{Loading: c.Loading}
	if c.Blocks {
		p.Blocks = h.blocks(c, size)
		c.Blocks = len(p.Blocks) > 0
	}
	if !c.Blocks {
		p.Transactions = h.transactions(c, size)
		for _, l := range h.left[c.Left:] {
			if len(c.Lists) == 0 || slices.Contains(c.Lists, l.GetList()) {
				p.LeftScope = append(p.LeftScope, proto.CloneOf(l))
			}
		}
		c.Left = len(h.left)
		if h.current(c) {
			p.End, c.Loading = h.end(c), false
		}
	}
	p.Cursor = c.String()
	return p
}

// blocks gives the next blocks in order of list and village, at most one more than size records.
func (h *Hub) blocks(c *cursor, size int) (blocks []*hubv1.Block) {
	all := map[string]*hubv1.Block{}
	for area, rows := range h.areas {
		for k, r := range rows {
			name := k.List + "/" + r.village
			if name <= c.Block || !h.covers(*c, k.List, r.village) {
				continue
			}
			if all[name] == nil {
				all[name] = &hubv1.Block{List: k.List, Area: area, Village: r.village}
			}
			all[name].Records = append(all[name].Records, proto.CloneOf(r.record))
		}
	}
	for n, name := range slices.Sorted(maps.Keys(all)) {
		if n > 0 && size <= 0 {
			break
		}
		b := all[name]
		slices.SortFunc(b.Records, func(a, b *hubv1.Record) int {
			return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.Person, b.Person))
		})
		size -= len(b.Records)
		c.Block = name
		blocks = append(blocks, b)
	}
	return blocks
}

func (h *Hub) transactions(c *cursor, size int) (list []*hubv1.Transaction) {
	for _, area := range slices.Sorted(maps.Keys(h.feeds)) {
		for _, t := range h.feeds[area][c.At[area]:] {
			if size <= 0 {
				return list
			}
			c.At[area] = t.Number
			seen := &hubv1.Transaction{Area: t.Area, Number: t.Number, Cause: t.Cause}
			for _, change := range t.Changes {
				if v := h.seen(c, change); v != nil {
					seen.Changes = append(seen.Changes, v)
				}
			}
			if len(seen.Changes) > 0 {
				list = append(list, seen)
				size -= len(seen.Changes)
			}
		}
	}
	return list
}

// seen is a change as the reader of a scope sees it.
func (h *Hub) seen(c *cursor, change *hubv1.Change) *hubv1.Change {
	to, from := h.covers(*c, change.List, change.Village), h.covers(*c, change.List, change.FromVillage)
	v := proto.CloneOf(change)
	switch {
	case change.Op == hubv1.Op_OP_MOVED && to && !from:
		v.Op, v.FromVillage = hubv1.Op_OP_UPSERT, ""
	case change.Op == hubv1.Op_OP_MOVED && from && !to:
		v.Op, v.Village, v.FromVillage, v.Cause, v.Record = hubv1.Op_OP_LEFT_SCOPE, v.FromVillage, "", "MOVED", nil
	case !to:
		return nil
	}
	return v
}

func (h *Hub) current(c *cursor) bool {
	for area, feed := range h.feeds {
		if c.At[area] < int64(len(feed)) {
			return false
		}
	}
	return true
}

// end is true for the present moment.
func (h *Hub) end(c *cursor) *hubv1.End {
	e := &hubv1.End{Catalogue: h.catalogueVersion(), AgreementEndsOn: h.endsOn}
	type sum struct {
		count  int64
		digest client.Digest
	}
	sums := map[[3]string]sum{}
	for _, area := range slices.Sorted(maps.Keys(h.areas)) {
		e.Areas = append(e.Areas, &hubv1.AreaPosition{Area: area, Transaction: int64(len(h.feeds[area])), DerivedFor: h.derivedFor})
		for k, r := range h.areas[area] {
			if h.covers(*c, k.List, r.village) {
				s := sums[[3]string{k.List, area, r.village}]
				sums[[3]string{k.List, area, r.village}] = sum{s.count + 1, s.digest.Add(h.plan(k.List).Hash(area, r.village, r.record))}
			}
		}
	}
	for k, s := range sums {
		e.Digests = append(e.Digests, &hubv1.VillageDigest{List: k[0], Area: k[1], Village: k[2], Count: s.count, Digest: s.digest[:]})
	}
	var falsify func(*hubv1.End)
	h.fault(func() { falsify = h.faults.falsify })
	if falsify != nil {
		falsify(e)
	}
	return e
}
