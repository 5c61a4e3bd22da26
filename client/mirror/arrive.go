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

	rows inbox              // of its blocks, as far as they were made in advance
	made map[string]*table  // list → table that they were made for
	sums map[string]tallies // list → what they come to
}

// block is all records of one list in one village. The records are good for one step
// each, and can be gone through again.
type block struct {
	list, area, village string
	records             iter.Seq2[*hubv1.Record, error]
}

// inbox gathers the rows of a page in the form that its database takes fastest.
type inbox interface {
	// add takes a row's key, the texts of its fields, its transaction and its hash. Rows of a table follow one another.
	add(t *table, key client.Key, texts []string, number int64, hash client.Hash)
}

func pageOf(p *client.Page) *page {
	out := &page{
		transactions: p.Transactions, left: p.LeftScope, end: p.End, cursor: p.Cursor, loading: p.Loading,
		blocks: make([]block, len(p.Blocks)),
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
					if len(plan) > 0 {
						err = next.prepare(s.config.Sink, plan)
					}
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

// lists are those that the page has blocks of.
func (p *page) lists() map[string]bool {
	lists := map[string]bool{}
	for i := range p.blocks {
		lists[p.blocks[i].list] = true
	}
	return lists
}

// prepare makes the rows of the blocks whose tables are given, list by list.
func (p *page) prepare(sink Sink, tables map[string]*table) error {
	p.rows, p.made, p.sums = sink.inbox(), map[string]*table{}, map[string]tallies{}
	for name := range p.lists() {
		if t := tables[name]; t != nil {
			if err := p.prepareList(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *page) prepareList(t *table) error {
	name := t.list.GetName()
	var scratch [48]string
	sums := tallies{}
	for i := range p.blocks {
		b := &p.blocks[i]
		if b.list != name {
			continue
		}
		var sum tally
		for r, err := range b.records {
			if err != nil {
				return fmt.Errorf("mirror: list %q in %s: %w", name, b.village, err)
			}
			key := client.Key{Area: b.area, Village: b.village, Household: r.GetHousehold(), Person: r.GetPerson()}
			texts := t.rows.Texts(scratch[:0], r)
			hash := t.rows.HashTexts(key, texts)
			p.rows.add(t, key, texts, r.GetTransaction(), hash)
			sum = sum.with(hash)
		}
		if sum.count > 0 {
			sums.plus(tallies{Village{name, b.area, b.village}: sum})
		}
	}
	p.made[name], p.sums[name] = t, sums
	return nil
}

// ready tells whether rows were made for these tables.
func (p *page) ready(tables map[string]*table) bool {
	for name, t := range tables {
		if made := p.made[name]; made == nil || made.list.GetFingerprint() != t.list.GetFingerprint() {
			return false
		}
	}
	return true
}
