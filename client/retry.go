package client

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// longestBackoff bounds the doubling; only the hub itself may ask for more.
const longestBackoff = 10 * time.Second

// retrier repeats what is safe to repeat.
type retrier struct {
	tries   int
	first   time.Duration
	timeout time.Duration
	log     *slog.Logger
}

// unary runs a call until it succeeds, fails for good, or tries are spent.
func (r retrier) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	repeatable := isRead(method) || hasRequestID(req)
	for failures := 1; ; failures++ {
		err := typed(r.once(ctx, method, req, reply, cc, invoke, opts...))
		if err == nil || !repeatable || !r.transient(err) || failures >= r.tries {
			return err
		}
		if !r.wait(ctx, failures, err) {
			return err
		}
	}
}

func (r retrier) once(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

// transient says whether the hub was merely away, or has been asked too often. Anything
// else, a conflict for instance, is the caller's to decide.
func (r retrier) transient(err error) bool {
	e := Of(err)
	return e != nil && (e.Code == codes.Unavailable || e.tooOften())
}

// wait pauses before the next try; false where the context ends first, or would.
func (r retrier) wait(ctx context.Context, failures int, err error) bool {
	pause := r.pause(failures, err)
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) < pause {
		return false
	}
	r.log.Info("hub unavailable, trying again", "failures", failures, "wait", pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// pause is between half and the whole of the doubled backoff, so that a thousand
// clients of a hub that comes back don't come at once; never less than the hub asks for.
func (r retrier) pause(failures int, err error) time.Duration {
	pause := min(r.first<<min(failures-1, 20), longestBackoff)
	pause = pause/2 + rand.N(pause/2+1)
	if e := Of(err); e != nil && e.RetryAfter > pause {
		pause = e.RetryAfter
	}
	return pause
}

// isRead goes by the method's name, which the contract keeps to these verbs. What is
// printed or replayed is read too; that a letter counts as delivered by it bears repeating.
func isRead(method string) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	for _, verb := range []string{"Get", "List", "LookUp", "Pull", "Check", "Explain", "Compare", "Print", "Replay", "Reconciliation"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// hasRequestID says whether the hub will recognise a repetition of this write.
func hasRequestID(req any) bool {
	m, ok := req.(proto.Message)
	if !ok {
		return false
	}
	field := m.ProtoReflect().Descriptor().Fields().ByName("request_id")
	return field != nil && field.Kind() == protoreflect.StringKind && m.ProtoReflect().Get(field).String() != ""
}

// typedStream gives streams typed errors; they are resumed by Pages, not here.
func typedStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, typed(err)
	}
	return typedClientStream{s}, nil
}

type typedClientStream struct{ grpc.ClientStream }

// RecvMsg passes io.EOF on: it is the stream's regular end.
func (s typedClientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if errors.Is(err, io.EOF) {
		return err
	}
	return typed(err)
}
