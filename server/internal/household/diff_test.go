package household

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
)

// filler sets every field that the type has, found by reflection, to a value of its own.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	switch t := v.Type(); t.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			f.fill(field)
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		f.fill(key)
		f.fill(value)
		v.SetMapIndex(key, value)
	case reflect.Int, reflect.Int64:
		f.n++
		v.SetInt(int64(f.n))
	case reflect.String:
		f.n++
		v.SetString(f.text(t))
	default:
		panic("a household has a field of a kind that Diff cannot read: " + t.String())
	}
}

func (f *filler) text(t reflect.Type) string {
	if codes, ok := Codes[t.Name()]; ok {
		return codes[f.n%len(codes)]
	}
	if t == reflect.TypeFor[date.Date]() {
		return string(date.New(2000, 1, 1).AddDays(f.n))
	}
	return fmt.Sprintf("x%d", f.n)
}

// leaf is a plain field somewhere in a household; get finds it in a copy.
type leaf struct {
	key   string // type and field
	isKey bool   // it says which element is meant
	get   func(h *Household) reflect.Value
}

// leaves walks all plain fields, of lists those of the second element.
func leaves(v reflect.Value, get func(h *Household) reflect.Value) (out []leaf) {
	for i := range v.NumField() {
		f, t := v.Field(i), v.Type()
		in := func(h *Household) reflect.Value { return get(h).Field(i) }
		switch {
		case f.Kind() == reflect.Pointer:
			out = append(out, leaves(f.Elem(), func(h *Household) reflect.Value { return in(h).Elem() })...)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			out = append(out, leaves(f.Index(1), func(h *Household) reflect.Value { return in(h).Index(1) })...)
		case f.Kind() == reflect.Map: // tested by itself: its elements cannot be set in place
		case f.Kind() == reflect.Struct && f.Type() != reflect.TypeFor[Document]():
			out = append(out, leaves(f, in)...)
		default:
			name := t.Field(i).Name
			out = append(out, leaf{t.Name() + "." + name, slices.Contains(elements[t.Name()].key, name), in})
		}
	}
	return out
}

func TestNoFieldOfAHouseholdIsForgottenInADifference(t *testing.T) {
	full := &Household{}
	f := &filler{}
	f.fill(reflect.ValueOf(full).Elem())
	all := leaves(reflect.ValueOf(full).Elem(), func(h *Household) reflect.Value { return reflect.ValueOf(h).Elem() })
	for _, l := range all {
		other, without := full.Clone(), full.Clone()
		for reflect.DeepEqual(l.get(other).Interface(), l.get(full).Interface()) {
			f.fill(l.get(other))
		}
		l.get(without).SetZero()
		got := Diff(full, other, Names{})
		if len(got) == 0 {
			t.Errorf("%s makes no difference", l.key)
		}
		_, field, _ := strings.Cut(l.key, ".")
		if c := got; !l.isKey && (len(c) != 1 || c[0].Kind != DiffChanged || !strings.HasSuffix(c[0].Path, contractName(field)) ||
			c[0].Before == c[0].After || c[0].Field != fieldLabels[l.key]) {
			t.Errorf("%s: got %+v", l.key, c)
		}
		for _, d := range slices.Concat(got, Diff(full, without, Names{}), Diff(without, full, Names{})) {
			if text := d.Text(); d.Subject.Chinese == "" || d.Subject.English == "" || d.Field.Chinese == "" || d.Field.English == "" ||
				strings.Contains(text.Chinese+text.English, "{") || !d.element && d.Before == d.After {
				t.Errorf("%s has no label in fieldLabels or its type none in elements, or it cannot be read: %s %+v %+v", l.key, d.Path, d.Subject, d.Field)
				break
			}
		}
		if !l.isKey && (len(Diff(without, full, Names{})) == 0 || len(Diff(full, without, Names{})) == 0) {
			t.Errorf("%s makes no difference where it was not recorded", l.key)
		}
	}
}

func TestEachGroupsSourceMakesADifference(t *testing.T) {
	full := &Household{}
	f := &filler{}
	f.fill(reflect.ValueOf(full).Elem())
	for group, source := range full.Sources {
		for i := range reflect.TypeFor[Provenance]().NumField() {
			other := source
			f.fill(reflect.ValueOf(&other).Elem().Field(i))
			b := full.Clone()
			b.Sources[group] = other
			field := reflect.TypeFor[Provenance]().Field(i).Name
			got := Diff(full, b, Names{})
			if len(got) != 1 || got[0].Field != fieldLabels["Provenance."+field] || got[0].Group != group || got[0].Path != "sources["+string(group)+"]."+contractName(field) {
				t.Errorf("%s: got %+v", field, got)
			}
		}
		b := full.Clone()
		delete(b.Sources, group)
		if gone, come := Diff(full, b, Names{}), Diff(b, full, Names{}); len(gone) != 1 || gone[0].Kind != DiffRemoved || len(come) != 1 || come[0].Kind != DiffAdded {
			t.Errorf("a source that goes and comes: %+v %+v", gone, come)
		}
	}
}

func TestPersonsVillagesAndPoliciesAreNamed(t *testing.T) {
	a := stored(t, sample())
	b := a.Clone()
	b.Village, b.Needs[0].Person = "460400100201", b.Persons[0].ID
	b.Decisions = []Decision{{ID: "dc_1", Number: "试决1号", Only: []string{b.Persons[1].ID}, Ends: []End{{Policy: "helper"}}}}
	b.Persons[0].EthnicGroup, b.Persons[1].EthnicGroup = "19", "77"
	b.Tasks = []Task{{ID: "task_1", Kind: TaskMismatch, Group: GroupEducation, Person: b.Persons[2].ID, Fields: []string{"birth_date", "name"}}}
	called := func(code string) Label { return Label{"名" + code, "named " + code} }
	var got []string
	for _, d := range Diff(a, b, Names{Village: called, Policy: called}) {
		got = append(got, d.Text().Chinese)
	}
	want := []string{
		"本户：行政村 由 名460400100200 改为 名460400100201", "成员 试甲：民族 登记为 黎族", "成员 试乙：民族 登记为 77", "帮扶需求 义务教育 试甲：成员 由 试丙 改为 试甲",
		"新增 待核对事项 姓名、性别或出生日期不一致 试丙（信息来源部门：教育信息；不一致的项目：出生日期、姓名）",
		"新增 决定 试决1号（涉及成员：试乙）", "新增 决定 试决1号 政策终止 名helper",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestEveryLabelOfAFieldIsOfAField(t *testing.T) {
	known := map[string]bool{}
	var walk func(reflect.Type)
	walk = func(s reflect.Type) {
		for s.Kind() == reflect.Slice || s.Kind() == reflect.Pointer || s.Kind() == reflect.Map {
			s = s.Elem()
		}
		if s.Kind() != reflect.Struct || s == reflect.TypeFor[Document]() {
			return
		}
		known[s.Name()] = true
		for field := range s.Fields() {
			known[s.Name()+"."+field.Name] = true
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[Household]())
	for key, l := range fieldLabels {
		if !known[key] || !chinese(l.Chinese) || chinese(l.English) {
			t.Errorf("%s is called %+v", key, l)
		}
	}
	for key, e := range elements {
		if !known[key] || !chinese(e.Chinese) || chinese(e.English) || len(e.key) > 0 && !known[key+"."+e.key[0]] {
			t.Errorf("%s is called %+v", key, e)
		}
	}
	for key := range owners {
		if !known[key] {
			t.Errorf("%s is owned and is no field", key)
		}
	}
}

func TestADifferenceReadsLikeASentence(t *testing.T) {
	a := stored(t, sample())
	b := a.Clone()
	child := b.Persons[2].ID
	b.VillageGroup = ""
	b.Register.PovertyStatus, b.Register.OtherCauses = Returned, []Cause{CauseFunds, CauseSkills}
	b.Persons[0].LabourAbility = LabourLost
	b.Persons[2].BirthDate, b.Persons[2].Education.Enrolment = "2010-05-06", DroppedOut
	b.Persons[1].Insurances = nil
	b.Incomes[0].PerCapitaNet = 600_050
	b.Needs[0].FulfilledOn = "2020-06-01"
	b.Housing.Appraisals = append(b.Housing.Appraisals, Appraisal{ID: "e2", Grade: GradeD, AppraisedOn: "2020-05-01"})
	b.Decisions = append(b.Decisions, Decision{ID: "dc_1", Number: "试决1号", Kind: DecisionRemoval, Ends: []End{{Person: child, Policy: AllPolicies, LastDay: "2020-12-31"}}})
	b.Sources[GroupRegister] = Provenance{Owner: "office", Source: "file", AsOf: "2020-06-01"}
	b.Events = append(b.Events, Event{Cause: "MARRIAGE", On: "2020-06-02"})
	var chinese, english, where []string
	for _, d := range Diff(a, b, Names{}) {
		chinese, english = append(chinese, d.Text().Chinese), append(english, d.Text().English)
		where = append(where, fmt.Sprintf("%s %s %s", d.Kind, d.Group, d.Path))
	}
	if got := strings.Join(chinese, "\n"); got != readChinese {
		t.Errorf("got\n%s", got)
	}
	if got := strings.Join(english, "\n"); got != readEnglish {
		t.Errorf("got\n%s", got)
	}
	want := fmt.Sprintf(readPaths, b.Persons[0].ID, b.Persons[1].ID, child, child, b.Needs[0].ID, child)
	if got := strings.Join(where, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}

const readChinese = `本户：自然村(组) 不再登记，原为 甲组
本户：其他致贫原因 由 缺资金 改为 缺资金、缺技术
本户：脱贫属性 由 脱贫 改为 返贫
成员 试甲：劳动能力 登记为 丧失劳动力
删除 成员 试乙 参保情况 2020（城乡居民基本医疗保险：是；大病保险：是；医疗救助：否）
成员 试丙：出生日期 由 2010-05-05 改为 2010-05-06
成员 试丙 学籍信息：学籍状态 由 在读 改为 辍学
家庭收入 2019：人均纯收入 由 6000.00元 改为 6000.50元
帮扶需求 义务教育 试丙：解决日期 登记为 2020-06-01
新增 住房安全鉴定 2020-05-01（危房等级：D级(整幢危房)）
新增 决定 试决1号（类型：不再继续帮扶）
新增 决定 试决1号 政策终止 全部政策 试丙（最后一日：2020-12-31）
扶贫办登记信息 来源：信息日期 由 2020-05-01 改为 2020-06-01
新增 办理事项 婚嫁登记 2020-06-02`

const readEnglish = `household: natural village or group no longer recorded, was 甲组
household: other causes of poverty changed from lack of funds to lack of funds, lack of skills
household: poverty status changed from lifted to returned to poverty
member 试甲: ability to work recorded as lost the ability to work
removed: member 试乙, insurance cover of 2020 (basic medical insurance: yes; critical illness insurance: yes; medical assistance: no)
member 试丙: birth date changed from 2010-05-05 to 2010-05-06
member 试丙, student register: state in the student register changed from enrolled to dropped out
income of 2019: per-capita net income changed from 6000.00 yuan to 6000.50 yuan
need compulsory education 试丙: fulfilled on recorded as 2020-06-01
new: housing appraisal 2020-05-01 (danger grade: D (whole house dangerous))
new: decision 试决1号 (kind: support ends)
new: decision 试决1号, end of all policies 试丙 (last day: 2020-12-31)
register of the poverty-alleviation office, source: as of changed from 2020-05-01 to 2020-06-01
new: use case marriage 2020-06-02`

const readPaths = `REMOVED REGISTER village_group
CHANGED REGISTER register.other_causes
CHANGED REGISTER register.poverty_status
ADDED REGISTER persons[%s].labour_ability
REMOVED MEDICAL_INSURANCE persons[%s].insurances[2020]
CHANGED REGISTER persons[%s].birth_date
CHANGED EDUCATION persons[%s].education.enrolment
CHANGED REGISTER incomes[2019].per_capita_net
ADDED REGISTER needs[%s].fulfilled_on
ADDED HOUSING appraisals[e2]
ADDED  decisions[dc_1]
ADDED  decisions[dc_1].ends[%s,*]
CHANGED REGISTER sources[REGISTER].as_of
ADDED  events[0]`

func TestMembersOfOneNameAreToldApart(t *testing.T) {
	a := stored(t, sample())
	a.Persons[0].Name = a.Persons[2].Name
	b := a.Clone()
	b.Needs[0].Person = b.Persons[0].ID
	got := Diff(a, b, Names{})
	if len(got) != 1 || got[0].Before != same(a.Persons[2].ID) || got[0].After != same(b.Persons[0].ID) {
		t.Errorf("got %+v", got)
	}
}

func TestTheHeadIsReadFirst(t *testing.T) {
	a := stored(t, sample())
	b := a.Clone()
	b.Persons[0].Relation, b.Persons[2].Relation = RelationOther, RelationHead
	var got []string
	for i := range b.Persons {
		b.Persons[i].WorkMonths = 5
	}
	for _, d := range Diff(a, b, Names{}) {
		got = append(got, d.Subject.English+" "+d.Field.English)
	}
	want := []string{"member 试丙 relation to the head", "member 试丙 months of work", "member 试乙 months of work", "member 试甲 relation to the head", "member 试甲 months of work"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// turned states the same facts as h in another order.
func turned(h *Household) *Household {
	c := h.Clone()
	slices.Reverse(c.Persons[0].Duplicates)
	slices.Reverse(c.Persons)
	slices.Reverse(c.Needs)
	slices.Reverse(c.Incomes)
	slices.Reverse(c.Housing.Damages)
	return c
}

func TestDifferencesAreThereExactlyWhereFactsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mint := minter()
		a := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
		a.Persons[0].Duplicates = []Duplicate{{Person: "pp_x"}, {Person: "pp_y", IDNumbers: []string{"1"}}}
		b := mustMerge(t, a, drawHousehold(t), allGroups, mint)
		c := mustMerge(t, nil, drawHousehold(t), allGroups, mint)
		for _, pair := range [][2]*Household{{a, a}, {a, turned(a)}, {a, b}, {b, a}, {a, c}, {b, turned(c)}} {
			got := Diff(pair[0], pair[1], Names{})
			if Equal(pair[0], pair[1]) != (len(got) == 0) {
				t.Fatalf("equal is %v: %+v", Equal(pair[0], pair[1]), got)
			}
			paths := map[string]bool{}
			for _, d := range got {
				if paths[d.Path] {
					t.Fatalf("%s differs twice", d.Path)
				}
				paths[d.Path] = true
			}
		}
	})
}
