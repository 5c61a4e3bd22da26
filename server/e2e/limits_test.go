package e2e

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

func limited(t *testing.T, l server.Limits) *hubtest.Hub {
	t.Helper()
	return hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Limits = l }})
}

func TestWhatIsGreaterThanAllowedIsRefusedOnBothPorts(t *testing.T) {
	h := limited(t, server.Limits{MaxRequest: 2000, MaxHeader: 4000})
	divisions, large := hubv1.NewDivisionServiceClient(dial(t, h)), strings.Repeat("x", 9000) // HTTP itself adds 4096 to what is set
	if _, err := divisions.GetDivision(withToken(t, h, "a"), &hubv1.GetDivisionRequest{Code: large[:3000]}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a large message: %v", err)
	}
	if _, err := divisions.ListAreas(metadata.AppendToOutgoingContext(withToken(t, h, "a"), "x-more", large), &hubv1.ListAreasRequest{}); err == nil {
		t.Error("large metadata was taken")
	}
	l := newLegacy(t, h, "a")
	if a := l.call(t, http.MethodPost, "/v1/households:lookUp", large[:3000]); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d %s", a.status, a.body)
	}
	if a := l.call(t, http.MethodGet, "/v1/areas", nil, "X-More", large); a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large header: %d %s", a.status, a.body)
	}
}

func TestAHeaderThatDoesNotComeIsNotWaitedForForEver(t *testing.T) {
	h := limited(t, server.Limits{ReadHeader: 10 * time.Millisecond})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", h.HTTPAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("GET /livez HTTP/1.1\r\nHost: h")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil { // until the hub closes it
		t.Error(err)
	}
}

func TestAnOldConnectionIsGivenUpAndItsStreamGoesOnOnAnother(t *testing.T) {
	h := limited(t, server.Limits{ConnectionAge: 100 * time.Millisecond, ConnectionGrace: 100 * time.Millisecond})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 5, 3)))
	log := &hubtest.Log{}
	c, err := client.New(client.Config{
		Target: h.GRPCAddress(), Insecure: true, Token: client.StaticToken(h.TokenFor(t, "office", "")),
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ends := 0
	for page, err := range c.Pages(t.Context(), &hubv1.FollowRequest{Live: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if page.GetEnd() == nil {
			continue
		}
		if ends++; ends == 2 { // each stream begins with where it stands
			break
		}
	}
	if !strings.Contains(log.String(), "trying again") {
		t.Errorf("the stream did not move: %s", log)
	}
}

func TestTheProgramHoldsClientsToTheRateThatItIsGiven(t *testing.T) {
	h := newHouse(t, false)
	s := serve(t, append(h.flags, "--rate-limit", "0.001", "--rate-burst", "3")...)
	token := h.token(t, "office", "")
	limited := h.client(t, s, token)
	var err error
	for range 4 {
		if err != nil {
			t.Fatal(err)
		}
		_, err = limited.Divisions().ListAreas(t.Context(), &hubv1.ListAreasRequest{})
	}
	e := client.Of(err)
	if e == nil || e.Reason != hubv1.Reason_REASON_LIMIT_REACHED || e.Remedy != client.Retry || e.RetryAfter == 0 {
		t.Errorf("got %+v", e)
	}
	s.kill()
	s = serve(t, append(h.flags, "--rate-limit", "0", "--rate-burst", "1")...)
	free := h.client(t, s, token)
	for range 50 {
		if _, err := free.Divisions().ListAreas(t.Context(), &hubv1.ListAreasRequest{}); err != nil {
			t.Fatal(err)
		}
	}
}
