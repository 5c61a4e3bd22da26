package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// snapshot reads the whole list with prepared blocks.
func (b *bench) snapshot(ctx context.Context) ([]line, error) {
	return b.whole(ctx, line{
		Name: "snapshot", goal: &goal{floor: ratioAtLeast(1.5), aim: ratioAtLeast(3)},
	}, func(_ *hub, c *client.Client, rows int64) (figure, error) {
		if _, err := follow(ctx, c); err != nil { // prepares the blocks
			return nil, err
		}
		return reading(c, rows), nil
	})
}

// snapshotFirst reads it when no block is prepared.
func (b *bench) snapshotFirst(ctx context.Context) ([]line, error) {
	return b.whole(ctx, line{
		Name: "snapshot_first", goal: &goal{floor: ratioAtLeast(0.6), aim: ratioAtLeast(1)},
	}, func(h *hub, c *client.Client, rows int64) (figure, error) {
		return func(ctx context.Context) (float64, error) {
			if err := b.forgetBlocks(ctx, h); err != nil {
				return 0, err
			}
			return once(ctx, rows, func(ctx context.Context) (int64, error) { return follow(ctx, c) })
		}, nil
	})
}

// snapshotStale reads it after a hundredth of the households has changed.
func (b *bench) snapshotStale(ctx context.Context) ([]line, error) {
	changing := b.households / 100
	restore := func(ctx context.Context, h *hub) error {
		return importLines(ctx, h.Server, b.register.lines(0, changing), "MEDICAL_INSURANCE")
	}
	var of *hub
	lines, err := b.whole(ctx, line{Name: "snapshot_stale"}, func(h *hub, c *client.Client, rows int64) (figure, error) {
		of = h
		insured := true
		return func(ctx context.Context) (float64, error) {
			if _, err := follow(ctx, c); err != nil { // prepares the blocks
				return 0, err
			}
			if insured = !insured; insured {
				if err := restore(ctx, h); err != nil {
					return 0, err
				}
			} else if err := b.uninsure(ctx, h, changing); err != nil {
				return 0, err
			}
			return once(ctx, rows, func(ctx context.Context) (int64, error) { return follow(ctx, c) })
		}, nil
	})
	if err != nil {
		return nil, err
	}
	lines[0].Note += fmt.Sprintf(", %d households changed since the blocks were prepared", changing)
	return lines, restore(ctx, of)
}

// uninsure takes the first households out of the basic insurance.
func (b *bench) uninsure(ctx context.Context, h *hub, households int) error {
	lines, err := b.register.uninsured(households)
	if err == nil {
		err = importLines(ctx, h.Server, lines, "MEDICAL_INSURANCE")
	}
	return err
}

// whole compares a way of reading the whole list with its export from a plain table.
func (b *bench) whole(ctx context.Context, l line, prepare func(*hub, *client.Client, int64) (figure, error)) (_ []line, err error) {
	h, p, c, err := b.sides(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	value, err := prepare(h, c, p.rows)
	if err != nil {
		return nil, err
	}
	l.Unit, l.Against, l.Note = "records/s", b.engine.words().list, fmt.Sprintf("%d records", p.rows)
	l, err = b.compare(ctx, l, value, exporting(p))
	return []line{l}, err
}

// exporting reads the plain table.
func exporting(p *copied) figure {
	return repeatedly(p.rows, func(ctx context.Context) (int64, error) { return p.export(ctx, p.ordered) })
}

// reading reads the list as a client that decodes every record.
func reading(c *client.Client, rows int64) figure {
	return repeatedly(rows, func(ctx context.Context) (int64, error) { return follow(ctx, c) })
}

// errCut is a stream without the End that would make it complete.
var errCut = errors.New("a stream ended without an End")

// follow reads the whole list and decodes every record.
func follow(ctx context.Context, c *client.Client) (n int64, err error) {
	complete := false
	for page, err := range c.Read(ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{list}}}) {
		if err != nil {
			return n, err
		}
		for i := range page.Blocks {
			for r, err := range page.Blocks[i].Records() {
				if err != nil || r.GetHousehold() == "" {
					return n, fmt.Errorf("not a record: %w", err)
				}
				n++
			}
		}
		complete = page.End != nil
	}
	if !complete {
		return n, errCut
	}
	return n, nil
}

// forgetBlocks makes the hub build every block again when it is next read.
func (b *bench) forgetBlocks(ctx context.Context, h *hub) error {
	d, err := b.engine.open(ctx, b.engine.of(h.cfg))
	if err != nil {
		return err
	}
	return errors.Join(d.exec(ctx, "DELETE FROM block_bytes"), d.tidy(ctx, "block_bytes"), d.close())
}
