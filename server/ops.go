package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/pprof"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/bangfuhub/hub/server/internal/gateway"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/meter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// stateTime bounds how long a reading of the meters waits for the store.
const stateTime = 5 * time.Second

// ops makes the server for those who keep the hub running. It hands out no personal data
// and asks for no token, so its port belongs to them alone.
func (s *Server) ops(conn *grpc.ClientConn) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.meter.Handler(s.state))
	mux.Handle("GET /livez", gateway.Live())
	mux.Handle("GET /readyz", gateway.Ready(conn))
	if s.cfg.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
}

// serveOps serves until ctx ends, which is after everything else has.
func (s *Server) serveOps(ctx context.Context, ops *http.Server) error {
	defer context.AfterFunc(ctx, func() { _ = ops.Close() })()
	if err := ops.Serve(s.opsListener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// state is how the hub stands at this moment.
func (s *Server) state() (meter.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	var out meter.State
	res, err := s.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	out.Ready = err == nil && res.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
	for _, p := range s.store.Pools() {
		out.Pools = append(out.Pools, meter.Pool(p))
	}
	if s.certificate != nil {
		out.Certificate = s.certificate.current().Leaf.NotAfter
	}
	all, err := s.hub.Standings(ctx)
	for _, a := range all {
		out.Areas = append(out.Areas, meter.Area{Name: a.Area, Transaction: a.Transaction, Stale: a.Stale, Overdue: a.Overdue, DaysBehind: daysBehind(a, s.Today())})
	}
	return out, err
}

// daysBehind is 0 for an area that has never been derived: it has no lists yet.
func daysBehind(a hub.Standing, today Date) int64 {
	if a.DerivedFor == "" {
		return 0
	}
	return int64(today.Time().Sub(a.DerivedFor.Time()) / (24 * time.Hour))
}

// measured is a store whose audit is counted. The hub's own runs are told from it: each
// has an intent and an outcome.
type measured struct {
	store.Store
	meter *meter.Meter
}

// Audit writes an entry and counts it.
func (m measured) Audit(ctx context.Context, e store.AuditEntry) error {
	err := m.Store.Audit(ctx, e)
	m.count(e, err)
	return err
}

// AuditLater counts an entry when it is written.
func (m measured) AuditLater(e store.AuditEntry, told func(error)) {
	m.Store.AuditLater(e, func(err error) {
		m.count(e, err)
		told(err)
	})
}

func (m measured) count(e store.AuditEntry, err error) {
	m.meter.Audited(err)
	if e.Action == hub.ActionDerive && e.Of != "" {
		m.meter.Derived(e.Outcome)
	}
}
