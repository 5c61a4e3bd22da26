package hub

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Case is what every use case on identities states beside its own facts.
type Case struct {
	ID, Etag         string // of the household
	Other, OtherEtag string // of the second household, where there are two
	Document         household.Document
	RequestID        string
}

// ChangeIDNumber gives a person another ID number.
func (h *Hub) ChangeIDNumber(ctx context.Context, c access.Caller, k Case, n household.NumberChange) (HouseholdState, error) {
	return h.alone(ctx, c, k, feed.CauseIDNumber, n, func(was *household.Household) (*household.Household, error) {
		return household.ChangeIDNumber(was, n)
	})
}

// RecordBirth registers a newborn.
func (h *Hub) RecordBirth(ctx context.Context, c access.Caller, k Case, child household.Person) (HouseholdState, error) {
	id := NewID("pp_")
	return h.alone(ctx, c, k, feed.CauseBirth, child, func(was *household.Household) (*household.Household, error) {
		child := child
		child.ID = id
		return household.Birth(was, child)
	})
}

// RevokeBirth takes a birth back.
func (h *Hub) RevokeBirth(ctx context.Context, c access.Caller, k Case, person string) (HouseholdState, error) {
	return h.alone(ctx, c, k, feed.CauseRevokeBirth, person, func(was *household.Household) (*household.Household, error) {
		return household.RevokeBirth(was, person, k.Document)
	})
}

// RecordDeath records a member's death.
func (h *Hub) RecordDeath(ctx context.Context, c access.Caller, k Case, d household.Passing) (HouseholdState, error) {
	d.Document = k.Document
	return h.alone(ctx, c, k, feed.CauseDeath, d, func(was *household.Household) (*household.Household, error) {
		return household.Death(was, d)
	})
}

// RevokeDeath takes a death back.
func (h *Hub) RevokeDeath(ctx context.Context, c access.Caller, k Case, d household.Passing) (HouseholdState, error) {
	d.Document = k.Document
	return h.alone(ctx, c, k, feed.CauseRevokeDeath, d, func(was *household.Household) (*household.Household, error) {
		return household.RevokeDeath(was, d)
	})
}

// CloseHousehold closes a household for good.
func (h *Hub) CloseHousehold(ctx context.Context, c access.Caller, k Case, closing household.Closing) (HouseholdState, error) {
	closing.Document = k.Document
	return h.alone(ctx, c, k, feed.CauseClose, closing, func(was *household.Household) (*household.Household, error) {
		return household.Close(was, closing)
	})
}

// ReopenHousehold takes a closing back.
func (h *Hub) ReopenHousehold(ctx context.Context, c access.Caller, k Case, status household.PovertyStatus) (HouseholdState, error) {
	return h.alone(ctx, c, k, feed.CauseReopen, status, func(was *household.Household) (*household.Household, error) {
		return household.Reopen(was, status)
	})
}

// MergePersons unites two entries of one person.
func (h *Hub) MergePersons(ctx context.Context, c access.Caller, k Case, d household.Doubling) ([]HouseholdState, error) {
	d.Document = k.Document
	return h.pair(ctx, c, k, feed.CauseMergePersons, d, func(stays, goes *household.Household) (_, _ *household.Household, err error) {
		return household.MergePersons(stays, goes, d)
	})
}

// SeparatePersons takes a MergePersons back.
func (h *Hub) SeparatePersons(ctx context.Context, c access.Caller, k Case, d household.Doubling) ([]HouseholdState, error) {
	return h.pair(ctx, c, k, feed.CauseSeparate, d, func(stays, went *household.Household) (_, _ *household.Household, err error) {
		return household.SeparatePersons(stays, went, d)
	})
}

// RecordMarriage moves a person into another household of the area.
func (h *Hub) RecordMarriage(ctx context.Context, c access.Caller, k Case, w household.Wedding) ([]HouseholdState, error) {
	w.Document = k.Document
	return h.couple(ctx, c, k, feed.CauseMarriage, w, func(from, to *household.Household) (_, _ *household.Household, err error) {
		return household.Marry(from, to, w)
	})
}

// RevokeMarriage takes a marriage back.
func (h *Hub) RevokeMarriage(ctx context.Context, c access.Caller, k Case, w household.Wedding) ([]HouseholdState, error) {
	w.Document = k.Document
	return h.couple(ctx, c, k, feed.CauseRevokeMarriage, w, func(from, to *household.Household) (_, _ *household.Household, err error) {
		return household.RevokeMarriage(from, to, w)
	})
}

// UnmergeHouseholds takes a MergeHouseholds back.
func (h *Hub) UnmergeHouseholds(ctx context.Context, c access.Caller, k Case, s household.Splitting) ([]HouseholdState, error) {
	s.Document = k.Document
	return h.couple(ctx, c, k, feed.CauseUnmerge, s, func(united, closed *household.Household) (_, _ *household.Household, err error) {
		return household.Unmerge(united, closed, s)
	})
}

// note records the use case with its document in each household that it changed.
func (a act) note(d household.Document, changed ...*household.Household) {
	for _, x := range changed {
		x.Note(household.Event{Cause: a.cause, On: a.on, Document: d})
	}
}

// alone carries out a use case that changes one household.
func (h *Hub) alone(ctx context.Context, c access.Caller, k Case, cause string, facts any, decide func(was *household.Household) (*household.Household, error)) (HouseholdState, error) {
	q, a, err := h.opened(ctx, c, k, cause, facts)
	if err != nil {
		return HouseholdState{}, err
	}
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.own(ctx, tx, c, a.area, k.ID, k.Etag)
		if err != nil {
			return 0, nil, err
		}
		after, err := decide(was.facts)
		if err != nil {
			return 0, nil, err
		}
		a.note(k.Document, after)
		if err := fault.List(fault.HouseholdInvalid, household.Validate(after, a.on, h.Divisions.IsVillage)); err != nil {
			return 0, nil, err
		}
		return h.save(ctx, tx, a, transition{ID: k.ID, Revision: was.row.Revision, Before: was.facts, After: after})
	})
	return first(out), err
}

// decidePair gives the next states of two households, or of one that stands on both sides.
type decidePair func(one, other *household.Household) (*household.Household, *household.Household, error)

// pair carries out a use case on two persons, who may stand in one household.
func (h *Hub) pair(ctx context.Context, c access.Caller, k Case, cause string, facts any, decide decidePair) ([]HouseholdState, error) {
	if k.ID != k.Other {
		return h.couple(ctx, c, k, cause, facts, decide)
	}
	state, err := h.alone(ctx, c, k, cause, facts, func(was *household.Household) (*household.Household, error) {
		after, _, err := decide(was, was)
		return after, err
	})
	return []HouseholdState{state}, err
}

// couple carries out a use case that changes two households of one area, in one
// transaction: nobody ever stands in both or in neither.
func (h *Hub) couple(ctx context.Context, c access.Caller, k Case, cause string, facts any, decide decidePair) ([]HouseholdState, error) {
	q, a, err := h.opened(ctx, c, k, cause, facts)
	if err != nil {
		return nil, err
	}
	return h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		one, other, err := h.lockBoth(ctx, tx, c, a.area, Merge{Into: k.ID, IntoEtag: k.Etag, From: k.Other, FromEtag: k.OtherEtag})
		if err != nil {
			return 0, nil, err
		}
		oneAfter, otherAfter, err := decide(one.facts, other.facts)
		if err != nil {
			return 0, nil, err
		}
		a.note(k.Document, oneAfter, otherAfter)
		if err := h.bothValid(a, oneAfter, otherAfter); err != nil {
			return 0, nil, err
		}
		steps := []transition{
			{ID: k.ID, Revision: one.row.Revision, Before: one.facts, After: oneAfter, Placed: present(otherAfter)},
			{ID: k.Other, Revision: other.row.Revision, Before: other.facts, After: otherAfter, Placed: present(oneAfter)},
		}
		n, err := h.append(ctx, tx, a, steps)
		return n, []place{{a.area, k.ID, one.row.Revision + 1}, {a.area, k.Other, other.row.Revision + 1}}, err
	})
}

// opened is a use case's request and act; its households stand in one area.
func (h *Hub) opened(ctx context.Context, c access.Caller, k Case, cause string, facts any) (request, act, error) {
	if err := documentGiven(k.Document); err != nil {
		return request{}, act{}, err
	}
	q, err := h.request(c, k.RequestID, cause, k, facts)
	if err != nil {
		return request{}, act{}, err
	}
	area, err := h.areaOf(ctx, k.ID)
	if err != nil {
		return request{}, act{}, err
	}
	if k.Other != "" {
		other, err := h.areaOf(ctx, k.Other)
		if err != nil {
			return request{}, act{}, err
		}
		if other != area {
			return request{}, act{}, fault.New(fault.OtherArea)
		}
	}
	return q, h.act(c, area, cause), nil
}

// own locks a household whose register the caller owns.
func (h *Hub) own(ctx context.Context, tx store.Tx, c access.Caller, area, id, etag string) (held, error) {
	was, err := h.lockOne(ctx, tx, c, area, id, etag)
	if err != nil {
		return held{}, err
	}
	return was, h.mayWrite(ctx, tx, c, was.row.Village, []household.Group{household.GroupRegister})
}

// bothValid names the problems of the second household below "other".
func (h *Hub) bothValid(a act, one, other *household.Household) error {
	bad := household.Validate(one, a.on, h.Divisions.IsVillage)
	for _, v := range household.Validate(other, a.on, h.Divisions.IsVillage) {
		v.Field = "other." + v.Field
		bad = append(bad, v)
	}
	return fault.List(fault.HouseholdInvalid, bad)
}

// present lists who belongs to the household now.
func present(h *household.Household) (ids []string) {
	for _, p := range h.Persons {
		if p.LeftOn == "" {
			ids = append(ids, p.ID)
		}
	}
	return slices.Clip(ids)
}
