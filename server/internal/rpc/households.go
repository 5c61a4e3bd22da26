package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// households serves whole households; see households_write.go for the changes.
type households struct {
	hubv1.UnsafeHouseholdServiceServer
	hub *hub.Hub
}

// GetHousehold gives a household as it is, or as of a revision or time.
func (s households) GetHousehold(ctx context.Context, req *hubv1.GetHouseholdRequest) (*hubv1.GetHouseholdResponse, error) {
	asOf, err := moment("as_of", req.GetAsOf())
	if err != nil {
		return nil, err
	}
	if req.GetRevision() > 0 && !asOf.IsZero() {
		return nil, invalid(fault.Bad("as_of", fault.Duplicate, "with", "revision"))
	}
	state, err := s.hub.GetHousehold(ctx, caller(ctx), req.GetId(), req.GetRevision(), asOf)
	if err != nil {
		return nil, err
	}
	return &hubv1.GetHouseholdResponse{Household: encodeState(state)}, nil
}

// ListHouseholds gives a page of a village's households.
func (s households) ListHouseholds(ctx context.Context, req *hubv1.ListHouseholdsRequest) (*hubv1.ListHouseholdsResponse, error) {
	states, next, err := s.hub.ListHouseholds(ctx, caller(ctx), hub.ListHouseholds{
		Village:       req.GetVillage(),
		PovertyStatus: wire.PovertyStatus(req.GetPovertyStatus()),
		SupportStatus: wire.SupportStatus(req.GetSupportStatus()),
		PageSize:      int(req.GetPageSize()),
		PageToken:     req.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListHouseholdsResponse{NextPageToken: next}
	for _, state := range states {
		res.Households = append(res.Households, encodeState(state))
	}
	return res, nil
}

// LookUpHouseholds finds households by an identifier or a name.
func (s households) LookUpHouseholds(ctx context.Context, req *hubv1.LookUpHouseholdsRequest) (*hubv1.LookUpHouseholdsResponse, error) {
	var matches []hub.Match
	var err error
	if id := req.GetIdentifier(); id != nil {
		kind := strings.TrimPrefix(id.GetKind().String(), "IDENTIFIER_KIND_")
		matches, err = s.hub.LookUpIdentifier(ctx, caller(ctx), kind, id.GetValue())
	} else {
		matches, err = s.hub.LookUpName(ctx, caller(ctx), req.GetName())
	}
	if err != nil {
		return nil, err
	}
	res := &hubv1.LookUpHouseholdsResponse{}
	for _, m := range matches {
		res.Matches = append(res.Matches, &hubv1.Match{Household: encodeState(m.HouseholdState), Person: m.Person})
	}
	return res, nil
}

// ListHouseholdRevisions lists who changed a household, when and why.
func (s households) ListHouseholdRevisions(ctx context.Context, req *hubv1.ListHouseholdRevisionsRequest) (*hubv1.ListHouseholdRevisionsResponse, error) {
	revisions, err := s.hub.Revisions(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListHouseholdRevisionsResponse{}
	for _, r := range revisions {
		res.Revisions = append(res.Revisions, encodeRevision(r))
	}
	return res, nil
}

// encodeState is the facts with what the hub adds to them.
func encodeState(s hub.HouseholdState) *hubv1.Household {
	p := wire.HouseholdToProto(s.Household)
	p.Etag, p.Revision, p.Area = s.Etag, s.Revision, s.Area
	p.SupportStatus = wire.SupportStatusToProto(s.Support)
	return p
}

// moment is the zero time where none is given.
func moment(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if t.CheckValid() != nil {
		return time.Time{}, invalid(fault.Bad(field, fault.Malformed, "form", "google.protobuf.Timestamp"))
	}
	return t.AsTime(), nil
}

func invalid(violations ...fault.Violation) error {
	return fault.List(fault.InvalidRequest, violations)
}
