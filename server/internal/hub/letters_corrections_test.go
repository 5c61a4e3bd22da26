package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// A correction overtakes a letter that was not issued yet and names the same person wrongly.
func TestALetterIssuedAfterACorrectionNamesThePersonRightly(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	education := h.disputed(h.ready("education"), 1)
	pupil := education.Items[0].Person
	was := h.find("HH-0001")
	right := idNumber(40, 3, household.Female, was.Household.Person(pupil).BirthDate)
	_, err := h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(education), 1, letter.Corrected, "已更正")
	h.ok(err)
	late := h.issue(h.letterTo("medical-insurance", letter.Draft))
	var wrong int
	for _, i := range late.Items {
		if i.Person == pupil && i.IDNumber != right {
			wrong++
		}
	}
	if wrong > 0 {
		restated := 0
		for _, d := range h.letters("") {
			if d.Department == "medical-insurance" && d.Kind == letter.Correction {
				restated++
			}
		}
		t.Errorf("%d items with the number known to be wrong were issued; corrections to it: %d", wrong, restated)
	}
}

// Another household's letter names the same person.
func TestACorrectionReachesEveryLetterThatNamesThePerson(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	first := h.ready("education")
	pupil := first.Items[0].Person
	was := h.find("HH-0001")
	wife := was.Household.Persons[1].ID
	_, off := h.split(was, "HH-0050", wife, pupil)
	h.fits(qionghai[1], 2, 1)
	into := h.merge(h.find("HH-0002"), off)
	h.carry(h.propose(into), removal.Announce)
	second := h.issue(h.letterTo("education", letter.Draft))
	n := 0
	for i, x := range second.Items {
		if x.Person == pupil {
			n = i + 1
		}
	}
	if n == 0 {
		t.Fatalf("the pupil is not named again: %+v", second.Items)
	}
	second = h.disputed(second, n)
	now := h.find("HH-0002")
	right := idNumber(40, 3, household.Female, now.Household.Person(pupil).BirthDate)
	_, err := h.ChangeIDNumber(t.Context(), office, h.about(now), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(second), 1, letter.Corrected, "已更正")
	h.ok(err)
	corrects := map[string]bool{}
	for _, d := range h.letters(letter.Draft) {
		for _, id := range d.Corrects {
			corrects[id] = true
		}
	}
	if !corrects[second.ID] || !corrects[first.ID] {
		t.Errorf("the first letter named the pupil by the same wrong number: corrected %v, the second %v", corrects[first.ID], corrects[second.ID])
	}
}

// The entry that the letter names is no more, where it was a duplicate.
func TestAnObjectionIsAnsweredByUnitingDuplicates(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.disputed(h.ready("education"), 1)
	pupil := v.Items[0].Person
	h.load(home(2, qionghai[1]))
	one, two := h.find("HH-0001"), h.find("HH-0002")
	_, err := h.MergePersons(t.Context(), office, h.about(two, one), household.Doubling{Stays: two.Household.Persons[2].ID, Goes: pupil, On: h.Today()})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "是同一人")
	h.ok(err)
}

// That the decision was taken back is what the letter says, and no answer to what is wrong in it.
func TestACorrectionNeedsSomethingCorrectedAlsoInACorrectingLetter(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	h.ready("education")
	_, err := h.step(h.now(c), removal.Reverse)
	h.ok(err)
	correction := h.issue(h.letterTo("education", letter.Draft))
	got := h.disputed(correction, 1)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(got), 1, letter.Corrected, "已更正")
	h.hindered(err, fault.NothingCorrected)
}

// What takes a letter back may name somebody wrongly in its turn.
func TestAWrongNameInACorrectingLetterIsCorrected(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	h.ready("education")
	_, err := h.step(h.now(c), removal.Reverse)
	h.ok(err)
	correction := h.disputed(h.issue(h.letterTo("education", letter.Draft)), 1)
	pupil := correction.Items[0].Person
	was := h.find("HH-0001")
	right := idNumber(40, 3, household.Female, was.Household.Person(pupil).BirthDate)
	_, err = h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(correction), 1, letter.Corrected, "已更正")
	h.ok(err)
	for _, v := range h.letters("") {
		for _, i := range v.Items {
			if i.Person == pupil && i.IDNumber == right {
				return
			}
		}
	}
	t.Error("answered as corrected, and no letter says the right number")
}

// The reversal stands, and its letters are still to be drafted.
func TestALetterAboutAReversedDecisionIsNotIssued(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	signed, err := h.SignOffLetter(t.Context(), leader, h.key(h.letterTo("education", letter.Draft)))
	h.ok(err)
	who, s := h.usual(c, removal.Reverse)
	h.store.failUpdate = 3
	_, err = h.TakeStep(t.Context(), who, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
	h.ok(err)
	_, err = h.IssueLetter(t.Context(), clerk, h.key(signed), "")
	h.hindered(err, fault.WrittenMeanwhile)
}

func TestAWholeLetterIsNotCorrectedByNothing(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.ready("education")
	v, err := h.applied(recipient("education"), v, hub.Applied{Count: 99})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
	h.hindered(err, fault.NothingCorrected)
}
