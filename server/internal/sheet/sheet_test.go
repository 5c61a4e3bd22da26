package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

func read(t *testing.T, data []byte) ([]sheet.Row, error) {
	s, err := sheet.Open(bytes.NewReader(data), int64(len(data)), t.TempDir())
	if err != nil {
		return nil, err
	}
	var all []sheet.Row
	for row, err := range s.Rows(t.Context()) {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

func TestRowsAreNumberedAsTheSpreadsheetShowsThem(t *testing.T) {
	got, err := read(t, []byte("\uFEFFa;b\r\n\r\n\"x;\"\"y\nz\";2\r\nlast;\"3"))
	want := []sheet.Row{{Number: 1, Cells: []string{"a", "b"}}, {Number: 3, Cells: []string{"x;\"y\nz", "2"}}, {Number: 4, Cells: []string{"last", "3"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// zipped is a workbook of parts of incompressible or, as noise is 0, all equal bytes.
func zipped(t *testing.T, parts int, size int, noise byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	data := make([]byte, size)
	rng := rand.NewChaCha8([32]byte{noise})
	for i := range parts {
		if noise != 0 {
			_, _ = rng.Read(data)
		}
		w, err := z.Create(fmt.Sprintf("%s%d.bin", name, i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRefused(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 32 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data   []byte
		reason fault.Reason
	}{
		"zip bomb":      {bomb.Bytes(), fault.FileTooLarge},
		"many parts":    {zipped(t, 40, 15<<20, 0, "xl/media/image"), fault.FileTooLarge}, // each below the bound of one
		"held parts":    {zipped(t, 5, 15<<20, 1, "xl/media/image"), fault.FileTooLarge},  // not even packed
		"long cell":     {[]byte("a,b\n1," + strings.Repeat("字", sheet.MaxCell+1)), fault.CellTooLong},
		"many columns":  {[]byte(strings.Repeat("a,", sheet.MaxColumns+1)), fault.FileTooLarge},
		"old workbook":  {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), fault.FileUnreadable},
		"cut workbook":  {bomb.Bytes()[:1000], fault.FileUnreadable},
		"empty":         {nil, fault.FileUnreadable},
		"binary":        {[]byte("ab\x00\x01"), fault.FileUnreadable},
		"UTF-16 by BOM": {[]byte("\xFF\xFEa\x00"), fault.FileUnreadable},
	} {
		if _, err := read(t, c.data); !fault.Is(err, c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n\"1\"\"\",2\r\n"))
	f.Add([]byte("\xbb\xa7\xb1\xe0\xba\xc5;\xd0\xd5\xc3\xfb\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("PK")) {
			_, _ = read(t, data) // no panic
		}
	})
}

func FuzzXLSX(f *testing.F) {
	var out bytes.Buffer
	w, err := sheet.NewWriter(&out, sheet.XLSX)
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Write([]string{"户编号", "姓名"}); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = read(t, data) // no panic
	})
}
