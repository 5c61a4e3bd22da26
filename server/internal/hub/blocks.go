package hub

import (
	"bytes"
	"context"
	"errors"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// blocks adds whole blocks in key order until the page is full.
func (p *pager) blocks(ctx context.Context) error {
	for _, area := range p.rd.filter.Areas() {
		if area < p.cur.Blocks.Area {
			continue
		}
		for {
			more, err := p.blockRun(ctx, area)
			if err != nil {
				return err
			}
			if p.full() {
				return nil
			}
			if !more {
				break
			}
		}
	}
	p.cur.Blocks = feed.BlockPosition{Done: true}
	return nil
}

// blockRun adds the next blocks of an area; false where there are no more. Which
// blocks fit is found from their counts first, so that no bytes are read for nothing.
func (p *pager) blockRun(ctx context.Context, area string) (bool, error) {
	q := store.BlockQuery{Area: area, Lists: p.rd.filter.Lists(area), Villages: p.rd.filter.Villages(area), Limit: blockRun}
	if p.cur.Blocks.Area == area {
		q.AfterList, q.AfterVillage = p.cur.Blocks.List, p.cur.Blocks.Village
	}
	room := p.size - p.n.Records
	looked, taken := 0, 0
	err := p.r.Blocks(ctx, q, func(b store.Block) error {
		looked++
		if room <= 0 {
			return errEnough
		}
		taken++
		if p.rd.filter.Covers(b.List, area, b.Village) {
			room -= b.Count
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return false, err
	}
	if taken == 0 {
		return false, nil
	}
	q.Bytes, q.Limit = true, taken
	return looked == blockRun || taken < looked, p.addBlocks(ctx, q)
}

// addBlocks adds blocks: the bytes of most are sent as they are stored.
func (p *pager) addBlocks(ctx context.Context, q store.BlockQuery) error {
	var stale staleBlocks
	err := p.r.Blocks(ctx, q, func(b store.Block) error {
		p.cur.Blocks = feed.BlockPosition{Area: b.Area, List: b.List, Village: b.Village}
		if !p.rd.filter.Covers(b.List, b.Area, b.Village) {
			return nil
		}
		out := p.addBlock(b)
		if !fresh(b) {
			stale.add(b, out)
			return nil
		}
		packed, err := p.hub.Keys.Open(b.Bytes, blockContext(b))
		if err != nil {
			return err
		}
		return p.fillBlock(out, packed)
	})
	if err != nil {
		return err
	}
	return p.fillStale(ctx, q.Area, stale)
}

// fresh tells whether no transaction has touched a block since its bytes were built.
func fresh(b store.Block) bool { return b.Bytes != nil && b.Built == b.Transaction }

// staleBlocks are those of a page that still have to be filled.
type staleBlocks struct {
	rows []store.Block
	out  []*wire.Block
}

func (s *staleBlocks) add(b store.Block, out *wire.Block) {
	b.Bytes = bytes.Clone(b.Bytes)
	s.rows, s.out = append(s.rows, b), append(s.out, out)
}

// fillStale rebuilds blocks from the records of the same snapshot, while the next page is read.
func (p *pager) fillStale(ctx context.Context, area string, s staleBlocks) error {
	if len(s.rows) == 0 {
		return nil
	}
	head, _ := headOf(p.heads, area)
	w, err := p.hub.rebuild(ctx, p.r, head, s.rows, func(at int, packed []byte) error { return p.fillBlock(s.out[at], packed) })
	if err == nil {
		p.rebuilds = append(p.rebuilds, w)
	}
	return err
}

func (p *pager) addBlock(b store.Block) *wire.Block {
	out := &wire.Block{List: b.List, Area: b.Area, Village: b.Village, Count: b.Count, Digest: append([]byte(nil), b.Digest[:]...)}
	p.page.Blocks = append(p.page.Blocks, out)
	p.n.Blocks++
	p.n.Records += b.Count
	return out
}

func (p *pager) fillBlock(out *wire.Block, packed []byte) error {
	if p.rd.packed {
		out.Packed = packed
		return nil
	}
	return wire.SetRecords(out, packed)
}

// blockContext binds the bytes to the block and to the transaction they are true
// at: bytes of an older state can't pass for the present one, nor packed ones for plain
// ones in a program from before they were packed.
func blockContext(b store.Block) []byte {
	return rowContext(b.Area, b.List, b.Village, "packed "+feedNumber(b.Transaction))
}
