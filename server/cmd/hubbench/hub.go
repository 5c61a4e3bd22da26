package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/server"
)

const (
	// list is the one that readers read: a record a member.
	list = "medical-insurance"
	// statusList changes with a household's own facts.
	statusList = "household-status"
	// policy is one that follows from list.
	policy = "medical-basic"

	office = "office"
	reader = "medical-insurance"
	agreed = "notice of 2019-04-21, 四(二)"
	// tokenLasts is longer than any run.
	tokenLasts = 7 * 24 * time.Hour
)

// clock begins at noon, in Hainan, of a fixed day and can be moved on by whole days, so
// that no run meets a midnight, and each invents the same people.
type clock struct{ offset atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.offset.Store(int64(time.Until(time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC))))
	return c
}

func (c *clock) now() time.Time { return time.Now().Add(c.ahead()) }

// ahead is how far it is ahead of the machine's.
func (c *clock) ahead() time.Duration { return time.Duration(c.offset.Load()) }

func (c *clock) nextDay() { c.offset.Add(int64(24 * time.Hour)) }

// day is the current one in Hainan.
func (c *clock) day() server.Date {
	return server.Date(c.now().In(time.FixedZone("", 8*60*60)).Format(time.DateOnly))
}

// hub is one that serves in this process.
type hub struct {
	*server.Server
	cfg        server.Config
	households int
	stop       func() error
}

// serve runs a hub on ports of its own.
func serve(ctx context.Context, cfg server.Config, households int) (*hub, error) {
	cfg.GRPC, cfg.HTTP = loopback, loopback
	cfg.Limits.Rate = -1 // one client asks as fast as it can
	s, err := server.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // stop ends it, after its callers
	done := make(chan error, 1)
	go func() { done <- s.Run(running) }()
	return &hub{Server: s, cfg: cfg, households: households, stop: sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-done, s.Close())
	})}, nil
}

func (h *hub) close() error { return h.stop() }

// client connects as an agency to a gRPC address of this hub, in whatever process.
func (h *hub) client(address, agency, person string) (*client.Client, error) {
	token, err := h.Token(server.Caller{Agency: agency, Client: "hubbench", Person: person}, tokenLasts)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{Target: address, Insecure: true, Token: client.StaticToken(token)})
}

// reader connects as the department that reads list.
func (h *hub) reader() (*client.Client, error) { return h.client(h.GRPCAddress(), reader, "") }

// agree lets the department read its list, and the office read and write everything.
func agree(ctx context.Context, s *server.Server) error {
	both := []server.Agreement{
		{ID: "read", Agency: reader, Lists: []string{list, statusList}},
		{ID: "office", Agency: office, Lists: s.Lists(ctx), Households: true, Groups: []server.Group{"REGISTER", "MEDICAL_INSURANCE"}},
	}
	for _, a := range both {
		a.Divisions, a.Purpose, a.Basis, a.From = []string{s.Province()}, "measuring", agreed, "2019-01-01"
		if err := s.SaveAgreement(ctx, a); err != nil {
			return fmt.Errorf("agreement %s: %w", a.ID, err)
		}
	}
	return nil
}
