package hub

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// FollowQuery asks for a stream of pages.
type FollowQuery struct {
	Scope    feed.Request
	Cursor   string
	PageSize int
	Live     bool // stay open after the first End
	Packed   bool // blocks are sent as they are stored, see wire.Pack
	Letters  bool // Ends carry the caller's letters along
}

// Follow sends pages until everything up to now is sent, or for ever. One audit
// intent stands for the stream; its outcome counts what was sent, and while it is open
// an entry after each End does. The agreements are looked at again after each End, and
// so before anything newer is sent.
func (h *Hub) Follow(ctx context.Context, c access.Caller, q FollowQuery, send func(*wire.Page) error) error {
	rd, err := h.open(ctx, c, q.Scope, q.Cursor)
	if err != nil {
		return h.refused(ctx, c, follows, q.Scope, err)
	}
	rd.packed = q.Packed
	intent := h.intent(c, follows, scopeDetail(rd))
	total := streamed{begunReading: begunAt(rd), at: slices.Clone(rd.cursor.Areas)}
	return h.auditedAs(ctx, intent, func() (any, []store.Delivery, error) {
		err := ahead(ctx, func(ctx context.Context, queue func(sending) error) error {
			return h.follow(ctx, rd, q, queue)
		}, func(s sending) error {
			if err := h.finish(ctx, s.rebuilds); err != nil {
				return err
			}
			if err := send(s.page); err != nil {
				return err
			}
			total.sent(s)
			if q.Live && s.page.End != nil && h.soFar(ctx, intent, total, total.untold) {
				total.untold = nil
			}
			return nil
		})
		return total, total.untold, err
	})
}

// streamed is what the audit keeps of a stream: where it began and what it sent since,
// so that each entry can be understood without the intent, which may be old.
type streamed struct {
	begunReading
	counts

	at     []feed.AreaPosition // up to where the reader was brought
	untold []store.Delivery    // of which no entry tells yet
}

// sent counts a page that was sent, and where it brought the reader.
func (t *streamed) sent(s sending) {
	t.add(s.counts)
	t.untold = tell(t.untold, s.filter, t.at, s.counts, s.page.GetLoading())
	t.at = s.counts.To
}

// sending is a page on its way with what the audit keeps of it.
type sending struct {
	page   *wire.Page
	counts counts
	filter *feed.Filter // through which it was read

	rebuilds rebuilds // that complete it, while the next page is being read
}

// ahead lets the next page be read from the store while the last one is being sent.
func ahead(ctx context.Context, read func(context.Context, func(sending) error) error, send func(sending) error) error {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan sending)
	g.Go(func() error {
		defer close(queue)
		return read(ctx, func(s sending) error {
			select {
			case queue <- s:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	g.Go(func() error {
		for s := range queue {
			if err := send(s); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

func (h *Hub) follow(ctx context.Context, rd *reading, q FollowQuery, send func(sending) error) error {
	var seen touched // nil until the first End
	owed := true     // an End closes whatever was sent since the last one
	letters := carried{}
	wake := h.watch.changed()
	loaded := func() {}
	if !rd.cursor.Blocks.Done {
		loaded = h.loads.begin()
		defer loaded()
	}
	for {
		page, n, err := h.page(ctx, rd, q.PageSize, seen)
		if err == nil && q.Letters && page.End != nil {
			err = h.addLetters(ctx, rd, page, letters)
		}
		if err != nil {
			return err
		}
		if rd.cursor.Blocks.Done {
			loaded()
		}
		n.Letters = int64(len(page.Letters))
		if owed = owed || n.Changes > 0 || len(page.LeftScope) > 0 || n.Letters > 0; owed {
			if err := send(sending{page, n, rd.filter, rd.rebuilds}); err != nil {
				return err
			}
		}
		if page.End == nil {
			continue
		}
		owed = false
		if !q.Live {
			return nil
		}
		if err := wait(ctx, wake); err != nil {
			return err
		}
		seen, wake = touched{}, h.watch.changed()
		if rd, err = h.open(ctx, rd.caller, feed.Request{}, page.Cursor); err != nil {
			return err
		}
		rd.packed = q.Packed
	}
}

// wait returns at the next commit. wake was taken before the page was read, so a
// commit between the two is not slept through.
func wait(ctx context.Context, wake <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wake:
		return nil
	}
}
