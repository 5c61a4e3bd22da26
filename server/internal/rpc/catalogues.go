package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// catalogues serves policies and lists, which hold no personal data, and the way
// by which a version of them becomes active.
type catalogues struct {
	hubv1.UnsafeCatalogueServiceServer
	hub *hub.Hub
}

// GetCatalogue gives the active catalogue or another version.
func (s catalogues) GetCatalogue(ctx context.Context, req *hubv1.GetCatalogueRequest) (*hubv1.GetCatalogueResponse, error) {
	c, err := s.hub.Catalogue(ctx, req.GetVersion())
	if err != nil {
		return nil, err
	}
	return &hubv1.GetCatalogueResponse{Catalogue: encodeCatalogue(c)}, nil
}

// ListCatalogues lists all versions.
func (s catalogues) ListCatalogues(ctx context.Context, _ *hubv1.ListCataloguesRequest) (*hubv1.ListCataloguesResponse, error) {
	versions, err := s.hub.Catalogues(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	res := &hubv1.ListCataloguesResponse{}
	for _, v := range versions {
		res.Versions = append(res.Versions, encodeVersion(v.Version, v.State, v.SubmittedBy, v.SubmittedAt, v.ActivatedBy, v.ActivatedAt))
	}
	return res, nil
}

// SubmitCatalogue checks and stores a catalogue.
func (s catalogues) SubmitCatalogue(ctx context.Context, req *hubv1.SubmitCatalogueRequest) (*hubv1.SubmitCatalogueResponse, error) {
	v, err := s.hub.SubmitCatalogue(ctx, caller(ctx), req.GetText())
	if err != nil {
		return nil, err
	}
	return &hubv1.SubmitCatalogueResponse{Version: encodeVersion(v.Version, v.State, v.SubmittedBy, v.SubmittedAt, v.ActivatedBy, v.ActivatedAt)}, nil
}

// PreviewCatalogue counts what a version would change.
func (s catalogues) PreviewCatalogue(ctx context.Context, req *hubv1.PreviewCatalogueRequest) (*hubv1.PreviewCatalogueResponse, error) {
	p, err := s.hub.PreviewCatalogue(ctx, caller(ctx), req.GetVersion())
	if err != nil {
		return nil, err
	}
	out := &hubv1.Preview{Version: p.Version, Against: p.Against, On: string(p.On)}
	for _, e := range p.Effects {
		out.Effects = append(out.Effects, &hubv1.Effect{
			Area: e.Area, List: e.List, Records: e.Records, Added: e.Added, Changed: e.Changed, Ended: e.Ended,
		})
	}
	return &hubv1.PreviewCatalogueResponse{Preview: out}, nil
}

// ActivateCatalogue is the second person's yes.
func (s catalogues) ActivateCatalogue(ctx context.Context, req *hubv1.ActivateCatalogueRequest) (*hubv1.ActivateCatalogueResponse, error) {
	v, err := s.hub.ActivateCatalogue(ctx, caller(ctx), req.GetVersion(), req.GetOverrideReason())
	if err != nil {
		return nil, err
	}
	return &hubv1.ActivateCatalogueResponse{Version: encodeVersion(v.Version, v.State, v.SubmittedBy, v.SubmittedAt, v.ActivatedBy, v.ActivatedAt)}, nil
}

func encodeVersion(version, state, submittedBy string, submittedAt time.Time, activatedBy string, activatedAt time.Time) *hubv1.CatalogueVersion {
	return &hubv1.CatalogueVersion{
		Version: version, State: state,
		SubmittedBy: submittedBy, SubmittedAt: instant(submittedAt),
		ActivatedBy: activatedBy, ActivatedAt: instant(activatedAt),
	}
}

// instant is nil for the zero time.
func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func encodeCatalogue(c *catalogue.Catalogue) *hubv1.Catalogue {
	out := &hubv1.Catalogue{Version: c.Version, Title: c.Title, TitleEn: c.TitleEnglish}
	for _, p := range c.Policies {
		out.Policies = append(out.Policies, &hubv1.Policy{
			Code: p.Code, Title: p.Title, TitleEn: p.TitleEnglish, Clause: p.Clause, Department: p.Department,
			Grain: grain(p.Grain), Due: p.Due, From: string(p.From), Until: string(p.Until), Condition: p.Condition,
		})
	}
	for _, s := range c.Standards {
		out.Standards = append(out.Standards, &hubv1.Standard{
			Code: s.Code, Title: s.Title, TitleEn: s.TitleEnglish, Kind: string(s.Kind), Condition: s.Condition,
			YearlyFen: s.Yearly, Basis: s.Basis, From: string(s.From), Until: string(s.Until),
		})
	}
	for _, l := range c.Lists {
		out.Lists = append(out.Lists, encodeList(l))
	}
	return out
}

func encodeList(l *catalogue.List) *hubv1.List {
	out := &hubv1.List{
		Name: l.Name, Title: l.Title, TitleEn: l.TitleEnglish, Department: l.Department,
		Grain: grain(l.Grain), Worklist: l.Worklist, Fingerprint: l.Fingerprint,
	}
	for _, f := range l.Fields {
		out.Fields = append(out.Fields, &hubv1.Field{
			Name: f.Name, Meaning: f.Meaning, MeaningEn: f.MeaningEnglish,
			Source: f.Source, Unit: f.Unit, Sharing: f.Sharing, Basis: f.Basis,
		})
	}
	return out
}

func grain(g catalogue.Grain) hubv1.Grain {
	return hubv1.Grain(hubv1.Grain_value["GRAIN_"+strings.ToUpper(string(g))])
}
