package hub

import (
	"context"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

// watch wakes followers. A local commit wakes them at once; commits of other
// processes are found by one poller a process. No LISTEN/NOTIFY: it takes a
// global lock on the commit path.
type watch struct {
	mu    sync.Mutex
	next  chan struct{}
	heads map[string]int64
}

func newWatch() *watch { return &watch{next: make(chan struct{}), heads: map[string]int64{}} }

// changed gives a channel that closes at the next commit after this call.
func (w *watch) changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

// saw records where an area's feed, or the counter of letters, stands and wakes followers
// if that is news.
func (w *watch) saw(area string, last int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last <= w.heads[area] {
		return
	}
	w.heads[area] = last
	close(w.next)
	w.next = make(chan struct{})
}

// pollTime bounds one look at the heads: followers must not sleep on behind a line to the
// database that is dead.
const pollTime = 10 * time.Second

// Poll looks for commits and letters of other processes until ctx ends.
func (h *Hub) Poll(ctx context.Context) {
	t := time.NewTicker(h.PollInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := h.poll(ctx); err != nil && ctx.Err() == nil {
			h.Log.Warn("poll for commits failed", "error", err)
		}
	}
}

func (h *Hub) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	return h.Store.View(ctx, func(r store.Reader) error {
		heads, err := r.Heads(ctx, nil)
		for _, hd := range heads {
			h.watch.saw(hd.Area, hd.Last)
		}
		if err != nil {
			return err
		}
		n, err := r.Counter(ctx, lettersIssued)
		h.watch.saw(lettersIssued, n)
		return err
	})
}
