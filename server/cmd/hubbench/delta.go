package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// deltaChanges is how many changes are caught up on, about: a hundredth of a province.
const deltaChanges = 6500

// delta is a hub after the same changes, with what its consumers had before.
type delta struct {
	hub    *hub
	client *client.Client
	cursor string
	mirror string // address of a mirror that had everything before the changes
}

// deltaCost compares what a change costs a consumer of all members and one of a tenth.
func (b *bench) deltaCost(ctx context.Context) (_ []line, err error) {
	full, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	small, err := b.smallHub(ctx)
	if err != nil {
		return nil, err
	}
	changed := min(deltaChanges*10/membersOf, small.households)
	of, err := b.changedHub(ctx, full, changed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, of.client.Close()) }()
	tenth, err := b.changedHub(ctx, small, changed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tenth.client.Close()) }()
	return b.deltaLines(ctx, of, tenth)
}

func (b *bench) deltaLines(ctx context.Context, of, tenth *delta) ([]line, error) {
	n, err := of.changes(ctx)
	if err != nil {
		return nil, err
	}
	same, err := tenth.changes(ctx)
	if err := all(same, n, err); err != nil {
		return nil, err
	}
	l := line{
		Unit: "µs/change", Against: "the same changes on a hub with a tenth of the members",
		Note: fmt.Sprintf("%d changes", n), goal: &goal{floor: ratioAtMost(1.3), aim: ratioAtMost(1.05)},
	}
	l.Name = "delta_cost"
	feed, err := b.compare(ctx, l, of.catchUp(n), tenth.catchUp(n))
	if err != nil {
		return nil, err
	}
	l.Name, l.Note = "delta_cost_mirror", l.Note+", stored by a mirror, which then compares every village"
	stored, err := b.compare(ctx, l, b.mirrorCatchUp(of, n), b.mirrorCatchUp(tenth, n))
	return []line{feed, stored}, err
}

// changedHub notes where consumers stand, then changes the records of some households.
func (b *bench) changedHub(ctx context.Context, h *hub, households int) (*delta, error) {
	c, err := h.reader()
	if err != nil {
		return nil, err
	}
	d := &delta{hub: h, client: c}
	if d.cursor, err = cursorAtEnd(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if d.mirror, err = b.engine.empty(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if _, _, err := pull(ctx, b.engine, h, d.mirror); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	err = b.uninsure(ctx, h, households)
	if err == nil {
		err = b.engine.settle(ctx, h.cfg)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return d, nil
}

func cursorAtEnd(ctx context.Context, c *client.Client) (cursor string, err error) {
	for page, err := range c.Read(ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{list}}}) {
		if err != nil {
			return "", err
		}
		cursor = page.Cursor
	}
	return cursor, nil
}

// changes reads the feed from the cursor to its End.
func (d *delta) changes(ctx context.Context) (n int64, err error) {
	for page, err := range d.client.Pages(ctx, &hubv1.FollowRequest{Cursor: d.cursor}) {
		if err != nil {
			return n, err
		}
		for _, t := range page.GetTransactions() {
			n += int64(len(t.GetChanges()))
		}
	}
	return n, nil
}

// catchUp reads the changes.
func (d *delta) catchUp(changes int64) figure {
	perSecond := repeatedly(changes, d.changes)
	return func(ctx context.Context) (float64, error) {
		n, err := perSecond(ctx)
		return 1e6 / n, err
	}
}

// mirrorCatchUp lets a copy of the mirror catch up.
func (b *bench) mirrorCatchUp(d *delta, changes int64) figure {
	return func(ctx context.Context) (float64, error) {
		address, err := b.engine.like(ctx, d.mirror)
		if err != nil {
			return 0, err
		}
		n, took, err := pull(ctx, b.engine, d.hub, address)
		return each(changes, took), errors.Join(all(n, changes, err), b.engine.drop(ctx, address))
	}
}
