package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"

	"github.com/bangfuhub/hub/server/internal/authn"
	"github.com/bangfuhub/hub/server/internal/gateway"
	"github.com/bangfuhub/hub/server/internal/rpc"
)

const (
	// linkBuffer is the buffer of the link between REST and gRPC, in bytes.
	linkBuffer = 1 << 20
	// linkCalls is how many calls REST may have under way: all of them go over one connection.
	linkCalls = 8192
)

// Run serves and keeps the hub until ctx ends; then it drains, see Config.
func (s *Server) Run(ctx context.Context) error {
	verifier, err := s.verifier()
	if err != nil {
		return err
	}
	traced, endTraces, err := s.startTracing(ctx)
	if err != nil {
		return err
	}
	defer endTraces()
	leaving, leave := context.WithCancel(context.Background())
	defer leave()
	public, link, err := s.rpcServers(leaving, verifier, traced)
	if err != nil {
		return err
	}
	return s.serve(ctx, leave, public, link)
}

// serve runs both servers, REST before the second, and the hub's own work until ctx ends, and then drains.
func (s *Server) serve(ctx context.Context, leave func(), public, link *grpc.Server) error {
	wire := bufconn.Listen(linkBuffer)
	rest, conn, err := s.rest(wire)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()

	g, ctx := errgroup.WithContext(ctx)
	serving, served := context.WithCancel(context.WithoutCancel(ctx)) // until everything is drained
	s.checkHealth(ctx)
	g.Go(func() error { s.watchHealth(ctx); return nil })
	g.Go(func() error { s.hub.Poll(serving); return nil })
	g.Go(func() error { s.hub.Keep(ctx); return nil })
	g.Go(func() error { return serveRPC(link, wire) })
	s.open(g, public, rest)
	if s.opsListener != nil {
		g.Go(func() error { return s.serveOps(serving, s.ops(conn)) })
	}
	g.Go(func() error {
		defer served()
		<-ctx.Done()
		s.announceEnd()
		leave()
		s.drain(rest, public, link)
		return nil
	})
	return g.Wait()
}

// open serves on the ports for callers that there are.
func (s *Server) open(g *errgroup.Group, public *grpc.Server, rest *http.Server) {
	if s.grpcListener != nil {
		g.Go(func() error { return serveRPC(public, s.grpcListener) })
	}
	if s.httpListener != nil {
		g.Go(func() error { return s.serveHTTP(rest) })
	}
}

// rpcServers makes the server for other agencies and the one behind REST. They are alike
// but for TLS and the connection's own bounds, so that no interceptor is skipped on either way.
func (s *Server) rpcServers(leaving context.Context, v *authn.Verifier, more ...grpc.ServerOption) (public, link *grpc.Server, err error) {
	cfg := rpc.Config{
		Hub: s.hub, Imports: s.imports, Divisions: s.tree, Verify: v.Verify,
		Observer: s.meter, Health: s.health, Leaving: leaving, Reflection: s.cfg.Reflection, Log: s.cfg.Log, Options: more,
	}
	s.cfg.Limits.apply(&cfg)
	inner := cfg
	inner.MaxStreams, inner.Connections = linkCalls, keepalive.ServerParameters{}
	if link, err = rpc.New(inner); err != nil {
		return nil, nil, err
	}
	if s.certificate != nil {
		cfg.Options = append(cfg.Options, grpc.Creds(credentials.NewTLS(s.certificate.config())))
	}
	public, err = rpc.New(cfg)
	return public, link, err
}

// rest makes the REST server over a real gRPC connection inside the process.
func (s *Server) rest(wire *bufconn.Listener) (*http.Server, *grpc.ClientConn, error) {
	options := append(gateway.DialOptions(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return wire.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	)
	conn, err := grpc.NewClient("passthrough:///hub", options...)
	if err != nil {
		return nil, nil, err
	}
	handler, err := gateway.New(gateway.Config{Conn: conn, Status: rpc.Status, MaxBody: int64(s.cfg.Limits.MaxRequest)})
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return gateway.Server(s.parting(handler), gateway.Limits{MaxHeader: s.cfg.Limits.MaxHeader, ReadHeader: s.cfg.Limits.ReadHeader}), conn, nil
}

// serveRPC takes a stop that came before it began for the regular end that it is.
func serveRPC(s *grpc.Server, l net.Listener) error {
	if err := s.Serve(l); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

func (s *Server) serveHTTP(rest *http.Server) error {
	var err error
	if s.certificate != nil {
		rest.TLSConfig = s.certificate.config()
		err = rest.ServeTLS(s.httpListener, "", "")
	} else {
		err = rest.Serve(s.httpListener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) verifier() (*authn.Verifier, error) {
	cfg := authn.Config{
		Issuer: s.cfg.Issuer, Audience: s.cfg.Audience, JWKSFile: s.cfg.JWKSFile, JWKSURL: s.cfg.JWKSURL, Clock: s.cfg.Clock,
	}
	if cfg.JWKSFile == "" && cfg.JWKSURL == "" {
		if s.cfg.Data == "" {
			return nil, errors.New("tokens need their issuer's public keys: give --jwks-file or --jwks-url")
		}
		if err := authn.CreateKey(s.cfg.Data); err != nil {
			return nil, err
		}
		cfg.JWKSFile = filepath.Join(s.cfg.Data, authn.JWKSFile)
	}
	return authn.New(cfg)
}
