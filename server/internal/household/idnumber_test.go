package household

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestPublishedSpecimenNumbersPass(t *testing.T) {
	tests := []struct {
		number, born string
		sex          Sex
	}{
		{"11010519491231002X", "1949-12-31", Female},
		{"34052419800101001X", "1980-01-01", Male},
		{"513101198201130014", "1982-01-13", Male},
	}
	for _, tt := range tests {
		id, err := ParseIDNumber(tt.number)
		if err != nil || string(id.BirthDate) != tt.born || id.Sex != tt.sex {
			t.Errorf("%s: %+v, %v", tt.number, id, err)
		}
	}
}

func TestWrongNumbersAreRefusedWithTheirReason(t *testing.T) {
	tests := map[string]struct {
		number string
		want   error
	}{
		"digit wrong":      {"110105194912310021", ErrIDChecksum},
		"digits swapped":   {"11010591491231002X", ErrIDChecksum},
		"too short":        {"11010519491231002", ErrIDForm},
		"small x":          {"11010519491231002x", ErrIDForm},
		"letter":           {"11O10519491231002X", ErrIDForm},
		"empty":            {"", ErrIDForm},
		"no such day":      {withCheck("11010519490230002"), ErrIDBirthDate},
		"15 digits":        {"110105491231002", ErrIDForm},
		"disability card":  {"11010519491231002X44", ErrIDForm},
		"full-width digit": {"1101051949123100\uFF12X", ErrIDForm},
	}
	for name, tt := range tests {
		if _, err := ParseIDNumber(tt.number); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestObsoleteAreaPrefixesAreAccepted(t *testing.T) {
	for _, prefix := range []string{"460003", "513101", "990000", "000000"} {
		if _, err := ParseIDNumber(withCheck(prefix + "19800101001")); err != nil {
			t.Errorf("prefix %s: %v", prefix, err)
		}
	}
}

func TestFormerNumbersOf15DigitsBecome18(t *testing.T) {
	id, err := ParseFormerIDNumber("110105491231002")
	if err != nil || id.Number != "11010519491231002X" || id.Sex != Female {
		t.Errorf("%+v, %v", id, err)
	}
	if _, err := ParseFormerIDNumber("110105490230002"); !errors.Is(err, ErrIDBirthDate) {
		t.Errorf("no such day: %v", err)
	}
	if _, err := ParseFormerIDNumber("11010549123100X"); !errors.Is(err, ErrIDForm) {
		t.Errorf("letter: %v", err)
	}
}

func TestADisabilityCardCarriesTheIDNumber(t *testing.T) {
	if id, err := ParseDisabilityCard("11010519491231002X44"); err != nil || id.Number != "11010519491231002X" {
		t.Errorf("%+v, %v", id, err)
	}
	if _, err := ParseDisabilityCard("11010519491231002X4"); !errors.Is(err, ErrIDForm) {
		t.Errorf("too short: %v", err)
	}
}

func TestEveryWrittenFormOfANumberIsNormalisedToOne(t *testing.T) {
	const want = "11010519491231002X"
	for name, s := range map[string]string{
		"as is": want, "small x": "11010519491231002x", "spaces": " 110105 19491231 002X ",
		"full-width":      "\uFF11\uFF11\uFF10\uFF11\uFF10\uFF1519491231002\uFF38",
		"full-width x":    "11010519491231002\uFF58",
		"ideographic gap": "110105\u300019491231002X", "zero-width": "110105\u200B19491231002X\uFEFF",
		"direction marks": "\u202D11010519491231002X\u202C", "control": "110105\t19491231\r\n002X",
		"15 digits": "110105491231002", "disability card": "11010519491231002x44",
	} {
		if got := NormaliseIDNumber(s); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestEveryWrongDigitIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(drawIDNumber(t))
		at := rapid.IntRange(0, 16).Draw(t, "at")
		number[at] = '0' + (number[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := ParseIDNumber(string(number)); !errors.Is(err, ErrIDChecksum) {
			t.Fatalf("digit %d changed: %v", at, err)
		}
	})
}

func FuzzParseIDNumber(f *testing.F) {
	f.Add("11010519491231002X")
	f.Add("110105491231002")
	f.Add("11010519491231002X44")
	f.Add("\uFF11\uFF11 x")
	f.Fuzz(func(t *testing.T, s string) {
		n := NormaliseIDNumber(s)
		if again := NormaliseIDNumber(n); again != n && len(n) != 20 {
			t.Errorf("normalised twice: %q, %q", n, again)
		}
		for _, parse := range []func(string) (IDNumber, error){ParseIDNumber, ParseFormerIDNumber, ParseDisabilityCard} {
			id, err := parse(s)
			if err == nil && (len(id.Number) != 18 || !id.BirthDate.Valid() || id.Sex == "" || NormaliseIDNumber(s) != id.Number) {
				t.Errorf("%q: %+v", s, id)
			}
		}
	})
}

func withCheck(first17 string) string { return first17 + string(CheckCharacter(first17)) }
