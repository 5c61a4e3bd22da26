package wire

import (
	"errors"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// AppendRecord encodes a record (its key, transaction and encoded fields) as an
// embedded field of a Block or Change.
func AppendRecord(dst []byte, household, person string, transaction int64, fields []byte) []byte {
	size := textSize(recordHousehold, household) + textSize(recordPerson, person) +
		protowire.SizeTag(recordTransaction) + protowire.SizeVarint(uint64(transaction)) + len(fields) //nolint:gosec // positive
	dst = protowire.AppendTag(dst, embeddedRecord, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(size)) //nolint:gosec // positive
	dst = appendText(dst, recordHousehold, household)
	if person != "" {
		dst = appendText(dst, recordPerson, person)
	}
	dst = appendNumber(dst, recordTransaction, transaction)
	return append(dst, fields...)
}

func textSize(number protowire.Number, s string) int {
	if s == "" {
		return 0
	}
	return protowire.SizeTag(number) + protowire.SizeBytes(len(s))
}

// DecodeRecord makes a Record of its key and encoded fields.
func DecodeRecord(area, village, household, person string, transaction int64, fields []byte) (*Record, error) {
	r := &hubv1.Record{}
	if err := proto.Unmarshal(fields, r); err != nil {
		return nil, err
	}
	r.Area, r.Village, r.Household, r.Person, r.Transaction = area, village, household, person, transaction
	return r, nil
}

// errRecords says that bytes are not what AppendRecord writes.
var errRecords = errors.New("wire: not the records of a block")

// EachRecord calls fn with each record of a block as it stands there, by its key.
func EachRecord(records []byte, fn func(household, person string, record []byte)) error {
	for len(records) > 0 {
		number, kind, n := protowire.ConsumeField(records)
		if n < 0 || number != embeddedRecord {
			return errRecords
		}
		_, _, tag := protowire.ConsumeTag(records)
		inner, size := protowire.ConsumeBytes(records[tag:])
		if kind != protowire.BytesType || size < 0 {
			return errRecords
		}
		household, inner := leadingText(inner, recordHousehold)
		person, _ := leadingText(inner, recordPerson)
		fn(household, person, records[:n])
		records = records[n:]
	}
	return nil
}

// leadingText takes a text that stands first, "" where another field does.
func leadingText(b []byte, number protowire.Number) (text string, rest []byte) {
	is, kind, tag := protowire.ConsumeTag(b)
	if tag < 0 || is != number || kind != protowire.BytesType {
		return "", b
	}
	value, n := protowire.ConsumeBytes(b[tag:])
	if n < 0 {
		return "", b
	}
	return string(value), b[tag+n:]
}

// SetRecords gives a block its records, encoded by AppendRecord and packed.
func SetRecords(b *Block, packed []byte) error {
	records, err := s2.Decode(nil, packed)
	if err == nil {
		b.ProtoReflect().SetUnknown(records)
	}
	return err
}

// Change is a change as it is sent. Op is the number of its Op in the contract;
// Fields are the encoded fields of a record, Ending an encoded Ending.
type Change struct {
	Op                                     string
	List, Village, From, Household, Person string
	Cause                                  string
	Ending, Fields                         []byte
	Transaction                            int64
}

// AppendChange encodes a change as an embedded field of a Transaction.
func AppendChange(dst []byte, c Change) []byte {
	b := appendNumber(nil, changeOp, int64(hubv1.Op_value["OP_"+c.Op]))
	for _, f := range [...]struct {
		number protowire.Number
		text   string
	}{{changeList, c.List}, {changeVillage, c.Village}, {changeFrom, c.From}, {changeHousehold, c.Household}, {changePerson, c.Person}, {changeCause, c.Cause}} {
		if f.text != "" {
			b = appendText(b, f.number, f.text)
		}
	}
	if c.Ending != nil {
		b = protowire.AppendTag(b, changeEnding, protowire.BytesType)
		b = protowire.AppendBytes(b, c.Ending)
	}
	if c.Fields != nil {
		b = AppendRecord(b, c.Household, c.Person, c.Transaction, c.Fields)
	}
	dst = protowire.AppendTag(dst, embeddedRecord, protowire.BytesType)
	return protowire.AppendBytes(dst, b)
}

// SetChanges gives a transaction its changes, encoded by AppendChange.
func SetChanges(t *Transaction, changes []byte) { t.ProtoReflect().SetUnknown(changes) }

// EncodeEnding encodes the basis on which support ended.
func EncodeEnding(basis, lastDay, decision, number, document, clause string) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(&hubv1.Ending{
		Basis: basis, LastDay: lastDay, Decision: decision, Number: number, Document: document, Clause: clause,
	})
}
