package hub

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// retryWhileDeriving is how long a consumer should wait while an area is derived anew.
const retryWhileDeriving = 30 * time.Second

func feedNumber(n int64) string { return strconv.FormatInt(n, 10) }

// transactions reads one area's feed for a page. A transaction is added whole or
// not at all (law 4).
type transactions struct {
	*pager
	at      *feed.AreaPosition
	upTo    int64
	open    *wire.Transaction
	changes []byte
	seen    int64 // visible changes of the open transaction
	scanned int
}

// read adds transactions after at; true where it reached upTo.
func (t *transactions) read(ctx context.Context) (bool, error) {
	q := store.ChangeQuery{Area: t.at.Area, After: t.at.Transaction, UpTo: t.upTo, Lists: t.rd.filter.Lists(t.at.Area)}
	last := t.at.Transaction
	err := t.r.Changes(ctx, q, func(c store.Change) error {
		if c.Transaction != last {
			t.close()
			if t.full() || t.scanned >= maxScanned {
				return errEnough
			}
			last = c.Transaction
		}
		t.scanned++
		return t.add(c)
	})
	if errors.Is(err, errEnough) {
		t.at.Transaction = last
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t.close()
	t.at.Transaction = t.upTo
	return true, nil
}

func (t *transactions) add(c store.Change) error {
	op, visible := feed.Visible(t.rd.filter, c.Area, feed.Op(c.Op), c.List, c.Village, c.FromVillage)
	if !visible {
		return nil
	}
	out := wire.Change{Op: string(op), List: c.List, Village: c.Village, Household: c.Household, Person: c.Person, Transaction: c.Transaction}
	switch {
	case op == feed.LeftScope && c.Op == string(feed.Moved):
		out.Village, out.Cause = c.FromVillage, feed.CauseMoved
	default:
		plain, err := t.hub.openRow(c.Area, c.Key, c.Document)
		if err != nil {
			return err
		}
		switch op {
		case feed.Moved:
			out.From, out.Fields = c.FromVillage, nonNil(plain)
		case feed.Upsert:
			out.Fields = nonNil(plain)
		case feed.Ended:
			out.Ending = nonNil(plain)
		case feed.LeftScope:
			out.Cause = string(plain)
		}
	}
	if t.open == nil {
		t.open = &wire.Transaction{Area: c.Area, Number: c.Transaction, Time: timestamppb.New(c.Time), Cause: c.Cause}
	}
	t.changes = wire.AppendChange(t.changes, out)
	t.seen++
	for _, village := range []string{c.Village, c.FromVillage} {
		if t.rd.filter.Covers(c.List, c.Area, village) {
			t.touched.add(c.Area, c.List, village)
		}
	}
	return nil
}

// close puts the open transaction, if the scope saw any of it, on the page.
func (t *transactions) close() {
	if t.open == nil {
		return
	}
	wire.SetChanges(t.open, t.changes)
	t.page.Transactions = append(t.page.Transactions, t.open)
	t.n.Transactions++
	t.n.Changes += t.seen
	t.open, t.changes, t.seen = nil, nil, 0
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// touched is a set of villages by area and list; a nil set takes and gives nothing.
type touched map[string]map[villageKey]struct{}

type villageKey struct{ list, village string }

func (t touched) add(area, list, village string) {
	if t == nil {
		return
	}
	if t[area] == nil {
		t[area] = map[villageKey]struct{}{}
	}
	t[area][villageKey{list, village}] = struct{}{}
}

func (t touched) has(area, list, village string) bool {
	_, ok := t[area][villageKey{list, village}]
	return ok
}

func (t touched) villages(area string) []string {
	var out []string
	for k := range t[area] {
		out = append(out, k.village)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// without lists an area's villages that are in t and not in seen, in order.
func (t touched) without(seen touched, area string) []villageKey {
	var out []villageKey
	for k := range t[area] {
		if !seen.has(area, k.list, k.village) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b villageKey) int {
		return cmp.Or(strings.Compare(a.list, b.list), strings.Compare(a.village, b.village))
	})
	return out
}
