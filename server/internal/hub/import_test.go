package hub_test

import (
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// A file that was exported before two households became one still states the one that is
// gone: loaded, it would overwrite the register of the one that absorbed it.
func TestAFileThatStatesAMergedHouseholdIsRefused(t *testing.T) {
	h := newHouse(t)
	stale := home(2, qionghai[0])
	h.load(home(1, qionghai[0]), stale)
	stale.Register.Phone = "10099999999"
	two := h.find("HH-0002").Household.ID
	united := h.merge(h.find("HH-0001"), h.find("HH-0002"))
	before := h.lists()
	got := h.offer(home(1, qionghai[0]), stale)
	if len(got.Rejected) != 1 || got.Rejected[0].Index != 1 || got.Rejected[0].Fault.Reason != fault.HouseholdMerged {
		t.Fatalf("%+v", got)
	}
	if now := h.find("HH-0002"); now.Household.ID != united.Household.ID || now.Household.Register.Phone == stale.Register.Phone {
		t.Error("the old file changed the household that absorbed it")
	}
	if h.lists() != before {
		t.Error("a list changed")
	}
	closed, err := h.GetHousehold(t.Context(), office, two, 0, time.Time{})
	h.ok(err)
	_, err = h.UnmergeHouseholds(t.Context(), office, h.about(h.find("HH-0001"), closed), household.Splitting{On: today})
	h.ok(err)
	if got := h.offer(stale); got.Changed != 1 {
		t.Errorf("after the merge was taken back: %+v", got)
	}
}
