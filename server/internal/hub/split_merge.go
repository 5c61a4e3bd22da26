package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Split asks to make a new household of some members (分户).
type Split struct {
	ID, Etag        string
	Leaving         map[string]household.Relation // persons who leave → relation in the new household
	Staying         map[string]household.Relation // new relations of those who stay, where the head leaves
	HouseholdNumber string
	On              date.Date
	Document        household.Document
	RequestID       string
}

// SplitHousehold moves members into a new household of the same village. Both
// steps are one transaction: nobody ever stands in both or in neither.
func (h *Hub) SplitHousehold(ctx context.Context, c access.Caller, s Split) (HouseholdState, HouseholdState, error) {
	q, err := h.request(c, s.RequestID, "split", s)
	if err != nil {
		return HouseholdState{}, HouseholdState{}, err
	}
	area, err := h.areaOf(ctx, s.ID)
	if err != nil {
		return HouseholdState{}, HouseholdState{}, err
	}
	a, fresh := h.act(c, area, feed.CauseSplit), NewID("hh_")
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.lockOne(ctx, tx, c, area, s.ID, s.Etag)
		if err != nil {
			return 0, nil, err
		}
		if err := h.mayWrite(ctx, tx, c, was.row.Village, []household.Group{household.GroupRegister}); err != nil {
			return 0, nil, err
		}
		rest, off, err := h.splitFacts(a, was.facts, s, fresh)
		if err != nil {
			return 0, nil, err
		}
		n, err := h.append(ctx, tx, a, []transition{
			{ID: was.row.ID, Revision: was.row.Revision, Before: was.facts, After: rest},
			{ID: off.ID, After: off},
		})
		return n, []place{{area, rest.ID, was.row.Revision + 1}, {area, off.ID, 1}}, err
	})
	if err != nil {
		return HouseholdState{}, HouseholdState{}, err
	}
	return out[0], out[1], nil
}

func (h *Hub) splitFacts(a act, was *household.Household, s Split, id string) (rest, off *household.Household, err error) {
	fresh := &household.Household{ID: id, HouseholdNumber: s.HouseholdNumber, Village: was.Village, VillageGroup: was.VillageGroup}
	rest, off, err = household.Split(was, fresh, household.Splitting{Leaving: s.Leaving, Staying: s.Staying, On: s.On, Document: s.Document})
	if err != nil {
		return nil, nil, err
	}
	a.note(s.Document, rest, off)
	bad := household.Validate(rest, a.on, h.Divisions.IsVillage)
	for _, v := range household.Validate(off, a.on, h.Divisions.IsVillage) {
		v.Field = "split_off." + v.Field
		bad = append(bad, v)
	}
	return rest, off, fault.List(fault.HouseholdInvalid, bad)
}

// Merge asks to move all members of one household into another (并户).
type Merge struct {
	Into, IntoEtag string
	From, FromEtag string
	Relations      map[string]household.Relation // of those who move in, to the head
	On             date.Date
	Document       household.Document
	RequestID      string
}

// MergeHouseholds unites two households of one area and closes the first.
func (h *Hub) MergeHouseholds(ctx context.Context, c access.Caller, m Merge) (HouseholdState, error) {
	q, err := h.request(c, m.RequestID, "merge", m)
	if err != nil {
		return HouseholdState{}, err
	}
	area, err := h.areaOf(ctx, m.Into)
	if err != nil {
		return HouseholdState{}, err
	}
	a := h.act(c, area, feed.CauseMerge)
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		into, from, err := h.lockBoth(ctx, tx, c, area, m)
		if err != nil {
			return 0, nil, err
		}
		gone, whole, err := household.Absorb(from.facts, into.facts, household.Union{Relations: m.Relations, On: m.On, Document: m.Document})
		if err != nil {
			return 0, nil, err
		}
		a.note(m.Document, gone, whole)
		if err := fault.List(fault.HouseholdInvalid, household.Validate(whole, a.on, h.Divisions.IsVillage)); err != nil {
			return 0, nil, err
		}
		n, err := h.append(ctx, tx, a, []transition{
			{ID: into.row.ID, Revision: into.row.Revision, Before: into.facts, After: whole},
			{ID: from.row.ID, Revision: from.row.Revision, Before: from.facts, After: gone},
		})
		return n, []place{{area, into.row.ID, into.row.Revision + 1}}, err
	})
	return first(out), err
}

// lockBoth locks in sorted order, whatever the roles, so that two merges can't wait for each other.
func (h *Hub) lockBoth(ctx context.Context, tx store.Tx, c access.Caller, area string, m Merge) (into, from held, err error) {
	if m.Into == m.From {
		return into, from, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("from", fault.Duplicate, "with", "into")})
	}
	if _, err := h.lock(ctx, tx, area, []string{m.Into, m.From}); err != nil {
		return into, from, err
	}
	if into, err = h.lockOne(ctx, tx, c, area, m.Into, m.IntoEtag); err != nil {
		return into, from, err
	}
	if from, err = h.lockOne(ctx, tx, c, area, m.From, m.FromEtag); err != nil {
		return into, from, err
	}
	for _, village := range []string{into.row.Village, from.row.Village} {
		if err := h.mayWrite(ctx, tx, c, village, []household.Group{household.GroupRegister}); err != nil {
			return into, from, err
		}
	}
	return into, from, nil
}
