package catalogue

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// monthsUnmonitored counts the full months for which nobody has looked at the income of a
// household whose support a decision ended: since the decision's effect or, where the
// income of a later year is on record, since the end of that year (clause 一, exit paragraph).
func (v *view) monthsUnmonitored() int {
	d := v.whole.removal()
	if d == nil {
		return 0
	}
	since := v.unmonitoredSince(d)
	if since > v.on {
		return 0
	}
	from, to := since.Time(), v.on.Time()
	months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	if to.Day() < from.Day() {
		months--
	}
	return months
}

func (v *view) unmonitoredSince(d *household.Decision) date.Date {
	if v.income == nil {
		return d.EffectiveOn
	}
	return max(d.EffectiveOn, date.New(v.income.Year, 12, 31))
}
