package hub

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// reversalKind is the intent that brings a reversal to everybody whom the removal reached.
const reversalKind = "reversal"

// reversal is what an intent of this kind says. Persons who split off or moved away took
// the removal along; what takes it back follows them.
type reversal struct {
	Household string
	Persons   []string
	Decision  household.Decision
	Actor     string
}

// reverse takes the removal back in the household, where both are still here, and leaves
// an intent for everybody else whom it reached.
func (s *caseStep) reverse(ctx context.Context, c removal.Case) (int64, error) {
	d := removal.ReversalDecision(c)
	i := reversal{Household: c.Household, Persons: personsOf(c.Ends), Decision: d, Actor: s.act.actor}
	if err := s.takeable(ctx, i); err != nil {
		return 0, err
	}
	intent := store.Intent{ID: "in_" + d.ID, Kind: reversalKind, Area: c.Area, Time: s.act.time}
	if err := s.hub.saveIntent(ctx, s.tx, intent, i); err != nil {
		return 0, err
	}
	if s.was.facts == nil || !stands(s.was.facts, d.Reverses) {
		return 0, nil // those who split off may have taken it along
	}
	return s.decide(ctx, d)
}

// takeable refuses a reversal that one of the households could not take, while it can
// still be corrected: an intent has nobody to tell.
func (s *caseStep) takeable(ctx context.Context, i reversal) error {
	all, err := s.hub.reached(ctx, s.tx, i.Decision.Reverses, i.Household, i.Persons)
	if err != nil {
		return err
	}
	var bad []fault.Violation
	for _, id := range slices.Sorted(maps.Keys(all)) {
		_, wrong := s.with(all[id].facts, i.Decision)
		for _, v := range wrong {
			if id != i.Household {
				v.Field = "other." + v.Field
			}
			bad = append(bad, v)
		}
	}
	return fault.List(fault.HouseholdInvalid, bad)
}

// FinishReversals brings reversals to those whom they have not reached. It runs after each
// reversal and when a hub starts; doing it twice is harmless.
func (h *Hub) FinishReversals(ctx context.Context) error {
	return finish(ctx, h, reversalKind, h.finishReversal)
}

func (h *Hub) finishReversal(ctx context.Context, intent string, rev reversal) error {
	for range reversalRounds {
		where, err := h.unreached(ctx, rev)
		if err != nil {
			return err
		}
		if len(where) == 0 {
			return h.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteIntent(ctx, intent) })
		}
		for id, area := range where { // one that fails is in no other's way
			err = errors.Join(err, h.reverseIn(ctx, area, id, rev))
		}
		if err != nil {
			return err
		}
	}
	return errors.New("households keep changing")
}

// reversalRounds is how often a reversal looks again for households that moved, split or
// merged while it went round.
const reversalRounds = 5

// unreached gives the households, with their areas, in which the removal stands and the
// reversal does not.
func (h *Hub) unreached(ctx context.Context, rev reversal) (map[string]string, error) {
	out := map[string]string{}
	err := h.Store.View(ctx, func(r store.Reader) error {
		all, err := h.reached(ctx, r, rev.Decision.Reverses, rev.Household, rev.Persons)
		for id, c := range all {
			if !stands(c.facts, rev.Decision.ID) {
				out[id] = c.area
			}
		}
		return err
	})
	return out, err
}

// reverseIn adds the reversal where the removal stands and the reversal does not.
func (h *Hub) reverseIn(ctx context.Context, area, id string, rev reversal) error {
	a := act{area: area, cause: feed.CauseReversal, actor: rev.Actor, time: h.Clock(), on: h.Today()}
	return h.update(ctx, area, func(tx store.Tx) (int64, error) {
		all, err := h.lock(ctx, tx, area, []string{id})
		if err != nil {
			return 0, err
		}
		was, ok := all[id]
		if !ok || was.row.Gone || !stands(was.facts, rev.Decision.Reverses) || stands(was.facts, rev.Decision.ID) {
			return 0, nil
		}
		s := &caseStep{hub: h, tx: tx, act: a, was: was}
		return s.decide(ctx, rev.Decision)
	})
}
