// Package queue lets those who wait at the same time be served together.
package queue

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// Config says how those who wait are served.
type Config[T comparable] struct {
	// Serve serves some, in the order in which they came. What several runs serve is served at
	// the same time.
	Serve func([]T)
	// Fit is how many of those who wait, from the first on, one run serves; 0 counts as 1.
	Fit func(waiting []T) int
	// AtOnce is how many runs may be under way at the same time: a second one begins where
	// somebody comes when the last has been at it for Patience, since few large runs cost least.
	AtOnce   int
	Patience time.Duration
}

// Queue is where they wait. Whoever joins is served by a run that begins later, and that is at
// once where nobody else is being served. It may be used by several goroutines.
type Queue[T comparable] struct {
	Config[T]

	mu      sync.Mutex
	waiting []T // not taken up yet
	runs    int
	began   time.Time // of the last run
}

// New makes an empty queue.
func New[T comparable](cfg Config[T]) *Queue[T] { return &Queue[T]{Config: cfg} }

// Join returns at once.
func (q *Queue[T]) Join(w T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	if q.runs == 0 || q.runs < q.AtOnce && time.Since(q.began) >= q.Patience {
		q.runs, q.began = q.runs+1, time.Now()
		go q.drain()
	}
}

// Leave says whether w was still waiting. Then nobody serves it any more; else somebody is at
// it, or has been.
func (q *Queue[T]) Leave(w T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// Waiting is how many wait.
func (q *Queue[T]) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

func (q *Queue[T]) drain() {
	runtime.Gosched() // who was woken at the same moment comes along
	for run := q.next(); len(run) > 0; run = q.next() {
		q.Serve(run)
	}
}

// next takes up those of the next run; none ends the runner.
func (q *Queue[T]) next() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.runs--
		return nil
	}
	n := max(q.Fit(q.waiting), 1)
	run := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.began = time.Now()
	return run
}
