package removal

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// What the announcement needs, and taking an announced removal back.

var announcedAfterConfirmation = Need{
	Chinese: "公告不早于审定、不晚于今日", English: "a posting and papers of the day of confirmation or later, not of the future",
	check: func(a *attempt) {
		confirmed := a.c.last(Confirm).On
		a.datedFrom(confirmed, EvidenceAnnouncement)
		a.notBefore("document.date", a.s.Document.Date, confirmed)
		if p := a.s.Posting; p != nil && p.From.Valid() {
			a.past("posting.from", p.From)
			a.notBefore("posting.from", p.From, confirmed)
		}
	},
}

var numberGiven = Need{
	Chinese: "决定编号", English: "the number of the decision",
	check: func(a *attempt) { a.given("decision_number", a.s.DecisionNumber) },
}

var documentGiven = Need{
	Chinese: "决定文件的机关、文号和日期", English: "issuer, number and date of the decision's document",
	check: func(a *attempt) {
		a.given("document.issuer", a.s.Document.Issuer)
		a.given("document.number", a.s.Document.Number)
		a.past("document.date", a.s.Document.Date)
	},
}

// nothingChanged refuses to announce what nobody confirmed: another hold, other persons,
// policies or last days than were seen need a new confirmation, which is taken from here.
var nothingChanged = Need{
	Chinese: "审定后无新增不宜情形,人员、终止政策及其截止日未变;否则须重新审定", English: "no new hold, the same persons, policies and last days as confirmed; else confirm again",
	check: func(a *attempt) {
		if !a.look() {
			return
		}
		seen := kindsOf(a.c.last(Confirm).Holds)
		for _, kind := range kindsOf(slices.DeleteFunc(slices.Clone(a.holds), func(h Hold) bool {
			return slices.Contains(a.c.last(Confirm).Holds, h)
		})) {
			what := kind.Label()
			if slices.Contains(seen, kind) {
				what = household.Label{Chinese: what.Chinese + "(另有人员)", English: what.English + " (of somebody else)"}
			}
			a.bad("kind", fault.ConfirmAgain, "what", what.English, "what_zh", what.Chinese)
		}
		if !a.sameEnds() {
			a.bad("kind", fault.ConfirmAgain, "what", "the persons concerned, the policies that end or their last days", "what_zh", "涉及人员、终止的政策或其截止日")
		}
	},
}

var secondConfirmerHeard = Need{
	Chinese: "审定后所在村转为异常的,须补第二人审定", English: "where the village got out of line since, two confirmers",
	check: func(a *attempt) {
		if a.x.OutOfLine && !a.c.Flagged {
			a.bad("kind", fault.ConfirmAgain,
				"what", "the village is out of line and needs two confirmers", "what_zh", "所在村异常,须二人审定")
		}
	},
}

// carryAnnounce freezes the decision.
func carryAnnounce(a *attempt) {
	a.s.EffectiveOn = a.effect()
	a.c.EffectiveOn, a.c.Ends = a.s.EffectiveOn, a.ends
	a.c.Decision, a.c.DecisionNumber = a.x.Decision, a.s.DecisionNumber
}

var groundGiven = Need{
	Chinese: "撤销的事由", English: "the ground",
	check: func(a *attempt) {
		if _, known := groundWords[a.s.Ground]; !known {
			a.bad("ground", fault.Required)
		}
	},
}

var reversedAfterAnnouncement = Need{
	Chinese: "撤销材料不早于公告", English: "papers not dated before the announcement",
	check: func(a *attempt) {
		announced := a.c.last(Announce).day()
		a.datedFrom(announced, EvidenceReversal)
		a.notBefore("document.date", a.s.Document.Date, announced)
	},
}

var resumesAfterEffect = Need{
	Chinese: "恢复日(如填写)不早于停止帮扶之日和今日,至多晚于今日一年", English: "a day of resumption, if given, not before the removal's effect nor today, at most a year ahead",
	check: func(a *attempt) {
		if a.s.EffectiveOn != "" && !a.s.EffectiveOn.Valid() {
			a.bad("effective_on", fault.Malformed, "form", dayForm)
			return
		}
		if a.s.EffectiveOn != "" {
			a.notBefore("effective_on", a.s.EffectiveOn, max(a.c.EffectiveOn, a.x.Today))
			a.withinAYear("effective_on", a.s.EffectiveOn, max(a.c.EffectiveOn, a.x.Today))
		}
	},
}

func carryReverse(a *attempt) {
	if a.s.EffectiveOn == "" {
		a.s.EffectiveOn = max(a.c.EffectiveOn, a.x.Today)
	}
	a.c.Reversal = a.x.Decision
}
