package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// statedBoth is what the requests about two households have in common.
type statedBoth interface {
	stated
	GetOther() string
	GetOtherEtag() string
}

func casesOf(r statedBoth) hub.Case {
	k := caseOf(r)
	k.Other, k.OtherEtag = r.GetOther(), r.GetOtherEtag()
	return k
}

// both encodes two households, or one that stands on both sides.
func both(states []hub.HouseholdState) (one, other *hubv1.Household) {
	one = encodeState(states[0])
	if len(states) > 1 {
		other = encodeState(states[1])
	}
	return one, other
}

// MergePersons unites two entries of one person.
func (s identity) MergePersons(ctx context.Context, req *hubv1.MergePersonsRequest) (*hubv1.MergePersonsResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	states, err := s.hub.MergePersons(ctx, caller(ctx), casesOf(req), household.Doubling{
		Stays: req.GetPerson(), Goes: req.GetDuplicate(), On: on, Staying: staying,
	})
	if err != nil {
		return nil, err
	}
	one, other := both(states)
	return &hubv1.MergePersonsResponse{Household: one, Other: other}, nil
}

// SeparatePersons takes a MergePersons back.
func (s identity) SeparatePersons(ctx context.Context, req *hubv1.SeparatePersonsRequest) (*hubv1.SeparatePersonsResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	states, err := s.hub.SeparatePersons(ctx, caller(ctx), casesOf(req), household.Doubling{
		Stays: req.GetPerson(), Goes: req.GetDuplicate(), Staying: staying,
	})
	if err != nil {
		return nil, err
	}
	one, other := both(states)
	return &hubv1.SeparatePersonsResponse{Household: one, Other: other}, nil
}

// RecordMarriage moves a person into another household.
func (s identity) RecordMarriage(ctx context.Context, req *hubv1.RecordMarriageRequest) (*hubv1.RecordMarriageResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	states, err := s.hub.RecordMarriage(ctx, caller(ctx), casesOf(req), household.Wedding{
		Person: req.GetPerson(), Relation: wire.Relation(req.GetRelation()), On: on, Staying: staying,
	})
	if err != nil {
		return nil, err
	}
	one, other := both(states)
	return &hubv1.RecordMarriageResponse{Household: one, Other: other}, nil
}

// RevokeMarriage takes a marriage back.
func (s identity) RevokeMarriage(ctx context.Context, req *hubv1.RevokeMarriageRequest) (*hubv1.RevokeMarriageResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	states, err := s.hub.RevokeMarriage(ctx, caller(ctx), casesOf(req), household.Wedding{Person: req.GetPerson(), Staying: staying})
	if err != nil {
		return nil, err
	}
	one, other := both(states)
	return &hubv1.RevokeMarriageResponse{Household: one, Other: other}, nil
}

// UnmergeHouseholds takes a MergeHouseholds back.
func (s identity) UnmergeHouseholds(ctx context.Context, req *hubv1.UnmergeHouseholdsRequest) (*hubv1.UnmergeHouseholdsResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	states, err := s.hub.UnmergeHouseholds(ctx, caller(ctx), casesOf(req), household.Splitting{On: on, Staying: staying})
	if err != nil {
		return nil, err
	}
	one, other := both(states)
	return &hubv1.UnmergeHouseholdsResponse{Household: one, Other: other}, nil
}
