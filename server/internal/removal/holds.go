package removal

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Holds lists what speaks against confirming on a day (四(三): judge accurately), in the
// order of the kinds and within one by person, each once. A hold is no verdict: a
// confirmer may override it, with a reason and evidence.
func Holds(h *household.Household, on date.Date, p Parameters) []Hold {
	f := finder{h: h, on: on}
	f.needs()
	f.house()
	f.children()
	f.shocks(p.RecentShockDays)
	if r := h.Register; r.MonitorType != "" && (r.RiskEliminatedOn == "" || r.RiskEliminatedOn > on) {
		f.hold(HoldOpenWarning, "")
	}
	f.income()
	if !slices.ContainsFunc(h.Helpers, func(a household.HelperAssignment) bool { return on.In(a.From, a.To) }) {
		f.hold(HoldNoHelper, "")
	}
	f.assistance()
	slices.SortStableFunc(f.found, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(holdOrder(a.Kind), holdOrder(b.Kind)), cmp.Compare(a.Person, b.Person))
	})
	return slices.Compact(f.found)
}

// HoldKinds are all kinds, in the order of the contract.
var HoldKinds = []HoldKind{
	HoldOpenNeed, HoldDangerousHouse, HoldChildOutOfSchool, HoldRecentShock,
	HoldOpenWarning, HoldIncomeMissing, HoldNoHelper, HoldSocialAssistance,
}

func holdOrder(k HoldKind) int { return slices.Index(HoldKinds, k) }

type finder struct {
	h     *household.Household
	on    date.Date
	found []Hold
}

// hold notes a hold of the household or of somebody who is a member on the day.
func (f *finder) hold(kind HoldKind, person string) {
	if p := f.h.Person(person); person == "" || (p != nil && p.PresentOn(f.on)) {
		f.found = append(f.found, Hold{Kind: kind, Person: person})
	}
}

func (f *finder) needs() {
	for _, n := range f.h.Needs {
		if n.AroseOn <= f.on && (n.FulfilledOn == "" || n.FulfilledOn > f.on) {
			f.hold(HoldOpenNeed, n.Person)
		}
	}
}

// house: the newest appraisal counts, until its renovation is accepted.
func (f *finder) house() {
	var newest household.Appraisal
	for _, a := range f.h.Housing.Appraisals {
		if a.AppraisedOn <= f.on && a.AppraisedOn > newest.AppraisedOn {
			newest = a
		}
	}
	dangerous := newest.Grade == household.GradeC || newest.Grade == household.GradeD
	if dangerous && (newest.RenovatedOn == "" || newest.RenovatedOn > f.on) {
		f.hold(HoldDangerousHouse, "")
	}
}

// children: as in the worklist school-age-not-enrolled.
func (f *finder) children() {
	for _, p := range f.h.PresentOn(f.on) {
		age := f.on.YearsSince(p.BirthDate)
		if age < 6 || age > 15 {
			continue
		}
		var enrolment household.Enrolment
		if p.Education != nil {
			enrolment = p.Education.Enrolment
		}
		switch enrolment {
		case household.NotEnrolled, household.DroppedOut:
			f.hold(HoldChildOutOfSchool, p.ID)
		case "":
			switch catalogue.StageOf(p) {
			case "", household.NotInSchool, household.Preschool:
				f.hold(HoldChildOutOfSchool, p.ID)
			}
		}
	}
}

// shocks: recent ones, and older ones that nobody has resolved.
func (f *finder) shocks(days int) {
	for _, s := range f.h.Shocks {
		open := s.ResolvedOn == "" || s.ResolvedOn > f.on
		if s.HappenedOn <= f.on && (open || f.on.DaysSince(s.HappenedOn) <= days) {
			f.hold(HoldRecentShock, s.Person)
		}
	}
}

// income: a record of last year or this one must be there; in January this year's cannot.
func (f *finder) income() {
	year := f.on.Year()
	if !slices.ContainsFunc(f.h.Incomes, func(i household.Income) bool { return i.Year == year || i.Year == year-1 }) {
		f.hold(HoldIncomeMissing, "")
	}
}

func (f *finder) assistance() {
	for _, a := range f.h.Assistance {
		lasting := a.Kind == household.AssistSubsistence || a.Kind == household.AssistExtreme
		if lasting && f.on.In(a.From, a.To) {
			f.hold(HoldSocialAssistance, a.Person)
		}
	}
}
