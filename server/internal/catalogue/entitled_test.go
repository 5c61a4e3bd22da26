package catalogue

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
)

func codes(t *testing.T, c *Catalogue, h *household.Household, person string) []string {
	t.Helper()
	all, err := c.Entitled(h, today)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.Person == person {
			out = append(out, e.Policy.Code+" "+string(e.Until))
		}
	}
	return out
}

func TestEntitledNamesWhatTheListsHold(t *testing.T) {
	c := hainan(t)
	for person, want := range map[string][]string{
		"":     {"industry ", "finance ", "helper "},
		"pp_3": {"education-compulsory ", "medical-basic ", "medical-critical-illness ", "medical-assistance "},
		"pp_4": {"education-aid ", "medical-basic ", "medical-critical-illness ", "medical-assistance "},
	} {
		if got := codes(t, c, family(), person); !slices.Equal(got, want) {
			t.Errorf("%q: %v", person, got)
		}
	}
	if got := codes(t, c, unsupported(), "pp_3"); !slices.Equal(got, []string{"education-compulsory 2020-07-15", "medical-basic 2020-12-31"}) {
		t.Errorf("after a removal: %v", got)
	}
	if got := codes(t, c, unsupported(), ""); !slices.Equal(got, []string{"helper-after-removal ", "income-monitoring "}) {
		t.Errorf("the household after a removal: %v", got)
	}
	h := family()
	h.Closing = &household.Closing{Kind: household.ClosingDeath, On: today}
	if got := codes(t, c, h, "pp_3"); len(got) != 0 {
		t.Errorf("closed: %v", got)
	}
}

func TestBeneficiariesAreToldByFactsAlone(t *testing.T) {
	c := hainan(t)
	for status, want := range map[household.PovertyStatus]bool{
		household.Lifted: true, household.RegisteredPoor: true, household.Returned: true, household.Removed: false, household.Closed: false, "": false,
	} {
		h := unsupported()
		h.Register.PovertyStatus = status
		if got, err := c.Beneficiary(h, today); err != nil || got != want {
			t.Errorf("%q: %v, %v", status, got, err)
		}
	}
	h := family()
	h.Closing = &household.Closing{Kind: household.ClosingDeath, On: today}
	if got, err := c.Beneficiary(h, today); got || err != nil {
		t.Errorf("closed: %v, %v", got, err)
	}
	if got, err := (&Catalogue{}).Beneficiary(family(), today); got || err != nil {
		t.Errorf("no policies: %v, %v", got, err)
	}
}
