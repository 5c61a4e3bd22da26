package hub

import (
	"context"
	"encoding/hex"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// decide adds a decision to the household; the lists follow from it.
func (s *caseStep) decide(ctx context.Context, d household.Decision) (int64, error) {
	after, bad := s.with(s.was.facts, d)
	if err := fault.List(fault.HouseholdInvalid, bad); err != nil {
		return 0, err
	}
	return s.hub.append(ctx, s.tx, s.act, []transition{{ID: after.ID, Revision: s.was.row.Revision, Before: s.was.facts, After: after}})
}

// with is a household with one more decision, and what is wrong with it then.
func (s *caseStep) with(was *household.Household, d household.Decision) (*household.Household, []fault.Violation) {
	after := was.Clone()
	after.Decisions = append(after.Decisions, d)
	household.Normalise(after)
	s.act.note(d.Document, after)
	return after, household.Validate(after, s.act.on, s.hub.Divisions.IsVillage)
}

// decisionID is always the same for a case, so that whatever is begun anew makes no
// second decision.
func (h *Hub) decisionID(id string, k removal.StepKind) string {
	return "dd_" + hex.EncodeToString(h.Keys.Hash("decision", id+"\x00"+string(k))[:12])
}
