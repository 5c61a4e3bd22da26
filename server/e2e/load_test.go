package e2e

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
)

const (
	loadFamilies = 90
	loadWriters  = 3
	loadsAtOnce  = 4
	// writtenPages is how many pages of a run each let a writer go on once: a catch-up that is
	// slower than the writers would never end.
	writtenPages = 30
)

func TestAFirstLoadWhileWritersWriteThenChangesEqualsTheHub(t *testing.T) {
	onLawHouses(t, loadFamilies, func(t *testing.T, h lawHouse) {
		c := h.connect(t, h.GRPCAddress(), 8)
		base := h.mirrorDatabase(t)
		stop, turns := make(chan struct{}), make(chan struct{}, loadWriters)
		stored := func(p mirror.Progress) {
			if p.Pages > writtenPages {
				return
			}
			select {
			case turns <- struct{}{}:
			default: // the writers have enough to do
			}
		}
		var writing, loading sync.WaitGroup
		for w := range loadWriters {
			writing.Go(func() { writeInTurn(t, h, w, turns, stop) })
		}
		mirrors := make([]*mirror.Syncer, *sizes.loads)
		slots := make(chan struct{}, loadsAtOnce)
		for i := range mirrors {
			place := h.sqliteMirror(t)
			if base != "" && i%5 == 0 {
				place = h.postgresMirror(t, base)
			}
			mirrors[i] = h.watched(t, c, place, []int32{7, 40, 150, 1000}[i%4], stored)
			loading.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				loadUnderWriters(t, mirrors[i])
			})
		}
		loading.Wait()
		close(stop)
		writing.Wait()
		if n := transactionsOf(t, c); n < int64(len(mirrors)) {
			t.Errorf("only %d transactions were written beside %d loads", n, len(mirrors))
		}
		for _, s := range mirrors {
			mustCatchUp(t, h, c, s)
		}
	})
}

// transactionsOf counts what all feeds hold.
func transactionsOf(t *testing.T, c *client.Client) (n int64) {
	t.Helper()
	got, err := c.Sync().GetDigests(t.Context(), &hubv1.GetDigestsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.GetEnd().GetAreas() {
		n += a.GetTransaction()
	}
	return n
}

// loadUnderWriters makes the first load and one catch-up. Whatever became visible is
// compared by the mirror itself with the End that it came with.
func loadUnderWriters(t *testing.T, s *mirror.Syncer) {
	for _, step := range []string{"first load", "catch-up"} {
		r, err := s.Pull(t.Context())
		if err != nil || !r.Current || r.End == nil || len(r.Healed) > 0 || len(r.Reloads) > 0 {
			t.Errorf("%s: current %t, healed %d, reloads %v: %v", step, r.Current, len(r.Healed), r.Reloads, err)
			return
		}
	}
}

// mustCatchUp reads the changes since, when nobody writes any more, without any healing.
func mustCatchUp(t *testing.T, h lawHouse, c *client.Client, s *mirror.Syncer) {
	t.Helper()
	r, err := s.Pull(t.Context())
	if err != nil || !r.Current || len(r.Healed) > 0 || len(r.Reloads) > 0 {
		t.Fatalf("catch-up: current %t, healed %v, reloads %v: %v", r.Current, r.Healed, r.Reloads, err)
	}
	h.mustEqualHub(t, c, s)
}

// writeInTurn changes families of its own, a transaction a turn: their group, their village,
// and whether a child goes to school.
func writeInTurn(t *testing.T, h lawHouse, writer int, turns, stop <-chan struct{}) {
	random := rand.New(rand.NewPCG(1, uint64(writer))) //nolint:gosec // a seeded sequence is what is wanted
	for turn := 0; ; turn++ {
		select {
		case <-stop:
			return
		case <-turns:
		}
		var run []*household.Household
		for range 1 + random.IntN(3) {
			n := random.IntN(loadFamilies/loadWriters)*loadWriters + writer
			f := lawFamily(n, lawVillage(lawAreas[n%len(lawAreas)], random.IntN(7)))
			f.VillageGroup = fmt.Sprint("组", turn)
			if random.IntN(3) == 0 {
				f.Persons[3].BirthDate = "1990-03-01"
			}
			run = append(run, f)
		}
		if err := h.write(t.Context(), run...); err != nil {
			t.Errorf("writer %d: %v", writer, err)
			return
		}
	}
}
