package household

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// The checks of single fields. None puts a value into a violation: the value may be
// personal. An empty value passes all of them but required.

const (
	maxFen    = 100_000_000_000 // a thousand million yuan
	firstYear = 1900
)

var (
	areaForm    = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,2})?$`)
	phoneForm   = regexp.MustCompile(`^\+?[0-9]+(-[0-9]+)*$`)
	ethnicForm  = regexp.MustCompile(`^[0-9]{2}$`)
	studentForm = regexp.MustCompile(`^[A-Z][0-9]{17}[0-9X]$`)
)

var codeSets = func() map[string]map[string]bool {
	sets := make(map[string]map[string]bool, len(Codes))
	for list, values := range Codes {
		sets[list] = make(map[string]bool, len(values))
		for _, v := range values {
			sets[list][v] = true
		}
	}
	return sets
}()

func (c *checker) violate(field string, r fault.Reason, pairs ...string) {
	c.bad = append(c.bad, fault.Bad(field, r, pairs...))
}

func (c *checker) required(field, value string) {
	if value == "" {
		c.violate(field, fault.Required)
	}
}

func (c *checker) code(field, list, value string) {
	if value != "" && !codeSets[list][value] {
		c.violate(field, fault.UnknownCode, "list", list)
	}
}

func (c *checker) most(field string, n, limit int) {
	if n > limit {
		c.violate(field, fault.TooMany, "limit", strconv.Itoa(limit))
	}
}

func (c *checker) text(field, value string, runes int) {
	switch {
	case !utf8.ValidString(value):
		c.violate(field, fault.Malformed, "form", "UTF-8")
	case utf8.RuneCountInString(value) > runes:
		c.violate(field, fault.OutOfRange, "range", fmt.Sprintf("1–%d", runes))
	}
}

func (c *checker) phone(field, value string) {
	if value != "" && (len(value) < 5 || len(value) > 20 || !phoneForm.MatchString(value)) {
		c.violate(field, fault.Malformed, "form", "0898-00000000, 19900000000")
	}
}

// date checks a day that may lie in the future.
func (c *checker) date(field string, d date.Date) bool {
	if d != "" && !d.Valid() {
		c.violate(field, fault.Malformed, "form", "YYYY-MM-DD")
		return false
	}
	return d != ""
}

// past checks a day that may not lie in the future.
func (c *checker) past(field string, d date.Date) {
	if c.date(field, d) && d > c.on {
		c.violate(field, fault.OutOfRange, "range", "≤ "+string(c.on))
	}
}

// order checks that d does not lie before an earlier day, where both are given.
func (c *checker) order(field string, d date.Date, earlierName string, earlier date.Date) {
	if d != "" && earlier != "" && d < earlier {
		c.violate(field, fault.DateOrder, "before", earlierName)
	}
}

// year checks a year; 0 means not recorded.
func (c *checker) year(field string, y, last int) {
	if y != 0 && (y < firstYear || y > last) {
		c.violate(field, fault.OutOfRange, "range", fmt.Sprintf("%d–%d", firstYear, last))
	}
}

func (c *checker) fen(field string, amount, least int64) {
	if amount < least || amount > maxFen {
		c.violate(field, fault.OutOfRange, "range", fmt.Sprintf("%d–%d", least, int64(maxFen)))
	}
}

func (c *checker) document(field string, d Document) {
	c.required(field+".issuer", d.Issuer)
	c.text(field+".issuer", d.Issuer, maxName)
	c.required(field+".number", d.Number)
	c.text(field+".number", d.Number, maxName)
	c.required(field+".date", string(d.Date))
	c.past(field+".date", d.Date)
}

// person checks that a reference, where there is one, names a member or former member.
func (c *checker) person(field, ref string) {
	if ref != "" && c.h.resolve(ref) == nil {
		c.violate(field, fault.PersonUnknown)
	}
}

// seen finds what may stand only once in a list.
type seen struct {
	c           *checker
	list, field string
	first       map[string]int
}

func (s *seen) once(i int, value string) {
	if value == "" {
		return
	}
	if j, twice := s.first[value]; twice {
		s.c.violate(at(s.list, i)+s.field, fault.Duplicate, "with", at(s.list, j)+s.field)
		return
	}
	if s.first == nil {
		s.first = make(map[string]int)
	}
	s.first[value] = i
}
