package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// crowd are followers that read one page and no more.
type crowd struct {
	hub   *crowdHub
	hangs []func()
}

// newCrowd opens live streams, by gRPC on one connection and by REST.
func newCrowd(t testing.TB, h *crowdHub, byGRPC, byREST int) *crowd {
	t.Helper()
	c := &crowd{hub: h}
	conn, err := grpc.NewClient(h.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(stalledWindow), grpc.WithInitialConnWindowSize(stalledWindow))
	if err != nil {
		t.Fatal(err)
	}
	token := h.TokenFor(t, "stalled", "")
	for n := range byGRPC {
		ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token))
		if n%2 == 0 { // the others end with the connection
			c.hangs = append(c.hangs, cancel)
		} else {
			t.Cleanup(cancel)
		}
		s, err := hubv1.NewSyncServiceClient(conn).Follow(ctx, &hubv1.FollowRequest{PageSize: stalledPage, Live: true})
		if err == nil {
			_, err = s.Recv()
		}
		if err != nil {
			t.Fatalf("stream %d: %v", n, err)
		}
	}
	c.hangs = append(c.hangs, func() { _ = conn.Close() })
	for range byREST {
		c.hangs = append(c.hangs, stallREST(t, h))
	}
	return c
}

// stallREST asks for a live stream and reads the beginning of the answer.
func stallREST(t testing.TB, h *crowdHub) (hangUp func()) {
	t.Helper()
	token := h.TokenFor(t, "stalled-rest", "")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", h.HTTPAddress())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
	}
	body := fmt.Sprintf(`{"live":true,"page_size":%d}`, stalledPage)
	_, err = fmt.Fprintf(conn, "POST /v1/sync:follow HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("REST: %v, %v", answer, err)
	}
	return func() { _ = conn.Close() }
}

// hangUp ends all: some by their own call, the others with their connection.
func (c *crowd) hangUp() {
	for _, hang := range c.hangs {
		hang()
	}
}
