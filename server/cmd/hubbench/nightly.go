package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bangfuhub/hub/server"
)

// nightly derives every area for the next day, night after night.
func (b *bench) nightly(ctx context.Context) (_ []line, err error) {
	h, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	b.full = nil
	if err := h.close(); err != nil { // while it serves it would derive by itself
		return nil, err
	}
	d, err := b.engine.open(ctx, b.engine.of(h.cfg))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	l := line{
		Name: "nightly", Unit: "µs/household", Against: b.engine.words().scan,
		goal: &goal{floor: ratioAtMost(6), aim: ratioAtMost(3)},
	}
	looked, changed, nights := 0, 0, 0
	err = b.with(ctx, h.cfg, func(s *server.Server) error {
		l, err = b.compare(ctx, l, func(ctx context.Context) (float64, error) {
			b.clock.nextDay()
			began := time.Now()
			done, err := s.Derive(ctx)
			took := time.Since(began)
			if err == nil && done.Changed == 0 {
				err = errors.New("nothing was derived")
			}
			looked, changed, nights = looked+done.Households, changed+done.Changed, nights+1
			return each(int64(h.households), took), err
		}, func(ctx context.Context) (float64, error) {
			began := time.Now()
			n, err := d.scan(ctx, "SELECT document FROM households")
			return each(n, time.Since(began)), all(n, int64(h.households), err)
		})
		return err
	})
	if err == nil {
		all := float64(nights * h.households)
		l.Note = fmt.Sprintf("%.2f %% of the households looked at a night, %.2f %% changed", 100*float64(looked)/all, 100*float64(changed)/all)
	}
	return []line{l}, err
}
