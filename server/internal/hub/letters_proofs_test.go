package hub_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// A copy of one area knows nothing of a person who moved into another.
func TestANarrowerCopyIsNoDispute(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.ready("education")
	h.move(h.find("HH-0001"), danzhou[0])
	program := access.Caller{Agency: "education", Client: "hubsync"}
	full := h.proof(program, v)
	p := &hub.CopyProof{Digest: letter.CopyDigest(nil)} // hubsync --divisions <Qionghai>
	for _, at := range full.Positions {
		if at.Area == "qionghai" {
			p.Positions = append(p.Positions, at)
		}
	}
	got, err := h.applied(program, v, hub.Applied{Copy: p})
	if h.ok(err); len(got.Objections) > 0 || got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v %+v", got.Receipts, got.Objections)
	}
}

// While a transfer is finished a person stands in two areas, also in the copy.
func TestATransferUnderWayIsNoDispute(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.ready("education")
	was := h.find("HH-0001")
	h.store.failUpdate = 2
	h.move(was, danzhou[0])
	h.store.failUpdate = 0
	program := access.Caller{Agency: "education", Client: "hubsync"}
	p := h.proof(program, v)
	_, err := h.applied(program, v, hub.Applied{Copy: p})
	h.hindered(err, fault.LetterBehind)
	h.ok(h.FinishTransfers(t.Context()))
	got, err := h.applied(program, v, hub.Applied{Copy: h.proof(program, v)})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v %+v", got.Receipts, got.Objections)
	}
}

func TestWhoNeverReadTheRosterProvesNothing(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-education", Agency: "education", Divisions: []string{province}, Receives: []string{"education"}})
	h.removed(1)
	v := h.ready("education")
	p := &hub.CopyProof{Positions: []feed.AreaPosition{{Area: "qionghai", Transaction: 1 << 40}}, Digest: letter.CopyDigest(nil)}
	program := access.Caller{Agency: "education", Client: "anything"}
	_, err := h.applied(program, v, hub.Applied{Copy: p})
	h.hindered(err, fault.NoAgreement)
	h.agree(access.Agreement{ID: "l-education-2", Agency: "education", Divisions: []string{province}, Lists: []string{letter.Roster}})
	_, err = h.applied(program, v, hub.Applied{Copy: p}) // beyond what the hub ever wrote
	h.violated(err, "copy.positions[0].transaction", fault.OutOfRange)
}

// Copy and hub agree that nobody is on the roster any more.
func TestNobodyProvesAnEndThatWasReversed(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	v := h.ready("education")
	_, err := h.step(h.now(c), removal.Reverse)
	h.ok(err)
	program := access.Caller{Agency: "education", Client: "hubsync"}
	p := h.proof(program, v)
	_, err = h.applied(program, v, hub.Applied{Copy: p})
	h.hindered(err, fault.LetterBeingCorrected)
}

func TestWhatWasConcededToBeWrongIsNotApplied(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.disputed(h.ready("education"), 1)
	pupil := v.Items[0].Person
	was := h.find("HH-0001")
	right := idNumber(40, 3, household.Female, was.Household.Person(pupil).BirthDate)
	_, err := h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
	h.ok(err)
	_, err = h.applied(recipient("education"), v, hub.Applied{Count: len(v.Items)})
	h.hindered(err, fault.LetterBeingCorrected)
	h.issue(h.letterTo("education", letter.Draft))
	left := 0
	for _, i := range v.Items {
		if i.Person != pupil {
			left++
		}
	}
	got, err := h.applied(recipient("education"), v, hub.Applied{Count: left})
	if left == 0 {
		h.hindered(err, fault.LetterWithdrawn)
	} else if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v %+v", got.Receipts, got.Objections)
	}
}
