package store_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/store"
)

var digests = rapid.Custom(func(t *rapid.T) (d [16]byte) {
	copy(d[:], rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}), 16, 16).Draw(t, "bytes"))
	return d
})

func TestADigestIsTheSumModulo2To128(t *testing.T) {
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	rapid.Check(t, func(t *rapid.T) {
		a, b := digests.Draw(t, "a"), digests.Draw(t, "b")
		x, y := new(big.Int).SetBytes(a[:]), new(big.Int).SetBytes(b[:])
		var want [16]byte
		new(big.Int).Mod(x.Add(x, y), modulus).FillBytes(want[:])
		if got := store.AddHash(a, b); got != want {
			t.Fatalf("got %x, want %x", got, want)
		}
		if got := store.SubHash(store.AddHash(a, b), b); got != a {
			t.Fatalf("taken out again: got %x, want %x", got, a)
		}
	})
}

func TestBlockDeltasAreSortedAndAddUp(t *testing.T) {
	in := func(list, village string) store.Key { return store.Key{List: list, Village: village} }
	one, two, three := [16]byte{15: 1}, [16]byte{15: 2}, [16]byte{15: 3}
	got := store.Batch{
		Upserts: []store.RecordUpsert{
			{Key: in("b", "1"), Hash: three},
			{Key: in("a", "2"), Hash: three, Replaces: true, OldHash: one},
			{Key: in("a", "2"), Hash: one},
			{Key: in("a", "1"), Hash: two, Replaces: true, OldHash: two},
		},
		Deletes: []store.RecordDelete{{Key: in("b", "1"), OldHash: two}},
	}.BlockDeltas()
	want := []store.BlockDelta{
		{List: "a", Village: "1"},
		{List: "a", Village: "2", Count: 1, Digest: three},
		{List: "b", Village: "1", Digest: one},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d blocks, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}
