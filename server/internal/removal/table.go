package removal

import "slices"

// Rule is one step of the procedure: where it starts, where it leads, who takes it and
// what it needs. The table of rules is the only place that says so; Take, the worklists
// and PROCEDURE.md all read it.
type Rule struct {
	Step StepKind
	From []State // "" is before the case
	To   State
	// Else is where the same step may lead instead, "" for nowhere else; Why says when.
	Else State
	Why  Need
	// Roles that may take it; Part is the one of the three persons that takes it, "" for
	// anybody who holds one of the roles.
	Roles []Role
	Part  Role
	// Evidence kinds that it needs, each at least once.
	Evidence []EvidenceKind
	// Needs is what else it needs.
	Needs []Need
	// Supported tells that it may be taken only while the household can still leave support.
	Supported bool

	carry func(*attempt) // out of Needs' reach: what the step changes in the case
}

// Need is something that a step needs beside its evidence, in words and as a check.
type Need struct {
	Chinese, English string
	check            func(*attempt)
}

var anyRole = []Role{RolePropose, RoleReview, RoleConfirm}

// underWay are the states from which a case can be withdrawn: all until it is announced.
var underWay = []State{Proposed, Assessed, Appraised, InPublicity, Objected, Reviewed, Confirmed}

// table is the procedure (clause 一, exit paragraph; township and county are the area's "等程序").
var table = []Rule{
	{
		Step: Propose, From: []State{""}, To: Proposed, Roles: []Role{RolePropose}, Part: RolePropose,
		Evidence: []EvidenceKind{EvidenceProposal}, Needs: []Need{reasonGiven}, Supported: true, carry: carryPropose,
	},
	{
		Step: Assess, From: []State{Proposed}, To: Assessed, Roles: []Role{RolePropose}, Part: RolePropose,
		Evidence: []EvidenceKind{EvidenceAssessment}, Needs: []Need{assessedAfterProposal}, Supported: true,
	},
	{
		Step: Appraise, From: []State{Assessed}, To: Appraised, Else: NotPassed, Why: quorumOrMajorityMissed,
		Roles: []Role{RolePropose}, Part: RolePropose,
		Evidence: []EvidenceKind{EvidenceMinutes, EvidenceSignIn, EvidenceBallot},
		Needs:    []Need{meetingRecorded, countsAgree, metAfterAssessment}, Supported: true, carry: carryAppraise,
	},
	{
		Step: Post, From: []State{Appraised}, To: InPublicity, Roles: []Role{RolePropose}, Part: RolePropose,
		Evidence: []EvidenceKind{EvidenceNotice, EvidencePhoto}, Needs: []Need{placeGiven, postedInTime, daysCountable}, Supported: true,
	},
	{
		Step: Object, From: []State{InPublicity}, To: Objected, Roles: anyRole,
		Evidence: []EvidenceKind{EvidenceObjection}, Needs: []Need{objectionAfterMeeting}, Supported: true,
	},
	{
		Step: Dismiss, From: []State{Objected}, To: InPublicity, Roles: []Role{RoleReview}, Part: RoleReview,
		Evidence: []EvidenceKind{EvidenceObjectionReview}, Needs: []Need{lookedIntoAfterObjection}, Supported: true,
	},
	{
		Step: Uphold, From: []State{Objected}, To: Upheld, Roles: []Role{RoleReview}, Part: RoleReview,
		Evidence: []EvidenceKind{EvidenceObjectionReview}, Needs: []Need{lookedIntoAfterObjection}, Supported: true,
	},
	{
		Step: Review, From: []State{InPublicity}, To: Reviewed, Roles: []Role{RoleReview}, Part: RoleReview,
		Evidence: []EvidenceKind{EvidenceReview}, Needs: []Need{publicityOver}, Supported: true,
	},
	{
		Step: Confirm, From: []State{Reviewed, Confirmed}, To: Confirmed, Else: Reviewed, Why: secondConfirmerMissing,
		Roles: []Role{RoleConfirm}, Part: RoleConfirm, Evidence: []EvidenceKind{EvidenceConfirmation},
		Needs: []Need{confirmedAfterReview, effectInTime, holdsAnswered, otherConfirmer}, Supported: true, carry: carryConfirm,
	},
	{
		Step: Announce, From: []State{Confirmed}, To: Announced, Roles: []Role{RoleConfirm}, Part: RoleConfirm,
		Evidence: []EvidenceKind{EvidenceAnnouncement},
		Needs: []Need{
			placeGiven, announcedAfterConfirmation, numberGiven, documentGiven, effectInTime, nothingChanged, secondConfirmerHeard,
		}, Supported: true, carry: carryAnnounce,
	},
	{
		Step: Withdraw, From: underWay, To: Withdrawn, Roles: anyRole, Needs: []Need{reasonGiven},
	},
	{
		Step: Reverse, From: []State{Announced}, To: Reversed, Roles: []Role{RoleConfirm},
		Evidence: []EvidenceKind{EvidenceReversal},
		Needs:    []Need{groundGiven, reasonGiven, documentGiven, reversedAfterAnnouncement, resumesAfterEffect}, carry: carryReverse,
	},
}

// Table is the procedure as data, for those who print it.
func Table() []Rule { return slices.Clone(table) }

// ruleOf is the rule of a step, nil for none.
func ruleOf(kind StepKind) *Rule {
	i := slices.IndexFunc(table, func(r Rule) bool { return r.Step == kind })
	if i < 0 {
		return nil
	}
	return &table[i]
}

// Possible lists the steps that may come next in a state, in the order of the table.
func Possible(s State) []StepKind {
	var out []StepKind
	for i := range table {
		if slices.Contains(table[i].From, s) {
			out = append(out, table[i].Step)
		}
	}
	return out
}
