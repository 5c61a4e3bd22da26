package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
)

// table is the name of list in a mirror.
var table = strings.ReplaceAll(list, "-", "_")

// copied is list in a plain typed table, as the mirror makes it.
type copied struct {
	database
	address string
	rows    int64
	ordered string // a query of the same fields as a client gets, in the same order
}

// sides are the whole hub with a reader of it, and the plain table to compare it with. The
// reader is the caller's to close.
func (b *bench) sides(ctx context.Context) (*hub, *copied, *client.Client, error) {
	h, err := b.fullHub(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := b.plain(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err := h.reader()
	return h, p, c, err
}

// plain makes it once.
func (b *bench) plain(ctx context.Context) (*copied, error) {
	if b.copied != nil {
		return b.copied, nil
	}
	h, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	address, err := b.engine.empty(ctx)
	if err != nil {
		return nil, err
	}
	b.say("copying %s into a plain table", list)
	rows, _, err := pull(ctx, b.engine, h, address)
	if err != nil {
		return nil, err
	}
	c := &copied{address: address, rows: rows}
	if c.database, err = b.engine.open(ctx, address); err != nil {
		return nil, err
	}
	b.copied = c
	names, err := c.columns(ctx, table)
	names = slices.DeleteFunc(names, func(n string) bool { return n == "row_hash" })
	c.ordered = fmt.Sprintf("SELECT %s FROM %s ORDER BY area, village, household, person", strings.Join(names, ", "), table)
	return c, errors.Join(err, c.tidy(ctx, table))
}

// pull, as hubsync does, brings the mirror at an address to the hub's present state.
func pull(ctx context.Context, e engine, h *hub, address string) (rows int64, took time.Duration, err error) {
	c, err := h.reader()
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	sink, err := e.sink(ctx, address)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	return pullInto(ctx, c, sink)
}

func pullInto(ctx context.Context, c *client.Client, sink mirror.Sink) (rows int64, took time.Duration, err error) {
	s, err := mirror.New(mirror.Config{Client: c, Sink: sink, Lists: []string{list}})
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	result, err := s.Pull(ctx)
	took = time.Since(began)
	if err == nil && !result.Current {
		err = fmt.Errorf("the mirror is not current: %+v", result)
	}
	return result.Rows(), took, err
}
