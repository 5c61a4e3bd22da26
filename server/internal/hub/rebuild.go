package hub

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// rebuilding packs the records of stale blocks. They are read list by list, and while the
// next ones are being read those of blocks that are complete are opened and packed.
type rebuilding struct {
	hub     *Hub
	blocks  []store.Block // in key order; get their new bytes
	packed  [][]byte      // of each block
	workers errgroup.Group
}

func (h *Hub) rebuild(ctx context.Context, r store.Reader, stale []store.Block) (*rebuilding, error) {
	w := &rebuilding{hub: h, blocks: stale, packed: make([][]byte, len(stale))}
	w.workers.SetLimit(runtime.GOMAXPROCS(0))
	var err error
	for from, to := 0, 0; from < len(stale) && err == nil; from = to {
		for to < len(stale) && stale[to].List == stale[from].List {
			to++
		}
		err = w.read(ctx, r, from, to)
	}
	if packing := w.workers.Wait(); err == nil {
		err = packing
	}
	return w, err
}

// read reads the records of blocks of one list.
func (w *rebuilding) read(ctx context.Context, r store.Reader, from, to int) error {
	q := store.RecordQuery{Area: w.blocks[from].Area, List: w.blocks[from].List}
	for _, b := range w.blocks[from:to] {
		q.Villages = append(q.Villages, b.Village)
	}
	at, rows := from, make([]store.Record, 0, w.blocks[from].Count)
	next := func() {
		w.pack(at, rows)
		if at++; at < to {
			rows = make([]store.Record, 0, w.blocks[at].Count)
		}
	}
	err := r.Records(ctx, q, func(rec store.Record) error {
		for rec.Village != w.blocks[at].Village {
			next()
		}
		rows = append(rows, rec)
		return nil
	})
	for err == nil && at < to {
		next()
	}
	return err
}

func (w *rebuilding) pack(at int, rows []store.Record) {
	w.workers.Go(func() error {
		b := &w.blocks[at]
		var plain []byte
		for _, r := range rows {
			fields, err := w.hub.openRow(b.Area, r.Key, r.Document)
			if err != nil {
				return err
			}
			plain = wire.AppendRecord(plain, r.Household, r.Person, r.Transaction, fields)
		}
		var err error
		w.packed[at] = wire.Pack(plain)
		b.Bytes, err = w.hub.Keys.Seal(w.packed[at], blockContext(*b))
		b.Built = b.Transaction
		return err
	})
}

// saveBlocks keeps rebuilt bytes for the next reader. Failing to costs time only.
func (h *Hub) saveBlocks(ctx context.Context, blocks []store.Block) {
	if len(blocks) == 0 {
		return
	}
	err := h.Store.Update(ctx, func(tx store.Tx) error { return tx.SaveBlocks(ctx, blocks) })
	if err != nil && ctx.Err() == nil {
		h.Log.Warn("rebuilt blocks not kept", "blocks", len(blocks), "error", err)
	}
}
