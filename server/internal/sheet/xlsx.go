package sheet

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Limits of an unpacked workbook. A sheet of 650,000 rows with 50 columns has about 2 GiB.
const (
	maxEntries  = 2_000
	maxUnzipped = 6 << 30
	maxRatio    = 150      // of one entry; XML of a register packs to about a tenth or twentieth
	ratioFrom   = 16 << 20 // bytes of an entry below which the ratio doesn't matter
	inMemory    = 16 << 20 // larger sheets are unpacked into the scratch folder
	maxHeld     = 64 << 20 // of all that is not unpacked there: pictures, styles, small sheets
)

// checkZip refuses zip bombs before anything is unpacked. The sizes that it trusts are
// held while unpacking: an entry that is longer than it says is an error there.
func (s *Sheet) checkZip() error {
	z, err := zip.NewReader(s.r, s.size)
	if err != nil {
		return unreadable("the workbook is damaged", "工作簿已损坏")
	}
	var sum, held uint64
	for _, f := range z.File {
		size := f.UncompressedSize64
		if sum += size; sum > maxUnzipped || size > maxUnzipped {
			return fault.New(fault.FileTooLarge, "limit", "6 GiB unpacked")
		}
		if size > ratioFrom && size/max(f.CompressedSize64, 1) > maxRatio {
			return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d times the packed size", maxRatio))
		}
		if !unpacked(f.Name) || size <= inMemory {
			held += size
		}
	}
	if sum > ratioFrom && sum/uint64(max(s.size, 1)) > maxRatio { //nolint:gosec // a size
		return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d times the packed size", maxRatio))
	}
	if held > maxHeld {
		return fault.New(fault.FileTooLarge, "limit", "64 MiB of pictures and small sheets")
	}
	if len(z.File) > maxEntries {
		return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d parts", maxEntries))
	}
	return nil
}

// unpacked tells whether a part goes into the scratch folder where it is large.
func unpacked(part string) bool {
	part = strings.ToLower(strings.ReplaceAll(part, "\\", "/"))
	return strings.HasPrefix(part, "xl/worksheets/sheet") || part == "xl/sharedstrings.xml"
}

func (s *Sheet) xlsxRows(yield func(Row) bool) (err error) {
	defer func() {
		if recover() != nil { // a damaged workbook, not a defect of the hub
			err = unreadable("the workbook is damaged", "工作簿已损坏")
		}
	}()
	f, err := excelize.OpenReader(io.NewSectionReader(s.r, 0, s.size), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: inMemory, TmpDir: s.scratch})
	if err != nil {
		return unreadable("the workbook is damaged", "工作簿已损坏")
	}
	defer func() { _ = f.Close() }() // removes its temporary files
	if f.SheetCount == 0 {
		return unreadable("the workbook has no sheet", "工作簿中没有工作表")
	}
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return unreadable("its first sheet is damaged", "第一张工作表已损坏")
	}
	defer func() { _ = rows.Close() }()
	return eachRow(rows, yield)
}

func eachRow(rows *excelize.Rows, yield func(Row) bool) error {
	for n := 1; rows.Next(); n++ {
		if n > MaxRows {
			return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d rows", MaxRows))
		}
		cells, err := rows.Columns()
		if err != nil {
			return unreadable(fmt.Sprintf("row %d is damaged", n), fmt.Sprintf("第%d行已损坏", n))
		}
		if err := checkCells(n, cells); err != nil {
			return err
		}
		if !yield(Row{Number: n, Cells: cells}) {
			return nil
		}
	}
	if rows.Error() != nil {
		return unreadable("its first sheet is damaged", "第一张工作表已损坏")
	}
	return nil
}

// checkCells holds the limits of a row.
func checkCells(n int, cells []string) error {
	if len(cells) > MaxColumns {
		return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d columns, row %d", MaxColumns, n))
	}
	for _, c := range cells {
		if len(c) > MaxCell && utf8.RuneCountInString(c) > MaxCell {
			return fault.New(fault.CellTooLong, "limit", strconv.Itoa(MaxCell), "row", strconv.Itoa(n))
		}
	}
	return nil
}
