package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Procedure lists the versions of an area's parameters, newest first; the last one are
// the hub's own defaults. They are no secret.
func (h *Hub) Procedure(ctx context.Context, area string) (out []removal.Parameters, err error) {
	if _, ok := h.Divisions.Area(area); !ok {
		return nil, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	err = h.Store.View(ctx, func(r store.Reader) error {
		out, err = procedures(ctx, r, area)
		return err
	})
	return out, err
}

func procedures(ctx context.Context, r store.Reader, area string) ([]removal.Parameters, error) {
	rows, err := r.Procedures(ctx, area)
	if err != nil {
		return nil, err
	}
	out := make([]removal.Parameters, 0, len(rows)+1)
	for _, row := range rows {
		var p removal.Parameters
		if err := json.Unmarshal(row.Document, &p); err != nil {
			return nil, fmt.Errorf("procedure of %s: %w", area, err)
		}
		out = append(out, p)
	}
	return append(out, removal.Defaults()), nil
}

// procedure is the version for cases that are opened on a day.
func (h *Hub) procedure(ctx context.Context, r store.Reader, area string, on date.Date) (removal.Parameters, error) {
	all, err := procedures(ctx, r, area)
	for _, p := range all {
		if p.From <= on {
			return p, err
		}
	}
	return removal.Defaults(), err
}

// SetProcedure stores a new version of an area's parameters. It takes a person of an agency
// that confirms removals in the whole area; cases go on under their own version (law 7).
func (h *Hub) SetProcedure(ctx context.Context, c access.Caller, area string, p removal.Parameters, requestID string) (removal.Parameters, error) {
	if _, ok := h.Divisions.Area(area); !ok {
		return removal.Parameters{}, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	q, err := h.request(c, requestID, "procedure", area, p)
	if err != nil {
		return removal.Parameters{}, err
	}
	if c.Person == "" {
		return removal.Parameters{}, fault.New(fault.PersonMustAct)
	}
	if err := p.Check(); err != nil {
		return removal.Parameters{}, err
	}
	a := h.act(c, area, "PROCEDURE")
	err = h.audited(ctx, c, "procedure.set", map[string]any{"area": area}, func() (any, error) {
		err := h.Store.Update(ctx, func(tx store.Tx) error {
			if known, err := h.outcome(ctx, tx, q, &p); known || err != nil {
				return err
			}
			if err := h.mayConfirmInArea(ctx, tx, c, area); err != nil {
				return err
			}
			if err := h.saveProcedure(ctx, tx, a, &p); err != nil {
				return err
			}
			return h.keep(ctx, tx, q, a, p)
		})
		if errors.Is(err, store.ErrTaken) { // somebody else has just stored that version
			err = fault.New(fault.WrittenMeanwhile)
		}
		return map[string]any{"version": p.Version}, storeFault(err)
	})
	return p, err
}

// saveProcedure stores parameters as the next version; it never changes the past.
func (h *Hub) saveProcedure(ctx context.Context, tx store.Tx, a act, p *removal.Parameters) error {
	all, err := procedures(ctx, tx, a.area)
	if err != nil {
		return err
	}
	if p.From < a.on {
		return fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("parameters.from", fault.DateOrder, "before", string(a.on))})
	}
	p.Version = all[0].Version + 1
	doc, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.SaveProcedure(ctx, store.Procedure{Area: a.area, Version: p.Version, From: string(p.From), Document: doc})
}
