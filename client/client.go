// Package client is the Go client of Bangfu Hub for departments' systems: typed
// errors that name their remedy, safe retries, streams of pages that resume by
// themselves, and the row hash that proves a copy complete.
//
// It knows the published contract (package hubv1) and nothing of the hub's inside.
// Most readers want package mirror below it, which keeps whole lists in a database
// of their own; a question at the counter is answered by Records and Households.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/zstd"
)

// Config says where the hub is and how to speak with it.
type Config struct {
	// Target is host:port of the hub's gRPC port, or any gRPC target. Required.
	Target string
	// Token gives the bearer token of each call; nil sends none.
	Token TokenSource
	// CAFile is a PEM file of the authorities that may have signed the hub's
	// certificate; empty means those of the system.
	CAFile string
	// Insecure sends everything, the token too, without TLS. Only for a hub on the same machine.
	Insecure bool
	// Timeout bounds one try of a single call whose context has no deadline, 30 s where 0.
	// Streams have none: their context ends them.
	Timeout time.Duration
	// MaxMessage is the greatest message accepted, in bytes; 64 MiB where 0. A page
	// holds whole blocks and transactions, so it may be larger than its page_size suggests.
	MaxMessage int
	// Compress has messages compressed by zstd, both ways. It pays on a thin line: blocks, which come
	// packed already, become smaller by two fifths, all else by more. A hub that can't answers UNIMPLEMENTED.
	Compress bool
	// Tries is how often a read, or a write with a request_id, is tried in all while the
	// hub is unavailable; 8 where 0. A live stream is tried until its context ends.
	Tries int
	// Backoff is the wait before the second try, 200 ms where 0; it doubles up to 10 s,
	// with jitter. A longer wait that the hub asks for goes first.
	Backoff time.Duration
	// Keepalive is how often a silent connection is probed while calls are under way, 1 min
	// where 0: a follower behind a line that went dead goes on after that and at most 20 s.
	// No less than 10 s; shorter than 20 s needs a hub that permits it.
	Keepalive time.Duration
	// Log gets one line a retry, without personal data; nil logs nothing.
	Log *slog.Logger
}

// Stream windows are fixed and large: the default, estimated from round trips, starts
// at 64 KiB and throttles a first load.
const (
	streamWindow = 8 << 20
	connWindow   = 16 << 20
)

// Client is a connection to one hub. Its methods may be called at the same time.
type Client struct {
	conn  *grpc.ClientConn
	retry retrier
	token TokenSource
}

// New makes a client. It does not connect: a hub that is away is found out by the first call.
func New(c Config) (*Client, error) {
	if c.Target == "" {
		return nil, errors.New("client: no target given")
	}
	c = c.withDefaults()
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	r := retrier{tries: c.Tries, first: c.Backoff, timeout: c.Timeout, log: c.Log}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(c.MaxMessage)),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: c.Keepalive, Timeout: min(c.Keepalive, 20*time.Second)}),
		// Left to itself gRPC waits up to two minutes before it connects again.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: c.Backoff, Multiplier: 2, Jitter: 0.2, MaxDelay: longestBackoff},
			MinConnectTimeout: 20 * time.Second,
		}),
		// Retries are ours alone: gRPC's own service configuration could repeat a write.
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithUserAgent("bangfu-hub-client"),
		grpc.WithUnaryInterceptor(r.unary),
		grpc.WithStreamInterceptor(typedStream),
	}
	if c.Compress {
		options = append(options, grpc.WithDefaultCallOptions(grpc.UseCompressor(zstd.Name)))
	}
	if c.Token != nil {
		options = append(options, grpc.WithPerRPCCredentials(bearer{source: c.Token, plaintext: c.Insecure}))
	}
	conn, err := grpc.NewClient(c.Target, options...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &Client{conn: conn, retry: r, token: c.Token}, nil
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 64 << 20
	}
	if c.Tries == 0 {
		c.Tries = 8
	}
	if c.Backoff == 0 {
		c.Backoff = 200 * time.Millisecond
	}
	if c.Keepalive == 0 {
		c.Keepalive = time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) transport() (credentials.TransportCredentials, error) {
	if c.Insecure {
		if c.CAFile != "" {
			return nil, errors.New("client: Insecure and CAFile exclude each other")
		}
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("client: CA file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("client: the CA file holds no PEM certificate")
		}
	}
	return credentials.NewTLS(config), nil
}

// Close ends the connection; calls under way fail.
func (c *Client) Close() error { return c.conn.Close() }

// Divisions speaks of provinces, counties, towns and villages.
func (c *Client) Divisions() hubv1.DivisionServiceClient {
	return hubv1.NewDivisionServiceClient(c.conn)
}

// Households reads and changes households.
func (c *Client) Households() hubv1.HouseholdServiceClient {
	return hubv1.NewHouseholdServiceClient(c.conn)
}

// Identity records what happens to persons and households over the years.
func (c *Client) Identity() hubv1.IdentityServiceClient {
	return hubv1.NewIdentityServiceClient(c.conn)
}

// Facts sends what a department knows.
func (c *Client) Facts() hubv1.FactServiceClient { return hubv1.NewFactServiceClient(c.conn) }

// Entitlements answers questions at the counter.
func (c *Client) Entitlements() hubv1.EntitlementServiceClient {
	return hubv1.NewEntitlementServiceClient(c.conn)
}

// Mappings tells which files Import can read.
func (c *Client) Mappings(ctx context.Context) ([]*hubv1.Mapping, error) {
	res, err := hubv1.NewImportServiceClient(c.conn).ListMappings(ctx, &hubv1.ListMappingsRequest{})
	return res.GetMappings(), err
}

// Removals carries households out of support, step by step.
func (c *Client) Removals() hubv1.RemovalServiceClient {
	return hubv1.NewRemovalServiceClient(c.conn)
}

// Letters reads, acknowledges, reports and disputes the office's official letters;
// LetterDigest tells whether one came whole.
func (c *Client) Letters() hubv1.LetterServiceClient { return hubv1.NewLetterServiceClient(c.conn) }

// Ledger tells who was handed what, when.
func (c *Client) Ledger() hubv1.LedgerServiceClient { return hubv1.NewLedgerServiceClient(c.conn) }

// Catalogues speaks of policies and lists.
func (c *Client) Catalogues() hubv1.CatalogueServiceClient {
	return hubv1.NewCatalogueServiceClient(c.conn)
}

// Records reads single records.
func (c *Client) Records() hubv1.RecordServiceClient { return hubv1.NewRecordServiceClient(c.conn) }

// Sync reads whole lists; Pages is its comfortable form.
func (c *Client) Sync() hubv1.SyncServiceClient { return hubv1.NewSyncServiceClient(c.conn) }
