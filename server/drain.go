package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// lastWord is how long REST may take to write the last line of what was cut off.
const lastWord = time.Second

// watchHealth looks after the store until ctx ends.
func (s *Server) watchHealth(ctx context.Context) {
	t := time.NewTicker(s.cfg.HealthInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.checkHealth(ctx)
		}
	}
}

// checkHealth reports the hub as serving only where the store answers in time and has
// this program's schema.
func (s *Server) checkHealth(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, 2*s.cfg.HealthInterval)
	defer cancel()
	state := grpc_health_v1.HealthCheckResponse_SERVING
	if err := s.store.CheckSchema(limited); err != nil {
		if ctx.Err() != nil {
			return
		}
		state = grpc_health_v1.HealthCheckResponse_NOT_SERVING
		s.cfg.Log.Warn("not ready: the store does not answer as it should", "error", err)
	}
	s.health.SetServingStatus("", state)
}

// announceEnd reports the hub as not serving, and goes on serving until whoever sends
// calls here has heard of it.
func (s *Server) announceEnd() {
	s.ending.Store(true)
	s.health.Shutdown()
	s.cfg.Log.Info("draining", "delay", s.cfg.DrainDelay, "drain", s.cfg.Drain)
	time.Sleep(s.cfg.DrainDelay)
}

// parting has the answers of a hub that is about to end ask their callers to connect anew.
// Who keeps a connection until the hub closes it may have just sent something.
func (s *Server) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.ending.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// drain takes no more calls, lets running ones finish in the time that is set, and then ends them.
func (s *Server) drain(rest *http.Server, public, link *grpc.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Drain)
	defer cancel()
	var ended sync.WaitGroup
	ended.Go(func() { halt(ctx, public) })
	_ = rest.Shutdown(ctx) // what is left ends with the link below
	halt(ctx, link)
	last, over := context.WithTimeout(context.Background(), lastWord)
	defer over()
	if rest.Shutdown(last) != nil {
		_ = rest.Close()
	}
	ended.Wait()
}

func halt(ctx context.Context, s *grpc.Server) {
	done := make(chan struct{})
	go func() { s.GracefulStop(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.Stop()
		<-done
	}
}
