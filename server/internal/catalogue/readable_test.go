package catalogue

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
)

func TestEveryFactIsCalledSomethingInBothLanguages(t *testing.T) {
	seen := map[household.Label]bool{}
	for _, f := range Facts() {
		if l := f.label(); l.Chinese == "" || l.English == "" || l.Chinese == l.English || seen[l] {
			t.Errorf("%s is called %+v", f.Name, l)
		}
		seen[f.label()] = true
	}
	for name := range factNames {
		if factByName[name] == nil {
			t.Errorf("%s is called something and is no fact", name)
		}
	}
}

func TestConditionsAreSaidInWords(t *testing.T) {
	for source, want := range map[string]household.Label{
		"household.has_helper":                               {Chinese: "有帮扶责任人为是", English: "has a helper is yes"},
		"!household.has_helper":                              {Chinese: "有帮扶责任人为否", English: "has a helper is no"},
		"household.main_cause != Cause.NOT_RECORDED":         {Chinese: "主要致贫原因不为未登记", English: "main cause of poverty is other than not recorded"},
		"household.per_capita_net_income < 400000":           {Chinese: "人均纯收入小于4000.00元", English: "per-capita net income is less than 4000.00 yuan"},
		"household.danger_grade in [Grade.C]":                {Chinese: "危房等级为C级(局部危房)", English: "danger grade of the house is C (part of the house dangerous)"},
		"household.poverty_status == PovertyStatus.LIFTED":   {Chinese: "脱贫属性为脱贫", English: "poverty status is lifted"},
		"size(household.open_needs) >= 2":                    {Chinese: "帮扶需求项数不小于2", English: "the number of open needs of the household is at least 2"},
		"NeedCategory.FOOD in household.open_needs":          {Chinese: "帮扶需求含吃", English: "open needs of the household include food"},
		"!(household.member_count > 3 || household.damaged)": {Chinese: "并非（人数大于3或住房损毁未修复为是）", English: "not (members present is more than 3 or house damaged and not renovated since is yes)"},
		"household.damaged || household.has_helper && (household.member_count <= 3 || household.able_count == 0)": {
			Chinese: "住房损毁未修复为是或（有帮扶责任人为是且（人数不大于3或在户有劳动能力人数为0））",
			English: "house damaged and not renovated since is yes or (has a helper is yes and (members present is at most 3 or members able to work is 0))",
		},
		"household.income_year < household.lifted_year":       {},
		"household.damaged ? household.has_helper : true":     {},
		"household.member_count in [1, household.able_count]": {},
		"household.damaged || size([Grade.C, Grade.D]) == 2":  {},
		"household.danger_grade in [Grade.A, Grade.B, Grade.C]": {
			Chinese: "危房等级为A级(结构安全)、B级(个别构件危险,主体结构安全)或C级(局部危房)",
			English: "danger grade of the house is A (structure safe), B (single members dangerous, main structure safe) or C (part of the house dangerous)",
		},
	} {
		got, bad := (&compiler{}).compile(source, GrainHousehold, true)
		if len(bad) > 0 || len(got) != 1 {
			t.Fatalf("%s: %v", source, bad)
		}
		if got[0].wants != want {
			t.Errorf("%s: got %+v", source, got[0].wants)
		}
	}
	unsaid := Tested{Facts: []Asked{{Label: household.Label{Chinese: "名", English: "name"}, Text: household.Label{Chinese: "值", English: "value"}}}}
	if got := unsaid.unmet(); got != (household.Label{Chinese: "名：值", English: "name: value"}) {
		t.Errorf("got %+v", got)
	}
}
