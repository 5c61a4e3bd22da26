package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// letters serves the official letters.
type letters struct {
	hubv1.UnsafeLetterServiceServer
	hub *hub.Hub
}

// ListLetters lists letters.
func (s letters) ListLetters(ctx context.Context, req *hubv1.ListLettersRequest) (*hubv1.ListLettersResponse, error) {
	all, next, err := s.hub.Letters(ctx, caller(ctx), hub.LetterQuery{
		Area: req.GetArea(), Department: req.GetDepartment(), State: wire.LetterState(req.GetState()), Waiting: wire.LetterWaiting(req.GetWaiting()),
		Household: req.GetHousehold(), Overdue: req.GetOverdue(), PageSize: int(req.GetPageSize()), PageToken: req.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListLettersResponse{NextPageToken: next}
	for _, v := range all {
		res.Letters = append(res.Letters, wire.LetterHeadToProto(v))
	}
	return res, nil
}

// GetLetter gives a letter.
func (s letters) GetLetter(ctx context.Context, req *hubv1.GetLetterRequest) (*hubv1.GetLetterResponse, error) {
	v, err := s.hub.Letter(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	return &hubv1.GetLetterResponse{Letter: wire.LetterToProto(v)}, nil
}

// PrintLetter gives it as a page.
func (s letters) PrintLetter(ctx context.Context, req *hubv1.PrintLetterRequest) (*httpbody.HttpBody, error) {
	data, err := s.hub.LetterPage(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	text, err := pages.Letter(data)
	return &httpbody.HttpBody{ContentType: page, Data: text}, err
}

// SignOffLetter signs a draft off.
func (s letters) SignOffLetter(ctx context.Context, req *hubv1.SignOffLetterRequest) (*hubv1.SignOffLetterResponse, error) {
	v, err := s.hub.SignOffLetter(ctx, caller(ctx), hub.LetterKey{ID: req.GetId(), Etag: req.GetEtag(), RequestID: req.GetRequestId()})
	if err != nil {
		return nil, err
	}
	return &hubv1.SignOffLetterResponse{Letter: wire.LetterToProto(v)}, nil
}

// IssueLetter issues a letter.
func (s letters) IssueLetter(ctx context.Context, req *hubv1.IssueLetterRequest) (*hubv1.IssueLetterResponse, error) {
	v, err := s.hub.IssueLetter(ctx, caller(ctx), hub.LetterKey{ID: req.GetId(), Etag: req.GetEtag(), RequestID: req.GetRequestId()}, req.GetNumber())
	if err != nil {
		return nil, err
	}
	return &hubv1.IssueLetterResponse{Letter: wire.LetterToProto(v)}, nil
}

// AcknowledgeLetter acknowledges one.
func (s letters) AcknowledgeLetter(ctx context.Context, req *hubv1.AcknowledgeLetterRequest) (*hubv1.AcknowledgeLetterResponse, error) {
	v, err := s.hub.AcknowledgeLetter(ctx, caller(ctx), hub.LetterKey{ID: req.GetId(), RequestID: req.GetRequestId()}, req.GetDigest())
	if err != nil {
		return nil, err
	}
	return &hubv1.AcknowledgeLetterResponse{Letter: wire.LetterToProto(v)}, nil
}

// ReportApplied reports one as applied.
func (s letters) ReportApplied(ctx context.Context, req *hubv1.ReportAppliedRequest) (*hubv1.ReportAppliedResponse, error) {
	by := hub.Applied{Count: int(req.GetCount())}
	if p := req.GetCopy(); p != nil {
		by.Copy = &hub.CopyProof{Rows: int(p.GetRows()), Digest: p.GetDigest(), Divisions: p.GetDivisions()}
		for _, at := range p.GetPositions() {
			by.Copy.Positions = append(by.Copy.Positions, feed.AreaPosition{Area: at.GetArea(), Transaction: at.GetTransaction()})
		}
	}
	v, err := s.hub.ReportApplied(ctx, caller(ctx), hub.LetterKey{ID: req.GetId(), RequestID: req.GetRequestId()}, by)
	if err != nil {
		return nil, err
	}
	return &hubv1.ReportAppliedResponse{Letter: wire.LetterToProto(v)}, nil
}

// DisputeLetter objects to items.
func (s letters) DisputeLetter(ctx context.Context, req *hubv1.DisputeLetterRequest) (*hubv1.DisputeLetterResponse, error) {
	var to []letter.Objection
	for _, o := range req.GetObjections() {
		to = append(to, letter.Objection{Item: int(o.GetItem()), Ground: wire.ObjectionGround(o.GetGround()), Text: o.GetText()})
	}
	v, err := s.hub.DisputeLetter(ctx, caller(ctx), hub.LetterKey{ID: req.GetId(), RequestID: req.GetRequestId()}, to)
	if err != nil {
		return nil, err
	}
	return &hubv1.DisputeLetterResponse{Letter: wire.LetterToProto(v)}, nil
}

// AnswerObjection answers an objection.
func (s letters) AnswerObjection(ctx context.Context, req *hubv1.AnswerObjectionRequest) (*hubv1.AnswerObjectionResponse, error) {
	k := hub.LetterKey{ID: req.GetId(), RequestID: req.GetRequestId()}
	v, err := s.hub.AnswerObjection(ctx, caller(ctx), k, int(req.GetObjection()), wire.ObjectionState(req.GetState()), req.GetReason())
	if err != nil {
		return nil, err
	}
	return &hubv1.AnswerObjectionResponse{Letter: wire.LetterToProto(v)}, nil
}

// ListLetterTimes shows times by department.
func (s letters) ListLetterTimes(ctx context.Context, req *hubv1.ListLetterTimesRequest) (*hubv1.ListLetterTimesResponse, error) {
	all, err := s.hub.LetterTimes(ctx, caller(ctx), req.GetArea(), date.Date(req.GetSince()))
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListLetterTimesResponse{}
	for _, t := range all {
		res.Departments = append(res.Departments, &hubv1.LetterTimes{
			Department: t.Department, Drafts: count(t.Drafts), Letters: count(t.Letters), Receipts: count(t.Receipts), Applied: count(t.Applied),
			Open: count(t.Open), Disputed: count(t.Disputed), Overdue: count(t.Overdue),
			MedianHours: t.Median.Hours(), SlowestHours: t.Slowest.Hours(), LongestOpenHours: t.LongestOpen.Hours(),
		})
	}
	return res, nil
}
