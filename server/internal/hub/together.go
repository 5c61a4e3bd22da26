package hub

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// errApart says that a run for several failed. Each then tries by itself, so that none
// fails for another one's sake.
var errApart = errors.New("hub: to be tried apart")

// together lets calls that wait at the same time be served by one run. A run that serves a
// call begins after the call has come, and at once where nobody else is served.
type together[T any] struct {
	// run serves calls, until its context ends: when nobody waits for it any more.
	run func(ctx context.Context, calls []T) error
	// atOnce is how many runs may be under way at the same time: a second one begins where a
	// call comes when the last has been at it for patience, since few large runs cost least.
	atOnce   int
	patience time.Duration
	// most bounds the sizes of the calls of one run, added up.
	most int

	mu      sync.Mutex
	waiting []*waiting[T] // not taken up yet
	runs    int
	began   time.Time // of the last run
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
	t.add(w)
	select {
	case <-w.served:
		return w.err
	case <-ctx.Done():
		t.leave(w)
		return ctx.Err()
	}
}

func (t *together[T]) add(w *waiting[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, w)
	if t.runs == 0 || t.runs < t.atOnce && time.Since(t.began) >= t.patience {
		t.runs, t.began = t.runs+1, time.Now()
		go t.drain()
	}
}

func (t *together[T]) leave(w *waiting[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
}

func (t *together[T]) drain() {
	runtime.Gosched() // who was woken at the same moment comes along
	for all := t.next(); len(all) > 0; all = t.next() {
		t.serveAll(all)
	}
}

// next takes the calls of the next run; none ends the runner.
func (t *together[T]) next() []*waiting[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := fitting(t.waiting, t.most)
	all := slices.Clone(t.waiting[:n])
	t.waiting = slices.Delete(t.waiting, 0, n)
	if n == 0 {
		t.runs--
	} else {
		t.began = time.Now()
	}
	return all
}

// fitting is how many calls, from the first on, one run serves: one at least, where one waits.
func fitting[T any](calls []*waiting[T], most int) int {
	for i, w := range calls {
		if most -= w.size; most < 0 {
			return max(i, 1)
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
