package client

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"sync"
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

var errRecord = errors.New("client: a record is not well-formed")

// recordDecoder decodes records one after the other into the same message. A first
// load is as fast as its records are decoded, and a new message for each costs more
// than the decoding. Strings point into the page's bytes, so they stay good when the
// message is used again; the message itself doesn't.
type recordDecoder struct {
	record       hubv1.Record
	entitlements []hubv1.Entitlement
	used         int
	table        []slot
	// was and now are the fields that the last record and this one have: records of a
	// list have nearly the same, so that little is left to clear.
	was, now [fieldWords]uint64
}

// slot says where in the Go struct a field of the contract stands, and as what.
type slot struct {
	kind   slotKind
	offset uintptr
}

type slotKind uint8

const (
	unknownSlot slotKind = iota
	stringSlot
	int32Slot
	int64Slot
	optionalInt64Slot
	boolSlot
	stringsSlot
	entitlementsSlot
)

// fieldWords bounds the field numbers that are decoded at all, 64 a word.
const fieldWords = 4

var slotKinds = map[reflect.Type]slotKind{
	reflect.TypeFor[string]():               stringSlot,
	reflect.TypeFor[int32]():                int32Slot,
	reflect.TypeFor[int64]():                int64Slot,
	reflect.TypeFor[*int64]():               optionalInt64Slot,
	reflect.TypeFor[bool]():                 boolSlot,
	reflect.TypeFor[[]string]():             stringsSlot,
	reflect.TypeFor[[]*hubv1.Entitlement](): entitlementsSlot,
}

// slots are made once from the contract, so that a new field needs nothing here; one
// of a new kind is skipped, and the test against the standard decoder fails.
var slots = sync.OnceValue(func() []slot {
	fields := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields()
	t := reflect.TypeFor[hubv1.Record]()
	var out []slot
	for f := range t.Fields() {
		var number protowire.Number
		if _, err := fmt.Sscanf(fieldNumber(f.Tag.Get("protobuf")), "%d", &number); err != nil || fields.ByNumber(number) == nil || number >= 64*fieldWords {
			continue
		}
		for int(number) >= len(out) {
			out = append(out, slot{})
		}
		out[number] = slot{kind: slotKinds[f.Type], offset: f.Offset}
	}
	return out
})

// fieldNumber is the second part of a generated tag such as "bytes,10,opt,name=head_name".
func fieldNumber(tag string) string {
	for i := range len(tag) {
		if tag[i] == ',' {
			return tag[i+1:]
		}
	}
	return ""
}

// decode reads one record. The message is good until the next call.
func (d *recordDecoder) decode(b []byte) (*hubv1.Record, error) {
	if d.table == nil {
		d.table = slots()
	}
	d.was, d.now, d.used = d.now, [fieldWords]uint64{}, 0
	for len(b) > 0 {
		tag, n := varint(b)
		if n < 0 || tag>>3 > uint64(protowire.MaxValidNumber) || tag>>3 == 0 {
			return nil, errRecord
		}
		b = b[n:]
		if number := tag >> 3; tag&7 == uint64(protowire.BytesType) && number < uint64(len(d.table)) && d.table[number].kind == stringSlot {
			v, n := text(b) // nearly every field
			if n < 0 {
				return nil, errRecord
			}
			*(*string)(unsafe.Add(unsafe.Pointer(&d.record), d.table[number].offset)) = v
			d.now[number/64] |= 1 << (number % 64)
			b = b[n:]
			continue
		}
		if n = d.field(protowire.Number(tag>>3), protowire.Type(tag&7), b); n < 0 { //nolint:gosec // bounded above
			return nil, errRecord
		}
		b = b[n:]
	}
	d.clear()
	return &d.record, nil
}

// varint reads a number of one or two bytes at once, as nearly all are.
func varint(b []byte) (uint64, int) {
	switch {
	case len(b) > 0 && b[0] < 0x80:
		return uint64(b[0]), 1
	case len(b) > 1 && b[1] < 0x80:
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	return protowire.ConsumeVarint(b)
}

// clear empties the fields that the last record had and this one has not.
func (d *recordDecoder) clear() {
	for word, was := range d.was {
		for gone := was &^ d.now[word]; gone != 0; gone &= gone - 1 {
			s := d.table[64*word+bits.TrailingZeros64(gone)]
			s.clear(unsafe.Add(unsafe.Pointer(&d.record), s.offset))
		}
	}
}

func (s slot) clear(at unsafe.Pointer) {
	switch s.kind {
	case stringSlot:
		*(*string)(at) = ""
	case int32Slot:
		*(*int32)(at) = 0
	case int64Slot:
		*(*int64)(at) = 0
	case optionalInt64Slot:
		*(**int64)(at) = nil
	case boolSlot:
		*(*bool)(at) = false
	case stringsSlot:
		*(*[]string)(at) = nil
	case entitlementsSlot:
		*(*[]*hubv1.Entitlement)(at) = nil
	}
}

// first tells whether this is the field's first value in this record.
func (d *recordDecoder) first(number protowire.Number) bool {
	word, bit := number/64, uint64(1)<<(number%64)
	seen := d.now[word]&bit != 0
	d.now[word] |= bit
	return !seen
}

// field reads one value and gives its length, negative where it is malformed.
func (d *recordDecoder) field(number protowire.Number, wire protowire.Type, b []byte) int {
	var s slot
	if int(number) < len(d.table) {
		s = d.table[number]
	}
	at := unsafe.Add(unsafe.Pointer(&d.record), s.offset)
	switch {
	case wire == protowire.BytesType && s.kind == stringsSlot:
		v, n := text(b)
		list := *(*[]string)(at)
		if d.first(number) {
			list = list[:0]
		}
		*(*[]string)(at) = append(list, v)
		return n
	case wire == protowire.BytesType && s.kind == entitlementsSlot:
		if d.first(number) {
			d.record.Entitlements = d.record.Entitlements[:0]
		}
		v, n := embedded(b)
		if n >= 0 && !d.entitlement(v) {
			n = -1
		}
		return n
	case wire == protowire.VarintType && s.kind >= int32Slot && s.kind <= boolSlot:
		v, n := varint(b)
		number64(s.kind, at, v)
		d.first(number)
		return n
	}
	return protowire.ConsumeFieldValue(number, wire, b) // of a newer hub
}

func number64(kind slotKind, at unsafe.Pointer, v uint64) {
	switch kind {
	case int32Slot:
		*(*int32)(at) = int32(v) //nolint:gosec // as protobuf does: the low half
	case int64Slot:
		*(*int64)(at) = int64(v) //nolint:gosec // two's complement
	case optionalInt64Slot:
		value := int64(v) //nolint:gosec // two's complement
		*(**int64)(at) = &value
	case boolSlot:
		*(*bool)(at) = v != 0
	}
}

// text gives a string that points into b.
func text(b []byte) (string, int) {
	var begin, length int
	if len(b) > 0 && b[0] < 0x80 {
		begin, length = 1, int(b[0])
	} else {
		n, size := varint(b)
		if size < 0 || n > uint64(len(b)) {
			return "", -1
		}
		begin, length = size, int(n) //nolint:gosec // at most len(b)
	}
	if length > len(b)-begin {
		return "", -1
	}
	v := b[begin : begin+length]
	if !ascii(v) && !utf8.Valid(v) {
		return "", -1
	}
	return unsafe.String(unsafe.SliceData(v), length), begin + length
}

// ascii tells whether no byte is above 127, eight bytes at a time; the last step reads
// some bytes again. Most texts are codes, ids and dates, and checking them is a quarter
// of the decoding.
func ascii(b []byte) bool {
	const high = 0x8080808080808080
	n := len(b)
	switch {
	case n >= 8:
		all := binary.LittleEndian.Uint64(b[n-8:])
		for i := 0; i+8 < n; i += 8 {
			all |= binary.LittleEndian.Uint64(b[i:])
		}
		return all&high == 0
	case n >= 4:
		all := binary.LittleEndian.Uint32(b) | binary.LittleEndian.Uint32(b[n-4:])
		return all&(high>>32) == 0
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// embedded gives what stands behind its length, and the length of both.
func embedded(b []byte) ([]byte, int) {
	length, n := varint(b)
	if n < 0 || length > uint64(len(b)-n) {
		return nil, -1
	}
	end := n + int(length) //nolint:gosec // at most len(b)
	return b[n:end], end
}

func (d *recordDecoder) entitlement(b []byte) bool {
	e := d.nextEntitlement()
	for len(b) > 0 {
		tag, n := varint(b)
		if n < 0 || tag>>3 > uint64(protowire.MaxValidNumber) || tag>>3 == 0 {
			return false
		}
		b = b[n:]
		number, wire := protowire.Number(tag>>3), protowire.Type(tag&7) //nolint:gosec // bounded above
		switch {
		case number <= 3 && wire == protowire.BytesType:
			var v string
			v, n = text(b)
			*[...]*string{&e.Policy, &e.Since, &e.Until}[number-1] = v
		case number == 4 && wire == protowire.VarintType:
			var v uint64
			v, n = varint(b)
			e.Due = v != 0
		default:
			n = protowire.ConsumeFieldValue(number, wire, b)
		}
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// nextEntitlement takes one that no earlier entitlement of this record uses.
func (d *recordDecoder) nextEntitlement() *hubv1.Entitlement {
	if d.used == len(d.entitlements) {
		// The old ones stay with those who point to them; the next record starts over.
		d.entitlements, d.used = make([]hubv1.Entitlement, 2*len(d.entitlements)+4), 0
	}
	e := &d.entitlements[d.used]
	d.used++
	e.Policy, e.Since, e.Until, e.Due = "", "", "", false
	d.record.Entitlements = append(d.record.Entitlements, e)
	return e
}
