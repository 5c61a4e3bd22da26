// Package sheet reads the rows of a spreadsheet one by one and writes rows in the same
// format: XLSX, or CSV with its encoding and separator. It knows nothing about households.
//
// Memory doesn't grow with the number of rows. Files that would grow without bounds when
// unpacked, over-long cells and over-wide rows are refused with a fault.
package sheet

import (
	"bytes"
	"context"
	"io"
	"iter"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Limits of what is read.
const (
	MaxFile    = 512 << 20 // bytes of the file as it comes
	MaxPacked  = 192 << 20 // of a workbook, which is held in memory as it comes; 650,000 rows have 140 MiB
	MaxCell    = 32_767    // characters of a cell, as in Excel
	MaxColumns = 512
	MaxRows    = 1_048_576 // of an XLSX sheet
)

// Format is how the rows are stored.
type Format string

// Formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Row is one row with its number as the spreadsheet shows it. Empty rows are left out.
type Row struct {
	Number int
	Cells  []string // as stored: numbers keep their text, dates are serial numbers
}

// Sheet is an open file; only the first sheet of a workbook is read.
type Sheet struct {
	Format  Format
	r       io.ReaderAt
	size    int64
	scratch string
	text    dialect // of a CSV
}

// Open finds the format from the content and refuses what cannot be read. Temporary
// files, if any are needed, go to the folder scratch.
func Open(r io.ReaderAt, size int64, scratch string) (*Sheet, error) {
	if size > MaxFile {
		return nil, fault.New(fault.FileTooLarge, "limit", "512 MiB")
	}
	s := &Sheet{Format: CSV, r: r, size: size, scratch: scratch}
	head := make([]byte, min(size, 8))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case size == 0:
		return nil, unreadable("it is empty", "文件为空")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		s.Format = XLSX
		if size > MaxPacked {
			return nil, fault.New(fault.FileTooLarge, "limit", "192 MiB of a workbook; CSV may be larger")
		}
		return s, s.checkZip()
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		return nil, unreadable("it is an old .xls workbook or protected by a password", "是旧式 .xls 工作簿,或设有密码")
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return nil, unreadable("it is UTF-16 text", "是 UTF-16 文本")
	case bytes.IndexByte(head, 0) >= 0:
		return nil, unreadable("it is neither a workbook nor text", "既不是工作簿,也不是文本")
	}
	var err error
	s.text, err = detect(r, size)
	return s, err
}

// Rows reads from the beginning each time it is called.
func (s *Sheet) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		each := s.csvRows
		if s.Format == XLSX {
			each = s.xlsxRows
		}
		stopped := false
		err := each(func(row Row) bool {
			if row.Number%1024 == 0 && ctx.Err() != nil {
				return false
			}
			if blank(row.Cells) {
				return true
			}
			stopped = !yield(row, nil)
			return !stopped
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil && !stopped {
			yield(Row{}, err)
		}
	}
}

func blank(cells []string) bool {
	for _, c := range cells {
		if c != "" {
			return false
		}
	}
	return true
}

func unreadable(why, chinese string) error {
	return fault.New(fault.FileUnreadable, "why", why, "why_zh", chinese)
}
