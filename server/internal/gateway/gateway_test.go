package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/rpc"
)

// fake answers in place of the hub and keeps what reached it.
type fake struct {
	hubv1.UnimplementedSyncServiceServer
	hubv1.UnimplementedHouseholdServiceServer
	seen     metadata.MD
	list     *hubv1.ListHouseholdsRequest
	follow   *hubv1.FollowRequest
	answer   *hubv1.Household
	pages    []*hubv1.FollowResponse
	err      error
	released chan struct{} // Follow waits for it before its error or end
}

func (f *fake) GetHousehold(ctx context.Context, _ *hubv1.GetHouseholdRequest) (*hubv1.GetHouseholdResponse, error) {
	f.seen, _ = metadata.FromIncomingContext(ctx)
	if f.err != nil {
		return nil, f.err
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs("inner", "secret"))
	return &hubv1.GetHouseholdResponse{Household: f.answer}, nil
}

func (f *fake) ListHouseholds(_ context.Context, req *hubv1.ListHouseholdsRequest) (*hubv1.ListHouseholdsResponse, error) {
	f.list = req
	return &hubv1.ListHouseholdsResponse{}, f.err
}

func (f *fake) LookUpHouseholds(context.Context, *hubv1.LookUpHouseholdsRequest) (*hubv1.LookUpHouseholdsResponse, error) {
	return &hubv1.LookUpHouseholdsResponse{}, f.err
}

func (f *fake) Follow(req *hubv1.FollowRequest, s grpc.ServerStreamingServer[hubv1.FollowResponse]) error {
	f.seen, _ = metadata.FromIncomingContext(s.Context())
	f.follow = req
	for _, p := range f.pages {
		if err := s.Send(p); err != nil {
			return err
		}
	}
	if f.released != nil {
		<-f.released
	}
	return f.err
}

// serve puts the gateway before f, over a real gRPC connection and real HTTP.
func serve(t testing.TB, f *fake) *httptest.Server {
	t.Helper()
	s := grpc.NewServer(grpc.MaxSendMsgSize(maxPage))
	hubv1.RegisterSyncServiceServer(s, f)
	hubv1.RegisterHouseholdServiceServer(s, f)
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	l := bufconn.Listen(1 << 20)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient("passthrough:hub", append(DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return l.Dial() }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h, err := New(Config{Conn: conn, Status: rpc.Status, MaxBody: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return web
}

func call(t testing.TB, method, url, text string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(data)
}

func TestOnlyAllowedHeadersReachTheServer(t *testing.T) {
	f := &fake{pages: []*hubv1.FollowResponse{samplePage(1)}}
	web := serve(t, f)
	for _, path := range []string{"GET /v1/households/hh_1", "POST /v1/sync:follow"} {
		h := http.Header{}
		for name, value := range map[string]string{
			"Authorization": "Bearer t", "Accept-Language": "zh", "X-Request-Id": "7",
			"Grpc-Metadata-Agency": "forged", "Grpc-Metadata-Authorization": "Bearer forged", "Cookie": "c=1",
			"X-Forwarded-For": "10.1.2.3", "Grpc-Timeout": "1n", "X-Http-Method-Override": "DELETE", "Agency": "forged",
		} {
			h.Set(name, value)
		}
		method, p, _ := strings.Cut(path, " ")
		res, text := call(t, method, web.URL+p, "", h)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s", path, res.Status, text)
		}
		for key, values := range f.seen {
			switch key {
			case "authorization", "accept-language", "x-request-id": // allowed
				if strings.Contains(fmt.Sprint(values), "forged") || len(values) != 1 {
					t.Errorf("%s: %s is %v", path, key, values)
				}
			case ":authority", "content-type", "user-agent", "grpc-accept-encoding", "x-forwarded-host": // gRPC's and the gateway's own
			case "x-forwarded-for":
				if strings.Contains(fmt.Sprint(values), "10.1.2.3") {
					t.Errorf("%s: a forged %s", path, key)
				}
			default:
				t.Errorf("%s: %s reached the server", path, key)
			}
		}
		if len(f.seen["authorization"]) != 1 || len(f.seen["x-request-id"]) != 1 {
			t.Errorf("%s: allowed headers are missing: %v", path, f.seen)
		}
		for name := range res.Header {
			if strings.HasPrefix(name, "Grpc-") {
				t.Errorf("%s: %s came back", path, name)
			}
		}
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the answer may be stored on the way", path)
		}
	}
}

func TestErrorsAreStatusesWithReasonFieldsAndChinese(t *testing.T) {
	f := &fake{}
	web := serve(t, f)
	for _, test := range []struct {
		err  error
		code int
		want []string
	}{
		{fault.New(fault.HouseholdNotFound), 404, []string{"HOUSEHOLD_NOT_FOUND", "hub.bangfu", "在您可查看的范围内没有该户", "zh-CN"}},
		{fault.List(fault.HouseholdInvalid, []fault.Violation{fault.Bad("persons[0].id_number", fault.IDChecksum)}), 400,
			[]string{`"persons[0].id_number"`, "ID_CHECKSUM", "校验码不符", "field_violations"}},
		{fault.New(fault.EtagStale, "current_etag", "e9"), 409, []string{"ETAG_STALE", `"current_etag":"e9"`}},
		{fault.New(fault.NoAgreement, "agency", "a", "what", "w"), 403, []string{"NO_AGREEMENT"}},
		{fault.New(fault.StoreBusy).After(11e8), 503, []string{"STORE_BUSY", "RetryInfo"}},
		{fault.New(fault.Unauthorised), 401, []string{"UNAUTHENTICATED"}},
	} {
		f.err = rpc.Status(test.err).Err()
		res, text := call(t, "GET", web.URL+"/v1/households/hh_1", "", nil)
		text = compact(t, text)
		if res.StatusCode != test.code || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v: %s %s", test.err, res.Status, res.Header.Get("Content-Type"))
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: no %s in %s", test.err, want, text)
			}
		}
		if after := res.Header.Get("Retry-After"); (after == "2") != fault.Is(test.err, fault.StoreBusy) {
			t.Errorf("%v: Retry-After %q", test.err, after)
		}
		if w := res.Header.Get("WWW-Authenticate"); (w == "Bearer") != (test.code == 401) {
			t.Errorf("%v: WWW-Authenticate %q", test.err, w)
		}
	}
}

func compact(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return b.String()
}

func TestNoLibraryTextAndNothingOfTheRequestIsInAnError(t *testing.T) {
	f := &fake{}
	web := serve(t, f)
	f.err = status.Error(codes.Unknown, "秘密")
	for _, test := range []struct {
		method, path, body string
		code               int
		want               []string
	}{
		{"GET", "/v1/households/hh_1", "", 500, []string{"INTERNAL"}},
		{"POST", "/v1/households:lookUp", `{"identifier":{"kind":"秘密","value":7}}`, 400, []string{"identifier.kind", "UNKNOWN_CODE", "identifier.value"}},
		{"POST", "/v1/households:lookUp", `{"name":"秘密"`, 400, []string{"LookUpHouseholdsRequest", "MALFORMED"}},
		{"POST", "/v1/sync:follow", `{"scope":{"lists":"秘密"}}`, 400, []string{"scope.lists", "MALFORMED"}},
		{"GET", "/v1/households/x?revision=秘密", "", 400, []string{"INVALID_REQUEST"}},
		{"GET", "/v1/households?village=469002100201&秘密=1", "", 400, []string{"INVALID_REQUEST"}},
		{"GET", "/v1/households?poverty_status=秘密", "", 400, []string{"INVALID_REQUEST"}},
		{"GET", "/v1/秘密", "", 404, []string{"INVALID_REQUEST"}},
		{"GET", "/秘密", "", 404, []string{"INVALID_REQUEST"}},
		{"DELETE", "/v1/households", "", 405, []string{"INVALID_REQUEST"}},
		{"POST", "/v1/households", strings.Repeat(" ", 1<<16+1), 413, []string{"LIMIT_REACHED"}},
	} {
		res, text := call(t, test.method, web.URL+test.path, test.body, nil)
		if res.StatusCode != test.code {
			t.Errorf("%s %.40s: %s", test.method, test.path, res.Status)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s %.40s: no %s in %s", test.method, test.path, want, text)
			}
		}
		if strings.Contains(text, "秘密") || strings.Contains(text, "proto:") {
			t.Errorf("%s %.40s: the error quotes: %s", test.method, test.path, text)
		}
	}
}

func TestNamesAreThoseOfTheContract(t *testing.T) {
	f := &fake{answer: &hubv1.Household{Id: "hh_1", HouseholdNumber: "1", Revision: 3, SupportStatus: hubv1.SupportStatus_SUPPORT_STATUS_SUPPORTED}}
	web := serve(t, f)
	_, text := call(t, "GET", web.URL+"/v1/households/hh_1", "", nil)
	if want := `{"household":{"id":"hh_1","revision":"3","support_status":"SUPPORT_STATUS_SUPPORTED","household_number":"1"}}`; compact(t, text) != want {
		t.Errorf("got %s", text)
	}
	for _, query := range []string{"poverty_status=POVERTY_STATUS_LIFTED&page_size=2", "povertyStatus=POVERTY_STATUS_LIFTED&pageSize=2"} {
		call(t, "GET", web.URL+"/v1/households?village=469002100201&"+query, "", nil)
		if f.list.GetPovertyStatus() != hubv1.PovertyStatus_POVERTY_STATUS_LIFTED || f.list.GetPageSize() != 2 {
			t.Errorf("%s: %v", query, f.list)
		}
	}
}

func TestFollowGivesOnePageALine(t *testing.T) {
	f := &fake{pages: []*hubv1.FollowResponse{samplePage(3), samplePage(0), {Page: &hubv1.Page{Cursor: "z", End: &hubv1.End{Catalogue: "c"}}}}}
	web := serve(t, f)
	res, text := call(t, "POST", web.URL+"/v1/sync:follow", `{"scope":{"lists":["education"]},"page_size":7,"cursor":"x"}`, nil)
	if got := res.Header.Get("Content-Type"); got != "application/x-ndjson" || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", res.Status, got)
	}
	// Packed is how the gateway itself wants blocks, whatever is asked of it.
	asked := &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{"education"}}, PageSize: 7, Cursor: "x", Packing: hubv1.Packing_PACKING_SNAPPY}
	if !proto.Equal(f.follow, asked) {
		t.Errorf("the server got %v", f.follow)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var want []string
	for _, p := range f.pages {
		want = append(want, reference(t, p))
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", text, strings.Join(want, "\n"))
	}
}

func TestFollowFlushesEachPageAndSaysHowItBrokeOff(t *testing.T) {
	f := &fake{
		pages: []*hubv1.FollowResponse{samplePage(1)}, released: make(chan struct{}),
		err: rpc.Status(fault.New(fault.CatalogueChanging, "area", "qionghai")).Err(),
	}
	web := serve(t, f)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/v1/sync:follow", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewReader(res.Body)
	first, err := lines.ReadString('\n') // arrives although the stream goes on
	if err != nil || strings.TrimSuffix(first, "\n") != reference(t, f.pages[0]) {
		t.Fatalf("%v: %s", err, first)
	}
	close(f.released)
	last, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(last, `{"error":{"code":14,`) || !strings.Contains(last, "CATALOGUE_CHANGING") {
		t.Errorf("%v: %s", err, last)
	}
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Errorf("something follows the error: %v", err)
	}
}

func TestFollowThatFailsAtOnceIsAPlainError(t *testing.T) {
	web := serve(t, &fake{err: rpc.Status(fault.New(fault.CursorEpoch)).Err()})
	res, text := call(t, "POST", web.URL+"/v1/sync:follow", "", nil)
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(text, "CURSOR_EPOCH") || strings.HasPrefix(text, `{"error"`) {
		t.Errorf("%s %s", res.Status, text)
	}
}

func TestDocsLoadNothingFromElsewhere(t *testing.T) {
	web := serve(t, &fake{})
	for path, kind := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/docs.js": "text/javascript; charset=utf-8",
		"/docs/docs.css": "text/css; charset=utf-8", "/docs/swagger-ui/LICENSE": "text/plain; charset=utf-8",
		"/docs/swagger-ui/swagger-ui-bundle.js": "text/javascript; charset=utf-8", "/openapi.json": "application/json; charset=utf-8",
	} {
		res, text := call(t, "GET", web.URL+path, "", nil)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != kind || text == "" {
			t.Errorf("%s: %s %s", path, res.Status, res.Header.Get("Content-Type"))
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if path == "/docs" && (strings.Contains(text, "http") || strings.Contains(text, "<script>") || strings.Contains(text, "style=")) {
			t.Error("the page loads or runs what the policy forbids")
		}
	}
	if res, _ := call(t, "GET", web.URL+"/docs/../gateway.go", "", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a file outside the page: %s", res.Status)
	}
}

func TestTheDescriptionKnowsTheTokenAndTheLines(t *testing.T) {
	_, text := call(t, "GET", serve(t, &fake{}).URL+"/openapi.json", "", nil)
	var spec map[string]any
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	if _, ok := at(spec, "securityDefinitions", "token"); !ok {
		t.Error("no token")
	}
	answer, _ := at(spec, "paths", "/v1/sync:follow", "post", "responses", "200", "schema")
	if ref, _ := answer["$ref"].(string); !strings.HasSuffix(ref, "FollowResponse") {
		t.Errorf("a line is %v", answer)
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	web := serve(t, &fake{})
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		if res, text := call(t, "GET", web.URL+path, "", nil); res.StatusCode != http.StatusOK || !strings.Contains(text, `"SERVING"`) {
			t.Errorf("%s: %s %s", path, res.Status, text)
		}
	}
}

func TestAServerThatEndsUnderACallIsGoingAway(t *testing.T) {
	f := &fake{err: status.Error(codes.Unavailable, "error reading from server: EOF")}
	if res, text := call(t, "GET", serve(t, f).URL+"/v1/households/hh_1", "", nil); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "GOING_AWAY") {
		t.Errorf("%s %s", res.Status, text)
	}
}

func BenchmarkFollow(b *testing.B) {
	const rows, pages = 5000, 20
	f := &fake{}
	for range pages {
		f.pages = append(f.pages, samplePage(rows))
	}
	web := serve(b, f)
	for b.Loop() {
		res, err := http.Post(web.URL+"/v1/sync:follow", "application/json", http.NoBody) //nolint:noctx // a benchmark
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
	}
	b.ReportMetric(float64(rows*pages*b.N)/b.Elapsed().Seconds(), "rows/s")
}
