package feed

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
)

// Cursor is all that the hub must know to go on reading where a page ended. It is
// stateless: the hub seals it and hands it out, the consumer keeps it with its rows.
type Cursor struct {
	Epoch   string // of the store; changes with a restore
	Agency  string // whom it was made for
	Asked   Request
	Scope   Scope             // what is still read of what was asked
	Fields  map[string]string // list → fingerprint of its fields
	Loading bool              // no End has been given yet
	Blocks  BlockPosition
	Areas   []AreaPosition // sorted by area
}

// BlockPosition is the last block given; Done once all have been.
type BlockPosition struct {
	Done                bool
	Area, List, Village string
}

// AreaPosition is the last transaction given in an area.
type AreaPosition struct {
	Area        string
	Transaction int64
}

// cursorVersion is the first byte of an encoded cursor.
const cursorVersion = 1

var errCursor = errors.New("feed: not a cursor")

// Encode writes the cursor in a compact form.
func (c *Cursor) Encode() []byte {
	w := writer{buf: make([]byte, 0, 512)}
	w.buf = append(w.buf, cursorVersion)
	w.text(c.Epoch)
	w.text(c.Agency)
	w.texts(c.Asked.Lists)
	w.codes(c.Asked.Divisions)
	w.flag(c.Loading)
	w.flag(c.Blocks.Done)
	w.text(c.Blocks.Area)
	w.text(c.Blocks.List)
	w.text(c.Blocks.Village)
	w.number(uint64(len(c.Scope)))
	for i, it := range c.Scope {
		w.text(it.List)
		w.text(c.Fields[it.List])
		same := i > 0 && slices.Equal(it.Divisions, c.Scope[i-1].Divisions)
		w.flag(same)
		if !same {
			w.codes(it.Divisions)
		}
	}
	w.number(uint64(len(c.Areas)))
	for _, a := range c.Areas {
		w.text(a.Area)
		w.number(uint64(a.Transaction)) //nolint:gosec // numbers of transactions are positive
	}
	return w.buf
}

// DecodeCursor reads what Encode wrote.
func DecodeCursor(b []byte) (*Cursor, error) {
	if len(b) == 0 || b[0] != cursorVersion {
		return nil, errCursor
	}
	r := reader{buf: b[1:]}
	c := &Cursor{Epoch: r.text(), Agency: r.text(), Fields: map[string]string{}}
	c.Asked.Lists = r.texts()
	c.Asked.Divisions = r.codes()
	c.Loading = r.flag()
	c.Blocks = BlockPosition{Done: r.flag(), Area: r.text(), List: r.text(), Village: r.text()}
	for n := r.count(); n > 0 && !r.bad; n-- {
		it := Item{List: r.text()}
		c.Fields[it.List] = r.text()
		if r.flag() && len(c.Scope) > 0 {
			it.Divisions = c.Scope[len(c.Scope)-1].Divisions
		} else {
			it.Divisions = r.codes()
		}
		c.Scope = append(c.Scope, it)
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		c.Areas = append(c.Areas, AreaPosition{Area: r.text(), Transaction: int64(r.number())}) //nolint:gosec // as above
	}
	if r.bad || len(r.buf) != 0 {
		return nil, errCursor
	}
	return c, nil
}

// At is the position in an area, 0 where the cursor has none.
func (c *Cursor) At(area string) int64 {
	for _, a := range c.Areas {
		if a.Area == area {
			return a.Transaction
		}
	}
	return 0
}

// writer appends varints, texts and 12-digit codes.
type writer struct{ buf []byte }

func (w *writer) number(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) texts(list []string) {
	w.number(uint64(len(list)))
	for _, s := range list {
		w.text(s)
	}
}

// codes writes division codes as numbers: half the size of their digits.
func (w *writer) codes(list []string) {
	w.number(uint64(len(list)))
	for _, s := range list {
		n, _ := strconv.ParseUint(s, 10, 64) // the tree knows only digits
		w.number(n)
	}
}

func (w *writer) flag(b bool) {
	if b {
		w.buf = append(w.buf, 1)
	} else {
		w.buf = append(w.buf, 0)
	}
}

// reader is writer's mirror; once bad it stays bad and gives zero values.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.buf)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

// count is a number of elements; each takes at least one byte, which bounds it.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.buf)) {
		r.bad = true
		return 0
	}
	return int(n) //nolint:gosec // bounded by the line above
}

func (r *reader) text() string {
	n := r.count()
	if r.bad {
		return ""
	}
	s := string(r.buf[:n])
	r.buf = r.buf[n:]
	return s
}

func (r *reader) texts() []string {
	var out []string
	for n := r.count(); n > 0 && !r.bad; n-- {
		out = append(out, r.text())
	}
	return out
}

func (r *reader) codes() []string {
	var out []string
	for n := r.count(); n > 0 && !r.bad; n-- {
		s := strconv.FormatUint(r.number(), 10)
		for len(s) < 12 {
			s = "0" + s
		}
		out = append(out, s)
	}
	return out
}

func (r *reader) flag() bool {
	if len(r.buf) == 0 {
		r.bad = true
		return false
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b == 1
}
