package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// Finding is what a check of the hub found. It names areas, lists and counts, and nobody.
type Finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"` // where it is not OK
}

// How much is looked at unless everything is, and how long what may take a moment may take.
const (
	sampleDocuments = 20 // of each area
	sampleBlocks    = 20 // of each area
	longIntent      = 10 * time.Minute
	calendarDays    = 60
)

// check looks at one thing: what it found, or what is wrong with it.
type check struct {
	name, remedy string
	look         func(ctx context.Context) (found string, err error)
}

// Examine checks the hub from inside: its state, that its keys open what is stored, that
// blocks are what their records say, and what waits to be done. Blocks are looked at in
// part, or all of them.
func (h *Hub) Examine(ctx context.Context, all bool) []Finding {
	e := examiner{hub: h, all: all}
	var out []Finding
	for _, c := range []check{
		{"state", "start the hub once on this store; where the program is older than the store, update it", e.state},
		{"catalogue", "submit and activate a catalogue (hubd catalogue)", e.catalogue},
		{"derivation", "run hubd derive, and see why hubd serve does not: its log says", e.derived},
		{"keys", "put the right key file in place; where single documents do not open, restore them from the backup", e.documents},
		{"blocks", "tell the makers, with this line; until then have readers run hubsync verify", e.blocks},
		{"unfinished work", "see in the log of hubd serve why it cannot be finished; it is tried again every minute", e.intents},
		{"working days", "load the State Council's notice for the year (--holidays)", e.calendar},
		{"evidence", "restore the evidence from the backup", e.evidence},
	} {
		f := Finding{Check: c.name}
		found, err := c.look(ctx)
		if f.Found, f.OK = found, err == nil; err != nil {
			f.Found, f.Remedy = err.Error(), c.remedy
		}
		out = append(out, f)
	}
	return out
}

type examiner struct {
	hub *Hub
	all bool
}

func (e examiner) state(ctx context.Context) (found string, err error) {
	err = e.hub.Store.View(ctx, func(r store.Reader) error {
		m, err := r.Meta(ctx)
		if err != nil {
			return err
		}
		if m.Epoch == "" || m.Derivation != DerivationVersion {
			return fmt.Errorf("epoch %q, derivation version %d, this program's %d", m.Epoch, m.Derivation, DerivationVersion)
		}
		found = fmt.Sprintf("epoch %s, derivation version %d", m.Epoch, m.Derivation)
		return nil
	})
	return found, err
}

func (e examiner) catalogue(ctx context.Context) (found string, err error) {
	err = e.hub.Store.View(ctx, func(r store.Reader) error {
		d, m, err := e.hub.active(ctx, r)
		if err == nil {
			found = fmt.Sprintf("%s with %d lists", m.Catalogue, len(d.Lists))
		}
		return err
	})
	return found, err
}

func (e examiner) derived(ctx context.Context) (string, error) {
	due, err := e.hub.due(ctx)
	if err != nil {
		return "", err
	}
	if len(due) > 0 {
		return "", fmt.Errorf("%d areas are not derived for %s", len(due), e.hub.Today())
	}
	return "all areas are derived for " + string(e.hub.Today()), nil
}

// eachArea looks at the areas that have had a transaction, each in a snapshot of its own.
func (e examiner) eachArea(ctx context.Context, look func(store.Reader, string) error) error {
	var heads []store.Head
	err := e.hub.Store.View(ctx, func(r store.Reader) (err error) {
		heads, err = r.Heads(ctx, nil)
		return err
	})
	var bad []string
	for _, hd := range heads {
		if wrong := e.hub.Store.View(ctx, func(r store.Reader) error { return look(r, hd.Area) }); wrong != nil {
			bad = append(bad, hd.Area+": "+wrong.Error())
		}
	}
	if err == nil && len(bad) > 0 {
		err = errors.New(strings.Join(bad, "; "))
	}
	return err
}

func (e examiner) documents(ctx context.Context) (string, error) {
	opened := 0
	err := e.eachArea(ctx, func(r store.Reader, area string) error {
		return r.Households(ctx, store.HouseholdQuery{Area: area, Limit: sampleDocuments}, func(row store.Household) error {
			opened++
			_, err := e.hub.openHousehold(row)
			return err
		})
	})
	return fmt.Sprintf("%d households opened", opened), err
}

func (e examiner) intents(ctx context.Context) (string, error) {
	open, err := e.hub.Store.OpenIntents(ctx)
	total := int64(0)
	for _, i := range open {
		total += i.Count
		if age := e.hub.Clock().Sub(i.Oldest); age > longIntent {
			err = errors.Join(err, fmt.Errorf("%d of kind %s, the oldest since %s", i.Count, i.Kind, i.Oldest.In(Zone).Format(time.DateTime)))
		}
	}
	return fmt.Sprintf("%d under way", total), err
}

// calendar looks as far ahead as procedures reckon, so that the next year is asked for
// when its notice is out.
func (e examiner) calendar(context.Context) (string, error) {
	ahead := e.hub.Today().AddDays(calendarDays)
	if _, err := e.hub.calendar.IsWorkingDay(ahead); err != nil {
		return "", err
	}
	return "known until " + string(ahead), nil
}

func (e examiner) evidence(ctx context.Context) (string, error) {
	opened := 0
	err := e.eachArea(ctx, func(r store.Reader, area string) error {
		return r.Cases(ctx, store.CaseQuery{Area: area, Limit: sampleDocuments}, func(row store.Case) error {
			c, err := e.hub.openCase(row)
			if err != nil {
				return err
			}
			for _, s := range c.Steps {
				for _, d := range s.Evidence {
					if _, err := e.hub.Vault.Get(ctx, area, row.Household, d.SHA256); err != nil {
						return fmt.Errorf("case %s: %w", row.ID, err)
					}
					opened++
				}
			}
			return nil
		})
	})
	return fmt.Sprintf("%d documents of cases opened", opened), err
}
