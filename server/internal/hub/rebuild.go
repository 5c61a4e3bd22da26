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
	return w.read(ctx, r, w.blocks[from].List, unread)
}

// read opens the records of villages while the next ones are on their way. blocks says
// which block each village has.
func (w *rebuilding) read(ctx context.Context, r store.Reader, list string, blocks map[string]int) error {
	v := &villageRecords{}
	give := func() {
		if at, wanted := blocks[v.village]; wanted {
			delete(blocks, v.village)
			whole := v // from here on another's, who recycles it
			w.workers.Go(func() error { return w.pack(at, whole) })
		}
	}
	room := make([]byte, 0, 96)
	err := r.Villages(ctx, w.head.Area, list, slices.Collect(maps.Keys(blocks)), func(rec store.Record) error {
		if v.village != rec.Village {
			give()
			v = recycled.Get().(*villageRecords) //nolint:errcheck,forcetypeassert // nothing else is in it
			*v = villageRecords{village: rec.Village, plain: v.plain[:0]}
		}
		fields, err := w.hub.openRowIn(room, rec.Area, rec.Key, rec.Document)
		if err == nil {
			v.add(rec, fields)
		}
		return err
	})
	if err != nil {
		return err
	}
	give()
	for _, at := range blocks { // of which there are no records
		if err := w.keep(at, nil); err != nil {
			return err
		}
	}
	return nil
}

// villageRecords are the records of a village as they came.
type villageRecords struct {
	village   string
	plain     []byte
	last      row // the greatest so far
	unordered bool
}

func (v *villageRecords) add(rec store.Record, fields []byte) {
	r := row{household: rec.Household, person: rec.Person}
	if byKey(v.last, r) > 0 {
		v.unordered = true
	} else {
		v.last = r
	}
	v.plain = wire.AppendRecord(v.plain, rec.Household, rec.Person, rec.Transaction, fields)
}

// recycled are those whose records have been packed.
var recycled = sync.Pool{New: func() any { return new(villageRecords) }}

func (w *rebuilding) pack(at int, v *villageRecords) error {
	defer recycled.Put(v)
	if !v.unordered {
		return w.keep(at, v.plain)
	}
	rows := make([]row, 0, w.blocks[at].Count)
	err := wire.EachRecord(v.plain, func(household, person string, record []byte) {
		rows = append(rows, row{household, person, record})
	})
	if err != nil {
		return err
	}
	slices.SortFunc(rows, byKey)
	return w.keep(at, joined(rows))
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
