package register

import (
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// Write writes households as the national export has them, one row for each present
// member, with the newest income and helper. It is for invented data: tests and demos.
func Write(w io.Writer, format sheet.Format, households iter.Seq[*household.Household]) error {
	out, err := sheet.NewWriter(w, format)
	if err != nil {
		return err
	}
	m := national()
	header := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		header[i] = c.Headers[0]
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for h := range households {
		if err := m.write(out, h); err != nil {
			return err
		}
	}
	return out.Close()
}

func (m *Mapping) write(out *sheet.Writer, h *household.Household) error {
	d := draft{Household: *h}
	if n := len(h.Incomes); n > 0 {
		d.income = h.Incomes[n-1]
	}
	if n := len(h.Helpers); n > 0 && h.Helpers[n-1].To == "" {
		d.helper = h.Helpers[n-1]
	}
	for _, p := range h.Persons {
		if p.LeftOn != "" {
			continue
		}
		d.person = p
		row := make([]string, len(m.Columns))
		for i, c := range m.Columns {
			row[i] = m.written(c.Field, &d)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mapping) written(name string, d *draft) string {
	f := fields[name]
	s := f.get(d)
	if f.list != "" {
		var labels []string
		for code := range strings.FieldsSeq(s) {
			labels = append(labels, m.label(f.list, code))
		}
		return strings.Join(labels, "、")
	}
	if strings.HasPrefix(f.path, "incomes[].") && name != "income_year" && s != "" {
		return yuan(s)
	}
	return s
}

func yuan(fen string) string {
	n, _ := strconv.ParseInt(fen, 10, 64) // of an int64
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return sign + strconv.FormatInt(n/100, 10) + "." + strconv.FormatInt(n%100+100, 10)[1:]
}
