package invented

import (
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// register makes up what the office holds about the household as a whole.
func (m *maker) register() {
	r := &m.h.Register
	r.IdentificationStandard = weighted(m, []household.IdentificationStandard{household.StandardNational, household.StandardProvincial}, []int{80, 20})
	r.FirstIdentifiedOn = m.identified
	r.MainCause, r.OtherCauses = m.causes()
	r.PovertyStatus = weighted(m, []household.PovertyStatus{household.Lifted, household.RegisteredPoor, household.PreExit, household.Returned}, []int{915, 65, 10, 10})
	if r.PovertyStatus == household.Lifted || r.PovertyStatus == household.Returned {
		r.LiftedYear = min(m.identified.Year()+m.between(1, 5), m.on.Year()-1)
	}
	r.Attribute = weighted(m, []household.Attribute{household.AttributeOrdinary, household.AttributeSubsistence, household.AttributeSubsistencePoor}, []int{75, 12, 13})
	if len(m.h.Persons) == 1 {
		r.Attribute = household.AttributeFiveGuarantees
	}
	r.Phone = m.h.Persons[0].Phone
	r.Bank, r.Account = "虚构信用社", fmt.Sprintf("9999%015d", m.n)
	r.SafeWater = m.answer(980)
	r.MilitaryFamily = m.answer(10)
	r.HousingArea = fmt.Sprintf("%d.%d", m.between(45, 150), m.between(0, 9))
	r.Structure = weighted(m, []household.Structure{household.StructureConcrete, household.StructureBrickMix, household.StructureBrickWood, household.StructureThatch, household.StructureOther},
		[]int{30, 40, 26, 1, 3})
	r.BuiltYear = m.on.Year() - m.between(1, 35)
	if r.PovertyStatus == household.Lifted && m.chance(50) {
		r.MonitorType = weighted(m, []household.MonitorType{household.MonitorUnstable, household.MonitorMarginal, household.MonitorSudden}, []int{60, 20, 20})
		r.RiskIdentifiedOn = m.recent()
		if m.chance(400) {
			r.RiskEliminatedOn = m.day(r.RiskIdentifiedOn, m.on)
		}
	}
}

// causes of poverty that fit the members.
func (m *maker) causes() (main household.Cause, others []household.Cause) {
	causes := []household.Cause{household.CauseIllness, household.CauseDisability, household.CauseSchooling, household.CauseDisaster,
		household.CauseLand, household.CauseSkills, household.CauseLabour, household.CauseFunds, household.CauseTransport, household.CauseMotivation, household.CauseOther}
	weights := []int{8, 2, 4, 3, 5, 28, 10, 26, 3, 8, 3}
	for i := range m.h.Persons {
		switch p := &m.h.Persons[i]; {
		case p.Health == household.Serious || p.Health == household.Chronic:
			weights[0] += 15
		case p.Health == household.Disabled:
			weights[1] += 30
		case p.SchoolStage != household.NotInSchool:
			weights[2] += 6
		}
	}
	main = weighted(m, causes, weights)
	for range weighted(m, []int{0, 1, 2}, []int{35, 40, 25}) {
		if c := weighted(m, causes, weights); c != main && !slices.Contains(others, c) {
			others = append(others, c)
		}
	}
	return main, others
}

// incomes of the last two years, in fen; around 10,000 yuan a head.
func (m *maker) incomes() {
	heads := int64(max(1, len(m.h.PresentOn(m.on))))
	yuan := int64(m.between(3000, 9000) + m.between(0, 9000))
	for back := range 2 {
		total := yuan * 100 * heads * int64(100-8*back) / 100
		e := household.Income{Year: m.on.Year() - 1 - back}
		e.Wage = total * int64(m.between(30, 60)) / 100
		e.Transfer = total * int64(m.between(8, 25)) / 100
		e.Property = total * int64(m.between(0, 3)) / 100
		e.Business = total - e.Wage - e.Transfer - e.Property
		e.ProductionCost = e.Business * int64(m.between(5, 30)) / 100
		e.PerCapitaNet = (total - e.ProductionCost) / heads
		m.h.Incomes = append(m.h.Incomes, e)
	}
}

// helpers: nearly every household has one, some had another before.
func (m *maker) helpers() {
	from := m.identified
	if m.chance(180) {
		h := m.helper(from)
		h.To, h.Reason = m.day(from.AddDays(30), m.on.AddDays(-1)), "虚构工作调动"
		m.h.Helpers = append(m.h.Helpers, h)
		from = h.To.AddDays(1)
		if m.chance(100) {
			return // nobody followed
		}
	} else if m.chance(15) {
		return
	}
	m.h.Helpers = append(m.h.Helpers, m.helper(from))
}

func (m *maker) helper(from date.Date) household.HelperAssignment {
	return household.HelperAssignment{
		Name: "帮" + pick(m, givenNames) + pick(m, givenNames), Unit: fmt.Sprintf("虚构第%d单位", m.between(1, 300)), Post: pick(m, []string{"科员", "科长", "教师", "医生"}),
		Phone: fmt.Sprintf("100%08d", 90_000_000+m.between(0, 9_999_999)), From: from,
	}
}

// recent is a day within the last two years.
func (m *maker) recent() date.Date { return m.day(m.on.AddDays(-730), m.on) }

// someone is the person number of a present member.
func (m *maker) someone() string {
	return pick(m, m.h.PresentOn(m.on)).PersonNumber
}
