package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// changedTwice is a household that the office and the schools changed, and that moved to
// another area and was changed there.
func changedTwice(h *house) (id string, child household.Person) {
	h.Helper()
	h.load(home(1, qionghai[0]))
	state := h.find("HH-0001")
	child = state.Household.Persons[2]
	h.clock.day(today.AddDays(1))
	state, err := h.update(office, state, household.GroupRegister, func(f *household.Household) { f.Register.PovertyStatus = household.Returned })
	h.ok(err)
	h.clock.day(today.AddDays(2))
	state, err = h.update(schools, state, household.GroupEducation, func(f *household.Household) {
		f.Persons[2].Education = &household.Education{Enrolment: household.DroppedOut}
	})
	h.ok(err)
	h.clock.day(today.AddDays(3))
	state = h.move(state, danzhou[0])
	h.clock.day(today.AddDays(4))
	_, err = h.update(office, state, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "13800000009" })
	h.ok(err)
	return state.Household.ID, child
}

// said is the head and the sentences of a comparison.
func said(c hub.Comparison) string {
	out := []string{fmt.Sprintf("%s/%d→%s/%d %s %s", c.From.Area, c.From.Revision, c.To.Area, c.To.Revision, c.To.Actor, c.To.Cause)}
	for _, d := range c.Differences {
		if !strings.HasPrefix(d.Path, "sources[") {
			out = append(out, string(d.Group)+" "+d.Text().Chinese)
		}
	}
	return strings.Join(out, "\n")
}

func TestRevisionsAreComparedAlsoBehindATransfer(t *testing.T) {
	h := newHouse(t)
	id, child := changedTwice(h)
	poverty := "REGISTER 本户：脱贫属性 由 脱贫 改为 返贫"
	school := "EDUCATION 新增 成员 " + child.Name + " 学籍信息（学籍状态：辍学）"
	moved := fmt.Sprintf("REGISTER 本户：行政村 由 %s 改为 %s", villageName(qionghai[0]), villageName(danzhou[0]))
	phone := "REGISTER 本户：户联系电话 由 " + home(1, "").Register.Phone + " 改为 13800000009"
	event := " 新增 办理事项 迁移 2026-11-26（文件：" + strings.Join([]string{paper().Issuer, paper().Number, string(paper().Date)}, " ") + "）"
	in := func(n int64, area string) hub.RevisionName { return hub.RevisionName{Revision: n, Area: area} }
	for _, tt := range []struct {
		from, to hub.RevisionName
		want     []string
	}{
		{in(0, ""), in(0, ""), []string{"danzhou/1→danzhou/2 office/test/clerk-1 UPDATE", phone}},
		{in(1, ""), in(2, ""), []string{"danzhou/1→danzhou/2 office/test/clerk-1 UPDATE", phone}},
		{in(0, ""), in(1, ""), []string{"qionghai/3→danzhou/1 office/test/clerk-1 TRANSFER", event, moved}},
		{in(0, ""), in(3, ""), []string{"qionghai/2→qionghai/3 schools/register UPDATE", school}},
		{in(1, "qionghai"), in(2, "qionghai"), []string{"qionghai/1→qionghai/2 office/test/clerk-1 UPDATE", poverty}},
		{in(1, "qionghai"), in(0, "qionghai"), []string{"qionghai/1→qionghai/3 schools/register UPDATE", poverty, school}},
		{in(1, "qionghai"), in(0, ""), []string{"qionghai/1→danzhou/2 office/test/clerk-1 UPDATE", event, moved, phone, poverty, school}},
		{in(2, ""), in(2, ""), []string{"danzhou/2→danzhou/2 office/test/clerk-1 UPDATE"}},
	} {
		got, err := h.CompareRevisions(t.Context(), office, id, tt.from, tt.to)
		h.ok(err)
		want := slices.Clone(tt.want)
		lines := strings.Split(said(got), "\n")
		slices.Sort(want[1:])
		slices.Sort(lines[1:])
		if !slices.Equal(lines, want) {
			t.Errorf("%v to %v: got\n%s", tt.from, tt.to, said(got))
		}
	}
	for _, name := range [][2]hub.RevisionName{{in(0, ""), in(9, "")}, {in(1, "sanya"), in(0, "")}, {in(0, ""), in(1, "qionghai")}} {
		_, err := h.CompareRevisions(t.Context(), office, id, name[0], name[1])
		h.refused(err, fault.RevisionNotFound)
	}
}

func TestTheHistoryOfAHouseholdIsToldStepByStep(t *testing.T) {
	h := newHouse(t)
	id, _ := changedTwice(h)
	in := func(n int64, area string) hub.RevisionName { return hub.RevisionName{Revision: n, Area: area} }
	steps := []string{"/0→qionghai/1", "qionghai/1→qionghai/2", "qionghai/2→qionghai/3", "qionghai/3→danzhou/1", "danzhou/1→danzhou/2"}
	for _, tt := range []struct {
		from, to hub.RevisionName
		want     []string
	}{
		{in(0, ""), in(0, ""), steps},
		{in(2, "qionghai"), in(1, "danzhou"), steps[2:4]},
		{in(2, ""), in(0, ""), nil},
	} {
		got, err := h.History(t.Context(), office, id, tt.from, tt.to)
		h.ok(err)
		var heads []string
		for i, c := range got {
			head, _, _ := strings.Cut(said(c), " ")
			heads = append(heads, head)
			if first := c.From.Revision == 0; first != (len(c.Differences) == 0) || first && i > 0 {
				t.Errorf("%s: %d differences", head, len(c.Differences))
			}
		}
		if !slices.Equal(heads, tt.want) {
			t.Errorf("%v to %v: got %v", tt.from, tt.to, heads)
		}
	}
	_, err := h.History(t.Context(), office, id, in(7, ""), in(0, ""))
	h.refused(err, fault.RevisionNotFound)
	before := len(h.trail(0))
	_, err = h.History(t.Context(), stranger, id, in(0, ""), in(0, ""))
	h.refused(err, fault.HouseholdNotFound)
	if e := h.trail(before); len(e) != 2 || e[0].Action != "household.history" || e[1].Outcome != "HOUSEHOLD_NOT_FOUND" {
		t.Errorf("%+v", e)
	}
}

func TestAComparisonIsHiddenAndAuditedLikeTheHousehold(t *testing.T) {
	h := newHouse(t)
	id, child := changedTwice(h)
	before := len(h.trail(0))
	got, err := h.CompareRevisions(t.Context(), schools, id, hub.RevisionName{Revision: 1, Area: "qionghai"}, hub.RevisionName{})
	h.ok(err)
	e := h.trail(before)
	if len(e) != 2 || e[0].Action != "household.compare" || !strings.Contains(e[0].Detail, id) || e[1].Outcome != "OK" ||
		!strings.Contains(e[1].Detail, fmt.Sprintf(`"differences":%d`, len(got.Differences))) {
		t.Errorf("%+v", e)
	}
	_, err = h.CompareRevisions(t.Context(), office, id, hub.RevisionName{Area: child.Name}, hub.RevisionName{Area: child.IDNumber})
	h.refused(err, fault.RevisionNotFound)
	for _, c := range []string{child.Name, child.IDNumber, "13800000009"} {
		if strings.Contains(fmt.Sprint(h.trail(before)), c) {
			t.Error("the audit holds personal data")
		}
	}
	_, err = h.CompareRevisions(t.Context(), stranger, id, hub.RevisionName{}, hub.RevisionName{})
	h.refused(err, fault.HouseholdNotFound)
	_, err = h.CompareRevisions(t.Context(), reader, id, hub.RevisionName{}, hub.RevisionName{})
	h.refused(err, fault.HouseholdNotFound)
	_, err = h.CompareRevisions(t.Context(), office, "hh_none", hub.RevisionName{}, hub.RevisionName{})
	h.refused(err, fault.HouseholdNotFound)
}

// villageName is a village of a county as clerks say it.
func villageName(code string) string {
	tree, name := division.Hainan(), ""
	for at := code; tree.AreaOf(at) != ""; {
		d, _ := tree.Get(at)
		name, at = d.Name+name, d.Parent
	}
	return name + " " + code
}

func TestPoliciesOfADecisionAreNamed(t *testing.T) {
	h := newHouse(t)
	one, two := unsupported(home(1, qionghai[0])), unsupported(home(2, qionghai[0]))
	two.Decisions[0].Ends[0].Policy, two.Decisions[0].Ends[1].Policy = "medical-basic", "no-longer-a-policy"
	h.load(one, two)
	united := h.merge(h.find("HH-0001"), h.find("HH-0002"))
	got, err := h.CompareRevisions(t.Context(), office, united.Household.ID, hub.RevisionName{}, hub.RevisionName{})
	h.ok(err)
	c, err := h.Catalogue(t.Context(), "")
	h.ok(err)
	for _, want := range []string{
		"政策终止 " + c.Policy("medical-basic").Title + " " + two.Persons[0].Name, "政策终止 no-longer-a-policy " + two.Persons[1].Name, "政策终止 全部政策 " + two.Persons[2].Name,
	} {
		if !strings.Contains(said(got), want) {
			t.Errorf("%s is not in\n%s", want, said(got))
		}
	}
}
