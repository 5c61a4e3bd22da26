package removal

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// What steps need beside their evidence, until the township's review. Days are compared
// by the papers: a step may be recorded later than it happened, never before another
// that it builds on.

var reasonGiven = Need{
	Chinese: "理由", English: "a reason",
	check: func(a *attempt) { a.given("reason", a.s.Reason) },
}

func (a *attempt) given(field, value string) {
	if value == "" {
		a.bad(field, fault.Required)
	}
}

var assessedAfterProposal = Need{
	Chinese: "评估报告不早于提议材料", English: "an assessment not dated before the proposal",
	check: func(a *attempt) { a.datedFrom(a.c.last(Propose).day(), EvidenceAssessment) },
}

var meetingRecorded = Need{
	Chinese: "会议日期、应到、实到和票数", English: "the meeting's day, members, presence and votes",
	check: func(a *attempt) {
		if a.s.Meeting == nil {
			a.bad("meeting", fault.Required)
			return
		}
		a.past("meeting.on", a.s.Meeting.On)
	},
}

var countsAgree = Need{
	Chinese: "赞成与反对之和不超过实到,实到不超过应到", English: "votes within those present, those present within the members",
	check: func(a *attempt) {
		m := a.s.Meeting
		if m == nil {
			return
		}
		if m.Members < 1 || m.Present < 0 || m.Present > m.Members {
			a.bad("meeting.present", fault.MeetingCounts, "rule", "0 ≤ present ≤ members", "rule_zh", "0 ≤ 实到 ≤ 应到")
		}
		if m.Yes < 0 || m.No < 0 || m.Yes+m.No > max(m.Present, 0) {
			a.bad("meeting.yes", fault.MeetingCounts, "rule", "yes + no ≤ present", "rule_zh", "赞成 + 反对 ≤ 实到")
		}
	},
}

var metAfterAssessment = Need{
	Chinese: "会议不早于评估,会议材料不早于会议", English: "a meeting not before the assessment, its papers not before the meeting",
	check: func(a *attempt) {
		if a.s.Meeting == nil {
			return
		}
		a.notBefore("meeting.on", a.s.Meeting.On, a.c.last(Assess).day())
		if a.s.Meeting.On <= a.x.Today {
			a.datedFrom(a.s.Meeting.On, EvidenceMinutes, EvidenceSignIn, EvidenceBallot)
		}
	},
}

var quorumOrMajorityMissed = Need{
	Chinese: "到会人数或赞成票不足", English: "too few present, or too few in favour",
}

// passed tells whether a meeting had quorum and majority. Abstentions count as present.
func (p *Parameters) passed(m *Meeting) bool {
	quorum := m.Present*3 >= m.Members*2
	if p.QuorumPercent > 0 {
		quorum = m.Present*100 >= m.Members*p.QuorumPercent
	}
	return quorum && m.Yes*100 > m.Present*max(p.MajorityPercent, 50)
}

func carryAppraise(a *attempt) {
	if !a.c.Parameters.passed(a.s.Meeting) {
		a.c.State = a.rule.Else
	}
}

var placeGiven = Need{
	Chinese: "张贴地点和起始日", English: "place and first day of the posting",
	check: func(a *attempt) {
		p := a.s.Posting
		if p == nil {
			a.bad("posting", fault.Required)
			return
		}
		a.given("posting.place", p.Place)
		switch {
		case p.From == "":
			a.bad("posting.from", fault.Required)
		case !p.From.Valid():
			a.bad("posting.from", fault.Malformed, "form", dayForm)
		}
	},
}

// PostAhead is how many days before its first day a posting may be recorded.
const PostAhead = 7

var postedInTime = Need{
	Chinese: "起始日不早于会议,至多晚于今日7日;公示材料不早于会议", English: "a first day not before the meeting and at most 7 days ahead; papers not before the meeting",
	check: func(a *attempt) {
		met := a.c.last(Appraise).day()
		a.datedFrom(met, EvidenceNotice, EvidencePhoto)
		if p := a.s.Posting; p != nil {
			a.notBefore("posting.from", p.From, met)
			if latest := a.x.Today.AddDays(PostAhead); p.From.Valid() && p.From > latest {
				a.bad("posting.from", fault.OutOfRange, "range", "≤ "+string(latest))
			}
		}
	},
}

var objectionAfterMeeting = Need{
	Chinese: "异议材料不早于会议", English: "an objection not dated before the meeting",
	check: func(a *attempt) { a.datedFrom(a.c.last(Appraise).day(), EvidenceObjection) },
}

var lookedIntoAfterObjection = Need{
	Chinese: "核查结论不早于异议", English: "a result not dated before the objection",
	check: func(a *attempt) { a.datedFrom(a.c.last(Object).day(), EvidenceObjectionReview) },
}

// removable looks at the household: one that is gone, closed, unsupported already or
// outside the policies has nothing that a removal could end.
func (a *attempt) removable() {
	if !a.rule.Supported {
		return
	}
	if why, ok := a.unfit(); !ok {
		a.bad("kind", fault.NotRemovable, "why", why.English, "why_zh", why.Chinese)
	}
}

func (a *attempt) unfit() (why household.Label, ok bool) {
	h := a.x.Household
	switch {
	case h == nil || h.ID != a.c.Household:
		return household.Label{Chinese: "已不在本市县", English: "it is no longer in the area"}, false
	case h.Closing != nil:
		return household.Label{Chinese: "已销户或并户", English: "it is closed"}, false
	case h.SupportStatusOn(a.x.Today) == household.Unsupported || h.SupportStatusOn(forever) == household.Unsupported:
		return household.Label{Chinese: "已有停止帮扶的决定", English: "a decision has ended its support"}, false
	}
	switch {
	case h.Village != a.c.Village:
		return household.Label{Chinese: "已迁往他村,须在该村重新提议", English: "it moved to another village and is to be proposed there"}, false
	case a.merged():
		return household.Label{Chinese: "提议后有他户并入,并入的人员未经评议公示", English: "another household was merged into it since; its members were never appraised nor posted"}, false
	}
	beneficiary, err := a.x.Catalogue.Beneficiary(h, a.x.Today)
	if err != nil {
		a.err = err
	}
	return household.Label{Chinese: "不属于政策帮扶对象", English: "it is not one of those that the policies are for"}, beneficiary || err != nil
}

// merged tells whether members came by a merge since the case was opened. Who is born or
// marries into the household goes with it.
func (a *attempt) merged() bool {
	return len(a.c.Persons) > 0 && slices.ContainsFunc(a.x.Household.PresentOn(a.x.Today), func(p *household.Person) bool {
		return p.JoinReason == household.JoinMerge && !slices.Contains(a.c.Persons, p.ID)
	})
}

// carryPropose notes who belongs to the household that is proposed.
func carryPropose(a *attempt) {
	for _, p := range a.x.Household.PresentOn(a.x.Today) {
		a.c.Persons = append(a.c.Persons, p.ID)
	}
}

// forever is later than any day: a decision whose effect is still to come counts.
const forever = date.Date("9999-12-31")
