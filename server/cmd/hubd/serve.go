package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bangfuhub/hub/server"
)

type serveCmd struct {
	storeFlags
	limitFlags
	GRPC           string `help:"Address for gRPC." default:"127.0.0.1:7070"`
	HTTP           string `help:"Address for REST." default:"127.0.0.1:7080"`
	Certificate    string `help:"PEM file of the TLS certificate, for both ports. It is read again when it changes." type:"existingfile"`
	CertificateKey string `help:"PEM file of its key." type:"existingfile"`
	Issuer         string `help:"Issuer that tokens must name. Default: a stand-alone hub's own."`
	Audience       string `help:"Audience that tokens must name. Default: a stand-alone hub's own."`
	JWKSFile       string `help:"File of the issuer's public keys." name:"jwks-file" type:"existingfile"`
	JWKSURL        string `help:"Address of the issuer's public keys." name:"jwks-url" placeholder:"URL"`
	Reflection     bool   `help:"Let gRPC clients discover the services." negatable:"" default:"true"`

	Ops   string `help:"Address for /metrics, /livez and /readyz, which ask for no token. Default: none." placeholder:"ADDRESS"`
	Pprof bool   `help:"Show profiles of the program there as well, below /debug/pprof."`

	Drain      time.Duration `help:"How long running calls may take when the hub is told to end." default:"5s"`
	DrainDelay time.Duration `help:"How long the hub goes on serving before that, reported as not ready: as long as load balancers need to notice." default:"0s"`
}

// Run serves until it is interrupted.
func (c serveCmd) Run(ctx context.Context) error {
	cfg := c.config()
	cfg.GRPC, cfg.HTTP, cfg.Ops, cfg.Pprof = c.GRPC, c.HTTP, c.Ops, c.Pprof
	cfg.Certificate, cfg.CertificateKey = c.Certificate, c.CertificateKey
	cfg.Issuer, cfg.Audience, cfg.JWKSFile, cfg.JWKSURL = c.Issuer, c.Audience, c.JWKSFile, c.JWKSURL
	cfg.Reflection, cfg.Tracing = c.Reflection, server.TracingAsked()
	cfg.Drain, cfg.DrainDelay, cfg.Limits = c.Drain, c.DrainDelay, c.limits()
	s, err := server.New(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "hubd: gRPC on %s, REST on %s, docs at http://%s/docs\n", s.GRPCAddress(), s.HTTPAddress(), s.HTTPAddress())
	if c.Ops != "" {
		fmt.Fprintf(os.Stderr, "hubd: metrics at http://%s/metrics\n", s.OpsAddress())
	}
	return errors.Join(s.Run(ctx), s.Close())
}

type migrateCmd struct {
	Postgres string `help:"URL of the PostgreSQL database." required:"" placeholder:"URL"`
}

// Run migrates; it is harmless to repeat.
func (c migrateCmd) Run(ctx context.Context) error { return server.Migrate(ctx, c.Postgres) }

type keysCmd struct {
	File string `arg:"" help:"File to make. It is never overwritten. Keep a copy: without it nothing can be read." type:"path"`
}

// Run makes the key file.
func (c keysCmd) Run() error { return server.CreateKeys(c.File) }

type deriveCmd struct{ storeFlags }

// Run derives what is due.
func (c deriveCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		d, err := s.Derive(ctx)
		fmt.Printf("derived for %s: %d areas, %d households, %d changed\n", s.Today(), d.Areas, d.Households, d.Changed)
		return err
	})
}
