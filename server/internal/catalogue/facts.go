package catalogue

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/bangfuhub/hub/server/internal/household"
)

// Fact is something that a condition may ask.
type Fact struct {
	Name string // as it is written in a condition, e.g. person.age
	// Type is int, bool, string, a code list as in household.Codes, or list(…) of one.
	Type    string
	Grain   Grain // GrainPerson: only where the policy or list is about persons
	Meaning string
	// ListsOnly facts follow from decisions, or are tasks for the office; a policy cannot
	// ask them (laws 6 and 8).
	ListsOnly bool

	value func(*subject) ref.Val
	moves moving
}

// Facts lists all facts that conditions may ask, for the docs.
func Facts() []Fact { return slices.Clone(facts) }

var factByName = func() map[string]*Fact {
	out := make(map[string]*Fact, len(facts))
	for i := range facts {
		out[facts[i].Name] = &facts[i]
	}
	return out
}()

// householdFact is the same for all members: it sees the household and no person.
func householdFact(name, typ, meaning string, value func(*view) ref.Val) Fact {
	return Fact{Name: "household." + name, Type: typ, Grain: GrainHousehold, Meaning: meaning, value: func(s *subject) ref.Val { return value(s.view) }}
}

func personFact(name, typ, meaning string, value func(*subject) ref.Val) Fact {
	return Fact{Name: "person." + name, Type: typ, Grain: GrainPerson, Meaning: meaning, value: value}
}

func (f Fact) forLists() Fact {
	f.ListsOnly = true
	return f
}

func (f Fact) moving(how moving) Fact {
	f.moves = how
	return f
}

// Ages and other limits are no facts: they are standards, which belong into the catalogue.
var facts = []Fact{
	householdFact("poverty_status", "PovertyStatus", "脱贫属性", func(v *view) ref.Val { return types.String(v.Register.PovertyStatus) }),
	householdFact("attribute", "Attribute", "贫困户属性", func(v *view) ref.Val { return types.String(v.Register.Attribute) }),
	householdFact("main_cause", "Cause", "主要致贫原因", func(v *view) ref.Val { return types.String(v.Register.MainCause) }),
	householdFact("monitor_type", "MonitorType", "监测对象类型", func(v *view) ref.Val { return types.String(v.Register.MonitorType) }),
	householdFact("lifted_year", "int", "脱贫年度, 0 where not recorded", func(v *view) ref.Val { return types.Int(v.Register.LiftedYear) }),
	householdFact("safe_water", "Answer", "是否解决安全饮用水", func(v *view) ref.Val { return types.String(v.Register.SafeWater) }),
	householdFact("member_count", "int", "人数: members present", func(v *view) ref.Val { return types.Int(len(v.present)) }),
	householdFact("able_count", "int", "在户有劳动能力人数: members able to work and not in school", func(v *view) ref.Val { return types.Int(v.able()) }),
	householdFact("income_year", "int", "year of the newest income on record, 0 for none", func(v *view) ref.Val {
		if v.income == nil {
			return types.IntZero
		}
		return types.Int(v.income.Year)
	}),
	householdFact("per_capita_net_income", "int", "人均纯收入 of that year in fen, 0 for none", func(v *view) ref.Val {
		if v.income == nil {
			return types.IntZero
		}
		return types.Int(v.income.PerCapitaNet)
	}),
	householdFact("income_years_behind", "int", "years since the newest income on record: 0 this year's is there, 100 none at all", func(v *view) ref.Val {
		return types.Int(v.incomeYearsBehind())
	}),
	householdFact("months_unmonitored", "int", "full months since a decision ended support, or since the end of the newest year of income on record after it; 0 under support", func(v *view) ref.Val {
		return types.Int(v.monthsUnmonitored())
	}).forLists().moving(byMonth),
	householdFact("damaged", "bool", "住房损毁: the house was damaged and not renovated since", func(v *view) ref.Val { return types.Bool(v.damage != nil) }),
	householdFact("danger_grade", "Grade", "危房等级 of the newest appraisal, until the renovation that follows is accepted", func(v *view) ref.Val {
		if v.appraisal == nil {
			return types.String("")
		}
		return types.String(v.appraisal.Grade)
	}),
	householdFact("has_helper", "bool", "has a helper on the day (帮扶责任人)", func(v *view) ref.Val { return types.Bool(v.helper != nil) }),
	householdFact("had_helper", "bool", "had a helper at some time, on the day or before", func(v *view) ref.Val { return types.Bool(v.helping.begun) }),
	householdFact("helper_gap_days", "int", "days of the newest time without a helper between two assignments, 0 for none", func(v *view) ref.Val {
		return types.Int(v.helping.gap.days())
	}),
	householdFact("helper_gap_years_ago", "int", "years since that time ended: 0 this year, 1 last year, 100 for none", func(v *view) ref.Val {
		return types.Int(v.helping.gap.yearsSince(v.on))
	}),
	householdFact("helper_ends_within_days", "int", "days until the last day of the present help, 0 today; 100000 where it is open or there is none", func(v *view) ref.Val {
		return types.Int(v.helping.endsSoon)
	}).moving(byHelpersEnd),
	householdFact("open_needs", "list(NeedCategory)", "帮扶需求: open needs of the household and its members", func(v *view) ref.Val {
		return list(v.whole.openNeeds())
	}),
	householdFact("open_tasks", "list(TaskKind)", "待核对: what the office has to check about departments' rows", func(v *view) ref.Val { return list(v.whole.taskKinds()) }).forLists(),
	householdFact("open_shocks", "list(ShockKind)", "突发情况: events of clause 一(五) not yet resolved", func(v *view) ref.Val { return list(v.openShocks()) }),
	householdFact("assistance", "list(AssistanceKind)", "社会救助 running on the day", func(v *view) ref.Val { return list(v.whole.assistance()) }),
	householdFact("over_standard", "bool", "过度保障: more was paid for a person in this year or the last than a standard allows", func(v *view) ref.Val {
		return v.found(func(p *protection) bool { return p.excess > 0 })
	}).forLists(),
	householdFact("paid_twice", "bool", "重复发放: a person got the same kind of benefit twice for one term or year", func(v *view) ref.Val {
		return v.found(func(p *protection) bool { return p.twice })
	}).forLists(),
	householdFact("double_support", "bool", "重复补助: the house got a renovation subsidy and one for reconstruction or against earthquakes", func(v *view) ref.Val {
		return v.found(func(p *protection) bool { return p.double })
	}).forLists(),
	householdFact("support_status", "SupportStatus", "是否继续享受帮扶", func(v *view) ref.Val { return types.String(v.whole.supportStatus()) }).forLists(),

	personFact("age", "int", "年龄: full years on the day", func(s *subject) ref.Val { return types.Int(s.age()) }).moving(byBirthday),
	personFact("sex", "Sex", "性别", func(s *subject) ref.Val { return types.String(s.p.Sex) }),
	personFact("relation", "Relation", "与户主关系", func(s *subject) ref.Val { return types.String(s.p.Relation) }),
	personFact("provisional", "bool", "has no ID number yet", func(s *subject) ref.Val { return types.Bool(s.p.Provisional()) }),
	personFact("school_stage", "SchoolStage", "在校生状况; the education department's word counts more than the register's", func(s *subject) ref.Val {
		return types.String(s.stage())
	}),
	personFact("in_school", "bool", "in any stage, from preschool on", func(s *subject) ref.Val { return types.Bool(s.inSchool()) }),
	personFact("enrolment", "Enrolment", "学籍状态", func(s *subject) ref.Val {
		if s.p.Education == nil {
			return types.String("")
		}
		return types.String(s.p.Education.Enrolment)
	}),
	personFact("fully_insured", "bool", "in all three medical schemes of the insurance year that runs on the day", func(s *subject) ref.Val {
		return types.Bool(s.fullyInsured())
	}),
	personFact("basic_insured", "Answer", "基本医疗保险, in the insurance year that runs on the day", insuredIn(func(y *household.Insurance) household.Answer { return y.Basic })),
	personFact("critical_illness_insured", "Answer", "大病保险, in that year", insuredIn(func(y *household.Insurance) household.Answer { return y.CriticalIllness })),
	personFact("medical_assistance", "Answer", "医疗救助, in that year", insuredIn(func(y *household.Insurance) household.Answer { return y.MedicalAssistance })),
	personFact("health", "Health", "健康状况", func(s *subject) ref.Val { return types.String(s.p.Health) }),
	personFact("labour_ability", "LabourAbility", "劳动能力", func(s *subject) ref.Val { return types.String(s.p.LabourAbility) }),
	personFact("able", "bool", "has labour ability, ordinary or skilled, and is not in school", func(s *subject) ref.Val { return types.Bool(s.able()) }),
	personFact("work_place", "WorkPlace", "务工情况", func(s *subject) ref.Val { return types.String(s.p.WorkPlace) }),
	personFact("work_months", "int", "务工时间, months in the year", func(s *subject) ref.Val { return types.Int(s.p.WorkMonths) }),
	personFact("active_military", "Answer", "是否现役军人", func(s *subject) ref.Val { return types.String(s.p.ActiveMilitary) }),
	personFact("open_needs", "list(NeedCategory)", "帮扶需求: the person's own open needs", func(s *subject) ref.Val { return list(s.openNeeds()) }),
	personFact("unsupported", "bool", "a decision in force ended the person's support", func(s *subject) ref.Val { return types.Bool(s.removal() != nil) }).forLists(),
}

// found asks what the payments look like.
func (v *view) found(what func(*protection) bool) ref.Val { return types.Bool(what(v.protection())) }

// insuredIn asks about one scheme this year; last year's word says nothing about it.
func insuredIn(scheme func(*household.Insurance) household.Answer) func(*subject) ref.Val {
	return func(s *subject) ref.Val {
		if y := s.insurance(); y != nil && y.Year == s.on.Year() {
			return types.String(scheme(y))
		}
		return types.String("")
	}
}

func list(codes []string) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, codes) }

func able(p *household.Person, stage household.SchoolStage) bool {
	can := p.LabourAbility == household.LabourOrdinary || p.LabourAbility == household.LabourSkilled
	return can && (stage == "" || stage == household.NotInSchool)
}

// ResolveName lets CEL ask the subject for a fact.
func (s *subject) ResolveName(name string) (any, bool) {
	f := factByName[name]
	if f == nil {
		return nil, false
	}
	return f.value(s), true
}

// Parent is part of CEL's activation: there is none.
func (s *subject) Parent() cel.Activation { return nil }
