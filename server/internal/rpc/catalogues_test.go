package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
)

func TestStandardsAreTold(t *testing.T) {
	c, err := catalogue.Parse(catalogue.Hainan2019())
	if err != nil {
		t.Fatal(err)
	}
	c.Standards[0].Until = "2030-01-01"
	want := &hubv1.Standard{
		Code: "aid-preschool", Title: "学前教育资助 每年1000元", TitleEn: "aid, preschool, 1,000 yuan a year", Kind: "EDUCATION_AID",
		Condition: "person.school_stage == SchoolStage.PRESCHOOL", YearlyFen: 100_000, Basis: "海南省学生资助标准(2021年公开)", From: "2019-01-01", Until: "2030-01-01",
	}
	if got := encodeCatalogue(c).GetStandards(); len(got) != len(c.Standards) || !proto.Equal(got[0], want) {
		t.Errorf("got %v", got)
	}
}
