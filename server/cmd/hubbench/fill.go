package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bangfuhub/hub/server"
)

// smallShare is how much less the smaller hub holds.
const smallShare = 10

// fullHub serves all members.
func (b *bench) fullHub(ctx context.Context) (_ *hub, err error) {
	if b.full == nil {
		b.say("loading %d households", b.households)
		b.full, err = b.filled(ctx, b.engine, "full", b.households)
	}
	return b.full, err
}

// smallHub serves a tenth of the members.
func (b *bench) smallHub(ctx context.Context) (_ *hub, err error) {
	if b.small == nil {
		b.say("loading %d households", b.households/smallShare)
		b.small, err = b.filled(ctx, b.engine, "small", b.households/smallShare)
	}
	return b.small, err
}

// filled loads a hub of its own and serves it.
func (b *bench) filled(ctx context.Context, e engine, name string, households int) (*hub, error) {
	cfg, err := b.emptyHub(ctx, e, name)
	if err != nil {
		return nil, err
	}
	if err := b.with(ctx, cfg, func(s *server.Server) error {
		return importLines(ctx, s, b.register.lines(0, households), "REGISTER")
	}); err != nil {
		return nil, err
	}
	if err := e.settle(ctx, cfg); err != nil {
		return nil, err
	}
	return serve(ctx, cfg, households)
}

// emptyHub makes a hub with its agreements.
func (b *bench) emptyHub(ctx context.Context, e engine, name string) (server.Config, error) {
	cfg, err := e.hub(ctx, name)
	if err != nil {
		return cfg, err
	}
	cfg.Clock = b.clock.now
	return cfg, b.with(ctx, cfg, func(s *server.Server) error { return agree(ctx, s) })
}

// with opens a hub that doesn't serve.
func (b *bench) with(ctx context.Context, cfg server.Config, work func(*server.Server) error) error {
	cfg.GRPC, cfg.HTTP = "", ""
	s, err := server.Open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.Close())
}

func importLines(ctx context.Context, s *server.Server, lines io.Reader, group server.Group) error {
	r, err := s.Import(ctx, lines, server.ImportOptions{Caller: server.Caller{Agency: office, Client: "hubbench"}, Group: group})
	if err == nil && r.Rejected > 0 {
		err = fmt.Errorf("%d of %d invented households were rejected: %v", r.Rejected, r.Lines, r.Reasons)
	}
	return err
}

// loadedTables are those that an import fills, with the rows that came since a moment.
// Heads, blocks and audit are a row an area, a village or a run.
var loadedTables = []struct{ table, since string }{
	{"households", "time >= %s"},
	{"household_revisions", "time >= %s"},
	{"aliases", "(area, household) IN (SELECT area, id FROM households WHERE time >= %s)"},
	{"names", "(area, household) IN (SELECT area, id FROM households WHERE time >= %s)"},
	{"records", "(area, household) IN (SELECT area, id FROM households WHERE time >= %s)"},
	{"changes", "time >= %s"},
}

// load imports the register file in as many parts as there are pairs. After each part,
// the rows that it made are copied into an equal schema without a hub, so both grow alike.
func (b *bench) load(ctx context.Context) ([]line, error) {
	cfg, err := b.emptyHub(ctx, b.engine, "full")
	if err != nil {
		return nil, err
	}
	plain, err := b.emptyHub(ctx, b.engine, "loaded") // only its tables are used
	if err != nil {
		return nil, err
	}
	l := line{
		Name: "load", Unit: "µs/member", Against: b.engine.words().bulk,
		Note: fmt.Sprintf("%d parts, one after the other, into the same tables", b.Pairs),
		goal: &goal{floor: ratioAtMost(5), aim: ratioAtMost(2)},
	}
	err = b.with(ctx, cfg, func(s *server.Server) error {
		p := &parts{bench: b, server: s, hub: cfg, plain: plain}
		l, err = b.compare(ctx, l, p.load, p.copy)
		return err
	})
	if err == nil {
		err = errors.Join(b.engine.drop(ctx, b.engine.of(plain)), b.engine.settle(ctx, cfg))
	}
	if err != nil {
		return nil, err
	}
	b.full, err = serve(ctx, cfg, b.households)
	return []line{l}, err
}

// parts loads a register file part by part.
type parts struct {
	bench      *bench
	server     *server.Server
	hub, plain server.Config

	done  int // parts
	begun time.Time
}

func (p *parts) household(part int) int { return part * p.bench.households / p.bench.Pairs }

func (p *parts) members() int64 {
	n := p.household(p.done) - p.household(p.done-1)
	return int64(n) * int64(p.bench.register.members) / int64(p.bench.households)
}

func (p *parts) load(ctx context.Context) (float64, error) {
	lines := p.bench.register.lines(p.household(p.done), p.household(p.done+1))
	p.done++
	p.begun = p.bench.clock.now()
	began := time.Now()
	err := importLines(ctx, p.server, lines, "REGISTER")
	return each(p.members(), time.Since(began)), err
}

func (p *parts) copy(ctx context.Context) (float64, error) {
	from, err := p.bench.engine.open(ctx, p.bench.engine.of(p.hub))
	if err != nil {
		return 0, err
	}
	to, err := p.bench.engine.open(ctx, p.bench.engine.of(p.plain))
	if err != nil {
		return 0, errors.Join(err, from.close())
	}
	var took time.Duration
	for _, t := range loadedTables {
		rows := "SELECT * FROM " + t.table + " WHERE " + fmt.Sprintf(t.since, from.moment(p.begun))
		fill, err := from.stage(ctx, rows, t.table, to)
		if err != nil {
			return 0, errors.Join(err, from.close(), to.close())
		}
		began := time.Now()
		if err := fill(ctx); err != nil {
			return 0, errors.Join(err, from.close(), to.close())
		}
		took += time.Since(began)
	}
	return each(p.members(), took), errors.Join(from.close(), to.close())
}
