// Package date holds calendar dates. A date is never an instant: the hub's
// rules count in days of Hainan (Asia/Shanghai), and today is always an argument.
package date

import (
	"fmt"
	"time"
)

// Date is a day as "YYYY-MM-DD"; the zero value "" means no date. Dates of this
// form compare correctly with < and >.
type Date string

// Layout is the only written form of a date.
const Layout = "2006-01-02"

// Parse reads "YYYY-MM-DD" and refuses days that do not exist.
func Parse(s string) (Date, error) {
	t, err := time.Parse(Layout, s)
	if err != nil || t.Format(Layout) != s {
		return "", fmt.Errorf("not a date of the form YYYY-MM-DD")
	}
	return Date(s), nil
}

// Of gives the date of t in t's own location.
func Of(t time.Time) Date { return Date(t.Format(Layout)) }

// New gives the date of a year, month and day; out-of-range values roll over.
func New(year int, month time.Month, day int) Date {
	return Of(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// Valid tells whether d is an existing day.
func (d Date) Valid() bool {
	_, err := Parse(string(d))
	return err == nil
}

// Time is midnight UTC of the day, for arithmetic only; the zero time for no date.
func (d Date) Time() time.Time {
	t, err := time.Parse(Layout, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Year is the calendar year, 0 for no date.
func (d Date) Year() int {
	if len(d) < 4 {
		return 0
	}
	return int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
}

// AddDays is the day n days later (earlier where n is negative).
func (d Date) AddDays(n int) Date {
	if d == "" {
		return ""
	}
	return Of(d.Time().AddDate(0, 0, n))
}

// DaysSince counts the days from e to d; 0 where either is no date.
func (d Date) DaysSince(e Date) int {
	if d == "" || e == "" {
		return 0
	}
	return int(d.Time().Sub(e.Time()).Hours() / 24)
}

// YearsSince counts the full years from e to d, as an age is counted.
func (d Date) YearsSince(e Date) int {
	if d == "" || e == "" {
		return 0
	}
	n := d.Year() - e.Year()
	if d[4:] < e[4:] {
		n--
	}
	return n
}

// In tells whether d lies in the period from..until, both inclusive; an empty
// bound is open.
func (d Date) In(from, until Date) bool {
	return (from == "" || d >= from) && (until == "" || d <= until)
}
