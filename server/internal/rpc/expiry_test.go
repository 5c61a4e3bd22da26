package rpc

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

type silentStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s silentStream) Context() context.Context { return s.ctx }

// A stream may stay open for days; it does not outlive the token that opened it, and
// its end names the remedy.
func TestAStreamEndsWithItsToken(t *testing.T) {
	g, err := newGuard(Config{
		Observer: nobody{},
		Log:      slog.New(slog.DiscardHandler),
		Verify: func(context.Context, string) (access.Caller, time.Duration, error) {
			return access.Caller{Agency: "education"}, time.Millisecond, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer x"))
	err = g.stream(nil, silentStream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: "/bangfu.hub.v1.SyncService/Follow"},
		func(_ any, s grpc.ServerStream) error {
			<-s.Context().Done()
			return s.Context().Err()
		})
	got, want := status.Convert(err), Status(fault.New(fault.TokenExpired))
	if got.Code() != want.Code() || got.Message() != want.Message() {
		t.Fatalf("the stream ended with %v, want %v", got, want)
	}
}
