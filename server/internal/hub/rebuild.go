package hub

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// rebuilding gives stale blocks of an area their bytes. Records are read list by list, and
// while the next ones are being read those of blocks that are complete are opened and packed.
type rebuilding struct {
	hub     *Hub
	head    store.Head
	blocks  []store.Block // in key order; get their new bytes
	packed  [][]byte      // of each block
	workers errgroup.Group
}

func (h *Hub) rebuild(ctx context.Context, r store.Reader, head store.Head, stale []store.Block) (*rebuilding, error) {
	w := &rebuilding{hub: h, head: head, blocks: stale, packed: make([][]byte, len(stale))}
	w.workers.SetLimit(runtime.GOMAXPROCS(0))
	var err error
	for from, to := 0, 0; from < len(stale) && err == nil; from = to {
		for to < len(stale) && stale[to].List == stale[from].List {
			to++
		}
		err = w.list(ctx, r, from, to)
	}
	if packing := w.workers.Wait(); err == nil {
		err = packing
	}
	return w, err
}

// list mends what can be mended of the blocks of one list, and reads the records of the others.
func (w *rebuilding) list(ctx context.Context, r store.Reader, from, to int) error {
	changed, err := changedSince(ctx, r, w.head, w.blocks[from:to])
	if err != nil {
		return err
	}
	var unread []int
	for i := from; i < to; i++ {
		plain, ok := []byte(nil), false
		if s := changed[w.blocks[i].Village]; s != nil {
			if plain, ok, err = w.hub.mend(w.blocks[i], s); err != nil {
				return err
			}
		}
		if ok {
			w.workers.Go(func() error { return w.keep(i, plain) })
		} else {
			unread = append(unread, i)
		}
	}
	if len(unread) == 0 {
		return nil
	}
	return w.read(ctx, r, unread)
}

// read reads the records of blocks of one list.
func (w *rebuilding) read(ctx context.Context, r store.Reader, blocks []int) error {
	first := w.blocks[blocks[0]]
	q := store.RecordQuery{Area: first.Area, List: first.List}
	for _, i := range blocks {
		q.Villages = append(q.Villages, w.blocks[i].Village)
	}
	rows := make([]store.Record, 0, first.Count)
	next := func() {
		w.pack(blocks[0], rows)
		if blocks = blocks[1:]; len(blocks) > 0 {
			rows = make([]store.Record, 0, w.blocks[blocks[0]].Count)
		}
	}
	err := r.Records(ctx, q, func(rec store.Record) error {
		for rec.Village != w.blocks[blocks[0]].Village {
			next()
		}
		rows = append(rows, rec)
		return nil
	})
	for err == nil && len(blocks) > 0 {
		next()
	}
	return err
}

func (w *rebuilding) pack(at int, rows []store.Record) {
	w.workers.Go(func() error {
		var plain []byte
		for _, r := range rows {
			fields, err := w.hub.openRow(w.blocks[at].Area, r.Key, r.Document)
			if err != nil {
				return err
			}
			plain = wire.AppendRecord(plain, r.Household, r.Person, r.Transaction, fields)
		}
		return w.keep(at, plain)
	})
}

// keep packs and seals a block's records.
func (w *rebuilding) keep(at int, plain []byte) (err error) {
	b := &w.blocks[at]
	w.packed[at] = wire.Pack(plain)
	b.Bytes, err = w.hub.Keys.Seal(w.packed[at], blockContext(*b))
	b.Built = b.Transaction
	return err
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
