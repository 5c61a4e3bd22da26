package store

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
)

// AddHash adds a row hash to a digest, modulo 2^128, both big endian.
func AddHash(digest, hash [16]byte) [16]byte {
	lo, carry := bits.Add64(low(digest), low(hash), 0)
	hi, _ := bits.Add64(high(digest), high(hash), carry)
	return join(hi, lo)
}

// SubHash takes a row hash out of a digest; it undoes AddHash.
func SubHash(digest, hash [16]byte) [16]byte {
	lo, borrow := bits.Sub64(low(digest), low(hash), 0)
	hi, _ := bits.Sub64(high(digest), high(hash), borrow)
	return join(hi, lo)
}

func high(b [16]byte) uint64 { return binary.BigEndian.Uint64(b[:8]) }
func low(b [16]byte) uint64  { return binary.BigEndian.Uint64(b[8:]) }

func join(hi, lo uint64) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return b
}

// BlockDelta is what a batch does to one block: Count rows more (or fewer), and
// Digest to be added to the block's own.
type BlockDelta struct {
	List    string
	Village string
	Count   int64
	Digest  [16]byte
}

// BlockDeltas lists the blocks that the batch's records touch, ordered by list and
// village. A row that is replaced by itself touches its block with a delta of zero.
func (b Batch) BlockDeltas() []BlockDelta {
	type key struct{ list, village string }
	deltas := map[key]BlockDelta{}
	add := func(k Key, count int64, plus, minus [16]byte) {
		d := deltas[key{k.List, k.Village}]
		d.List, d.Village = k.List, k.Village
		d.Count += count
		d.Digest = SubHash(AddHash(d.Digest, plus), minus)
		deltas[key{k.List, k.Village}] = d
	}
	for _, r := range b.Deletes {
		add(r.Key, -1, [16]byte{}, r.OldHash)
	}
	for _, r := range b.Upserts {
		if r.Replaces {
			add(r.Key, 0, r.Hash, r.OldHash)
		} else {
			add(r.Key, 1, r.Hash, [16]byte{})
		}
	}
	return slices.SortedFunc(maps.Values(deltas), func(x, y BlockDelta) int {
		return cmp.Or(cmp.Compare(x.List, y.List), cmp.Compare(x.Village, y.Village))
	})
}
