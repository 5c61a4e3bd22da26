package client

import (
	"errors"
	"fmt"
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
		if _, err := fmt.Sscanf(fieldNumber(f.Tag.Get("protobuf")), "%d", &number); err != nil || fields.ByNumber(number) == nil {
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
	list := d.record.Entitlements[:0]
	d.record.Reset()
	d.record.Entitlements, d.used = list, 0
	table := slots()
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, errRecord
		}
		b = b[n:]
		var s slot
		if int(number) < len(table) {
			s = table[number]
		}
		if n = d.field(s, number, wire, b); n < 0 {
			return nil, errRecord
		}
		b = b[n:]
	}
	return &d.record, nil
}

// field reads one value and gives its length, negative where it is malformed.
func (d *recordDecoder) field(s slot, number protowire.Number, wire protowire.Type, b []byte) int {
	at := unsafe.Add(unsafe.Pointer(&d.record), s.offset)
	switch {
	case wire == protowire.BytesType && s.kind == stringSlot:
		v, n := text(b)
		*(*string)(at) = v
		return n
	case wire == protowire.BytesType && s.kind == stringsSlot:
		v, n := text(b)
		*(*[]string)(at) = append(*(*[]string)(at), v)
		return n
	case wire == protowire.BytesType && s.kind == entitlementsSlot:
		v, n := protowire.ConsumeBytes(b)
		if n >= 0 && !d.entitlement(v) {
			n = -1
		}
		return n
	case wire == protowire.VarintType && s.kind >= int32Slot && s.kind <= boolSlot:
		v, n := protowire.ConsumeVarint(b)
		number64(s.kind, at, v)
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
	v, n := protowire.ConsumeBytes(b)
	if n < 0 || !utf8.Valid(v) {
		return "", -1
	}
	return unsafe.String(unsafe.SliceData(v), len(v)), n
}

func (d *recordDecoder) entitlement(b []byte) bool {
	e := d.nextEntitlement()
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		switch {
		case number <= 3 && wire == protowire.BytesType:
			var v string
			v, n = text(b)
			*[...]*string{&e.Policy, &e.Since, &e.Until}[number-1] = v
		case number == 4 && wire == protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(b)
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
	e.Reset()
	d.record.Entitlements = append(d.record.Entitlements, e)
	return e
}
