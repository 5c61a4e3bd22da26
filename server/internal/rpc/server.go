// Package rpc speaks the contract over gRPC: each method decodes its request,
// calls the hub, and encodes the answer. Every call passes one guard first (see
// guard.go) and every error one table (see Status).
package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/imports"
	_ "github.com/bangfuhub/hub/zstd" // for clients that ask for it
)

// Defaults of Config.
const (
	DefaultMaxRecv    = 4 << 20
	DefaultMaxStreams = 256
	DefaultMaxHeader  = 32 << 10
	DefaultTimeout    = time.Minute
)

// maxSend bounds one answer, in bytes: a page holds at least one block, and the
// greatest village's block must fit.
const maxSend = 64 << 20

// Config is what the server is made of.
type Config struct {
	Hub       *hub.Hub
	Imports   *imports.Importer
	Divisions *division.Tree
	Log       *slog.Logger
	// Verify finds the caller that a token stands for, and for how long; its errors are faults.
	Verify   func(ctx context.Context, token string) (access.Caller, time.Duration, error)
	Observer Observer // nil: nobody
	// Health answers the health service; nil: always serving.
	Health *health.Server
	// Leaving ends when streams that would go on for ever must end; nil: never.
	Leaving context.Context

	Reflection bool          // lets tools list the services; no token is needed for that
	MaxRecv    int           // greatest request, in bytes; 0: DefaultMaxRecv
	MaxStreams uint32        // calls at a time on one connection; 0: DefaultMaxStreams
	MaxHeader  uint32        // greatest metadata of a call, in bytes; 0: DefaultMaxHeader
	Timeout    time.Duration // of a call that is not a stream, and between two pieces of a file; 0: DefaultTimeout
	Limiter    *Limiter      // nil: calls may come as often as they like
	// Connections says how long connections live and how they are probed; where zero, they live for
	// ever and are probed every 2 min.
	Connections keepalive.ServerParameters
	// MinPing is how often a client may probe its connection at most; 0: every 20 s.
	MinPing time.Duration
	// Options are added to the server's own, e.g. transport credentials.
	Options []grpc.ServerOption
}

func (c Config) withDefaults() Config {
	if c.MaxRecv == 0 {
		c.MaxRecv = DefaultMaxRecv
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.MaxHeader == 0 {
		c.MaxHeader = DefaultMaxHeader
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Connections.Time == 0 {
		c.Connections.Time = 2 * time.Minute
	}
	if c.Connections.Timeout == 0 {
		c.Connections.Timeout = 20 * time.Second
	}
	if c.MinPing == 0 {
		c.MinPing = 20 * time.Second
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Health == nil {
		c.Health = health.NewServer()
	}
	if c.Leaving == nil {
		c.Leaving = context.Background()
	}
	return c
}

// New makes the server with all services on it. It doesn't listen yet.
func New(cfg Config) (*grpc.Server, error) {
	if cfg.Hub == nil || cfg.Imports == nil || cfg.Divisions == nil || cfg.Verify == nil || cfg.Log == nil {
		return nil, errors.New("rpc: hub, imports, divisions, verify and log must be set")
	}
	cfg = cfg.withDefaults()
	g, err := newGuard(cfg)
	if err != nil {
		return nil, err
	}
	s := grpc.NewServer(append(options(cfg, g), cfg.Options...)...)
	hubv1.RegisterDivisionServiceServer(s, divisions{tree: cfg.Divisions})
	hubv1.RegisterHouseholdServiceServer(s, households{hub: cfg.Hub})
	hubv1.RegisterFactServiceServer(s, facts{hub: cfg.Hub})
	hubv1.RegisterImportServiceServer(s, files{hub: cfg.Hub, importer: cfg.Imports, patience: cfg.Timeout})
	hubv1.RegisterIdentityServiceServer(s, identity{hub: cfg.Hub})
	hubv1.RegisterRemovalServiceServer(s, removals{hub: cfg.Hub})
	hubv1.RegisterLetterServiceServer(s, letters{hub: cfg.Hub})
	hubv1.RegisterLedgerServiceServer(s, ledger{hub: cfg.Hub})
	hubv1.RegisterCatalogueServiceServer(s, catalogues{hub: cfg.Hub})
	hubv1.RegisterRecordServiceServer(s, records{hub: cfg.Hub})
	hubv1.RegisterSyncServiceServer(s, sync{hub: cfg.Hub})
	hubv1.RegisterEntitlementServiceServer(s, entitlements{hub: cfg.Hub})
	grpc_health_v1.RegisterHealthServer(s, cfg.Health)
	if cfg.Reflection {
		reflection.Register(s)
	}
	return s, nil
}

// options are sized for a few long bulk streams: large write buffers, and keepalive
// that notices a dead peer without letting a peer ping at will. How far a stream
// runs ahead is set by the client's windows.
func options(cfg Config, g *guard) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.UnaryInterceptor(g.unary),
		grpc.StreamInterceptor(g.stream),
		grpc.MaxRecvMsgSize(cfg.MaxRecv),
		grpc.MaxSendMsgSize(maxSend),
		grpc.MaxConcurrentStreams(cfg.MaxStreams),
		grpc.WriteBufferSize(256 << 10),
		grpc.ReadBufferSize(64 << 10),
		grpc.MaxHeaderListSize(cfg.MaxHeader),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: cfg.MinPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(cfg.Connections),
	}
}
