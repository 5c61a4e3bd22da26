package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// identity serves what happens to persons and households over the years; see
// identity_pairs.go for what concerns two households.
type identity struct {
	hubv1.UnsafeIdentityServiceServer
	hub *hub.Hub
}

// stated is what the requests about one household have in common.
type stated interface {
	GetId() string
	GetEtag() string
	GetDocument() *hubv1.Document
	GetRequestId() string
}

func caseOf(r stated) hub.Case {
	return hub.Case{ID: r.GetId(), Etag: r.GetEtag(), Document: wire.DocumentFromProto(r.GetDocument()), RequestID: r.GetRequestId()}
}

// ChangeIDNumber gives a person another ID number.
func (s identity) ChangeIDNumber(ctx context.Context, req *hubv1.ChangeIDNumberRequest) (*hubv1.ChangeIDNumberResponse, error) {
	state, err := s.hub.ChangeIDNumber(ctx, caller(ctx), caseOf(req), household.NumberChange{
		Person: req.GetPerson(), Number: req.GetIdNumber(), Correction: req.GetKind() == hubv1.IdNumberChange_ID_NUMBER_CHANGE_CORRECTION,
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.ChangeIDNumberResponse{Household: encodeState(state)}, nil
}

// RecordBirth registers a newborn.
func (s identity) RecordBirth(ctx context.Context, req *hubv1.RecordBirthRequest) (*hubv1.RecordBirthResponse, error) {
	child := wire.HouseholdFromProto(&hubv1.Household{Persons: []*hubv1.Person{req.GetChild()}}).Persons[0]
	state, err := s.hub.RecordBirth(ctx, caller(ctx), caseOf(req), child)
	if err != nil {
		return nil, err
	}
	return &hubv1.RecordBirthResponse{Household: encodeState(state)}, nil
}

// RevokeBirth takes a birth back.
func (s identity) RevokeBirth(ctx context.Context, req *hubv1.RevokeBirthRequest) (*hubv1.RevokeBirthResponse, error) {
	state, err := s.hub.RevokeBirth(ctx, caller(ctx), caseOf(req), req.GetPerson())
	if err != nil {
		return nil, err
	}
	return &hubv1.RevokeBirthResponse{Household: encodeState(state)}, nil
}

// RecordDeath records a death.
func (s identity) RecordDeath(ctx context.Context, req *hubv1.RecordDeathRequest) (*hubv1.RecordDeathResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	on, bad := day(req.GetOn(), bad)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	state, err := s.hub.RecordDeath(ctx, caller(ctx), caseOf(req), household.Passing{Person: req.GetPerson(), On: on, Staying: staying})
	if err != nil {
		return nil, err
	}
	return &hubv1.RecordDeathResponse{Household: encodeState(state)}, nil
}

// RevokeDeath takes a death back.
func (s identity) RevokeDeath(ctx context.Context, req *hubv1.RevokeDeathRequest) (*hubv1.RevokeDeathResponse, error) {
	staying, bad := relations("staying", req.GetStaying(), nil)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	state, err := s.hub.RevokeDeath(ctx, caller(ctx), caseOf(req), household.Passing{Person: req.GetPerson(), Staying: staying})
	if err != nil {
		return nil, err
	}
	return &hubv1.RevokeDeathResponse{Household: encodeState(state)}, nil
}

// CloseHousehold closes a household.
func (s identity) CloseHousehold(ctx context.Context, req *hubv1.CloseHouseholdRequest) (*hubv1.CloseHouseholdResponse, error) {
	on, bad := day(req.GetOn(), nil)
	if len(bad) > 0 {
		return nil, invalid(bad...)
	}
	state, err := s.hub.CloseHousehold(ctx, caller(ctx), caseOf(req), household.Closing{Kind: wire.ClosingKind(req.GetKind()), On: on})
	if err != nil {
		return nil, err
	}
	return &hubv1.CloseHouseholdResponse{Household: encodeState(state)}, nil
}

// ReopenHousehold takes a closing back.
func (s identity) ReopenHousehold(ctx context.Context, req *hubv1.ReopenHouseholdRequest) (*hubv1.ReopenHouseholdResponse, error) {
	state, err := s.hub.ReopenHousehold(ctx, caller(ctx), caseOf(req), wire.PovertyStatus(req.GetPovertyStatus()))
	if err != nil {
		return nil, err
	}
	return &hubv1.ReopenHouseholdResponse{Household: encodeState(state)}, nil
}
