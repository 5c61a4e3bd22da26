package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// open are the methods that need no token; reflection is there only when switched on.
var open = map[string]bool{
	"/grpc.health.v1.Health/Check":                                   true,
	"/grpc.health.v1.Health/Watch":                                   true,
	"/grpc.health.v1.Health/List":                                    true,
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      true,
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": true,
}

// patient are the methods that derive whole areas; only their callers limit their time.
var patient = map[string]bool{
	hubv1.CatalogueService_PreviewCatalogue_FullMethodName:  true,
	hubv1.CatalogueService_ActivateCatalogue_FullMethodName: true,
}

// whole are the streams that carry one piece of work, which is not left half done because its token ran out meanwhile.
var whole = map[string]bool{hubv1.ImportService_ImportFile_FullMethodName: true}

// guard stands before every method: it gives the call its time, finds out who
// calls, checks the request against the contract, and turns whatever comes out,
// a panic too, into a status.
type guard struct {
	verify    func(context.Context, string) (access.Caller, time.Duration, error)
	validator *validator
	limiter   *Limiter
	observer  Observer
	log       *slog.Logger
	timeout   time.Duration
	leaving   context.Context
}

func newGuard(cfg Config) (*guard, error) {
	v, err := newValidator()
	if err != nil {
		return nil, err
	}
	return &guard{verify: cfg.Verify, validator: v, limiter: cfg.Limiter, observer: cfg.Observer, log: cfg.Log, timeout: cfg.Timeout, leaving: cfg.Leaving}, nil
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (res any, err error) {
	start := time.Now()
	var c access.Caller
	defer func() {
		res, err = g.finish(info.FullMethod, c, start, res, err, recover())
		g.observer.Called(info.FullMethod, status.Code(err).String(), time.Since(start), false)
	}()
	if !patient[info.FullMethod] {
		limited, cancel := context.WithTimeout(ctx, g.timeout)
		defer cancel()
		ctx = limited
	}
	if ctx, c, _, err = g.admit(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	if err = g.validator.check(req); err != nil {
		return nil, err
	}
	if res, err = next(ctx, req); err == nil {
		g.delivered(c, res)
	}
	return res, err
}

func (g *guard) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	start := time.Now()
	var c access.Caller
	defer func() {
		_, err = g.finish(info.FullMethod, c, start, nil, err, recover())
		g.observer.Called(info.FullMethod, status.Code(err).String(), time.Since(start), true)
	}()
	ctx, c, left, err := g.admit(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	stop := func() bool { return true }
	defer func() { stop() }()
	live := func() { stop = context.AfterFunc(g.leaving, func() { end(fault.New(fault.GoingAway)) }) }
	if open[info.FullMethod] {
		live() // whoever watches the health of a server watches for ever
	} else if !whole[info.FullMethod] {
		// A stream may last for days; it ends with its token, and goes on with the next one.
		defer time.AfterFunc(left, func() { end(fault.New(fault.TokenExpired)) }).Stop()
	}
	if info.FullMethod == hubv1.SyncService_Follow_FullMethodName {
		g.observer.Following(1)
		defer g.observer.Following(-1)
	}
	err = next(srv, &guardedStream{ServerStream: ss, ctx: ctx, guard: g, caller: c, live: live})
	if told := fault.Of(context.Cause(ctx)); err != nil && told != nil {
		return told
	}
	return err
}

// guardedStream checks what comes in, and notes how far what goes out brings the caller.
type guardedStream struct {
	grpc.ServerStream
	ctx    context.Context
	guard  *guard
	caller access.Caller
	live   func() // the stream would go on for ever
}

// Context is the stream's context with the caller in it.
func (s *guardedStream) Context() context.Context { return s.ctx }

// RecvMsg receives a request and checks it.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if f, ok := m.(*hubv1.FollowRequest); ok && f.GetLive() {
		s.live()
	}
	return s.guard.validator.check(m)
}

// SendMsg sends an answer.
func (s *guardedStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.guard.delivered(s.caller, m)
	}
	return err
}

// admit finds the caller of every method that isn't open, and how long the token is good,
// and holds the caller to its rate.
func (g *guard) admit(ctx context.Context, method string) (context.Context, access.Caller, time.Duration, error) {
	if open[method] {
		return ctx, access.Caller{}, 0, nil
	}
	token, err := bearer(ctx)
	if err != nil {
		return ctx, access.Caller{}, 0, err
	}
	c, left, err := g.verify(ctx, token)
	if err != nil {
		return ctx, access.Caller{}, 0, err
	}
	return context.WithValue(ctx, callerKey{}, c), c, left, g.limiter.take(c)
}

func bearer(ctx context.Context) (string, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 {
		return "", fault.New(fault.Unauthorised)
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", fault.New(fault.Unauthorised)
	}
	return strings.TrimSpace(token), nil
}

type callerKey struct{}

// caller is who calls; the guard put it there. Without one it is nobody, whom no
// agreement covers.
func caller(ctx context.Context) access.Caller {
	c, _ := ctx.Value(callerKey{}).(access.Caller)
	return c
}

// finish turns the outcome of a call into its status and logs it.
func (g *guard) finish(method string, c access.Caller, start time.Time, res any, err error, panicked any) (any, error) {
	log := g.log.With("method", method, "agency", c.Agency, "client", c.Client, "ms", time.Since(start).Milliseconds())
	if panicked != nil {
		s, id := internal()
		log.Error("call panicked", "id", id, "panic", redact(panicked), "stack", string(debug.Stack()))
		return nil, s.Err()
	}
	if err == nil {
		log.Info("call", "code", "OK")
		return res, nil
	}
	s, id := statusOf(err)
	if id != "" {
		log.Error("call failed", "id", id, "error", redact(err))
	} else {
		log.Info("call", "code", s.Code().String(), "reason", reason(err))
	}
	return nil, s.Err()
}
