package hub

import (
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
	var run []store.Block
	if err := p.r.Blocks(ctx, q, func(b store.Block) error { run = append(run, b); return nil }); err != nil {
		return false, err
	}
	for _, b := range run {
		if err := p.block(ctx, b); err != nil {
			return false, err
		}
		p.cur.Blocks = feed.BlockPosition{Area: area, List: b.List, Village: b.Village}
	}
	return looked == blockRun || taken < looked, nil
}

// block adds one block: its stored bytes as they are, or rebuilt from the records
// of the same snapshot where a transaction has touched it since.
func (p *pager) block(ctx context.Context, b store.Block) error {
	if !p.rd.filter.Covers(b.List, b.Area, b.Village) {
		return nil
	}
	var packed []byte
	var err error
	if b.Bytes != nil && b.Built == b.Transaction {
		packed, err = p.hub.Keys.Open(b.Bytes, blockContext(b))
	} else {
		packed, err = p.rebuild(ctx, b)
	}
	if err != nil {
		return err
	}
	out := &wire.Block{List: b.List, Area: b.Area, Village: b.Village, Count: b.Count, Digest: append([]byte(nil), b.Digest[:]...)}
	if p.rd.packed {
		out.Packed = packed
	} else if err := wire.SetRecords(out, packed); err != nil {
		return err
	}
	p.page.Blocks = append(p.page.Blocks, out)
	p.n.Blocks++
	p.n.Records += b.Count
	return nil
}

// rebuild packs the records of a block and keeps them for the next reader.
func (p *pager) rebuild(ctx context.Context, b store.Block) ([]byte, error) {
	var plain []byte
	err := p.r.Records(ctx, store.RecordQuery{Area: b.Area, List: b.List, Village: b.Village}, func(r store.Record) error {
		fields, err := p.hub.openRow(b.Area, r.Key, r.Document)
		if err == nil {
			plain = wire.AppendRecord(plain, r.Household, r.Person, r.Transaction, fields)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	packed := wire.Pack(plain)
	if b.Bytes, err = p.hub.Keys.Seal(packed, blockContext(b)); err != nil {
		return nil, err
	}
	b.Built = b.Transaction
	p.rebuilt = append(p.rebuilt, b)
	return packed, nil
}

// blockContext binds the bytes to the block and to the transaction they are true
// at: bytes of an older state can't pass for the present one, nor packed ones for plain
// ones in a program from before they were packed.
func blockContext(b store.Block) []byte {
	return rowContext(b.Area, b.List, b.Village, "packed "+feedNumber(b.Transaction))
}

// saveBlocks keeps rebuilt bytes for the next reader. Failing to costs time only.
func (h *Hub) saveBlocks(ctx context.Context, blocks []store.Block) {
	if len(blocks) == 0 {
		return
	}
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		for _, b := range blocks {
			if err := tx.SaveBlock(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		h.Log.Warn("rebuilt blocks not kept", "blocks", len(blocks), "error", err)
	}
}
