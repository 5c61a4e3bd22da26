package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// rated wants so many households and removals in the area as a whole.
func (h *house) rated(when string, households, removed int) {
	h.Helper()
	whole, _, err := h.RemovalRates(h.Context(), county, "qionghai")
	h.ok(err)
	if whole.Households != households || whole.Removed != removed {
		h.Errorf("%s: %d removed of %d, not %d of %d", when, whole.Removed, whole.Households, removed, households)
	}
}

func TestRatesAreTakenOverThoseWhoCouldBeRemoved(t *testing.T) {
	h := newBureau(newHouse(t))
	for n, status := range []household.PovertyStatus{
		household.RegisteredPoor, household.PreExit, household.Lifted, household.Returned, household.Removed, household.Closed,
	} {
		one := fit(n+1, qionghai[n%2])
		switch one.Register.PovertyStatus = status; status {
		case household.Lifted, household.Returned:
		case household.Removed, household.Closed:
			one.Closing = &household.Closing{Kind: household.ClosingError, On: today, Document: paper()}
			if status == household.Closed {
				one.Closing.Kind = household.ClosingDeath
			}
			fallthrough
		default:
			one.Register.LiftedYear = 0
		}
		h.load(one)
	}
	h.rated("at first", 4, 0)
	h.merge(h.find("HH-0001"), h.find("HH-0003"))
	h.rated("after a merge", 3, 0)
}

func TestARemovalStillToTakeEffectCountsItsHouseholdOnce(t *testing.T) {
	h := newBureau(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 4)[0]), removal.Confirm)
	h.rated("before", 4, 0)
	day := h.Today().AddDays(5)
	c, err := h.step(c, removal.Announce, func(_ *access.Caller, s *removal.Step) { s.EffectiveOn = day })
	h.ok(err)
	h.rated("announced", 4, 1)
	h.move(h.find("HH-0001"), qionghai[1])
	h.rated("moved in between", 4, 1)
	h.clock.day(day)
	h.derive()
	h.rated("in effect", 4, 1)
	h.move(h.find("HH-0001"), danzhou[0])
	h.rated("moved away", 4, 1)
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	h.rated("reversed", 3, 0)
}
