package e2e

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/hubtest/pgtest"
)

const (
	// inTime is until when whoever waits behind a dead line must have gone on: a test that
	// takes it has found somebody who waits for ever.
	inTime = 40 * time.Second
	// storeWait is how long the tests' hubs wait for a database that owes them an answer.
	storeWait = time.Second
)

// behindBridge starts a hub whose way to its database is a bridge, loads it and gives a
// client of its office that repeats what may be repeated.
func behindBridge(t *testing.T) (h *hubtest.Hub, line *bridge, direct string) {
	t.Helper()
	direct = pgtest.URL(t)
	line, way := bridgeToDatabase(t, direct)
	h = hubtest.Start(t, hubtest.Config{Dir: t.TempDir(), Database: way, Change: func(c *server.Config) { c.StoreWait = storeWait }})
	t.Cleanup(line.close) // before the hub ends, which may wait for its database
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 12, 3)))
	return h, line, direct
}

// following is somebody who reads a live stream of the office's.
type following struct {
	ends chan *hubv1.End
	done chan error

	mu   sync.Mutex
	seen map[string][]int64 // numbers of transactions, as they came, by area
}

// listen reads until the test ends. The first End has come when it returns.
func listen(ctx context.Context, t *testing.T, c *client.Client) *following {
	t.Helper()
	f := &following{ends: make(chan *hubv1.End, 1000), done: make(chan error, 1), seen: map[string][]int64{}}
	go func() {
		for page, err := range c.Pages(ctx, &hubv1.FollowRequest{Live: true}) {
			if err != nil {
				f.done <- err
				return
			}
			f.took(page)
			if end := page.GetEnd(); end != nil {
				f.ends <- end
			}
		}
		f.done <- nil
	}()
	f.until(ctx, t, nil)
	return f
}

// until waits for an End at which every area named stands at least there.
func (f *following) until(ctx context.Context, t *testing.T, want map[string]int64) {
	t.Helper()
	for {
		select {
		case end := <-f.ends:
			if reaches(end, want) {
				return
			}
		case err := <-f.done:
			t.Fatalf("the follower gave up: %v", err)
		case <-ctx.Done():
			t.Fatalf("the follower was not told of %v in time", want)
		}
	}
}

func reaches(end *hubv1.End, want map[string]int64) bool {
	stands := map[string]int64{}
	for _, a := range end.GetAreas() {
		stands[a.GetArea()] = a.GetTransaction()
	}
	for area, n := range want {
		if stands[area] < n {
			return false
		}
	}
	return true
}

// standing is where the feeds stand.
func standing(ctx context.Context, t *testing.T, c *client.Client) map[string]int64 {
	t.Helper()
	got, err := c.Sync().GetDigests(ctx, &hubv1.GetDigestsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, a := range got.GetEnd().GetAreas() {
		out[a.GetArea()] = a.GetTransaction()
	}
	return out
}

func TestFollowersAreToldAlthoughTheHubsLinesToItsDatabaseWentDead(t *testing.T) {
	t.Parallel()
	h, line, direct := behindBridge(t)
	other := hubtest.Start(t, hubtest.Config{Dir: h.Dir, Database: direct})
	ctx, cancel := context.WithTimeout(t.Context(), inTime)
	defer cancel()
	reader := listen(ctx, t, h.Client(t, "office", "a-clerk"))
	for range 3 { // whatever each line was used for at that moment
		line.freeze()
		c := other.Client(t, "office", "a-clerk")
		changeFacts(t, c, 1) // by another process, so the poller must find it
		reader.until(ctx, t, standing(ctx, t, c))
	}
}

func TestAWriterGoesOnAlthoughTheHubsLinesToItsDatabaseWentDead(t *testing.T) {
	t.Parallel()
	h, line, direct := behindBridge(t)
	ctx, cancel := context.WithTimeout(t.Context(), inTime)
	defer cancel()
	c := h.Client(t, "office", "a-clerk")
	w := clerks(t, c.Sync(), c.Households(), 1)[0]
	for _, dies := range []func(){
		line.freeze,
		func() { line.freezeAt("commit\x00") }, // the server keeps the area's head locked
		func() { line.freezeAt("INSERT INTO audit") },
		line.freeze,
	} {
		dies()
		// The hub alone limits the time of a try: ctx, which goes along, lasts for all of them.
		for err := w.once(ctx, c.Households()); err != nil; err = w.once(ctx, c.Households()) {
			if e := client.Of(err); e == nil || e.Remedy != client.Retry {
				t.Fatalf("the writer was told: %v", err)
			}
		}
		w.check(t, c.Households())
	}
	house{url: direct}.mustBeDense(t)
}

// once makes the clerk's next request, or repeats one that was not answered.
func (c *clerk) once(ctx context.Context, hub hubv1.HouseholdServiceClient) error {
	if c.asked == nil || c.answered {
		c.next()
	}
	got, err := hub.UpdateHousehold(ctx, c.asked)
	if err == nil {
		c.heard(got.GetHousehold())
	}
	return err
}

func TestAFollowerGoesOnAlthoughItsLineToTheHubWentDead(t *testing.T) {
	t.Parallel()
	h := hubtest.Start(t, hubtest.Config{Change: func(c *server.Config) { c.Limits.MinPing = time.Second }})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 12, 3)))
	line := newBridge(t, "tcp", h.GRPCAddress())
	ctx, cancel := context.WithTimeout(t.Context(), inTime)
	defer cancel()
	c, err := client.New(client.Config{
		Target: line.listener.Addr().String(), Insecure: true, Token: client.StaticToken(h.TokenFor(t, "office", "")),
		Keepalive: 10 * time.Second, // the least that gRPC heeds
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	reader := listen(ctx, t, c)
	line.freeze()
	straight := h.Client(t, "office", "a-clerk")
	changeFacts(t, straight, 1)
	reader.until(ctx, t, standing(ctx, t, straight))
}
