package letter

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// in refuses what can be done only in one state.
func (l *Letter) in(needed State) error {
	if l.State == needed {
		return nil
	}
	if l.State == Withdrawn {
		return fault.New(fault.LetterWithdrawn, "number", l.correctedBy())
	}
	is, should := l.State.Label(), needed.Label()
	return fault.New(fault.LetterState, "state", is.English, "state_zh", is.Chinese, "needed", should.English, "needed_zh", should.Chinese)
}

// correctedBy is the number of the newest letter that corrects this one.
func (l *Letter) correctedBy() string {
	if len(l.CorrectedBy) == 0 {
		return ""
	}
	return l.CorrectedBy[len(l.CorrectedBy)-1].Number
}

// SignOff fixes the items of a draft.
func SignOff(l Letter, x Context) (Letter, error) {
	if err := l.in(Draft); err != nil {
		return l, err
	}
	l.State, l.SignedOn, l.SignedBy, l.Digest = Signed, x.Today, x.Actor, Digest(l.Items)
	return l, nil
}

// Issue gives a signed letter its number and its recipients.
func Issue(l Letter, number string, recipients []string, transaction int64, x Context) (Letter, error) {
	if err := l.in(Signed); err != nil {
		return l, err
	}
	if len(recipients) == 0 {
		return l, fault.New(fault.LetterNoRecipient, "department", l.Department, "area", l.Area)
	}
	l.State, l.IssuedOn, l.IssuedAt, l.IssuedBy = Issued, x.Today, x.Time, x.Actor
	l.Number, l.Transaction, l.Receipts = number, transaction, nil
	for _, agency := range slices.Compact(slices.Sorted(slices.Values(recipients))) {
		l.Receipts = append(l.Receipts, Receipt{Agency: agency})
	}
	return l, nil
}

// Number is how the hub writes the n-th number of an office's year: 琼扶函〔2019〕12号.
func Number(office string, year int, n int64) string {
	return fmt.Sprintf("%s〔%d〕%d号", office, year, n)
}

// Correct marks in an issued letter what a correcting letter takes back or restates: by is
// that letter as it is issued. A letter of which nothing is left is withdrawn, and with it
// what is objected to in it.
func Correct(l Letter, by Letter, x Context) Letter {
	l.Items = slices.Clone(l.Items)
	marked, standing := 0, 0
	for n := range l.Items {
		i := &l.Items[n]
		if i.Corrected == "" && by.corrects(*i) {
			i.Corrected = by.ID
			marked++
		}
		if i.Corrected == "" {
			standing++
		}
	}
	if marked == 0 {
		return l
	}
	l.CorrectedBy = append(slices.Clone(l.CorrectedBy), CorrectedBy{Letter: by.ID, Number: by.Number})
	if standing > 0 {
		return l
	}
	l.State, l.WithdrawnAt = Withdrawn, x.Time
	l.Objections = slices.Clone(l.Objections)
	for n := range l.Objections {
		if o := &l.Objections[n]; o.State == ObjectionOpen {
			o.State, o.AnsweredAt, o.AnsweredOn, o.Answer, o.AnsweredBy = Corrected, x.Time, x.Today, by.Number, x.Actor
		}
	}
	return l
}

// corrects tells whether a correcting letter has an item about the same.
func (l *Letter) corrects(was Item) bool {
	return slices.ContainsFunc(l.Items, func(i Item) bool {
		return i.Decision == was.Decision && i.Person == was.Person && i.Policy == was.Policy
	})
}

// Resumptions are the items that take some of a letter's items back: support goes on from a
// day, for the person as now known. Whoever has died has a last day, which may be past.
func Resumptions(l Letter, numbers []int, from date.Date, named func(Item) Item, died func(person string) date.Date) (out []Item) {
	for _, n := range numbers {
		i := named(l.Items[n-1])
		i.Kind, i.FirstDay, i.LastDay, i.Effective, i.Corrected = Resume, from, "", from, ""
		if on := died(i.Person); on != "" {
			i.LastDay = on.AddDays(-1)
		}
		out = append(out, i)
	}
	return out
}

// Restatements are the items that name a person of some of a letter's items rightly; what
// they say otherwise stands.
func Restatements(l Letter, numbers []int, named func(Item) Item) (out []Item) {
	for _, n := range numbers {
		i := named(l.Items[n-1])
		if i.Corrected = ""; i.Kind == End {
			i.Kind = Restate
		}
		out = append(out, i)
	}
	return out
}

// Label is what people call a state.
func (s State) Label() household.Label {
	return map[State]household.Label{
		Draft: {Chinese: "草稿", English: "a draft"}, Signed: {Chinese: "已签发待发", English: "signed off"}, Issued: {Chinese: "已发出", English: "issued"},
		Withdrawn: {Chinese: "已撤回", English: "withdrawn"}, Cancelled: {Chinese: "未发作废", English: "cancelled"},
	}[s]
}

// Waiting is whom a letter waits for.
type Waiting string

// Parties that a letter can wait for.
const (
	ForSignOff    Waiting = "SIGN_OFF"
	ForIssue      Waiting = "ISSUE"
	ForRecipients Waiting = "RECIPIENTS"
	ForAnswer     Waiting = "ANSWER"
)

// WaitsFor says whom a letter waits for, "" for nobody, and since when. An objection goes
// before the recipients: its clock is the office's.
func (l *Letter) WaitsFor() (Waiting, date.Date) {
	switch l.State {
	case Draft:
		return ForSignOff, l.OpenedOn
	case Signed:
		return ForIssue, l.SignedOn
	case Issued:
		for _, o := range l.Objections {
			if o.State == ObjectionOpen {
				return ForAnswer, o.OpenedOn
			}
		}
		if slices.ContainsFunc(l.Receipts, func(r Receipt) bool { return r.AppliedAt.IsZero() }) {
			return ForRecipients, cmp.Or(l.lastAnswer(), l.IssuedOn)
		}
	}
	return "", ""
}

// lastAnswer is the day on which the newest objection was answered.
func (l *Letter) lastAnswer() (on date.Date) {
	for _, o := range l.Objections {
		on = max(on, o.AnsweredOn)
	}
	return on
}
