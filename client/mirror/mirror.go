// Package mirror keeps a department's own copy of the hub's lists in a database:
// SQLite or PostgreSQL, one typed and commented table a list.
//
// What holds at every moment, also after a kill or a lost connection:
//
//   - Rows and cursor change in one transaction, so nothing is skipped or applied to a wrong state.
//   - A row carries the number of the transaction that it came by; nothing that isn't newer is taken
//     over. So repeated pages, healing and loading in any order are harmless.
//   - A first load, and every later reload, is collected in tables beside the visible ones. It becomes
//     visible in one transaction, when the hub's End came and counts and digests are equal to it.
//   - After every End each village's count and digest is compared with the hub's; a village that
//     differs is fetched anew by itself. A load to which one process only added rows is compared by the
//     sums of what it committed, with its rows counted where they are stored; all else is read back.
//   - A run that would remove more than a set share of a list's rows is held, and asks.
//
// Only the operation ENDED means that support stops. A row that leaves for another
// reason (LEFT_SCOPE) says nothing about anybody's support.
//
// # Tables
//
// A list "household-status" becomes the table household_status with the columns
// area, village, household, person ("" at household grain), then the list's fields
// in the order of the catalogue, then hub_transaction and row_hash. The key is
// (area, household, person). Texts, and dates as "YYYY-MM-DD", are text, numbers
// integer or bigint, yes and no boolean. NULL is "not recorded". A repeated field is
// one text, its values joined with ";"; entitlements are
// "policy,since,until,due" (or "optional") each, joined with ";".
// The mirror's own tables begin with hub_. With PostgreSQL, set search_path in the
// URL to keep the mirror in a schema of its own.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Config says what to mirror, from where, into what.
type Config struct {
	// Client is the connection to the hub. Required.
	Client *client.Client
	// Sink is the database. Required. One program at a time may sync a mirror; a second one fails with ErrBusy.
	Sink Sink
	// Lists are the names of the lists; empty means all that the agreements cover.
	Lists []string
	// Divisions are 12-digit codes, each standing for all below it; empty means all that the agreements cover.
	// Another scope than that of the run before begins a reload, beside the visible rows.
	Divisions []string
	// PageSize is about how many records a page should hold, at most 20,000. 0 is 4,000 in loads, and else 10,000.
	PageSize int32
	// MaxShrink is the share of a list's rows, counted at the beginning of the run, that the run may
	// remove unasked; 0.05 where 0, and never less than 10 rows. 1 never holds.
	MaxShrink float64
	// AcceptShrink lets this run remove what it was held for.
	AcceptShrink bool
	// Progress is called after every page that was stored; nil for nobody.
	Progress func(Progress)
	// Log gets the events of a run (reloads, healing), without personal data; nil logs nothing.
	Log *slog.Logger
}

// Progress says how far a run has come.
type Progress struct {
	Loading bool  // pages go beside the visible rows
	Pages   int64 // pages stored in this run
	Rows    int64 // records and changes in them
}

// ErrBusy says that another program moved this mirror's cursor meanwhile.
var ErrBusy = errors.New("mirror: another program is syncing this mirror")

// ErrLoading says that what was asked needs a complete copy, and a load is under way.
var ErrLoading = errors.New("mirror: a load is under way; pull until it is complete, then try again")

// loadPage is the page size of loads: the hub reads one page while rows are made of the
// next to last and stored of the one before, so that small ones keep all three at work.
const loadPage = 4000

const (
	// healRounds is how often differing villages are fetched anew before the run gives up.
	healRounds = 2
	// reloadsPerRun bounds reloads, so that a hub that refuses every cursor isn't asked for ever.
	reloadsPerRun = 3
)

// Syncer keeps one mirror. Its methods must not be called at the same time.
type Syncer struct {
	config    Config
	catalogue *hubv1.Catalogue

	state   state // as last stored
	visible map[string]*table
	staged  map[string]*table
	sums    sums // of the staged
}

// New makes a Syncer. It reads nothing yet.
func New(c Config) (*Syncer, error) {
	switch {
	case c.Client == nil:
		return nil, errors.New("mirror: no client given")
	case c.Sink == nil:
		return nil, errors.New("mirror: no sink given")
	case c.MaxShrink < 0 || c.MaxShrink > 1:
		return nil, fmt.Errorf("mirror: MaxShrink must be within 0..1, not %g", c.MaxShrink)
	}
	if c.MaxShrink == 0 {
		c.MaxShrink = 0.05
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Syncer{config: c}, nil
}

func (s *Syncer) scope() *hubv1.Scope {
	return &hubv1.Scope{Lists: s.config.Lists, Divisions: s.config.Divisions}
}

// refreshCatalogue fetches the active catalogue, whose lists say what the tables hold.
func (s *Syncer) refreshCatalogue(ctx context.Context) error {
	response, err := s.config.Client.Catalogues().GetCatalogue(ctx, &hubv1.GetCatalogueRequest{})
	if err != nil {
		return err
	}
	s.catalogue = response.GetCatalogue()
	return nil
}

// definition finds a list in the catalogue, in a fresh one where it isn't known yet.
func (s *Syncer) definition(ctx context.Context, name string) (*hubv1.List, error) {
	for range 2 {
		for _, l := range s.catalogue.GetLists() {
			if l.GetName() == name {
				return l, nil
			}
		}
		if err := s.refreshCatalogue(ctx); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("mirror: the hub's catalogue has no list %q", name)
}
