package hub_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bangfuhub/hub/server/internal/hub"
)

// desk serves calls; each run waits until it is let through.
type desk struct {
	*hub.Together
	mu   sync.Mutex
	runs []string
	let  chan error
	ends []context.Context
}

func newDesk(atOnce, most int, patience time.Duration) *desk {
	d := &desk{let: make(chan error)}
	d.Together = hub.NewTogether(d.run, atOnce, most, patience)
	return d
}

func (d *desk) run(ctx context.Context, calls []string) error {
	d.mu.Lock()
	d.runs, d.ends = append(d.runs, strings.Join(calls, " ")), append(d.ends, ctx)
	d.mu.Unlock()
	if slices.Contains(calls, "panic") {
		panic("at the desk")
	}
	return <-d.let
}

// come lets calls come one after the other.
func (d *desk) come(ctx context.Context, calls ...string) map[string]chan error {
	answers := map[string]chan error{}
	for _, call := range calls {
		answer := make(chan error, 1)
		answers[call] = answer
		go func() { answer <- d.Serve(ctx, call, len(call)) }()
		synctest.Wait()
	}
	return answers
}

// were fails the test unless these are the runs so far.
func (d *desk) were(t *testing.T, runs ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.runs, runs) {
		t.Fatalf("runs %q, not %q", d.runs, runs)
	}
}

func answered(t *testing.T, answers map[string]chan error, want error, calls ...string) {
	t.Helper()
	for _, call := range calls {
		if err := <-answers[call]; !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", call, err, want)
		}
	}
}

func TestAnotherRunBeginsOnlyBesideOneThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(3, 100, time.Second)
		answers := d.come(t.Context(), "a", "b")
		time.Sleep(time.Second - 1)
		maps.Copy(answers, d.come(t.Context(), "c"))
		d.were(t, "a")
		time.Sleep(time.Nanosecond)
		maps.Copy(answers, d.come(t.Context(), "d", "e"))
		d.were(t, "a", "b c d")
		time.Sleep(time.Second)
		maps.Copy(answers, d.come(t.Context(), "f"))
		time.Sleep(time.Second)
		maps.Copy(answers, d.come(t.Context(), "g"))
		d.were(t, "a", "b c d", "e f")
		for range 4 {
			d.let <- nil
			synctest.Wait()
		}
		d.were(t, "a", "b c d", "e f", "g")
		answered(t, answers, nil, "a", "b", "c", "d", "e", "f", "g")
	})
}

func TestWhoComesAloneIsServedAtOnceAndWhoComesMeanwhileByTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(2, 100, 0)
		answers := d.come(t.Context(), "a", "b", "c", "d", "e")
		d.were(t, "a", "b")
		d.let <- nil
		d.were(t, "a", "b", "c d e")
		d.let <- nil
		d.let <- nil
		answered(t, answers, nil, "a", "b", "c", "d", "e")
		again := d.come(t.Context(), "f")
		d.were(t, "a", "b", "c d e", "f")
		d.let <- errInjected
		answered(t, again, errInjected, "f")
	})
}

func TestARunServesSoMuchAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1, 6, 0)
		answers := d.come(t.Context(), "a", "bb", "ccc", "d", "eeeeeeeee", "ffffff", "g")
		d.were(t, "a")
		for range 4 {
			d.let <- nil
			synctest.Wait()
		}
		d.were(t, "a", "bb ccc d", "eeeeeeeee", "ffffff", "g")
		d.let <- nil
		answered(t, answers, nil, "g")
	})
}

func TestNobodyFailsForAnotherOnesSake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1, 100, 0)
		answers := d.come(t.Context(), "a", "b", "c")
		d.let <- nil
		synctest.Wait()
		d.let <- errInjected
		answered(t, answers, hub.ErrApart, "b", "c")
		answered(t, d.come(t.Context(), "panic"), hub.ErrApart, "panic")
		after := d.come(t.Context(), "d")
		d.let <- nil
		answered(t, after, nil, "d")
	})
}

func TestWhoLeavesTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1, 100, 0)
		leaving, leave := context.WithCancel(t.Context())
		first := d.come(t.Context(), "a")
		gone, stay := d.come(leaving, "b"), d.come(t.Context(), "c")
		d.let <- nil
		d.were(t, "a", "b c")
		never := d.come(leaving, "d") // not taken up yet
		leave()
		answered(t, gone, context.Canceled, "b")
		answered(t, never, context.Canceled, "d")
		synctest.Wait()
		if err := d.ends[1].Err(); err != nil {
			t.Errorf("the run ended with one of its calls: %v", err)
		}
		d.let <- nil
		answered(t, first, nil, "a")
		answered(t, stay, nil, "c")
		d.were(t, "a", "b c")
	})
}

func TestARunEndsWhenAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1, 100, 0)
		d.come(t.Context(), "a")
		leaving, leave := context.WithCancel(t.Context())
		answers := d.come(leaving, "b", "c")
		d.let <- nil
		synctest.Wait()
		if err := d.ends[1].Err(); err != nil {
			t.Errorf("the run ended before its calls: %v", err)
		}
		leave()
		answered(t, answers, context.Canceled, "b", "c")
		synctest.Wait()
		if d.ends[1].Err() == nil {
			t.Error("the run goes on for nobody")
		}
		d.let <- nil
	})
}

func TestManyCallsSideBySideAreAllServed(t *testing.T) {
	var mu sync.Mutex
	served := map[string]int{}
	together := hub.NewTogether(func(_ context.Context, calls []string) error {
		mu.Lock()
		defer mu.Unlock()
		for _, call := range calls {
			served[call]++
		}
		return nil
	}, 2, 8, 0)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 50 {
				if err := together.Serve(t.Context(), fmt.Sprint(i, j), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if len(served) != 64*50 {
		t.Errorf("%d calls were served", len(served))
	}
	for call, n := range served {
		if n != 1 {
			t.Errorf("%s was served %d times", call, n)
		}
	}
}
