package gateway

import (
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// short are the escapes that JSON has a letter for.
var short = [utf8.RuneSelf]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// plain tells whether a JSON string can hold every byte as it is, and all are ASCII:
// eight bytes at a time, the last ones of a text once more. Most texts are codes, ids and dates.
func plain(v []byte) bool {
	n := len(v)
	if n < 8 {
		for _, b := range v {
			if b < ' ' || b == '"' || b == '\\' || b >= utf8.RuneSelf {
				return false
			}
		}
		return true
	}
	odd := special(binary.LittleEndian.Uint64(v[n-8:]))
	for i := 0; i+8 < n; i += 8 {
		odd |= special(binary.LittleEndian.Uint64(v[i:]))
	}
	return odd == 0
}

// special is not 0 where one of the eight bytes is below ' ', a quote, a backslash or above ASCII.
func special(eight uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := eight^(ones*'"'), eight^(ones*'\\')
	return (eight | (eight-ones*' ')&^eight | (quote-ones)&^quote | (backslash-ones)&^backslash) & high
}

// appendText writes a JSON string.
func appendText(dst, v []byte) ([]byte, error) {
	if plain(v) {
		dst = append(append(dst, '"'), v...)
		return append(dst, '"'), nil
	}
	if !utf8.Valid(v) {
		return dst, errIrregular
	}
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, b := range v {
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, v[from:i]...)
		if s := short[b]; s != 0 {
			dst = append(dst, '\\', s)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		from = i + 1
	}
	dst = append(dst, v[from:]...)
	return append(dst, '"'), nil
}

// appendTime writes a Timestamp as RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second.
func appendTime(dst, src []byte) ([]byte, error) {
	var ts timestamppb.Timestamp
	if proto.Unmarshal(src, &ts) != nil || !ts.IsValid() {
		return dst, errIrregular
	}
	t := ts.AsTime()
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05")
	if nanos := t.Nanosecond(); nanos != 0 {
		digits, unit := 9, 1
		for digits > 3 && nanos/unit%1000 == 0 {
			digits, unit = digits-3, unit*1000
		}
		dst = append(dst, '.')
		text := strconv.Itoa(int(time.Second) + nanos)
		dst = append(dst, text[1:1+digits]...)
	}
	return append(dst, 'Z', '"'), nil
}
