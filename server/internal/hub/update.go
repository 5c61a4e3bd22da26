package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// CreateHousehold registers a household that is new to the hub; its 户编号 must be new, too.
func (h *Hub) CreateHousehold(ctx context.Context, c access.Caller, in *household.Household, requestID string) (HouseholdState, error) {
	area, err := h.villageArea(in.Village)
	if err != nil {
		return HouseholdState{}, err
	}
	q, err := h.request(c, requestID, "create", in)
	if err != nil {
		return HouseholdState{}, err
	}
	a := h.act(c, area, feed.CauseUpdate)
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		groups := []household.Group{household.GroupRegister}
		if err := h.mayWrite(ctx, tx, c, in.Village, groups); err != nil {
			return 0, nil, err
		}
		step, err := h.merged(ctx, tx, a, held{}, in, owned(in, groups))
		if err != nil {
			return 0, nil, err
		}
		n, err := h.append(ctx, tx, a, []transition{step})
		return n, []place{{Area: area, ID: step.ID, Revision: 1}}, err
	})
	return first(out), err
}

// owned is the groups a new household may bring: the register's owner loads what the
// register holds of the other groups; from then on only their owners change them.
func owned(in *household.Household, groups []household.Group) []household.Group {
	for g := range in.Sources {
		if g != household.GroupRegister {
			groups = append(groups, g)
		}
	}
	return groups
}

// Update asks to change some fact groups of a household.
type Update struct {
	Household *household.Household // its ID, and the elements to change
	Etag      string               // of the state that the caller saw
	Groups    []household.Group
	RequestID string
}

// UpdateHousehold changes the groups named and nothing else.
func (h *Hub) UpdateHousehold(ctx context.Context, c access.Caller, u Update) (HouseholdState, error) {
	q, err := h.request(c, u.RequestID, "update", u.Household, u.Etag, u.Groups)
	if err != nil {
		return HouseholdState{}, err
	}
	area, err := h.areaOf(ctx, u.Household.ID)
	if err != nil {
		return HouseholdState{}, err
	}
	a := h.act(c, area, feed.CauseUpdate)
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.lockOne(ctx, tx, c, area, u.Household.ID, u.Etag)
		if err != nil {
			return 0, nil, err
		}
		if err := h.mayWrite(ctx, tx, c, was.row.Village, u.Groups); err != nil {
			return 0, nil, err
		}
		step, err := h.merged(ctx, tx, a, was, u.Household, u.Groups)
		if err != nil {
			return 0, nil, err
		}
		if err := h.mayWrite(ctx, tx, c, step.After.Village, u.Groups); err != nil {
			return 0, nil, err
		}
		return h.save(ctx, tx, a, step)
	})
	return first(out), err
}

// save appends one household's step; nothing is written where nothing changed.
func (h *Hub) save(ctx context.Context, tx store.Tx, a act, t transition) (int64, []place, error) {
	if household.Equal(t.Before, t.After) {
		return 0, []place{{Area: a.area, ID: t.ID, Revision: t.Revision}}, nil
	}
	n, err := h.append(ctx, tx, a, []transition{t})
	return n, []place{{Area: a.area, ID: t.ID, Revision: t.Revision + 1}}, err
}

// merged merges what a writer states into what is known and validates the result.
// It stays in its area: moving is a use case of its own.
func (h *Hub) merged(ctx context.Context, r store.Reader, a act, was held, in *household.Household, groups []household.Group) (transition, error) {
	all, err := h.arriving(ctx, r, was.facts, in)
	if err != nil {
		return transition{}, err
	}
	after, bad := household.Merge(was.facts, in, groups, NewID, leavers(was.facts, all)...)
	if len(bad) > 0 {
		return transition{}, fault.List(fault.HouseholdInvalid, bad)
	}
	arrived := received(a, after, all)
	bad = household.Placed(in, after, household.Validate(after, a.on, h.Divisions.IsVillage))
	if len(bad) == 0 && h.Divisions.AreaOf(after.Village) != a.area {
		bad = []fault.Violation{fault.Bad("village", fault.OutOfRange, "range", "the household's area; use MoveHousehold")}
	}
	step := transition{ID: after.ID, Revision: was.row.Revision, Before: was.facts, After: after, Arrived: arrived}
	return step, fault.List(fault.HouseholdInvalid, bad)
}

// lockOne locks a household that the caller may see and checks the etag.
func (h *Hub) lockOne(ctx context.Context, tx store.Tx, c access.Caller, area, id, etag string) (held, error) {
	all, err := h.lock(ctx, tx, area, []string{id})
	if err != nil {
		return held{}, err
	}
	was, ok := all[id]
	if !ok || was.row.Gone {
		return held{}, fault.New(fault.HouseholdNotFound)
	}
	if err := h.mayReadHousehold(ctx, tx, c, was.row.Village); err != nil {
		return held{}, hide(err)
	}
	switch etag {
	case was.row.Etag:
		return was, nil
	case "":
		return held{}, fault.New(fault.EtagRequired)
	}
	return held{}, fault.New(fault.EtagStale, "current_etag", was.row.Etag)
}

// areaOf finds the area of a household before a transaction is opened there.
func (h *Hub) areaOf(ctx context.Context, id string) (area string, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		area, err = h.where(ctx, r, id)
		return err
	})
	return area, err
}

func first(states []HouseholdState) HouseholdState {
	if len(states) == 0 {
		return HouseholdState{}
	}
	return states[0]
}
