package wire

import (
	"bytes"
	"errors"
	"sync"

	"github.com/klauspost/compress/s2"
)

// Pack makes the encoded records of a block about a quarter of their size before they
// are sealed, since what is sealed cannot be made smaller: a first load costs mainly
// what is read and handed over. The form is the Snappy block format, which consumers
// in any language can unpack by themselves.
func Pack(records []byte) []byte {
	room := rooms.Get().(*[]byte) //nolint:errcheck,forcetypeassert // nothing else is in it
	defer rooms.Put(room)
	*room = s2.EncodeSnappy((*room)[:cap(*room)], records)
	return bytes.Clone(*room)
}

// rooms are where blocks are packed: as much as a block is while it is packed, it must
// not hold on to afterwards.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// maxBlock bounds what a packed block may claim to hold, in bytes: far above any village.
const maxBlock = 64 << 20

// Unpack undoes Pack, in the space of scratch where that is enough.
func Unpack(scratch, packed []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(packed); err != nil || n > maxBlock {
		return nil, errors.New("wire: a block is not well-formed")
	}
	return s2.Decode(scratch[:cap(scratch)], packed)
}
