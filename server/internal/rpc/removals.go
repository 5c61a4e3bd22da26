package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// removals serves the procedure by which households leave support.
type removals struct {
	hubv1.UnsafeRemovalServiceServer
	hub *hub.Hub
}

// UploadEvidence keeps a document.
func (s removals) UploadEvidence(ctx context.Context, req *hubv1.UploadEvidenceRequest) (*hubv1.UploadEvidenceResponse, error) {
	sum, err := s.hub.UploadEvidence(ctx, caller(ctx), req.GetHousehold(), req.GetCase(), req.GetContent())
	if err != nil {
		return nil, err
	}
	return &hubv1.UploadEvidenceResponse{Sha256: sum, Size: count(len(req.GetContent()))}, nil
}

// GetEvidence gives a document back.
func (s removals) GetEvidence(ctx context.Context, req *hubv1.GetEvidenceRequest) (*httpbody.HttpBody, error) {
	content, mediaType, err := s.hub.Evidence(ctx, caller(ctx), req.GetId(), req.GetSha256())
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: mediaType, Data: content}, nil
}

// ProposeRemoval opens a case.
func (s removals) ProposeRemoval(ctx context.Context, req *hubv1.ProposeRemovalRequest) (*hubv1.ProposeRemovalResponse, error) {
	p := hub.Proposal{Household: req.GetHousehold(), Etag: req.GetHouseholdEtag(), Reason: req.GetReason(), RequestID: req.GetRequestId()}
	for _, e := range req.GetEvidence() {
		p.Evidence = append(p.Evidence, wire.EvidenceFromProto(e))
	}
	state, err := s.hub.ProposeRemoval(ctx, caller(ctx), p)
	if err != nil {
		return nil, err
	}
	return &hubv1.ProposeRemovalResponse{Case: encodeCase(state)}, nil
}

// TakeStep carries a case on.
func (s removals) TakeStep(ctx context.Context, req *hubv1.TakeStepRequest) (*hubv1.TakeStepResponse, error) {
	step := wire.StepFromProto(req.GetStep())
	step.Holds = nil // the hub's to find
	state, err := s.hub.TakeStep(ctx, caller(ctx), hub.CaseKey{ID: req.GetId(), Etag: req.GetEtag(), RequestID: req.GetRequestId()}, step)
	if err != nil {
		return nil, err
	}
	return &hubv1.TakeStepResponse{Case: encodeCase(state)}, nil
}

// ReverseRemoval takes a removal back.
func (s removals) ReverseRemoval(ctx context.Context, req *hubv1.ReverseRemovalRequest) (*hubv1.ReverseRemovalResponse, error) {
	step := removal.Step{
		Kind: removal.Reverse, Ground: wire.Ground(req.GetGround()), Reason: req.GetReason(),
		EffectiveOn: date.Date(req.GetEffectiveOn()), Document: wire.DocumentFromProto(req.GetDocument()),
	}
	for _, e := range req.GetEvidence() {
		step.Evidence = append(step.Evidence, wire.EvidenceFromProto(e))
	}
	state, err := s.hub.TakeStep(ctx, caller(ctx), hub.CaseKey{ID: req.GetId(), Etag: req.GetEtag(), RequestID: req.GetRequestId()}, step)
	if err != nil {
		return nil, err
	}
	return &hubv1.ReverseRemovalResponse{Case: encodeCase(state)}, nil
}

// CheckRemoval tells what a decision would do.
func (s removals) CheckRemoval(ctx context.Context, req *hubv1.CheckRemovalRequest) (*hubv1.CheckRemovalResponse, error) {
	c, err := s.hub.CheckRemoval(ctx, caller(ctx), req.GetId(), date.Date(req.GetEffectiveOn()))
	if err != nil {
		return nil, err
	}
	res := &hubv1.CheckRemovalResponse{EffectiveOn: string(c.EffectiveOn), SecondConfirmerNeeded: c.SecondConfirmer}
	for _, e := range c.Ends {
		res.Ends = append(res.Ends, wire.RemovalEndToProto(e))
	}
	for _, hold := range c.Holds {
		res.Holds = append(res.Holds, encodeHold(hold))
	}
	return res, nil
}

// GetRemoval shows a case.
func (s removals) GetRemoval(ctx context.Context, req *hubv1.GetRemovalRequest) (*hubv1.GetRemovalResponse, error) {
	state, err := s.hub.Removal(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	return &hubv1.GetRemovalResponse{Case: encodeCase(state)}, nil
}

// ListRemovals lists cases.
func (s removals) ListRemovals(ctx context.Context, req *hubv1.ListRemovalsRequest) (*hubv1.ListRemovalsResponse, error) {
	all, next, err := s.hub.Removals(ctx, caller(ctx), hub.CaseQuery{
		Area: req.GetArea(), Village: req.GetVillage(), Household: req.GetHousehold(), Waiting: wire.RemovalRole(req.GetWaitingFor()),
		State: wire.CaseState(req.GetState()), Overridden: req.GetOverridden(), PageSize: int(req.GetPageSize()), PageToken: req.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListRemovalsResponse{NextPageToken: next}
	for _, c := range all {
		p := encodeCase(c)
		p.Steps, p.Ends, p.Persons = nil, nil, nil
		res.Cases = append(res.Cases, p)
	}
	return res, nil
}

// ListReaders tells who read what was wrong.
func (s removals) ListReaders(ctx context.Context, req *hubv1.ListReadersRequest) (*hubv1.ListReadersResponse, error) {
	all, err := s.hub.Readers(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListReadersResponse{}
	for _, r := range all {
		res.Readers = append(res.Readers, &hubv1.RemovalReader{
			Agency: r.Agency, Client: r.Client, ReadAt: wire.TimeText(r.ReadAt), CorrectedAt: wire.TimeText(r.CorrectedAt), Assumed: r.Assumed,
		})
	}
	return res, nil
}

// GetProcedure shows an area's parameters.
func (s removals) GetProcedure(ctx context.Context, req *hubv1.GetProcedureRequest) (*hubv1.GetProcedureResponse, error) {
	all, err := s.hub.Procedure(ctx, req.GetArea())
	if err != nil {
		return nil, err
	}
	res := &hubv1.GetProcedureResponse{}
	for _, p := range all {
		res.Versions = append(res.Versions, wire.ParametersToProto(p))
	}
	return res, nil
}

// SetProcedure stores a new version.
func (s removals) SetProcedure(ctx context.Context, req *hubv1.SetProcedureRequest) (*hubv1.SetProcedureResponse, error) {
	p, err := s.hub.SetProcedure(ctx, caller(ctx), req.GetArea(), wire.ParametersFromProto(req.GetParameters()), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	return &hubv1.SetProcedureResponse{Parameters: wire.ParametersToProto(p)}, nil
}

// encodeCase adds what depends on the day, and the words of the holds.
func encodeCase(c hub.CaseState) *hubv1.RemovalCase {
	p := wire.CaseToProto(c.Case)
	p.Etag, p.State, p.OpenedOn = c.Etag, wire.CaseStateToProto(c.Today), string(c.OpenedOn)
	p.WaitingFor, p.Since, p.Until = wire.RemovalRoleToProto(c.Waiting), string(c.Since), string(c.Until)
	for i, s := range c.Steps {
		for j, hold := range s.Holds {
			p.Steps[i].Holds[j] = encodeHold(hold)
		}
	}
	return p
}

func encodeHold(hold removal.Hold) *hubv1.RemovalHold {
	p := wire.HoldToProto(hold)
	p.Message, p.MessageZh = hold.Kind.Label().English, hold.Kind.Label().Chinese
	return p
}
