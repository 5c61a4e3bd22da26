package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	stalledFamilies = 40 // changed by each commit, in one area
	stalledCommits  = 25 // before the first look at the memory; four times as many before the second
	stalledREST     = 5  // of the followers by REST
	stalledPage     = 10 // changes: less than a commit has, so that a page holds one
	stalledPatience = time.Minute

	// What a stream that nobody reads may hold at most, whatever is committed: the windows
	// of its connection, and the pages between the store and them.
	stalledWindow     = 64 << 10 // of the client, and as much again of the server
	stalledPages      = 3        // sent, waiting, and read ahead
	stalledRESTWindow = 4 << 20  // of the gateway's own connection
)

// stalledLists are what those who stop reading asked for.
var stalledLists = []string{"education", "household-status"}

// Followers that do not read cost the hub what they may hold at first, and nothing for what
// is committed after that; who reads beside them gets everything.
func TestFollowersThatStopReadingCostABoundedMemoryAndHoldUpNobody(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		h := crowdedHub(t, postgres)
		fast := follow(t, h)
		h.commit(t, fast)
		mustAnswer(t, "http://"+h.HTTPAddress()+"/readyz", http.StatusOK) // the gateway's own connection stays open
		before := runtime.NumGoroutine()

		c := newCrowd(t, h, *sizes.stalled, stalledREST)
		if testing.Short() { // enough for all but those by REST to stall; memory is not what it is without the race detector
			c.commits(t, fast, stalledCommits)
		} else {
			c.mustStayBounded(t, fast)
		}
		c.hangUp()
		mustHaveGoroutines(t, before)
		c.mustHaveStalled(t)
	})
}

// mustStayBounded commits, looks at the memory, commits three times as much and looks again.
func (c *crowd) mustStayBounded(t *testing.T, fast *fastFollower) {
	t.Helper()
	atFirst := c.commits(t, fast, stalledCommits)
	heap := heapInUse()
	more := c.commits(t, fast, 3*stalledCommits)
	grown := heapInUse() - heap

	allowed := bounded(*sizes.stalled, 2*stalledWindow, more.narrow) + bounded(stalledREST, stalledRESTWindow, more.whole)
	everything := int64(*sizes.stalled)*more.narrow + stalledREST*more.whole
	t.Logf("heap %d KiB after %d commits (%d KiB for each follower), and %d KiB more after %d more: allowed are %d KiB, to keep everything would take %d KiB",
		heap>>10, stalledCommits, atFirst.narrow>>10, grown>>10, 3*stalledCommits, allowed>>10, everything>>10)
	if grown > allowed {
		t.Errorf("memory grows with what is committed: by %d KiB", grown>>10)
	}
	if everything < 3*allowed {
		t.Errorf("too little was committed to tell: %d KiB for all, allowed are %d KiB", everything>>10, allowed>>10)
	}
}

// bounded is what so many streams may hold: a window each, and pages of one commit.
func bounded(streams int, window, committed int64) int64 {
	return int64(streams) * (window + stalledPages*committed/(3*stalledCommits))
}

// amount is how many bytes were committed: for whoever reads stalledLists, and for whoever
// reads all lists.
type amount struct{ narrow, whole int64 }

// crowdHub is a hub with room for many streams on one connection.
type crowdHub struct {
	lawHouse
	commitsMade int
}

func crowdedHub(t testing.TB, postgres bool) *crowdHub {
	t.Helper()
	h := &crowdHub{lawHouse: lawHouse{hubtest.Start(t, hubtest.Config{Postgres: postgres, Change: func(c *server.Config) {
		c.Limits = server.Limits{Rate: -1, MaxCalls: 2 * (*sizes.stalled + stalledREST)}
	}}), &atomic.Int64{}}}
	h.Agree(t, "reader", lawReads)
	h.Agree(t, "stalled", stalledLists)
	h.Agree(t, "stalled-rest", lawReads)
	h.change(t, stalledFamilies)
	return h
}

// change commits one transaction: so many families write their names in another way, which
// stand in most lists.
func (h *crowdHub) change(t testing.TB, families int) {
	t.Helper()
	h.commitsMade++
	var all []*household.Household
	for n := range families {
		f := lawFamily(n, lawVillage(purgeArea, 0))
		for i := range f.Persons {
			f.Persons[i].Name += fmt.Sprint("改", h.commitsMade)
		}
		all = append(all, f)
	}
	if err := h.write(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
}

// commit changes once, and waits until the fast follower has that; it tells
// how much it was.
func (h *crowdHub) commit(t testing.TB, fast *fastFollower) amount {
	t.Helper()
	h.change(t, stalledFamilies)
	_, size := fast.mustGet(t, int64(h.commitsMade))
	return size
}

// delivery is a transaction with the time at which it came.
type delivery struct {
	*hubv1.Transaction
	at time.Time
}

// fastFollower reads everything at once.
type fastFollower struct {
	got  chan delivery
	last int64
}

func follow(t testing.TB, h *crowdHub) *fastFollower {
	t.Helper()
	c, err := client.New(client.Config{Target: h.GRPCAddress(), Insecure: true, Token: client.StaticToken(h.TokenFor(t, "reader", ""))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f := &fastFollower{got: make(chan delivery, 2), last: int64(h.commitsMade)}
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		loading := true
		for page, err := range c.Pages(ctx, &hubv1.FollowRequest{PageSize: stalledPage, Live: true}) {
			if err != nil {
				return
			}
			for _, tx := range page.GetTransactions() {
				select {
				case f.got <- delivery{tx, time.Now()}:
				case <-ctx.Done():
				}
			}
			if loading && page.GetEnd() != nil {
				close(begun)
				loading = false
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended; _ = c.Close() })
	select {
	case <-begun:
	case <-ended:
		t.Fatal("the fast follower has no first load")
	}
	return f
}

// mustGet waits for a transaction, which is the next one.
func (f *fastFollower) mustGet(t testing.TB, number int64) (at time.Time, size amount) {
	t.Helper()
	select {
	case tx := <-f.got:
		if f.last++; tx.GetNumber() != number || number != f.last {
			t.Fatalf("transaction %d came after %d, not %d", tx.GetNumber(), f.last-1, number)
		}
		for _, ch := range tx.GetChanges() {
			n := int64(proto.Size(ch))
			if size.whole += n; slices.Contains(stalledLists, ch.GetList()) {
				size.narrow += n
			}
		}
		return tx.at, size
	case <-time.After(stalledPatience):
		t.Fatalf("transaction %d did not come", number)
		return at, size
	}
}

// commits makes so many transactions, each of which the fast follower gets before the
// next one.
func (c *crowd) commits(t *testing.T, fast *fastFollower, n int) (size amount) {
	t.Helper()
	for range n {
		one := c.hub.commit(t, fast)
		size.narrow += one.narrow
		size.whole += one.whole
	}
	return size
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what was only reachable by finalizers
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // of this process
}

// mustHaveGoroutines waits until no more than so many are left.
func mustHaveGoroutines(t *testing.T, want int) {
	t.Helper()
	deadline := time.After(stalledPatience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > want {
		select {
		case <-tick.C:
		case <-deadline:
			var all strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
			t.Fatalf("%d goroutines, %d before anybody followed:\n%s", runtime.NumGoroutine(), want, &all)
		}
	}
}

// mustHaveStalled looks into the audit: the outcome of every stream is there, and says that
// less was sent than there was.
func (c *crowd) mustHaveStalled(t *testing.T) {
	t.Helper()
	beside := storeBeside(t, c.hub.lawHouse)
	defer func() { _ = beside.Close() }()
	ended, most := map[string]int{}, map[string]int64{}
	err := beside.AuditTrail(t.Context(), time.Time{}, c.hub.Clock.Now().AddDate(1, 0, 0), func(e store.AuditEntry) error {
		if e.Of == "" || e.Outcome == store.OutcomeSent {
			return nil
		}
		var sent struct{ Pages int64 }
		if err := json.Unmarshal([]byte(e.Detail), &sent); err != nil {
			return err
		}
		ended[e.Agency]++
		most[e.Agency] = max(most[e.Agency], sent.Pages)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("most pages sent on one stream, of %d: %v", c.hub.commitsMade, most)
	for agency, streams := range map[string]int{"stalled": *sizes.stalled, "stalled-rest": stalledREST} {
		all := most[agency] >= int64(c.hub.commitsMade)
		if testing.Short() && agency == "stalled-rest" {
			all = false // there is not enough to fill the gateway's window
		}
		if ended[agency] != streams || all {
			t.Errorf("%s: %d outcomes of %d streams; at most %d pages were sent on one", agency, ended[agency], streams, most[agency])
		}
	}
}
