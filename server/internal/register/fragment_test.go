package register_test

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/register"
)

func TestDepartmentsRowsAreFragments(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		good func(*household.Household) bool
	}{
		"housing-appraisals": {"户编号,鉴定等级,鉴定日期,鉴定单位\n99001,C级,43529,虚构公司\n", func(h *household.Household) bool {
			a := h.Housing.Appraisals
			return h.HouseholdNumber == "99001" && len(a) == 1 && a[0].Grade == "C" && a[0].AppraisedOn == "2019-03-05"
		}},
		"school-enrolment": {"姓名,身份证号,学籍号,学籍状态,年级\n虚拟,99010119900101109X,L1,在读,小学\n", func(h *household.Household) bool {
			e := h.Persons[0].Education
			return h.Persons[0].IDNumber != "" && e.StudentNumber == "L1" && e.Enrolment == "ENROLLED" && e.AsOf == asOf
		}},
		"insured-schemes": {"身份证号,参保年度,基本医疗保险,大病保险\n99010119900101109X,2026年,是,否\n", func(h *household.Household) bool {
			i := h.Persons[0].Insurances
			return len(i) == 1 && i[0] == household.Insurance{Year: 2026, Basic: "YES", CriticalIllness: "NO"}
		}},
		"assistance-decisions": {"户编号,姓名,身份证号,救助类型,开始日期\n99001,,,低保,2026/1/1\n", func(h *household.Household) bool {
			a := h.Assistance
			return len(h.Persons) == 0 && len(a) == 1 && a[0].Kind == "SUBSISTENCE_ALLOWANCE" && a[0].From == "2026-01-01"
		}},
		"student-aid": {"学生身份证号,资助项目,年级,年度,学期,金额(元),发放日期,发放批次\n99010119900101109X,学生资助,小学,2026年,春季,\"1,000.50\",2026/3/20,虚构1号\n", func(h *household.Household) bool {
			return h.Persons[0].IDNumber != "" && h.Persons[0].Education == nil && len(h.Benefits) == 1 && h.Benefits[0] == household.Benefit{
				Group: "EDUCATION", Kind: "EDUCATION_AID", Stage: "PRIMARY", Year: 2026, Term: "SPRING", Amount: 100_050, PaidOn: "2026-03-20", Document: "虚构1号"}
		}},
		"housing-subsidies": {"户编号,户主姓名,补助类型,年度,金额,发放时间\n99001,虚拟,抗震改造,2025,8000,2025-12-01\n", func(h *household.Household) bool {
			return h.HouseholdNumber == "99001" && len(h.Benefits) == 1 && h.Benefits[0] == household.Benefit{
				Group: "HOUSING", Kind: "SEISMIC_SUBSIDY", Year: 2025, Amount: 800_000, PaidOn: "2025-12-01"}
		}},
	} {
		m, err := register.LoadMapping(name)
		if err != nil {
			t.Fatal(err)
		}
		all := units(t, open(t, []byte(c.file), register.Config{Mapping: m, Source: "file"}))
		if len(all) != 1 || len(all[0].Problems) > 0 || !c.good(all[0].Household) {
			t.Errorf("%s: %+v", name, all)
			continue
		}
		if s := all[0].Household.Sources; len(s) != 1 || s[m.Group] != (household.Provenance{Source: "file", AsOf: asOf}) {
			t.Errorf("%s: sources %+v", name, s)
		}
	}
}
