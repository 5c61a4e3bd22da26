package hub

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// Replay is what an agency held about a household at the end of a day.
type Replay struct {
	Agency, Household string
	On                date.Date
	Readers           []ReplayReader
	Records           []ReplayRecord
	Decisions         []household.Decision
	Letters           []ReplayLetter
	Incomplete        bool // part of the feed is no longer kept
}

// ReplayReader is a consumer of the agency in an area.
type ReplayReader struct {
	Client, Area string
	Transaction  int64 // last one that it had been handed
	ReadAt       time.Time
	Lists        []string
	Assumed      bool
}

// ReplayRecord is a record that a consumer held.
type ReplayRecord struct {
	Client, List string
	Described    *catalogue.List // nil where the catalogue has it no more
	Record       *wire.Record
	ReadAt       time.Time
}

// ReplayLetter is a letter to the agency with its items about the household.
type ReplayLetter struct {
	ID, Number string
	Kind       letter.Kind
	IssuedOn   date.Date
	Items      []ReplayItem
	Receipt    letter.ReceiptView
}

// ReplayItem is an item with its number in the letter.
type ReplayItem struct {
	Number int
	letter.Item
}

// replay gathers a Replay within one snapshot.
type replay struct {
	hub    *Hub
	r      store.Reader
	d      *deriver
	caller access.Caller
	until  time.Time // end of the day, excluded
	areas  []string
	out    Replay
}

// Replay tells what an agency held about a household at the end of a day: its records, the
// decisions behind them, who had read them, and what had been acknowledged.
func (h *Hub) Replay(ctx context.Context, c access.Caller, agency, id string, on date.Date) (Replay, error) {
	switch {
	case !on.Valid():
		return Replay{}, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("on", fault.Malformed, "form", "YYYY-MM-DD")})
	case on > h.Today():
		return Replay{}, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("on", fault.OutOfRange, "range", "… "+string(h.Today()))})
	}
	t := &replay{hub: h, caller: c, until: begins(on.AddDays(1)), out: Replay{Agency: agency, Household: id, On: on}}
	detail := map[string]any{"agency": named(agency), "household": named(id), "on": on}
	err := h.audited(ctx, c, "ledger.replay", detail, func() (any, error) {
		l, err := h.ledger(ctx, agency, time.Time{}, t.until)
		if err == nil {
			err = h.Store.View(ctx, func(r store.Reader) error { t.r = r; return t.gather(ctx, l) })
		}
		return map[string]any{"readers": len(t.out.Readers), "records": len(t.out.Records), "letters": len(t.out.Letters)}, err
	})
	if err != nil {
		return Replay{}, err
	}
	return t.out, nil
}

func (t *replay) gather(ctx context.Context, l *ledger) (err error) {
	if t.d, _, err = t.hub.active(ctx, t.r); err != nil {
		return err
	}
	if err := t.stood(ctx); err != nil {
		return err
	}
	heads, err := t.r.Heads(ctx, t.areas)
	if err != nil {
		return err
	}
	for _, hd := range heads {
		t.out.Incomplete = t.out.Incomplete || hd.OldestKept > 1
	}
	for _, area := range t.areas {
		if err := t.held(ctx, l, area); err != nil {
			return err
		}
	}
	if err := t.decided(ctx); err != nil {
		return err
	}
	for _, area := range t.areas {
		if err := t.told(ctx, area); err != nil {
			return err
		}
	}
	return nil
}

// stood finds the areas in which the household stands or stood. Whoever may not read whole
// households in one in which it has lived on that day or since learns only that there is no
// household to see; one that it had left before is answered for where the caller may.
func (t *replay) stood(ctx context.Context) error {
	all, err := t.hub.agreements(ctx, t.r, t.caller.Agency)
	if err != nil {
		return err
	}
	for _, a := range t.hub.Divisions.Areas() {
		revisions, err := t.r.Revisions(ctx, a.ID, t.out.Household)
		if err != nil {
			return err
		}
		if len(revisions) == 0 {
			continue
		}
		left := revisions[0].Gone && revisions[0].Time.Before(begins(t.out.On))
		switch {
		case access.AllowHouseholds(t.hub.Divisions, all, t.caller, a.Root, t.hub.Today()).Verdict == access.Allowed:
			t.areas = append(t.areas, a.ID)
		case !left:
			return fault.New(fault.HouseholdNotFound)
		}
	}
	if len(t.areas) == 0 {
		return fault.New(fault.HouseholdNotFound)
	}
	return nil
}

// justBefore is the last moment before a time that the store can tell from it.
func justBefore(at time.Time) time.Time { return at.Add(-time.Microsecond) }

// decided gives the decisions as the household was known at the end of the day.
func (t *replay) decided(ctx context.Context) error {
	var known store.Household
	for _, area := range t.areas {
		row, err := t.r.Revision(ctx, area, t.out.Household, 0, justBefore(t.until))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		// What left one area stands in another; only where it stands nowhere is it known by that.
		if known.ID == "" || (known.Gone && !row.Gone) || (known.Gone == row.Gone && row.Time.After(known.Time)) {
			known = row
		}
	}
	if known.ID == "" {
		return nil
	}
	facts, err := t.hub.openHousehold(known)
	if err == nil {
		t.out.Decisions = facts.Decisions
	}
	return err
}

// told gives the letters that had been issued, as they stood at the end of the day.
func (t *replay) told(ctx context.Context, area string) error {
	at := justBefore(t.until)
	x := t.hub.letterMoment(t.caller, at)
	q := store.LetterQuery{Area: area, Subject: t.out.Household, Agency: t.out.Agency, IssuedTo: string(t.out.On)}
	var found []letter.Letter
	if err := t.hub.eachLetter(ctx, t.r, q, func(_ store.Letter, l letter.Letter) {
		if l.IssuedOn != "" && l.Receipt(t.out.Agency) >= 0 {
			found = append(found, l)
		}
	}); err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b letter.Letter) int { return a.IssuedAt.Compare(b.IssuedAt) })
	for _, l := range found {
		v := letter.See(letter.AsOf(l, at), "", t.out.Agency, false, x)
		out := ReplayLetter{ID: l.ID, Number: l.Number, Kind: l.Kind, IssuedOn: l.IssuedOn, Receipt: v.Receipts[0]}
		for n, i := range l.Items {
			if i.Household != t.out.Household {
				continue
			}
			if i.Corrected != "" {
				by, err := t.r.Letter(ctx, area, i.Corrected)
				if err != nil {
					return err
				}
				if by.IssuedOn > string(t.out.On) {
					i.Corrected = "" // by a letter that came later
				}
			}
			out.Items = append(out.Items, ReplayItem{n + 1, i})
		}
		t.out.Letters = append(t.out.Letters, out)
	}
	return nil
}
