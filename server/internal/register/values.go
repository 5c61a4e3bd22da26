package register

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// bad is why a cell cannot be read.
type bad struct {
	reason fault.Reason
	pairs  []string
}

func malformed(form string) *bad { return &bad{fault.Malformed, []string{"form", form}} }

// plainText removes what nobody sees and makes white space single.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// plainNumber makes a number or code half-width, without white space, and takes off the
// marks that keep spreadsheets from damaging it ('46…, ="46…").
func plainNumber(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, strings.ReplaceAll(plainText(s), " ", ""))
	if inner, ok := strings.CutPrefix(s, `="`); ok {
		s = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimPrefix(s, "'")
}

// plainHeader is the form in which headers and labels are compared.
func plainHeader(s string) string {
	return strings.ToLower(strings.Trim(plainNumber(s), "*:"))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

var (
	scientific = regexp.MustCompile(`^([0-9])(?:\.([0-9]+))?[eE]\+?([0-9]{1,3})$`)
	decimal    = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	dayForm    = regexp.MustCompile(`^([0-9]{1,4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,4})日?$`)
	dayTime    = regexp.MustCompile(`^(.*[0-9日])[T ]?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?$`)
	trailing   = regexp.MustCompile(`^([0-9]+)\.0+$`)
)

// number reads an identifier. A number in scientific form is written out only where no
// digit can be lost: a spreadsheet keeps 15.
func number(s string) (string, *bad) {
	s = plainNumber(s)
	if m := trailing.FindStringSubmatch(s); m != nil {
		s = m[1]
		if len(s) > 15 {
			return "", &bad{reason: fault.NumberRounded}
		}
	}
	m := scientific.FindStringSubmatch(s)
	if m == nil {
		return s, nil
	}
	exponent, _ := strconv.Atoi(m[3])
	if exponent >= 15 || len(m[2]) > exponent || exponent-len(m[2]) > 2 {
		return "", &bad{reason: fault.NumberRounded}
	}
	return m[1] + m[2] + strings.Repeat("0", exponent-len(m[2])), nil
}

// idNumber also knows the zeros that stand for lost digits: a number of more than 15
// digits ends with them, and its check character doesn't fit.
func idNumber(s string) (string, *bad) {
	s, wrong := number(s)
	if wrong != nil {
		return "", wrong
	}
	s = strings.ToUpper(s)
	_, err := household.ParseIDNumber(s)
	switch {
	case len(s) == 18 && digits(s) && strings.HasSuffix(s, "000") && err != nil,
		len(s) == 20 && digits(s) && strings.HasSuffix(s, "00000"):
		return "", &bad{reason: fault.NumberRounded}
	case len(s) == 17 && digits(s[:16]):
		return "", &bad{fault.LeadingZeroLost, []string{"digits", "18"}}
	}
	return s, nil
}

func villageCode(s string) (string, *bad) {
	s, wrong := number(s)
	switch {
	case wrong != nil:
		return "", wrong
	case digits(s) && (len(s) == 11 || len(s) == 10):
		return "", &bad{fault.LeadingZeroLost, []string{"digits", "12"}}
	case s != "" && (!digits(s) || len(s) != 12):
		return "", malformed("12 digits")
	}
	return s, nil
}

// day reads the written forms of a date and the serial numbers of spreadsheets.
func day(s string) (string, *bad) {
	s = strings.TrimSuffix(plainNumber(s), "00:00:00")
	if m := dayTime.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	switch {
	case s == "":
		return "", nil
	case digits(s) && len(s) == 8:
		return existing(s[:4], s[4:6], s[6:])
	case digits(whole) && len(whole) == 5 && (fraction == "" || digits(fraction)):
		n, _ := strconv.Atoi(whole)
		return string(date.New(1899, time.December, 30).AddDays(n)), nil
	case digits(s):
		return "", &bad{reason: fault.DateAmbiguous} // a year, a month, or a serial number of 1905
	}
	m := dayForm.FindStringSubmatch(s)
	if m == nil {
		if decimal.MatchString(strings.NewReplacer("/", ".", "-", ".", "年", ".", "月", "").Replace(s)) {
			return "", &bad{reason: fault.DateAmbiguous} // year and month only
		}
		return "", malformed("YYYY-MM-DD")
	}
	if len(m[1]) != 4 {
		return "", &bad{reason: fault.DateAmbiguous} // day, month or year first?
	}
	return existing(m[1], m[2], m[3])
}

func existing(y, m, d string) (string, *bad) {
	if len(d) > 2 {
		return "", malformed("YYYY-MM-DD")
	}
	month, _ := strconv.Atoi(m)
	dd, _ := strconv.Atoi(d)
	s := fmt.Sprintf("%s-%02d-%02d", y, month, dd)
	if !date.Date(s).Valid() {
		return "", malformed("YYYY-MM-DD")
	}
	return s, nil
}

func year(s string) (string, *bad) {
	s = strings.TrimSuffix(strings.TrimSuffix(plainNumber(s), "度"), "年")
	if m := trailing.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	switch {
	case s == "" || s == "0":
		return "", nil
	case digits(s) && len(s) == 4:
		return s, nil
	}
	if d, wrong := day(s); wrong == nil && len(d) >= 4 {
		return d[:4], nil
	}
	return "", malformed("YYYY")
}

func count(s string) (string, *bad) {
	s = strings.TrimRight(plainNumber(s), "个月人")
	if m := trailing.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if s != "" && (!digits(s) || len(s) > 6) {
		return "", malformed("12")
	}
	return s, nil
}

// money gives fen, exactly: no floating point number comes near it.
func money(s string) (string, *bad) {
	s = strings.TrimSuffix(strings.TrimLeft(strings.ReplaceAll(plainNumber(s), ",", ""), "¥￥"), "元")
	if s == "" {
		return "", nil
	}
	if !decimal.MatchString(s) {
		return "", malformed("1234.50")
	}
	yuan, fen, _ := strings.Cut(s, ".")
	fen = strings.TrimRight(fen, "0")
	if len(fen) > 2 || len(yuan) > 13 {
		return "", malformed("1234.50")
	}
	sign := ""
	if rest, negative := strings.CutPrefix(yuan, "-"); negative {
		sign, yuan = "-", rest
	}
	all := strings.TrimLeft(yuan+(fen + "00")[:2], "0")
	if all == "" {
		return "0", nil
	}
	return sign + all, nil
}

func squareMetres(s string) (string, *bad) {
	s = plainNumber(s)
	for _, unit := range []string{"平方米", "平米", "㎡", "m2"} {
		s = strings.TrimSuffix(s, unit)
	}
	if s != "" && !decimal.MatchString(s) {
		return "", malformed("86.5")
	}
	return s, nil
}

func text(s string) (string, *bad) { return plainText(s), nil }
