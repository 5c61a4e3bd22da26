package queue_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bangfuhub/hub/server/internal/queue"
)

// counter serves whoever it is let to, and tells whom.
type counter struct {
	let    chan struct{}
	served chan string
}

func open(atOnce int, fit func([]string) int) (*counter, *queue.Queue[string]) {
	c := &counter{let: make(chan struct{}), served: make(chan string, 100)}
	return c, queue.New(queue.Config[string]{
		Serve:  func(run []string) { c.served <- fmt.Sprint(run); <-c.let },
		Fit:    fit,
		AtOnce: atOnce, Patience: time.Millisecond,
	})
}

func all(waiting []string) int { return len(waiting) }

// join lets them come one after the other.
func join(q *queue.Queue[string], names ...string) {
	for _, name := range names {
		q.Join(name)
		synctest.Wait()
	}
}

func (c *counter) mustServe(t *testing.T, runs ...string) {
	t.Helper()
	for _, want := range runs {
		synctest.Wait()
		select {
		case got := <-c.served:
			if got != want {
				t.Errorf("served %s, not %s", got, want)
			}
		default:
			t.Fatalf("nobody is served; want %s", want)
		}
		select {
		case c.let <- struct{}{}:
		default:
			t.Fatal("nobody waits to go on")
		}
	}
	synctest.Wait()
	if len(c.served) > 0 {
		t.Errorf("also served: %s", <-c.served)
	}
}

func TestThoseWhoWaitAreServedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, q := open(1, all)
		join(q, "a", "b", "c")
		c.mustServe(t, "[a]", "[b c]")
		join(q, "d")
		c.mustServe(t, "[d]")
	})
}

func TestARunTakesAsManyAsFitButOneAtLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fit := 2
		c, q := open(1, func(waiting []string) int { return min(len(waiting), fit) })
		join(q, "a", "b", "c", "d")
		c.mustServe(t, "[a]", "[b c]", "[d]")
		fit = 0
		join(q, "e", "f")
		c.mustServe(t, "[e]", "[f]")
	})
}

func TestASecondRunBeginsBesideOneThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, q := open(2, all)
		join(q, "a", "b")
		time.Sleep(time.Millisecond)
		join(q, "c", "d")
		if got := fmt.Sprintf("%s %s %d", <-c.served, <-c.served, len(c.served)); got != "[a] [b c] 0" {
			t.Errorf("under way: %s", got)
		}
		c.let <- struct{}{}
		c.let <- struct{}{}
		c.mustServe(t, "[d]")
	})
}

func TestWhoLeavesIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, q := open(1, all)
		join(q, "a", "b", "c")
		if !q.Leave("b") || q.Leave("a") || q.Waiting() != 1 {
			t.Errorf("left, of whom one was being served; %d wait", q.Waiting())
		}
		c.mustServe(t, "[a]", "[c]")
	})
}
