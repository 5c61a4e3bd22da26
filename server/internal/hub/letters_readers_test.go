package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// The answer to an objection shows the letter.
func TestADisputeIsNoWayAroundTheDelivery(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	got := h.disputed(v, 1)
	if got.Receipts[0].DeliveredAt.IsZero() {
		t.Errorf("handed out %d items to %s with no delivery on record", len(got.Items), got.Receipts[0].Agency)
	}
	_, err := h.step(c, removal.Reverse)
	h.ok(err)
	if n := len(h.recalls(true)); n == 0 {
		t.Error("who was handed the wrong letter is not recalled")
	}
}

func TestTheOfficeThatAlsoReceivesSeesObjections(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-b2", Agency: "bureau", Divisions: []string{province}, Receives: []string{"education"}})
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.disputed(v, 1)
	got, err := h.Letter(t.Context(), clerk, v.ID)
	h.ok(err)
	if len(got.Receipts) != 2 || len(got.Objections) != 1 || got.Masked {
		t.Errorf("the office sees %d receipts of 2, %d objections of 1, masked %v", len(got.Receipts), len(got.Objections), got.Masked)
	}
}

func TestTheOfficeSeesLettersThatItReceivesNoMore(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-b2", Agency: "bureau", Divisions: []string{province}, Receives: []string{"education"}})
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.agree(access.Agreement{ID: "l-b2", Agency: "bureau", Divisions: []string{province}, Receives: []string{"education"}, Until: h.Today()})
	h.clock.day(h.Today().AddDays(1))
	if _, err := h.Letter(t.Context(), clerk, v.ID); err != nil {
		t.Errorf("the office gets %v", err)
	}
	if !slices.ContainsFunc(h.letters(""), func(l letter.View) bool { return l.ID == v.ID }) {
		t.Error("and it is missing from the office's list")
	}
	h.disputed(v, 1)
	if _, err := h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Refused, "x"); err != nil {
		t.Errorf("and no objection can be answered: %v", err)
	}
}

// hubsync gives what two persons do alike one request id.
func TestAnotherPersonsAcknowledgementIsNotTakenForTheFirst(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	k := h.answer(v)
	_, err := h.AcknowledgeLetter(t.Context(), recipient("education"), k, v.Digest)
	h.ok(err)
	other := recipient("education")
	other.Person = "p2"
	_, err = h.AcknowledgeLetter(t.Context(), other, k, v.Digest)
	h.hindered(err, fault.LetterAcknowledged)
}

func TestTimesSinceADayKnowDrafts(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	count := func(since date.Date) (n int) {
		all, err := h.LetterTimes(t.Context(), clerk, "qionghai", since)
		h.ok(err)
		for _, x := range all {
			n += x.Drafts
		}
		return n
	}
	if all, some := count(""), count("2026-01-01"); some != all {
		t.Errorf("%d drafts, and %d where since is given", all, some)
	}
}

func TestADraftHasItsDigest(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	if v := h.letterTo("education", letter.Draft); v.Digest != letter.Digest(v.Items) {
		t.Errorf("%q", v.Digest)
	}
}
