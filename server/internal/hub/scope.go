package hub

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// reading is a consumer's place in the feed, checked against its agreements.
type reading struct {
	caller access.Caller
	cursor *feed.Cursor
	filter *feed.Filter
	left   []*wire.LeftScope // lost since the cursor was made
	endsOn date.Date
	packed bool // blocks go out as they are stored

	rebuilds rebuilds // of the last page
}

// open checks a cursor (or begins with none) against the agreements of today.
func (h *Hub) open(ctx context.Context, c access.Caller, asked feed.Request, cursor string) (*reading, error) {
	var rd *reading
	err := h.Store.View(ctx, func(r store.Reader) error {
		d, meta, err := h.active(ctx, r)
		if err != nil {
			return err
		}
		all, err := h.agreements(ctx, r, c.Agency)
		if err != nil {
			return err
		}
		g := grants{hub: h, d: d, caller: c, all: all, on: h.Today()}
		if cursor == "" {
			rd, err = g.begin(ctx, r, meta, asked.Normalised())
		} else {
			rd, err = g.resume(meta, asked.Normalised(), cursor)
		}
		return err
	})
	return rd, err
}

// grants is what a caller may read today.
type grants struct {
	hub    *Hub
	d      *deriver
	caller access.Caller
	all    []access.Agreement
	on     date.Date
}

func (g grants) begin(ctx context.Context, r store.Reader, meta store.Meta, asked feed.Request) (*reading, error) {
	pairs, err := g.resolve(asked, true)
	if err != nil {
		return nil, err
	}
	cur := &feed.Cursor{
		Epoch: meta.Epoch, Agency: g.caller.Agency, Asked: asked, Loading: true,
		Scope: feed.NewScope(g.hub.Divisions, pairs), Fields: map[string]string{},
	}
	if len(cur.Scope) == 0 {
		return nil, refusal(g.caller, access.Decision{Verdict: access.Never}, "any list")
	}
	for _, it := range cur.Scope {
		cur.Fields[it.List] = g.d.List(it.List).Fingerprint
	}
	rd := g.reading(cur)
	heads, err := r.Heads(ctx, rd.filter.Areas())
	if err != nil {
		return nil, err
	}
	for _, area := range rd.filter.Areas() {
		p := feed.AreaPosition{Area: area}
		if hd, ok := headOf(heads, area); ok {
			p.Transaction = hd.Last
		}
		cur.Areas = append(cur.Areas, p)
	}
	return rd, nil
}

func (g grants) resume(meta store.Meta, asked feed.Request, text string) (*reading, error) {
	cur, err := g.hub.openCursor(text)
	if err != nil {
		return nil, err
	}
	switch {
	case cur.Agency != g.caller.Agency:
		return nil, fault.New(fault.CursorForeign)
	case cur.Epoch != meta.Epoch:
		return nil, fault.New(fault.CursorEpoch)
	case !asked.Empty() && !equalRequest(asked, cur.Asked):
		return nil, fault.New(fault.CursorScope)
	}
	for _, it := range cur.Scope {
		if l := g.d.List(it.List); l == nil || l.Fingerprint != cur.Fields[it.List] {
			return nil, fault.New(fault.CursorList, "list", it.List)
		}
	}
	pairs, err := g.resolve(cur.Asked, false)
	if err != nil {
		return nil, err
	}
	return g.narrow(cur, feed.NewScope(g.hub.Divisions, pairs))
}

// narrow takes out of the cursor's scope what is no longer covered, and names it.
// A scope that has grown needs a new load: the feed alone can't give what was there before.
func (g grants) narrow(cur *feed.Cursor, now feed.Scope) (*reading, error) {
	if grown(now, cur.Scope) {
		return nil, fault.New(fault.CursorScope)
	}
	if now.Equal(cur.Scope) {
		if len(now) == 0 {
			return nil, g.why(cur.Asked)
		}
		return g.reading(cur), nil
	}
	var left []*wire.LeftScope
	kept := now.Pairs()
	for _, it := range cur.Scope {
		for _, d := range it.Divisions {
			if !slices.Contains(kept[it.List], d) {
				left = append(left, &wire.LeftScope{List: it.List, Division: d, Cause: g.lost(it.List, d), Villages: g.hub.Divisions.Villages(d)})
			}
		}
	}
	cur.Scope = now
	rd := g.reading(cur)
	rd.left = left
	return rd, nil
}

// lost says why a pair is no longer covered.
func (g grants) lost(list, division string) string {
	if g.allow(list, division).Verdict == access.Expired {
		return "AGREEMENT_EXPIRED"
	}
	return "AGREEMENT_CHANGED"
}

// why refuses a cursor of which nothing is left.
func (g grants) why(asked feed.Request) error {
	_, err := g.resolve(asked, true)
	if err == nil {
		err = refusal(g.caller, access.Decision{Verdict: access.Never}, "any list")
	}
	return err
}

func (g grants) reading(cur *feed.Cursor) *reading {
	return &reading{
		caller: g.caller, cursor: cur, filter: feed.NewFilter(g.hub.Divisions, cur.Scope),
		endsOn: earliestEnd(g.all, g.caller, g.on),
	}
}

// resolve gives the divisions to read per list. Strictly, everything named must be
// covered; otherwise what is covered is given.
func (g grants) resolve(asked feed.Request, strict bool) (map[string][]string, error) {
	covered := access.Covered(g.hub.Divisions, g.all, g.caller, g.on)
	lists := asked.Lists
	if len(lists) == 0 {
		for l := range covered {
			if g.d.List(l) != nil {
				lists = append(lists, l)
			}
		}
		slices.Sort(lists)
	}
	if len(asked.Lists) == 0 && len(lists) == 0 && strict {
		return nil, g.nothing()
	}
	out := map[string][]string{}
	for _, l := range lists {
		if strict && g.d.List(l) == nil {
			return nil, fault.New(fault.ListNotFound, "list", named(l))
		}
		divisions := asked.Divisions
		if len(divisions) == 0 {
			divisions = covered[l]
			if len(divisions) == 0 && strict {
				return nil, g.nothing()
			}
		}
		for _, d := range divisions {
			if err := g.pair(l, d); err == nil {
				out[l] = append(out[l], d)
			} else if strict && (len(asked.Lists) > 0 || fault.Is(err, fault.DivisionNotFound)) {
				return nil, err
			}
		}
	}
	if len(out) == 0 && strict {
		return nil, refusal(g.caller, access.Decision{Verdict: access.Never}, "these divisions")
	}
	return out, nil
}

func (g grants) pair(list, division string) error {
	if _, ok := g.hub.Divisions.Get(division); !ok {
		return fault.New(fault.DivisionNotFound, "division", division)
	}
	return refusal(g.caller, g.allow(list, division), "list "+list+", division "+division)
}

func (g grants) allow(list, division string) access.Decision {
	return access.AllowList(g.hub.Divisions, g.all, g.caller, list, division, g.on)
}

// nothing tells an agency whose agreements have all ended from one that never had any.
func (g grants) nothing() error {
	for _, a := range g.all {
		if len(a.Lists) > 0 && a.Until != "" && a.Until < g.on {
			return refusal(g.caller, access.Decision{Verdict: access.Expired, Agreement: a.ID, Since: a.Until}, "any list")
		}
	}
	return refusal(g.caller, access.Decision{Verdict: access.Never}, "any list")
}

// grown tells whether now covers a pair that was does not.
func grown(now, was feed.Scope) bool {
	old := was.Pairs()
	for _, it := range now {
		for _, d := range it.Divisions {
			if !slices.Contains(old[it.List], d) {
				return true
			}
		}
	}
	return false
}

func equalRequest(a, b feed.Request) bool {
	return slices.Equal(a.Lists, b.Lists) && slices.Equal(a.Divisions, b.Divisions)
}

func headOf(heads []store.Head, area string) (store.Head, bool) {
	for _, hd := range heads {
		if hd.Area == area {
			return hd, true
		}
	}
	return store.Head{}, false
}

var cursorContext = []byte("cursor")

// sealCursor makes the text that consumers keep: authenticated and unreadable.
func (h *Hub) sealCursor(c *feed.Cursor) (string, error) {
	sealed, err := h.Keys.Seal(c.Encode(), cursorContext)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (h *Hub) openCursor(text string) (*feed.Cursor, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fault.New(fault.CursorInvalid)
	}
	plain, err := h.Keys.Open(sealed, cursorContext)
	if err != nil {
		return nil, fault.New(fault.CursorInvalid)
	}
	c, err := feed.DecodeCursor(plain)
	if err != nil {
		return nil, fault.New(fault.CursorInvalid)
	}
	return c, nil
}
