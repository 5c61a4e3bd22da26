package letter

import (
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
)

// View is a letter as somebody may see it on a day.
type View struct {
	Letter
	Etag                   string
	Waiting                Waiting
	AcknowledgeBy, ApplyBy date.Date
	Receipts               []ReceiptView
	Objections             []ObjectionView
	Masked                 bool // ID numbers, and with them birth dates
	Recipient              bool // seen by a recipient: the office's persons are left out
}

// ReceiptView is a receipt with what depends on the day.
type ReceiptView struct {
	Receipt
	State              ReceiptState
	Overdue, Escalated bool
	DaysToApply        int
}

// ObjectionView is an objection with its number and what depends on the day.
type ObjectionView struct {
	Objection
	Number   int
	AnswerBy date.Date
	Overdue  bool
}

// See shows a letter on a day. agency is the recipient that looks, "" for the office.
func See(l Letter, etag, agency string, masked bool, x Context) View {
	if l.Digest == "" {
		l.Digest = Digest(l.Items)
	}
	v := View{Letter: l, Etag: etag, Masked: masked, Recipient: agency != ""}
	v.Waiting, _ = l.WaitsFor()
	if l.IssuedOn != "" {
		v.AcknowledgeBy = workingDay(x, l.IssuedOn, l.Terms.AcknowledgeDays)
		for _, r := range l.Receipts { // for the office the last one that still has time
			if agency == "" || r.Agency == agency {
				v.ApplyBy = max(v.ApplyBy, l.applyBy(r.Agency, x))
			}
		}
	}
	for _, r := range l.Receipts {
		if agency == "" || r.Agency == agency {
			v.Receipts = append(v.Receipts, l.seeReceipt(r, x))
		}
	}
	for n, o := range l.Objections {
		if agency == "" || o.Agency == agency {
			by := workingDay(x, o.OpenedOn, l.Terms.AnswerDays)
			v.Objections = append(v.Objections, ObjectionView{
				Objection: o, Number: n + 1, AnswerBy: by, Overdue: o.State == ObjectionOpen && x.Today > by,
			})
		}
	}
	return v
}

func (l *Letter) seeReceipt(r Receipt, x Context) ReceiptView {
	v := ReceiptView{Receipt: r, State: l.StateOf(r)}
	if by := l.due(r, x); by != "" && x.Today > by {
		v.Overdue = true
		last := workingDay(x, by, l.Terms.EscalateDays)
		v.Escalated = x.Today > last
	}
	if !r.AppliedAt.IsZero() {
		v.DaysToApply = int(r.AppliedAt.Sub(l.DecidedAt).Hours() / 24)
	}
	return v
}

// Overdue tells whether somebody is late.
func (v *View) Overdue() bool {
	for _, r := range v.Receipts {
		if r.Overdue {
			return true
		}
	}
	for _, o := range v.Objections {
		if o.Overdue {
			return true
		}
	}
	return false
}

// Shown gives an item as the reader may see it. The ends of an ID number and the birth date
// together would be the whole of it, so a masked item has no birth date.
func (v *View) Shown(i Item) Item {
	if v.Masked {
		i.IDNumber, i.BirthDate = Mask(i.IDNumber), ""
	}
	return i
}

// Mask hides the middle of an ID number: its birth date. Those of 15 digits have it shorter.
func Mask(number string) string {
	const head = 6
	tail := 4
	if len(number) == 15 {
		tail = 3
	}
	if len(number) <= head+tail {
		return strings.Repeat("*", len(number))
	}
	return number[:head] + strings.Repeat("*", len(number)-head-tail) + number[len(number)-tail:]
}
