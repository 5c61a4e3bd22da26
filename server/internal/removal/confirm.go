package removal

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// What the county's confirmation needs. It freezes what would end and what speaks
// against it, so that the announcement can tell whether that still holds.

// EarliestEffect is the earliest first day without support if it is announced on a day.
func (p *Parameters) EarliestEffect(announced date.Date) date.Date {
	return announced.AddDays(max(p.DaysToEffect, 0))
}

var confirmedAfterReview = Need{
	Chinese: "审定意见不早于乡镇审核意见", English: "a confirmation not dated before the review",
	check: func(a *attempt) { a.datedFrom(a.c.last(Review).day(), EvidenceConfirmation) },
}

var effectInTime = Need{
	Chinese: "生效日(如填写)不早于今日加规定天数,至多再晚一年", English: "a day of effect, if given, not before today and the days set, at most a year after that",
	check: func(a *attempt) {
		switch d := a.s.EffectiveOn; {
		case d == "":
		case !d.Valid():
			a.bad("effective_on", fault.Malformed, "form", dayForm)
		default:
			a.notBefore("effective_on", d, a.c.Parameters.EarliestEffect(a.x.Today))
			a.withinAYear("effective_on", d, a.c.Parameters.EarliestEffect(a.x.Today))
		}
	},
}

// aYear is as far ahead as a day of effect may lie; a mistyped year must not stand for ever.
const aYear = 366

func (a *attempt) withinAYear(field string, d, earliest date.Date) {
	if latest := earliest.AddDays(aYear); d > latest {
		a.bad(field, fault.OutOfRange, "range", "≤ "+string(latest))
	}
}

// effect is the first day without support that the step means: as given, else as
// confirmed, and never before the earliest.
func (a *attempt) effect() date.Date {
	earliest := a.c.Parameters.EarliestEffect(a.x.Today)
	if a.s.EffectiveOn.Valid() {
		return a.s.EffectiveOn // effectInTime refuses what is too early
	}
	if a.s.Kind == Announce {
		return max(a.c.EffectiveOn, earliest)
	}
	return earliest
}

// look finds what the decision would end and what speaks against it today.
func (a *attempt) look() bool {
	if _, fit := a.unfit(); !fit || a.err != nil {
		return false // removable has said so
	}
	a.holds = Holds(a.x.Household, a.x.Today, a.c.Parameters)
	a.ends, a.err = Ends(a.x.Catalogue, a.x.Household, a.effect(), a.c.Parameters)
	if a.err == nil && a.c.EffectiveOn != "" {
		a.seen, a.err = Ends(a.x.Catalogue, a.x.Household, a.c.EffectiveOn, a.c.Parameters)
	}
	return a.err == nil
}

var holdsAnswered = Need{
	Chinese: "无不宜审定的情形;有的,须越过提示,注明理由并附依据", English: "no holds; with any, an override with its reason and grounds",
	check: func(a *attempt) {
		if !a.look() || len(a.holds) == 0 {
			return
		}
		if a.s.Override {
			a.given("reason", a.s.Reason)
			a.needsKind(EvidenceOverride)
			return
		}
		for _, kind := range kindsOf(a.holds) {
			w := kind.Label()
			a.bad("override", fault.HoldStands, "hold", w.English, "hold_zh", w.Chinese)
		}
	},
}

func kindsOf(holds []Hold) []HoldKind {
	var out []HoldKind
	for _, h := range holds {
		out = append(out, h.Kind)
	}
	return slices.Compact(out)
}

// firstOfTwo is the confirmation that waits for a second one, nil for none: a case
// stays reviewed after it.
func (a *attempt) firstOfTwo() *Step {
	if n := len(a.c.Steps); a.from == Reviewed && n > 0 && a.c.Steps[n-1].Kind == Confirm {
		return &a.c.Steps[n-1]
	}
	return nil
}

var otherConfirmer = Need{
	Chinese: "村异常须二人审定的,第二人不同于第一人", English: "where the village is out of line, a second confirmer other than the first",
	check: func(a *attempt) {
		if first := a.firstOfTwo(); first != nil && first.Actor.Person == a.x.Actor.Person {
			a.bad("kind", fault.SamePerson, "role", partWords[RoleConfirm].English, "role_zh", partWords[RoleConfirm].Chinese)
		}
	},
}

var secondConfirmerMissing = Need{
	Chinese: "所在村异常,尚须第二人审定", English: "the village is out of line and a second confirmer is still needed",
}

// carryConfirm freezes what was confirmed. In a village out of line the case goes on only
// when a second person has confirmed the same; if what ends or what speaks against it
// changed in between, the second confirmation counts as the first of two. The flag stays.
func carryConfirm(a *attempt) {
	first := a.firstOfTwo()
	agreed := first != nil && sameHolds(first.Holds, a.holds) && a.sameEnds()
	a.c.Flagged = a.c.Flagged || a.x.OutOfLine
	if a.c.Flagged && !agreed {
		a.c.State = a.rule.Else
	}
	a.s.Override, a.s.Holds, a.s.EffectiveOn = a.s.Override && len(a.holds) > 0, a.holds, a.effect()
	a.c.Overridden, a.c.Ends, a.c.EffectiveOn = len(a.holds) > 0, a.ends, a.effect()
}

func sameHolds(a, b []Hold) bool { return slices.Equal(a, b) }

// sameEnds tells whether the same policies end for the same persons by the same rules as
// was confirmed. Their days may differ with the day of effect, but with nothing else: on
// the day that was confirmed they would still be those that were.
func (a *attempt) sameEnds() bool {
	return slices.Equal(a.c.Ends, a.seen) && slices.EqualFunc(a.c.Ends, a.ends, func(x, y End) bool {
		return x.Person == y.Person && x.Policy == y.Policy && x.Rule == y.Rule
	})
}
