package invented

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// needs that arose since the household was lifted (clause 一 lead), more than half of
// them fulfilled.
func (m *maker) needs() {
	if !m.chance(130) {
		return
	}
	arose := m.recent()
	for range m.between(1, 2) {
		need := household.Need{AroseOn: arose, Evidence: "虚构走访记录", Category: weighted(m,
			[]household.NeedCategory{household.NeedEducation, household.NeedMedical, household.NeedHousing, household.NeedIndustry, household.NeedEmployment,
				household.NeedTraining, household.NeedFinance, household.NeedFood, household.NeedClothing, household.NeedOther}, []int{15, 20, 12, 18, 16, 9, 5, 2, 1, 2})}
		switch need.Category {
		case household.NeedEducation, household.NeedMedical, household.NeedEmployment, household.NeedTraining:
			need.Person = m.someone()
		}
		if m.chance(550) {
			need.FulfilledOn = m.day(need.AroseOn, m.on)
		}
		m.h.Needs = append(m.h.Needs, need)
		arose = arose.AddDays(-m.between(1, 300))
	}
}

// shocks are the four sudden events of clause 一(五).
func (m *maker) shocks() {
	if !m.chance(40) {
		return
	}
	s := household.Shock{HappenedOn: m.recent(), Note: "虚构情况说明",
		Kind: weighted(m, []household.ShockKind{household.ShockEmergency, household.ShockInjury, household.ShockIllness, household.ShockOther}, []int{15, 30, 45, 10})}
	if s.Kind == household.ShockInjury || s.Kind == household.ShockIllness {
		s.Person = m.someone()
	}
	if m.chance(500) {
		s.ResolvedOn = m.day(s.HappenedOn, m.on)
	}
	m.h.Shocks = append(m.h.Shocks, s)
}

// housing: damage, mostly by typhoons, and the appraisal that followed (clause 一(三)).
func (m *maker) housing() {
	if !m.chance(45) {
		return
	}
	d := household.Damage{HappenedOn: m.day(m.on.AddDays(-730), m.on.AddDays(-30)), Cause: weighted(m,
		[]household.DamageCause{household.DamageTyphoon, household.DamageFlood, household.DamageEarthquake, household.DamageFire, household.DamageOther}, []int{65, 20, 1, 8, 6})}
	m.h.Housing.Damages = append(m.h.Housing.Damages, d)
	if !m.chance(850) {
		return
	}
	a := household.Appraisal{AppraisedOn: m.day(d.HappenedOn, m.on), Appraiser: "虚构鉴定所", Certificate: fmt.Sprintf("虚鉴%09d", m.n),
		Grade: weighted(m, []household.Grade{household.GradeA, household.GradeB, household.GradeC, household.GradeD}, []int{4, 14, 52, 30})}
	if a.Grade >= household.GradeC && m.chance(350) {
		a.RenovatedOn = m.day(a.AppraisedOn, m.on)
	}
	m.h.Housing.Appraisals = append(m.h.Housing.Appraisals, a)
}

// assistance of civil affairs: for the household, for old people alone, now and then
// a temporary one.
func (m *maker) assistance() {
	from := m.day(m.identified, m.on)
	switch m.h.Register.Attribute {
	case household.AttributeSubsistence, household.AttributeSubsistencePoor:
		m.h.Assistance = append(m.h.Assistance, household.Assistance{Kind: household.AssistSubsistence, From: from})
	case household.AttributeFiveGuarantees:
		m.h.Assistance = append(m.h.Assistance, household.Assistance{Kind: household.AssistExtreme, Person: m.someone(), From: from})
	default:
		if m.chance(20) {
			from = m.recent()
			m.h.Assistance = append(m.h.Assistance, household.Assistance{Kind: household.AssistTemporary, Person: m.someone(), From: from, To: from.AddDays(90)})
		}
	}
}

// legacyDecision: about one household in twenty-five left support before the hub. A
// pupil's policies run on to the end of the school year, those of the others end at once.
func (m *maker) legacyDecision() {
	if m.h.Register.PovertyStatus != household.Lifted || !m.chance(45) {
		return
	}
	decided := m.day(max(m.identified.AddDays(365), m.on.AddDays(-900)), m.on.AddDays(-60))
	number := fmt.Sprintf("虚构扶办〔%d〕%d号", decided.Year(), m.n)
	d := household.Decision{Number: number, Kind: household.DecisionLegacy, DecidedOn: decided, AnnouncedOn: decided.AddDays(10), EffectiveOn: decided.AddDays(30),
		Document: household.Document{Issuer: "虚构指挥部", Number: number, Date: decided}}
	for _, p := range m.h.PresentOn(d.EffectiveOn) {
		last := d.EffectiveOn.AddDays(-1)
		if p.SchoolStage != household.NotInSchool {
			last = endOfSchoolYear(last)
		}
		d.Ends = append(d.Ends, household.End{Person: p.PersonNumber, Policy: household.AllPolicies, LastDay: last})
	}
	m.h.Decisions = append(m.h.Decisions, d)
}

// endOfSchoolYear is the first 31 August not before a day.
func endOfSchoolYear(d date.Date) date.Date {
	end := date.New(d.Year(), 8, 31)
	if end < d {
		end = date.New(d.Year()+1, 8, 31)
	}
	return end
}

// close ends a few households: people alone who died, and those registered in error.
func (m *maker) close() {
	closing := &household.Closing{On: m.recent(), Document: household.Document{Issuer: "虚构扶贫办", Number: fmt.Sprintf("虚构销户%d号", m.n)}}
	switch {
	case len(m.h.Persons) == 1 && m.chance(60):
		p := &m.h.Persons[0]
		m.leave(p, household.LeaveDeath, "虚构死亡证明")
		closing.Kind, closing.On = household.ClosingDeath, p.LeftOn
		m.h.Register.PovertyStatus = household.Closed
	case m.chance(4):
		closing.Kind = household.ClosingError
		m.h.Register.PovertyStatus = household.Removed
	default:
		return
	}
	closing.Document.Date = closing.On
	m.h.Closing = closing
}
