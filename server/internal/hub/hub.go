// Package hub holds the use cases. Each one authorises, audits, opens
// store.View or store.Update, lets a pure function decide, and saves: there is no
// other way through the house. Facts change here; the lists follow.
package hub

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/vault"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// Zone is the zone in which the hub's days begin and end.
var Zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// DerivationVersion counts the changes of the derivation code that change what
// is derived from the same facts. A hub whose version differs from the store's
// serves but does not derive.
const DerivationVersion = 1

// Config is what a hub needs. All fields but Log are required unless stated.
type Config struct {
	Store     store.Store
	Keys      *seal.Keys
	Vault     *vault.Vault
	Divisions *division.Tree
	// Clock tells the time; time.Now in production.
	Clock func() time.Time
	// HoldShare is the share of an area's records of one list that a catalogue
	// may make leave before its activation is held. 0 means 0.02.
	HoldShare float64
	// PollInterval is how often followers look for commits of other processes. 0 means 50 ms.
	PollInterval time.Duration
	// Holidays are years beyond those that the program knows, or in their place.
	Holidays []removal.Holidays
	Log      *slog.Logger
}

// Hub is the registry. Its methods may be called at the same time; it keeps no
// state that another process on the same store could not rebuild.
type Hub struct {
	Config
	watch    *watch
	kick     chan struct{} // wakes Keep
	calendar *removal.Calendar
	loads    loads
	counters *together[*counter] // who waits for answers about entitlements

	mu       sync.Mutex
	prepared map[string]*deriver // by catalogue version
	agreed   agreed
}

// New makes a hub on an open store and prepares a new store for use.
func New(ctx context.Context, cfg Config) (*Hub, error) {
	if cfg.HoldShare == 0 {
		cfg.HoldShare = 0.02
	}
	if cfg.PollInterval == 0 {
		cfg.PollInterval = 50 * time.Millisecond // one row an area; what another process commits is seen within it
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	years, err := removal.Published()
	if err != nil {
		return nil, fmt.Errorf("embedded holidays: %w", err)
	}
	cfg.Store = reached{cfg.Store}
	h := &Hub{
		Config: cfg, watch: newWatch(), kick: make(chan struct{}, 1), prepared: map[string]*deriver{},
		calendar: removal.NewCalendar(append(years, cfg.Holidays...)...),
	}
	h.counters = newTogether(h.inquireTogether, inquiriesAtOnce, inquiryPatience, MaxQuestions)
	if err := h.bootstrap(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// bootstrap gives an empty store its epoch and the catalogue that ships with the
// program. Nothing can end by that: there are no records yet. Every later
// catalogue needs a preview and a second person (law 6).
func (h *Hub) bootstrap(ctx context.Context) error {
	text := catalogue.Hainan2019()
	c, err := catalogue.Parse(text)
	if err != nil {
		return fmt.Errorf("embedded catalogue: %w", err)
	}
	now := h.Clock()
	epoch := NewID("ep_")
	return h.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Meta(ctx)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		err = tx.SaveCatalogue(ctx, store.Catalogue{
			Version: c.Version, Text: text, State: stateActive,
			SubmittedBy: "hubd", SubmittedAt: now, ActivatedBy: "hubd:first-start", ActivatedAt: now,
		})
		if err != nil {
			return err
		}
		return tx.SetMeta(ctx, store.Meta{Epoch: epoch, Catalogue: c.Version, Derivation: DerivationVersion})
	})
}

// Today is the current day in Hainan.
func (h *Hub) Today() date.Date { return date.Of(h.Clock().In(Zone)) }

// NewID mints an opaque id: it says nothing about whom it stands for.
func NewID(prefix string) string {
	var b [12]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process where there is no entropy
	return prefix + hex.EncodeToString(b[:])
}

// deriver is a catalogue ready for use: with the encoding of each list's rows.
type deriver struct {
	*catalogue.Catalogue
	plans map[string]*wire.Plan
}

// active gives the deriver of the store's active catalogue, for reading.
func (h *Hub) active(ctx context.Context, r store.Reader) (*deriver, store.Meta, error) {
	m, err := r.Meta(ctx)
	if err != nil {
		return nil, m, err
	}
	if m.Catalogue == "" {
		return nil, m, fault.New(fault.NoCatalogue)
	}
	d, err := h.deriver(ctx, r, m.Catalogue)
	return d, m, err
}

// writable is active for writers: it refuses where this program would derive otherwise than the store's records were.
func (h *Hub) writable(ctx context.Context, r store.Reader) (*deriver, store.Meta, error) {
	d, m, err := h.active(ctx, r)
	if err == nil && m.Derivation != DerivationVersion {
		return nil, m, fault.New(fault.DerivationDiffers)
	}
	return d, m, err
}

// deriver loads and compiles a version once; versions never change.
func (h *Hub) deriver(ctx context.Context, r store.Reader, version string) (*deriver, error) {
	h.mu.Lock()
	d := h.prepared[version]
	h.mu.Unlock()
	if d != nil {
		return d, nil
	}
	row, err := r.Catalogue(ctx, version)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(fault.CatalogueNotFound, "version", named(version))
	}
	if err != nil {
		return nil, err
	}
	if d, err = prepare(row.Text); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.prepared[version] = d
	h.mu.Unlock()
	return d, nil
}

func prepare(text []byte) (*deriver, error) {
	c, err := catalogue.Parse(text)
	if err != nil {
		return nil, err
	}
	d := &deriver{Catalogue: c, plans: map[string]*wire.Plan{}}
	for _, l := range c.Lists {
		names := make([]string, len(l.Fields))
		for i, f := range l.Fields {
			names[i] = f.Name
		}
		if d.plans[l.Name], err = wire.NewPlan(names); err != nil {
			return nil, err
		}
	}
	return d, nil
}
