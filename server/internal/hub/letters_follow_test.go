package hub_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// follow reads an agency's stream with its letters, live, until see says stop.
func (h *house) follow(c access.Caller, see func(*wire.Page) (stop bool)) {
	h.Helper()
	enough := errors.New("enough")
	err := h.Follow(h.Context(), c, hub.FollowQuery{Live: true, Letters: true}, func(p *wire.Page) error {
		if see(p) {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		h.Fatal(err)
	}
}

func TestAStreamCarriesLettersToTheirRecipient(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	first := h.issue(h.letterTo("education", letter.Draft))
	other := h.issue(h.letterTo("employment", letter.Draft))
	h.removed(2)
	var got []string
	h.follow(recipient("education"), func(p *wire.Page) bool {
		if p.GetEnd() == nil {
			if len(p.GetLetters()) > 0 {
				t.Error("letters before the End")
			}
			return false
		}
		for _, l := range p.GetLetters() {
			got = append(got, l.GetId())
			if len(l.GetItems()) == 0 || l.GetReceipts()[0].GetDeliveredAt() == "" {
				t.Errorf("carried as %v", l)
			}
		}
		if len(got) == 1 { // nothing but a letter comes after the first End
			h.issue(h.letterTo("education", letter.Draft))
		}
		return len(got) >= 2
	})
	if got[0] != first.ID || got[1] == first.ID || got[1] == other.ID {
		t.Errorf("carried %v", got)
	}
	if v, err := h.Letter(t.Context(), clerk, first.ID); err != nil || v.Receipts[0].State != letter.ReceiptDelivered {
		t.Errorf("%+v %v", v.Receipts, err)
	}
	h.acknowledge(recipient("education"), first)
	again := 0
	h.follow(recipient("education"), func(p *wire.Page) bool { again += len(p.GetLetters()); return p.GetEnd() != nil })
	if again != 1 {
		t.Errorf("%d letters wait, not the one that was not acknowledged", again)
	}
	plain := 0
	err := h.Follow(t.Context(), recipient("education"), hub.FollowQuery{}, func(p *wire.Page) error { plain += len(p.GetLetters()); return nil })
	if h.ok(err); plain != 0 {
		t.Error("carried unasked")
	}
}

func TestALetterIsCarriedOnlyWithinTheScopeOfTheStream(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	h.issue(h.letterTo("education", letter.Draft))
	area, _ := h.Divisions.Area("danzhou")
	n := 0
	q := hub.FollowQuery{Letters: true, Scope: feed.Request{Divisions: []string{area.Root}}}
	h.ok(h.Follow(t.Context(), recipient("education"), q, func(p *wire.Page) error { n += len(p.GetLetters()); return nil }))
	if n != 0 {
		t.Errorf("%d letters of another area", n)
	}
}

func TestWithoutADeliveryOnRecordNothingIsHandedOut(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.store.failUpdate = 1
	if got, err := h.Letter(t.Context(), recipient("education"), v.ID); err == nil || len(got.Items) > 0 {
		t.Errorf("handed out %d items, %v", len(got.Items), err)
	}
	copyOf(h, recipient("education")) // builds the blocks, which is another write
	h.store.failUpdate = 1
	err := h.Follow(t.Context(), recipient("education"), hub.FollowQuery{Letters: true}, func(p *wire.Page) error {
		if len(p.GetLetters()) > 0 {
			t.Error("carried without a delivery")
		}
		return nil
	})
	if err == nil {
		t.Error("the stream went on")
	}
}

func TestWhoeverHasNoAgreementForNumbersSeesThemMasked(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-tuition", Agency: "tuition", Divisions: []string{province}, Receives: []string{"education"}})
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	for agency, masked := range map[string]bool{"education": false, "tuition": true} {
		got, err := h.Letter(t.Context(), access.Caller{Agency: agency, Client: "test"}, v.ID)
		h.ok(err)
		page, err := h.LetterPage(t.Context(), access.Caller{Agency: agency, Client: "test"}, v.ID)
		h.ok(err)
		if got.Masked != masked || len(got.Receipts) != 1 || got.Receipts[0].Agency != agency {
			t.Errorf("%s: masked %v, receipts %+v", agency, got.Masked, got.Receipts)
		}
		whole := got.Items[0].IDNumber
		if shown := page.Items[0].IDNumber; (shown != whole) != masked || (masked && shown != letter.Mask(whole)) {
			t.Errorf("%s is shown %s", agency, shown)
		}
	}
}

func TestALetterStaysWithWhoeverLostTheAgreementButIsNotHandedOut(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.agree(access.Agreement{
		ID: "l-education", Agency: "education", Divisions: []string{province}, Receives: []string{"education"}, Lists: []string{letter.Roster},
		From: "2019-01-01", Until: h.Today().AddDays(-1),
	})
	_, err := h.Letter(t.Context(), recipient("education"), v.ID)
	h.hindered(err, fault.AgreementExpired)
	if got, err := h.Letter(t.Context(), clerk, v.ID); err != nil || got.Receipts[0].State != letter.ReceiptSent {
		t.Errorf("%+v %v", got.Receipts, err)
	}
}

func TestLettersAreReceivedForWholeAreasOnly(t *testing.T) {
	h := newHouse(t)
	for _, a := range []access.Agreement{
		{ID: "1", Agency: "x", Divisions: []string{qionghai[0]}, Receives: []string{"education"}},
		{ID: "2", Agency: "x", Divisions: []string{province}, Receives: []string{"nobody"}},
		{ID: "3", Agency: "x", Divisions: []string{province}, Letters: []letter.Role{"DRAW"}},
	} {
		a.Purpose, a.Basis, a.From = "test", "test", "2019-01-01"
		if err := h.SaveAgreement(t.Context(), a); err == nil {
			t.Errorf("accepted %+v", a)
		}
	}
}

// A procedure of the area decides what a draft collects, and later ones do not change it.
func TestAnAreaCollectsADaysDecisionsInOneLetter(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	p := removal.Defaults()
	p.From, p.Letters = h.Today(), removal.LetterTerms{Draft: removal.DraftDaily, Office: "琼虚扶函", OfficeName: "虚构市扶贫办"}
	_, err := h.SetProcedure(t.Context(), county, "qionghai", p, h.request())
	h.ok(err)
	first := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Confirm)
	second := h.carry(h.propose(h.fits(qionghai[1], 2, 1)[0]), removal.Confirm)
	third := h.carry(h.propose(h.fits(qionghai[2], 3, 1)[0]), removal.Confirm)
	_, err = h.step(first, removal.Announce)
	h.ok(err)
	_, err = h.step(second, removal.Announce)
	h.ok(err)
	h.clock.day(h.Today().AddDays(1))
	_, err = h.step(third, removal.Announce)
	h.ok(err)
	var sizes []int
	for _, v := range h.letters(letter.Draft) {
		if v.Department == "education" {
			sizes = append(sizes, len(v.Households()))
			v = h.issue(v)
			if v.Number != "琼虚扶函〔2026〕"+string(rune('0'+len(sizes)))+"号" {
				t.Errorf("number %s", v.Number)
			}
		}
	}
	if len(sizes) != 2 || sizes[0]+sizes[1] != 3 || sizes[0] == 3 {
		t.Errorf("letters about %v households", sizes)
	}
	page, err := h.LetterPage(context.Background(), clerk, h.letters(letter.Issued)[0].ID)
	if h.ok(err); page.Office != "虚构市扶贫办" {
		t.Errorf("signed by %s", page.Office)
	}
}
