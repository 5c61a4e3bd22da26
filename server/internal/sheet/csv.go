package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// dialect is how a text file is written; a report is written in the same.
type dialect struct {
	gb    bool // GB18030, as Excel saves CSV in China; otherwise UTF-8
	bom   bool
	comma rune
}

const bom = "\uFEFF"

// detect reads the file once: text that is valid UTF-8 to its end is UTF-8, because
// hardly any Chinese text in GB18030 is. The separator is the most frequent of its first lines.
func detect(r io.ReaderAt, size int64) (dialect, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10)
	d := dialect{comma: ','}
	head, err := in.Peek(len(bom))
	d.bom = err == nil && string(head) == bom
	sample, _ := in.Peek(16 << 10)
	if i := bytes.LastIndexByte(sample, '\n'); i > 0 {
		sample = sample[:i]
	}
	most := 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(sample, []byte(string(c))); n > most {
			most, d.comma = n, c
		}
	}
	for !d.gb {
		c, n, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d, err
		}
		if c == 0 {
			return d, unreadable("it is neither a workbook nor text", "既不是工作簿,也不是文本")
		}
		d.gb = c == utf8.RuneError && n == 1
	}
	return d, nil
}

func (s *Sheet) csvRows(yield func(Row) bool) error {
	var in io.Reader = io.NewSectionReader(s.r, 0, s.size)
	if s.text.gb {
		in = simplifiedchinese.GB18030.NewDecoder().Reader(in)
	}
	p := &parser{in: bufio.NewReaderSize(in, 64<<10), comma: s.text.comma}
	if s.text.bom {
		_, _ = p.in.Discard(len(bom))
	}
	for n := 1; ; n++ {
		p.n = n
		cells, err := p.row()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = checkCells(n, cells)
		}
		if err != nil {
			return err
		}
		if !yield(Row{Number: n, Cells: cells}) {
			return nil
		}
	}
}

// parser splits text into rows as spreadsheets do: unlike encoding/csv it counts empty
// lines, takes quotes inside a cell as they are, and bounds a cell while it reads.
type parser struct {
	in    *bufio.Reader
	comma rune
	cell  strings.Builder
	cells []string
	chars int
	n     int // of the row
}

func (p *parser) row() ([]string, error) {
	p.cells, p.chars = nil, 0
	p.cell.Reset()
	for first := true; ; first = false {
		c, _, err := p.in.ReadRune()
		switch {
		case errors.Is(err, io.EOF) && !first:
			return p.end(), nil
		case err != nil:
			return nil, err
		case c == '"' && p.chars == 0:
			err = p.quoted()
		case c == p.comma:
			p.next()
		case c == '\n':
			return p.end(), nil
		case c == '\r':
			if after, _ := p.in.Peek(1); string(after) != "\n" {
				return p.end(), nil
			}
		default:
			err = p.put(c)
		}
		if err != nil {
			return nil, err
		}
	}
}

// quoted reads up to the closing quote; a missing one ends with the file.
func (p *parser) quoted() error {
	for {
		c, _, err := p.in.ReadRune()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if c == '"' {
			if after, _ := p.in.Peek(1); string(after) != `"` {
				p.chars++ // whatever follows belongs to the cell as it is
				return nil
			}
			_, _ = p.in.ReadByte()
		}
		if err := p.put(c); err != nil {
			return err
		}
	}
}

func (p *parser) put(c rune) error {
	p.chars++
	p.cell.WriteRune(c)
	if p.chars > MaxCell+2 || len(p.cells) > MaxColumns {
		return checkCells(p.n, append(slices.Clip(p.cells), strings.Repeat("x", MaxCell+1)))
	}
	return nil
}

func (p *parser) next() {
	if len(p.cells) <= MaxColumns {
		p.cells = append(p.cells, p.cell.String())
	}
	p.cell.Reset()
	p.chars = 0
}

func (p *parser) end() []string {
	p.next()
	return p.cells
}
