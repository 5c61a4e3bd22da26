package e2e

import (
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
)

// The days that recipients and the office have, and who is late.

// What the areas of the correspondence have set, or left at the usual.
const (
	acknowledgeDays = 3
	applyDays       = 10
	escalateDays    = 5
	answerDays      = 10
)

// free are the weekdays off in 2026 from March on, and busy the weekends at work, by the
// notice of the State Council.
var (
	free = map[date.Date]bool{
		"2026-04-06": true, "2026-05-01": true, "2026-05-04": true, "2026-05-05": true, "2026-06-19": true, "2026-09-25": true,
		"2026-10-01": true, "2026-10-02": true, "2026-10-05": true, "2026-10-06": true, "2026-10-07": true,
	}
	busy = map[date.Date]bool{"2026-05-09": true, "2026-09-20": true, "2026-10-10": true}
)

// workingDays is the n-th working day after a day; "" beyond what is published.
func workingDays(from date.Date, n int) date.Date {
	for n > 0 {
		from = from.AddDays(1)
		weekday := from.Time().Weekday()
		weekend := weekday == time.Saturday || weekday == time.Sunday
		if busy[from] || (!weekend && !free[from]) {
			n--
		}
	}
	if from >= "2026-12-25" { // the last week of a year needs the next year's notice
		return ""
	}
	return from
}

// due are the days by which to acknowledge and to apply a letter, for a recipient or, with "",
// for the last of them. After an answer to what a recipient objected to, its days begin anew.
func (l *bookLetter) due(agency string) (acknowledge, apply date.Date) {
	if l.issued == "" {
		return "", ""
	}
	from := max(l.issued, l.effective())
	for _, o := range l.objections {
		if agency == "" || o.agency == agency {
			from = max(from, o.answered)
		}
	}
	return workingDays(l.issued, acknowledgeDays), workingDays(from, applyDays)
}

// late tells whether a day on which something was due from a recipient has gone by, and
// whether for so long that it is escalated.
func (l *bookLetter) late(r *bookReceipt, on date.Date) (late, escalated bool) {
	acknowledge, apply := l.due(r.agency)
	by := map[string]date.Date{"SENT": acknowledge, "DELIVERED": acknowledge, "ACKNOWLEDGED": apply}[l.stateOf(r)]
	if by == "" || on <= by {
		return false, false
	}
	last := workingDays(by, escalateDays)
	return true, last != "" && on > last
}

// bookTimes are the counts of a department in an area.
type bookTimes struct{ drafts, letters, receipts, applied, open, disputed, overdue int }

func (b *book) times(area string, on date.Date) map[string]bookTimes {
	out := map[string]bookTimes{}
	for _, l := range b.ordered(func(l *bookLetter) bool { return l.area == area }) {
		t := out[l.department]
		switch l.state {
		case "DRAFT", "SIGNED":
			t.drafts++
		case "ISSUED":
			t.letters++
			for _, r := range l.receipts {
				t.receipts++
				if late, _ := l.late(r, on); late {
					t.overdue++
				}
				switch l.stateOf(r) {
				case "APPLIED":
					t.applied++
				case "DISPUTED":
					t.disputed++
				default:
					t.open++
				}
			}
		}
		out[l.department] = t
	}
	return out
}
