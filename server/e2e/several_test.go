package e2e

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

// patience bounds how long a test waits for what must come by itself.
const patience = 2 * time.Minute

// until asks again and again whether something is so.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("it never came to this: %s", what)
		case <-tick.C:
		}
	}
}

// pair are two hubs on one store, with some households.
func pair(t *testing.T, postgres bool) (a, b *hubtest.Hub) {
	t.Helper()
	a = hubtest.Start(t, hubtest.Config{Postgres: postgres})
	b = hubtest.Start(t, hubtest.Config{Dir: a.Dir, Database: a.Database})
	a.AgreeOffice(t, "office")
	a.Agree(t, "education", []string{"education", "household-status"})
	a.Load(t, bytes.NewReader(a.Generated(t, 40, 21)))
	return a, b
}

// gathered is what pages bring: the number of records of a load, and the changes after it.
type gathered struct {
	records, changes int
	ended            bool
}

func (g *gathered) add(p *hubv1.Page) {
	for _, b := range p.GetBlocks() {
		g.records += len(b.GetRecords())
	}
	for _, x := range p.GetTransactions() {
		g.changes += len(x.GetChanges())
	}
	g.ended = p.GetEnd() != nil
}

func TestEveryPageOfALoadAndOfWhatComesAfterItMayComeFromAnotherHub(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		a, b := pair(t, postgres)
		readers := []*client.Client{a.Client(t, "education", ""), b.Client(t, "education", "")}
		var whole, mixed gathered
		page := func(c *client.Client, g *gathered, cursor string) string {
			t.Helper()
			res, err := c.Sync().Pull(t.Context(), &hubv1.PullRequest{Cursor: cursor, PageSize: 5})
			if err != nil {
				t.Fatal(err)
			}
			g.add(res.GetPage())
			return res.GetPage().GetCursor()
		}
		for cursor := ""; !whole.ended; {
			cursor = page(readers[0], &whole, cursor)
		}
		cursor, pages := "", 0
		for ; !mixed.ended; pages++ {
			cursor = page(readers[pages%2], &mixed, cursor)
		}
		if mixed != whole || whole.records == 0 || pages < 4 {
			t.Errorf("from both hubs in turn, in %d pages: %+v, from one: %+v", pages, mixed, whole)
		}
		changeFacts(t, a.Client(t, "office", "a-clerk"), 6)
		for mixed.ended = false; !mixed.ended; pages++ {
			cursor = page(readers[pages%2], &mixed, cursor)
		}
		if mixed.changes < 6 {
			t.Errorf("%d changes came", mixed.changes)
		}
		digests := func(c *client.Client) *hubv1.End {
			res, err := c.Sync().GetDigests(t.Context(), &hubv1.GetDigestsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			return res.GetEnd()
		}
		if x, y := digests(readers[0]), digests(readers[1]); !proto.Equal(x, y) {
			t.Errorf("one hub stands at %v, the other at %v", x, y)
		}
	})
}

func TestASubscriptionGoesOnAtAnotherHub(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		a, b := pair(t, postgres)
		hubs := []hubv1.SyncServiceClient{a.Client(t, "education", "").Sync(), b.Client(t, "education", "").Sync()}
		scope := &hubv1.Scope{Lists: []string{"household-status"}}
		if _, err := hubs[0].CreateSubscription(t.Context(), &hubv1.CreateSubscriptionRequest{Name: "nightly", Scope: scope}); err != nil {
			t.Fatal(err)
		}
		var got gathered
		for n := 1; !got.ended; n++ { // pulled at one, advanced at the other
			res, err := hubs[n%2].Pull(t.Context(), &hubv1.PullRequest{Subscription: "nightly", PageSize: 5})
			if err != nil {
				t.Fatal(err)
			}
			got.add(res.GetPage())
			_, err = hubs[(n+1)%2].AdvanceSubscription(t.Context(), &hubv1.AdvanceSubscriptionRequest{Name: "nightly", Cursor: res.GetPage().GetCursor()})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got.records != 40 {
			t.Errorf("%d households came", got.records)
		}
		changeFacts(t, b.Client(t, "office", "a-clerk"), 3)
		res, err := hubs[0].Pull(t.Context(), &hubv1.PullRequest{Subscription: "nightly"})
		if err != nil {
			t.Fatal(err)
		}
		if got.add(res.GetPage()); got.changes < 3 || got.records != 40 {
			t.Errorf("after a change at the other hub: %+v", got)
		}
	})
}

func TestAFollowerSeesWhatIsWrittenThroughAnotherHub(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		a, b := pair(t, postgres)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var got gathered
		for page, err := range b.Client(t, "education", "").Pages(ctx, &hubv1.FollowRequest{Live: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if got.add(page); !got.ended {
				continue
			}
			if got.changes > 0 {
				return
			}
			changeFacts(t, a.Client(t, "office", "a-clerk"), 1)
		}
		t.Error("the follower was told nothing")
	})
}

func TestAHubDoesNotServeFromAStandby(t *testing.T) {
	var running *hubtest.Hub
	var h house
	url := pgtest.Standby(t, func(url string) {
		running = hubtest.Start(t, hubtest.Config{Database: url})
		h = house{dir: running.Dir, url: url, flags: []string{"--data", running.Dir, "--postgres", url}}
		mustAnswer(t, "http://"+running.HTTPAddress()+"/readyz", http.StatusOK)
	})
	if got := h.hubd(t, 1, "serve"); !strings.Contains(got.stderr, "standby") {
		t.Errorf("hubd serve on %s says: %s", url, got.stderr)
	}
	until(t, "the hub that was running says why it is not ready", func() bool { return strings.Contains(running.Log.String(), "standby") })
	mustAnswer(t, "http://"+running.HTTPAddress()+"/readyz", http.StatusServiceUnavailable)
}
