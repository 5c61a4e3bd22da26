// Package gateway speaks the contract over REST. Every request becomes a call on a
// real gRPC client connection to the hub's own server, so that no interceptor is
// skipped: the gateway itself decides nothing about who may do what.
//
// JSON is written with the contract's own field names (snake_case) and without
// empty values; camelCase names are read as well.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	// DefaultMaxBody bounds the body of a request, in bytes.
	DefaultMaxBody = 4 << 20
	maxHeader      = 32 << 10
	// maxPage bounds one answer of the server, in bytes; it is the server's own bound.
	maxPage = 64 << 20
	// window is how far the server may run ahead of a slow reader, in bytes.
	window = 4 << 20
)

// Config is what the gateway is made of.
type Config struct {
	Conn *grpc.ClientConn // to the hub's gRPC server, dialled with DialOptions
	// Status is the server's own table from errors to statuses, so that the gateway's
	// errors read like all others.
	Status  func(error) *status.Status
	MaxBody int64 // greatest body of a request, in bytes; 0: DefaultMaxBody
}

// DialOptions suit the connection from the gateway to the server: windows and
// messages of the size of pages.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(4 * window),
		grpc.WithReadBufferSize(256 << 10),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxPage)),
	}
}

// New makes the handler of all paths: /v1/…, /openapi.json, /docs, /livez and /readyz (also as /healthz).
func New(cfg Config) (http.Handler, error) {
	if cfg.Conn == nil || cfg.Status == nil {
		return nil, errors.New("gateway: connection and status must be set")
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	fail := failures{table: cfg.Status}
	follow, err := newFollow(cfg.Conn, fail)
	if err != nil {
		return nil, err
	}
	lines, err := compressed(limited(follow, cfg.MaxBody, fail))
	if err != nil {
		return nil, err
	}
	api, err := newMux(cfg.Conn, fail)
	if err != nil {
		return nil, err
	}
	docs, err := newDocs(fail)
	if err != nil {
		return nil, err
	}
	root := http.NewServeMux()
	root.Handle("/v1/", limited(api, cfg.MaxBody, fail))
	root.Handle("POST /v1/sync:follow", lines)
	root.Handle("POST /v1/imports", &upload{client: hubv1.NewImportServiceClient(cfg.Conn), fail: fail})
	root.Handle("GET /livez", Live())
	root.Handle("GET /readyz", Ready(cfg.Conn))
	root.Handle("GET /healthz", Ready(cfg.Conn))
	root.Handle("GET /openapi.json", docs)
	root.Handle("GET /docs", docs)
	root.Handle("GET /docs/", docs)
	root.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail.routing(w, http.StatusNotFound) })
	return root, nil
}

// Limits bound what a client may make the HTTP server wait for.
type Limits struct {
	MaxHeader  int           // greatest header of a request, in bytes; 0: 32 KiB
	ReadHeader time.Duration // in which it must have come; 0: 10 s
}

// Server makes the HTTP server for the handler. Answers have no bound of their own: a
// stream may stay open; the calls behind all others end by the gRPC server's deadline.
func Server(h http.Handler, l Limits) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: cmp.Or(l.MaxHeader, maxHeader),
		ReadHeaderTimeout: cmp.Or(l.ReadHeader, 10*time.Second), ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
}

// readStrictly sets how queries are read. The library keeps that for the whole process, so
// that a second hub in it must not set it while the first one serves.
var readStrictly = sync.OnceFunc(func() { runtime.NewServeMux(runtime.SetQueryParameterParser(strictQuery{})) })

// newMux makes grpc-gateway's mux with the parts of it replaced that let through
// more than they should: headers, query names, method overrides, library texts.
func newMux(conn *grpc.ClientConn, fail failures) (*runtime.ServeMux, error) {
	mux := runtime.NewServeMux(
		// Pages and documents (google.api.HttpBody) go out as they are.
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: newCodec()}),
		runtime.WithIncomingHeaderMatcher(incoming),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingTrailerMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithErrorHandler(fail.handleError),
		runtime.WithRoutingErrorHandler(fail.handleRouting),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
	)
	readStrictly()
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		hubv1.RegisterDivisionServiceHandler,
		hubv1.RegisterHouseholdServiceHandler,
		hubv1.RegisterFactServiceHandler,
		hubv1.RegisterImportServiceHandler,
		hubv1.RegisterIdentityServiceHandler,
		hubv1.RegisterRemovalServiceHandler,
		hubv1.RegisterLetterServiceHandler,
		hubv1.RegisterLedgerServiceHandler,
		hubv1.RegisterCatalogueServiceHandler,
		hubv1.RegisterRecordServiceHandler,
		hubv1.RegisterSyncServiceHandler,
		hubv1.RegisterEntitlementServiceHandler,
	} {
		if err := register(context.Background(), mux, conn); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	return mux, nil
}
