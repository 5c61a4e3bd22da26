package removal

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Publicity gives the first day of the publicity and the last day on which to object,
// both "" before it was posted; until is "" while an objection is open. The first day is
// day 1. A dismissed objection begins the count anew on the day of the dismissal where
// the area has set that; otherwise the days from the objection to the day before the
// dismissal do not count, so that the end moves by as many days as it was open. Where
// working days count, the calendar says which; it may be nil where they don't.
//
// An objection is heard until the township's review, also after the last day.
func Publicity(c Case, cal *Calendar) (from, until date.Date, err error) {
	var pauses []pause
	for i := range c.Steps {
		switch s := &c.Steps[i]; s.Kind {
		case Post:
			from, pauses = s.Posting.From, nil
		case Object:
			pauses = append(pauses, pause{from: s.On})
		case Dismiss:
			pauses[len(pauses)-1].to = s.On
			if c.Parameters.RestartAfterObjection {
				from, pauses = max(from, s.On), nil
			}
		}
	}
	if from == "" || (len(pauses) > 0 && pauses[len(pauses)-1].to == "") {
		return from, "", nil
	}
	until, err = c.Parameters.lastDay(from, pauses, cal)
	return from, until, err
}

// pause is the time in which an objection is open: from its day to the day before to.
type pause struct{ from, to date.Date }

// LastDay is the last day of a publicity that is still to be posted, from its first day on.
func (p *Parameters) LastDay(from date.Date, cal *Calendar) (date.Date, error) {
	return p.lastDay(from, nil, cal)
}

// lastDay is the day on which the last day of publicity falls.
func (p *Parameters) lastDay(from date.Date, pauses []pause, cal *Calendar) (date.Date, error) {
	for d, left := from, max(p.PublicityDays, 1); ; d = d.AddDays(1) {
		counts := true
		for _, q := range pauses {
			counts = counts && (d < q.from || d >= q.to)
		}
		if counts && p.WorkingDays {
			working, err := cal.IsWorkingDay(d)
			if err != nil {
				return "", err
			}
			counts = working
		}
		if counts {
			left--
		}
		if left == 0 {
			return d, nil
		}
	}
}

// daysCountable finds out when it is posted that a calendar is missing, not when it is over.
var daysCountable = Need{
	Chinese: "按工作日计的,须有当年节假日安排", English: "where working days count, the calendar of the year",
	check: func(a *attempt) {
		if p := a.s.Posting; p != nil && p.From.Valid() && p.From <= a.x.Today.AddDays(PostAhead) {
			_, err := a.c.Parameters.lastDay(p.From, nil, a.x.Calendar)
			a.because("posting.from", err)
		}
	},
}

// because names a fault of a lower rule at a field.
func (a *attempt) because(field string, err error) {
	switch f := fault.Of(err); {
	case err == nil:
	case f == nil:
		a.err = err
	default:
		a.wrong = append(a.wrong, fault.Violation{Field: a.field(field), Reason: f.Reason, Message: f.Message, Chinese: f.Chinese})
	}
}

var publicityOver = Need{
	Chinese: "公示期满且无未决异议,审核意见在期满之后", English: "the publicity over and no objection open, a review dated after it",
	check: func(a *attempt) {
		_, until, err := Publicity(a.c, a.x.Calendar)
		if err != nil {
			a.because("kind", err)
			return
		}
		if until >= a.x.Today {
			a.bad("kind", fault.PublicityRunning, "until", string(until))
			return
		}
		a.datedFrom(until.AddDays(1), EvidenceReview)
	},
}
