package hub

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// HouseholdState is a household with what the hub knows about its document.
type HouseholdState struct {
	Household *household.Household
	Area      string
	Etag      string
	Revision  int64
	Support   household.SupportStatus
}

// Match is a household that a look-up found; Person where a person was looked up.
type Match struct {
	HouseholdState
	Person string
}

// Revision says who changed a household, when and why.
type Revision struct {
	Revision int64
	Etag     string
	Area     string
	Time     time.Time
	Actor    string
	Cause    string
	Gone     bool // the household left the area with it; its facts are those of the one before
}

// Why is the cause as people say it.
func (r Revision) Why() household.Label { return household.CauseLabel(r.Cause) }

func (h *Hub) state(row store.Household) (HouseholdState, error) {
	facts, err := h.openHousehold(row)
	if err != nil {
		return HouseholdState{}, err
	}
	return HouseholdState{
		Household: facts, Area: row.Area, Etag: row.Etag, Revision: row.Revision, Support: household.SupportStatus(row.SupportStatus),
	}, nil
}

// where finds the area of a household by its id.
func (h *Hub) where(ctx context.Context, r store.Reader, id string) (string, error) {
	found, err := h.find(ctx, r, aliasHousehold, []string{id})
	if err != nil {
		return "", err
	}
	a, ok := found[id]
	if !ok {
		return "", fault.New(fault.HouseholdNotFound)
	}
	return a.Area, nil
}

// GetHousehold gives a household as it is, as of a revision, or as it was known at
// a time. Whoever may not see the household learns only that there is none to see.
func (h *Hub) GetHousehold(ctx context.Context, c access.Caller, id string, revision int64, asOf time.Time) (HouseholdState, error) {
	var out HouseholdState
	detail := map[string]any{"household": named(id), "revision": revision}
	err := h.audited(ctx, c, "household.get", detail, func() (any, error) {
		return nil, h.Store.View(ctx, func(r store.Reader) error {
			area, err := h.where(ctx, r, id)
			if err != nil {
				return err
			}
			row, err := r.Household(ctx, area, id)
			if err != nil {
				return err
			}
			if err := h.mayReadHousehold(ctx, r, c, row.Village); err != nil {
				return hide(err)
			}
			switch {
			case revision > 0:
				row, err = r.Revision(ctx, area, id, revision, asOf)
			case !asOf.IsZero():
				row, err = h.knownAt(ctx, r, area, id, asOf)
			}
			if errors.Is(err, store.ErrNotFound) {
				return fault.New(fault.RevisionNotFound)
			}
			if err != nil {
				return err
			}
			out, err = h.state(row)
			return err
		})
	})
	return out, err
}

// hide turns "not allowed" into "not there": that a household exists is itself a fact about people.
func hide(err error) error {
	if fault.Is(err, fault.NoAgreement) {
		return fault.New(fault.HouseholdNotFound)
	}
	return err
}

// ListHouseholds selects the households of one village.
type ListHouseholds struct {
	Village       string
	PovertyStatus household.PovertyStatus
	SupportStatus household.SupportStatus
	PageSize      int // 0: 50
	PageToken     string
}

// ListHouseholds gives a page of a village's households and the token of the next.
func (h *Hub) ListHouseholds(ctx context.Context, c access.Caller, q ListHouseholds) ([]HouseholdState, string, error) {
	area, err := h.villageArea(q.Village)
	if err != nil {
		return nil, "", err
	}
	binding := "households\x00" + q.Village + "\x00" + string(q.PovertyStatus) + "\x00" + string(q.SupportStatus)
	after, err := h.openToken(binding, q.PageToken)
	if err != nil {
		return nil, "", err
	}
	if q.PageSize <= 0 {
		q.PageSize = 50
	}
	var out []HouseholdState
	err = h.audited(ctx, c, "household.list", map[string]any{"village": q.Village}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayReadHousehold(ctx, r, c, q.Village); err != nil {
				return err
			}
			sq := store.HouseholdQuery{
				Area: area, Villages: []string{q.Village}, PovertyStatus: string(q.PovertyStatus),
				SupportStatus: string(q.SupportStatus), After: after, Limit: q.PageSize + 1,
			}
			return r.Households(ctx, sq, func(row store.Household) error {
				s, err := h.state(row)
				out = append(out, s)
				return err
			})
		})
		return map[string]any{"households": len(out)}, err
	})
	if err != nil || len(out) <= q.PageSize {
		return out, "", err
	}
	out = out[:q.PageSize]
	token, err := h.sealToken(binding, out[len(out)-1].Household.ID)
	return out, token, err
}

// LookUpIdentifier finds a household, or a person's, by an identifier of any kind.
func (h *Hub) LookUpIdentifier(ctx context.Context, c access.Caller, kind, value string) ([]Match, error) {
	value = household.NormaliseIdentifier(household.IdentifierKind(kind), value)
	return h.lookUp(ctx, c, kind, func(r store.Reader) ([]store.Alias, error) {
		return r.Aliases(ctx, kind, [][]byte{h.Keys.Hash(kind, value)})
	})
}

// LookUpName finds the households of everybody of this name: candidates, never a match.
func (h *Hub) LookUpName(ctx context.Context, c access.Caller, name string) ([]Match, error) {
	const most = 100
	return h.lookUp(ctx, c, aliasName, func(r store.Reader) ([]store.Alias, error) {
		return r.Names(ctx, h.Keys.Hash(aliasName, household.NormaliseName(name)), nil, most)
	})
}

func (h *Hub) lookUp(ctx context.Context, c access.Caller, kind string, find func(store.Reader) ([]store.Alias, error)) ([]Match, error) {
	var out []Match
	err := h.audited(ctx, c, "household.lookUp", map[string]any{"by": kind}, func() (any, error) {
		var ids []string
		err := h.Store.View(ctx, func(r store.Reader) error {
			found, err := find(r)
			if err != nil {
				return err
			}
			for _, a := range found {
				row, err := r.Household(ctx, a.Area, a.Household)
				if err != nil {
					return err
				}
				if err := h.mayReadHousehold(ctx, r, c, row.Village); fault.Is(err, fault.NoAgreement) {
					continue
				} else if err != nil {
					return err
				}
				s, err := h.state(row)
				if err != nil {
					return err
				}
				out, ids = append(out, Match{HouseholdState: s, Person: a.Person}), append(ids, a.Household)
			}
			return nil
		})
		return map[string]any{"households": ids}, err
	})
	return out, err
}

// Revisions lists a household's revisions in all areas it stood in, newest first.
func (h *Hub) Revisions(ctx context.Context, c access.Caller, id string) ([]Revision, error) {
	var out []Revision
	err := h.audited(ctx, c, "household.revisions", map[string]any{"household": named(id)}, func() (any, error) {
		return nil, h.Store.View(ctx, func(r store.Reader) (err error) {
			out, err = h.revisions(ctx, r, c, id)
			return err
		})
	})
	return out, err
}

func (h *Hub) revisions(ctx context.Context, r store.Reader, c access.Caller, id string) (out []Revision, err error) {
	area, err := h.where(ctx, r, id)
	if err != nil {
		return nil, err
	}
	now, err := r.Household(ctx, area, id)
	if err != nil {
		return nil, err
	}
	if err := h.mayReadHousehold(ctx, r, c, now.Village); err != nil {
		return nil, hide(err)
	}
	for _, a := range h.Divisions.Areas() {
		all, err := r.Revisions(ctx, a.ID, id)
		if err != nil {
			return nil, err
		}
		for _, row := range all {
			out = append(out, Revision{Revision: row.Revision, Etag: row.Etag, Area: row.Area, Time: row.Time, Actor: row.Actor, Cause: row.Cause, Gone: row.Gone})
		}
	}
	slices.SortStableFunc(out, func(a, b Revision) int { return b.Time.Compare(a.Time) })
	return out, nil
}

// villageArea is the area of a village; other codes are refused.
func (h *Hub) villageArea(village string) (string, error) {
	if !h.Divisions.IsVillage(village) {
		return "", fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("village", fault.VillageUnknown)})
	}
	return h.Divisions.AreaOf(village), nil
}
