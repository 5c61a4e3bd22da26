package catalogue

import (
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// moving is how a fact goes on by itself from day to day. Other facts change with a date
// that stands in the household or the catalogue, or with the year.
type moving int

const (
	still moving = iota
	byBirthday
	byHelpersEnd
	byMonth
)

// limit is a number with which conditions compare a moving fact.
type limit struct {
	moves moving
	n     int
}

// Due is the first day after on for which a household has to be derived anew: until
// the day before, neither its rows nor its support status can differ from those of on, as far as its
// facts stay. It may be too early, never too late.
func (c *Catalogue) Due(h *household.Household, on date.Date) date.Date {
	if c.daily {
		return on.AddDays(1)
	}
	d := &due{on: on, day: date.New(on.Year()+1, 1, 1)}
	h.EachDate(d.stated)
	for _, p := range c.Policies {
		d.stated(p.From)
		d.stated(p.Until)
	}
	d.birthdays(h, fullAge)
	v := newView(h, on)
	removed := (&subject{view: v}).removal()
	for l := range c.limits {
		switch l.moves {
		case byBirthday:
			d.birthdays(h, l.n)
		case byHelpersEnd:
			d.passes(v.helping.endsOn.AddDays(-l.n))
		case byMonth:
			if removed != nil {
				d.months(v.unmonitoredSince(removed), l.n)
			}
		}
	}
	return d.day
}

// due gathers days and keeps the first one after on.
type due struct{ on, day date.Date }

func (d *due) see(day date.Date) {
	if day > d.on && day < d.day {
		d.day = day
	}
}

// stated is for a date that is compared with the day: it counts from itself on, or from
// the day after.
func (d *due) stated(day date.Date) {
	if day >= d.on { // most are past
		d.passes(day)
	}
}

func (d *due) passes(day date.Date) {
	d.see(day)
	d.see(day.AddDays(1))
}

// birthdays are those with which members come to an age, and go beyond it.
func (d *due) birthdays(h *household.Household, age int) {
	for i := range h.Persons {
		b := h.Persons[i].BirthDate
		if years := d.on.Year() - b.Year(); b != "" && (years == age || years == age+1) {
			born := b.Time()
			d.see(date.New(d.on.Year(), born.Month(), born.Day()))
		}
	}
}

// months: so many full months after a day, and one more. A month that is too short for
// the day is full with its end.
func (d *due) months(since date.Date, n int) {
	from := since.Time()
	for m := from.Month() + time.Month(n); m <= from.Month()+time.Month(n+1); m++ {
		d.see(min(date.New(from.Year(), m, from.Day()), date.New(from.Year(), m+1, 1)))
	}
}

// limitsOf lists the numbers that moving facts are compared with. All is false where one
// is asked in another way, so that any day may change the answer.
func limitsOf(checked *ast.AST) (out []limit, all bool) {
	w := wording{checked.ReferenceMap()}
	asked, compared := 0, 0
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if f := w.fact(e); f != nil && f.moves != still {
			asked++
		}
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		if _, ok := comparisons[e.AsCall().FunctionName()]; !ok {
			return
		}
		left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
		if w.fact(left) == nil {
			left, right = right, left
		}
		n, ok := w.value(right).(types.Int)
		if f := w.fact(left); ok && f != nil && f.moves != still {
			compared++
			out = append(out, limit{f.moves, int(n)})
		}
	}))
	return out, asked == compared
}
