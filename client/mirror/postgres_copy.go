package mirror

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/bangfuhub/hub/client"
)

// copyInbox holds rows as PostgreSQL's binary COPY wants them, so that they are written
// down once, as they are decoded, and sent as they are.
type copyInbox struct {
	lists  map[*table][]byte
	spares chan []byte
}

// copyHeader is the signature, no flags, and no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// copyNull is the length of NULL; the same two bytes end the whole.
const copyNull = 0xffffffff

func (s *postgres) inbox() inbox { return &copyInbox{map[*table][]byte{}, s.spares} }

func (in *copyInbox) add(t *table, key client.Key, texts []string, number int64, hash client.Hash) {
	d := in.lists[t]
	if d == nil {
		d = append(spare(in.spares)[:0], copyHeader...)
	}
	d = binary.BigEndian.AppendUint16(d, uint16(len(t.columns))) //nolint:gosec // a list has a few dozen
	for _, text := range [...]string{key.Area, key.Village, key.Household, key.Person} {
		d = copyText(d, text)
	}
	for i, text := range texts {
		d = copyValue(d, t.columns[keyColumns+i].sqlType, text)
	}
	d = binary.BigEndian.AppendUint32(d, 8)
	d = binary.BigEndian.AppendUint64(d, uint64(number)) //nolint:gosec // two's complement
	d = binary.BigEndian.AppendUint32(d, uint32(len(hash)))
	in.lists[t] = append(d, hash[:]...)
}

func copyText(d []byte, text string) []byte {
	d = binary.BigEndian.AppendUint32(d, uint32(len(text))) //nolint:gosec // within a page
	return append(d, text...)
}

// copyValue writes a field's text in its column's type.
func copyValue(d []byte, sqlType, text string) []byte {
	switch kind, n := cellOf(sqlType, text); {
	case kind == textCell:
		return copyText(d, text)
	case kind == truthCell:
		return append(binary.BigEndian.AppendUint32(d, 1), byte(n))
	case kind == numberCell && sqlType == "integer":
		d = binary.BigEndian.AppendUint32(d, 4)
		return binary.BigEndian.AppendUint32(d, uint32(n)) //nolint:gosec // the contract's int32
	case kind == numberCell:
		d = binary.BigEndian.AppendUint32(d, 8)
		return binary.BigEndian.AppendUint64(d, uint64(n)) //nolint:gosec // two's complement
	}
	return binary.BigEndian.AppendUint32(d, copyNull)
}

func (t postgresTx) append(ctx context.Context, tb *table, in inbox) error {
	rows, ok := in.(*copyInbox)
	if !ok {
		return errors.New("mirror: rows made for another database")
	}
	data := rows.lists[tb]
	if data == nil {
		return nil // blocks without records
	}
	delete(rows.lists, tb)
	data = binary.BigEndian.AppendUint16(data, 0xffff)
	_, err := t.tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(data), "COPY "+tb.on(loading)+" ("+tb.names+") FROM STDIN (FORMAT binary)")
	giveBack(rows.spares, data)
	return err
}
