package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestADifferenceIsSentWithItsWords(t *testing.T) {
	got := encodeDifference(household.Difference{
		Path: "p", Group: household.GroupHousing, Kind: household.DiffChanged, Subject: household.Label{Chinese: "本户", English: "household"},
		Field: household.Label{Chinese: "名", English: "name"}, Before: household.Label{Chinese: "是", English: "yes"}, After: household.Label{Chinese: "1", English: "1"},
	})
	want := &hubv1.HouseholdDifference{
		Path: "p", Group: hubv1.FactGroup_FACT_GROUP_HOUSING, Kind: hubv1.HouseholdDifferenceKind_HOUSEHOLD_DIFFERENCE_KIND_CHANGED,
		Subject: "本户", SubjectEn: "household", Label: "名", LabelEn: "name", Before: "是", BeforeEn: "yes", After: "1",
		Text: "本户：名 由 是 改为 1", TextEn: "household: name changed from yes to 1",
	}
	if !proto.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, k := range []household.DiffKind{household.DiffAdded, household.DiffRemoved} {
		if encodeDifference(household.Difference{Kind: k}).GetKind() == 0 {
			t.Errorf("%s is not sent", k)
		}
	}
	if r := encodeRevision(hub.Revision{Revision: 2, Cause: "BIRTH"}); r.GetRevision() != 2 || r.GetCauseLabel() != "出生登记" || r.GetCauseLabelEn() != "birth" {
		t.Errorf("got %v", r)
	}
}
