package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// records serves single records, for a question at the counter.
type records struct {
	hubv1.UnsafeRecordServiceServer
	hub *hub.Hub
}

// GetRecord gives one record.
func (s records) GetRecord(ctx context.Context, req *hubv1.GetRecordRequest) (*hubv1.GetRecordResponse, error) {
	r, err := s.hub.GetRecord(ctx, caller(ctx), req.GetList(), req.GetHousehold(), req.GetPerson())
	if err != nil {
		return nil, err
	}
	return &hubv1.GetRecordResponse{Record: r}, nil
}

// ListRecords gives a page of the records of a list in one village.
func (s records) ListRecords(ctx context.Context, req *hubv1.ListRecordsRequest) (*hubv1.ListRecordsResponse, error) {
	list, next, err := s.hub.ListRecords(ctx, caller(ctx), req.GetList(), req.GetVillage(), int(req.GetPageSize()), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	return &hubv1.ListRecordsResponse{Records: list, NextPageToken: next}, nil
}
