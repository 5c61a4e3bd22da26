package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// clerk is a writer who keeps a list of what the hub acknowledged.
type clerk struct {
	name     string
	mine     []*hubv1.Household // as the hub showed them last; no other clerk writes these
	asked    *hubv1.UpdateHouseholdRequest
	answered bool                // whether asked was acknowledged
	etags    map[string][]string // of each household, as acknowledged
	requests int
}

// work changes telephone numbers until the hub is gone, telling acknowledged of each.
func (c *clerk) work(ctx context.Context, hub hubv1.HouseholdServiceClient, acknowledged func()) {
	for {
		c.next()
		got, err := hub.UpdateHousehold(ctx, c.asked)
		if err != nil {
			return
		}
		c.heard(got.GetHousehold())
		acknowledged()
	}
}

// next makes up the next request.
func (c *clerk) next() {
	h := proto.CloneOf(c.mine[c.requests%len(c.mine)])
	c.requests++
	h.Register.Phone = fmt.Sprintf("100%08d", c.requests)
	c.asked, c.answered = &hubv1.UpdateHouseholdRequest{
		Household: h, Groups: []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: fmt.Sprintf("%s-%d", c.name, c.requests),
	}, false
}

func (c *clerk) heard(h *hubv1.Household) {
	c.answered = true
	c.etags[h.GetId()] = append(c.etags[h.GetId()], h.GetEtag())
	for i := range c.mine {
		if c.mine[i].GetId() == h.GetId() {
			c.mine[i] = h
		}
	}
}

// retry asks again for what was not answered: the hub did it, or does it now, once.
func (c *clerk) retry(t testing.TB, hub hubv1.HouseholdServiceClient) {
	t.Helper()
	if c.asked == nil || c.answered {
		return
	}
	got, err := hub.UpdateHousehold(t.Context(), c.asked)
	if err != nil {
		t.Fatalf("the same request again: %v", err)
	}
	c.heard(got.GetHousehold())
}

// check compares the revisions that the hub has with the list, one for one.
func (c *clerk) check(t testing.TB, hub hubv1.HouseholdServiceClient) {
	t.Helper()
	for _, h := range c.mine {
		got, err := hub.ListHouseholdRevisions(t.Context(), &hubv1.ListHouseholdRevisionsRequest{Id: h.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		revisions, want := got.GetRevisions(), c.etags[h.GetId()]
		if len(revisions) != len(want) {
			t.Fatalf("%s: %d revisions, %d acknowledged", h.GetId(), len(revisions), len(want))
		}
		for i, etag := range want { // the newest revision comes first
			if r := revisions[len(want)-1-i]; r.GetEtag() != etag || r.GetRevision() != int64(i)+1 {
				t.Errorf("%s: revision %d is %s, acknowledged was %s", h.GetId(), r.GetRevision(), r.GetEtag(), etag)
			}
		}
		now, err := hub.GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: h.GetId()})
		if err != nil || !proto.Equal(now.GetHousehold(), h) {
			t.Errorf("%s is not as it was acknowledged (%v)", h.GetId(), err)
		}
	}
}

// clerks divide the households among them.
func clerks(t testing.TB, feed hubv1.SyncServiceClient, households hubv1.HouseholdServiceClient, count int) []*clerk {
	t.Helper()
	all := make([]*clerk, count)
	for i := range all {
		all[i] = &clerk{name: fmt.Sprintf("clerk-%d", i), etags: map[string][]string{}}
	}
	page, err := feed.Pull(t.Context(), &hubv1.PullRequest{Scope: &hubv1.Scope{Lists: []string{"household-status"}}, PageSize: 20000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, b := range page.GetPage().GetBlocks() {
		for _, r := range b.GetRecords() {
			got, err := households.GetHousehold(t.Context(), &hubv1.GetHouseholdRequest{Id: r.GetHousehold()})
			if err != nil {
				t.Fatal(err)
			}
			c := all[n%count]
			n++
			c.mine = append(c.mine, got.GetHousehold())
			c.etags[r.GetHousehold()] = []string{got.GetHousehold().GetEtag()}
		}
	}
	return all
}

// writeAndKill lets the clerks write until so many writes are acknowledged, then kills the
// hub, or what it cannot do without.
func writeAndKill(t testing.TB, kill func(), hub hubv1.HouseholdServiceClient, writers []*clerk, acknowledgements int) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, c := range writers {
		group.Go(func() {
			c.work(t.Context(), hub, func() {
				mu.Lock()
				defer mu.Unlock()
				if acknowledgements--; acknowledgements == 0 {
					kill()
				}
			})
		})
	}
	group.Wait()
	if acknowledgements > 0 {
		t.Fatal("the hub refused a write")
	}
}

func TestAKilledHubHasEveryWriteThatItAcknowledged(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		h := newHouse(t, postgres)
		h.load(t, invented(t, 24, 4))
		token, copied := h.token(t, "office", "a-clerk"), filepath.Join(t.TempDir(), "mirror.db")
		var writers []*clerk
		for range *sizes.kills {
			s := h.serve(t)
			c := h.client(t, s, token)
			if writers == nil {
				writers = clerks(t, c.Sync(), c.Households(), 3)
			}
			writeAndKill(t, s.kill, c.Households(), writers, 1+rand.IntN(40))

			again := h.serve(t)
			c = h.client(t, again, token)
			for _, w := range writers {
				w.retry(t, c.Households())
				w.check(t, c.Households())
			}
			h.mustBeDense(t)
			mustEqual(t, again.grpc, token, copied)
			again.kill()
		}
	})
}
