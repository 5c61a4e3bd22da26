package invented

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/household"
)

// thisYear adds this year's income of most households; of a few last year's is missing
// too, or all of them.
func (m *maker) thisYear() {
	switch weighted(m, []string{"there", "missing", "overdue", "none"}, []int{80, 16, 3, 1}) {
	case "there":
		e := m.h.Incomes[0] // last year's
		e.Year++
		e.Transfer += e.Transfer * int64(m.between(0, 10)) / 100
		e.PerCapitaNet = (e.Wage + e.Business + e.Transfer + e.Property - e.ProductionCost) / int64(max(1, len(m.h.PresentOn(m.on))))
		m.h.Incomes = append(m.h.Incomes, e)
	case "overdue":
		m.h.Incomes = slices.Delete(m.h.Incomes, 0, 1)
	case "none":
		m.h.Incomes = nil
	}
	slices.SortFunc(m.h.Incomes, func(a, b household.Income) int { return a.Year - b.Year }) // as they were recorded
}

// lapses: some households were without a helper between two, and of a few the end of
// the present help is recorded already.
func (m *maker) lapses() {
	if len(m.h.Helpers) == 0 {
		return
	}
	last := &m.h.Helpers[len(m.h.Helpers)-1]
	if len(m.h.Helpers) > 1 && m.chance(150) {
		last.From = m.day(last.From.AddDays(1), min(last.From.AddDays(60), m.on))
	}
	if last.To == "" && m.chance(20) {
		last.To, last.Reason = max(last.From, m.on.AddDays(m.between(0, 90))), "虚构工作调动"
	}
}
