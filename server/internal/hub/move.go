package hub

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Move asks to move a household to another village.
type Move struct {
	ID, Etag              string
	Village, VillageGroup string
	Document              household.Document
	RequestID             string
}

// MoveHousehold moves a household to a village of the same or another area.
func (h *Hub) MoveHousehold(ctx context.Context, c access.Caller, m Move) (HouseholdState, error) {
	target, err := h.villageArea(m.Village)
	if err != nil {
		return HouseholdState{}, err
	}
	if err := documentGiven(m.Document); err != nil {
		return HouseholdState{}, err
	}
	q, err := h.request(c, m.RequestID, "move", m)
	if err != nil {
		return HouseholdState{}, err
	}
	source, err := h.areaOf(ctx, m.ID)
	if err != nil {
		return HouseholdState{}, err
	}
	if source != target {
		return h.transfer(ctx, c, q, m, source, target)
	}
	a := h.act(c, source, feed.CauseMove)
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.lockOne(ctx, tx, c, source, m.ID, m.Etag)
		if err != nil {
			return 0, nil, err
		}
		after, err := h.moved(ctx, tx, c, was, m)
		if err != nil {
			return 0, nil, err
		}
		return h.save(ctx, tx, a, transition{ID: m.ID, Revision: was.row.Revision, Before: was.facts, After: after})
	})
	return first(out), err
}

func documentGiven(d household.Document) error {
	var bad []fault.Violation
	for field, v := range map[string]string{"document.issuer": d.Issuer, "document.number": d.Number, "document.date": string(d.Date)} {
		if v == "" {
			bad = append(bad, fault.Bad(field, fault.Required))
		}
	}
	return fault.List(fault.InvalidRequest, bad)
}

// moved gives the household in its new village; the caller must own the register in both.
func (h *Hub) moved(ctx context.Context, r store.Reader, c access.Caller, was held, m Move) (*household.Household, error) {
	for _, village := range []string{was.row.Village, m.Village} {
		if err := h.mayWrite(ctx, r, c, village, []household.Group{household.GroupRegister}); err != nil {
			return nil, err
		}
	}
	after := was.facts.Clone()
	after.Village, after.VillageGroup = m.Village, m.VillageGroup
	after.Note(household.Event{Cause: feed.CauseMove, On: h.Today(), Document: m.Document})
	return after, nil
}

// transferKind is the intent that finishes a transfer's source.
const transferKind = "transfer"

// departure is the second half of a transfer: the household leaves the source.
type departure struct {
	Household, Source, Target, Actor string
}

// transfer moves a household between areas. Each area is a feed of its own, so
// this takes two transactions: the destination is written first together with a
// durable intent, and the intent finishes the source, after a crash as well. In
// between a consumer of both areas sees the household in each, never in neither.
func (h *Hub) transfer(ctx context.Context, c access.Caller, q request, m Move, source, target string) (HouseholdState, error) {
	// An unfinished departure must not take the household out again if it comes back.
	if err := h.FinishTransfers(ctx); err != nil {
		return HouseholdState{}, err
	}
	a := h.act(c, target, feed.CauseTransfer)
	intent := store.Intent{ID: NewID("in_"), Kind: transferKind, Area: source, Time: a.time}
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.lockOne(ctx, tx, c, source, m.ID, m.Etag)
		if err != nil {
			return 0, nil, err
		}
		after, err := h.moved(ctx, tx, c, was, m)
		if err != nil {
			return 0, nil, err
		}
		revision, err := arrivals(ctx, tx, target, m.ID)
		if err != nil {
			return 0, nil, err
		}
		d := departure{Household: m.ID, Source: source, Target: target, Actor: a.actor}
		if err := h.saveIntent(ctx, tx, intent, d); err != nil {
			return 0, nil, err
		}
		n, err := h.append(ctx, tx, a, []transition{{ID: m.ID, Revision: revision, Before: was.facts, After: after, From: source}})
		return n, []place{{Area: target, ID: m.ID, Revision: revision + 1}}, err
	})
	if err != nil {
		return HouseholdState{}, err
	}
	if err := h.FinishTransfers(ctx); err != nil {
		h.Log.Warn("transfer will be finished later", "error", err)
	}
	return first(out), nil
}

// arrivals is the revision that a household reached when it was in the area before, 0 if never.
func arrivals(ctx context.Context, tx store.Tx, area, id string) (int64, error) {
	rows, err := tx.LockHouseholds(ctx, area, []string{id})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Revision, nil
}

// FinishTransfers takes households out of areas that they have left. It runs after
// each transfer and when a hub starts; doing it twice is harmless.
func (h *Hub) FinishTransfers(ctx context.Context) error {
	return finish(ctx, h, transferKind, h.finishTransfer)
}

func (h *Hub) finishTransfer(ctx context.Context, intent string, d departure) error {
	a := act{area: d.Source, cause: feed.CauseTransfer, actor: d.Actor, time: h.Clock(), on: h.Today()}
	return h.update(ctx, d.Source, func(tx store.Tx) (int64, error) {
		all, err := h.lock(ctx, tx, d.Source, []string{d.Household})
		if err != nil {
			return 0, err
		}
		// Asked under the household's lock: it may have left by now, and come back.
		if open, err := unfinished(ctx, tx, transferKind, intent); err != nil || !open {
			return 0, err
		}
		var n int64
		if was, ok := all[d.Household]; ok && !was.row.Gone {
			step := transition{ID: d.Household, Revision: was.row.Revision, Before: was.facts, After: was.facts, Gone: true}
			if n, err = h.append(ctx, tx, a, []transition{step}); err != nil {
				return 0, err
			}
		}
		return n, tx.DeleteIntent(ctx, intent)
	})
}
