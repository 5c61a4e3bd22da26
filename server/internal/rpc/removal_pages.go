package rpc

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/wire"
)

const page = "text/html; charset=utf-8"

// GetCaseFile prints everything about a case.
func (s removals) GetCaseFile(ctx context.Context, req *hubv1.GetCaseFileRequest) (*httpbody.HttpBody, error) {
	data, err := s.hub.CaseFile(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, err
	}
	text, err := pages.CaseFile(data)
	return &httpbody.HttpBody{ContentType: page, Data: text}, err
}

// GetAnnouncement gives what may be posted in public.
func (s removals) GetAnnouncement(ctx context.Context, req *hubv1.GetAnnouncementRequest) (*hubv1.GetAnnouncementResponse, error) {
	data, err := s.hub.Announcement(ctx, caller(ctx), noticeOf(req))
	if err != nil {
		return nil, err
	}
	res := &hubv1.GetAnnouncementResponse{Village: req.GetVillage(), VillageName: data.VillageName, State: req.GetState()}
	for _, h := range data.Households {
		res.Households = append(res.Households, &hubv1.AnnouncedHousehold{
			VillageGroup: h.VillageGroup, HeadName: h.HeadName, Persons: count(h.Persons), From: string(h.From), Until: string(h.Until),
			EffectiveOn: string(h.EffectiveOn), DecisionNumber: h.DecisionNumber,
		})
	}
	return res, nil
}

// noticeOf is what either call asks for.
func noticeOf(req interface {
	GetVillage() string
	GetState() hubv1.RemovalState
	GetSince() string
	GetFrom() string
}) hub.Notice {
	return hub.Notice{
		Village: req.GetVillage(), State: wire.CaseState(req.GetState()), Since: date.Date(req.GetSince()), From: date.Date(req.GetFrom()),
	}
}

// PrintAnnouncement is the same as a page.
func (s removals) PrintAnnouncement(ctx context.Context, req *hubv1.PrintAnnouncementRequest) (*httpbody.HttpBody, error) {
	data, err := s.hub.Announcement(ctx, caller(ctx), noticeOf(req))
	if err != nil {
		return nil, err
	}
	text, err := pages.Announcement(data)
	return &httpbody.HttpBody{ContentType: page, Data: text}, err
}

// ListRemovalRates shows the rates of an area.
func (s removals) ListRemovalRates(ctx context.Context, req *hubv1.ListRemovalRatesRequest) (*hubv1.ListRemovalRatesResponse, error) {
	whole, parts, err := s.hub.RemovalRates(ctx, caller(ctx), req.GetArea())
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListRemovalRatesResponse{Area: encodeRate(whole)}
	for _, r := range parts {
		res.Divisions = append(res.Divisions, encodeRate(r))
	}
	return res, nil
}

func encodeRate(r removal.Rate) *hubv1.RemovalRate {
	return &hubv1.RemovalRate{
		Division: r.Division, Households: count(r.Households), Proposed: count(r.Proposed), Removed: count(r.Removed), Share: count(r.Share), Flagged: r.Flagged,
	}
}
