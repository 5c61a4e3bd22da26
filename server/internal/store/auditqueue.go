package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/queue"
)

const (
	// auditRun is how many entries are written together at most.
	auditRun = 256
	// auditPatience is how long a write takes that waits for its disk.
	auditPatience = 5 * time.Millisecond
	// auditTimeout bounds one write, which no caller's context ends.
	auditTimeout = 10 * time.Second
)

// AuditQueue lets an engine write those audit entries in one commit that came while the
// commits before were waiting for the disk. It may be used by several goroutines.
type AuditQueue struct {
	write   func(context.Context, []AuditEntry) error
	line    *queue.Queue[*queued]
	entries Calls // not finished

	mu   sync.Mutex
	open map[*queued]bool // not finished
}

// NewAuditQueue makes an empty queue. Write durably writes entries in their order, all or
// none; so many writes may be under way at the same time.
func NewAuditQueue(writers int, write func(context.Context, []AuditEntry) error) *AuditQueue {
	q := &AuditQueue{write: write, open: map[*queued]bool{}}
	q.line = queue.New(queue.Config[*queued]{
		Serve: q.serve, Fit: func(waiting []*queued) int { return min(len(waiting), auditRun) }, AtOnce: writers, Patience: auditPatience,
	})
	return q
}

type queued struct {
	entry    AuditEntry
	finished chan struct{} // closed when err is set
	err      error
	told     func(error) // of err, where nobody waits
}

// Audit is Store.Audit. What was taken up before ctx ends may be written: ErrUnknown.
func (q *AuditQueue) Audit(ctx context.Context, e AuditEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := q.add(e, func(error) {})
	select {
	case <-w.finished:
		return w.err
	case <-ctx.Done():
		return q.giveUp(ctx, w)
	}
}

// Later is Store.AuditLater.
func (q *AuditQueue) Later(e AuditEntry, told func(error)) { q.add(e, told) }

func (q *AuditQueue) add(e AuditEntry, told func(error)) *queued {
	w := &queued{entry: e, finished: make(chan struct{}), told: told}
	if w.err = q.entries.Begin(); w.err != nil {
		close(w.finished)
		told(w.err)
		return w
	}
	q.mu.Lock()
	q.open[w] = true
	q.mu.Unlock()
	q.line.Join(w)
	return w
}

func (q *AuditQueue) giveUp(ctx context.Context, w *queued) error {
	if !q.line.Leave(w) {
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
	q.finish(w, ctx.Err())
	return ctx.Err()
}

// Flush waits until what was handed over before is written, or was not.
func (q *AuditQueue) Flush(ctx context.Context) error {
	q.mu.Lock()
	open := slices.Collect(maps.Keys(q.open))
	q.mu.Unlock()
	for _, w := range open {
		select {
		case <-w.finished:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (q *AuditQueue) finish(w *queued, err error) {
	q.mu.Lock()
	delete(q.open, w)
	q.mu.Unlock()
	w.err = err
	close(w.finished)
	w.told(err)
	q.entries.Done()
}

// Close refuses what comes from then on, ErrClosed, and waits for what came before.
func (q *AuditQueue) Close() { q.entries.End() }

// serve writes a run together. Where that was refused each is written alone, so that no
// entry fails for another one's sake.
func (q *AuditQueue) serve(run []*queued) {
	entries := make([]AuditEntry, len(run))
	for i, w := range run {
		entries[i] = w.entry
	}
	err := q.within(entries)
	if err == nil || len(run) == 1 || errors.Is(err, ErrUnknown) {
		for _, w := range run {
			q.finish(w, err)
		}
		return
	}
	for i, w := range run {
		q.finish(w, q.within(entries[i:i+1]))
	}
}

func (q *AuditQueue) within(entries []AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
	defer cancel()
	return q.write(ctx, entries)
}
