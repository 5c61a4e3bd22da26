package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// facts serves what departments know, and the tasks that come of it.
type facts struct {
	hubv1.UnsafeFactServiceServer
	hub *hub.Hub
}

// SubmitFacts takes rows of one group and answers each.
func (s facts) SubmitFacts(ctx context.Context, req *hubv1.SubmitFactsRequest) (*hubv1.SubmitFactsResponse, error) {
	rows := make([]*household.Household, len(req.GetRows()))
	for i, row := range req.GetRows() {
		rows[i] = wire.HouseholdFromProto(row)
	}
	out, err := s.hub.SubmitFacts(ctx, caller(ctx), hub.Submission{Group: wire.Group(req.GetGroup()), Rows: rows, RequestID: req.GetRequestId()})
	if err != nil {
		return nil, err
	}
	res := &hubv1.SubmitFactsResponse{}
	for _, a := range out.Answers {
		res.Answers = append(res.Answers, factAnswer(a))
	}
	return res, nil
}

// CloseTask records what the office found about a task.
func (s facts) CloseTask(ctx context.Context, req *hubv1.CloseTaskRequest) (*hubv1.CloseTaskResponse, error) {
	state, err := s.hub.CloseTask(ctx, caller(ctx), hub.TaskClosing{
		Household: req.GetHousehold(), Etag: req.GetEtag(), Task: req.GetTask(), Reason: req.GetReason(), RequestID: req.GetRequestId(),
	})
	if err != nil {
		return nil, err
	}
	return &hubv1.CloseTaskResponse{Household: encodeState(state)}, nil
}

func factAnswer(a hub.Answer) *hubv1.FactAnswer {
	p := &hubv1.FactAnswer{
		Index: int32(a.Index), //nolint:gosec // at most 500
		State: wire.MatchStateToProto(a.State), Household: a.Household, Person: a.Person, Changed: a.Changed, Differs: a.Differs,
	}
	if r := a.Reason; r != nil {
		p.Reason, p.Message, p.MessageZh = string(r.Reason), r.Message, r.Chinese
		for _, v := range r.Violations {
			p.Violations = append(p.Violations, &hubv1.FactViolation{Field: v.Field, Reason: string(v.Reason), Message: v.Message, MessageZh: v.Chinese})
		}
	}
	for _, c := range a.Candidates {
		p.Candidates = append(p.Candidates, &hubv1.Candidate{Household: c.Household, Person: c.Person})
	}
	return p
}
