package register

import (
	"io"
	"strings"

	"github.com/bangfuhub/hub/server/internal/sheet"
)

// Report holds the rejected rows as they were, with the reasons in Chinese, in the format
// of the file: the clerk mends it and sends only that back. Reading it again ignores the
// added column.
type Report struct {
	out    *sheet.Writer
	file   *File
	reason int // place of the added column
}

// Report begins a report with the header of the file.
func (f *File) Report(w io.Writer) (*Report, error) {
	out, err := f.sheet.Writer(w)
	if err != nil {
		return nil, err
	}
	r := &Report{out: out, file: f, reason: len(f.header)}
	for i, h := range f.header {
		if plainHeader(h) == reasonHeader { // the report of a report
			r.reason = i
		}
	}
	return r, out.Write(r.with(f.header, reasonHeader))
}

// with puts a text into the added column.
func (r *Report) with(cells []string, s string) []string {
	out := make([]string, max(len(r.file.header), r.reason+1))
	copy(out, cells)
	out[r.reason] = s
	return out
}

// Reject writes the rows of a household, each with its own problems.
func (r *Report) Reject(u *Unit, problems []Problem) error {
	for _, row := range u.cells {
		var why []string
		for _, p := range problems {
			if p.Row != row.Number {
				continue
			}
			if p.Column == "" {
				why = append(why, p.Chinese)
			} else {
				why = append(why, "【"+plainText(p.Column)+"】"+p.Chinese)
			}
		}
		if err := r.out.Write(r.with(row.Cells, strings.Join(why, ";"))); err != nil {
			return err
		}
	}
	return nil
}

// Close finishes the report; it doesn't close the file below.
func (r *Report) Close() error { return r.out.Close() }
