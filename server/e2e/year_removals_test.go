package e2e

import (
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	removalEvery  = 30  // nights between two proposals
	removalsUntil = 250 // working days of the next year are not published yet: what is begun must end in this one
)

// yearSteps are the steps of the procedure by the state in which they are due.
var yearSteps = map[hubv1.RemovalState]hubv1.StepKind{
	hubv1.RemovalState_REMOVAL_STATE_PROPOSED: hubv1.StepKind_STEP_KIND_ASSESS, hubv1.RemovalState_REMOVAL_STATE_ASSESSED: hubv1.StepKind_STEP_KIND_APPRAISE,
	hubv1.RemovalState_REMOVAL_STATE_APPRAISED: hubv1.StepKind_STEP_KIND_POST, hubv1.RemovalState_REMOVAL_STATE_IN_PUBLICITY: hubv1.StepKind_STEP_KIND_REVIEW,
	hubv1.RemovalState_REMOVAL_STATE_REVIEWED: hubv1.StepKind_STEP_KIND_CONFIRM, hubv1.RemovalState_REMOVAL_STATE_CONFIRMED: hubv1.StepKind_STEP_KIND_ANNOUNCE,
}

// removals proposes a household now and then, of those that came meanwhile, and takes every
// case a step further on each day on which it may. Every third decision is taken back after a month.
func (y *year) removals(n int) {
	y.Helper()
	if n%removalEvery == 5 && n < removalsUntil {
		h := y.household(y.villages[y.rng.IntN(len(y.villages))])
		c, err := y.propose("village", h)
		y.ok(err)
		y.cases = append(y.cases, c)
		y.did["proposed"]++
	}
	for i, c := range y.cases {
		kind, due := yearSteps[c.GetState()]
		switch {
		case due && (kind != hubv1.StepKind_STEP_KIND_REVIEW || reviewable(c) <= y.hub.Today()):
			who, _ := y.usual(c, kind)
			if last := c.GetSteps()[len(c.GetSteps())-1]; kind == hubv1.StepKind_STEP_KIND_CONFIRM && last.GetKind() == kind {
				who = "county2" // a village that sees many removals needs two
			}
			next, err := y.step(c, kind, as(who))
			y.ok(err)
			y.cases[i] = next
			if kind == hubv1.StepKind_STEP_KIND_ANNOUNCE {
				y.did["announced"]++
			}
		case !due && c.GetState() != hubv1.RemovalState_REMOVAL_STATE_REVERSED && i%3 == 2 && n%removalEvery == 20:
			y.reverse(i)
		}
	}
}

// reverse takes a decision back.
func (y *year) reverse(i int) {
	y.Helper()
	c := y.cases[i]
	got, err := y.people["county"].GetRemoval(y.Context(), &hubv1.GetRemovalRequest{Id: c.GetId()})
	y.ok(err)
	c = got.GetCase()
	back, err := y.people["county"].ReverseRemoval(y.Context(), &hubv1.ReverseRemovalRequest{
		Id: c.GetId(), Etag: c.GetEtag(), Ground: hubv1.ReversalGround_REVERSAL_GROUND_WRONG_DECISION, Reason: "经复核", RequestId: y.request(),
		Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶撤〔2026〕" + c.GetId()[3:9] + "号", Date: y.today()},
		Evidence: y.evidence("county", c.GetHousehold(), c.GetId(), hubv1.EvidenceKind_EVIDENCE_KIND_REVERSAL),
	})
	y.ok(err)
	y.cases[i] = back.GetCase()
	y.did["reversed"]++
}
