package catalogue

import (
	"cmp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// view is a household as it is on a day: what conditions and fields ask for again
// and again is looked up once.
type view struct {
	*household.Household
	on        date.Date
	present   []*household.Person // by id
	head      *household.Person
	helper    *household.HelperAssignment
	helping   helping
	damage    *household.Damage     // newest that no renovation has made good
	appraisal *household.Appraisal  // newest, until the renovation that follows is accepted
	income    *household.Income     // of the newest year
	shock     *household.Shock      // newest open one
	decided   []*household.Decision // see decidedBy
	inForce   int                   // how many of them, from the first on
	closed    bool
	whole     *subject    // the household as a subject of its own
	standards []*Standard // the catalogue's
	paid      *protection // see protection
}

func newView(h *household.Household, on date.Date) *view {
	v := &view{
		Household: h, on: on, present: h.PresentOn(on),
		closed: h.Closing != nil && h.Closing.On <= on,
	}
	v.decided, v.inForce = decidedBy(h, on)
	slices.SortFunc(v.present, func(a, b *household.Person) int { return cmp.Compare(a.ID, b.ID) })
	for _, p := range v.present {
		if p.Relation == household.RelationHead {
			v.head = p
		}
	}
	v.helper = newest(h.Helpers, func(a *household.HelperAssignment) (date.Date, bool) { return a.From, on.In(a.From, a.To) })
	v.helping = helpingOf(h, on)
	v.appraisal = newest(h.Housing.Appraisals, func(a *household.Appraisal) (date.Date, bool) { return a.AppraisedOn, a.AppraisedOn <= on })
	if a := v.appraisal; a != nil && a.RenovatedOn != "" && a.RenovatedOn <= on {
		v.appraisal = nil
	}
	v.damage = newest(h.Housing.Damages, func(d *household.Damage) (date.Date, bool) { return d.HappenedOn, v.unrepaired(d) })
	v.income = newest(h.Incomes, func(y *household.Income) (int, bool) { return y.Year, y.Year <= on.Year() })
	v.shock = newest(h.Shocks, func(s *household.Shock) (date.Date, bool) {
		return s.HappenedOn, openOn(on, s.HappenedOn, s.ResolvedOn)
	})
	return v
}

// newest gives the newest of those that count, the first of equals, nil for none.
func newest[T any, D date.Date | int](all []T, when func(*T) (D, bool)) *T {
	var found *T
	var latest D
	for i := range all {
		if d, counts := when(&all[i]); counts && (found == nil || d > latest) {
			found, latest = &all[i], d
		}
	}
	return found
}

// openOn tells whether something that began and perhaps ended is open on a day; the
// day of its end no longer counts.
func openOn(on, began, ended date.Date) bool {
	return began <= on && (ended == "" || ended > on)
}

// unrepaired tells whether a damage stands: no renovation was accepted since.
func (v *view) unrepaired(d *household.Damage) bool {
	return d.HappenedOn <= v.on && !slices.ContainsFunc(v.Housing.Appraisals, func(a household.Appraisal) bool {
		return a.RenovatedOn != "" && a.RenovatedOn >= d.HappenedOn && a.RenovatedOn <= v.on
	})
}

// able counts the members able to work.
func (v *view) able() int {
	n := 0
	for _, p := range v.present {
		if able(p, StageOf(p)) {
			n++
		}
	}
	return n
}

// none is how long ago something was, in years, that never was.
const none = 100

// incomeYearsBehind counts the years since the newest income year on record.
func (v *view) incomeYearsBehind() int {
	if v.income == nil {
		return none
	}
	return min(v.on.Year()-v.income.Year, none-1)
}

func (v *view) openShocks() []string {
	var out []string
	for i := range v.Shocks {
		if s := &v.Shocks[i]; openOn(v.on, s.HappenedOn, s.ResolvedOn) {
			out = append(out, string(s.Kind))
		}
	}
	return set(out)
}

// helperGapSince is the first day without a helper, "" while there is one.
func (v *view) helperGapSince() date.Date {
	if v.helper != nil {
		return ""
	}
	var last date.Date
	for i := range v.Helpers {
		if to := v.Helpers[i].To; to != "" && to < v.on {
			last = max(last, to)
		}
	}
	return max(v.Register.FirstIdentifiedOn, last.AddDays(1))
}

// set sorts codes and drops repeats, in place.
func set(codes []string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}

// StageOf is a person's school stage: the education department's word counts more than the register's.
func StageOf(p *household.Person) household.SchoolStage {
	if e := p.Education; e != nil && e.Stage != "" {
		return e.Stage
	}
	return p.SchoolStage
}
