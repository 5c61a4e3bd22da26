// Package server is the hub as a program: the only place where its parts are
// wired together. Everything that hubd does goes through a Server.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/health"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/imports"
	"github.com/bangfuhub/hub/server/internal/meter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
	"github.com/bangfuhub/hub/server/internal/vault"
)

// Config is what a server needs. The zero values of optional fields are safe.
type Config struct {
	// Data is the folder of the embedded store and of a stand-alone hub's own keys.
	// It is made where it doesn't exist. Required without Postgres.
	Data string
	// Postgres is the URL of a PostgreSQL database, migrated by Migrate.
	Postgres string
	// StoreWait is how long PostgreSQL may owe an answer without sending anything, and how long it waits
	// for the hub within a transaction; then the connection is given up. 0 means 2 min, negative: for ever.
	StoreWait time.Duration
	// Keys is the file of the data keys: sealed documents and keyed hashes can't be
	// read without it. Required with Postgres; otherwise made in Data on first start.
	Keys string
	// Evidence is the folder, or the URL of the bucket, of evidence. Required with Postgres
	// unless Data is given; otherwise the folder evidence in Data.
	Evidence string
	// Holidays are files of years of the calendar of working days that the program doesn't know yet.
	Holidays []string
	// Scratch is the folder of temporary data while files are imported; "" is scratch in Data or, without, the system's.
	Scratch string
	// Divisions and Areas are files of another province; Hainan's are embedded.
	Divisions, Areas string

	// GRPC and HTTP are the addresses to listen on, "" for none. They are two
	// ports: one for both halves the speed of gRPC.
	GRPC, HTTP string
	// Ops is the address for those who keep the hub running: /metrics, /livez, /readyz, and
	// with Pprof the profiles of the program. It asks for no token. "" for none.
	Ops   string
	Pprof bool
	// Tracing sends a span of each call to where OTEL_EXPORTER_OTLP_ENDPOINT says.
	Tracing bool
	// Certificate and CertificateKey are PEM files for TLS on both ports. They are read again
	// when they change; a pair that is no good leaves the one before in use.
	Certificate, CertificateKey string
	// Issuer and Audience are what tokens must carry. Empty: those of a stand-alone hub.
	Issuer, Audience string
	// JWKSFile or JWKSURL hold the token issuer's public keys. Without either, a hub
	// with Data trusts its own key (see Token).
	JWKSFile, JWKSURL string
	// Reflection lets gRPC clients discover the services.
	Reflection bool
	// Drain is how long running calls may take when the server ends, 0 means 5 s. DrainDelay
	// is how long it goes on serving before that, already reported as not ready, so that whoever sends calls
	// here has heard of it.
	Drain, DrainDelay time.Duration
	Limits            Limits

	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// PollInterval is how often commits of other processes are looked for; 0 means 50 ms.
	PollInterval time.Duration
	// HealthInterval is how often the store is asked whether it answers; 0 means 2 s.
	HealthInterval time.Duration
	Log            *slog.Logger
}

// Issuer and audience of tokens that a stand-alone hub issues itself.
const (
	OwnIssuer   = "bangfu-hub"
	OwnAudience = "bangfu-hub"
)

// Server is an opened hub.
type Server struct {
	cfg     Config
	engine  store.Store // as it was opened
	store   store.Store // the same, measured
	keys    *seal.Keys
	vault   *vault.Vault
	hub     *hub.Hub
	imports *imports.Importer
	tree    *division.Tree
	health  *health.Server
	meter   *meter.Meter
	ending  atomic.Bool // told to end

	certificate                             *certificate // nil: no TLS
	grpcListener, httpListener, opsListener net.Listener
}

// New opens the store, the keys and the ports. Close must be called.
func New(ctx context.Context, cfg Config) (*Server, error) {
	s, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Open opens the store and the keys only: for work on the hub's own machine
// (loading, agreements, tokens), also while another process serves.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, health: health.NewServer(), meter: meter.New()}
	keys, err := cfg.keys()
	if err != nil {
		return nil, err
	}
	if s.tree, err = cfg.divisions(); err != nil {
		return nil, err
	}
	if s.vault, err = cfg.evidence(ctx, keys); err != nil {
		return nil, err
	}
	if s.engine, err = cfg.open(ctx); err != nil {
		return nil, errors.Join(err, s.vault.Close())
	}
	s.keys, s.store = keys, measured{s.engine, s.meter}
	if err := s.store.CheckSchema(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; run hubd migrate with this program's version", err), s.Close())
	}
	if err := cfg.sweep(); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	holidays, err := cfg.holidays()
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.hub, err = hub.New(ctx, hub.Config{
		Holidays: holidays,
		Store:    s.store, Keys: keys, Vault: s.vault, Divisions: s.tree, Clock: cfg.Clock, PollInterval: cfg.PollInterval, Log: cfg.Log,
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.imports = imports.New(imports.Config{Hub: s.hub, Divisions: s.tree, Scratch: cfg.Scratch})
	return s, nil
}

// Migrate brings a PostgreSQL database to this program's schema.
func Migrate(ctx context.Context, url string) error {
	st, err := postgres.Open(ctx, postgres.Config{URL: url, Wait: -1}) // a migration of large tables is silent for long
	if err != nil {
		return err
	}
	return errors.Join(st.Migrate(ctx), st.Close())
}

func (cfg Config) withDefaults() Config {
	if cfg.Keys == "" && cfg.Data != "" {
		cfg.Keys = filepath.Join(cfg.Data, "keys.json")
	}
	if cfg.Evidence == "" && cfg.Data != "" {
		cfg.Evidence = filepath.Join(cfg.Data, "evidence")
	}
	if cfg.Scratch == "" && cfg.Data != "" {
		cfg.Scratch = filepath.Join(cfg.Data, "scratch")
	}
	if cfg.Issuer == "" {
		cfg.Issuer = OwnIssuer
	}
	if cfg.Audience == "" {
		cfg.Audience = OwnAudience
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Drain == 0 {
		cfg.Drain = 5 * time.Second
	}
	if cfg.HealthInterval == 0 {
		cfg.HealthInterval = 2 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// keys are made only beside a new embedded store: a new key file for an existing
// database would make it unreadable.
func (cfg Config) keys() (*seal.Keys, error) {
	if cfg.Postgres != "" {
		if cfg.Keys == "" {
			return nil, errors.New("a PostgreSQL store needs the file of its data keys (--keys); make one with hubd keys")
		}
		return existing(cfg.Keys)
	}
	if cfg.Data == "" {
		return nil, errors.New("give a folder for the embedded store (--data) or the URL of a PostgreSQL database (--postgres)")
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "hub.db")); err == nil {
		return existing(cfg.Keys)
	}
	return seal.LoadOrCreate(cfg.Keys)
}

// existing reads a key file, or says what to do where there is none.
func existing(path string) (*seal.Keys, error) {
	keys, err := seal.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; put the copy of this database's key file there, or, only for a new database, make one with hubd keys", err)
	}
	return keys, err
}

func (cfg Config) evidence(ctx context.Context, keys *seal.Keys) (*vault.Vault, error) {
	if cfg.Evidence == "" {
		return nil, errors.New("a PostgreSQL store needs a folder or a bucket for evidence (--evidence)")
	}
	return vault.New(ctx, cfg.Evidence, keys)
}

// embeddedFiles are the files of the embedded store.
var embeddedFiles = sqlite.Files

func (cfg Config) open(ctx context.Context) (store.Store, error) {
	if cfg.Postgres != "" {
		return postgres.Open(ctx, postgres.Config{URL: cfg.Postgres, Wait: cfg.StoreWait})
	}
	return sqlite.Open(sqlite.Config{Dir: cfg.Data})
}

// leftover is the age at which a temporary file belongs to an import that was killed.
const leftover = 24 * time.Hour

// sweep makes the scratch folder, and removes what killed imports left there: large
// workbooks are unpacked in clear while they are read.
func (cfg Config) sweep() error {
	if cfg.Scratch == "" {
		return nil
	}
	if err := os.MkdirAll(cfg.Scratch, 0o700); err != nil {
		return err
	}
	all, err := os.ReadDir(cfg.Scratch)
	for _, e := range all {
		if info, gone := e.Info(); gone == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > leftover {
			err = errors.Join(err, os.Remove(filepath.Join(cfg.Scratch, e.Name())))
		}
	}
	return err
}

func (cfg Config) holidays() (out []removal.Holidays, err error) {
	for _, file := range cfg.Holidays {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return nil, err
		}
		h, err := removal.ParseHolidays(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, h)
	}
	return out, nil
}

func (cfg Config) divisions() (*division.Tree, error) {
	if cfg.Divisions == "" && cfg.Areas == "" {
		return division.Hainan(), nil
	}
	d, err := os.Open(cfg.Divisions)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	a, err := os.Open(cfg.Areas)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Close() }()
	return division.Load(d, a)
}

func (s *Server) listen() (err error) {
	if s.cfg.Certificate != "" {
		if s.certificate, err = loadCertificate(s.cfg.Certificate, s.cfg.CertificateKey, s.cfg.Log); err != nil {
			return err
		}
	}
	if s.grpcListener, err = listenOn(s.cfg.GRPC); err != nil {
		return err
	}
	if s.httpListener, err = listenOn(s.cfg.HTTP); err != nil {
		return err
	}
	s.opsListener, err = listenOn(s.cfg.Ops)
	return err
}

func listenOn(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return net.Listen("tcp", address)
}

// EvidenceFolder is where the evidence lies.
func (s *Server) EvidenceFolder() string { return s.cfg.Evidence }

// GRPCAddress is the address that gRPC listens on, "" for none.
func (s *Server) GRPCAddress() string { return address(s.grpcListener) }

// HTTPAddress is the address that REST listens on, "" for none.
func (s *Server) HTTPAddress() string { return address(s.httpListener) }

// OpsAddress is the address of /metrics, "" for none.
func (s *Server) OpsAddress() string { return address(s.opsListener) }

func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Close closes the store and the evidence. Call it after Run has returned.
func (s *Server) Close() error {
	for _, l := range []net.Listener{s.grpcListener, s.httpListener, s.opsListener} {
		if l != nil {
			_ = l.Close() // closed by Run already, where it ran
		}
	}
	return errors.Join(s.store.Close(), s.vault.Close())
}
