package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// bare is a store whose blocks have no bytes, so that all of them are read from their records.
type bare struct{ store.Store }

func (s bare) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(bareReader{r}) })
}

func (s bare) Update(context.Context, func(store.Tx) error) error { return nil } // nothing is kept

type bareReader struct{ store.Reader }

func (r bareReader) Blocks(ctx context.Context, q store.BlockQuery, fn func(store.Block) error) error {
	return r.Reader.Blocks(ctx, q, func(b store.Block) error {
		b.Built, b.Bytes = 0, nil
		return fn(b)
	})
}

// counting counts the villages whose records are read.
type counting struct {
	store.Store
	villages int
}

func (s *counting) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(countingReader{r, s}) })
}

type countingReader struct {
	store.Reader
	count *counting
}

func (r countingReader) Villages(ctx context.Context, area, list string, villages []string, fn func(store.Record) error) error {
	r.count.villages += len(villages)
	return r.Reader.Villages(ctx, area, list, villages, fn)
}

// backwards gives the records of a village in another order.
type backwards struct{ bare }

func (s backwards) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.bare.View(ctx, func(r store.Reader) error { return fn(backwardsReader{r}) })
}

type backwardsReader struct{ store.Reader }

func (r backwardsReader) Villages(ctx context.Context, area, list string, villages []string, fn func(store.Record) error) error {
	for _, village := range slices.Sorted(slices.Values(villages)) {
		var all []store.Record
		err := r.Reader.Villages(ctx, area, list, []string{village}, func(rec store.Record) error {
			rec.Document = bytes.Clone(rec.Document)
			all = append(all, rec)
			return nil
		})
		for _, rec := range slices.Backward(all) {
			if err == nil {
				err = fn(rec)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blocks gives all packed blocks by area, list and village, in small pages.
func (h *house) blocks() map[string][]byte {
	h.Helper()
	out := map[string][]byte{}
	h.ok(h.Follow(h.Context(), reader, hub.FollowQuery{Packed: true, PageSize: 7}, func(p *wire.Page) error {
		for _, b := range p.GetBlocks() {
			out[b.GetArea()+" "+b.GetList()+" "+b.GetVillage()] = b.GetPacked()
		}
		return nil
	}))
	return out
}

// blocksBy is blocks through another view of the house's store.
func (h *house) blocksBy(s store.Store) map[string][]byte {
	h.Helper()
	own := h.Store
	h.Store = s
	defer func() { h.Store = own }()
	return h.blocks()
}

// mustBeTheRecords compares blocks with what their records give, and says how many there
// are, and how many were read from their records.
func (h *house) mustBeTheRecords() (all, read int) {
	h.Helper()
	count := &counting{Store: h.store}
	got, want := h.blocksBy(count), h.blocksBy(bare{h.store})
	if len(got) != len(want) || len(got) == 0 {
		h.Fatalf("%d blocks, not %d", len(got), len(want))
	}
	for key, b := range want {
		if !bytes.Equal(got[key], b) {
			h.Fatalf("block %s differs", key)
		}
	}
	return len(want), count.villages
}

func TestMendedBlocksAreWhatTheirRecordsGive(t *testing.T) {
	h := newHouse(t)
	random := rand.New(rand.NewPCG(7, 9)) //nolint:gosec // a seeded sequence is what is wanted
	var homes []*household.Household
	for n := range 24 {
		homes = append(homes, home(n, qionghai[n%3]))
	}
	h.load(homes...)
	if got, want := h.blocksBy(backwards{bare{h.store}}), h.blocksBy(bare{h.store}); !maps.EqualFunc(got, want, bytes.Equal) {
		t.Fatal("blocks depend on the order in which their records are read")
	}
	h.blocks()
	compared, read := 0, 0
	for round := range 30 {
		for range 1 + random.IntN(4) {
			h.somethingHappens(random, round)
		}
		all, n := h.mustBeTheRecords()
		compared, read = compared+all, read+n
	}
	if read*10 > compared {
		t.Errorf("%d of %d blocks were read from their records: hardly any is mended", read, compared)
	}
}

// Several streams build the blocks of the same villages at once.
func TestReadersWhoBuildBlocksAtTheSameTimeAllGetThemWhole(t *testing.T) {
	h := newHouse(t)
	for n := range 60 {
		h.load(home(n, qionghai[n%3]))
	}
	want := h.blocksBy(bare{h.store})
	h.Store = bare{h.store}
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 5 {
				if got := h.blocks(); !maps.EqualFunc(got, want, bytes.Equal) {
					t.Error("blocks are not those that one reader alone gets")
				}
			}
		})
	}
	readers.Wait()
}

// somethingHappens to one of the 24 homes.
func (h *house) somethingHappens(random *rand.Rand, round int) {
	h.Helper()
	was := h.find(fmt.Sprintf("HH-%04d", random.IntN(24)))
	change := func(f *household.Household) {
		f.Register.Phone, f.Persons[1].Name = fmt.Sprintf("100%08d", round), fmt.Sprintf("虚拟%d", round)
	}
	switch random.IntN(4) {
	case 0:
		if to := qionghai[random.IntN(3)]; to != was.Household.Village {
			h.move(was, to)
		}
		return
	case 1:
		change = func(f *household.Household) {
			f.Persons[2].LeftOn, f.Persons[2].LeaveReason, f.Persons[2].LeaveEvidence = today, household.LeaveDeath, "死亡证明1号"
		}
	case 2:
		change = func(f *household.Household) { f.Persons[0].SchoolStage = household.Primary }
	}
	_, err := h.update(office, was, household.GroupRegister, change)
	h.ok(err)
}

func TestABlockThatIsOlderThanTheChangesKeptIsReadFromItsRecords(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	h.blocks()
	for n := range 2 {
		_, err := h.update(office, h.find("HH-0001"), household.GroupRegister, func(f *household.Household) { f.Persons[1].Name = fmt.Sprintf("虚拟%d", n) })
		h.ok(err)
	}
	h.ok(h.store.Update(t.Context(), func(tx store.Tx) error { return tx.Purge(t.Context(), "qionghai", 3) }))
	if _, read := h.mustBeTheRecords(); read == 0 {
		t.Error("it was mended by changes of which some are gone")
	}
}
