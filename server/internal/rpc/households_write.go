package rpc

import (
	"context"
	"fmt"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// CreateHousehold registers a household that is new to the hub.
func (s households) CreateHousehold(ctx context.Context, req *hubv1.CreateHouseholdRequest) (*hubv1.CreateHouseholdResponse, error) {
	state, err := s.hub.CreateHousehold(ctx, caller(ctx), wire.HouseholdFromProto(req.GetHousehold()), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	return &hubv1.CreateHouseholdResponse{Household: encodeState(state)}, nil
}

// UpdateHousehold changes the groups named.
func (s households) UpdateHousehold(ctx context.Context, req *hubv1.UpdateHouseholdRequest) (*hubv1.UpdateHouseholdResponse, error) {
	u := hub.Update{
		Household: wire.HouseholdFromProto(req.GetHousehold()),
		Etag:      req.GetHousehold().GetEtag(),
		RequestID: req.GetRequestId(),
	}
	for _, g := range req.GetGroups() {
		u.Groups = append(u.Groups, wire.Group(g))
	}
	state, err := s.hub.UpdateHousehold(ctx, caller(ctx), u)
	if err != nil {
		return nil, err
	}
	return &hubv1.UpdateHouseholdResponse{Household: encodeState(state)}, nil
}

// MoveHousehold moves a household to another village.
func (s households) MoveHousehold(ctx context.Context, req *hubv1.MoveHouseholdRequest) (*hubv1.MoveHouseholdResponse, error) {
	state, err := s.hub.MoveHousehold(ctx, caller(ctx), hub.Move{
		ID: req.GetId(), Etag: req.GetEtag(),
		Village: req.GetVillage(), VillageGroup: req.GetVillageGroup(),
		Document: wire.DocumentFromProto(req.GetDocument()), RequestID: req.GetRequestId(),
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.MoveHouseholdResponse{Household: encodeState(state)}, nil
}

// SplitHousehold makes a new household of some members.
func (s households) SplitHousehold(ctx context.Context, req *hubv1.SplitHouseholdRequest) (*hubv1.SplitHouseholdResponse, error) {
	leaving, bad := relations("leaving", req.GetLeaving(), nil)
	staying, bad := relations("staying", req.GetStaying(), bad)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	old, splitOff, err := s.hub.SplitHousehold(ctx, caller(ctx), hub.Split{
		ID: req.GetId(), Etag: req.GetEtag(), Leaving: leaving, Staying: staying,
		HouseholdNumber: req.GetHouseholdNumber(), On: on,
		Document: wire.DocumentFromProto(req.GetDocument()), RequestID: req.GetRequestId(),
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.SplitHouseholdResponse{Household: encodeState(old), SplitOff: encodeState(splitOff)}, nil
}

// MergeHouseholds moves all present members of one household into another.
func (s households) MergeHouseholds(ctx context.Context, req *hubv1.MergeHouseholdsRequest) (*hubv1.MergeHouseholdsResponse, error) {
	related, bad := relations("relations", req.GetRelations(), nil)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	state, err := s.hub.MergeHouseholds(ctx, caller(ctx), hub.Merge{
		Into: req.GetInto(), IntoEtag: req.GetIntoEtag(), From: req.GetFrom(), FromEtag: req.GetFromEtag(),
		Relations: related, On: on,
		Document: wire.DocumentFromProto(req.GetDocument()), RequestID: req.GetRequestId(),
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.MergeHouseholdsResponse{Household: encodeState(state)}, nil
}

// relations makes a map of a list in which nobody may stand twice.
func relations(field string, list []*hubv1.Relative, bad []fault.Violation) (map[string]household.Relation, []fault.Violation) {
	out := make(map[string]household.Relation, len(list))
	for i, r := range list {
		if _, twice := out[r.GetPerson()]; twice {
			bad = append(bad, fault.Bad(fmt.Sprintf("%s[%d].person", field, i), fault.Duplicate, "with", field))
		}
		out[r.GetPerson()] = wire.Relation(r.GetRelation())
	}
	return out, bad
}

// day reads the date of the field "on", whose form the contract's rules have checked already.
func day(text string, bad []fault.Violation) (date.Date, []fault.Violation) {
	d, err := date.Parse(text)
	if err != nil {
		bad = append(bad, fault.Bad("on", fault.Malformed, "form", "YYYY-MM-DD"))
	}
	return d, bad
}
