package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
)

// States of a stored catalogue.
const (
	stateSubmitted = "SUBMITTED"
	statePreviewed = "PREVIEWED"
	stateActive    = "ACTIVE"
	stateRetired   = "RETIRED"
)

// Preview is the effect that a catalogue would have, by area and list.
type Preview struct {
	Version, Against string
	On               date.Date
	Effects          []Effect
}

// Effect counts the records of one list in one area.
type Effect struct {
	Area, List                     string
	Records, Added, Changed, Ended int64
}

// Catalogue gives a version, the active one for "".
func (h *Hub) Catalogue(ctx context.Context, version string) (*catalogue.Catalogue, error) {
	var d *deriver
	err := h.Store.View(ctx, func(r store.Reader) error {
		var err error
		if version == "" {
			d, _, err = h.active(ctx, r)
		} else {
			d, err = h.deriver(ctx, r, version)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.Catalogue, nil
}

// Catalogues lists all versions, newest first.
func (h *Hub) Catalogues(ctx context.Context, _ access.Caller) (out []store.Catalogue, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		out, err = r.Catalogues(ctx)
		return err
	})
	return out, err
}

// SubmitCatalogue checks and stores a catalogue. The same text again is the same version.
func (h *Hub) SubmitCatalogue(ctx context.Context, c access.Caller, text string) (store.Catalogue, error) {
	parsed, err := catalogue.Parse([]byte(text))
	if err != nil {
		return store.Catalogue{}, err
	}
	if _, err := prepare([]byte(text)); err != nil {
		return store.Catalogue{}, err
	}
	row := store.Catalogue{
		Version: parsed.Version, Text: []byte(text), State: stateSubmitted, SubmittedBy: actorOf(c), SubmittedAt: h.Clock(),
	}
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		if err := h.mayManageCatalogue(ctx, tx, c); err != nil {
			return err
		}
		old, err := tx.Catalogue(ctx, row.Version)
		if err == nil {
			row = old
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return tx.SaveCatalogue(ctx, row)
	})
	return row, err
}

// PreviewCatalogue derives every area under a version without writing and counts
// what would change. The result is stored with the version.
func (h *Hub) PreviewCatalogue(ctx context.Context, c access.Caller, version string) (Preview, error) {
	p := Preview{Version: version, On: h.Today()}
	err := h.audited(ctx, c, "catalogue.preview", map[string]any{"version": named(version)}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.mayManageCatalogue(ctx, r, c); err != nil {
				return err
			}
			return h.preview(ctx, r, &p)
		})
		return nil, err
	})
	if err != nil {
		return p, err
	}
	return p, h.savePreview(ctx, p)
}

func (h *Hub) preview(ctx context.Context, r store.Reader, p *Preview) error {
	d, err := h.deriver(ctx, r, p.Version)
	if err != nil {
		return err
	}
	meta, err := r.Meta(ctx)
	if err != nil {
		return err
	}
	p.Against = meta.Catalogue
	heads, err := r.Heads(ctx, nil)
	if err != nil {
		return err
	}
	for _, hd := range heads {
		effects, err := h.previewArea(ctx, r, d, hd.Area, p.On)
		if err != nil {
			return err
		}
		p.Effects = append(p.Effects, effects...)
	}
	return nil
}

// previewArea reads the area run by run: an open iteration allows no second query.
func (h *Hub) previewArea(ctx context.Context, r store.Reader, d *deriver, area string, on date.Date) ([]Effect, error) {
	t := newTally(area, d)
	for after := ""; ; {
		var run []store.Household
		q := store.HouseholdQuery{Area: area, After: after, Limit: sweepRun}
		if err := r.Households(ctx, q, func(row store.Household) error { run = append(run, row); return nil }); err != nil {
			return nil, err
		}
		ids := make([]string, len(run))
		for i, row := range run {
			ids[i] = row.ID
		}
		stored, err := h.storedByHousehold(ctx, r, area, ids)
		if err != nil {
			return nil, err
		}
		for _, row := range run {
			facts, err := h.openHousehold(row)
			if err != nil {
				return nil, err
			}
			now, err := rows(d, area, facts, on)
			if err != nil {
				return nil, err
			}
			t.count(stored[row.ID], now)
		}
		if len(run) < sweepRun {
			return t.effects(), nil
		}
		after = ids[len(ids)-1]
	}
}

// tally counts effects by list, in the order in which the lists are first met.
type tally struct {
	area  string
	order []string
	by    map[string]*Effect
}

func newTally(area string, d *deriver) *tally {
	t := &tally{area: area, by: map[string]*Effect{}}
	for _, l := range d.Lists {
		t.of(l.Name)
	}
	return t
}

func (t *tally) of(list string) *Effect {
	if t.by[list] == nil {
		t.by[list] = &Effect{Area: t.area, List: list}
		t.order = append(t.order, list)
	}
	return t.by[list]
}

func (t *tally) count(stored, now []feed.Row) {
	for _, row := range stored {
		t.of(row.List).Records++
	}
	for _, d := range feed.Diff(stored, now) {
		switch {
		case d.New == nil:
			t.of(d.Old.List).Ended++
		case d.Old == nil:
			t.of(d.New.List).Added++
		default:
			t.of(d.New.List).Changed++
		}
	}
}

func (t *tally) effects() []Effect {
	out := make([]Effect, 0, len(t.order))
	for _, l := range t.order {
		out = append(out, *t.by[l])
	}
	return out
}

func (h *Hub) savePreview(ctx context.Context, p Preview) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return h.Store.Update(ctx, func(tx store.Tx) error {
		row, err := tx.Catalogue(ctx, p.Version)
		if err != nil {
			return err
		}
		if row.Preview = b; row.State == stateSubmitted {
			row.State = statePreviewed
		}
		return tx.SaveCatalogue(ctx, row)
	})
}

// ActivateCatalogue makes a previewed version the active one. It is the second
// person's yes; who submitted the version can't give it. Where more than the set
// share of an area's records of a list would leave, it is held until overridden with a reason.
func (h *Hub) ActivateCatalogue(ctx context.Context, c access.Caller, version, overrideReason string) (store.Catalogue, error) {
	var row store.Catalogue
	detail := map[string]any{"version": named(version), "override": overrideReason != ""}
	err := h.audited(ctx, c, "catalogue.activate", detail, func() (any, error) {
		return nil, h.Store.Update(ctx, func(tx store.Tx) error {
			var err error
			row, err = h.activate(ctx, tx, c, version, overrideReason)
			return err
		})
	})
	if err == nil {
		h.wakeKeeper()
	}
	return row, err
}

func (h *Hub) activate(ctx context.Context, tx store.Tx, c access.Caller, version, overrideReason string) (store.Catalogue, error) {
	if err := h.mayManageCatalogue(ctx, tx, c); err != nil {
		return store.Catalogue{}, err
	}
	_, meta, err := h.writable(ctx, tx)
	if err != nil {
		return store.Catalogue{}, err
	}
	row, err := tx.Catalogue(ctx, version)
	if errors.Is(err, store.ErrNotFound) {
		return row, fault.New(fault.CatalogueNotFound, "version", named(version))
	}
	if err != nil || meta.Catalogue == version {
		return row, err
	}
	if c.Person == "" || row.SubmittedBy == actorOf(c) || samePerson(row.SubmittedBy, c) {
		return row, fault.New(fault.SecondPerson)
	}
	if err := h.checkPreview(row, meta, overrideReason); err != nil {
		return row, err
	}
	if old, err := tx.Catalogue(ctx, meta.Catalogue); err == nil {
		old.State = stateRetired
		if err := tx.SaveCatalogue(ctx, old); err != nil {
			return row, err
		}
	}
	row.State, row.ActivatedBy, row.ActivatedAt = stateActive, actorOf(c), h.Clock()
	if err := tx.SaveCatalogue(ctx, row); err != nil {
		return row, err
	}
	meta.Catalogue = version
	return row, tx.SetMeta(ctx, meta)
}

// checkPreview refuses an activation that nobody has looked at, and holds one
// under which too much would leave.
func (h *Hub) checkPreview(row store.Catalogue, meta store.Meta, overrideReason string) error {
	if row.Preview == nil {
		return fault.New(fault.PreviewMissing)
	}
	var p Preview
	if err := json.Unmarshal(row.Preview, &p); err != nil {
		return fmt.Errorf("stored preview of %s: %w", row.Version, err)
	}
	if p.On != h.Today() || p.Against != meta.Catalogue {
		return fault.New(fault.PreviewStale)
	}
	for _, e := range p.Effects {
		if overrideReason == "" && float64(e.Ended) > h.HoldShare*float64(e.Records) {
			return fault.New(fault.ActivationHeld, "area", e.Area, "list", e.List,
				"ended", fmt.Sprint(e.Ended), "records", fmt.Sprint(e.Records), "share", fmt.Sprint(h.HoldShare))
		}
	}
	return nil
}

// samePerson compares persons alone: another client doesn't make somebody a second person.
func samePerson(actor string, c access.Caller) bool {
	return actor == actorOf(c) || (c.Person != "" && len(actor) > len(c.Person) && actor[len(actor)-len(c.Person)-1:] == "/"+c.Person)
}
