package catalogue

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// helping is how continuously helpers have stood for the household (clause 一(六), and
// 确保帮扶联系不间断 of the exit paragraph).
type helping struct {
	begun    bool      // there was a helper at some time
	gap      gap       // newest time without one, between two assignments
	endsOn   date.Date // last day of the present help, "" where it is open or there is none
	endsSoon int       // days until then, 0 on the last day; never where there is no such day
}

// gap is a time without a helper, both days included.
type gap struct{ from, to date.Date }

// never stands for a number of days of which no end is known.
const never = 100_000

func (g gap) days() int {
	if g.to == "" {
		return 0
	}
	return g.to.DaysSince(g.from) + 1
}

// yearsSince counts the calendar years since the gap ended.
func (g gap) yearsSince(on date.Date) int {
	if g.to == "" {
		return none
	}
	return min(on.Year()-g.to.Year(), none-1)
}

// helpingOf goes through the assignments in the order of their first days. They may
// overlap; what begins after the day counts only where it goes on without a gap.
func helpingOf(h *household.Household, on date.Date) helping {
	out := helping{endsSoon: never}
	var covered date.Date // last day with a helper so far
	for _, a := range inOrder(h.Helpers) {
		without := gap{max(covered.AddDays(1), h.Register.FirstIdentifiedOn), a.From.AddDays(-1)}
		apart := out.begun && a.From != "" && without.from <= without.to
		if a.From > on && (apart || !out.begun) {
			break
		}
		if apart {
			out.gap = without
		}
		out.begun = true
		if a.To == "" {
			return out // open: nothing after it can be a gap
		}
		covered = max(covered, a.To)
	}
	if covered >= on {
		out.endsOn, out.endsSoon = covered, covered.DaysSince(on)
	}
	return out
}

// inOrder copies only where there is something to sort.
func inOrder(all []household.HelperAssignment) []household.HelperAssignment {
	order := func(a, b household.HelperAssignment) int { return cmp.Compare(a.From, b.From) }
	if slices.IsSortedFunc(all, order) {
		return all
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, order)
	return all
}
