package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestEveryDepartmentIsToldOnlyWhatConcernsIt(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	drafts := h.letters(letter.Draft)
	told := map[string][]letter.Item{}
	for _, v := range drafts {
		if len(told[v.Department]) > 0 {
			t.Errorf("two drafts to %s", v.Department)
		}
		told[v.Department] = v.Items
	}
	d, err := h.Catalogue(t.Context(), "")
	h.ok(err)
	want := map[string]int{}
	for _, e := range c.Ends {
		if p := d.Policy(e.Policy); p != nil && p.Department != letter.Own {
			want[p.Department]++
		}
	}
	if len(want) < 3 || len(want) != len(told) {
		t.Fatalf("drafts to %d departments, not %d", len(told), len(want))
	}
	for department, n := range want {
		if len(told[department]) != n {
			t.Errorf("%s is told %d items, not %d", department, len(told[department]), n)
		}
		for _, i := range told[department] {
			if d.Policy(i.Policy).Department != department || i.Decision != c.Decision || i.Name == "" || i.IDNumber == "" || i.Effective != c.EffectiveOn {
				t.Errorf("%s: %+v", department, i)
			}
		}
	}
}

func TestALetterIsFollowedFromDraftToApplied(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.letterTo("education", letter.Draft)
	_, err := h.IssueLetter(t.Context(), clerk, h.key(v), "")
	h.hindered(err, fault.LetterState)
	v = h.issue(v)
	if v.Number != "扶函〔2026〕1号" || len(v.Receipts) != 1 || v.Receipts[0].State != letter.ReceiptSent || v.Transaction == 0 {
		t.Fatalf("issued as %q to %+v at %d", v.Number, v.Receipts, v.Transaction)
	}
	who := recipient("education")
	got, err := h.Letter(t.Context(), who, v.ID)
	if h.ok(err); got.Receipts[0].State != letter.ReceiptDelivered || got.Digest != letter.Digest(got.Items) || got.Masked {
		t.Fatalf("fetched: %+v", got)
	}
	got = h.acknowledge(who, got)
	k := copyOf(h, reader)
	_ = k
	got, err = h.ReportApplied(t.Context(), who, h.answer(got), hub.Applied{Count: len(got.Items)})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("reported: %+v", got.Receipts)
	}
	if _, err := h.Letter(t.Context(), recipient("finance"), v.ID); !fault.Is(err, fault.LetterNotFound) {
		t.Errorf("another department: %v", err)
	}
	if len(h.letters(letter.Issued)) != 1 {
		t.Error("other letters were issued")
	}
}

func TestAReversalIsFollowedThroughEveryLetter(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	education := h.issue(h.letterTo("education", letter.Draft))
	signed, err := h.SignOffLetter(t.Context(), leader, h.key(h.letterTo("employment", letter.Draft)))
	h.ok(err)
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	for _, v := range h.letters("") {
		want := letter.Cancelled
		switch {
		case v.ID == education.ID:
			want = letter.Issued
		case v.Kind == letter.Correction:
			want = letter.Draft
			if v.Department != "education" || len(v.Items) != len(education.Items) || v.Items[0].Kind != letter.Resume || v.Items[0].FirstDay == "" {
				t.Errorf("a correction to %s: %+v", v.Department, v.Items)
			}
		}
		if v.State != want {
			t.Errorf("the letter to %s is %s, not %s", v.Department, v.State, want)
		}
	}
	_, err = h.IssueLetter(t.Context(), clerk, h.key(signed), "")
	h.hindered(err, fault.EtagStale)
	correction := h.issue(h.letterTo("education", letter.Draft))
	was, err := h.Letter(t.Context(), clerk, education.ID)
	h.ok(err)
	if was.State != letter.Withdrawn || was.CorrectedBy[0].Number != correction.Number || was.Digest != education.Digest {
		t.Errorf("corrected: %s %+v", was.State, was.CorrectedBy)
	}
	who := recipient("education")
	_, err = h.AcknowledgeLetter(t.Context(), who, h.answer(was), was.Digest)
	h.hindered(err, fault.LetterWithdrawn)
	h.acknowledge(who, correction)
}
