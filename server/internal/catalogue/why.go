package catalogue

import (
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Why says why somebody is not entitled to a policy: a stable code and one sentence
// in each language.
type Why struct {
	Code             string
	English, Chinese string
	DecisionNumber   string    // of SUPPORT_ENDED
	On               date.Date // day that the sentence names, if it names one
	Condition        string    // of CONDITION_NOT_MET: the tests that failed, as the catalogue says them
}

// Codes of Why.
const (
	NotAMember       = "NOT_A_MEMBER"
	MemberDied       = "MEMBER_DIED"
	LeftHousehold    = "LEFT_HOUSEHOLD"
	HouseholdClosed  = "HOUSEHOLD_CLOSED"
	PersonNeeded     = "PERSON_NEEDED"
	PolicyNotInForce = "POLICY_NOT_IN_FORCE"
	NotABeneficiary  = "NOT_A_BENEFICIARY"
	ConditionNotMet  = "CONDITION_NOT_MET"
	SupportEnded     = "SUPPORT_ENDED"
	StillSupported   = "STILL_SUPPORTED"
)

var whyTexts = map[string][2]string{
	NotAMember:       {"The person is not a member of the household on this day.", "该人当日不是本户成员。"},
	MemberDied:       {"The person died; the last day as a member was {on}.", "该人已去世,在户至 {on}。"},
	LeftHousehold:    {"The person left the household; the last day as a member was {on}.", "该人已不在本户,在户至 {on}。"},
	HouseholdClosed:  {"The household is closed from {on} on.", "该户自 {on} 起已销户。"},
	PersonNeeded:     {"The policy is for single persons; ask for a member of the household.", "该政策以个人为对象,请按家庭成员查询。"},
	PolicyNotInForce: {"The policy is not in force on this day.", "该政策当日不在有效期内。"},
	NotABeneficiary:  {"The household is not one of those that the policies are for.", "该户不属于政策帮扶对象。"},
	ConditionNotMet:  {"The condition of the policy is not met: {tests}.", "不符合该政策的条件：{tests}。"},
	SupportEnded:     {"Decision {number} ended this policy; its last day was {on}.", "依据决定 {number},该政策已停止,最后一日为 {on}。"},
	StillSupported:   {"The policy is for those whose support has ended; here support continues.", "该政策适用于已停止帮扶的对象,目前仍在帮扶中。"},
}

// why makes the sentences of a code; pairs fill their {places}.
func why(code string, pairs ...string) Why {
	texts := whyTexts[code]
	fill := strings.NewReplacer(pairs...)
	return Why{Code: code, English: fill.Replace(texts[0]), Chinese: fill.Replace(texts[1])}
}

func whyOn(code string, on date.Date, pairs ...string) Why {
	w := why(code, append(pairs, "{on}", string(on))...)
	w.On = on
	return w
}

// whyUnmet says each failed test in words, and keeps the catalogue's own text beside.
func whyUnmet(failed []string, unmet []household.Label) Why {
	all := joined(unmet, "；", "; ")
	texts := whyTexts[ConditionNotMet]
	return Why{
		Code:    ConditionNotMet,
		English: strings.ReplaceAll(texts[0], "{tests}", all.English), Chinese: strings.ReplaceAll(texts[1], "{tests}", all.Chinese),
		Condition: strings.Join(failed, " && "),
	}
}

// whyAbsent says why somebody asked for is not there on the day; Code "" where they are.
func whyAbsent(v *view, p *household.Person, person string) Why {
	switch {
	case person != "" && p != nil && p.LeftOn != "" && p.LeftOn <= v.on:
		code := LeftHousehold
		if p.LeaveReason == household.LeaveDeath {
			code = MemberDied
		}
		return whyOn(code, p.LeftOn.AddDays(-1))
	case v.closed:
		return whyOn(HouseholdClosed, v.Closing.On)
	case person != "" && (p == nil || !p.PresentOn(v.on)):
		return why(NotAMember)
	}
	return Why{}
}

// whyNot gives the first reason in the order in which entitled looks.
func (s *subject) whyNot(p *Policy, tests []Tested) Why {
	if !s.on.In(p.From, p.Until) {
		return why(PolicyNotInForce)
	}
	var failed []string
	var unmet []household.Label
	for i, t := range tests {
		switch {
		case t.Held:
		case i < p.everybody:
			return why(NotABeneficiary)
		default:
			failed, unmet = append(failed, t.Test), append(unmet, t.unmet())
		}
	}
	if len(failed) > 0 {
		return whyUnmet(failed, unmet)
	}
	if p.Reach == Unsupported {
		return why(StillSupported)
	}
	last, by := s.ruling(p)
	w := whyOn(SupportEnded, last, "{number}", by.Number)
	w.DecisionNumber = by.Number
	return w
}
