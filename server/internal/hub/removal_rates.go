package hub

import (
	"cmp"
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// RemovalRates gives the rates of an area and of its townships and villages (四(三)).
func (h *Hub) RemovalRates(ctx context.Context, c access.Caller, area string) (whole removal.Rate, parts []removal.Rate, err error) {
	where, ok := h.Divisions.Area(area)
	if !ok {
		return whole, nil, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	err = h.Store.View(ctx, func(r store.Reader) error {
		if err := h.maySeeRemovals(ctx, r, c, where.Root); err != nil {
			return err
		}
		on := h.Today()
		p, err := h.procedure(ctx, r, area, on)
		if err != nil {
			return err
		}
		villages, flagged, err := h.villageCounts(ctx, r, area, on, p)
		if err != nil {
			return err
		}
		whole, parts = removal.Rates(where, villages, h.Divisions, p)
		parts = withFlagged(parts, villages, flagged)
		return nil
	})
	return whole, parts, err
}

// withFlagged marks the villages that are flagged already, and adds those of them that
// have had no case of late: they need a second confirmer all the same.
func withFlagged(parts []removal.Rate, villages []removal.Count, flagged map[string]bool) []removal.Rate {
	listed := map[string]bool{}
	for i := range parts {
		p := &parts[i]
		p.Flagged, listed[p.Division] = p.Flagged || flagged[p.Division], true
	}
	households := map[string]int{}
	for _, v := range villages {
		households[v.Village] = v.Households
	}
	for village, is := range flagged {
		if is && !listed[village] {
			parts = append(parts, removal.Rate{Division: village, Households: households[village], Flagged: true})
		}
	}
	slices.SortFunc(parts, func(a, b removal.Rate) int { return cmp.Compare(a.Division, b.Division) })
	return parts
}

// outOfLine tells whether the case's village needs a second confirmer: it is out of line
// today, or was when an earlier case of it was confirmed.
func (h *Hub) outOfLine(ctx context.Context, r store.Reader, c removal.Case, on date.Date) (bool, error) {
	villages, flagged, err := h.villageCounts(ctx, r, c.Area, on, c.Parameters)
	if err != nil || flagged[c.Village] {
		return flagged[c.Village], err
	}
	where, _ := h.Divisions.Area(c.Area)
	_, parts := removal.Rates(where, villages, h.Divisions, c.Parameters)
	for _, p := range parts {
		if p.Division == c.Village {
			return p.Flagged, nil
		}
	}
	return false, nil
}

// villageCounts counts what the rates rest on, and names the villages that are flagged
// already: once out of line, a village stays so.
func (h *Hub) villageCounts(ctx context.Context, r store.Reader, area string, on date.Date, p removal.Parameters) ([]removal.Count, map[string]bool, error) {
	counts, err := r.HouseholdCounts(ctx, area)
	if err != nil {
		return nil, nil, err
	}
	t := caseTally{
		from: on.AddDays(-p.WindowDays), month: on.AddDays(-30),
		villages: map[string]*removal.Count{}, flagged: map[string]bool{}, seen: map[string]bool{},
	}
	for _, n := range counts {
		if supported(n.PovertyStatus, n.SupportStatus) {
			t.at(n.Village).Households += int(n.Count)
		}
	}
	err = r.Cases(ctx, store.CaseQuery{Area: area}, func(c store.Case) error {
		if !t.add(c) {
			return nil
		}
		row, err := r.Household(ctx, area, c.Household)
		if err == nil && (row.Gone || !supported(row.PovertyStatus, row.SupportStatus)) {
			t.at(c.Village).Households++ // it was supported when the window began
		}
		return err
	})
	out := make([]removal.Count, 0, len(t.villages))
	for _, v := range t.villages {
		out = append(out, *v)
	}
	return out, t.flagged, err
}

// beneficiaries are the poverty statuses of households that the policies are for.
var beneficiaries = []household.PovertyStatus{household.RegisteredPoor, household.PreExit, household.Lifted, household.Returned}

// supported tells whether a household counts as one that could be removed. Closed, merged
// and wrongly registered ones would make the share of those removed look small.
func supported(poverty, support string) bool {
	return support == string(household.Supported) && slices.Contains(beneficiaries, household.PovertyStatus(poverty))
}

// caseTally counts the cases of an area by village, since a day and in the last month.
type caseTally struct {
	from, month date.Date
	villages    map[string]*removal.Count
	flagged     map[string]bool
	seen        map[string]bool // households counted
}

func (t *caseTally) at(village string) *removal.Count {
	if t.villages[village] == nil {
		t.villages[village] = &removal.Count{Village: village}
	}
	return t.villages[village]
}

// add counts a case. It tells whether it removed its household within the window: no other
// case can have done so as well, unless it is reversed.
func (t *caseTally) add(c store.Case) (removed bool) {
	t.flagged[c.Village] = t.flagged[c.Village] || c.Flagged
	opened, decided := date.Date(c.OpenedOn), date.Of(c.Time.In(Zone))
	removed = c.State == string(removal.Announced) && decided >= t.from
	if opened < t.from && !removed {
		return false
	}
	v := t.at(c.Village)
	if opened >= t.from {
		v.Proposed++
	}
	if opened >= t.month {
		v.LastMonth++
	}
	if removed {
		v.Removed++
	}
	if !t.seen[c.Household] {
		t.seen[c.Household] = true
		v.Concerned++
	}
	return removed
}
