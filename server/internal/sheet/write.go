package sheet

import (
	"encoding/csv"
	"io"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Writer writes rows of texts. In a workbook every cell is a text, so that no spreadsheet
// rounds a number or drops a zero of it.
type Writer struct {
	out    io.Writer
	csv    *csv.Writer
	file   *excelize.File
	stream *excelize.StreamWriter
	row    int
	closes io.Closer
}

// Writer writes in the format, encoding and separator of the sheet.
func (s *Sheet) Writer(w io.Writer) (*Writer, error) { return newWriter(w, s.Format, s.text) }

// NewWriter writes a new file; CSV in UTF-8 with a byte order mark, as Excel wants it.
func NewWriter(w io.Writer, f Format) (*Writer, error) {
	return newWriter(w, f, dialect{bom: true, comma: ','})
}

func newWriter(w io.Writer, f Format, d dialect) (*Writer, error) {
	if f == CSV {
		return newText(w, d)
	}
	file := excelize.NewFile()
	stream, err := file.NewStreamWriter(file.GetSheetName(0))
	return &Writer{out: w, file: file, stream: stream}, err
}

func newText(w io.Writer, d dialect) (*Writer, error) {
	out := &Writer{}
	if d.bom {
		if _, err := io.WriteString(w, bom); err != nil {
			return nil, err
		}
	}
	if d.gb {
		t := encoding.ReplaceUnsupported(simplifiedchinese.GB18030.NewEncoder()).Writer(w)
		w = t
		out.closes, _ = t.(io.Closer)
	}
	out.csv = csv.NewWriter(w)
	out.csv.Comma, out.csv.UseCRLF = d.comma, true
	return out, nil
}

// Write adds a row.
func (w *Writer) Write(cells []string) error {
	w.row++
	if w.csv != nil {
		return w.csv.Write(cells)
	}
	at, err := excelize.CoordinatesToCellName(1, w.row)
	if err != nil {
		return err
	}
	values := make([]any, len(cells))
	for i, c := range cells {
		if c != "" {
			values[i] = c
		}
	}
	return w.stream.SetRow(at, values)
}

// Close finishes the file; it doesn't close what is below.
func (w *Writer) Close() error {
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil || w.closes == nil {
			return err
		}
		return w.closes.Close()
	}
	defer func() { _ = w.file.Close() }()
	if err := w.stream.Flush(); err != nil {
		return err
	}
	return w.file.Write(w.out)
}
