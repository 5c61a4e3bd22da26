package client

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// rowVersion opens every hashed sequence, so that another rule gives other hashes.
const rowVersion = "bangfu-row-1"

// Hash is the hash of a row: the first 16 bytes of a SHA-256.
type Hash [16]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Digest is the sum of row hashes modulo 2^128, big endian. It finds accidents, not
// forgeries; it does not depend on the order of the rows.
type Digest [16]byte

// Add gives the digest with one more row.
func (d Digest) Add(h Hash) Digest {
	low := binary.BigEndian.Uint64(d[8:]) + binary.BigEndian.Uint64(h[8:])
	high := binary.BigEndian.Uint64(d[:8]) + binary.BigEndian.Uint64(h[:8])
	if low < binary.BigEndian.Uint64(h[8:]) {
		high++
	}
	binary.BigEndian.PutUint64(d[:8], high)
	binary.BigEndian.PutUint64(d[8:], low)
	return d
}

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Rows knows the fields of one list: how each is written as a text, and how rows are
// hashed (the rule stands at message Record of record.proto). It may be used by several
// goroutines at once.
type Rows struct {
	list   string
	fields []slot
}

// NewRows plans for a list of the catalogue. A field that Record of this version does
// not have is an error: the program is older than the hub and cannot hash its rows.
func NewRows(list *hubv1.List) (*Rows, error) {
	known, table := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields(), slots()
	rows := &Rows{list: list.GetName(), fields: make([]slot, 0, len(list.GetFields()))}
	for _, f := range list.GetFields() {
		d := known.ByName(protoreflect.Name(f.GetName()))
		if d == nil || d.Number() < firstFact || int(d.Number()) >= len(table) || table[d.Number()].kind == unknownSlot {
			return nil, fmt.Errorf("client: this program does not know field %q of list %q; it is older than the hub", f.GetName(), list.GetName())
		}
		rows.fields = append(rows.fields, table[d.Number()])
	}
	return rows, nil
}

// firstFact is the first number of Record that is a list's own field; those before are key and position.
const firstFact = 10

// Texts appends the text of each field of r, in the order of the list, to texts. What
// is not recorded has the text "".
func (p *Rows) Texts(texts []string, r *hubv1.Record) []string {
	if r == nil {
		r = &hubv1.Record{}
	}
	for _, f := range p.fields {
		texts = append(texts, f.text(unsafe.Add(unsafe.Pointer(r), f.offset)))
	}
	return texts
}

// text reads a field where it stands: a first load asks for every field of every record.
func (s slot) text(at unsafe.Pointer) string {
	switch s.kind {
	case stringSlot:
		return *(*string)(at)
	case stringsSlot:
		return strings.Join(*(*[]string)(at), ";")
	case entitlementsSlot:
		return joinEntitlements(*(*[]*hubv1.Entitlement)(at))
	case boolSlot:
		if *(*bool)(at) {
			return "true"
		}
	case optionalInt64Slot:
		if n := *(**int64)(at); n != nil {
			return strconv.FormatInt(*n, 10)
		}
	case int32Slot:
		if n := *(*int32)(at); n != 0 {
			return strconv.FormatInt(int64(n), 10)
		}
	case int64Slot:
		if n := *(*int64)(at); n != 0 {
			return strconv.FormatInt(n, 10)
		}
	}
	return ""
}

func joinEntitlements(list []*hubv1.Entitlement) string {
	if len(list) == 0 {
		return ""
	}
	joined := make([]byte, 0, 48*len(list))
	for i, e := range list {
		if i > 0 {
			joined = append(joined, ';')
		}
		joined = append(append(joined, e.GetPolicy()...), ',')
		joined = append(append(joined, e.GetSince()...), ',')
		joined = append(append(joined, e.GetUntil()...), ',')
		if e.GetDue() {
			joined = append(joined, "due"...)
		} else {
			joined = append(joined, "optional"...)
		}
	}
	return unsafe.String(unsafe.SliceData(joined), len(joined)) // nobody else has the bytes
}

// Key names a row of a list: where it stands and whose it is. Person is empty at household grain.
type Key struct{ Area, Village, Household, Person string }

// Sequence appends the bytes that are hashed for a row; texts are those of Texts.
func (p *Rows) Sequence(buf []byte, k Key, texts []string) []byte {
	for _, t := range [...]string{rowVersion, p.list, k.Area, k.Village, k.Household, k.Person} {
		buf = appendText(buf, t)
	}
	for _, t := range texts {
		buf = appendText(buf, t)
	}
	return buf
}

func appendText(buf []byte, t string) []byte {
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(t))), t...)
}

// HashTexts is the hash of a row whose fields' texts are known already.
func (p *Rows) HashTexts(k Key, texts []string) Hash {
	var scratch [1024]byte
	sum := sha256.Sum256(p.Sequence(scratch[:0], k, texts))
	return Hash(sum[:16])
}

// Hash is the hash of the record as it stands in the area and village.
func (p *Rows) Hash(area, village string, r *hubv1.Record) Hash {
	var scratch [48]string
	key := Key{Area: area, Village: village, Household: r.GetHousehold(), Person: r.GetPerson()}
	return p.HashTexts(key, p.Texts(scratch[:0], r))
}
