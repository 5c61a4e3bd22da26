// Package wire turns facts, records and pages into the bytes that are sent and
// stored, and back. It is the one room below rpc that knows the generated code.
//
// Records are encoded once, when they are derived. A block or a change is made by
// putting such encoded records behind each other: the messages below carry them
// as bytes that protobuf treats as already encoded fields, so the hub sends them
// without reading them.
package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// The messages that the hub hands through without looking inside.
type (
	// Page is a page of the feed.
	Page = hubv1.Page
	// End closes a catch-up.
	End = hubv1.End
	// Block is one list in one village.
	Block = hubv1.Block
	// Transaction is one transaction of the feed.
	Transaction = hubv1.Transaction
	// Record is a row of a list.
	Record = hubv1.Record
	// LeftScope is a part of the scope that no agreement covers any more.
	LeftScope = hubv1.LeftScope
	// AreaPosition says where an area's feed stands.
	AreaPosition = hubv1.AreaPosition
	// VillageDigest is count and digest of one list in one village.
	VillageDigest = hubv1.VillageDigest
)

// Field numbers of the contract that this file writes by hand; a test compares
// them with the descriptors.
const (
	recordHousehold   = 1
	recordPerson      = 2
	recordTransaction = 3
	embeddedRecord    = 10 // in Block, Change; and changes in Transaction
	changeOp          = 1
	changeList        = 2
	changeVillage     = 3
	changeFrom        = 4
	changeHousehold   = 5
	changePerson      = 6
	changeCause       = 7
	changeEnding      = 8
)

// Plan encodes the rows of one list: positional canonical texts in, fields of a
// Record out.
type Plan struct {
	fields []planField // in order of field number
}

type planField struct {
	at     int // position among the values
	number protowire.Number
	kind   fieldKind
}

type fieldKind int

const (
	textField fieldKind = iota
	numberField
	truthField
	textsField
	entitlementsField
)

// NewPlan makes the plan for a list's fields, named as in Record.
func NewPlan(names []string) (*Plan, error) {
	all := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields()
	p := &Plan{}
	for i, name := range names {
		fd := all.ByName(protoreflect.Name(name))
		if fd == nil || fd.Number() < embeddedRecord {
			return nil, fmt.Errorf("wire: Record has no fact field %q", name)
		}
		kind, err := kindOf(fd)
		if err != nil {
			return nil, err
		}
		p.fields = append(p.fields, planField{at: i, number: fd.Number(), kind: kind})
	}
	slices.SortFunc(p.fields, func(a, b planField) int { return int(a.number) - int(b.number) })
	return p, nil
}

func kindOf(fd protoreflect.FieldDescriptor) (fieldKind, error) {
	switch {
	case fd.IsList() && fd.Kind() == protoreflect.StringKind:
		return textsField, nil
	case fd.IsList() && fd.Kind() == protoreflect.MessageKind:
		return entitlementsField, nil
	case fd.Kind() == protoreflect.StringKind:
		return textField, nil
	case fd.Kind() == protoreflect.Int32Kind, fd.Kind() == protoreflect.Int64Kind:
		return numberField, nil
	case fd.Kind() == protoreflect.BoolKind:
		return truthField, nil
	}
	return 0, fmt.Errorf("wire: field %q is of a kind without canonical text", fd.Name())
}

// Append encodes the values of a row, one per field of the list, behind dst.
func (p *Plan) Append(dst []byte, values []string) ([]byte, error) {
	for _, f := range p.fields {
		v := values[f.at]
		if v == "" {
			continue
		}
		var err error
		if dst, err = f.append(dst, v); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (f planField) append(dst []byte, v string) ([]byte, error) {
	switch f.kind {
	case textField:
		dst = appendText(dst, f.number, v)
	case numberField:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("wire: field %d: not a number", f.number)
		}
		dst = appendNumber(dst, f.number, n)
	case truthField:
		dst = appendNumber(dst, f.number, 1)
	case textsField:
		for part := range strings.SplitSeq(v, ";") {
			dst = appendText(dst, f.number, part)
		}
	case entitlementsField:
		for part := range strings.SplitSeq(v, ";") {
			var err error
			if dst, err = appendEntitlement(dst, f.number, part); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

// appendEntitlement encodes "policy,since,until,due".
func appendEntitlement(dst []byte, number protowire.Number, v string) ([]byte, error) {
	parts := strings.Split(v, ",")
	if len(parts) != 4 {
		return nil, fmt.Errorf("wire: field %d: not an entitlement", number)
	}
	var b []byte
	for i, part := range parts[:3] {
		if part != "" {
			b = appendText(b, protowire.Number(i+1), part)
		}
	}
	if parts[3] == "due" {
		b = appendNumber(b, 4, 1)
	}
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return protowire.AppendBytes(dst, b), nil
}

func appendText(dst []byte, number protowire.Number, v string) []byte {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return protowire.AppendString(dst, v)
}

func appendNumber(dst []byte, number protowire.Number, n int64) []byte {
	dst = protowire.AppendTag(dst, number, protowire.VarintType)
	return protowire.AppendVarint(dst, uint64(n)) //nolint:gosec // two's complement is what protobuf wants
}
