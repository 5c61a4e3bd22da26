// Package register reads the register files of offices and departments: rows of a
// spreadsheet become households, by a mapping of columns and code lists. What a
// spreadsheet program damaged is recognised and named, with row and column, and a
// report in the format of the file carries the rejected rows back to the clerk.
package register

import (
	"context"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// Order says how the rows of a household stand in the file.
type Order int

// Orders.
const (
	OrderDetect  Order = iota // the file is read once more to find out
	OrderGrouped              // one below the other
	OrderAny                  // anywhere
)

// headerRows is how far down the header is looked for, below titles and notes.
const headerRows = 20

// Config says how a file is read.
type Config struct {
	Mapping *Mapping       // nil: the national export
	Source  string         // name of the system or file; empty: that of the mapping
	AsOf    date.Date      // the day that the file describes
	Order   Order          // of its rows
	Scratch string         // folder for temporary data; empty: that of the system
	Tree    *division.Tree // resolves villages' names; nil: Hainan
}

// File is an open register file. It holds nothing that must be closed.
type File struct {
	cfg     Config
	sheet   *sheet.Sheet
	row     int // of the header
	header  []string
	columns map[int]column // by place
	at      map[string]int // place by field
	ignored []string
	villages
}

// Open finds format, header and columns; the format follows from the content.
func Open(ctx context.Context, r io.ReaderAt, size int64, cfg Config) (*File, error) {
	if cfg.Mapping == nil {
		cfg.Mapping = national()
	}
	if cfg.Source == "" {
		cfg.Source = cfg.Mapping.Source
	}
	if cfg.Tree == nil {
		cfg.Tree = division.Hainan()
	}
	s, err := sheet.Open(r, size, cfg.Scratch)
	if err != nil {
		return nil, err
	}
	f := &File{cfg: cfg, sheet: s, villages: villagesOf(cfg.Tree)}
	if err := f.findHeader(ctx); err != nil {
		return nil, err
	}
	if cfg.Mapping.fragment() {
		f.cfg.Order = OrderGrouped
	} else if cfg.Order == OrderDetect {
		f.cfg.Order, err = f.detectOrder(ctx)
	}
	return f, err
}

// Ignored lists the headers of columns that the mapping doesn't know.
func (f *File) Ignored() []string { return slices.Clone(f.ignored) }

// Mapping is the one by which the file is read.
func (f *File) Mapping() *Mapping { return f.cfg.Mapping }

// findHeader takes the first row that has all required columns.
func (f *File) findHeader(ctx context.Context) error {
	var missing []string
	seen := 0
	for row, err := range f.sheet.Rows(ctx) {
		if err != nil {
			return err
		}
		found, lacks := f.cfg.Mapping.match(row.Cells)
		if len(lacks) == 0 {
			f.row, f.header = row.Number, slices.Clone(row.Cells)
			return f.place(found)
		}
		if len(missing) == 0 || len(lacks) < len(missing) {
			missing = lacks
		}
		if seen++; seen == headerRows {
			break
		}
	}
	if len(missing) == 0 {
		missing = f.cfg.Mapping.required()
	}
	return fault.New(fault.ColumnMissing, "columns", strings.Join(missing, "、"))
}

func (f *File) place(found map[int]column) error {
	f.columns, f.at = found, map[string]int{}
	for i, header := range f.header {
		c, known := found[i]
		if !known {
			if h := plainHeader(header); h != "" && h != reasonHeader && !slices.Contains(f.cfg.Mapping.Ignore, h) {
				f.ignored = append(f.ignored, header)
			}
			continue
		}
		if first, twice := f.at[c.Field]; twice {
			return fault.New(fault.ColumnTwice, "columns", f.header[first]+"、"+header)
		}
		f.at[c.Field] = i
	}
	return nil
}

// rows are those below the header.
func (f *File) rows(ctx context.Context) iter.Seq2[sheet.Row, error] {
	return func(yield func(sheet.Row, error) bool) {
		for row, err := range f.sheet.Rows(ctx) {
			if err == nil && row.Number <= f.row {
				continue
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// key is the cleaned household number by which rows belong together.
func (f *File) key(row sheet.Row) string {
	return plainNumber(cell(row.Cells, f.placeOf("household_number")))
}

// placeOf a field's column, -1 where the file has none.
func (f *File) placeOf(field string) int {
	if i, ok := f.at[field]; ok {
		return i
	}
	return -1
}

func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i]
}

// Units gives the households one after the other. Memory doesn't grow with the file:
// where the rows of a household may stand anywhere, they are gathered in temporary files
// that are encrypted with a key which is kept nowhere and removed at the end.
func (f *File) Units(ctx context.Context) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		gather := f.grouped
		if f.cfg.Order == OrderAny {
			gather = f.scattered
		}
		stopped := false
		err := gather(ctx, func(rows []sheet.Row, again bool) bool {
			u := f.unit(rows)
			if again {
				u.problem(rows[0].Number, f.placeOf("household_number"), fault.RowsScattered)
			}
			stopped = !yield(u, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(Unit{}, err)
		}
	}
}

// owner of the facts of the file.
func (f *File) group() household.Group { return f.cfg.Mapping.Group }
