package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var blockTests = []test{
	{"count and digest of a block are those of its records, whatever happens to them", blocksAddUp},
	{"a touched block keeps its old bytes and is stale", blockGoesStale},
	{"SaveBlock does nothing where a transaction has touched the block since", saveBlockLoses},
	{"SaveBlock never replaces later bytes with earlier ones", saveBlockKeepsLater},
	{"SaveBlock does nothing where there is no block", saveBlockOfNothing},
	{"blocks are selected in order of list and village, empty ones left out", blocksAreSelected},
}

func selectBlocks(ctx context.Context, t *testing.T, r store.Reader, q store.BlockQuery) []store.Block {
	t.Helper()
	return collect(t, func(fn func(store.Block) error) error {
		return r.Blocks(ctx, q, func(b store.Block) error {
			b.Bytes = bytes.Clone(b.Bytes)
			return fn(b)
		})
	})
}

// blockOf is the block v1 of list education in area A, with its bytes.
func blockOf(t *testing.T, s store.Store) (b store.Block) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) error {
		blocks := selectBlocks(ctx, t, r, store.BlockQuery{Area: "A", Lists: []string{"education"}, Villages: []string{"v1"}, Bytes: true})
		if len(blocks) != 1 {
			t.Fatalf("%d blocks, want one", len(blocks))
		}
		b = blocks[0]
		return nil
	})
	return b
}

func saveBlock(t *testing.T, s store.Store, transaction int64, bytes string) {
	t.Helper()
	b := store.Block{Area: "A", List: "education", Village: "v1", Transaction: transaction, Bytes: []byte(bytes)}
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.SaveBlocks(ctx, []store.Block{b}) })
}

// blocksAddUp inserts, replaces, moves and deletes records at random, then recomputes
// every block from the records.
func blocksAddUp(t *testing.T, s store.Store) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a seeded sequence is what is wanted
	stored := map[store.Key][16]byte{}
	for number := range 40 {
		b := store.Batch{Area: "A", Changes: changes("A", 1).Changes}
		taken := map[store.Key]bool{}
		for i := range 1 + random.IntN(10) {
			k := key(fmt.Sprint("list", random.IntN(2)), fmt.Sprint("v", random.IntN(3)), fmt.Sprint("h", random.IntN(10)), "p")
			to := k
			to.Village = fmt.Sprint("v", random.IntN(3))
			if taken[k] || taken[to] {
				continue
			}
			taken[k], taken[to] = true, true
			step(&b, stored, k, to, hash(fmt.Sprint(number), fmt.Sprint(i)))
		}
		appendBatch(t, s, b)
		compareBlocks(t, s)
	}
}

// step adds to the batch what happens to the record k: it is inserted where it is not
// stored, otherwise replaced, moved to the key to, or, where one stands there, deleted.
func step(b *store.Batch, stored map[store.Key][16]byte, k, to store.Key, h [16]byte) {
	old, exists := stored[k]
	_, occupied := stored[to]
	switch {
	case !exists:
		b.Upserts = append(b.Upserts, store.RecordUpsert{Key: k, Hash: h, Document: []byte("d")})
		stored[k] = h
	case k == to:
		b.Upserts = append(b.Upserts, store.RecordUpsert{Key: k, Hash: h, Replaces: true, OldHash: old, Document: []byte("d")})
		stored[k] = h
	default:
		b.Deletes = append(b.Deletes, store.RecordDelete{Key: k, OldHash: old})
		delete(stored, k)
		if !occupied {
			b.Upserts = append(b.Upserts, store.RecordUpsert{Key: to, Hash: h, Document: []byte("d")})
			stored[to] = h
		}
	}
}

func compareBlocks(t *testing.T, s store.Store) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) error {
		want := map[[2]string]store.Block{}
		for _, list := range []string{"list0", "list1"} {
			for _, r := range selectRecords(ctx, t, r, store.RecordQuery{Area: "A", List: list}) {
				b := want[[2]string{r.List, r.Village}]
				b.Count++
				b.Digest = store.AddHash(b.Digest, r.Hash)
				want[[2]string{r.List, r.Village}] = b
			}
		}
		got := map[[2]string]store.Block{}
		for _, b := range selectBlocks(ctx, t, r, store.BlockQuery{Area: "A"}) {
			got[[2]string{b.List, b.Village}] = store.Block{Count: b.Count, Digest: b.Digest}
		}
		equal(t, "counts and digests", got, want)
		return nil
	})
}

func blockGoesStale(t *testing.T, s store.Store) {
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p1")))
	want := store.Block{Area: "A", List: "education", Village: "v1", Transaction: 1, Count: 1, Digest: hash("p1", "1")}
	equal(t, "block never built", blockOf(t, s), want)
	saveBlock(t, s, 1, "one record")
	want.Built, want.Bytes = 1, []byte("one record")
	equal(t, "block when built", blockOf(t, s), want)

	appendBatch(t, s, insert("A", key("education", "v2", "h1", "p2"), key("housing", "v1", "h1", "")))
	equal(t, "block when others are touched", blockOf(t, s), want)

	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p3")))
	want.Transaction, want.Count, want.Digest = 3, 2, store.AddHash(want.Digest, hash("p3", "1"))
	equal(t, "block when touched", blockOf(t, s), want)
	saveBlock(t, s, 3, "two records")
	want.Built, want.Bytes = 3, []byte("two records")
	equal(t, "block when built again", blockOf(t, s), want)
}

func saveBlockLoses(t *testing.T, s store.Store) {
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p1")))
	built := blockOf(t, s).Transaction
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p2")))
	saveBlock(t, s, built, "without the second")
	b := blockOf(t, s)
	if b.Bytes != nil || b.Built != 0 {
		t.Errorf("stale bytes %q were stored as built at %d", b.Bytes, b.Built)
	}
}

func saveBlockKeepsLater(t *testing.T, s store.Store) {
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p1")))
	appendBatch(t, s, changes("A", 1)) // touches no block
	saveBlock(t, s, 2, "built later")
	saveBlock(t, s, 1, "built earlier")
	b := blockOf(t, s)
	equal(t, "bytes", string(b.Bytes), "built later")
	equal(t, "built and touched", []int64{b.Built, b.Transaction}, []int64{2, 1})
	saveBlock(t, s, 2, "sealed anew")
	equal(t, "bytes", string(blockOf(t, s).Bytes), "sealed anew")
}

func saveBlockOfNothing(t *testing.T, s store.Store) {
	saveBlock(t, s, 9, "of nothing")
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p1")))
	if b := blockOf(t, s); b.Built != 0 || b.Bytes != nil {
		t.Errorf("bytes of a block that did not exist were stored: %+v", b)
	}
}

func blocksAreSelected(t *testing.T, s store.Store) {
	var keys []store.Key
	for _, list := range []string{"medical", "education", "housing"} {
		for _, village := range []string{"v2", "v1", "V3"} {
			keys = append(keys, key(list, village, "h1", ""))
		}
	}
	appendBatch(t, s, insert("A", keys...))
	appendBatch(t, s, insert("B", keys[0]))
	appendBatch(t, s, store.Batch{Area: "A", Changes: changes("A", 1).Changes,
		Deletes: []store.RecordDelete{{Key: key("housing", "v1", "h1", ""), OldHash: hash("", "1")}}})
	saveBlock(t, s, 2, "bytes")
	view(t, s, func(ctx context.Context, r store.Reader) error {
		for _, c := range []struct {
			q    store.BlockQuery
			want string
		}{
			{store.BlockQuery{}, "[eV3 ev1 ev2 hV3 hv2 mV3 mv1 mv2]"},
			{store.BlockQuery{Bytes: true, Limit: 2}, "[eV3 ev1=bytes]"},
			{store.BlockQuery{Lists: []string{"medical", "housing"}}, "[hV3 hv2 mV3 mv1 mv2]"},
			{store.BlockQuery{Villages: []string{"v1"}}, "[ev1 mv1]"},
			{store.BlockQuery{Lists: []string{}}, "[]"},
			{store.BlockQuery{Villages: []string{}}, "[]"},
			{store.BlockQuery{AfterList: "education", AfterVillage: "v2", Limit: 3}, "[hV3 hv2 mV3]"},
			{store.BlockQuery{Villages: []string{"v2"}, AfterList: "education", AfterVillage: "v1"}, "[ev2 hv2 mv2]"},
			{store.BlockQuery{AfterList: "medical", AfterVillage: "v2"}, "[]"},
		} {
			c.q.Area = "A"
			equal(t, fmt.Sprintf("blocks of %+v", c.q), fmt.Sprint(blockNames(selectBlocks(ctx, t, r, c.q))), c.want)
		}
		stops(t, "Blocks", func(fn func(store.Block) error) error { return r.Blocks(ctx, store.BlockQuery{Area: "A"}, fn) })
		return nil
	})
}

func blockNames(blocks []store.Block) []string {
	var all []string
	for _, b := range blocks {
		name := b.List[:1] + b.Village
		if b.Bytes != nil {
			name += "=" + string(b.Bytes)
		}
		all = append(all, name)
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
