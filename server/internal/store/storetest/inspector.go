package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/store"
)

var inspectorTests = []test{
	{"a block is stale until its bytes are of its last transaction, and not where it is empty", staleBlocks},
	{"unfinished intents are counted by kind, with the oldest", openIntents},
	{"the database's clock goes with ours", databaseClock},
	{"a connection in use is busy", poolsAreBusy},
}

func mustBeStale(t *testing.T, s store.Store, want map[string]int64) {
	t.Helper()
	got, err := s.StaleBlocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stale blocks", got, want)
}

func staleBlocks(t *testing.T, s store.Store) {
	mustBeStale(t, s, map[string]int64{})
	first := key("education", "v1", "h1", "p1")
	n := appendBatch(t, s, insert("A", first, key("education", "v2", "h1", "p1")))
	appendBatch(t, s, insert("B", first))
	mustBeStale(t, s, map[string]int64{"A": 2, "B": 1})
	saveBlock(t, s, n, "built")
	mustBeStale(t, s, map[string]int64{"A": 1, "B": 1})
	appendBatch(t, s, insert("A", key("education", "v1", "h1", "p2")))
	mustBeStale(t, s, map[string]int64{"A": 2, "B": 1})
	appendBatch(t, s, store.Batch{
		Area: "B", Time: noon, Cause: "import", Changes: []store.Change{change(first)}, Deletes: []store.RecordDelete{{Key: first, OldHash: hash("p1", "1")}},
	})
	mustBeStale(t, s, map[string]int64{"A": 2})
}

func openIntents(t *testing.T, s store.Store) {
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for i, kind := range []string{"transfer", "reversal", "transfer"} {
			at := noon.Add(time.Duration(i) * time.Hour)
			if err := tx.SaveIntent(ctx, store.Intent{ID: string(rune('a' + i)), Kind: kind, Area: "A", Time: at}); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := s.OpenIntents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "open intents", got, []store.OpenIntents{{Kind: "reversal", Count: 1, Oldest: noon.Add(time.Hour)}, {Kind: "transfer", Count: 2, Oldest: noon}})
}

func databaseClock(t *testing.T, s store.Store) {
	got, err := s.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if apart := time.Since(got).Abs(); apart > time.Hour {
		t.Errorf("the database's clock is %v away from this machine's own database", apart)
	}
}

func poolsAreBusy(t *testing.T, s store.Store) {
	busy := func() (n int64) {
		for _, p := range s.Pools() {
			if p.Max <= 0 || p.Busy > p.Max {
				t.Errorf("pool %+v", p)
			}
			n += p.Busy
		}
		return n
	}
	before := busy()
	view(t, s, func(context.Context, store.Reader) error {
		if got := busy(); got != before+1 {
			t.Errorf("%d connections are busy in a View, before it %d", got, before)
		}
		return nil
	})
}
