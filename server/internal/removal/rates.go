package removal

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/division"
)

// Count is what happened in one village within the area's window.
type Count struct {
	Village    string
	Households int // under support at the beginning of the window
	Proposed   int // cases opened within it
	Removed    int // decisions within it, reversed ones left out
	Concerned  int // households proposed or removed, each once
	LastMonth  int // cases opened within the last 30 days
}

// Rate is how many households of a division were proposed and removed.
type Rate struct {
	Division                      string
	Households, Proposed, Removed int
	Share                         int // concerned of households, in hundredths of a percent
	Flagged                       bool
}

// Rates gives the rate of an area from the counts of its villages, and those of the
// townships and villages with at least one case, by code (四(三), against over-extension
// and one-size-fits-all). Only a village is flagged.
func Rates(area division.Area, villages []Count, tree *division.Tree, p Parameters) (whole Rate, parts []Rate) {
	var total Count
	above := map[string]*Count{}
	for _, v := range villages {
		total.add(v)
		d, _ := tree.Get(v.Village)
		if above[d.Parent] == nil {
			above[d.Parent] = &Count{Village: d.Parent}
		}
		above[d.Parent].add(v)
	}
	for code, t := range above {
		if code != "" && code != area.Root && t.any() {
			parts = append(parts, t.rate(false))
		}
	}
	for _, v := range villages {
		if v.any() {
			parts = append(parts, v.rate(p.outOfLine(v, total)))
		}
	}
	slices.SortFunc(parts, func(a, b Rate) int { return cmp.Compare(a.Division, b.Division) })
	total.Village = area.Root
	return total.rate(false), parts
}

func (c *Count) add(o Count) {
	c.Households += o.Households
	c.Proposed += o.Proposed
	c.Removed += o.Removed
	c.Concerned += o.Concerned
	c.LastMonth += o.LastMonth
}

func (c *Count) any() bool { return c.Proposed > 0 || c.Removed > 0 }

func (c *Count) rate(flagged bool) Rate {
	share := 0
	if c.Households > 0 {
		share = c.Concerned * 10000 / c.Households
	}
	return Rate{
		Division: c.Village, Households: c.Households, Proposed: c.Proposed, Removed: c.Removed, Share: share, Flagged: flagged,
	}
}

// outOfLine tells whether a village removes too large a share, many times the area's
// share, or too many at once. Few cases say nothing.
func (p *Parameters) outOfLine(v, area Count) bool {
	if max(v.Concerned, v.LastMonth) < max(p.MinCases, 1) {
		return false
	}
	share := v.Concerned*100 > v.Households*p.FlagSharePercent
	times := v.Concerned*area.Households >= p.FlagTimesArea*area.Concerned*v.Households
	return share || times || v.LastMonth >= p.FlagCasesInMonth
}
