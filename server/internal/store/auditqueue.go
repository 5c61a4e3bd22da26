package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
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
	// Write durably writes entries in their order, all or none.
	Write func(context.Context, []AuditEntry) error
	// Writers is how many writes may be under way at the same time: a second one begins where
	// an entry comes when the last has been at it for auditPatience, since few large writes cost least.
	Writers int

	mu      sync.Mutex
	waiting []*queued        // not taken up yet
	open    map[*queued]bool // and those being written
	writers int
	began   time.Time // of the last write
	entries Calls     // not finished
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
	defer q.mu.Unlock()
	if q.open == nil {
		q.open = map[*queued]bool{}
	}
	q.open[w] = true
	q.waiting = append(q.waiting, w)
	if q.writers == 0 || q.writers < q.Writers && time.Since(q.began) >= auditPatience {
		q.writers, q.began = q.writers+1, time.Now()
		go q.drain()
	}
	return w
}

func (q *AuditQueue) giveUp(ctx context.Context, w *queued) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	delete(q.open, w)
	close(w.finished)
	q.entries.Done()
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
	} else {
		q.began = time.Now()
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
	return q.Write(ctx, entries)
}
