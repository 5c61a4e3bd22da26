package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Digest is a sum of row hashes modulo 2^128, big endian. It detects accidents,
// not forgery; letters use SHA-256 over sorted items.
type Digest [16]byte

// Add adds a row hash.
func (d *Digest) Add(h [16]byte) {
	lo, carry := bits.Add64(binary.BigEndian.Uint64(d[8:]), binary.BigEndian.Uint64(h[8:]), 0)
	hi, _ := bits.Add64(binary.BigEndian.Uint64(d[:8]), binary.BigEndian.Uint64(h[:8]), carry)
	binary.BigEndian.PutUint64(d[:8], hi)
	binary.BigEndian.PutUint64(d[8:], lo)
}

// Sub takes a row hash away.
func (d *Digest) Sub(h [16]byte) {
	lo, borrow := bits.Sub64(binary.BigEndian.Uint64(d[8:]), binary.BigEndian.Uint64(h[8:]), 0)
	hi, _ := bits.Sub64(binary.BigEndian.Uint64(d[:8]), binary.BigEndian.Uint64(h[:8]), borrow)
	binary.BigEndian.PutUint64(d[:8], hi)
	binary.BigEndian.PutUint64(d[8:], lo)
}

// RowKey names a row in its area.
type RowKey struct {
	Area, List, Village, Household, Person string
}

// rowVersion begins every hashed sequence; the contract's Record message
// specifies the whole of it.
const rowVersion = "bangfu-row-1"

// RowHash is the first 16 bytes of SHA-256 over the length-prefixed texts of the
// key and the values. buf is scratch space that is grown and returned.
func RowHash(buf []byte, k RowKey, values []string) ([16]byte, []byte) {
	buf = RowSequence(buf[:0], k, values)
	sum := sha256.Sum256(buf)
	return [16]byte(sum[:16]), buf
}

// RowSequence appends the byte sequence that RowHash hashes.
func RowSequence(dst []byte, k RowKey, values []string) []byte {
	for _, s := range [...]string{rowVersion, k.List, k.Area, k.Village, k.Household, k.Person} {
		dst = appendText(dst, s)
	}
	for _, v := range values {
		dst = appendText(dst, v)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s))) //nolint:gosec // field texts are bounded far below 4 GiB
	return append(dst, s...)
}
