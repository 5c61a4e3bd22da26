package gateway

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bangfuhub/hub/server/internal/wire"
)

// errIrregular says that the bytes are valid at most in a way that the table can't
// write down in one go: fields out of order or twice, or a damaged message.
var errIrregular = errors.New("gateway: irregular message")

// table turns the wire bytes of one message type into the JSON that protojson
// would write with UseProtoNames, without making a message of them. It is read off
// the descriptor once. It relies on fields standing in order, as every encoder
// writes them; anything else is errIrregular, and the caller takes the long way.
type table struct {
	fields []*column // by field number; nil: unknown, left out
	time   bool      // google.protobuf.Timestamp
}

// column is one field.
type column struct {
	key      []byte // "name":
	packed   bool   // its value is fields of this very message, packed
	order    int    // place in the message's declaration
	kind     protoreflect.Kind
	wire     protowire.Type
	repeated bool
	presence bool // an empty value is written, too
	table    *table
	names    map[protoreflect.EnumNumber]string // quoted
}

// newTable makes the tables of a message type and of all below it.
func newTable(md protoreflect.MessageDescriptor, known map[protoreflect.FullName]*table) (*table, error) {
	if t, ok := known[md.FullName()]; ok {
		return t, nil
	}
	t := &table{}
	known[md.FullName()] = t
	if md.FullName() == "google.protobuf.Timestamp" {
		t.time = true
		return t, nil
	}
	last := protoreflect.FieldNumber(0)
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if fd.Number() <= last {
			return nil, fmt.Errorf("gateway: %s is not declared in the order of its numbers", fd.FullName())
		}
		last = fd.Number()
		c, err := newColumn(fd, known)
		if err != nil {
			return nil, err
		}
		for len(t.fields) <= int(fd.Number()) {
			t.fields = append(t.fields, nil)
		}
		t.fields[fd.Number()] = c
	}
	return t, nil
}

func newColumn(fd protoreflect.FieldDescriptor, known map[protoreflect.FullName]*table) (*column, error) {
	c := &column{
		key: []byte(strconv.Quote(string(fd.Name())) + ":"), order: fd.Index(), kind: fd.Kind(), wire: wireType(fd.Kind()),
		repeated: fd.IsList(), presence: fd.HasPresence() || fd.IsList(),
	}
	switch {
	case fd.IsMap(), fd.ContainingOneof() != nil && !fd.ContainingOneof().IsSynthetic(), fd.IsPacked():
	case c.kind == protoreflect.MessageKind:
		var err error
		c.table, err = newTable(fd.Message(), known)
		return c, err
	case c.kind == protoreflect.EnumKind:
		c.names = make(map[protoreflect.EnumNumber]string)
		for i := range fd.Enum().Values().Len() {
			v := fd.Enum().Values().Get(i)
			c.names[v.Number()] = strconv.Quote(string(v.Name()))
		}
		return c, nil
	case c.wire >= 0:
		return c, nil
	}
	return nil, fmt.Errorf("gateway: %s is of a kind that the transcoder doesn't know", fd.FullName())
}

// wireType is how a kind stands on the wire; negative for kinds that pages don't use.
func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.EnumKind:
		return protowire.VarintType
	}
	return -1
}

// append writes the message in src as JSON behind dst.
func (t *table) append(dst, src []byte) ([]byte, error) {
	if t.time {
		return appendTime(dst, src)
	}
	o := object{dst: append(dst, '{'), last: -1}
	if err := o.addAll(t, src); err != nil {
		return o.dst, err
	}
	o.endList()
	return append(o.dst, '}'), nil
}

// next reads a tag. Its column is nil for an unknown field, which is passed over:
// protojson leaves those out.
func (t *table) next(src []byte) (*column, []byte, error) {
	tag, n := varint(src)
	number, wt := protowire.DecodeTag(tag)
	if n < 0 || number < protowire.MinValidNumber {
		return nil, nil, errIrregular
	}
	src = src[n:]
	if int(number) < len(t.fields) && t.fields[number] != nil {
		c := t.fields[number]
		if wt != c.wire {
			return nil, nil, errIrregular
		}
		return c, src, nil
	}
	if n = protowire.ConsumeFieldValue(number, wt, src); n < 0 {
		return nil, nil, errIrregular
	}
	return nil, src[n:], nil
}

// varint reads a number of one byte at once, as nearly all are.
func varint(src []byte) (uint64, int) {
	if len(src) > 0 && src[0] < 0x80 {
		return uint64(src[0]), 1
	}
	return protowire.ConsumeVarint(src)
}

// object is a JSON object that is being written.
type object struct {
	dst   []byte
	begun bool    // it has a member
	last  int     // order of the field before
	list  *column // the repeated field whose "[" is open
}

// addAll writes the fields in src as members.
func (o *object) addAll(t *table, src []byte) error {
	for len(src) > 0 {
		c, value, err := t.next(src)
		if err == nil && c != nil {
			if c.packed {
				value, err = o.unpack(t, value)
			} else {
				value, err = o.add(c, value)
			}
		}
		if err != nil {
			return err
		}
		src = value
	}
	return nil
}

// unpack writes the packed fields at the front of src as members, and gives what follows them.
func (o *object) unpack(t *table, src []byte) ([]byte, error) {
	packed, n := protowire.ConsumeBytes(src)
	if n < 0 {
		return nil, errIrregular
	}
	space := unpacked.Get().(*[]byte) //nolint:errcheck,forcetypeassert // nothing else is in it
	defer unpacked.Put(space)
	fields, err := wire.Unpack(*space, packed)
	if err != nil {
		return nil, errIrregular
	}
	*space = fields
	return src[n:], o.addAll(t, fields)
}

// unpacked is space for blocks.
var unpacked = sync.Pool{New: func() any { return new([]byte) }}

// add writes the value at the front of src as the member c, and gives what follows it.
func (o *object) add(c *column, src []byte) ([]byte, error) {
	if c.order < o.last || c.order == o.last && !c.repeated {
		return nil, errIrregular
	}
	o.last = c.order
	if o.list != c {
		o.endList()
	}
	before := len(o.dst)
	if o.begun {
		o.dst = append(o.dst, ',')
	}
	if o.list == nil {
		o.dst = append(o.dst, c.key...)
		if c.repeated {
			o.dst, o.list = append(o.dst, '['), c
		}
	}
	written, rest, err := c.append(o.dst, src)
	switch {
	case err != nil:
		return nil, err
	case written == nil: // an empty value that is not written
		o.dst = o.dst[:before]
	default:
		o.dst, o.begun = written, true
	}
	return rest, nil
}

func (o *object) endList() {
	if o.list != nil {
		o.dst, o.list = append(o.dst, ']'), nil
	}
}

// append writes the value at the front of src and gives what follows it; dst is
// nil where the value is empty and therefore left out.
func (c *column) append(dst, src []byte) ([]byte, []byte, error) {
	if c.wire == protowire.VarintType {
		v, n := varint(src)
		if n < 0 {
			return nil, nil, errIrregular
		}
		if v == 0 && !c.presence {
			return nil, src[n:], nil
		}
		return c.appendNumber(dst, v), src[n:], nil
	}
	length, n := varint(src)
	if n < 0 || length > uint64(len(src)-n) {
		return nil, nil, errIrregular
	}
	v := src[n : n+int(length)] //nolint:gosec // at most len(src)
	src = src[n+len(v):]
	if len(v) == 0 && !c.presence {
		return nil, src, nil
	}
	var err error
	switch c.kind {
	case protoreflect.MessageKind:
		dst, err = c.table.append(dst, v)
	case protoreflect.BytesKind:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v)
		dst = append(dst, '"')
	default:
		dst, err = appendText(dst, v)
	}
	return dst, src, err
}

func (c *column) appendNumber(dst []byte, v uint64) []byte {
	switch c.kind {
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, v != 0)
	case protoreflect.Int64Kind: // as text: JSON's numbers lose digits above 2^53
		dst = append(dst, '"')
		dst = strconv.AppendInt(dst, int64(v), 10) //nolint:gosec // two's complement is what protobuf means
		return append(dst, '"')
	case protoreflect.EnumKind:
		if name, ok := c.names[protoreflect.EnumNumber(int32(v))]; ok { //nolint:gosec // see above
			return append(dst, name...)
		}
	}
	return strconv.AppendInt(dst, int64(int32(v)), 10) //nolint:gosec // see above
}
