package mirror

import (
	"context"
	"fmt"
	"iter"
	"maps"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// page is a page of the feed on its way into the database.
type page struct {
	blocks       []block
	transactions []*hubv1.Transaction
	left         []*hubv1.LeftScope
	end          *hubv1.End
	cursor       string
	loading      bool

	inboxes map[string]*listInbox // list → rows of its blocks, as far as they were made in advance
}

// block is all records of one list in one village. The records are good for one step
// each, and can be gone through again.
type block struct {
	list, area, village string
	records             iter.Seq2[*hubv1.Record, error]
}

// listInbox holds the rows of a page's blocks of one list, made for that very table.
type listInbox struct {
	table *table
	rows  inbox
	count int64
}

// inbox gathers rows in the form that its database takes fastest.
type inbox interface {
	// add takes a row's key, the texts of its fields, its transaction and its hash.
	add(t *table, key client.Key, texts []string, number int64, hash client.Hash)
}

func pageOf(p *client.Page) *page {
	out := &page{
		transactions: p.Transactions, left: p.LeftScope, end: p.End, cursor: p.Cursor, loading: p.Loading,
		blocks: make([]block, len(p.Blocks)), inboxes: map[string]*listInbox{},
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		out.blocks[i] = block{b.List, b.Area, b.Village, b.Records()}
	}
	return out
}

// pages reads a stream one page ahead: while one page is being stored, the rows of the
// next are made. That is all that is done in advance; what a page means is decided when
// its turn comes.
func (s *Syncer) pages(ctx context.Context, req *hubv1.FollowRequest) iter.Seq2[*page, error] {
	plan := s.plan()
	return func(yield func(*page, error) bool) {
		type arrival struct {
			page *page
			err  error
		}
		ctx, cancel := context.WithCancel(ctx)
		queue := make(chan arrival)
		defer func() {
			cancel()
			for range queue { // until the reader below has ended
			}
		}()
		go func() {
			defer close(queue)
			for p, err := range s.config.Client.Read(ctx, req) {
				var next *page
				if err == nil {
					next = pageOf(p)
					err = next.prepare(s.config.Sink, plan)
				}
				queue <- arrival{next, err}
				if err != nil || ctx.Err() != nil {
					return
				}
			}
		}()
		for a := range queue {
			if !yield(a.page, a.err) {
				return
			}
		}
	}
}

// plan is the tables that a load's blocks are expected for; none where no load is under
// way. A list whose table can't be made is found out when its rows have to be stored.
func (s *Syncer) plan() map[string]*table {
	plan := map[string]*table{}
	if s.state.side != loading {
		return plan
	}
	for _, list := range s.catalogue.GetLists() {
		if t, err := newTable(list); err == nil {
			plan[list.GetName()] = t
		}
	}
	maps.Copy(plan, s.staged)
	return plan
}

// prepare makes the rows of the blocks whose tables are planned.
func (p *page) prepare(sink Sink, plan map[string]*table) error {
	for name := range p.lists() {
		if t := plan[name]; t != nil {
			if _, err := p.inbox(sink, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// lists are those that the page has blocks of.
func (p *page) lists() map[string]bool {
	lists := map[string]bool{}
	for i := range p.blocks {
		lists[p.blocks[i].list] = true
	}
	return lists
}

// inbox gives the rows of a list's blocks; those made for other fields are made anew.
func (p *page) inbox(sink Sink, t *table) (*listInbox, error) {
	name := t.list.GetName()
	if in := p.inboxes[name]; in != nil && in.table.list.GetFingerprint() == t.list.GetFingerprint() {
		return in, nil
	}
	in := &listInbox{table: t, rows: sink.inbox()}
	var scratch [48]string
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.list != name {
			continue
		}
		for r, err := range b.records {
			if err != nil {
				return nil, fmt.Errorf("mirror: list %q in %s: %w", name, b.village, err)
			}
			key := client.Key{Area: b.area, Village: b.village, Household: r.GetHousehold(), Person: r.GetPerson()}
			texts := t.rows.Texts(scratch[:0], r)
			in.count++
			in.rows.add(t, key, texts, r.GetTransaction(), t.rows.HashTexts(key, texts))
		}
	}
	p.inboxes[name] = in
	return in, nil
}
