package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	i := reversal{Household: c.Household, Decision: d, Actor: s.act.actor}
	for _, e := range c.Ends {
		if e.Person != "" && !slices.Contains(i.Persons, e.Person) {
			i.Persons = append(i.Persons, e.Person)
		}
	}
	plain, err := json.Marshal(i)
	if err != nil {
		return 0, err
	}
	id := "in_" + d.ID
	sealed, err := s.hub.Keys.Seal(plain, []byte("intent\x00"+id))
	if err != nil {
		return 0, err
	}
	if err := s.tx.SaveIntent(ctx, store.Intent{ID: id, Kind: reversalKind, Area: c.Area, Document: sealed, Time: s.act.time}); err != nil {
		return 0, err
	}
	if s.was.facts == nil || !stands(s.was.facts, d.Reverses) {
		return 0, nil // those who split off may have taken it along
	}
	return s.decide(ctx, d)
}

// FinishReversals brings reversals to those whom they have not reached. It runs after each
// reversal and when a hub starts; doing it twice is harmless.
func (h *Hub) FinishReversals(ctx context.Context) error {
	var open []store.Intent
	err := h.Store.View(ctx, func(r store.Reader) error {
		var err error
		open, err = r.Intents(ctx, reversalKind)
		return err
	})
	for _, i := range open {
		err = errors.Join(err, h.finishReversal(ctx, i))
	}
	return err
}

func (h *Hub) finishReversal(ctx context.Context, i store.Intent) error {
	plain, err := h.Keys.Open(i.Document, []byte("intent\x00"+i.ID))
	if err != nil {
		return fmt.Errorf("intent %s: %w", i.ID, err)
	}
	var rev reversal
	if err := json.Unmarshal(plain, &rev); err != nil {
		return fmt.Errorf("intent %s: %w", i.ID, err)
	}
	for range reversalRounds {
		where, err := h.unreached(ctx, rev)
		if err != nil {
			return err
		}
		if len(where) == 0 {
			return h.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteIntent(ctx, i.ID) })
		}
		for id, area := range where {
			if err := h.reverseIn(ctx, area, id, rev); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("intent %s: households keep changing", i.ID)
}

// reversalRounds is how often a reversal looks again for households that moved, split or
// merged while it went round.
const reversalRounds = 5

// unreached gives the households, with their areas, in which the removal stands and the
// reversal does not. The removal went along with whoever left a household in which it
// stood, also with those who joined that household later and are on no frozen roster.
func (h *Hub) unreached(ctx context.Context, rev reversal) (map[string]string, error) {
	out, seen := map[string]string{}, map[string]bool{}
	err := h.Store.View(ctx, func(r store.Reader) error {
		ids, persons := []string{rev.Household}, rev.Persons
		for len(ids)+len(persons) > 0 {
			homes, err := h.homesOf(ctx, r, ids, persons)
			if err != nil {
				return err
			}
			ids, persons = nil, nil
			for _, at := range homes {
				if seen[at.Household] {
					continue
				}
				seen[at.Household] = true
				facts, err := h.carrier(ctx, r, at, rev.Decision.Reverses)
				if err != nil {
					return err
				}
				if facts == nil {
					continue
				}
				if !stands(facts, rev.Decision.ID) {
					out[at.Household] = at.Area
				}
				persons = append(persons, personIDs(facts)...)
			}
		}
		return nil
	})
	return out, err
}

// homesOf finds households, and those in which persons live now.
func (h *Hub) homesOf(ctx context.Context, r store.Reader, ids, persons []string) (map[string]store.Alias, error) {
	found, err := h.find(ctx, r, aliasPerson, persons)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		ids = append(ids, a.Household)
	}
	slices.Sort(ids)
	return h.find(ctx, r, aliasHousehold, slices.Compact(ids))
}

// carrier opens a household in which a decision stands; nil where it doesn't.
func (h *Hub) carrier(ctx context.Context, r store.Reader, at store.Alias, decision string) (*household.Household, error) {
	row, err := r.Household(ctx, at.Area, at.Household)
	if err != nil || row.Gone {
		return nil, err
	}
	facts, err := h.openHousehold(row)
	if err != nil || !stands(facts, decision) {
		return nil, err
	}
	return facts, nil
}

func stands(h *household.Household, decision string) bool {
	return slices.ContainsFunc(h.Decisions, func(d household.Decision) bool { return d.ID == decision })
}

func personIDs(h *household.Household) (ids []string) {
	for i := range h.Persons {
		ids = append(ids, h.Persons[i].ID)
	}
	return ids
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
