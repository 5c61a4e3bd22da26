package hub

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// rebuilding gives stale blocks of an area their bytes. Records are read list by list, and
// while the next ones are being read those of villages that are complete are opened and packed.
type rebuilding struct {
	hub     *Hub
	head    store.Head
	blocks  []store.Block // in key order; get their new bytes
	fill    func(at int, packed []byte) error
	workers errgroup.Group
}

// rebuilds are those of a page. It is not complete before they have ended.
type rebuilds []*rebuilding

// rebuild begins it; fill is called with what each block is sent as, by several goroutines.
func (h *Hub) rebuild(ctx context.Context, r store.Reader, head store.Head, stale []store.Block, fill func(int, []byte) error) (*rebuilding, error) {
	w := &rebuilding{hub: h, head: head, blocks: stale, fill: fill}
	w.workers.SetLimit(runtime.GOMAXPROCS(0))
	for from, to := 0, 0; from < len(stale); from = to {
		for to < len(stale) && stale[to].List == stale[from].List {
			to++
		}
		if err := w.list(ctx, r, from, to); err != nil {
			_ = w.workers.Wait() // of a page that is not sent
			return nil, err
		}
	}
	return w, nil
}

func (all rebuilds) wait() error {
	var errs []error
	for _, w := range all {
		errs = append(errs, w.workers.Wait())
	}
	return errors.Join(errs...)
}

// finish waits until a page is complete and keeps the rebuilt bytes for the next reader.
func (h *Hub) finish(ctx context.Context, all rebuilds) error {
	if err := all.wait(); err != nil {
		return err
	}
	var built []store.Block
	for _, w := range all {
		built = append(built, w.blocks...)
	}
	h.saveBlocks(ctx, built)
	return nil
}

// list mends what can be mended of the blocks of one list, and reads the records of the others.
func (w *rebuilding) list(ctx context.Context, r store.Reader, from, to int) error {
	changed, err := changedSince(ctx, r, w.head, w.blocks[from:to])
	if err != nil {
		return err
	}
	unread := map[string]int{}
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
			unread[w.blocks[i].Village] = i
		}
	}
	if len(unread) == 0 {
		return nil
	}
	return r.Villages(ctx, w.head.Area, w.blocks[from].List, slices.Collect(maps.Keys(unread)), func(village string, rows []store.Record) error {
		w.workers.Go(func() error { return w.pack(unread[village], rows) })
		return nil
	})
}

// scratches are the plain records of blocks that have been packed.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

func (w *rebuilding) pack(at int, rows []store.Record) error {
	plain, room := scratches.Get().(*[]byte), make([]byte, 0, 96) //nolint:errcheck,forcetypeassert // nothing else is in it
	defer scratches.Put(plain)
	*plain = (*plain)[:0]
	for i := range rows {
		r := &rows[i]
		fields, err := w.hub.openRowIn(room, r.Area, r.Key, r.Document)
		if err != nil {
			return err
		}
		*plain = wire.AppendRecord(*plain, r.Household, r.Person, r.Transaction, fields)
	}
	return w.keep(at, *plain)
}

// keep packs and seals a block's records.
func (w *rebuilding) keep(at int, plain []byte) (err error) {
	b, packed := &w.blocks[at], wire.Pack(plain)
	if b.Bytes, err = w.hub.Keys.Seal(packed, blockContext(*b)); err != nil {
		return err
	}
	b.Built = b.Transaction
	return w.fill(at, packed)
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
