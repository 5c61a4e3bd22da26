package e2e

import (
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
)

// What must be true of every case that reached a decision, read over the API alone.

// papersOf are the documents that the notice asks for, by step.
var papersOf = map[hubv1.StepKind][]hubv1.EvidenceKind{
	hubv1.StepKind_STEP_KIND_PROPOSE:  {hubv1.EvidenceKind_EVIDENCE_KIND_PROPOSAL},
	hubv1.StepKind_STEP_KIND_ASSESS:   {hubv1.EvidenceKind_EVIDENCE_KIND_ASSESSMENT},
	hubv1.StepKind_STEP_KIND_APPRAISE: {hubv1.EvidenceKind_EVIDENCE_KIND_MINUTES, hubv1.EvidenceKind_EVIDENCE_KIND_SIGN_IN, hubv1.EvidenceKind_EVIDENCE_KIND_BALLOT},
	hubv1.StepKind_STEP_KIND_POST:     {hubv1.EvidenceKind_EVIDENCE_KIND_NOTICE, hubv1.EvidenceKind_EVIDENCE_KIND_PHOTO},
	hubv1.StepKind_STEP_KIND_OBJECT:   {hubv1.EvidenceKind_EVIDENCE_KIND_OBJECTION},
	hubv1.StepKind_STEP_KIND_DISMISS:  {hubv1.EvidenceKind_EVIDENCE_KIND_OBJECTION_REVIEW},
	hubv1.StepKind_STEP_KIND_REVIEW:   {hubv1.EvidenceKind_EVIDENCE_KIND_REVIEW},
	hubv1.StepKind_STEP_KIND_CONFIRM:  {hubv1.EvidenceKind_EVIDENCE_KIND_CONFIRMATION},
	hubv1.StepKind_STEP_KIND_ANNOUNCE: {hubv1.EvidenceKind_EVIDENCE_KIND_ANNOUNCEMENT},
	hubv1.StepKind_STEP_KIND_REVERSE:  {hubv1.EvidenceKind_EVIDENCE_KIND_REVERSAL},
}

// checkCases reads every case again: none is lost, and each decided one had everything.
func (s *saga) checkCases() {
	s.Helper()
	found := map[string]int{}
	for _, a := range division.Hainan().Areas() {
		for token := ""; ; {
			got, err := s.people["county"].ListRemovals(s.Context(), &hubv1.ListRemovalsRequest{Area: a.ID, PageSize: 7, PageToken: token})
			s.ok(err)
			for _, c := range got.GetCases() {
				found[c.GetId()]++
			}
			if token = got.GetNextPageToken(); token == "" {
				break
			}
		}
	}
	for _, c := range s.cases {
		if found[c.GetId()] != 1 {
			s.Errorf("a case stands %d times in the lists", found[c.GetId()])
		}
		if now := s.now(c.RemovalCase); now.GetDecision() != "" {
			s.complete(now)
		}
	}
	if len(found) != len(s.cases) {
		s.Errorf("%d cases in the lists, %d were opened", len(found), len(s.cases))
	}
}

// complete looks at a decided case: steps, papers, days and persons.
func (s *saga) complete(c *hubv1.RemovalCase) {
	s.Helper()
	times := map[hubv1.StepKind]int{}
	before, at := date.Date(""), -1
	order := []hubv1.StepKind{
		hubv1.StepKind_STEP_KIND_PROPOSE, hubv1.StepKind_STEP_KIND_ASSESS, hubv1.StepKind_STEP_KIND_APPRAISE, hubv1.StepKind_STEP_KIND_POST,
		hubv1.StepKind_STEP_KIND_REVIEW, hubv1.StepKind_STEP_KIND_CONFIRM, hubv1.StepKind_STEP_KIND_ANNOUNCE, hubv1.StepKind_STEP_KIND_REVERSE,
	}
	for i, step := range c.GetSteps() {
		times[step.GetKind()]++
		if date.Date(step.GetOn()) < before || step.GetNumber() != int32(i)+1 { //nolint:gosec // a small number
			s.Errorf("%s: step %d of %s comes after one of %s", c.GetId(), step.GetNumber(), step.GetOn(), before)
		}
		before = date.Date(step.GetOn())
		if k := slices.Index(order, step.GetKind()); k >= 0 {
			if k < at || k > at+1 {
				s.Errorf("%s: %v after %v", c.GetId(), step.GetKind(), order[at])
			}
			at = k
		}
		for _, kind := range papersOf[step.GetKind()] {
			if !slices.ContainsFunc(step.GetEvidence(), func(e *hubv1.Evidence) bool { return e.GetKind() == kind }) {
				s.Errorf("%s: %v without %v", c.GetId(), step.GetKind(), kind)
			}
		}
		for _, e := range step.GetEvidence() {
			_, err := s.people["county"].GetEvidence(s.Context(), &hubv1.GetEvidenceRequest{Id: c.GetId(), Sha256: e.GetSha256()})
			s.ok(err)
		}
		s.dayAndCount(c, step)
	}
	if times[hubv1.StepKind_STEP_KIND_ANNOUNCE] != 1 || times[hubv1.StepKind_STEP_KIND_REVIEW] != 1 || times[hubv1.StepKind_STEP_KIND_OBJECT] != times[hubv1.StepKind_STEP_KIND_DISMISS] {
		s.Errorf("%s: steps %v", c.GetId(), times)
	}
	s.threePersons(c)
}

// dayAndCount looks at the meeting's counts and at the days of publicity.
func (s *saga) dayAndCount(c *hubv1.RemovalCase, step *hubv1.RemovalStep) {
	s.Helper()
	switch step.GetKind() {
	case hubv1.StepKind_STEP_KIND_APPRAISE:
		if m := step.GetMeeting(); m.GetPresent()*3 < m.GetMembers()*2 || m.GetYes()*2 <= m.GetPresent() {
			s.Errorf("%s went on after %v", c.GetId(), m)
		}
	case hubv1.StepKind_STEP_KIND_REVIEW:
		if first := reviewable(c); date.Date(step.GetOn()) < first {
			s.Errorf("%s was reviewed on %s, before %s", c.GetId(), step.GetOn(), first)
		}
	}
}

// threePersons wants proposers, reviewers and confirmers to be different people, and two
// confirmers in a row where the village was out of line.
func (s *saga) threePersons(c *hubv1.RemovalCase) {
	s.Helper()
	part := map[hubv1.StepKind]string{
		hubv1.StepKind_STEP_KIND_PROPOSE: "proposer", hubv1.StepKind_STEP_KIND_ASSESS: "proposer", hubv1.StepKind_STEP_KIND_APPRAISE: "proposer", hubv1.StepKind_STEP_KIND_POST: "proposer",
		hubv1.StepKind_STEP_KIND_DISMISS: "reviewer", hubv1.StepKind_STEP_KIND_REVIEW: "reviewer", hubv1.StepKind_STEP_KIND_CONFIRM: "confirmer", hubv1.StepKind_STEP_KIND_ANNOUNCE: "confirmer",
	}
	was := map[string]string{}
	var confirmers []string
	for _, step := range c.GetSteps() {
		p := part[step.GetKind()]
		if p == "" {
			continue
		}
		if step.GetPerson() == "" || (was[step.GetPerson()] != "" && was[step.GetPerson()] != p) {
			s.Errorf("%s: %q is %s and %s", c.GetId(), step.GetPerson(), p, was[step.GetPerson()])
		}
		was[step.GetPerson()] = p
		if step.GetKind() == hubv1.StepKind_STEP_KIND_CONFIRM {
			confirmers = append(confirmers, step.GetPerson())
		}
	}
	if n := len(confirmers); n == 0 || (c.GetFlagged() && (n < 2 || confirmers[n-1] == confirmers[n-2])) {
		s.Errorf("%s: flagged %v, confirmed by %v", c.GetId(), c.GetFlagged(), confirmers)
	}
}
