package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// ledger serves the delivery ledger and the questions asked of it.
type ledger struct {
	hubv1.UnsafeLedgerServiceServer
	hub *hub.Hub
}

// workbook is the media type of XLSX.
const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// ListDeliveries lists who was handed what.
func (s ledger) ListDeliveries(ctx context.Context, req *hubv1.ListDeliveriesRequest) (*hubv1.ListDeliveriesResponse, error) {
	all, next, err := s.hub.Deliveries(ctx, caller(ctx), hub.DeliveryQuery{
		Area: req.GetArea(), Agency: req.GetAgency(), From: date.Date(req.GetFrom()), Until: date.Date(req.GetUntil()),
		PageSize: int(req.GetPageSize()), PageToken: req.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListDeliveriesResponse{NextPageToken: next}
	for _, d := range all {
		res.Deliveries = append(res.Deliveries, &hubv1.Delivery{
			Agency: d.Agency, Client: d.Client, Lists: d.Lists, Time: wire.TimeText(d.Time), FromTransaction: d.From, ToTransaction: d.To,
			Load: d.Load, Assumed: d.Assumed,
		})
	}
	return res, nil
}

// Replay tells what an agency held about a household.
func (s ledger) Replay(ctx context.Context, req *hubv1.ReplayRequest) (*hubv1.ReplayResponse, error) {
	r, err := s.hub.Replay(ctx, caller(ctx), req.GetAgency(), req.GetHousehold(), date.Date(req.GetOn()))
	if err != nil {
		return nil, err
	}
	return encodeReplay(r), nil
}

// ReplaySheet is the same as a workbook.
func (s ledger) ReplaySheet(ctx context.Context, req *hubv1.ReplaySheetRequest) (*httpbody.HttpBody, error) {
	r, err := s.hub.Replay(ctx, caller(ctx), req.GetAgency(), req.GetHousehold(), date.Date(req.GetOn()))
	if err != nil {
		return nil, err
	}
	content, err := workbookOf(replaySheet(r))
	return &httpbody.HttpBody{ContentType: workbook, Data: content}, err
}

func encodeReplay(r hub.Replay) *hubv1.ReplayResponse {
	out := &hubv1.ReplayResponse{Agency: r.Agency, Household: r.Household, On: string(r.On), Incomplete: r.Incomplete}
	for _, d := range r.Readers {
		out.Readers = append(out.Readers, &hubv1.ReplayReader{
			Client: d.Client, Area: d.Area, Transaction: d.Transaction, ReadAt: wire.TimeText(d.ReadAt), Lists: d.Lists, Assumed: d.Assumed,
		})
	}
	for _, d := range r.Records {
		out.Records = append(out.Records, &hubv1.ReplayRecord{Client: d.Client, List: d.List, Record: d.Record, ReadAt: wire.TimeText(d.ReadAt)})
	}
	for _, d := range r.Decisions {
		out.Decisions = append(out.Decisions, &hubv1.ReplayDecision{
			Id: d.ID, Number: d.Number, Kind: string(d.Kind), DecidedOn: string(d.DecidedOn), EffectiveOn: string(d.EffectiveOn), Reverses: d.Reverses,
		})
	}
	for _, l := range r.Letters {
		p := &hubv1.ReplayLetter{
			Id: l.ID, Number: l.Number, Kind: wire.LetterKindToProto(l.Kind), IssuedOn: string(l.IssuedOn), Receipt: wire.ReceiptToProto(l.Receipt),
		}
		for _, i := range l.Items {
			p.Items = append(p.Items, wire.LetterItemToProto(i.Number, i.Item))
		}
		out.Letters = append(out.Letters, p)
	}
	return out
}

// ListRecalls tells who holds something that is no longer true.
func (s ledger) ListRecalls(ctx context.Context, req *hubv1.ListRecallsRequest) (*hubv1.ListRecallsResponse, error) {
	all, err := s.hub.Recalls(ctx, caller(ctx), req.GetArea(), req.GetSettled())
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListRecallsResponse{}
	for _, a := range all {
		res.Recalls = append(res.Recalls, &hubv1.Recall{
			Agency: a.Agency, Client: a.Client, Decision: a.Decision, Case: a.Case, Letter: a.Letter, Correction: a.Correction,
			ReadAt: wire.TimeText(a.ReadAt), SettledAt: wire.TimeText(a.SettledAt), Assumed: a.Assumed,
		})
	}
	return res, nil
}

// GetReconciliation gives the reconciliation sheet of a month.
func (s ledger) GetReconciliation(ctx context.Context, req *hubv1.GetReconciliationRequest) (*hubv1.GetReconciliationResponse, error) {
	r, err := s.hub.Reconciliation(ctx, caller(ctx), req.GetArea(), req.GetMonth(), req.GetDepartment())
	if err != nil {
		return nil, err
	}
	return encodeReconciliation(r), nil
}

// PrintReconciliation gives it as a page.
func (s ledger) PrintReconciliation(ctx context.Context, req *hubv1.PrintReconciliationRequest) (*httpbody.HttpBody, error) {
	r, err := s.hub.Reconciliation(ctx, caller(ctx), req.GetArea(), req.GetMonth(), req.GetDepartment())
	if err != nil {
		return nil, err
	}
	text, err := pages.Reconciliation(reconciliationPage(r))
	return &httpbody.HttpBody{ContentType: page, Data: text}, err
}

// ReconciliationSheet gives it as a workbook.
func (s ledger) ReconciliationSheet(ctx context.Context, req *hubv1.ReconciliationSheetRequest) (*httpbody.HttpBody, error) {
	r, err := s.hub.Reconciliation(ctx, caller(ctx), req.GetArea(), req.GetMonth(), req.GetDepartment())
	if err != nil {
		return nil, err
	}
	content, err := workbookOf(reconciliationSheet(reconciliationPage(r)))
	return &httpbody.HttpBody{ContentType: workbook, Data: content}, err
}

func encodeReconciliation(r hub.Reconciliation) *hubv1.GetReconciliationResponse {
	out := &hubv1.GetReconciliationResponse{Area: r.Area, Month: r.Month, Transaction: r.Transaction, DerivedFor: string(r.DerivedFor)}
	for _, v := range r.Villages {
		out.Villages = append(out.Villages, &hubv1.ReconciledVillage{
			Village: v.Village, Name: v.Name, Supported: count(v.Supported), Unsupported: count(v.Unsupported), Roster: v.Roster, RosterDigest: v.RosterDigest,
		})
	}
	for _, w := range r.Rows {
		out.Rows = append(out.Rows, &hubv1.ReconciledRow{
			Department: w.Department, Village: w.Village, Entitled: w.Entitled, Digest: w.Digest,
			Items: count(w.Items), ItemsApplied: count(w.ItemsApplied), ItemsOpen: count(w.ItemsOpen),
		})
	}
	for _, d := range r.Departments {
		out.Departments = append(out.Departments, &hubv1.ReconciledDepartment{
			Department: d.Department, Entitled: d.Entitled, Digest: d.Digest,
			Letters: count(d.Letters), LettersApplied: count(d.LettersApplied), LettersOpen: count(d.LettersOpen),
			CopiesCurrent: count(d.CopiesCurrent), CopiesBehind: count(d.CopiesBehind),
		})
	}
	return out
}

// reconciliationPage puts the names in Chinese.
func reconciliationPage(r hub.Reconciliation) pages.ReconciliationData {
	out := pages.ReconciliationData{Area: r.AreaName, Month: r.Month, Transaction: r.Transaction, DerivedFor: r.DerivedFor}
	for _, d := range r.Departments {
		out.Departments = append(out.Departments, pages.ReconciledDepartment{
			Name: letter.DepartmentName(d.Department), Entitled: d.Entitled, Digest: d.Digest,
			Letters: d.Letters, LettersApplied: d.LettersApplied, LettersOpen: d.LettersOpen, CopiesCurrent: d.CopiesCurrent, CopiesBehind: d.CopiesBehind,
		})
	}
	for _, v := range r.Villages {
		out.Villages = append(out.Villages, pages.ReconciledVillage{
			Name: v.Name, Code: v.Village, Supported: v.Supported, Unsupported: v.Unsupported, Roster: v.Roster, RosterDigest: v.RosterDigest,
		})
	}
	for _, w := range r.Rows {
		out.Rows = append(out.Rows, pages.ReconciledRow{
			Department: letter.DepartmentName(w.Department), Village: w.Name, Code: w.Village, Entitled: w.Entitled, Digest: w.Digest,
			Items: w.Items, ItemsApplied: w.ItemsApplied, ItemsOpen: w.ItemsOpen,
		})
	}
	return out
}
