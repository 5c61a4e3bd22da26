package server

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// What a household's history on the hub's own machine speaks of.
type (
	// RevisionName says which revision of a household is meant.
	RevisionName = hub.RevisionName
	// Comparison is what differs between two revisions of a household.
	Comparison = hub.Comparison
)

// Find gives the ids of the households that an identifier of a household or person leads
// to, among those that the caller may see.
func (s *Server) Find(ctx context.Context, c Caller, kind, value string) ([]string, error) {
	found, err := s.hub.LookUpIdentifier(ctx, c, kind, value)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, m := range found {
		if id := m.Household.ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.HouseholdNotFound)
	}
	return ids, nil
}

// History says what each revision of a household changed, who made it, when (in Hainan's
// time) and why, the oldest first. The caller's agreement decides what is answered.
func (s *Server) History(ctx context.Context, c Caller, household string, from, to RevisionName) ([]Comparison, error) {
	all, err := s.hub.History(ctx, c, household, from, to)
	for i := range all {
		all[i].To.Time = all[i].To.Time.In(hub.Zone)
	}
	return all, err
}
