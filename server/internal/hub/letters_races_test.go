package hub_test

import (
	"context"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// atOnce does things at the same time. Whoever is overtaken may be refused.
func (h *house) atOnce(all ...func() error) {
	h.Helper()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for n, do := range all {
		wg.Go(func() { errs[n] = do() })
	}
	wg.Wait()
	for _, err := range errs {
		if f := fault.Of(err); err != nil && (f == nil || f.Kind == fault.Internal) {
			h.Fatal(err)
		}
	}
}

// takenBack wants nothing left that says of a reversed decision that it stands: what was
// issued is corrected, or a correcting letter waits.
func (h *house) takenBack(decision string) {
	h.Helper()
	h.ok(h.FinishLetters(h.Context()))
	all := h.letters("")
	resumed := map[[3]string]bool{}
	for _, v := range all {
		for _, i := range v.Items {
			if i.Kind == letter.Resume {
				resumed[[3]string{v.Department, i.Person, i.Policy}] = true
			}
		}
	}
	for _, v := range all {
		for _, i := range v.Items {
			if i.Decision == decision && i.Kind != letter.Resume && (v.Unissued() || !resumed[[3]string{v.Department, i.Person, i.Policy}]) {
				h.Fatalf("the %s to %s, %s, says that a reversed decision stands", v.Kind, v.Department, v.State)
			}
		}
	}
}

// reversing is a reversal that is ready to be taken.
func (h *house) reversing(c hub.CaseState) func() error {
	h.Helper()
	c = h.now(c)
	who, s := h.usual(c, removal.Reverse)
	k := hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}
	return func() error {
		_, err := h.TakeStep(context.Background(), who, k, s)
		return err
	}
}

func TestAReversalAndItsRemovalsLettersAtOnce(t *testing.T) {
	for range rounds() {
		h := newCorrespondence(newHouse(t))
		c := h.carry(h.propose(h.fits(qionghai[1], 1, 1)[0]), removal.Confirm)
		who, s := h.usual(c, removal.Announce)
		h.store.failUpdate = 2 // the drafting
		c, err := h.TakeStep(t.Context(), who, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
		h.ok(err)
		draft := func() error { return h.FinishLetters(context.Background()) }
		h.atOnce(draft, h.reversing(c), draft)
		h.takenBack(c.Decision)
	}
}

func TestAReversalAndAnIssueAtOnce(t *testing.T) {
	for range rounds() {
		h := newCorrespondence(newHouse(t))
		c := h.removed(1)
		all := []func() error{h.reversing(c)}
		for _, v := range h.letters(letter.Draft) {
			signed, err := h.SignOffLetter(t.Context(), leader, h.key(v))
			h.ok(err)
			k := h.key(signed)
			all = append(all, func() error { _, err := h.IssueLetter(context.Background(), clerk, k, ""); return err })
		}
		h.atOnce(all...)
		h.takenBack(c.Decision)
	}
}

func TestAReversalAndAnAnswerAtOnce(t *testing.T) {
	for range rounds() {
		h := newCorrespondence(newHouse(t))
		c := h.removed(1)
		h.ready("education")
		v := h.disputed(h.ready("medical-insurance"), 1)
		was := h.find("HH-0001")
		p := was.Household.Person(v.Items[0].Person)
		change := household.NumberChange{Person: p.ID, Number: idNumber(40, 3, p.Sex, p.BirthDate), Correction: true}
		_, err := h.ChangeIDNumber(t.Context(), office, h.about(was), change)
		h.ok(err)
		k := h.answer(v)
		h.atOnce(h.reversing(c), func() error {
			_, err := h.AnswerObjection(context.Background(), clerk, k, 1, letter.Corrected, "已更正")
			return err
		})
		h.takenBack(c.Decision)
	}
}

// A restating letter is issued while another correction of the same person overtakes it.
func TestTwoCorrectionsOfOnePersonAtOnce(t *testing.T) {
	for range rounds() {
		h := newCorrespondence(newHouse(t))
		h.removed(1)
		education, medical := h.ready("education"), h.ready("medical-insurance")
		pupil := education.Items[0].Person
		education, medical = h.disputed(education, 1), h.disputed(medical, itemOf(medical, pupil))
		change := func(n int) {
			was := h.find("HH-0001")
			right := idNumber(n, 3, household.Female, was.Household.Person(pupil).BirthDate)
			_, err := h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
			h.ok(err)
		}
		change(40)
		_, err := h.AnswerObjection(t.Context(), clerk, h.answer(education), 1, letter.Corrected, "已更正")
		h.ok(err)
		signed, err := h.SignOffLetter(t.Context(), leader, h.key(h.letterTo("education", letter.Draft)))
		h.ok(err)
		change(41)
		issue, answer := h.key(signed), h.answer(medical)
		h.atOnce(
			func() error { _, err := h.IssueLetter(context.Background(), clerk, issue, ""); return err },
			func() error {
				_, err := h.AnswerObjection(context.Background(), clerk, answer, 1, letter.Corrected, "已更正")
				return err
			},
		)
		for _, v := range h.letters("") {
			if v.Number != "" && (len(v.Items) == 0 || v.Unissued() || v.State == letter.Cancelled) {
				t.Fatalf("%s was issued, and is %s with %d items", v.Number, v.State, len(v.Items))
			}
		}
	}
}

// itemOf is the number of the first item about a person.
func itemOf(v letter.View, person string) int {
	for n, i := range v.Items {
		if i.Person == person {
			return n + 1
		}
	}
	return 0
}

// rounds is how often things are tried at the same time.
func rounds() int {
	if testing.Short() {
		return 1
	}
	return 4
}
