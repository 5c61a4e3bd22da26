package rpc

import (
	"context"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// CompareHouseholdRevisions says what differs between two revisions of a household.
func (s households) CompareHouseholdRevisions(ctx context.Context, req *hubv1.CompareHouseholdRevisionsRequest) (*hubv1.CompareHouseholdRevisionsResponse, error) {
	from := hub.RevisionName{Revision: req.GetFrom(), Area: req.GetFromArea()}
	to := hub.RevisionName{Revision: req.GetTo(), Area: req.GetToArea()}
	got, err := s.hub.CompareRevisions(ctx, caller(ctx), req.GetId(), from, to)
	if err != nil {
		return nil, err
	}
	res := &hubv1.CompareHouseholdRevisionsResponse{From: encodeRevision(got.From), To: encodeRevision(got.To)}
	for _, d := range got.Differences {
		res.Differences = append(res.Differences, encodeDifference(d))
	}
	return res, nil
}

func encodeRevision(r hub.Revision) *hubv1.HouseholdRevision {
	why := r.Why()
	return &hubv1.HouseholdRevision{
		Revision: r.Revision, Etag: r.Etag, Area: r.Area, Time: instant(r.Time), Actor: r.Actor, Cause: r.Cause,
		CauseLabel: why.Chinese, CauseLabelEn: why.English,
	}
}

func encodeDifference(d household.Difference) *hubv1.HouseholdDifference {
	text := d.Text()
	return &hubv1.HouseholdDifference{
		Path: d.Path, Group: wire.GroupToProto(d.Group),
		Kind:    hubv1.HouseholdDifferenceKind(hubv1.HouseholdDifferenceKind_value["HOUSEHOLD_DIFFERENCE_KIND_"+string(d.Kind)]),
		Subject: d.Subject.Chinese, SubjectEn: d.Subject.English, Label: d.Field.Chinese, LabelEn: d.Field.English,
		Before: d.Before.Chinese, BeforeEn: whereOther(d.Before), After: d.After.Chinese, AfterEn: whereOther(d.After),
		Text: text.Chinese, TextEn: text.English,
	}
}

// whereOther is the English of a label that is not the same in both languages.
func whereOther(l household.Label) string {
	if l.English == l.Chinese {
		return ""
	}
	return l.English
}
