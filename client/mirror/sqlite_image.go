package mirror

import (
	"encoding/binary"
	"math"
)

// image is a SQLite database written by hand, as https://www.sqlite.org/fileformat2.html
// describes it: a page of the feed with a table for each list. SQLite takes over such a
// table's rows as they are, six times as fast as rows whose every value it is handed.
//
// Pages are of the greatest size. The first holds the schema; then come those of each
// table, its root behind its leaves.
type image struct {
	buf    []byte
	tables []imageTable
	leaf   []uint16 // where the cells of the last leaf begin
	free   int      // where its cells begin, counted from the leaf's beginning; they grow downwards
	rowID  uint64   // of the table's last row
	header []byte   // scratch of the record that is being written
	body   []byte
}

// imageTable is a table and where it stands.
type imageTable struct {
	name, definition string
	root             uint32
	first            uint32   // leaf
	last             []uint64 // the last row of each leaf
}

const (
	imagePage = 65536
	// imageRow is the longest row that stands in a page whole; longer ones would go on in others.
	imageRow = imagePage - 35

	leafPage, innerPage     = 13, 5
	leafHeader, innerHeader = 8, 12
	fileHeader              = 100
)

// newImage begins one in the space of an old one.
func newImage(old []byte) *image {
	return &image{buf: append(old[:0], make([]byte, imagePage)...)}
}

// begin starts another table; definition is the statement that would create it.
func (m *image) begin(name, definition string) {
	m.endTable()
	m.tables = append(m.tables, imageTable{name: name, definition: definition, first: m.pages() + 1})
	m.rowID = 0
	m.addLeaf()
}

func (m *image) pages() uint32 { return uint32(len(m.buf) / imagePage) } //nolint:gosec // a page of the feed is far smaller

// row starts a row, whose values follow in the order of the columns.
func (m *image) row() { m.header, m.body = m.header[:0], m.body[:0] }

func (m *image) null() { m.header = append(m.header, 0) }

func (m *image) text(text string) {
	m.header = appendVarint(m.header, 13+2*uint64(len(text)))
	m.body = append(m.body, text...)
}

func (m *image) blob(bytes []byte) {
	m.header = appendVarint(m.header, 12+2*uint64(len(bytes)))
	m.body = append(m.body, bytes...)
}

// integer is written as short as it can be.
func (m *image) integer(n int64) {
	kind, size := byte(6), 8
	switch {
	case n == 0 || n == 1:
		kind, size = 8+byte(n), 0
	case n == int64(int8(n)):
		kind, size = 1, 1
	case n == int64(int16(n)):
		kind, size = 2, 2
	case n == int64(int32(n)):
		kind, size = 4, 4
	}
	m.header = append(m.header, kind)
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		m.body = append(m.body, byte(n>>shift)) //nolint:gosec // byte by byte
	}
}

// end adds the row; false where it is too long for an image.
func (m *image) end() bool {
	length := len(m.header) + 1
	if length > math.MaxInt8 {
		length++ // its own length takes two bytes
	}
	if length+len(m.body) > imageRow {
		return false
	}
	var scratch [20]byte
	cell := appendVarint(scratch[:0], uint64(length+len(m.body))) //nolint:gosec // positive
	cell = appendVarint(cell, m.rowID+1)
	cell = appendVarint(cell, uint64(length)) //nolint:gosec // positive
	size := len(cell) + len(m.header) + len(m.body)
	if m.free-size < leafHeader+2*(len(m.leaf)+1) {
		m.endLeaf()
		m.addLeaf()
	}
	m.rowID++
	m.free -= size
	m.leaf = append(m.leaf, uint16(m.free)) //nolint:gosec // below the page's size
	to := m.buf[len(m.buf)-imagePage+m.free:]
	to = to[copy(to, cell):]
	copy(to[copy(to, m.header):], m.body)
	return true
}

func (m *image) addLeaf() {
	m.buf = append(m.buf, make([]byte, imagePage)...)
	m.leaf, m.free = m.leaf[:0], imagePage
}

func (m *image) endLeaf() {
	t := &m.tables[len(m.tables)-1]
	t.last = append(t.last, m.rowID)
	pageHeader(m.buf[len(m.buf)-imagePage:], leafPage, leafHeader, m.leaf, m.free)
}

// endTable writes the table's root, which points to all its leaves; a single leaf is the root.
func (m *image) endTable() {
	if len(m.tables) == 0 || m.tables[len(m.tables)-1].root != 0 {
		return
	}
	m.endLeaf()
	t := &m.tables[len(m.tables)-1]
	if len(t.last) == 1 {
		t.root = t.first
		return
	}
	m.addLeaf()
	t.root = m.pages()
	root := m.buf[len(m.buf)-imagePage:]
	for i, last := range t.last[:len(t.last)-1] {
		cell := binary.BigEndian.AppendUint32(nil, t.first+uint32(i)) //nolint:gosec // a number of pages
		cell = appendVarint(cell, last)
		m.free -= len(cell)
		copy(root[m.free:], cell)
		m.leaf = append(m.leaf, uint16(m.free)) //nolint:gosec // below the page's size
	}
	pageHeader(root, innerPage, innerHeader, m.leaf, m.free)
	binary.BigEndian.PutUint32(root[8:], t.first+uint32(len(t.last)-1)) //nolint:gosec // a number of pages
}

// pageHeader writes a B-tree page's header and where its cells are.
func pageHeader(page []byte, kind byte, length int, cells []uint16, free int) {
	page[0] = kind
	binary.BigEndian.PutUint16(page[3:], uint16(len(cells))) //nolint:gosec // they fit into the page
	binary.BigEndian.PutUint16(page[5:], uint16(free))       //nolint:gosec // 0 stands for 65,536
	for i, at := range cells {
		binary.BigEndian.PutUint16(page[length+2*i:], at)
	}
}

// bytes are the finished database.
func (m *image) bytes() []byte {
	m.endTable()
	m.leaf, m.free = m.leaf[:0], imagePage
	for i, t := range m.tables {
		m.row()
		m.text("table")
		m.text(t.name)
		m.text(t.name)
		m.integer(int64(t.root))
		m.text(t.definition)
		cell := appendVarint(nil, uint64(len(m.header)+1+len(m.body))) //nolint:gosec // positive
		cell = appendVarint(cell, uint64(i)+1)                         //nolint:gosec // positive
		cell = append(append(append(cell, byte(len(m.header)+1)), m.header...), m.body...)
		m.free -= len(cell)
		copy(m.buf[m.free:], cell)
		m.leaf = append(m.leaf, uint16(m.free)) //nolint:gosec // below the page's size
	}
	pageHeader(m.buf[fileHeader:imagePage], leafPage, leafHeader, m.leaf, m.free)
	m.fileHeader()
	return m.buf
}

// fileHeader writes what the first page begins with; what is not named is 0.
func (m *image) fileHeader() {
	copy(m.buf, "SQLite format 3\x00")
	m.buf[17] = 1                                // the page size, 65,536
	m.buf[18], m.buf[19] = 1, 1                  // a rollback journal, if anything
	m.buf[21], m.buf[22], m.buf[23] = 64, 32, 32 // as every database has
	binary.BigEndian.PutUint32(m.buf[24:], 1)    // changes, and when the number of pages was true
	binary.BigEndian.PutUint32(m.buf[28:], m.pages())
	binary.BigEndian.PutUint32(m.buf[40:], 1)     // version of the schema
	binary.BigEndian.PutUint32(m.buf[44:], 4)     // format of the schema
	binary.BigEndian.PutUint32(m.buf[56:], 1)     // UTF-8
	binary.BigEndian.PutUint32(m.buf[92:], 1)     // see 24
	binary.BigEndian.PutUint32(m.buf[96:], 3<<20) // any program's version
}

// appendVarint writes a number as SQLite does: big endian, 7 bits a byte. Nothing here is
// above 2^56.
func appendVarint(d []byte, n uint64) []byte {
	shift := 0
	for n>>shift >= 1<<7 {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		d = append(d, byte(n>>shift)|0x80)
	}
	return append(d, byte(n)&0x7f)
}
