package wire

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/household"
)

func TestTheNumbersAreThoseOfTheWholeHousehold(t *testing.T) {
	check := func(t rapid.TB, h *household.Household) {
		b, err := EncodeHousehold(h)
		if err != nil {
			t.Fatal(err)
		}
		number, of, err := DecodeNumbers(b)
		if err != nil || number != h.HouseholdNumber {
			t.Errorf("the household's number is %q, %v", number, err)
		}
		for _, p := range h.Persons {
			if got, known := of[p.ID]; !known || got != p.IDNumber {
				t.Errorf("the number of %q is %q, %v", p.ID, got, known)
			}
		}
		if len(of) > len(h.Persons) {
			t.Errorf("%d persons of %d", len(of), len(h.Persons))
		}
	}
	check(t, filled())
	check(t, &household.Household{})
	rapid.Check(t, func(t *rapid.T) {
		h := filled()
		h.HouseholdNumber = rapid.String().Draw(t, "household number")
		h.Persons = h.Persons[:rapid.IntRange(0, len(h.Persons)).Draw(t, "persons")]
		for i := range h.Persons {
			h.Persons[i].IDNumber = rapid.String().Draw(t, "ID number")
		}
		check(t, h)
	})
}

func TestNumbersOfADamagedDocumentAreRefused(t *testing.T) {
	b, err := EncodeHousehold(filled())
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for n := range b {
		if _, _, err := DecodeNumbers(b[:n]); errors.Is(err, errNumbers) {
			refused++
		}
	}
	if refused < len(b)*9/10 {
		t.Errorf("%d of %d beginnings are refused", refused, len(b))
	}
}
