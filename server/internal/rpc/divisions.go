package rpc

import (
	"context"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// divisions serves the divisions; they hold no personal data and need no agreement.
type divisions struct {
	hubv1.UnsafeDivisionServiceServer
	tree *division.Tree
}

// GetDivision gives one division and the names above it.
func (s divisions) GetDivision(_ context.Context, req *hubv1.GetDivisionRequest) (*hubv1.GetDivisionResponse, error) {
	d, ok := s.tree.Get(req.GetCode())
	if !ok {
		return nil, fault.New(fault.DivisionNotFound, "division", req.GetCode())
	}
	return &hubv1.GetDivisionResponse{Division: s.encode(d), Path: s.tree.Path(d.Code)}, nil
}

// ListDivisions lists the divisions directly below one.
func (s divisions) ListDivisions(_ context.Context, req *hubv1.ListDivisionsRequest) (*hubv1.ListDivisionsResponse, error) {
	if _, ok := s.tree.Get(req.GetParent()); !ok && req.GetParent() != "" {
		return nil, fault.New(fault.DivisionNotFound, "division", req.GetParent())
	}
	res := &hubv1.ListDivisionsResponse{}
	for _, code := range s.tree.Children(req.GetParent()) {
		d, _ := s.tree.Get(code)
		res.Divisions = append(res.Divisions, s.encode(d))
	}
	return res, nil
}

// ListAreas lists the areas.
func (s divisions) ListAreas(context.Context, *hubv1.ListAreasRequest) (*hubv1.ListAreasResponse, error) {
	res := &hubv1.ListAreasResponse{}
	for _, a := range s.tree.Areas() {
		res.Areas = append(res.Areas, &hubv1.Area{Area: a.ID, Name: a.Name, Root: a.Root})
	}
	return res, nil
}

func (s divisions) encode(d division.Division) *hubv1.Division {
	return &hubv1.Division{
		Code: d.Code, Name: d.Name, Parent: d.Parent, Area: s.tree.AreaOf(d.Code),
		Level: hubv1.Level(hubv1.Level_value["LEVEL_"+strings.ToUpper(string(d.Level))]),
	}
}
