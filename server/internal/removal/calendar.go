package removal

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Calendar knows the working days of China in the years whose notices it was given. A
// nil one knows none. It never changes and may be used by several goroutines.
type Calendar struct {
	years map[int]bool
	days  map[date.Date]bool // days that differ from their weekday: true is a working day
}

// Holidays are the days off and the working weekends of one year, by the notice of the
// General Office of the State Council. A notice also rules the last days of the year before.
type Holidays struct {
	Year int
	days map[date.Date]bool
}

//go:embed holidays/*.csv
var published embed.FS

// publishedYears are the years whose notices the hub carries along.
var publishedYears = []int{2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026}

// Published gives the notices that the hub carries along; more years are read by
// ParseHolidays and put after them.
func Published() ([]Holidays, error) {
	var out []Holidays
	for _, year := range publishedYears {
		text, err := published.ReadFile(fmt.Sprintf("holidays/%d.csv", year))
		if err != nil {
			return nil, fmt.Errorf("removal: holidays of %d: %w", year, err)
		}
		h, err := ParseHolidays(text)
		if err != nil {
			return nil, fmt.Errorf("removal: holidays of %d: %w", year, err)
		}
		out = append(out, h)
	}
	return out, nil
}

// NewCalendar is the calendar of some years. Of two notices for a year the later counts.
func NewCalendar(years ...Holidays) *Calendar {
	c := &Calendar{years: map[int]bool{}, days: map[date.Date]bool{}}
	newest := map[int]Holidays{}
	for _, h := range years {
		newest[h.Year] = h
	}
	for year, h := range newest {
		c.years[year] = true
		maps.Copy(c.days, h.days)
	}
	return c
}

// nextNotice is the first day of a year that the next year's notice may rule.
const nextNotice = "-12-25"

// IsWorkingDay tells whether offices work on a day. A year whose notice is missing is a
// fault that says so; the last week of a year needs the next year's notice as well.
func (c *Calendar) IsWorkingDay(d date.Date) (bool, error) {
	needed := []int{d.Year()}
	if d[4:] >= nextNotice {
		needed = append(needed, d.Year()+1)
	}
	for _, year := range needed {
		if c == nil || !c.years[year] {
			return false, fault.New(fault.HolidaysMissing, "year", strconv.Itoa(year))
		}
	}
	if working, said := c.days[d]; said {
		return working, nil
	}
	return !weekend(d), nil
}

// AddWorkingDays is the n-th working day after a day, for n of 1 or more.
func (c *Calendar) AddWorkingDays(d date.Date, n int) (date.Date, error) {
	for n > 0 {
		d = d.AddDays(1)
		working, err := c.IsWorkingDay(d)
		if err != nil {
			return "", err
		}
		if working {
			n--
		}
	}
	return d, nil
}

func weekend(d date.Date) bool {
	day := d.Time().Weekday()
	return day == time.Saturday || day == time.Sunday
}

// ParseHolidays reads a year's file: CSV with the columns kind, from, to and name. The
// row "year" names the year, "off" days without work, "work" weekends that are worked.
func ParseHolidays(text []byte) (Holidays, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', 4
	h := Holidays{days: map[date.Date]bool{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 0
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				line = bad.Line
			}
			return Holidays{}, badHolidays(line, "four columns are needed: kind, from, to, name", "须为四列:kind、from、to、name")
		}
		line, _ := r.FieldPos(0)
		if problem := h.row(row); problem.English != "" {
			return Holidays{}, badHolidays(line, problem.English, problem.Chinese)
		}
	}
	if len(h.days) == 0 {
		return Holidays{}, badHolidays(0, "no day is named", "未列出任何日期")
	}
	return h, nil
}

func badHolidays(line int, english, chinese string) error {
	return fault.New(fault.HolidaysInvalid, "line", strconv.Itoa(line), "problem", english, "problem_zh", chinese)
}

// row reads one row and says what is wrong with it.
func (h *Holidays) row(row []string) (problem household.Label) {
	switch kind := row[0]; {
	case kind == "kind":
		return problem
	case kind == "year":
		year, err := strconv.Atoi(row[1])
		if err != nil || year < 1949 || year > 9998 || h.Year != 0 {
			return household.Label{Chinese: "须写明一个年份", English: "one year is needed"}
		}
		h.Year = year
		return problem
	case h.Year == 0:
		return household.Label{Chinese: "首行须写明年份", English: "the row of the year comes first"}
	case kind == "off" || kind == "work":
		return h.span(row[1], row[2], kind == "work")
	}
	return household.Label{Chinese: "类别应为 year、off 或 work", English: "the kind is year, off or work"}
}

func (h *Holidays) span(from, to string, working bool) (problem household.Label) {
	first, err1 := date.Parse(from)
	last, err2 := date.Parse(to)
	earliest, latest := date.New(h.Year-1, time.December, 25), date.New(h.Year, time.December, 31)
	if err1 != nil || err2 != nil || last < first || first < earliest || last > latest {
		return household.Label{
			Chinese: "日期须在当年(或上年末周)内且先后有序", English: "days of the year, or of the last week of the year before, in order",
		}
	}
	for d := first; d <= last; d = d.AddDays(1) {
		if _, twice := h.days[d]; twice {
			return household.Label{Chinese: "同一日期列了两次", English: "a day is named twice"}
		}
		if working && !weekend(d) {
			return household.Label{Chinese: "调休上班日须为周末", English: "only a weekend can be worked in exchange"}
		}
		h.days[d] = working
	}
	return problem
}
