package hub

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bangfuhub/hub/server/internal/queue"
)

// errApart says that a run for several failed. Each then tries by itself, so that none
// fails for another one's sake.
var errApart = errors.New("hub: to be tried apart")

// together lets calls that wait at the same time be served by one run.
type together[T any] struct {
	// run serves calls, until its context ends: when nobody waits for it any more.
	run   func(ctx context.Context, calls []T) error
	calls *queue.Queue[*waiting[T]]
}

// newTogether bounds by most the sizes of the calls of one run, added up. For atOnce and
// patience see queue.Config.
func newTogether[T any](run func(context.Context, []T) error, atOnce int, patience time.Duration, most int) *together[T] {
	t := &together[T]{run: run}
	t.calls = queue.New(queue.Config[*waiting[T]]{
		Serve: t.serveAll, Fit: func(calls []*waiting[T]) int { return fitting(calls, most) }, AtOnce: atOnce, Patience: patience,
	})
	return t
}

type waiting[T any] struct {
	call   T
	size   int
	ctx    context.Context
	served chan struct{} // closed when err is set
	err    error
}

// serve waits until a run has served the call, and gives its error, or errApart. A call whose
// context ends leaves; a run may still be at it.
func (t *together[T]) serve(ctx context.Context, call T, size int) error {
	w := &waiting[T]{call: call, size: size, ctx: ctx, served: make(chan struct{})}
	t.calls.Join(w)
	select {
	case <-w.served:
		return w.err
	case <-ctx.Done():
		t.calls.Leave(w)
		return ctx.Err()
	}
}

// fitting is how many calls, from the first on, are not larger than most together.
func fitting[T any](calls []*waiting[T], most int) int {
	for i, w := range calls {
		if most -= w.size; most < 0 {
			return i
		}
	}
	return len(calls)
}

func (t *together[T]) serveAll(all []*waiting[T]) {
	err := errApart
	defer func() {
		// Whoever caused a panic meets it again in a call of its own, where it is reported.
		_ = recover()
		for _, w := range all {
			w.err = err
			close(w.served)
		}
	}()
	ctx, cancel := whileAnyWaits(all)
	defer cancel()
	calls := make([]T, len(all))
	for i, w := range all {
		calls[i] = w.call
	}
	if failed := t.run(ctx, calls); failed == nil || len(all) == 1 {
		err = failed
	}
}

// whileAnyWaits is a context that ends when those of all calls have.
func whileAnyWaits[T any](all []*waiting[T]) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(all[0].ctx))
	var left atomic.Int64
	stops := make([]func() bool, len(all))
	for i, w := range all {
		stops[i] = context.AfterFunc(w.ctx, func() {
			if left.Add(1) == int64(len(all)) {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}
