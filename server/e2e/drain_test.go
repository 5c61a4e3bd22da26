package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

const (
	serving    = grpc_health_v1.HealthCheckResponse_SERVING
	notServing = grpc_health_v1.HealthCheckResponse_NOT_SERVING
)

// dial connects to a hub's gRPC port without the client library.
func dial(t testing.TB, h *hubtest.Hub) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(h.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func withToken(t testing.TB, h *hubtest.Hub, agency string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+h.TokenFor(t, agency, ""))
}

// watchHealth gives a function that waits until a hub reports a state.
func watchHealth(t testing.TB, conn *grpc.ClientConn) (until func(grpc_health_v1.HealthCheckResponse_ServingStatus), end func() error) {
	t.Helper()
	w, err := grpc_health_v1.NewHealthClient(conn).Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return func(want grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for {
			got, err := w.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if got.GetStatus() == want {
				return
			}
		}
	}, func() error { _, err := w.Recv(); return err }
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func mustAnswer(t testing.TB, url string, want int) string {
	t.Helper()
	code, body := get(t, url)
	if code != want {
		t.Errorf("%s: %d %s, want %d", url, code, body, want)
	}
	return body
}

func reasonOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// stop tells a hub to end and gives a channel that closes when it has.
func stop(h *hubtest.Hub) <-chan struct{} {
	ended := make(chan struct{})
	go func() { defer close(ended); h.Stop() }()
	return ended
}

func TestAHubIsReadyOnlyWhileItsStoreAnswersWithTheRightSchema(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := hubtest.Start(t, hubtest.Config{Postgres: postgres})
		until, _ := watchHealth(t, dial(t, h))
		until(serving)
		mustAnswer(t, "http://"+h.HTTPAddress()+"/readyz", http.StatusOK)
		location, spoil, mend := filepath.Join(h.Dir, "hub.db"), "PRAGMA user_version = 99", ""
		if postgres {
			location, spoil, mend = h.Database, "ALTER TABLE hub_schema RENAME TO away", "ALTER TABLE away RENAME TO hub_schema"
		}
		db := openSQL(t, location)
		if !postgres {
			var version int
			if err := db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version); err != nil {
				t.Fatal(err)
			}
			mend = fmt.Sprintf("PRAGMA user_version = %d", version)
		}
		if _, err := db.ExecContext(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
		until(notServing)
		mustAnswer(t, "http://"+h.HTTPAddress()+"/readyz", http.StatusServiceUnavailable)
		mustAnswer(t, "http://"+h.HTTPAddress()+"/livez", http.StatusOK)
		if _, err := db.ExecContext(t.Context(), mend); err != nil {
			t.Fatal(err)
		}
		until(serving)
		if postgres {
			mustNotAnswerInTime(t, h, until)
		}
	})
}

// mustNotAnswerInTime has the database keep the hub waiting.
func mustNotAnswerInTime(t *testing.T, h *hubtest.Hub, until func(grpc_health_v1.HealthCheckResponse_ServingStatus)) {
	t.Helper()
	tx, err := openSQL(t, h.Database).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE hub_schema IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	until(notServing)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	until(serving)
}

func TestReadinessGoesFirstAndTheHubServesOnForTheDelay(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.DrainDelay = 2 * time.Second }})
	conn := dial(t, h)
	until, end := watchHealth(t, conn)
	until(serving)
	ended := stop(h)
	until(notServing)
	mustAnswer(t, "http://"+h.HTTPAddress()+"/readyz", http.StatusServiceUnavailable)
	mustAnswer(t, "http://"+h.HTTPAddress()+"/livez", http.StatusOK)
	if _, err := hubv1.NewDivisionServiceClient(conn).ListAreas(withToken(t, h, "education"), &hubv1.ListAreasRequest{}); err != nil {
		t.Errorf("a call in the delay: %v", err)
	}
	if err := end(); status.Code(err) != codes.Unavailable {
		t.Errorf("whoever watched the health was told %v", err)
	}
	<-ended
}

// A caller that keeps its connection would meet the end of it in the middle of a call, and
// nobody asks twice for what was sent by POST.
func TestInTheDelayAnswersOverRESTAskTheirCallersToConnectAnew(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.DrainDelay = 2 * time.Second }})
	parts := func() bool {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.HTTPAddress()+"/livez", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.Close
	}
	until, _ := watchHealth(t, dial(t, h))
	until(serving)
	if parts() {
		t.Error("a hub that goes on asks its caller to connect anew")
	}
	ended := stop(h)
	until(notServing)
	if !parts() {
		t.Error("a hub that ends lets its caller keep the connection")
	}
	<-ended
}

func TestAHubThatEndsLetsCallsFinishAndTellsLiveStreamsToGo(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Drain = time.Hour }})
	h.Agree(t, "education", []string{"household-status"})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 10, 3)))
	conn := dial(t, h)

	live, err := hubv1.NewSyncServiceClient(conn).Follow(withToken(t, h, "education"), &hubv1.FollowRequest{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	for end := false; !end; {
		page, err := live.Recv()
		if err != nil {
			t.Fatal(err)
		}
		end = page.GetPage().GetEnd() != nil
	}
	lines := followLive(t, h)
	upload, err := hubv1.NewImportServiceClient(conn).ImportFile(withToken(t, h, "office"))
	if err != nil {
		t.Fatal(err)
	}
	if err := upload.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: &hubv1.ImportHeader{}}}); err != nil {
		t.Fatal(err)
	}

	ended := stop(h)
	if _, err := live.Recv(); status.Code(err) != codes.Unavailable || reasonOf(err) != "GOING_AWAY" {
		t.Errorf("a live stream ended with %v", err)
	}
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if !strings.Contains(last, "GOING_AWAY") {
		t.Errorf("the last line over REST is %s", last)
	}
	if err := upload.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Data{Data: h.Generated(t, 12, 3)}}); err != nil {
		t.Fatal(err)
	}
	if err := upload.CloseSend(); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, upload, 2)
	<-ended
}

// followLive follows over REST until current and gives the lines that come after.
func followLive(t *testing.T, h *hubtest.Hub) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTPAddress()+"/v1/sync:follow", strings.NewReader(`{"live":true}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.TokenFor(t, "education", ""))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"end":`) {
			return lines
		}
	}
	t.Fatalf("no end came: %v", lines.Err())
	return nil
}

func mustCreate(t *testing.T, upload hubv1.ImportService_ImportFileClient, want int32) {
	t.Helper()
	for {
		answer, err := upload.Recv()
		if err != nil {
			t.Fatalf("a running upload: %v", err)
		}
		if r := answer.GetResult(); r != nil {
			if r.GetCreated() != want {
				t.Errorf("the upload came to %v", r)
			}
			return
		}
	}
}

func TestWhatDoesNotFinishInTimeIsCut(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Drain = time.Millisecond }})
	h.AgreeOffice(t, "office")
	upload, err := hubv1.NewImportServiceClient(dial(t, h)).ImportFile(withToken(t, h, "office"))
	if err != nil {
		t.Fatal(err)
	}
	if err := upload.Send(&hubv1.ImportFileRequest{Part: &hubv1.ImportFileRequest_Header{Header: &hubv1.ImportHeader{}}}); err != nil {
		t.Fatal(err)
	}
	h.Stop()
	if _, err := upload.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the upload ended with %v", err)
	}
}

func TestARollingRestartCostsAFollowerOneRetry(t *testing.T) {
	first := hubtest.Start(t, hubtest.Config{})
	second := hubtest.Start(t, hubtest.Config{Dir: first.Dir})
	first.AgreeOffice(t, "office")
	first.Load(t, bytes.NewReader(first.Generated(t, 10, 3)))
	replicas := manual.NewBuilderWithScheme("replicas")
	replicas.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: first.GRPCAddress()}, {Addr: second.GRPCAddress()}}})
	resolver.Register(replicas)
	log := &hubtest.Log{}
	c, err := client.New(client.Config{
		Target: "replicas:///hub", Insecure: true, Token: client.StaticToken(first.TokenFor(t, "office", "")),
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	var ended <-chan struct{}
	for page, err := range c.Pages(t.Context(), &hubv1.FollowRequest{Live: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if page.GetEnd() == nil {
			continue
		}
		if ended == nil {
			ended = stop(first)
			<-ended
			changeFacts(t, second.Client(t, "office", "a-clerk"), 1)
			continue
		}
		break
	}
	if retries := strings.Count(log.String(), "trying again"); retries != 1 {
		t.Errorf("%d retries:\n%s", retries, log)
	}
}
