package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// posts wants exactly these households on a notice about the first village.
func (h *house) posts(when string, n hub.Notice, want ...pages.AnnouncedHousehold) {
	h.Helper()
	n.Village = qionghai[0]
	got, err := h.Announcement(h.Context(), villager, n)
	h.ok(err)
	if !slices.Equal(got.Households, want) {
		h.Errorf("%s: %+v, not %+v", when, got.Households, want)
	}
	if final := n.State == removal.Announced || n.State == removal.Confirmed; got.Final != final {
		h.Errorf("%s: final %v", when, got.Final)
	}
}

func TestAnAnnouncementHangsForThirtyDaysAsItWasPosted(t *testing.T) {
	h := newBureau(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	c := h.carry(h.propose(was), removal.Announce)
	announced, notice := h.Today(), hub.Notice{State: removal.Announced}
	want := pages.AnnouncedHousehold{
		VillageGroup: was.Household.VillageGroup, HeadName: was.Household.Persons[0].Name, Persons: 3, EffectiveOn: c.EffectiveOn, DecisionNumber: c.DecisionNumber,
	}
	h.posts("at once", notice, want)
	h.clock.day(announced.AddDays(29))
	now, err := h.update(office, h.find("HH-0001"), household.GroupRegister, func(f *household.Household) {
		f.VillageGroup = "虚构九组"
		f.Persons[0].Relation, f.Persons[1].Relation = household.RelationSpouse, household.RelationHead
	})
	h.ok(err)
	if f := now.Household; f.VillageGroup == want.VillageGroup || f.Persons[0].Relation == household.RelationHead {
		t.Fatal("nothing changed")
	}
	h.posts("with another head since", notice, want)
	h.move(h.find("HH-0001"), danzhou[0])
	h.clock.day(announced.AddDays(30))
	h.posts("on the last day", notice, want)
	h.clock.day(announced.AddDays(31))
	h.posts("after it", notice)
	notice.Since = announced
	h.posts("since that day", notice, want)
	notice.Since = announced.AddDays(1)
	h.posts("since the day after", notice)
}

func TestANoticeThatIsStillToBePostedCanBePrinted(t *testing.T) {
	h := newBureau(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	c := h.carry(h.propose(was), removal.Appraise)
	want := func(from, until date.Date) pages.AnnouncedHousehold {
		return pages.AnnouncedHousehold{
			VillageGroup: was.Household.VillageGroup, HeadName: was.Household.Persons[0].Name, Persons: 3, From: from, Until: until,
		}
	}
	first := h.Today()
	notice := hub.Notice{State: removal.Appraised}
	h.posts("today", notice, want(first, first.AddDays(6)))
	notice.From = first.AddDays(7)
	h.posts("in a week", notice, want(first.AddDays(7), first.AddDays(13)))
	for from, reason := range map[date.Date]fault.Reason{first.AddDays(8): fault.OutOfRange, "2026-02-30": fault.Malformed} {
		notice.Village, notice.From = qionghai[0], from
		_, err := h.Announcement(t.Context(), villager, notice)
		h.violated(err, "from", reason)
	}
	c, err := h.step(c, removal.Post, func(_ *access.Caller, s *removal.Step) { s.Posting.From = first.AddDays(3) })
	h.ok(err)
	h.posts("posted", hub.Notice{State: removal.Appraised})
	h.posts("hanging", hub.Notice{State: removal.InPublicity}, want(first.AddDays(3), first.AddDays(9)))

	h.clock.day(first.AddDays(10))
	for _, kind := range []removal.StepKind{removal.Review, removal.Confirm} {
		h.posts("not confirmed", hub.Notice{State: removal.Confirmed})
		c, err = h.step(c, kind)
		h.ok(err)
	}
	h.clock.day(first.AddDays(12))
	decided := want("", "")
	decided.EffectiveOn = h.Today() // later than confirmed, as it is announced later
	h.posts("confirmed", hub.Notice{State: removal.Confirmed}, decided)
	c, err = h.step(c, removal.Announce)
	h.ok(err)
	h.posts("announced", hub.Notice{State: removal.Confirmed})
	decided.DecisionNumber = c.DecisionNumber
	h.posts("announced", hub.Notice{State: removal.Announced}, decided)
}
