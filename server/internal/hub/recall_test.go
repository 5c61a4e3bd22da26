package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

func (h *house) recalls(settled bool) []hub.Recall {
	h.Helper()
	all, err := h.Recalls(h.Context(), clerk, "qionghai", settled)
	h.ok(err)
	return all
}

// recall is the only one, open or not as wanted.
func (h *house) recall(open bool) hub.Recall {
	h.Helper()
	if n := len(h.recalls(false)); (n == 1) != open {
		h.Fatalf("%d are open", n)
	}
	all := h.recalls(true)
	if len(all) != 1 || all[0].SettledAt.IsZero() != open || all[0].ReadAt.IsZero() {
		h.Fatalf("%+v", all)
	}
	return all[0]
}

func TestWhoeverReadAReversedRemovalIsRecalledUntilTheReversalIsRead(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	k := copyOf(h, reader)
	c := h.removed(1)
	k.pull()
	if n := len(h.recalls(true)); n > 0 {
		t.Fatalf("%d recalls of what stands", n)
	}
	c, err := h.step(c, removal.Reverse)
	h.ok(err)
	want := hub.Recall{Agency: reader.Agency, Client: reader.Client, Decision: c.Decision, Case: c.ID}
	got := h.recall(true)
	want.ReadAt = got.ReadAt
	if got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	k.pull()
	got = h.recall(false)
	if want.SettledAt = got.SettledAt; got != want || !got.SettledAt.After(got.ReadAt) {
		t.Errorf("%+v, not %+v", got, want)
	}
	readers, err := h.Readers(t.Context(), county, c.ID)
	if h.ok(err); len(readers) != 1 || !readers[0].ReadAt.Equal(got.ReadAt) || !readers[0].CorrectedAt.Equal(got.SettledAt) {
		t.Errorf("%+v", readers)
	}
}

func TestWhatAnUnfinishedReadingMayHaveHandedOutIsRecalled(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Action == "sync.pull" && e.Of != "" }
	copyOf(h, reader)
	h.store.failAudit = nil
	_, err := h.step(c, removal.Reverse)
	h.ok(err)
	if got := h.recall(true); !got.Assumed || got.Agency != "reader" {
		t.Errorf("%+v", got)
	}
}

// carryOut fetches and acknowledges a letter and reports it as applied.
func (h *house) carryOut(department string, v letter.View) {
	h.Helper()
	who := recipient(department)
	v, err := h.Letter(h.Context(), who, v.ID)
	h.ok(err)
	h.acknowledge(who, v)
	h.clock.day(max(h.Today(), v.EffectiveOn()))
	_, err = h.ReportApplied(h.Context(), who, h.answer(v), hub.Applied{Count: len(v.Items)})
	h.ok(err)
}

func TestAWrongLetterIsRecalledUntilItsCorrectionIsApplied(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.issue(h.letterTo("employment", letter.Draft)) // which nobody fetches
	_, err := h.Letter(t.Context(), recipient("education"), v.ID)
	h.ok(err)
	c, err = h.step(c, removal.Reverse)
	h.ok(err)
	want := hub.Recall{Agency: "education", Decision: c.Decision, Case: c.ID, Letter: v.ID}
	got := h.recall(true)
	if want.ReadAt = got.ReadAt; got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	by := h.issue(h.letterTo("education", letter.Draft))
	want.Correction = by.ID
	if got := h.recall(true); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	h.acknowledge(recipient("education"), by)
	h.recall(true)
	h.clock.day(max(h.Today(), by.EffectiveOn()))
	_, err = h.ReportApplied(t.Context(), recipient("education"), h.answer(by), hub.Applied{Count: len(by.Items)})
	h.ok(err)
	got = h.recall(false)
	if want.SettledAt = got.SettledAt; got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}

// A letter that names somebody wrongly stands, and is recalled without a decision; once its
// correction has been withdrawn, what took that back settles both.
func TestALetterThatNamedSomebodyWronglyIsRecalled(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	who := recipient("education")
	v := h.issue(h.letterTo("education", letter.Draft))
	_, err := h.Letter(t.Context(), who, v.ID)
	h.ok(err)
	v, err = h.DisputeLetter(t.Context(), who, h.answer(v), []letter.Objection{{Item: 1, Ground: letter.GroundIdentity, Text: "姓名有误"}})
	h.ok(err)
	_, err = h.update(office, h.find("HH-0001"), household.GroupRegister, func(f *household.Household) { f.Person(v.Items[0].Person).Name = "虚拟改" })
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
	h.ok(err)
	got := h.recall(true)
	if got.Letter != v.ID || got.Decision != "" || got.Case != "" || got.Correction != "" {
		t.Errorf("while it is a draft: %+v", got)
	}
	by := h.issue(h.letterTo("education", letter.Draft))
	if got = h.recall(true); got.Correction != by.ID || got.Decision != "" {
		t.Errorf("%+v", got)
	}
	_, err = h.Letter(t.Context(), who, by.ID)
	h.ok(err)
	_, err = h.step(c, removal.Reverse)
	h.ok(err)
	h.carryOut("education", h.issue(h.letterTo("education", letter.Draft)))
	if open := h.recalls(false); len(open) > 0 {
		t.Errorf("open: %+v", open)
	}
	if all := h.recalls(true); len(all) != 2 || !slices.ContainsFunc(all, func(a hub.Recall) bool { return a.Letter == by.ID && a.Decision == c.Decision }) {
		t.Errorf("%+v", all)
	}
}

func TestOpenRecallsComeFirstAndTheOldestOfThem(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	ahead, behind := copyOf(h, reader), copyOf(h, access.Caller{Agency: "reader", Client: "weekly"})
	for n := 1; n <= 2; n++ {
		c := h.removed(n)
		ahead.pull()
		behind.pull()
		_, err := h.step(c, removal.Reverse)
		h.ok(err)
		ahead.pull()
	}
	all := h.recalls(true)
	if len(all) != 4 || len(h.recalls(false)) != 1 {
		t.Fatalf("%+v", all)
	}
	if !all[0].SettledAt.IsZero() || all[0].Client != "weekly" || !slices.IsSortedFunc(all[1:], func(a, b hub.Recall) int { return a.ReadAt.Compare(b.ReadAt) }) {
		t.Errorf("%+v", all)
	}
}

func TestRecallsAreForWhoeverOverseesTheArea(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	for _, c := range []access.Caller{stranger, reader, county, recipient("education")} {
		_, err := h.Recalls(t.Context(), c, "qionghai", true)
		h.refused(err, fault.NoAgreement)
	}
	_, err := h.Recalls(t.Context(), clerk, "nowhere", true)
	h.refused(err, fault.DivisionNotFound)
}
