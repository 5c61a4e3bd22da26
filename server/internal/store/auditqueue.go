package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// auditRun is how many entries are written together at most.
	auditRun = 256
	// auditTimeout bounds one write, which no caller's context ends.
	auditTimeout = 10 * time.Second
)

// AuditQueue lets an engine write those audit entries in one commit that came while the
// commits before were waiting for the disk. It may be used by several goroutines.
type AuditQueue struct {
	// Write durably writes entries in their order, all or none.
	Write func(context.Context, []AuditEntry) error
	// Writers is how many writes may be under way at the same time.
	Writers int

	mu      sync.Mutex
	waiting []*queued
	writers int
	idle    sync.WaitGroup
}

type queued struct {
	entry AuditEntry
	done  chan error // holds one
}

// Audit is Store.Audit. What was taken up before ctx ends may be written: ErrUnknown.
func (q *AuditQueue) Audit(ctx context.Context, e AuditEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &queued{e, make(chan error, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	if q.writers < q.Writers {
		q.writers++
		q.idle.Go(q.drain)
	}
	q.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return q.giveUp(ctx, w)
	}
}

func (q *AuditQueue) giveUp(ctx context.Context, w *queued) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, w); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
}

// Close waits for the writes under way; there must be no further calls.
func (q *AuditQueue) Close() { q.idle.Wait() }

func (q *AuditQueue) drain() {
	for {
		run := q.next()
		if len(run) == 0 {
			return
		}
		q.write(run)
	}
}

// next takes the entries of the next write; none ends the writer.
func (q *AuditQueue) next() []*queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), auditRun)
	run := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	if n == 0 {
		q.writers--
	}
	return run
}

// write writes a run together. Where that was refused each is written alone, so that no
// entry fails for another one's sake.
func (q *AuditQueue) write(run []*queued) {
	entries := make([]AuditEntry, len(run))
	for i, w := range run {
		entries[i] = w.entry
	}
	err := q.within(entries)
	if err == nil || len(run) == 1 || errors.Is(err, ErrUnknown) {
		for _, w := range run {
			w.done <- err
		}
		return
	}
	for i, w := range run {
		w.done <- q.within(entries[i : i+1])
	}
}

func (q *AuditQueue) within(entries []AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
	defer cancel()
	return q.Write(ctx, entries)
}
