package household

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// NormaliseName brings a name to the form in which it is kept and looked up:
// without invisible characters, one kind of middle dot, half-width letters, no
// spaces within a Chinese name ("张 三") and single ones in others.
func NormaliseName(s string) string {
	s = cleanText(s)
	if ascii(s) {
		return s
	}
	han := strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u2022', '\u2027', '\u2219', '\u22C5', '\u30FB', '\uFF65':
			return '\u00B7'
		case ' ':
			if han {
				return -1
			}
		}
		return halfWidth(r)
	}, s)
}

// cleanText removes invisible characters and makes every run of white space one space.
func cleanText(s string) string {
	if ascii(s) && s == strings.TrimSpace(s) && !strings.Contains(s, "  ") {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case invisible(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cleanIdentifier makes a number or code half-width and removes all white space and
// invisible characters, which are never part of one.
func cleanIdentifier(s string) string {
	if ascii(s) && !strings.Contains(s, " ") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || invisible(r) {
			return -1
		}
		return halfWidth(r)
	}, s)
}

func cleanIDNumber(s string) string { return strings.ReplaceAll(cleanIdentifier(s), "x", "X") }

func halfWidth(r rune) rune {
	if r >= '\uFF01' && r <= '\uFF5E' {
		return r - '\uFF01' + '!'
	}
	return r
}

// invisible: control and format characters (zero-width spaces, direction marks, byte
// order marks) and what was no UTF-8.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
}

// ascii tells whether s has only printable ASCII.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
