package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// proof is what a copy that has everything would hold about a letter's persons.
func (h *house) proof(c access.Caller, v letter.View) *hub.CopyProof {
	h.Helper()
	k := copyOf(h, c)
	p := &hub.CopyProof{}
	for _, at := range k.end.GetAreas() {
		p.Positions = append(p.Positions, feed.AreaPosition{Area: at.GetArea(), Transaction: at.GetTransaction()})
	}
	persons, rows := v.Persons(), []letter.Row{}
	for key := range k.rows {
		if key.list == letter.Roster && slices.Contains(persons, key.person) {
			rows = append(rows, letter.Row{Person: key.person, Hash: h.storedHash(key)})
		}
	}
	p.Rows, p.Digest = len(rows), letter.CopyDigest(rows)
	return p
}

// storedHash is the hash of a record, of which the mirrors' own tests prove that a copy
// computes the same.
func (h *house) storedHash(k rowKey) (hash [16]byte) {
	h.Helper()
	h.ok(h.store.View(h.Context(), func(r store.Reader) error {
		all, err := r.HouseholdRecords(h.Context(), k.area, []string{k.household})
		for _, rec := range all {
			if rec.List == k.list && rec.Person == k.person {
				hash = rec.Hash
			}
		}
		return err
	}))
	return hash
}

// ready is a letter that was acknowledged, on the day on which it is in effect.
func (h *house) ready(department string) letter.View {
	h.Helper()
	v := h.acknowledge(recipient(department), h.issue(h.letterTo(department, letter.Draft)))
	h.clock.day(max(h.Today(), v.EffectiveOn()))
	_, err := h.Derive(h.Context())
	h.ok(err)
	return v
}

func (h *house) applied(c access.Caller, v letter.View, by hub.Applied) (letter.View, error) {
	return h.ReportApplied(h.Context(), c, h.answer(v), by)
}

func TestACopyProvesThatALetterIsApplied(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.ready("medical-insurance")
	program := access.Caller{Agency: "medical-insurance", Client: "hubsync"}
	good := h.proof(program, v)
	if good.Rows == 0 {
		t.Fatal("nobody is on the roster")
	}
	late := *good
	late.Positions = nil
	for _, at := range good.Positions {
		if at.Area == "qionghai" {
			at.Transaction = v.Transaction - 1
		}
		late.Positions = append(late.Positions, at)
	}
	_, err := h.applied(program, v, hub.Applied{Copy: &late})
	h.hindered(err, fault.LetterBehind)
	got, err := h.applied(program, v, hub.Applied{Copy: good})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied || !got.Receipts[0].Proved || got.Receipts[0].AppliedBy.Client != "hubsync" {
		t.Errorf("%+v", got.Receipts)
	}
	bad := *good
	bad.Digest = letter.CopyDigest(nil)
	if again, err := h.applied(program, v, hub.Applied{Copy: &bad}); err != nil || len(again.Objections) > 0 {
		t.Errorf("a report after the report changed something: %+v %v", again.Objections, err)
	}
}

func TestACopyThatDiffersIsADisputeUnlessItIsOnlyBehind(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	v := h.ready("medical-insurance")
	program := access.Caller{Agency: "medical-insurance", Client: "hubsync"}
	bad := h.proof(program, v)
	bad.Rows--
	c = h.now(c)
	h.removed(2) // the feed goes on
	_, err := h.applied(program, v, hub.Applied{Copy: bad})
	h.hindered(err, fault.LetterBehind)
	if got, err := h.Letter(t.Context(), clerk, v.ID); err != nil || len(got.Objections) > 0 {
		t.Fatalf("%+v %v", got.Objections, err)
	}
	bad = h.proof(program, v)
	bad.Digest = letter.CopyDigest(nil)
	got, err := h.applied(program, v, hub.Applied{Copy: bad})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptDisputed || got.Objections[0].Ground != letter.GroundDiffers || got.Objections[0].By.Person != "" {
		t.Fatalf("%+v %+v", got.Receipts, got.Objections)
	}
	_, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Refused, "副本已修复")
	h.ok(err)
	got, err = h.applied(program, v, hub.Applied{Copy: h.proof(program, v)})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v", got.Receipts)
	}
	if c.Decision == "" {
		t.Error("no decision")
	}
}

// A person moved on to another area is compared where the person lives now.
func TestAProofFollowsPersonsIntoOtherAreas(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	v := h.ready("medical-insurance")
	program := access.Caller{Agency: "medical-insurance", Client: "hubsync"}
	before := h.proof(program, v)
	h.move(h.find("HH-0001"), danzhou[0])
	_, err := h.applied(program, v, hub.Applied{Copy: before})
	h.hindered(err, fault.LetterBehind)
	got, err := h.applied(program, v, hub.Applied{Copy: h.proof(program, v)})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v %+v", got.Receipts, got.Objections)
	}
}

func (h *house) disputed(v letter.View, item int) letter.View {
	h.Helper()
	v, err := h.DisputeLetter(h.Context(), recipient(v.Department), h.answer(v), []letter.Objection{{Item: item, Ground: letter.GroundIdentity, Text: "号码不符"}})
	h.ok(err)
	return v
}

func TestACorrectionTellsEverybodyWhoWasToldWrongly(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	education, employment := h.ready("education"), h.ready("employment")
	v := h.disputed(education, 1)
	_, err := h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
	h.hindered(err, fault.NothingCorrected)
	pupil := education.Items[0].Person
	was := h.find("HH-0001")
	right := idNumber(40, 3, household.Female, was.Household.Person(pupil).BirthDate)
	_, err = h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	got, err := h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
	if h.ok(err); got.Receipts[0].State != letter.ReceiptAcknowledged {
		t.Errorf("%+v", got.Receipts)
	}
	told := map[string]int{}
	for _, d := range h.letters(letter.Draft) {
		if d.Kind != letter.Correction {
			continue
		}
		for _, i := range d.Items {
			if told[d.Department]++; i.Kind != letter.Restate || i.Person != pupil || i.IDNumber != right || i.LastDay == "" {
				t.Errorf("%s is told %+v", d.Department, i)
			}
		}
	}
	want := map[string]int{}
	for _, l := range []letter.View{education, employment} {
		for _, i := range l.Items {
			if i.Person == pupil {
				want[l.Department]++
			}
		}
	}
	for department := range want {
		if told[department] != want[department] {
			t.Errorf("%s is told %d items, not %d", department, told[department], want[department])
		}
	}
	correction := h.issue(h.letterTo("education", letter.Draft))
	if now, err := h.Letter(t.Context(), clerk, education.ID); err != nil || now.Items[0].Corrected != correction.ID {
		t.Errorf("%+v %v", now.Items[0], err)
	}
}

// On the day of effect the roster is as of yesterday until the nightly pass has come by.
func TestACopyIsComparedWhenTheDayOfEffectIsDerived(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	p := removal.Defaults()
	p.From, p.DaysToEffect = h.Today(), 5
	_, err := h.SetProcedure(t.Context(), county, "qionghai", p, h.request())
	h.ok(err)
	h.removed(1)
	v := h.acknowledge(recipient("education"), h.issue(h.letterTo("education", letter.Draft)))
	program := access.Caller{Agency: "education", Client: "hubsync"}
	early := h.proof(program, v)
	_, err = h.applied(program, v, hub.Applied{Copy: early})
	h.hindered(err, fault.LetterNotInEffect)
	h.clock.day(v.EffectiveOn())
	_, err = h.applied(program, v, hub.Applied{Copy: early})
	h.hindered(err, fault.LetterNotInEffect)
	_, err = h.Derive(t.Context())
	h.ok(err)
	got, err := h.applied(program, v, hub.Applied{Copy: h.proof(program, v)})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied || early.Rows > 0 {
		t.Errorf("%+v, %d rows before", got.Receipts, early.Rows)
	}
}

// Both departments object to the same person; one correction is enough for each.
func TestTwoObjectionsToOnePersonAreCorrectedOnce(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	education := h.disputed(h.ready("education"), 1)
	pupil := education.Items[0].Person
	medical := h.ready("medical-insurance")
	medical = h.disputed(medical, 1+slices.IndexFunc(medical.Items, func(i letter.Item) bool { return i.Person == pupil }))
	was := h.find("HH-0001")
	right := idNumber(40, 3, household.Female, was.Household.Person(pupil).BirthDate)
	_, err := h.ChangeIDNumber(t.Context(), office, h.about(was), household.NumberChange{Person: pupil, Number: right, Correction: true})
	h.ok(err)
	for _, v := range []letter.View{education, medical} {
		_, err := h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已更正")
		h.ok(err)
	}
	corrections := map[string]int{}
	for _, d := range h.letters(letter.Draft) {
		if d.Kind == letter.Correction {
			corrections[d.Department]++
		}
	}
	if corrections["education"] != 1 || corrections["medical-insurance"] != 1 {
		t.Errorf("corrections %v", corrections)
	}
}

func TestWhoeverGotTheLetterGetsItsCorrection(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-tuition", Agency: "tuition", Divisions: []string{province}, Receives: []string{"education"}})
	c := h.removed(1)
	h.issue(h.letterTo("education", letter.Draft))
	h.agree(access.Agreement{ID: "l-tuition", Agency: "tuition", Divisions: []string{province}, Receives: []string{"education"}, From: "2019-01-01", Until: h.Today()})
	h.clock.day(h.Today().AddDays(1))
	h.agree(access.Agreement{ID: "l-new", Agency: "newcomer", Divisions: []string{province}, Receives: []string{"education"}})
	_, err := h.step(h.now(c), removal.Reverse)
	h.ok(err)
	correction := h.issue(h.letterTo("education", letter.Draft))
	var to []string
	for _, r := range correction.Receipts {
		to = append(to, r.Agency)
	}
	if !slices.Equal(to, []string{"education", "newcomer", "tuition"}) {
		t.Errorf("to %v", to)
	}
}

// What a recipient may not read cannot be missing in its copy.
func TestAProofIsComparedWithinTheRecipientsAgreement(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	area, _ := h.Divisions.Area("qionghai")
	h.agree(access.Agreement{ID: "l-tuition", Agency: "tuition", Divisions: []string{area.Root}, Receives: []string{"education"}, Lists: []string{letter.Roster}})
	h.removed(1)
	v := h.ready("education")
	tuition := recipient("tuition")
	h.acknowledge(tuition, v)
	h.move(h.find("HH-0001"), danzhou[0])
	p := h.proof(tuition, v)
	if p.Rows != 0 {
		t.Fatalf("%d rows", p.Rows)
	}
	got, err := h.applied(tuition, v, hub.Applied{Copy: p})
	if h.ok(err); got.Receipts[0].State != letter.ReceiptApplied {
		t.Errorf("%+v", got.Objections)
	}
}

func TestAReversedDecisionAnswersTheObjectionToIt(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	c := h.removed(1)
	v := h.disputed(h.ready("education"), 1)
	_, err := h.step(h.now(c), removal.Reverse)
	h.ok(err)
	v, err = h.AnswerObjection(t.Context(), clerk, h.answer(v), 1, letter.Corrected, "已撤销")
	if h.ok(err); v.Objections[0].State != letter.Corrected {
		t.Errorf("%+v", v.Objections)
	}
	correction := h.issue(h.letterTo("education", letter.Draft))
	if correction.Items[0].Kind != letter.Resume {
		t.Errorf("%+v", correction.Items)
	}
}

func TestOnlyWhoeverMayActsOnLetters(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "l-signer", Agency: "signer", Divisions: []string{province}, Letters: []letter.Role{letter.RoleSign}})
	h.removed(1)
	draft := h.letterTo("education", letter.Draft)
	program := access.Caller{Agency: "bureau", Client: "test"}
	signer := access.Caller{Agency: "signer", Client: "test", Person: "s1"}
	for who, want := range map[access.Caller]fault.Reason{
		program: fault.PersonMustAct, recipient("education"): fault.LetterNotFound, office: fault.NoAgreement, {Agency: "stranger", Person: "x"}: fault.LetterNotFound,
	} {
		_, err := h.SignOffLetter(t.Context(), who, h.key(draft))
		h.hindered(err, want)
	}
	signed, err := h.SignOffLetter(t.Context(), signer, h.key(draft))
	h.ok(err)
	_, err = h.IssueLetter(t.Context(), signer, h.key(signed), "")
	h.hindered(err, fault.NoAgreement)
	if len(h.letters(letter.Signed)) != 1 {
		t.Error("more was signed")
	}
}

func TestAnOfficesOwnNumbersAndTheHubsGoTogether(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.removed(1)
	var numbers []string
	for i, given := range []string{"", "扶函〔2026〕2号", "", "琼扶字7"} {
		draft := h.letters(letter.Draft)[0]
		signed, err := h.SignOffLetter(t.Context(), leader, h.key(draft))
		h.ok(err)
		if i == 3 {
			_, err = h.IssueLetter(t.Context(), clerk, h.key(signed), numbers[1])
			h.hindered(err, fault.LetterNumberTaken)
		}
		v, err := h.IssueLetter(t.Context(), clerk, h.key(signed), given)
		h.ok(err)
		numbers = append(numbers, v.Number)
	}
	for i, want := range []string{"扶函〔2026〕1号", "扶函〔2026〕2号", "扶函〔2026〕3号", "琼扶字7"} {
		if numbers[i] != want {
			t.Errorf("numbers %v", numbers)
		}
	}
}
