package household

import (
	"errors"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
)

var (
	// ErrIDForm says that a text is not of the form of an ID number.
	ErrIDForm = errors.New("not of the form of an ID number")
	// ErrIDChecksum says that the check character does not fit (GB 11643).
	ErrIDChecksum = errors.New("the check character does not fit")
	// ErrIDBirthDate says that the digits of the birth date are no existing day.
	ErrIDBirthDate = errors.New("the birth date in the number does not exist")
)

// IDNumber is a citizen identification number (公民身份号码, GB 11643) in its parts.
type IDNumber struct {
	Number    string // 18 characters
	BirthDate date.Date
	Sex       Sex
}

// ParseIDNumber reads an 18-character number. The six digits of the area are those
// of the place and time of registration, often long obsolete, so they are not
// compared with any list.
func ParseIDNumber(s string) (IDNumber, error) {
	if len(s) != 18 || !digits(s[:17]) || (s[17] != 'X' && !digits(s[17:])) {
		return IDNumber{}, ErrIDForm
	}
	if CheckCharacter(s[:17]) != s[17] {
		return IDNumber{}, ErrIDChecksum
	}
	born, err := date.Parse(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	if err != nil || s[6:10] == "0000" {
		return IDNumber{}, ErrIDBirthDate
	}
	sex := Female
	if (s[16]-'0')%2 == 1 {
		sex = Male
	}
	return IDNumber{Number: s, BirthDate: born, Sex: sex}, nil
}

// ParseFormerIDNumber also reads the old number of 15 digits (GB 11643-1989), which
// has two digits for the year and no check character, and gives it in its
// 18-character form.
func ParseFormerIDNumber(s string) (IDNumber, error) {
	if len(s) != 15 {
		return ParseIDNumber(s)
	}
	if !digits(s) {
		return IDNumber{}, ErrIDForm
	}
	return ParseIDNumber(extend(s))
}

// ParseDisabilityCard reads a disability card's number (残疾人证号): the holder's ID
// number and two digits.
func ParseDisabilityCard(s string) (IDNumber, error) {
	if len(s) != 20 || !digits(s[18:]) {
		return IDNumber{}, ErrIDForm
	}
	return ParseIDNumber(s[:18])
}

// CheckCharacter is the last character of an ID number that begins with these 17
// digits (ISO 7064 MOD 11-2).
func CheckCharacter(first17 string) byte {
	sum := 0
	for i := range len(first17) {
		weight := 1 << (17 - i) % 11
		sum += int(first17[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// NormaliseIDNumber brings any written form of a person's ID number to the one by
// which the person is found: half-width, without spaces and invisible characters,
// a capital X, a disability card cut to the ID number, 15 digits extended to 18.
func NormaliseIDNumber(s string) string {
	s = cleanIDNumber(s)
	switch {
	case len(s) == 20 && digits(s[:17]) && digits(s[18:]):
		return s[:18]
	case len(s) == 15 && digits(s):
		return extend(s)
	}
	return s
}

// extend gives a 15-digit number its century and check character.
func extend(s string) string {
	s = s[:6] + "19" + s[6:]
	return s + string(CheckCharacter(s))
}

// numbers lists all ID numbers of a person in the form by which they are compared.
func (p *Person) numbers() []string {
	out := make([]string, 0, 2+len(p.FormerIDNumbers))
	add := func(s string) {
		if s = NormaliseIDNumber(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	add(p.IDNumber)
	add(p.DisabilityCard)
	for _, former := range p.FormerIDNumbers {
		add(former)
	}
	for _, d := range p.Duplicates {
		for _, n := range d.IDNumbers {
			add(n)
		}
	}
	return out
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
