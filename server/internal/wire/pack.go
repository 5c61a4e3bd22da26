package wire

import "github.com/klauspost/compress/s2"

// Pack makes the encoded records of a block about a quarter of their size before they
// are sealed, since what is sealed cannot be made smaller: a first load costs mainly
// what is read and handed over. The form is the Snappy block format, which consumers
// in any language can unpack by themselves.
func Pack(records []byte) []byte { return s2.EncodeSnappyBetter(nil, records) }
