package hub

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Notice says which announcement about a village is wanted.
type Notice struct {
	Village string
	State   removal.State
	Since   date.Date // ANNOUNCED: on which it was announced at the earliest; "": 30 days ago
	From    date.Date // APPRAISED: first day on which it will hang; "": today
}

// noticeDays is for how many days what was announced is part of the 公告, if not asked for longer.
const noticeDays = 30

// dated fills in the days that were not given.
func (n Notice) dated(today date.Date) (Notice, error) {
	var bad []fault.Violation
	for field, d := range map[string]*date.Date{"since": &n.Since, "from": &n.From} {
		if *d != "" && !d.Valid() {
			bad = append(bad, fault.Bad(field, fault.Malformed, "form", "YYYY-MM-DD"))
		}
	}
	if latest := today.AddDays(removal.PostAhead); n.From > latest {
		bad = append(bad, fault.Bad("from", fault.OutOfRange, "range", "≤ "+string(latest)))
	}
	n.Since = cmp.Or(n.Since, today.AddDays(-noticeDays))
	n.From = cmp.Or(n.From, today)
	return n, fault.List(fault.InvalidRequest, bad)
}

// Announcement is what may be posted in public about the cases of a village: the 公示 or
// the 公告, hanging or still to be posted. Nothing in it tells a number or a phone.
func (h *Hub) Announcement(ctx context.Context, c access.Caller, n Notice) (out pages.AnnouncementData, err error) {
	area, err := h.villageArea(n.Village)
	if err != nil {
		return out, err
	}
	if n, err = n.dated(h.Today()); err != nil {
		return out, err
	}
	detail := map[string]any{"village": n.Village, "state": n.State}
	err = h.audited(ctx, c, "removal.announcement", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.maySeeRemovals(ctx, r, c, n.Village); err != nil {
				return err
			}
			p, err := h.procedure(ctx, r, area, h.Today())
			if err != nil {
				return err
			}
			out = h.announcement(n.Village, n.State, p)
			return r.Cases(ctx, store.CaseQuery{Area: area, Village: n.Village, State: string(n.State)}, func(row store.Case) error {
				one, err := h.announced(ctx, r, row, n)
				if err == nil && one != nil {
					out.Households = append(out.Households, *one)
				}
				return err
			})
		})
		return map[string]any{"cases": len(out.Households)}, err
	})
	return out, err
}

func (h *Hub) announcement(village string, state removal.State, p removal.Parameters) pages.AnnouncementData {
	place, name := h.placeOf(village)
	committee := committeeOf(name)
	return pages.AnnouncementData{
		Final: state == removal.Announced || state == removal.Confirmed, Place: place, VillageName: name, Basis: p.Basis, ObjectTo: committee + "，或所在乡镇",
		Issuer: committee, Issued: h.Today(),
	}
}

// committeeOf names a village's committee; most divisions of that level bear its name already.
func committeeOf(village string) string {
	if strings.HasSuffix(village, "委会") || strings.HasSuffix(village, "委员会") {
		return village
	}
	return village + "村民委员会"
}

// placeOf names a village's township with everything above it, and the village.
func (h *Hub) placeOf(village string) (place, name string) {
	path := h.Divisions.Path(village)
	if len(path) == 0 {
		return "", ""
	}
	return strings.Join(path[:len(path)-1], ""), path[len(path)-1]
}

// announced is what a notice says about a case; nil where the case is none of its.
func (h *Hub) announced(ctx context.Context, r store.Reader, row store.Case, n Notice) (*pages.AnnouncedHousehold, error) {
	c, err := h.openCase(row)
	if err != nil {
		return nil, err
	}
	if c.State == removal.Announced && removal.Decision(c).AnnouncedOn < n.Since {
		return nil, nil
	}
	facts, on, err := h.asPosted(ctx, r, c)
	if err != nil {
		return nil, err
	}
	present := facts.PresentOn(on)
	out := &pages.AnnouncedHousehold{VillageGroup: facts.VillageGroup, HeadName: headName(present), Persons: len(present)}
	switch c.State {
	case removal.Appraised:
		out.From = n.From
		out.Until, err = c.Parameters.LastDay(n.From, h.calendar)
	case removal.Confirmed:
		out.Persons, out.EffectiveOn = len(personsOf(c.Ends)), max(c.EffectiveOn, c.Parameters.EarliestEffect(on))
	case removal.Announced:
		out.Persons, out.EffectiveOn, out.DecisionNumber = len(personsOf(c.Ends)), c.EffectiveOn, c.DecisionNumber
	default:
		out.From, out.Until, err = removal.Publicity(c, h.calendar)
	}
	return out, err
}

// asPosted is a case's household as it was known when the case was last posted, and that
// day: a notice goes on to say what hangs. What is still to be posted is as of today.
func (h *Hub) asPosted(ctx context.Context, r store.Reader, c removal.Case) (*household.Household, date.Date, error) {
	for _, s := range slices.Backward(c.Steps) {
		switch {
		case c.State != removal.InPublicity && c.State != removal.Announced:
		case s.Kind == removal.Post || s.Kind == removal.Announce:
			row, err := r.Revision(ctx, c.Area, c.Household, 0, s.Time)
			if err != nil {
				return nil, "", err
			}
			facts, err := h.openHousehold(row)
			return facts, s.On, err
		}
	}
	facts, err := h.householdOf(ctx, r, c)
	return facts, h.Today(), err
}
