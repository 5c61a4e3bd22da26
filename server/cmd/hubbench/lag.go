package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

const (
	// lagWrites is how many commits are followed; fewer for a test's few members.
	lagWrites = 120
	lagShare  = 50 // members a commit
	// lagPause is the longest pause before a write. Without one, writes would keep time
	// with a hub that looks for other processes' commits at intervals.
	lagPause = 250 * time.Millisecond
)

// lag is how long after the writer was told of a commit its followers have it.
func (b *bench) lag(ctx context.Context) (_ []line, err error) {
	h, err := b.fullHub(ctx)
	if err != nil {
		return nil, err
	}
	other, err := b.spawn(ctx, h.cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, other.close()) }()
	bell, err := b.engine.bell(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bell.close()) }()
	w, err := newWriter(ctx, h)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.client.Close()) }()

	t, err := b.lags(ctx, h, other, w, bell)
	if err != nil {
		return nil, err
	}
	return t.lines(b.engine.words().bell), nil
}

// lags lets one follower in each process follow what is written.
func (b *bench) lags(ctx context.Context, h *hub, other *child, w *writer, ring bell) (t lags, err error) {
	following, stop := context.WithCancel(ctx)
	defer stop()
	g, following := errgroup.WithContext(following)
	near, err := h.watch(following, g, h.GRPCAddress())
	if err != nil {
		return t, err
	}
	far, err := h.watch(following, g, other.address)
	if err != nil {
		return t, err
	}
	end, err := b.profile("lag")
	if err != nil {
		return t, err
	}
	t, err = w.commits(following, min(lagWrites, b.Members/lagShare), ring, near, far)
	stop()
	return t, errors.Join(err, g.Wait(), end())
}

// writer changes households of a village, one after the other.
type writer struct {
	client *client.Client
	mine   []*hubv1.Household
	writes int
}

func newWriter(ctx context.Context, h *hub) (*writer, error) {
	c, err := h.client(h.GRPCAddress(), office, "measuring-clerk")
	if err != nil {
		return nil, err
	}
	page, err := c.Sync().Pull(ctx, &hubv1.PullRequest{Scope: &hubv1.Scope{Lists: []string{statusList}}, PageSize: 1})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	w := &writer{client: c}
	for _, r := range page.GetPage().GetBlocks()[0].GetRecords() {
		got, err := c.Households().GetHousehold(ctx, &hubv1.GetHouseholdRequest{Id: r.GetHousehold()})
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		w.mine = append(w.mine, got.GetHousehold())
	}
	return w, nil
}

// write changes what one record of statusList says.
func (w *writer) write(ctx context.Context) error {
	h := w.mine[w.writes%len(w.mine)]
	w.writes++
	h.VillageGroup = fmt.Sprintf("虚构%d组", w.writes)
	got, err := w.client.Households().UpdateHousehold(ctx, &hubv1.UpdateHouseholdRequest{
		Household: h, Groups: []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: fmt.Sprintf("lag-%d", w.writes),
	})
	if err == nil {
		w.mine[(w.writes-1)%len(w.mine)] = got.GetHousehold()
	}
	return err
}

// lags are those of all commits, in milliseconds.
type lags struct{ near, far, written, bell []float64 }

// commits writes, waits until both followers have it, and rings the bell, in turn.
func (w *writer) commits(ctx context.Context, writes int, ring bell, near, far <-chan time.Time) (lags, error) {
	var t lags
	for range writes {
		if err := pause(ctx, rand.N(lagPause)); err != nil { //nolint:gosec // any moment will do
			return t, err
		}
		asked := time.Now()
		if err := w.write(ctx); err != nil {
			return t, err
		}
		told := time.Now()
		nearAt, err := next(ctx, near)
		if err != nil {
			return t, err
		}
		farAt, err := next(ctx, far)
		if err != nil {
			return t, err
		}
		t.near = append(t.near, max(0, milliseconds(nearAt.Sub(told)))) // a follower may be quicker than the answer
		t.far = append(t.far, max(0, milliseconds(farAt.Sub(told))))
		t.written = append(t.written, milliseconds(nearAt.Sub(asked)))
		began := time.Now()
		if err := ring.ring(ctx); err != nil {
			return t, err
		}
		t.bell = append(t.bell, milliseconds(time.Since(began)))
	}
	return t, nil
}

// next is when a follower saw the next transaction.
func next(ctx context.Context, seen <-chan time.Time) (time.Time, error) {
	select {
	case at := <-seen:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// watch follows statusList live, from now on, and tells when each transaction came.
func (h *hub) watch(ctx context.Context, g *errgroup.Group, address string) (<-chan time.Time, error) {
	c, err := h.client(address, reader, "")
	if err != nil {
		return nil, err
	}
	seen, current := make(chan time.Time, lagWrites), make(chan struct{})
	g.Go(func() error {
		loaded := false
		for page, err := range c.Pages(ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{statusList}}, Live: true}) {
			if err != nil {
				return errors.Join(unlessEnded(ctx, err), c.Close())
			}
			for range page.GetTransactions() {
				if loaded {
					seen <- time.Now()
				}
			}
			if page.GetEnd() != nil && !loaded {
				loaded = true
				close(current)
			}
		}
		return c.Close()
	})
	select {
	case <-current:
		return seen, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// unlessEnded is nil for an error that only says that the context has ended.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// lines give the quantiles; a ratio is that of the quantiles. The commit itself is not seen
// from outside: it lies between the writer's request and the answer to it.
func (t lags) lines(against string) []line {
	const answered, asked = "from the writer's answer to the follower's page", "from the writer's request to the follower's page"
	var out []line
	for _, s := range []struct {
		name, note string
		of         []float64
		aim        *goal // of the 99th
	}{
		{"lag", answered, t.near, &goal{aim: valueAtMost(5)}},
		{"lag_with_write", asked, t.written, nil},
		{"lag_other_process", answered, t.far, &goal{aim: valueAtMost(100)}},
	} {
		for _, q := range []struct {
			name  string
			share float64
			goal  *goal
		}{{"_p50", 0.5, nil}, {"_p99", 0.99, s.aim}} {
			v, w := quantile(s.of, q.share), quantile(t.bell, q.share)
			ratio := number(v / w)
			out = append(out, line{
				Name: s.name + q.name, Value: number(v), Unit: "ms", Baseline: number(w), Ratio: ratio, Lowest: ratio, Highest: ratio,
				Pairs: len(s.of), Against: against, Note: s.note, goal: q.goal,
			})
		}
	}
	return out
}
