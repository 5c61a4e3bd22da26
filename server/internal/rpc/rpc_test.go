package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/authn"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/imports"
)

// world is a server with a hub that has no store: whatever gets past the guard
// and isn't about divisions panics. That is what these tests need to see.
type world struct {
	server *grpc.Server
	conn   *grpc.ClientConn
	ctx    context.Context // with a good token
	log    *bytes.Buffer
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	dir := t.TempDir()
	if err := authn.CreateKey(dir); err != nil {
		t.Fatal(err)
	}
	signer, err := authn.LoadSigner(authn.SignerConfig{Dir: dir, Issuer: "i", Audience: "a", Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := authn.New(authn.Config{Issuer: "i", Audience: "a", JWKSFile: filepath.Join(dir, authn.JWKSFile), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Token(access.Caller{Agency: "education", Client: "test"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{log: &bytes.Buffer{}, ctx: metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)}
	cfg := Config{
		Hub: &hub.Hub{}, Imports: imports.New(imports.Config{}), Divisions: division.Hainan(), Verify: verifier.Verify,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Reflection: true,
	}
	if change != nil {
		change(&cfg)
	}
	if w.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	l := bufconn.Listen(1 << 20)
	go func() { _ = w.server.Serve(l) }()
	t.Cleanup(w.server.Stop)
	w.conn, err = grpc.NewClient("passthrough:hub", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return l.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.conn.Close() })
	return w
}

// logged stops the server, so that all is logged, and gives the log.
func (w *world) logged() string {
	w.server.GracefulStop()
	return w.log.String()
}

// invoke calls any method, stream or not, with an empty request.
func (w *world) invoke(ctx context.Context, method string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	if err := s.SendMsg(&emptypb.Empty{}); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	return s.RecvMsg(&emptypb.Empty{})
}

func (w *world) methods() []string {
	var out []string
	for name, info := range w.server.GetServiceInfo() {
		for _, m := range info.Methods {
			out = append(out, "/"+name+"/"+m.Name)
		}
	}
	slices.Sort(out)
	return out
}

func info(t *testing.T, err error) *errdetails.ErrorInfo {
	t.Helper()
	for _, d := range status.Convert(err).Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok {
			return i
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
	return nil
}

func TestNoMethodIsReachedWithoutAToken(t *testing.T) {
	w := newWorld(t, nil)
	const ours = "/bangfu.hub.v1."
	services := map[string]bool{}
	for _, method := range w.methods() {
		if open[method] {
			if strings.HasPrefix(method, ours) {
				t.Errorf("%s is open", method)
			}
			continue
		}
		if !strings.HasPrefix(method, ours) {
			t.Errorf("%s: neither ours nor open", method)
		}
		services[strings.Split(method, "/")[1]] = true
		for rule, values := range map[string][]string{
			"none": nil, "empty": {""}, "basic": {"Basic eHg="}, "rubbish": {"Bearer x.y.z"}, "no scheme": {"x"},
		} {
			err := w.invoke(metadata.NewOutgoingContext(t.Context(), metadata.MD{"authorization": values}), method)
			if status.Code(err) != codes.Unauthenticated || info(t, err).GetReason() != string(fault.Unauthorised) {
				t.Errorf("%s, token %s: %v", method, rule, err)
			}
		}
		twice := metadata.AppendToOutgoingContext(w.ctx, "authorization", "Bearer x.y.z")
		if err := w.invoke(twice, method); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s, two tokens: %v", method, err)
		}
	}
	if len(services) != 12 {
		t.Errorf("services %v", services)
	}
}

func TestEveryMethodOfTheContractIsServed(t *testing.T) {
	w := newWorld(t, nil)
	served := w.methods()
	for _, file := range contract {
		for i := range file.Services().Len() {
			s := file.Services().Get(i)
			for j := range s.Methods().Len() {
				if m := fmt.Sprintf("/%s/%s", s.FullName(), s.Methods().Get(j).Name()); !slices.Contains(served, m) {
					t.Errorf("%s is not served", m)
				}
			}
		}
	}
}

func TestReflectionCanBeSwitchedOff(t *testing.T) {
	for _, on := range []bool{true, false} {
		w := newWorld(t, func(c *Config) { c.Reflection = on })
		s, err := grpc_reflection_v1.NewServerReflectionClient(w.conn).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Send(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}})
		if _, err := s.Recv(); (err == nil) != on {
			t.Errorf("reflection %t: %v", on, err)
		}
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	w := newWorld(t, nil)
	res, err := grpc_health_v1.NewHealthClient(w.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || res.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("%v %v", res, err)
	}
}

func TestWrongFieldsAreNamedInBothLanguages(t *testing.T) {
	w := newWorld(t, nil)
	households, sync := hubv1.NewHouseholdServiceClient(w.conn), hubv1.NewSyncServiceClient(w.conn)
	for _, test := range []struct {
		call func() error
		want []string
	}{
		{func() error {
			_, err := households.ListHouseholds(w.ctx, &hubv1.ListHouseholdsRequest{Village: "460000199001011234", PageSize: 501, PovertyStatus: 77})
			return err
		}, []string{"village MALFORMED ^[0-9]{12}$", "poverty_status UNKNOWN_CODE PovertyStatus", "page_size OUT_OF_RANGE 0…500"}},
		{func() error {
			_, err := households.UpdateHousehold(w.ctx, &hubv1.UpdateHouseholdRequest{Groups: []hubv1.FactGroup{1, 1, 99}})
			return err
		}, []string{"household REQUIRED", "groups DUPLICATE groups", "groups[2] UNKNOWN_CODE FactGroup", "request_id REQUIRED"}},
		{func() error {
			_, err := households.LookUpHouseholds(w.ctx, &hubv1.LookUpHouseholdsRequest{})
			return err
		}, []string{"by REQUIRED"}},
		{func() error {
			_, err := households.GetHousehold(w.ctx, &hubv1.GetHouseholdRequest{Id: strings.Repeat("秘", 65), Revision: -1})
			return err
		}, []string{"id TOO_MANY 64", "revision OUT_OF_RANGE 0…"}},
		{func() error {
			_, err := households.SplitHousehold(w.ctx, &hubv1.SplitHouseholdRequest{
				Id: "h", HouseholdNumber: "1", On: "2026-02-30", Document: &hubv1.Document{}, RequestId: "r",
				Leaving: []*hubv1.Relative{{Person: "p", Relation: 1}, {Person: "p", Relation: 2}},
			})
			return err
		}, []string{"leaving[1].person DUPLICATE leaving", "on MALFORMED YYYY-MM-DD"}},
		{func() error {
			s, err := sync.Follow(w.ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{""}, Divisions: []string{"x"}}})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		}, []string{"scope.lists[0] REQUIRED", "scope.divisions[0] MALFORMED ^[0-9]{12}$"}},
	} {
		err := test.call()
		s := status.Convert(err)
		if s.Code() != codes.InvalidArgument || info(t, err).GetReason() != string(fault.InvalidRequest) {
			t.Errorf("%v: %v", test.want, err)
			continue
		}
		var got []*errdetails.BadRequest_FieldViolation
		for _, d := range s.Details() {
			if b, ok := d.(*errdetails.BadRequest); ok {
				got = b.GetFieldViolations()
			}
		}
		if len(got) != len(test.want) {
			t.Fatalf("got %v, want %v", got, test.want)
		}
		for i, v := range got {
			field, rest, _ := strings.Cut(test.want[i], " ")
			reason, particular, _ := strings.Cut(rest, " ")
			if v.GetField() != field || v.GetReason() != reason || !strings.Contains(v.GetDescription(), particular) ||
				!strings.Contains(v.GetLocalizedMessage().GetMessage(), particular) || v.GetLocalizedMessage().GetLocale() != "zh-CN" {
				t.Errorf("got %v, want %s", v, test.want[i])
			}
		}
		if text := s.String() + fmt.Sprint(got); strings.Contains(text, "秘") || strings.Contains(text, "460000199001011234") {
			t.Errorf("the error quotes the request: %s", text)
		}
	}
}

func TestAPanicIsInternalAndShowsNothing(t *testing.T) {
	w := newWorld(t, nil)
	_, err := hubv1.NewRecordServiceClient(w.conn).GetRecord(w.ctx, &hubv1.GetRecordRequest{List: "l", Household: "h"})
	s := status.Convert(err)
	i := info(t, err)
	if s.Code() != codes.Internal || i.GetReason() != string(fault.InternalError) || strings.Contains(s.String(), "nil pointer") {
		t.Fatalf("got %v", err)
	}
	if _, err := hubv1.NewDivisionServiceClient(w.conn).ListAreas(w.ctx, &hubv1.ListAreasRequest{}); err != nil {
		t.Errorf("the server did not survive: %v", err)
	}
	log := w.logged()
	if id := i.GetMetadata()["id"]; id == "" || !strings.Contains(log, id) || !strings.Contains(log, "nil pointer") {
		t.Errorf("the operator finds nothing by the id %q in %s", id, log)
	}
	if !strings.Contains(log, "agency=education") || !strings.Contains(log, "/bangfu.hub.v1.DivisionService/ListAreas") {
		t.Errorf("calls are not logged: %s", log)
	}
}

func TestInnerErrorsAreLoggedWithoutPersonalData(t *testing.T) {
	w := newWorld(t, nil)
	g := &guard{log: slog.New(slog.NewTextHandler(w.log, nil))}
	inner := fmt.Errorf("scan row 王小明: parsing %q: invalid; phone 138-0000-0000, card 46900219000101123X", "469002190001011234")
	_, err := g.finish("/m", access.Caller{}, time.Now(), nil, inner, nil)
	if status.Code(err) != codes.Internal || strings.Contains(fmt.Sprint(status.Convert(err).Proto()), "scan row") {
		t.Errorf("shown: %v", err)
	}
	log := w.logged()
	for _, private := range []string{"王小明", "46900219", "138-0000", "123X"} {
		if strings.Contains(log, private) {
			t.Errorf("%s is in the log: %s", private, log)
		}
	}
	if !strings.Contains(log, "scan row") {
		t.Errorf("nothing is left for the operator: %s", log)
	}
}

func TestACallEndsWithItsTime(t *testing.T) {
	g := &guard{log: slog.New(slog.DiscardHandler), observer: nobody{}, timeout: time.Nanosecond, validator: mustValidator(t)}
	open["/test"] = true
	defer delete(open, "/test")
	wait := func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("hub: %w", ctx.Err())
	}
	_, err := g.unary(t.Context(), &hubv1.ListAreasRequest{}, &grpc.UnaryServerInfo{FullMethod: "/test"}, wait)
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	for method := range patient {
		open[method] = true
		_, err := g.unary(t.Context(), &hubv1.ListAreasRequest{}, &grpc.UnaryServerInfo{FullMethod: method}, func(ctx context.Context, _ any) (any, error) {
			if _, limited := ctx.Deadline(); limited {
				return nil, errors.New("limited")
			}
			return proto.Message(nil), nil
		})
		delete(open, method)
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func mustValidator(t *testing.T) *validator {
	t.Helper()
	v, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTooGreatARequestIsRefused(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxRecv = 1 << 10 })
	_, err := hubv1.NewCatalogueServiceClient(w.conn).SubmitCatalogue(w.ctx, &hubv1.SubmitCatalogueRequest{Text: strings.Repeat("x", 2<<10)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
}

func TestDivisions(t *testing.T) {
	w := newWorld(t, nil)
	c := hubv1.NewDivisionServiceClient(w.conn)
	top, err := c.ListDivisions(w.ctx, &hubv1.ListDivisionsRequest{})
	if err != nil || len(top.GetDivisions()) != 1 || top.GetDivisions()[0].GetLevel() != hubv1.Level_LEVEL_PROVINCE {
		t.Fatalf("%v %v", top, err)
	}
	below, err := c.ListDivisions(w.ctx, &hubv1.ListDivisionsRequest{Parent: top.GetDivisions()[0].GetCode()})
	if err != nil || len(below.GetDivisions()) == 0 {
		t.Fatalf("%v %v", below, err)
	}
	d, err := c.GetDivision(w.ctx, &hubv1.GetDivisionRequest{Code: below.GetDivisions()[0].GetCode()})
	if err != nil || !proto.Equal(d.GetDivision(), below.GetDivisions()[0]) || len(d.GetPath()) != 2 {
		t.Errorf("%v %v", d, err)
	}
	areas, err := c.ListAreas(w.ctx, &hubv1.ListAreasRequest{})
	if err != nil || len(areas.GetAreas()) != len(division.Hainan().Areas()) {
		t.Errorf("%v %v", areas, err)
	}
	for _, ask := range []func() error{
		func() error {
			_, err := c.GetDivision(w.ctx, &hubv1.GetDivisionRequest{Code: "999999999999"})
			return err
		},
		func() error {
			_, err := c.ListDivisions(w.ctx, &hubv1.ListDivisionsRequest{Parent: "999999999999"})
			return err
		},
	} {
		if err := ask(); status.Code(err) != codes.NotFound || info(t, err).GetReason() != string(fault.DivisionNotFound) {
			t.Errorf("an unknown division: %v", err)
		}
	}
}

func TestEnumsOfTheCatalogueAndDivisionsAreNamedAlike(t *testing.T) {
	for _, l := range []division.Level{division.Province, division.Prefecture, division.County, division.Township, division.Village} {
		if hubv1.Level_value["LEVEL_"+strings.ToUpper(string(l))] == 0 {
			t.Errorf("the contract has no level %s", l)
		}
	}
	if grain("household") != hubv1.Grain_GRAIN_HOUSEHOLD || grain("person") != hubv1.Grain_GRAIN_PERSON {
		t.Error("grains")
	}
}
