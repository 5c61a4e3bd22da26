package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// cut is how a line breaks.
type cut int

const (
	cutUnavailable cut = iota // the stream ends with an error
	cutPolite                 // the stream ends as if it were complete, without an End
	cutLine                   // the connection itself is torn
	cuts
)

// never is a number of pages after which nothing is cut.
const never = -1

// cutter stands between gRPC clients and a hub. It passes everything on as it is, but
// breaks each Follow after so many pages, and notes what it saw of them.
type cutter struct {
	conn     *grpc.ClientConn
	listener *tornListener

	mu      sync.Mutex
	after   int
	how     cut
	follows []*seenFollow
}

// seenFollow is one Follow that came by.
type seenFollow struct {
	cursor string        // asked from
	pages  []*hubv1.Page // passed on
}

func startCutter(t *testing.T, hub string) *cutter {
	t.Helper()
	conn, err := grpc.NewClient(hub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{conn: conn, listener: &tornListener{Listener: l}, after: never}
	s := grpc.NewServer(grpc.UnknownServiceHandler(c.pass), grpc.ForceServerCodecV2(frameCodec{}))
	go func() { _ = s.Serve(c.listener) }()
	t.Cleanup(func() { s.Stop(); _ = conn.Close() })
	return c
}

func (c *cutter) address() string { return c.listener.Addr().String() }

// set says where the next streams break, and forgets what was seen.
func (c *cutter) set(after int, how cut) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.how, c.follows = after, how, nil
}

func (c *cutter) seen() []*seenFollow {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follows
}

// begin notes a Follow and gives where it is to break.
func (c *cutter) begin(method string, request frame) (*seenFollow, int, cut, error) {
	if method != hubv1.SyncService_Follow_FullMethodName {
		return &seenFollow{}, never, 0, nil
	}
	asked := &hubv1.FollowRequest{}
	if err := proto.Unmarshal(request, asked); err != nil {
		return nil, 0, 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &seenFollow{cursor: asked.GetCursor()}
	c.follows = append(c.follows, s)
	return s, c.after, c.how, nil
}

// pass passes one call on.
func (c *cutter) pass(_ any, in grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(in)
	md, _ := metadata.FromIncomingContext(in.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(in.Context(), metadata.Pairs("authorization", first(md.Get("authorization")))))
	defer cancel()
	var request frame
	if err := in.RecvMsg(&request); err != nil {
		return err
	}
	follow, after, how, err := c.begin(method, request)
	if err != nil {
		return err
	}
	out, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodecV2(frameCodec{}), grpc.MaxCallRecvMsgSize(64<<20))
	if err == nil {
		err = errors.Join(out.SendMsg(&request), out.CloseSend())
	}
	if err != nil {
		return err
	}
	for n := 0; n != after; n++ {
		var answer frame
		if err := out.RecvMsg(&answer); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		c.note(follow, after, answer)
		if err := in.SendMsg(&answer); err != nil {
			return err
		}
	}
	switch how {
	case cutPolite:
		return nil
	case cutLine:
		c.listener.tear()
	}
	return status.Error(codes.Unavailable, "cut by the test")
}

func (c *cutter) note(f *seenFollow, _ int, answer frame) {
	page := &hubv1.FollowResponse{}
	if proto.Unmarshal(answer, page) != nil {
		return // of another method
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.pages = append(f.pages, page.GetPage())
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// frame is a message as it came.
type frame []byte

// frameCodec hands messages over undecoded.
type frameCodec struct{}

func (frameCodec) Name() string { return "proto" }

func (frameCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*frame))}, nil
}

func (frameCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*frame) = data.Materialize()
	return nil
}

// tornListener can tear all its connections.
type tornListener struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *tornListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conns = append(l.conns, conn)
	}
	return conn, err
}

func (l *tornListener) tear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

// shortLine is a TCP line to a hub's REST port that breaks after so many bytes of the answers.
type shortLine struct {
	listener net.Listener
	hub      string

	mu     sync.Mutex
	after  int64 // bytes, never for no limit
	passed int64 // by the last connection
}

func startShortLine(t *testing.T, hub string) *shortLine {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &shortLine{listener: l, hub: hub, after: never}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *shortLine) address() string { return s.listener.Addr().String() }

func (s *shortLine) set(after int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
}

func (s *shortLine) length() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed
}

func (s *shortLine) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	up, err := (&net.Dialer{}).Dial("tcp", s.hub)
	if err != nil {
		return
	}
	defer func() { _ = up.Close() }()
	go func() { _, _ = io.Copy(up, conn) }()
	s.mu.Lock()
	after := s.after
	s.mu.Unlock()
	var answers io.Reader = up
	if after != never {
		answers = io.LimitReader(up, after)
	}
	n, _ := io.Copy(conn, answers)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed = n
}
