package e2e

import (
	"fmt"
	"maps"
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// yearActs are what may happen on any day.
var yearActs = map[string]func(*year){
	"birth": (*year).birth, "death": (*year).death, "move": (*year).move, "split": (*year).split, "wedding": (*year).wedding,
	"need": (*year).need, "monitored": (*year).monitor, "helper": (*year).helper, "assistance": (*year).assist, "damage": (*year).damage, "dropped out": (*year).dropOut,
}

// season is what the offices record of every household in some days of the year.
type season struct {
	from, days int // night after which it begins, and how many of them it has
	record     func(*year, *hubv1.Household)
}

// seasons: the incomes of the year before; the stages at school, from 1 September on; who is
// insured in the next year.
var seasons = []season{{31, 28, (*year).income}, {243, 14, (*year).school}, {304, 30, (*year).insure}}

// day is what is written between two nights.
func (y *year) day(n int) {
	y.Helper()
	names := slices.Sorted(maps.Keys(yearActs))
	for range 1 + *sizes.households/100 {
		yearActs[names[y.rng.IntN(len(names))]](y)
	}
	for _, s := range seasons {
		if first := n - s.from; first >= 0 && first < s.days {
			for at := first; at < len(y.ids); at += s.days {
				s.record(y, y.home(y.ids[at]))
			}
		}
	}
	y.removals(n)
	switch n {
	case yearStopped:
		y.hub.Stop()
		y.again()
	case yearChanged:
		y.changeCatalogue()
	}
}

func (y *year) home(id string) *hubv1.Household {
	y.Helper()
	got, err := y.office.Households().GetHousehold(y.Context(), &hubv1.GetHouseholdRequest{Id: id})
	y.ok(err)
	return got.GetHousehold()
}

func (y *year) anyHome() *hubv1.Household {
	y.Helper()
	return y.home(y.ids[y.rng.IntN(len(y.ids))])
}

// present are the members but the head, who live there.
func (y *year) present(h *hubv1.Household) (out []*hubv1.Person) {
	for _, p := range h.GetPersons() {
		if p.GetLeftOn() == "" && p.GetDuplicateOf() == "" && p.GetRelation() != hubv1.Relation_RELATION_HEAD {
			out = append(out, p)
		}
	}
	return out
}

// relative is any of those present, nil where the head lives alone.
func (y *year) relative(h *hubv1.Household) *hubv1.Person {
	some := y.present(h)
	if len(some) == 0 {
		return nil
	}
	return some[y.rng.IntN(len(some))]
}

// write records elements of a household.
func (y *year) write(h, elements *hubv1.Household, groups ...hubv1.FactGroup) {
	y.Helper()
	elements.Id, elements.Etag = h.GetId(), h.GetEtag()
	_, err := y.office.Households().UpdateHousehold(y.Context(), &hubv1.UpdateHouseholdRequest{
		Household: elements, Groups: append(groups, hubv1.FactGroup_FACT_GROUP_REGISTER), RequestId: y.request(),
	})
	y.ok(err)
}

func (y *year) birth() {
	h := y.anyHome()
	y.born++
	_, err := y.office.Identity().RecordBirth(y.Context(), &hubv1.RecordBirthRequest{Id: h.GetId(), Etag: h.GetEtag(), Document: paper(), RequestId: y.request(), Child: &hubv1.Person{
		PersonNumber: fmt.Sprintf("9900%08d", y.born), Name: fmt.Sprintf("虚拟%d", y.born), Sex: hubv1.Sex_SEX_FEMALE, BirthDate: y.today(),
		Relation: hubv1.Relation_RELATION_GRANDDAUGHTER, JoinedOn: y.today(), JoinReason: hubv1.JoinReason_JOIN_REASON_BIRTH,
	}})
	y.ok(err)
	y.did["birth"]++
}

func (y *year) death() {
	h := y.anyHome()
	p := y.relative(h)
	if p == nil {
		return
	}
	_, err := y.office.Identity().RecordDeath(y.Context(), &hubv1.RecordDeathRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Person: p.GetId(), On: y.today(), Document: paper(), RequestId: y.request(),
	})
	y.ok(err)
	y.did["death"]++
}

// move goes to another village, mostly of another area.
func (y *year) move() {
	h, village := y.anyHome(), y.villages[y.rng.IntN(len(y.villages))]
	if h.GetVillage() == village {
		return
	}
	_, err := y.office.Households().MoveHousehold(y.Context(), &hubv1.MoveHouseholdRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Village: village, Document: paper(), RequestId: y.request(),
	})
	y.ok(err)
	y.did["move"]++
}

func (y *year) split() {
	h := y.anyHome()
	p := y.relative(h)
	if p == nil {
		return
	}
	y.born++
	got, err := y.office.Households().SplitHousehold(y.Context(), &hubv1.SplitHouseholdRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Leaving: []*hubv1.Relative{{Person: p.GetId(), Relation: hubv1.Relation_RELATION_HEAD}},
		HouseholdNumber: fmt.Sprintf("9900%012d", y.born), On: y.today(), Document: paper(), RequestId: y.request(),
	})
	y.ok(err)
	y.ids = append(y.ids, got.GetSplitOff().GetId())
	y.did["split"]++
}

func (y *year) wedding() {
	from, to := y.anyHome(), y.anyHome()
	p := y.relative(from)
	if p == nil || from.GetId() == to.GetId() || from.GetArea() != to.GetArea() {
		return
	}
	_, err := y.office.Identity().RecordMarriage(y.Context(), &hubv1.RecordMarriageRequest{
		Id: from.GetId(), Etag: from.GetEtag(), Other: to.GetId(), OtherEtag: to.GetEtag(), Person: p.GetId(),
		Relation: hubv1.Relation_RELATION_OTHER, On: y.today(), Document: paper(), RequestId: y.request(),
	})
	y.ok(err)
	y.did["wedding"]++
}

// need arises, or the oldest open one is fulfilled.
func (y *year) need() {
	h := y.anyHome()
	need := &hubv1.Need{AroseOn: y.today(), Category: []hubv1.NeedCategory{
		hubv1.NeedCategory_NEED_CATEGORY_FOOD, hubv1.NeedCategory_NEED_CATEGORY_HOUSING, hubv1.NeedCategory_NEED_CATEGORY_TRAINING, hubv1.NeedCategory_NEED_CATEGORY_FINANCE,
	}[y.rng.IntN(4)]}
	for _, open := range h.GetNeeds() {
		if open.GetFulfilledOn() == "" {
			need = open
			need.FulfilledOn = y.today()
			break
		}
	}
	y.write(h, &hubv1.Household{Needs: []*hubv1.Need{need}})
	y.did["need"]++
}

// monitor begins to watch a household, or ends it.
func (y *year) monitor() {
	h := y.anyHome()
	r := h.GetRegister()
	if r.GetRiskIdentifiedOn() == "" || r.GetRiskEliminatedOn() != "" {
		r.MonitorType, r.RiskIdentifiedOn, r.RiskEliminatedOn = hubv1.MonitorType_MONITOR_TYPE_SUDDEN_DIFFICULTY, y.today(), ""
	} else {
		r.RiskEliminatedOn = y.today()
	}
	y.write(h, &hubv1.Household{Register: r})
	y.did["monitored"]++
}

// helper: the present help ends in a month, or somebody else begins after it.
func (y *year) helper() {
	h := y.anyHome()
	for _, a := range h.GetHelpers() {
		if a.GetTo() == "" {
			a.To, a.Reason = string(max(date.Date(a.GetFrom()), y.hub.Today().AddDays(30))), "虚构工作调动"
			y.write(h, &hubv1.Household{Helpers: []*hubv1.HelperAssignment{a}})
			y.did["helper"]++
			return
		}
	}
	for _, a := range h.GetHelpers() {
		if a.GetTo() >= y.today() {
			return // still there
		}
	}
	y.write(h, &hubv1.Household{Helpers: []*hubv1.HelperAssignment{{Name: "帮虚拟", Unit: "虚构单位", From: y.today()}}})
	y.did["helper"]++
}

// assist is help of civil affairs that ends by itself.
func (y *year) assist() {
	h := y.anyHome()
	p := y.relative(h)
	if p == nil {
		return
	}
	y.write(h, &hubv1.Household{Assistance: []*hubv1.Assistance{{
		Kind: hubv1.AssistanceKind_ASSISTANCE_KIND_TEMPORARY, Person: p.GetId(), From: y.today(), To: string(y.hub.Today().AddDays(7 + y.rng.IntN(60))),
	}}}, hubv1.FactGroup_FACT_GROUP_CIVIL_AFFAIRS)
	y.did["assistance"]++
}

// damage of a house, its appraisal and renovation: one of them after the other.
func (y *year) damage() {
	h := y.anyHome()
	out := &hubv1.Household{}
	for _, a := range h.GetAppraisals() {
		if a.GetGrade() >= hubv1.Grade_GRADE_C && a.GetRenovatedOn() == "" {
			a.RenovatedOn = y.today()
			out.Appraisals = []*hubv1.Appraisal{a}
		}
	}
	switch {
	case out.Appraisals != nil:
	case y.rng.IntN(2) == 0:
		out.Damages = []*hubv1.Damage{{Cause: hubv1.DamageCause_DAMAGE_CAUSE_TYPHOON, HappenedOn: y.today()}}
	default:
		out.Appraisals = []*hubv1.Appraisal{{Grade: hubv1.Grade_GRADE_D, AppraisedOn: y.today(), Appraiser: "虚构鉴定所", Certificate: "虚鉴" + y.request()}}
	}
	y.write(h, out, hubv1.FactGroup_FACT_GROUP_HOUSING)
	y.did["damage"]++
}

// dropOut is a pupil who leaves school, or comes back.
func (y *year) dropOut() {
	h := y.anyHome()
	for _, p := range y.present(h) {
		if e := p.GetEducation(); e != nil {
			if e.Enrolment != hubv1.Enrolment_ENROLMENT_DROPPED_OUT {
				e.Enrolment = hubv1.Enrolment_ENROLMENT_DROPPED_OUT
			} else {
				e.Enrolment = hubv1.Enrolment_ENROLMENT_ENROLLED
			}
			e.AsOf = y.today()
			y.write(h, &hubv1.Household{Persons: []*hubv1.Person{p}}, hubv1.FactGroup_FACT_GROUP_EDUCATION)
			y.did["dropped out"]++
			return
		}
	}
}

// income of the year before; some get poorer by it.
func (y *year) income(h *hubv1.Household) {
	last := int32(y.hub.Today().Year() - 1) //nolint:gosec // a year
	net := int64(500_000 + y.rng.IntN(1_500_000))
	y.write(h, &hubv1.Household{Incomes: []*hubv1.Income{{Year: last, Wage: 4 * net, PerCapitaNet: net}}})
	y.did["income"]++
}

// nextStage is where a pupil goes on 1 September.
var nextStage = map[hubv1.SchoolStage]hubv1.SchoolStage{
	hubv1.SchoolStage_SCHOOL_STAGE_PRESCHOOL: hubv1.SchoolStage_SCHOOL_STAGE_PRIMARY, hubv1.SchoolStage_SCHOOL_STAGE_GRADE_7: hubv1.SchoolStage_SCHOOL_STAGE_GRADE_8,
	hubv1.SchoolStage_SCHOOL_STAGE_GRADE_8: hubv1.SchoolStage_SCHOOL_STAGE_GRADE_9, hubv1.SchoolStage_SCHOOL_STAGE_GRADE_9: hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_1,
	hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_1: hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_2, hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_2: hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_3,
	hubv1.SchoolStage_SCHOOL_STAGE_SENIOR_3: hubv1.SchoolStage_SCHOOL_STAGE_NOT_IN_SCHOOL, hubv1.SchoolStage_SCHOOL_STAGE_VOCATIONAL_1: hubv1.SchoolStage_SCHOOL_STAGE_VOCATIONAL_2,
}

// school moves pupils on; a child of primary school goes to the next when it is twelve.
func (y *year) school(h *hubv1.Household) {
	var moved []*hubv1.Person
	for _, p := range y.present(h) {
		next, goes := nextStage[p.GetSchoolStage()]
		if p.GetSchoolStage() == hubv1.SchoolStage_SCHOOL_STAGE_PRIMARY && date.New(y.hub.Today().Year(), 8, 31).YearsSince(date.Date(p.GetBirthDate())) >= 12 {
			next, goes = hubv1.SchoolStage_SCHOOL_STAGE_GRADE_7, true
		}
		if !goes {
			continue
		}
		p.SchoolStage = next
		if e := p.GetEducation(); e != nil {
			e.Stage, e.AsOf = next, y.today()
		}
		moved = append(moved, p)
	}
	if len(moved) > 0 {
		y.write(h, &hubv1.Household{Persons: moved}, hubv1.FactGroup_FACT_GROUP_EDUCATION)
		y.did["stage"] += len(moved)
	}
}

// insure records who is in which insurance in the next year.
func (y *year) insure(h *hubv1.Household) {
	next := int32(y.hub.Today().Year() + 1) //nolint:gosec // a year
	var some []*hubv1.Person
	for _, p := range y.present(h) {
		if slices.ContainsFunc(p.GetInsurances(), func(i *hubv1.Insurance) bool { return i.GetYear() == next }) {
			continue // recorded before they came here
		}
		p.Insurances = append(p.Insurances, &hubv1.Insurance{
			Year: next, Basic: hubv1.Answer_ANSWER_YES, CriticalIllness: hubv1.Answer(1 + y.rng.IntN(2)), MedicalAssistance: hubv1.Answer_ANSWER_YES, //nolint:gosec // yes or no
		})
		some = append(some, p)
	}
	if len(some) > 0 {
		y.write(h, &hubv1.Household{Persons: some}, hubv1.FactGroup_FACT_GROUP_MEDICAL_INSURANCE)
		y.did["insured"]++
	}
}
