package hub_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// post is what is known of an area's letters: how many there are, by department, kind and state.
func (h *house) post() (out []string) {
	h.Helper()
	for _, v := range h.letters("") {
		out = append(out, fmt.Sprintf("%s %s %s of %d to %d", v.Department, v.Kind, v.State, len(v.Items), len(v.Receipts)))
	}
	slices.Sort(out)
	return out
}

// failing does something again and again under one request, with one write after the other
// failing, and a new hub after each failure, until it goes through without.
func (h *house) failing(do func() error) (failed int) {
	h.Helper()
	for n := 1; ; n++ {
		h.store.failUpdate = n
		err := do()
		reached := h.store.failUpdate == 0
		h.store.failUpdate = 0
		if !reached {
			h.ok(err)
			return failed
		}
		failed++
		h.restart()
	}
}

func TestEveryLetterExistsOnceWhateverWriteFails(t *testing.T) {
	plain := newCorrespondence(newHouse(t))
	c := plain.removed(1)
	drafted := plain.post()
	_, err := plain.step(c, removal.Reverse)
	plain.ok(err)
	cancelled := plain.post()

	h := newCorrespondence(newHouse(t))
	c = h.carry(h.propose(h.fits(qionghai[1], 1, 1)[0]), removal.Confirm)
	who, s := h.usual(c, removal.Announce)
	k := hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}
	if n := h.failing(func() error { c, err = h.TakeStep(t.Context(), who, k, s); return err }); n < 2 {
		t.Errorf("%d writes of the announcement failed", n)
	}
	h.ok(h.FinishLetters(t.Context()))
	if got := h.post(); !slices.Equal(got, drafted) {
		t.Errorf("drafted %v, not %v", got, drafted)
	}
	who, s = h.usual(c, removal.Reverse)
	k = hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}
	if n := h.failing(func() error { c, err = h.TakeStep(t.Context(), who, k, s); return err }); n < 2 {
		t.Errorf("%d writes of the reversal failed", n)
	}
	for range 2 { // twice is harmless
		h.ok(h.FinishLetters(t.Context()))
		if got := h.post(); !slices.Equal(got, cancelled) {
			t.Errorf("reversed %v, not %v", got, cancelled)
		}
	}
}

// A removal that is taken back before its letters were drafted needs none.
func TestADecisionThatIsReversedBeforeItsLettersIsToldNobody(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.carry(h.propose(h.fits(qionghai[1], 1, 1)[0]), removal.Confirm)
	h.store.before = map[int]func(){}
	who, s := h.usual(c, removal.Announce)
	h.store.failUpdate = 2 // the drafting
	c, err := h.TakeStep(t.Context(), who, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
	if h.ok(err); len(h.letters("")) > 0 {
		t.Fatal("the drafting did not fail")
	}
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	if got := h.post(); len(got) > 0 {
		t.Errorf("drafted %v", got)
	}
}

// Two hubs on one store draft the letters about the same decision at once.
func TestTwoHubsDraftALetterOnce(t *testing.T) {
	for _, rule := range []removal.DraftRule{removal.DraftAtOnce, removal.DraftDaily} {
		h := newCorrespondence(newHouse(t))
		p := removal.Defaults()
		p.From, p.Letters = h.Today(), removal.LetterTerms{Draft: rule}
		_, err := h.SetProcedure(t.Context(), county, "qionghai", p, h.request())
		h.ok(err)
		h.removed(1) // for the day's rule, drafts that still collect
		before := len(h.letters(""))
		c := h.carry(h.propose(h.fits(qionghai[1], 2, 1)[0]), removal.Confirm)
		who, s := h.usual(c, removal.Announce)
		h.store.failUpdate = 2 // the drafting
		_, err = h.TakeStep(t.Context(), who, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
		h.ok(err)
		if len(h.letters("")) != before {
			t.Fatal("the drafting did not fail")
		}
		h.store.updates, h.store.before = 0, map[int]func(){1: func() { h.ok(h.FinishLetters(t.Context())) }}
		h.ok(h.FinishLetters(t.Context()))
		h.store.before = nil
		seen := map[string]bool{}
		for _, v := range h.letters("") {
			for _, i := range v.Items {
				if k := i.Decision + i.Person + i.Policy; seen[k] {
					t.Errorf("%s: an item stands twice", rule)
				} else {
					seen[k] = true
				}
			}
		}
	}
}

func TestNumbersHaveNoGapAndNoRecipientIsSkippedWhateverWriteFails(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-tuition", Agency: "tuition", Divisions: []string{province}, Receives: []string{"education", "training"}})
	h.removed(1)
	recipients := map[string]int{"education": 2, "training": 2}
	for i, v := range h.letters(letter.Draft) {
		signed, err := letter.View{}, error(nil)
		sign := h.key(v)
		h.failing(func() error { signed, err = h.SignOffLetter(t.Context(), leader, sign); return err })
		issue := h.key(signed)
		if n := h.failing(func() error { v, err = h.IssueLetter(t.Context(), clerk, issue, ""); return err }); n < 1 {
			t.Errorf("%d writes of an issue failed", n)
		}
		if want := fmt.Sprintf("扶函〔2026〕%d号", i+1); v.Number != want {
			t.Errorf("number %s, not %s", v.Number, want)
		}
		if want := max(1, recipients[v.Department]); len(v.Receipts) != want {
			t.Errorf("%s: %d recipients, not %d", v.Department, len(v.Receipts), want)
		}
		who, id := recipient(v.Department), v.ID
		h.failing(func() error { v, err = h.Letter(t.Context(), who, id); return err })
		if v.Receipts[0].DeliveredAt.IsZero() {
			t.Errorf("%s: handed out without a delivery on record", v.Department)
		}
	}
	if n := len(h.letters(letter.Issued)); n < 4 {
		t.Errorf("%d letters were issued", n)
	}
}
