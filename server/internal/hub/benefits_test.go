package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/household"
)

func TestARowSaysWhoseBenefitItIs(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]))
	p := h.find("HH-0001").Household.Persons[2]
	row := &household.Household{Persons: []household.Person{{IDNumber: p.IDNumber}},
		Benefits: []household.Benefit{{Kind: household.EducationAid, Year: 2026, Amount: 100_000, PaidOn: "2026-03-20"}}}
	for i, want := range []bool{true, false} {
		if got := h.report(schools, household.GroupEducation, row); got[0].State != household.Matched || got[0].Changed != want {
			t.Errorf("time %d: %+v", i+1, got[0])
		}
	}
	all := h.find("HH-0001").Household.Benefits
	if len(all) != 1 || all[0].Person != p.ID || all[0].Group != household.GroupEducation {
		t.Errorf("%+v", all)
	}
	row.Benefits[0].Group = household.GroupHousing
	if h.report(schools, household.GroupEducation, row); len(h.find("HH-0001").Household.Benefits) != 1 {
		t.Error("education wrote a payment of housing")
	}
}

// TestOverProtectionIsToldAndStopsNothing: education pays too much, is told by the
// office, and corrects what it recorded.
func TestOverProtectionIsToldAndStopsNothing(t *testing.T) {
	h := ownFacts(t)
	h.load(home(1, qionghai[0]))
	h.agree(access.Agreement{ID: "a-check", Agency: "check", Divisions: qionghai[:1], Lists: []string{"over-protection"}})
	h.agree(access.Agreement{ID: "a-all", Agency: "all", Divisions: qionghai[:1], Lists: allLists})
	checks, others := copyOf(h, access.Caller{Agency: "check"}), copyOf(h, access.Caller{Agency: "all"})
	p := h.find("HH-0001").Household.Persons[2]
	pay := func(fen int64) {
		row := pupil(p, "")
		row.Benefits = []household.Benefit{{Kind: household.EducationAid, Stage: household.Primary, Year: 2026, Amount: fen, PaidOn: "2026-03-20"}}
		if got := h.report(schools, household.GroupEducation, row); !got[0].Changed {
			t.Fatalf("%+v", got[0])
		}
	}
	pay(200_000)
	if all := checks.pull(); len(all) > 0 {
		t.Errorf("the standard itself: %+v", all)
	}
	others.pull() // what the department said about the pupil
	pay(200_100)
	if all := checks.pull(); len(all) != 1 || all[0].op != "UPSERT" || all[0].list != "over-protection" {
		t.Errorf("above the standard: %+v", all)
	}
	pay(200_000)
	if all := checks.pull(); len(all) != 1 || all[0].op != "LEFT_SCOPE" || all[0].cause != "CONDITION" {
		t.Errorf("corrected: %+v", all)
	}
	if all := others.pull(); len(all) > 0 {
		t.Errorf("payments changed other lists: %+v", all)
	}
}
