package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var errRefused = errors.New("refused")

// disk is what a queue writes to; each write waits until it is let through.
type disk struct {
	mu     sync.Mutex
	writes [][]string
	let    chan error
}

func (d *disk) write(_ context.Context, entries []store.AuditEntry) error {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	d.mu.Lock()
	d.writes = append(d.writes, ids)
	d.mu.Unlock()
	err := <-d.let
	if slices.Contains(ids, "bad") {
		return errRefused
	}
	return err
}

func (d *disk) queue() *store.AuditQueue { return store.NewAuditQueue(1, d.write) }

// ask queues entries one after the other; the first is under way when the others come.
func ask(ctx context.Context, q *store.AuditQueue, ids ...string) map[string]chan error {
	answers := map[string]chan error{}
	for _, id := range ids {
		answer := make(chan error, 1)
		answers[id] = answer
		go func() { answer <- q.Audit(ctx, store.AuditEntry{ID: id}) }()
		synctest.Wait()
	}
	return answers
}

func TestASecondWriterBeginsOnlyBesideAWriteThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error)}
		q := store.NewAuditQueue(2, d.write)
		ask(t.Context(), q, "a", "b")
		time.Sleep(time.Second)
		ask(t.Context(), q, "c", "d")
		time.Sleep(time.Second)
		ask(t.Context(), q, "e")
		d.mu.Lock()
		if got := fmt.Sprint(d.writes); got != "[[a] [b c]]" {
			t.Errorf("written %s", got)
		}
		d.mu.Unlock()
		for range 3 {
			d.let <- nil
			synctest.Wait()
		}
		q.Close()
		if got := fmt.Sprint(d.writes); got != "[[a] [b c] [d e]]" {
			t.Errorf("written %s", got)
		}
	})
}

func TestEntriesThatComeWhileOneIsWrittenAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error)}
		q := d.queue()
		answers := ask(t.Context(), q, "a", "b", "c", "d")
		for id, answer := range answers {
			if len(answer) > 0 {
				t.Errorf("%s was answered before anything was written", id)
			}
		}
		d.let <- nil
		d.let <- nil
		q.Close()
		for id, answer := range answers {
			if err := <-answer; err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if got := fmt.Sprint(d.writes); got != "[[a] [b c d]]" {
			t.Errorf("written %s", got)
		}
	})
}

func TestAnEntryThatIsRefusedFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error, 9)}
		q := d.queue()
		answers := ask(t.Context(), q, "a", "b", "bad", "c")
		for range 5 {
			d.let <- nil
		}
		q.Close()
		for id, want := range map[string]error{"a": nil, "b": nil, "bad": errRefused, "c": nil} {
			if err := <-answers[id]; !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if got := fmt.Sprint(d.writes); got != "[[a] [b bad c] [b] [bad] [c]]" {
			t.Errorf("written %s", got)
		}
	})
}

func TestAnUnknownOutcomeIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error, 2)}
		q := d.queue()
		answers := ask(t.Context(), q, "a", "b", "c")
		d.let <- nil
		d.let <- store.ErrUnknown
		q.Close()
		for id, want := range map[string]error{"a": nil, "b": store.ErrUnknown, "c": store.ErrUnknown} {
			if err := <-answers[id]; !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if len(d.writes) != 2 {
			t.Errorf("written %v", d.writes)
		}
	})
}

func TestACallerThatGivesUpIsToldWhetherItsEntryMayBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error, 2)}
		q := d.queue()
		ctx, cancel := context.WithCancel(t.Context())
		answers := ask(ctx, q, "under way", "waits")
		cancel()
		if err := <-answers["under way"]; !errors.Is(err, store.ErrUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("under way: %v", err)
		}
		if err := <-answers["waits"]; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknown) {
			t.Errorf("waiting: %v", err)
		}
		if err := q.Audit(ctx, store.AuditEntry{ID: "c"}); !errors.Is(err, context.Canceled) {
			t.Errorf("given up before: %v", err)
		}
		d.let <- nil
		q.Close()
		if got := fmt.Sprint(d.writes); got != "[[under way]]" {
			t.Errorf("written %s", got)
		}
	})
}

func TestAFlushWaitsForWhatWasHandedOverBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{let: make(chan error)}
		q := d.queue()
		told, flushed := make(chan error, 2), make(chan error, 1)
		for _, id := range []string{"a", "bad"} {
			q.Later(store.AuditEntry{ID: id}, func(err error) { told <- err })
			synctest.Wait()
		}
		go func() { flushed <- q.Flush(t.Context()) }()
		synctest.Wait()
		d.let <- nil
		synctest.Wait()
		if len(flushed) > 0 || len(told) != 1 {
			t.Fatal("flushed while an entry is being written")
		}
		d.let <- nil
		if err := errors.Join(<-told, <-flushed); err != nil {
			t.Error(err)
		}
		if err := <-told; !errors.Is(err, errRefused) {
			t.Errorf("told %v", err)
		}
		if err := q.Flush(t.Context()); err != nil {
			t.Errorf("with nothing to wait for: %v", err)
		}
	})
}

func TestAClosedQueueRefusesEntriesInsteadOfWritingToAClosedEngine(t *testing.T) {
	d := &disk{let: make(chan error)}
	close(d.let)
	q := d.queue()
	if err := q.Audit(t.Context(), store.AuditEntry{ID: "before"}); err != nil {
		t.Fatal(err)
	}
	q.Close()
	if err := q.Audit(t.Context(), store.AuditEntry{ID: "after"}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
	told := make(chan error, 1)
	q.Later(store.AuditEntry{ID: "later"}, func(err error) { told <- err })
	if err := <-told; !errors.Is(err, store.ErrClosed) {
		t.Errorf("told %v", err)
	}
	if err := q.Flush(t.Context()); err != nil || len(d.writes) != 1 {
		t.Errorf("%d writes, %v", len(d.writes), err)
	}
	q.Close()
}

func TestAQueueMayBeClosedWhileItIsCalled(t *testing.T) {
	d := &disk{let: make(chan error)}
	close(d.let)
	q := d.queue()
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			for err := error(nil); err == nil; {
				err = q.Audit(t.Context(), store.AuditEntry{ID: "one"})
			}
		})
	}
	q.Close()
	calls.Wait()
}
