package hub_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

func TestPagesOfBlocksAreSmallerTheMoreLoadAtOnce(t *testing.T) {
	for _, c := range []struct{ streams, asked, want int64 }{
		{0, 10000, 10000}, {1, 10000, 10000}, {2, 10000, 6000}, {4, 10000, 3000}, {8, 10000, 1500},
		{8, 1200, 1200}, {200, 10000, 1000}, {200, 7, 7},
	} {
		if got := hub.LoadPage(c.streams, c.asked); got != c.want {
			t.Errorf("%d streams, %d records asked for: pages of %d, want %d", c.streams, c.asked, got, c.want)
		}
	}
}

func TestAStreamCountsAsLoadingUntilItsBlocksAreSent(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[1]))
	q := hub.FollowQuery{Packed: true, PageSize: 1, Live: true}
	ctx, cancel := context.WithCancel(t.Context())
	most := int64(0)
	err := h.Follow(ctx, reader, q, func(p *wire.Page) error {
		if most = max(most, hub.Loading(h.Hub)); p.GetEnd() != nil {
			if n := hub.Loading(h.Hub); n != 0 {
				t.Errorf("after the End %d streams are loading", n)
			}
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || most != 1 {
		t.Errorf("%d streams were loading, and %v", most, err)
	}
	stop := errors.New("the reader has gone")
	if err := h.Follow(t.Context(), reader, q, func(*wire.Page) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if n := hub.Loading(h.Hub); n != 0 {
		t.Errorf("of a reader that has gone %d streams are loading", n)
	}
}
