package rpc

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

func TestEachClientHasABucketOfItsOwnThatFillsAgain(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	l := NewLimiter(2, 3)
	l.now = func() time.Time { return now }
	busy := access.Caller{Agency: "education", Client: "loop"}
	for range 3 {
		if err := l.take(busy); err != nil {
			t.Fatalf("within the burst: %v", err)
		}
	}
	busy.Person = "another" // is the same system
	for range 5 {           // a refused call costs nothing
		if f := fault.Of(l.take(busy)); f == nil || f.Reason != fault.LimitReached || f.RetryAfter != time.Second/2 {
			t.Fatalf("above the burst: %+v", f)
		}
	}
	for _, c := range []access.Caller{{Agency: "education", Client: "other"}, {Agency: "housing", Client: "loop"}} {
		if err := l.take(c); err != nil {
			t.Errorf("%v pays for another: %v", c, err)
		}
	}
	now = now.Add(time.Second / 2)
	if l.take(busy) != nil || l.take(busy) == nil {
		t.Error("half a second gives one more call")
	}
}

func TestQuietClientsAreForgottenAndBusyOnesAreNot(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	l := NewLimiter(1, 1)
	l.now = func() time.Time { return now }
	for i := range manyBuckets {
		_ = l.take(access.Caller{Agency: "a", Client: fmt.Sprint(i)})
	}
	now = now.Add(time.Second)
	busy := access.Caller{Agency: "a", Client: "0"}
	_ = l.take(busy)
	_ = l.take(access.Caller{Agency: "a", Client: "new"})
	if len(l.buckets) != 2 || l.take(busy) == nil {
		t.Errorf("%d clients are remembered", len(l.buckets))
	}
}

func TestACallAboveTheRateIsToldWhenToComeAgain(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limiter = NewLimiter(0.001, 2) })
	divisions := hubv1.NewDivisionServiceClient(w.conn)
	for range 2 {
		if _, err := divisions.ListAreas(w.ctx, &hubv1.ListAreasRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	_, unary := divisions.ListAreas(w.ctx, &hubv1.ListAreasRequest{})
	for _, err := range []error{unary, w.invoke(w.ctx, hubv1.SyncService_Follow_FullMethodName)} {
		if status.Code(err) != codes.ResourceExhausted || info(t, err).GetReason() != string(fault.LimitReached) {
			t.Errorf("got %v", err)
		}
		var wait time.Duration
		for _, d := range status.Convert(err).Details() {
			if r, ok := d.(*errdetails.RetryInfo); ok {
				wait = r.GetRetryDelay().AsDuration()
			}
		}
		if wait <= 0 {
			t.Errorf("no waiting time in %v", err)
		}
	}
	if _, err := grpc_health_v1.NewHealthClient(w.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
}
