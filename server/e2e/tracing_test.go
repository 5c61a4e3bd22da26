package e2e

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// traces is a collector that keeps what it is sent, as JSON.
type traces struct {
	collector.UnimplementedTraceServiceServer
	mu  sync.Mutex
	all strings.Builder
}

func (c *traces) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.WriteString(protojson.Format(req))
	return &collector.ExportTraceServiceResponse{}, nil
}

func TestASpanOfEachCallIsSentAndHoldsNothingOfWhatWasAsked(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, s := &traces{}, grpc.NewServer()
	collector.RegisterTraceServiceServer(s, c)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+l.Addr().String())
	if !server.TracingAsked() {
		t.Error("the environment asks for traces")
	}
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Tracing = server.TracingAsked() }})
	h.AgreeOffice(t, "office")
	_, _ = h.Client(t, "office", "a-clerk").Households().GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: "hh_needle"})
	_ = newLegacy(t, h, "office").call(t, "GET", "/v1/households/hh_needle", nil)
	h.Stop() // sends the last spans
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.all.String()
	if n := strings.Count(sent, `"bangfu.hub.v1.HouseholdService/GetHousehold"`); n < 2 || !strings.Contains(sent, `"hubd"`) {
		t.Errorf("%d spans of the calls: %s", n, sent)
	}
	for _, private := range []string{"needle", "a-clerk", "Bearer"} {
		if strings.Contains(sent, private) {
			t.Errorf("%s is in a span: %s", private, sent)
		}
	}
}
