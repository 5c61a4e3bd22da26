package server

import (
	"cmp"
	"time"

	"google.golang.org/grpc/keepalive"

	"github.com/bangfuhub/hub/server/internal/rpc"
)

// Limits bound what callers may ask of the server. A zero one has its default.
type Limits struct {
	MaxRequest int           // greatest request, in bytes; default 4 MiB
	MaxCalls   int           // calls at a time on one gRPC connection; default 256
	MaxHeader  int           // greatest header or metadata, in bytes; default 32 KiB
	ReadHeader time.Duration // in which the header of a REST request must have come; default 10 s

	// ConnectionAge is when a gRPC client is asked to connect anew, so that calls spread over the
	// processes behind one address also after a restart; default 30 min, negative: never.
	// What runs on the old connection, a live stream for one, has the grace to end; default 30 min.
	ConnectionAge, ConnectionGrace time.Duration
	// Keepalive is how often a silent gRPC connection is probed, default 2 min, and KeepaliveWait how long
	// the answer may take, default 20 s. MinPing is how often clients may probe it at most, default 20 s.
	Keepalive, KeepaliveWait, MinPing time.Duration

	// Rate is how many calls a second each client of an agency may make, and Burst how many at
	// once after a pause; default 500 and 1,000. A negative rate is none. A stream is one call.
	Rate  float64
	Burst int
}

func (l Limits) withDefaults() Limits {
	l.MaxRequest = cmp.Or(l.MaxRequest, rpc.DefaultMaxRecv)
	l.MaxCalls = cmp.Or(l.MaxCalls, rpc.DefaultMaxStreams)
	l.MaxHeader = cmp.Or(l.MaxHeader, rpc.DefaultMaxHeader)
	l.ConnectionAge = cmp.Or(l.ConnectionAge, 30*time.Minute)
	l.ConnectionGrace = cmp.Or(l.ConnectionGrace, 30*time.Minute)
	l.Rate = cmp.Or(l.Rate, 500)
	l.Burst = cmp.Or(l.Burst, 1000)
	return l
}

func (l Limits) apply(cfg *rpc.Config) {
	cfg.MaxRecv, cfg.MaxStreams, cfg.MaxHeader = l.MaxRequest, uint32(l.MaxCalls), uint32(l.MaxHeader) //nolint:gosec // set by the operator
	cfg.Connections = keepalive.ServerParameters{Time: l.Keepalive, Timeout: l.KeepaliveWait}
	if l.ConnectionAge > 0 {
		cfg.Connections.MaxConnectionAge, cfg.Connections.MaxConnectionAgeGrace = l.ConnectionAge, l.ConnectionGrace
	}
	cfg.MinPing = l.MinPing
	if l.Rate > 0 {
		cfg.Limiter = rpc.NewLimiter(l.Rate, l.Burst)
	}
}
