package letter

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
)

var zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// on is a moment of a day at which somebody of an agency acts.
func on(day date.Date, agency, person string) Context {
	years, err := removal.Published()
	if err != nil {
		panic(err)
	}
	return Context{
		Today: day, Time: day.Time().Add(12 * time.Hour).In(zone), Calendar: removal.NewCalendar(years...),
		Actor: Actor{Agency: agency, Client: "test", Person: person},
	}
}

func item(n int) Item {
	return Item{
		Kind: End, Household: "hh_1", Person: fmt.Sprint("pp_", n), Village: "469002100200", Decision: "dd_1", DecisionNumber: "虚扶决1", Policy: "education-aid",
		LastDay: "2026-07-31", Effective: "2026-03-20", Name: fmt.Sprint("虚拟", n), IDNumber: "990000201001010012", BirthDate: "2010-01-01",
	}
}

// drafted is a draft with so many items of one decision, announced on 2026-03-10.
func drafted(items int) Letter {
	l := Open("lt_1", "qionghai", "education", Notice, removal.LetterTerms{}, "2026-03-10")
	for n := range items {
		l = Add(l, []Item{item(n)}, date.Date("2026-03-10").Time())
	}
	return l
}

// issued is one that was signed and issued to two agencies on 2026-03-11.
func issued(t *testing.T, items int) Letter {
	t.Helper()
	l, err := SignOff(drafted(items), on("2026-03-11", "bureau", "l1"))
	if err != nil {
		t.Fatal(err)
	}
	l, err = Issue(l, "扶函〔2026〕1号", []string{"edu", "edu", "school"}, 7, on("2026-03-11", "bureau", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func refused(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	f := fault.Of(err)
	if f == nil {
		t.Fatalf("not refused: %v", err)
	}
	if f.Reason != want && !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Reason == want }) {
		t.Fatalf("refused for %v, not %s", err, want)
	}
}

func TestStepsAreTakenInTheirOrderOnly(t *testing.T) {
	x := on("2026-03-11", "bureau", "k1")
	if _, err := Issue(drafted(1), "1", []string{"edu"}, 1, x); err == nil {
		t.Error("a draft was issued")
	}
	l := issued(t, 2)
	_, err := SignOff(l, x)
	refused(t, err, fault.LetterState)
	_, err = Issue(l, "2", []string{"edu"}, 1, x)
	refused(t, err, fault.LetterState)
	if len(l.Receipts) != 2 || l.State != Issued || l.Number == "" {
		t.Errorf("issued as %+v", l)
	}
	signed, _ := SignOff(drafted(1), x)
	_, err = Issue(signed, "2", nil, 1, x)
	refused(t, err, fault.LetterNoRecipient)
}

func TestAnAcknowledgementCountsOnceAndOnlyFromWhomItShouldCome(t *testing.T) {
	l := issued(t, 2)
	x := on("2026-03-12", "edu", "p1")
	for want, try := range map[fault.Reason]func() (Letter, bool, error){
		fault.LetterNotFound:      func() (Letter, bool, error) { return Acknowledge(l, l.Digest, on("2026-03-12", "housing", "p1")) },
		fault.PersonMustAct:       func() (Letter, bool, error) { return Acknowledge(l, l.Digest, on("2026-03-12", "edu", "")) },
		fault.LetterDigestDiffers: func() (Letter, bool, error) { return Acknowledge(l, Digest(l.Items[:1]), x) },
	} {
		_, changed, err := try()
		if refused(t, err, want); changed {
			t.Errorf("%s changed something", want)
		}
	}
	l, changed, err := Acknowledge(l, l.Digest, x)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if _, changed, err := Acknowledge(l, l.Digest, on("2026-03-13", "edu", "p1")); err != nil || changed {
		t.Errorf("the same person again: %v %v", changed, err)
	}
	_, changed, err = Acknowledge(l, l.Digest, on("2026-03-13", "edu", "p2"))
	if refused(t, err, fault.LetterAcknowledged); changed {
		t.Error("a second person changed something")
	}
	if r := l.Receipts[0]; r.AcknowledgedBy.Person != "p1" || l.StateOf(r) != ReceiptAcknowledged || l.StateOf(l.Receipts[1]) != ReceiptSent {
		t.Errorf("receipts %+v", l.Receipts)
	}
}

func asWritten(i Item) Item { return i }

func alive(string) date.Date { return "" }

func acknowledged(t *testing.T, items int) Letter {
	t.Helper()
	l, _, err := Acknowledge(issued(t, items), issued(t, items).Digest, on("2026-03-12", "edu", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestALetterIsAppliedWhenInEffectAndWhatDiffersIsADispute(t *testing.T) {
	l := acknowledged(t, 2)
	_, _, err := ReportApplied(l, Report{Count: 2}, on("2026-03-19", "edu", "p1"))
	refused(t, err, fault.LetterNotInEffect)
	_, _, err = ReportApplied(l, Report{Copy: true}, on("2026-03-20", "school", ""))
	refused(t, err, fault.LetterNotAcknowledged)
	_, _, err = ReportApplied(l, Report{Count: 2}, on("2026-03-20", "edu", ""))
	refused(t, err, fault.PersonMustAct)
	for name, rep := range map[string]Report{"count": {Count: 1}, "copy": {Copy: true, Differs: true}} {
		after, changed, err := ReportApplied(l, rep, on("2026-03-20", "edu", "p1"))
		if err != nil || !changed || after.StateOf(after.Receipts[0]) != ReceiptDisputed || after.Objections[0].Ground != GroundDiffers {
			t.Errorf("%s: %+v %v", name, after.Objections, err)
		}
		_, _, err = ReportApplied(after, Report{Count: 2}, on("2026-03-20", "edu", "p1"))
		refused(t, err, fault.LetterDisputed)
		after, err = Answer(after, 1, Refused, "已核对", on("2026-03-23", "bureau", "k1"))
		if err != nil {
			t.Fatal(err)
		}
		if after, _, err = ReportApplied(after, Report{Count: 2}, on("2026-03-24", "edu", "p1")); err != nil || after.StateOf(after.Receipts[0]) != ReceiptApplied {
			t.Errorf("%s, after the answer: %v", name, err)
		}
	}
	after, _, err := ReportApplied(l, Report{Copy: true}, on("2026-03-20", "edu", ""))
	if err != nil || !after.Receipts[0].Proved || !after.Receipts[1].AppliedAt.IsZero() {
		t.Errorf("proved: %+v %v", after.Receipts, err)
	}
}

func TestAnObjectionNamesAnItemOnceAndIsAnsweredOnce(t *testing.T) {
	l := acknowledged(t, 2)
	x := on("2026-03-13", "edu", "p1")
	for _, items := range [][]int{{3}, {0}, {1, 1}} {
		var to []Objection
		for _, n := range items {
			to = append(to, Objection{Item: n, Ground: GroundIdentity, Text: "不符"})
		}
		if _, err := Dispute(l, to, x); err == nil {
			t.Errorf("objected to %v", items)
		}
	}
	l, err := Dispute(l, []Objection{{Item: 2, Ground: GroundInNeed, Text: "重病"}}, x)
	if err != nil {
		t.Fatal(err)
	}
	if o := l.Objections[0]; o.Agency != "edu" || o.By.Person != "p1" || o.Ground.Subject() != SubjectDecision {
		t.Errorf("%+v", o)
	}
	_, err = Dispute(l, []Objection{{Item: 2, Ground: GroundOther, Text: "再"}}, x)
	refused(t, err, fault.Duplicate)
	k := on("2026-03-16", "bureau", "k1")
	_, err = Answer(l, 2, Refused, "查无", k)
	refused(t, err, fault.ObjectionNotFound)
	if l, err = Answer(l, 1, Refused, "属实", k); err != nil {
		t.Fatal(err)
	}
	_, err = Answer(l, 1, Corrected, "更正", k)
	refused(t, err, fault.ObjectionAnswered)
}

// Days are working days: 2026-04-06 is a holiday (清明), 2026-03-14 a Saturday.
func TestWhoIsLateIsOverdueAndThenEscalated(t *testing.T) {
	l := issued(t, 1)
	for day, want := range map[date.Date][2]bool{
		"2026-03-16": {false, false}, "2026-03-17": {true, false}, "2026-03-23": {true, false}, "2026-03-24": {true, true},
	} {
		v := See(l, "e", "", false, on(day, "bureau", "k1"))
		if v.AcknowledgeBy != "2026-03-16" || v.ApplyBy != "2026-04-03" {
			t.Fatalf("due %s and %s", v.AcknowledgeBy, v.ApplyBy)
		}
		if r := v.Receipts[0]; r.Overdue != want[0] || r.Escalated != want[1] || v.Overdue() != want[0] {
			t.Errorf("on %s: overdue %v, escalated %v", day, r.Overdue, r.Escalated)
		}
	}
	a := acknowledged(t, 1)
	disputed, err := Dispute(a, []Objection{{Item: 1, Ground: GroundIdentity, Text: "不符"}}, on("2026-04-03", "edu", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	late := See(disputed, "e", "edu", false, on("2026-04-20", "edu", "p1"))
	if late.Receipts[0].Overdue || late.Objections[0].AnswerBy != "2026-04-20" || late.Objections[0].Overdue {
		t.Errorf("while the office has the clock: %+v %+v", late.Receipts, late.Objections)
	}
	if v := See(disputed, "e", "edu", false, on("2026-04-21", "edu", "p1")); !v.Objections[0].Overdue {
		t.Error("the office is not late")
	}
	answered, _ := Answer(disputed, 1, Refused, "属实", on("2026-04-17", "bureau", "k1"))
	if v := See(answered, "e", "edu", false, on("2026-04-30", "edu", "p1")); v.Receipts[0].Overdue {
		t.Error("the days to apply did not begin anew with the answer")
	}
}

func TestWhereTheCalendarIsMissingNobodyIsLateByGuessworkNorForgotten(t *testing.T) {
	for day, late := range map[date.Date]bool{"2026-03-27": false, "2026-03-28": true} {
		x := on(day, "bureau", "k1")
		known := workingDay(x, "2026-03-11", 3)
		x.Calendar = removal.NewCalendar()
		if v := See(issued(t, 1), "e", "", false, x); v.Overdue() != late || v.AcknowledgeBy < known {
			t.Errorf("on %s: overdue %v, due %q", day, v.Overdue(), v.AcknowledgeBy)
		}
	}
}

func TestACorrectingLetterMarksWhatItCorrectsAndWithdrawsWhatIsEmpty(t *testing.T) {
	l := issued(t, 2)
	disputed, err := Dispute(l, []Objection{{Item: 1, Ground: GroundInNeed, Text: "重病"}}, on("2026-03-13", "edu", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	x := on("2026-03-16", "bureau", "k1")
	part := Add(Open("lt_2", "qionghai", "education", Correction, removal.LetterTerms{}, "2026-03-16"), Resumptions(disputed, []int{1}, "2026-03-20", asWritten, alive), x.Time)
	part.Number = "扶函〔2026〕2号"
	if i := part.Items[0]; i.Kind != Resume || i.FirstDay != "2026-03-20" || i.LastDay != "" || i.Effective != "2026-03-20" {
		t.Errorf("%+v", i)
	}
	half := Correct(disputed, part, x)
	if half.State != Issued || half.Items[0].Corrected != "lt_2" || half.Items[1].Corrected != "" || half.Digest != l.Digest || Digest(half.Items) != l.Digest {
		t.Fatalf("half: %+v", half)
	}
	_, err = Dispute(half, []Objection{{Item: 1, Ground: GroundOther, Text: "再"}}, on("2026-03-17", "school", "p1"))
	refused(t, err, fault.LetterItemUnknown)
	if half.standing() != 1 {
		t.Errorf("%d items stand", half.standing())
	}
	rest := part
	rest.ID, rest.Items = "lt_3", Resumptions(half, half.Uncorrected("dd_1"), "2026-03-20", asWritten, alive)
	whole := Correct(half, rest, x)
	if whole.State != Withdrawn || whole.Objections[0].State != Corrected || len(whole.CorrectedBy) != 2 {
		t.Errorf("whole: %s %+v", whole.State, whole.CorrectedBy)
	}
	_, _, err = Acknowledge(whole, whole.Digest, on("2026-03-17", "edu", "p1"))
	refused(t, err, fault.LetterWithdrawn)
	if again := Correct(whole, rest, x); len(again.CorrectedBy) != 2 {
		t.Error("corrected twice")
	}
}

func TestWhatIsTakenBackFromTheDeadHasALastDay(t *testing.T) {
	l := issued(t, 2)
	died := func(person string) date.Date {
		if person == "pp_1" {
			return "2026-04-02"
		}
		return ""
	}
	got := Resumptions(l, []int{1, 2}, "2026-03-20", asWritten, died)
	if got[0].LastDay != "" || got[1].LastDay != "2026-04-01" || got[1].FirstDay != "2026-03-20" {
		t.Errorf("%+v", got)
	}
}

func TestARestatementNamesThePersonRightlyAndSaysTheSameOtherwise(t *testing.T) {
	l := issued(t, 2)
	named := func(i Item) Item {
		if i.Person == "pp_1" {
			i.Name = "虚拟改"
		}
		return i
	}
	if got := l.Misnamed("pp_1", named); !slices.Equal(got, []int{2}) || len(l.Misnamed("pp_0", named)) > 0 {
		t.Errorf("misnamed %v", got)
	}
	want := l.Items[1]
	want.Kind, want.Name = Restate, "虚拟改"
	if got := Restatements(l, []int{2}, named); got[0] != want {
		t.Errorf("%+v", got)
	}
	resumed := Letter{Items: Resumptions(l, []int{2}, "2026-03-20", asWritten, alive)}
	if got := Restatements(resumed, []int{1}, named); got[0].Kind != Resume || got[0].Name != "虚拟改" {
		t.Errorf("what resumes is restated as %+v", got)
	}
}

func TestNothingOfAnIssuedLetterCanBeTakenOut(t *testing.T) {
	l := issued(t, 2)
	for what, after := range map[string]Letter{"dropped": Drop(l, "dd_1"), "renamed": Rename(l, func(i Item) Item { i.Name = "x"; return i })} {
		if after.State != Issued || len(after.Items) != 2 || after.Items[0].Name == "x" || after.Digest != l.Digest || after.SignedOn == "" {
			t.Errorf("%s: %+v", what, after)
		}
	}
	signed, _ := SignOff(drafted(1), on("2026-03-11", "bureau", "l1"))
	if got := Rename(signed, func(i Item) Item { i.Name = "x"; return i }); got.State != Draft || got.Items[0].Name != "x" || got.Digest != "" || signed.Items[0].Name == "x" {
		t.Errorf("a signed one renamed: %+v", got)
	}
	if got := Drop(signed, "dd_other"); got.State != Signed {
		t.Error("a signature was lost for nothing")
	}
}

func TestAReversedDecisionLeavesALetterThatNobodyHasGot(t *testing.T) {
	other := item(9)
	other.Decision = "dd_2"
	signed, err := SignOff(Add(drafted(2), []Item{other}, time.Time{}), on("2026-03-11", "bureau", "l1"))
	if err != nil {
		t.Fatal(err)
	}
	l := Drop(signed, "dd_1")
	if l.State != Draft || len(l.Items) != 1 || l.SignedOn != "" || l.Digest != "" {
		t.Errorf("the signature stands for other items: %+v", l)
	}
	if l = Drop(l, "dd_2"); l.State != Cancelled {
		t.Errorf("an empty letter is %s", l.State)
	}
}

func TestDraftsCollectByTheAreasRule(t *testing.T) {
	for name, c := range map[string]struct {
		terms removal.LetterTerms
		kind  Kind
		items int
		on    date.Date
		want  bool
	}{
		"at once":             {removal.LetterTerms{}, Notice, 1, "2026-03-10", false},
		"of the same day":     {removal.LetterTerms{Draft: removal.DraftDaily}, Notice, 1, "2026-03-10", true},
		"of the next day":     {removal.LetterTerms{Draft: removal.DraftDaily}, Notice, 1, "2026-03-11", false},
		"up to a count":       {removal.LetterTerms{Draft: removal.DraftCount, DraftItems: 3}, Notice, 2, "2026-04-11", true},
		"count reached":       {removal.LetterTerms{Draft: removal.DraftCount, DraftItems: 3}, Notice, 3, "2026-03-10", false},
		"corrections":         {removal.LetterTerms{Draft: removal.DraftDaily}, Correction, 1, "2026-03-10", false},
		"more than one holds": {removal.LetterTerms{Draft: removal.DraftDaily}, Notice, MaxItems, "2026-03-10", false},
	} {
		l := Open("lt_1", "qionghai", "education", c.kind, c.terms, "2026-03-10")
		l.Items = make([]Item, c.items)
		if got := l.Collects(1, c.on); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAMaskedReaderCannotPutTheNumberTogether(t *testing.T) {
	v := See(issued(t, 1), "e", "edu", true, on("2026-03-12", "edu", "p1"))
	if i := v.Shown(v.Items[0]); i.IDNumber != "990000********0012" || i.BirthDate != "" || i.Name == "" {
		t.Errorf("%+v", i)
	}
	for _, short := range []string{"", "12345", "1234567890"} {
		if got := Mask(short); len(got) != len(short) || (short != "" && got[0] != '*') {
			t.Errorf("%q is shown as %q", short, got)
		}
	}
}

func TestALetterAsOfATimeKnowsNothingLater(t *testing.T) {
	l := acknowledged(t, 2)
	l, _ = Dispute(l, []Objection{{Item: 1, Ground: GroundIdentity, Text: "不符"}}, on("2026-03-16", "edu", "p1"))
	l, _ = Answer(l, 1, Refused, "属实", on("2026-03-18", "bureau", "k1"))
	l, _, err := ReportApplied(l, Report{Count: 2}, on("2026-03-20", "edu", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[date.Date]ReceiptState{
		"2026-03-11": ReceiptSent, "2026-03-12": ReceiptAcknowledged, "2026-03-16": ReceiptDisputed, "2026-03-18": ReceiptAcknowledged, "2026-03-20": ReceiptApplied,
	} {
		was := AsOf(l, day.Time().Add(24*time.Hour))
		if got := was.StateOf(was.Receipts[0]); got != want {
			t.Errorf("on %s it was %s, not %s", day, got, want)
		}
	}
}

func TestTheDigestIsOfTheItemsAndNotOfTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var items []Item
		for n := range rapid.IntRange(1, 6).Draw(t, "items") {
			i := item(n)
			i.Person = rapid.StringMatching(`pp_[a-c]{0,3}`).Draw(t, "person")
			i.Policy = rapid.SampledFrom([]string{"a", "ab", "b", ""}).Draw(t, "policy")
			items = append(items, i)
		}
		sum := Digest(items)
		if Digest(rapid.Permutation(items).Draw(t, "order")) != sum {
			t.Fatal("the order counts")
		}
		changed := slices.Clone(items)
		n := rapid.IntRange(0, len(items)-1).Draw(t, "changed")
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0: // a text's end is not the next one's beginning
			changed[n].Person, changed[n].Decision = changed[n].Person+"d", changed[n].Decision[1:]
		case 1:
			changed[n].LastDay, changed[n].FirstDay = "", changed[n].LastDay
		case 2:
			changed = append(changed, items[n])
		case 3:
			changed[n].Kind = Restate
		}
		if Digest(changed) == sum {
			t.Fatal("a difference does not count")
		}
	})
}

func TestTimesRunFromTheDecisionToTheReport(t *testing.T) {
	var all []Letter
	for _, day := range []date.Date{"2026-03-20", "2026-03-24", "2026-03-30"} {
		l, _, err := ReportApplied(acknowledged(t, 1), Report{Copy: true}, on(day, "edu", ""))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	all = append(all, drafted(1))
	got := Measure(all, on("2026-04-10", "bureau", "k1"))
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	since := func(d date.Date) time.Duration { return on(d, "", "").Time.Sub(all[0].DecidedAt) }
	x := got[0]
	if x.Drafts != 1 || x.Letters != 3 || x.Receipts != 6 || x.Applied != 3 || x.Open != 3 || x.Overdue != 3 ||
		x.Median != since("2026-03-24") || x.Slowest != since("2026-03-30") || x.LongestOpen != since("2026-04-10") {
		t.Errorf("%+v", x)
	}
}
