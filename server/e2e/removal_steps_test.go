package e2e

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// How the history's cases go on: by the usual steps, by what comes between, and by what
// must be refused.

// open proposes a household that nobody has proposed yet.
func (s *saga) open() {
	i := s.rng.IntN(len(s.fresh))
	id := s.fresh[i]
	s.fresh = slices.Delete(s.fresh, i, i+1)
	h := s.homes[id]
	if h == nil || s.removed(h) {
		s.create(s.villages[s.rng.IntN(len(s.villages))]) // another in the place of one that is gone
		return
	}
	c, err := s.propose("village", s.read(id))
	s.ok(err)
	s.cases = append(s.cases, &sagaCase{RemovalCase: c})
}

// says tells whether a refusal names a reason.
func says(err error, reason hubv1.Reason) bool {
	e := client.Of(err)
	return e != nil && (e.Reason == reason || slices.ContainsFunc(e.Fields, func(v client.FieldError) bool { return v.Reason == reason }))
}

// removable tells whether a case can go on at all: the household is there, in its village, and
// nobody was merged into it whom the meeting never heard of.
func (s *saga) removable(c *sagaCase) bool {
	home := s.homes[c.GetHousehold()]
	if home == nil || home.area != c.GetArea() || s.removed(home) {
		return false
	}
	h := s.read(c.GetHousehold())
	return h.GetVillage() == c.GetVillage() && !slices.ContainsFunc(h.GetPersons(), func(p *hubv1.Person) bool {
		return p.GetJoinReason() == hubv1.JoinReason_JOIN_REASON_MERGE && p.GetLeftOn() == "" && !slices.Contains(c.GetPersons(), p.GetId())
	})
}

// advance lets the next thing happen to a case.
func (s *saga) advance(c *sagaCase) {
	c.RemovalCase = s.now(c.RemovalCase) // its day may have come
	if s.rng.IntN(4) == 0 {
		s.refusals(c)
	}
	state := c.GetState()
	switch {
	case state == hubv1.RemovalState_REMOVAL_STATE_ANNOUNCED || state == hubv1.RemovalState_REMOVAL_STATE_EFFECTIVE:
		s.after(c)
	case !s.removable(c):
		s.stuck(c)
	case s.rng.IntN(40) == 0:
		s.take(c, hubv1.StepKind_STEP_KIND_WITHDRAW)
		s.did["withdrawn"]++
	default:
		s.next(c)
	}
	switch c.GetState() {
	case hubv1.RemovalState_REMOVAL_STATE_NOT_PASSED, hubv1.RemovalState_REMOVAL_STATE_UPHELD, hubv1.RemovalState_REMOVAL_STATE_WITHDRAWN, hubv1.RemovalState_REMOVAL_STATE_REVERSED:
		c.ended = true
	}
}

// take takes a step that must be taken.
func (s *saga) take(c *sagaCase, kind hubv1.StepKind, changes ...func(*string, *hubv1.RemovalStep)) {
	s.Helper()
	got, err := s.step(c.RemovalCase, kind, changes...)
	s.ok(err)
	c.RemovalCase = got
}

// next is the usual step of a case, or what may come in its place.
func (s *saga) next(c *sagaCase) {
	s.Helper()
	switch c.GetState() {
	case hubv1.RemovalState_REMOVAL_STATE_PROPOSED:
		s.take(c, hubv1.StepKind_STEP_KIND_ASSESS)
	case hubv1.RemovalState_REMOVAL_STATE_ASSESSED:
		s.meet(c)
	case hubv1.RemovalState_REMOVAL_STATE_APPRAISED:
		s.take(c, hubv1.StepKind_STEP_KIND_POST)
	case hubv1.RemovalState_REMOVAL_STATE_IN_PUBLICITY:
		s.wait(c)
	case hubv1.RemovalState_REMOVAL_STATE_OBJECTED:
		if s.rng.IntN(4) == 0 {
			s.take(c, hubv1.StepKind_STEP_KIND_UPHOLD)
			s.did["upheld"]++
			return
		}
		s.take(c, hubv1.StepKind_STEP_KIND_DISMISS)
		s.did["dismissed"]++
	case hubv1.RemovalState_REMOVAL_STATE_REVIEWED:
		s.confirm(c)
	case hubv1.RemovalState_REMOVAL_STATE_CONFIRMED:
		s.announce(c)
	}
}

// meet holds the meeting: sometimes too few come, sometimes too few say yes.
func (s *saga) meet(c *sagaCase) {
	s.Helper()
	m := &hubv1.Meeting{On: s.today(), Members: 30, Present: 20, Yes: 11, No: 9}
	passes := true
	switch s.rng.IntN(16) {
	case 0:
		m.Present, passes = 19, false
		m.No = 8
	case 1:
		m.Yes, m.No, passes = 10, 9, false // half of those present are no majority
	}
	s.take(c, hubv1.StepKind_STEP_KIND_APPRAISE, func(_ *string, step *hubv1.RemovalStep) { step.Meeting = m })
	if passed := c.GetState() == hubv1.RemovalState_REMOVAL_STATE_APPRAISED; passed != passes {
		s.Fatalf("%v passed: %v", m, passed)
	}
	if !passes {
		s.did["not passed"]++
	}
}

// reviewable is the first day after seven days of publicity, on which no objection was open.
func reviewable(c *hubv1.RemovalCase) date.Date {
	var d, objected date.Date
	extra := 0
	for _, step := range c.GetSteps() {
		switch step.GetKind() {
		case hubv1.StepKind_STEP_KIND_POST:
			d = date.Date(step.GetPosting().GetFrom())
		case hubv1.StepKind_STEP_KIND_OBJECT:
			objected = date.Date(step.GetOn())
		case hubv1.StepKind_STEP_KIND_DISMISS: // of an objection after the seven days nothing is left to wait for
			if objected < d.AddDays(7+extra) {
				extra += date.Date(step.GetOn()).DaysSince(objected)
			}
		}
	}
	return d.AddDays(7 + extra)
}

// wait lets the publicity run: somebody may object, and nobody may review too early.
func (s *saga) wait(c *sagaCase) {
	s.Helper()
	if s.rng.IntN(8) == 0 {
		s.take(c, hubv1.StepKind_STEP_KIND_OBJECT, as([]string{"village", "town", "county"}[s.rng.IntN(3)]))
		return
	}
	got, err := s.step(c.RemovalCase, hubv1.StepKind_STEP_KIND_REVIEW)
	if s.hub.Today() < reviewable(c.RemovalCase) {
		s.refused(err, hubv1.Reason_REASON_PUBLICITY_RUNNING)
		s.same(c.RemovalCase)
		s.did["refused too early"]++
		return
	}
	s.ok(err)
	c.RemovalCase = got
}

// confirm confirms as often as the village asks for, over holds where there are any.
func (s *saga) confirm(c *sagaCase) {
	s.Helper()
	who := "county"
	if last := c.GetSteps()[len(c.GetSteps())-1]; last.GetKind() == hubv1.StepKind_STEP_KIND_CONFIRM && last.GetPerson() == "c1" {
		who = "county2"
		s.did["second confirmer"]++
	}
	got, err := s.step(c.RemovalCase, hubv1.StepKind_STEP_KIND_CONFIRM, as(who))
	if says(err, hubv1.Reason_REASON_HOLD_STANDS) {
		s.same(c.RemovalCase)
		got, err = s.step(c.RemovalCase, hubv1.StepKind_STEP_KIND_CONFIRM, as(who), func(_ *string, step *hubv1.RemovalStep) {
			step.Override, step.Reason = true, "已另作安排"
			step.Evidence = append(step.Evidence, s.evidence("county", c.GetHousehold(), c.GetId(), hubv1.EvidenceKind_EVIDENCE_KIND_OVERRIDE)...)
		})
		s.did["override"]++
	}
	s.ok(err)
	c.RemovalCase = got
}

// announce announces, or confirms again where something has changed since.
func (s *saga) announce(c *sagaCase) {
	s.Helper()
	effective := s.hub.Today().AddDays(s.rng.IntN(15))
	got, err := s.step(c.RemovalCase, hubv1.StepKind_STEP_KIND_ANNOUNCE, func(_ *string, step *hubv1.RemovalStep) { step.EffectiveOn = string(effective) })
	if says(err, hubv1.Reason_REASON_CONFIRM_AGAIN) {
		s.same(c.RemovalCase)
		s.confirm(c)
		s.did["confirmed again"]++
		return
	}
	s.ok(err)
	c.RemovalCase = got
	s.decide(s.homes[c.GetHousehold()], c.GetDecision(), effective)
	s.did["announced"]++
}

// after takes the removal back sometimes; else the case is at its end, once it is in effect.
func (s *saga) after(c *sagaCase) {
	s.Helper()
	if h := s.homes[c.GetHousehold()]; h != nil && s.removed(h) && s.rng.IntN(4) == 0 {
		_, err := s.propose("village", s.read(h.id))
		s.refused(err, hubv1.Reason_REASON_NOT_REMOVABLE)
		s.did["refused again"]++
	}
	if s.rng.IntN(12) > 0 {
		c.ended = c.GetState() == hubv1.RemovalState_REMOVAL_STATE_EFFECTIVE && s.rng.IntN(8) == 0
		return
	}
	from := max(s.hub.Today(), date.Date(c.GetEffectiveOn()))
	ask := &hubv1.ReverseRemovalRequest{
		Id: c.GetId(), Etag: c.GetEtag(), Ground: hubv1.ReversalGround(1 + s.did["reversed"]%3), Reason: "经复核", //nolint:gosec // one of three
		Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶撤〔2026〕" + c.GetId()[3:9] + "号", Date: s.today()}, RequestId: s.request(),
		Evidence: s.evidence("county", c.GetHousehold(), c.GetId(), hubv1.EvidenceKind_EVIDENCE_KIND_REVERSAL),
	}
	if s.rng.IntN(2) == 0 {
		from = from.AddDays(s.rng.IntN(6))
		ask.EffectiveOn = string(from)
	}
	got, err := s.people["county"].ReverseRemoval(s.Context(), ask)
	s.ok(err)
	c.RemovalCase = got.GetCase()
	s.decisions[c.GetDecision()].reversed = from
	s.did["reversed"]++
}

// stuck is a case whose household can't leave support any more: all that is left is to withdraw it.
func (s *saga) stuck(c *sagaCase) {
	s.Helper()
	kind := hubv1.StepKind_STEP_KIND_ASSESS
	_, err := s.people["village"].TakeStep(s.Context(), &hubv1.TakeStepRequest{Id: c.GetId(), Etag: c.GetEtag(), Step: &hubv1.RemovalStep{Kind: kind}, RequestId: s.request()})
	s.refused(err, hubv1.Reason_REASON_NOT_REMOVABLE)
	s.same(c.RemovalCase)
	s.take(c, hubv1.StepKind_STEP_KIND_WITHDRAW)
	s.did["stuck"]++
}

// refusals tries what must not be.
func (s *saga) refusals(c *sagaCase) {
	s.Helper()
	usual := map[hubv1.RemovalState]hubv1.StepKind{
		hubv1.RemovalState_REMOVAL_STATE_PROPOSED: hubv1.StepKind_STEP_KIND_ASSESS, hubv1.RemovalState_REMOVAL_STATE_ASSESSED: hubv1.StepKind_STEP_KIND_APPRAISE,
		hubv1.RemovalState_REMOVAL_STATE_APPRAISED: hubv1.StepKind_STEP_KIND_POST, hubv1.RemovalState_REMOVAL_STATE_OBJECTED: hubv1.StepKind_STEP_KIND_DISMISS,
		hubv1.RemovalState_REMOVAL_STATE_REVIEWED: hubv1.StepKind_STEP_KIND_CONFIRM, hubv1.RemovalState_REMOVAL_STATE_CONFIRMED: hubv1.StepKind_STEP_KIND_ANNOUNCE,
	}
	kind, known := usual[c.GetState()]
	if !known || !s.removable(c) {
		return
	}
	wrong := map[hubv1.StepKind]string{
		hubv1.StepKind_STEP_KIND_DISMISS: "proposer as town", hubv1.StepKind_STEP_KIND_CONFIRM: "town as county", hubv1.StepKind_STEP_KIND_ANNOUNCE: "town as county",
	}
	was := proto.CloneOf(c.RemovalCase)
	switch s.rng.IntN(4) {
	case 0:
		skipped := hubv1.StepKind_STEP_KIND_ANNOUNCE
		if kind == skipped {
			skipped = hubv1.StepKind_STEP_KIND_POST
		}
		_, err := s.step(c.RemovalCase, skipped)
		s.refused(err, hubv1.Reason_REASON_STEP_OUT_OF_ORDER)
		s.did["refused skip"]++
	case 1:
		reason, who := hubv1.Reason_REASON_ROLE_MISSING, "town"
		if w, three := wrong[kind]; three {
			reason, who = hubv1.Reason_REASON_SAME_PERSON, w
		}
		_, err := s.step(c.RemovalCase, kind, as(who))
		s.refused(err, reason)
		s.did["refused person"]++
	case 2:
		_, err := s.step(c.RemovalCase, kind, as("program"))
		s.refused(err, hubv1.Reason_REASON_PERSON_MUST_ACT)
		s.did["refused program"]++
	case 3:
		_, err := s.step(c.RemovalCase, kind, func(_ *string, step *hubv1.RemovalStep) { step.Evidence = step.Evidence[1:] })
		s.refused(err, hubv1.Reason_REASON_EVIDENCE_KIND_MISSING)
		s.did["refused evidence"]++
	}
	s.same(was)
}
