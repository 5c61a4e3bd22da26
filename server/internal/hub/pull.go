package hub

import (
	"context"
	"errors"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// Bounds of a page.
const (
	defaultPage = 2000
	// maxScanned bounds the changes looked at for one page, so that a narrow scope
	// in a busy area gets its cursor forward instead of one endless call.
	maxScanned = 50000
	blockRun   = 256 // blocks looked up at once
)

// errEnough stops an iteration.
var errEnough = errors.New("hub: enough")

// PullQuery asks for one page.
type PullQuery struct {
	Scope        feed.Request
	Cursor       string // empty begins with blocks
	Subscription string // in place of Scope and Cursor
	PageSize     int    // 0: 2,000
}

// Pull gives one page: blocks, then changes, then the end, always with a cursor.
func (h *Hub) Pull(ctx context.Context, c access.Caller, q PullQuery) (*wire.Page, error) {
	if q.Subscription != "" {
		sub, err := h.subscription(ctx, c, q.Subscription)
		if err != nil {
			return nil, h.refused(ctx, c, pulls, q.Scope, err)
		}
		q.Scope, q.Cursor = sub.Scope, sub.Cursor
	}
	rd, err := h.open(ctx, c, q.Scope, q.Cursor)
	if err != nil {
		return nil, h.refused(ctx, c, pulls, q.Scope, err)
	}
	var page *wire.Page
	from := slices.Clone(rd.cursor.Areas)
	err = h.auditedAs(ctx, h.intent(c, pulls, scopeDetail(rd)), func() (any, []store.Delivery, error) {
		p, counted, err := h.page(ctx, rd, q.PageSize, nil)
		if err == nil {
			err = h.finish(ctx, rd.rebuilds)
		}
		page = p
		return counted, tell(nil, rd.filter, from, counted, p.GetLoading()), err
	})
	return page, err
}

// refused keeps in the audit that a reading was asked for and why there was none.
func (h *Hub) refused(ctx context.Context, c access.Caller, action string, asked feed.Request, why error) error {
	detail := map[string]any{"lists": allNamed(asked.Lists), "divisions": allNamed(asked.Divisions)}
	return h.audited(ctx, c, action, detail, func() (any, error) { return nil, why })
}

func allNamed(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = named(s)
	}
	return out
}

// scopeDetail is what the audit keeps of a reading: lists, divisions, positions.
func scopeDetail(rd *reading) any {
	return scopeRead{rd.cursor.Scope, begunAt(rd)}
}

// begunReading is what an audit entry says of where a page or stream began.
type begunReading struct {
	From []feed.AreaPosition `json:",omitempty"`
	Load bool                `json:",omitempty"`
}

func begunAt(rd *reading) begunReading {
	return begunReading{slices.Clone(rd.cursor.Areas), rd.cursor.Loading}
}

// counts is what an audit outcome keeps of a page or stream.
type counts struct {
	Pages, Blocks, Records, Transactions, Changes int64
	Letters                                       int64               `json:",omitempty"`
	To                                            []feed.AreaPosition `json:",omitempty"`

	seen []feed.AreaPosition // where the areas stood of which blocks were handed out
}

func (c *counts) add(o counts) {
	c.Pages += o.Pages
	c.Blocks += o.Blocks
	c.Records += o.Records
	c.Transactions += o.Transactions
	c.Changes += o.Changes
	c.Letters += o.Letters
	c.To = o.To
}

// pager fills one page within one snapshot.
type pager struct {
	hub      *Hub
	r        store.Reader
	rd       *reading
	cur      *feed.Cursor
	size     int64
	page     *wire.Page
	n        counts
	heads    []store.Head
	rebuilds rebuilds
	touched  touched // non-nil in the later part of a live stream
}

// page reads the next page after rd's cursor and moves the cursor on.
func (h *Hub) page(ctx context.Context, rd *reading, size int, t touched) (*wire.Page, counts, error) {
	if size <= 0 {
		size = defaultPage
	}
	var p *pager
	err := h.Store.View(ctx, func(r store.Reader) error {
		cur := *rd.cursor
		cur.Areas = slices.Clone(rd.cursor.Areas)
		p = &pager{hub: h, r: r, rd: rd, cur: &cur, size: int64(size), page: &wire.Page{}, touched: t}
		err := p.fill(ctx)
		if err != nil {
			_ = p.rebuilds.wait() // of a page that is not sent
		}
		return err
	})
	if err != nil {
		return nil, counts{}, err
	}
	p.page.LeftScope = rd.left
	if p.page.Cursor, err = h.sealCursor(p.cur); err != nil {
		return nil, counts{}, err
	}
	if p.n.Blocks > 0 { // they are newer than the cursor, which stays where the load began
		for _, hd := range p.heads {
			p.n.seen = append(p.n.seen, feed.AreaPosition{Area: hd.Area, Transaction: hd.Last})
		}
	}
	rd.cursor, rd.left, rd.rebuilds = p.cur, nil, p.rebuilds
	p.n.Pages, p.n.To = 1, p.cur.Areas
	return p.page, p.n, nil
}

func (p *pager) fill(ctx context.Context) error {
	d, meta, err := p.hub.active(ctx, p.r)
	if err != nil {
		return err
	}
	if meta.Epoch != p.cur.Epoch {
		return fault.New(fault.CursorEpoch)
	}
	if p.heads, err = p.r.Heads(ctx, p.rd.filter.Areas()); err != nil {
		return err
	}
	if err := p.settled(ctx, d, meta); err != nil {
		return err
	}
	p.page.Loading = p.cur.Loading
	if !p.cur.Blocks.Done {
		p.size = p.hub.loads.page(p.size)
		if err := p.blocks(ctx); err != nil || !p.cur.Blocks.Done {
			return err
		}
	}
	current, err := p.changes(ctx)
	if err != nil || !current {
		return err
	}
	p.cur.Loading = false
	return p.end(ctx, meta)
}

// settled refuses areas that are still being derived under a new catalogue where
// that changes the fields of a list in the scope: their rows would be a mixture.
func (p *pager) settled(ctx context.Context, d *deriver, meta store.Meta) error {
	for _, hd := range p.heads {
		if hd.Catalogue == meta.Catalogue || hd.Catalogue == "" {
			continue
		}
		old, err := p.hub.deriver(ctx, p.r, hd.Catalogue)
		if err != nil {
			return err
		}
		for _, l := range p.rd.filter.Lists(hd.Area) {
			was, is := old.List(l), d.List(l)
			if was == nil || is == nil || was.Fingerprint != is.Fingerprint {
				return fault.New(fault.CatalogueChanging, "area", hd.Area).After(retryWhileDeriving)
			}
		}
	}
	return nil
}

// changes adds transactions until the page is full; true where every area is at its head.
func (p *pager) changes(ctx context.Context) (bool, error) {
	for i := range p.cur.Areas {
		at := &p.cur.Areas[i]
		if _, inScope := p.areaIndex(at.Area); !inScope {
			continue
		}
		hd, ok := headOf(p.heads, at.Area)
		switch {
		case !ok && at.Transaction > 0, ok && at.Transaction > hd.Last:
			return false, fault.New(fault.CursorEpoch) // it has seen what this store never wrote
		case !ok || at.Transaction == hd.Last:
			continue
		case at.Transaction+1 < hd.OldestKept:
			return false, fault.New(fault.CursorPurged)
		}
		t := &transactions{pager: p, at: at, upTo: hd.Last}
		done, err := t.read(ctx)
		if err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

func (p *pager) areaIndex(area string) (int, bool) {
	return slices.BinarySearch(p.rd.filter.Areas(), area)
}

func (p *pager) full() bool { return p.n.Records+p.n.Changes >= p.size }

// end says that everything was sent: positions, counts and digests of this very snapshot.
func (p *pager) end(ctx context.Context, meta store.Meta) error {
	e := &wire.End{Catalogue: meta.Catalogue, AgreementEndsOn: string(p.rd.endsOn), Partial: p.touched != nil}
	for _, area := range p.rd.filter.Areas() {
		hd, _ := headOf(p.heads, area)
		e.Areas = append(e.Areas, &wire.AreaPosition{Area: area, Transaction: hd.Last, DerivedFor: hd.DerivedFor})
		if err := p.digests(ctx, area, e); err != nil {
			return err
		}
	}
	p.page.End = e
	return nil
}

func (p *pager) digests(ctx context.Context, area string, e *wire.End) error {
	q := store.BlockQuery{Area: area, Lists: p.rd.filter.Lists(area), Villages: p.rd.filter.Villages(area)}
	if p.touched != nil {
		if q.Villages = p.touched.villages(area); len(q.Villages) == 0 {
			return nil
		}
	}
	seen := touched{}
	err := p.r.Blocks(ctx, q, func(b store.Block) error {
		if !p.rd.filter.Covers(b.List, area, b.Village) || (p.touched != nil && !p.touched.has(area, b.List, b.Village)) {
			return nil
		}
		seen.add(area, b.List, b.Village)
		e.Digests = append(e.Digests, &wire.VillageDigest{
			List: b.List, Area: area, Village: b.Village, Count: b.Count, Digest: slices.Clone(b.Digest[:]),
		})
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range p.touched.without(seen, area) { // emptied meanwhile
		e.Digests = append(e.Digests, &wire.VillageDigest{List: k.list, Area: area, Village: k.village, Digest: make([]byte, 16)})
	}
	return nil
}

// Digests gives counts and digests with the positions at which they are true. It
// hands out no personal data.
func (h *Hub) Digests(ctx context.Context, c access.Caller, asked feed.Request) (*wire.End, error) {
	rd, err := h.open(ctx, c, asked, "")
	if err != nil {
		return nil, err
	}
	var e *wire.End
	err = h.Store.View(ctx, func(r store.Reader) error {
		p := &pager{hub: h, r: r, rd: rd, cur: rd.cursor, page: &wire.Page{}}
		d, meta, err := h.active(ctx, r)
		if err != nil {
			return err
		}
		if p.heads, err = r.Heads(ctx, rd.filter.Areas()); err != nil {
			return err
		}
		if err := p.settled(ctx, d, meta); err != nil {
			return err
		}
		err = p.end(ctx, meta)
		e = p.page.End
		return err
	})
	return e, err
}
