package mirror

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Whatever happens to households, wherever streams are cut, pages repeated and
// processes killed: at the End the mirror equals the hub.
func TestRandomHistoriesEndEqualToTheHub(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			places := e.places(t)
			if e.name == "postgres" { // connections and schemas take time; a quarter is enough by default
				fewerChecks(t)
			}
			rapid.Check(t, func(rt *rapid.T) { randomHistory(t, rt, places()) })
		})
	}
}

func fewerChecks(t *testing.T) {
	checks := flag.Lookup("rapid.checks").Value
	given := checks.String()
	n, err := strconv.Atoi(given)
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Set(strconv.Itoa(n / 4)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Set(given) })
}

func randomHistory(t *testing.T, rt *rapid.T, place string) {
	hub, c := testhub.Start(t, statusList(), schoolList())
	b := &bench{TB: t, hub: hub, client: c, place: place}
	b.config = Config{PageSize: int32(rapid.SampledFrom([]int{1, 2, 5, 53}).Draw(rt, "page size")), MaxShrink: 1}
	b.open()
	defer func() { _ = b.sink.Close() }()
	hub.SetPages(func(p *hubv1.Page) []*hubv1.Page { return rearrange(rt, hub, p) })
	for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
		for range rapid.IntRange(0, 8).Draw(rt, "transactions") {
			commit(rt, hub)
		}
		if rapid.IntRange(0, 9).Draw(rt, "purge?") == 0 {
			hub.Purge()
		}
		if rapid.IntRange(0, 9).Draw(rt, "restore?") == 0 {
			hub.Restore()
		}
		pullWithBreaks(rt, b)
	}
	hub.SetPages(nil)
	pullWithBreaks(rt, b)
	for _, list := range []string{status1, school1} {
		mustHold(rt, b.sink, list, hub.Hashes(list))
	}
}

// rearrange repeats pages, and lets the hub change while they are on their way.
func rearrange(rt *rapid.T, hub *testhub.Hub, p *hubv1.Page) []*hubv1.Page {
	if p.GetEnd() == nil && rapid.IntRange(0, 3).Draw(rt, "change meanwhile?") == 0 {
		commit(rt, hub)
	}
	if p.GetEnd() == nil && rapid.IntRange(0, 3).Draw(rt, "repeat page?") == 0 {
		return []*hubv1.Page{p, proto.CloneOf(p)}
	}
	return []*hubv1.Page{p}
}

// pullWithBreaks pulls until a pull gets through; after each break either nothing is left
// but the database, or the same process tries again.
func pullWithBreaks(rt *rapid.T, b *bench) {
	breaks := rapid.IntRange(0, 3).Draw(rt, "breaks")
	b.hub.SetCut(func(int) error {
		if breaks > 0 && rapid.IntRange(0, 2).Draw(rt, "cut here?") == 0 {
			breaks--
			return status.Error(rapid.SampledFrom([]codes.Code{codes.Unavailable, codes.Internal}).Draw(rt, "code"), "cut")
		}
		return nil
	})
	defer func() { b.hub.SetCut(nil) }()
	for {
		r, err := b.sync.Pull(context.Background())
		if len(r.Healed) > 0 { // healing would hide a rule that is broken
			rt.Fatalf("healed %v, though nothing was damaged", r.Healed)
		}
		if err == nil {
			return
		}
		if client.Of(err) == nil {
			rt.Fatalf("pull: %v", err)
		}
		if rapid.Bool().Draw(rt, "killed?") {
			b.open()
		}
	}
}

// commit makes one transaction of the kinds that households live through.
func commit(rt *rapid.T, hub *testhub.Hub) {
	areas := map[string][]string{area1: {village1, village2}, area2: {village3}}
	area := rapid.SampledFrom([]string{area1, area2}).Draw(rt, "area")
	village := rapid.SampledFrom(areas[area]).Draw(rt, "village")
	n := rapid.IntRange(0, 9).Draw(rt, "household")
	other := testhub.Key{List: school1, Household: household((n + 1) % 10).Household, Person: pupil(n).Person}
	keys := []testhub.Key{household(n), pupil(n)}
	switch rapid.SampledFrom([]string{"import", "update", "move", "end", "leave", "transfer", "split", "merge"}).Draw(rt, "act") {
	case "import", "update", "move": // a move where the household stands in another village
		members := rapid.IntRange(0, 5).Draw(rt, "members")
		hub.Commit(area, "UPDATE", keys[0].Put(village, statusRecord(members)), keys[1].Put(village, pupilRecord(fmt.Sprint(members))))
	case "end":
		hub.Commit(area, "UPDATE", keys[0].End("DECISION"), keys[1].End("DECISION"))
	case "leave":
		hub.Commit(area, "DATE", keys[1].Leave("DATE"))
	case "transfer":
		hub.Commit(area1, "TRANSFER", keys[0].Leave("MOVED"), keys[1].Leave("MOVED"))
		hub.Commit(area2, "TRANSFER", keys[0].Put(village3, statusRecord(1)), keys[1].Put(village3, pupilRecord("JUNIOR")))
	case "split": // the person goes on in another household
		hub.Commit(area, "SPLIT", keys[1].Leave("LEFT_HOUSEHOLD"), other.Put(village, pupilRecord("SENIOR")))
	case "merge": // removed and stored again in the same transaction
		hub.Commit(area, "MERGE", keys[1].Leave("LEFT_HOUSEHOLD"), keys[1].Put(village, pupilRecord("MERGED")), other.Leave("LEFT_HOUSEHOLD"))
	}
}

// A move, an end and the blocks from before and after them come in every order.
func TestNoOrderOfPagesLosesAMovedRecordOrBringsBackAnEndedOne(t *testing.T) {
	moved := &hubv1.Record{Household: "hh_1", MemberCount: 2, Transaction: 10}
	pages := []*hubv1.Page{
		{Blocks: []*hubv1.Block{{List: status1, Area: area1, Village: village1, Records: []*hubv1.Record{
			{Household: "hh_1", MemberCount: 1, Transaction: 3}, {Household: "hh_2", MemberCount: 1, Transaction: 4},
			{Household: "hh_3", MemberCount: 1, Transaction: 12}}}}}, // built after it had left and come back
		{Blocks: []*hubv1.Block{{List: status1, Area: area1, Village: village2, Records: []*hubv1.Record{moved}}}},
		{Transactions: []*hubv1.Transaction{
			{Area: area1, Number: 9, Changes: []*hubv1.Change{{Op: hubv1.Op_OP_LEFT_SCOPE, List: status1, Household: "hh_3", Village: village1, Cause: "DATE"}}},
			{Area: area1, Number: 10, Changes: []*hubv1.Change{{Op: hubv1.Op_OP_MOVED, List: status1, Household: "hh_1", Village: village2, FromVillage: village1, Record: moved}}},
			{Area: area1, Number: 11, Changes: []*hubv1.Change{{Op: hubv1.Op_OP_ENDED, List: status1, Household: "hh_2", Village: village1, Ending: &hubv1.Ending{Basis: "DEATH"}}}},
		}},
	}
	onEveryEngine(t, func(t *testing.T, b *bench) {
		for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}, {0, 1, 2, 0, 1, 2}, {2, 0, 0}} {
			got := staged(t, b, pages, order)
			if want := map[string]string{"hh_1": village2, "hh_3": village1}; !maps.Equal(got, want) {
				t.Fatalf("order %v: staged %v, want %v", order, got, want)
			}
		}
	})
}

// Page 1 stores a record, page 2 removes it, page 1 comes again.
func TestAnOldPageThatComesAgainChangesNothingAndCountsNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(1)
		b.pull()
		b.configure(func(c *Config) { c.PageSize = 1 })
		b.hub.Commit(area1, "IMPORT", household(5).Put(village1, statusRecord(1)))
		b.hub.Commit(area1, "UPDATE", household(5).End("DEATH"))
		var first *hubv1.Page
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			if first == nil {
				first = proto.CloneOf(p)
				return []*hubv1.Page{p}
			}
			first.Cursor = p.GetCursor()
			end := p.GetEnd()
			p.End = nil
			return []*hubv1.Page{p, first, {Cursor: p.GetCursor(), End: end}}
		})
		r := b.pull()
		if len(r.Healed) > 0 || count(r, status1, OpUpsert, "IMPORT") != 1 || count(r, status1, OpEnded, "DEATH") != 1 {
			t.Fatalf("healed %v, counts %v", r.Healed, r.Counts)
		}
		b.mustEqualHub()
	})
}

// staged applies pages to a new load and gives the village of each household.
func staged(t *testing.T, b *bench, pages []*hubv1.Page, order []int) map[string]string {
	t.Helper()
	ctx := context.Background()
	if err := b.sync.begin(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.sync.beginLoad(ctx); err != nil {
		t.Fatal(err)
	}
	for n, i := range order {
		page := asRead(pages[i])
		page.cursor, page.loading = fmt.Sprint("page ", n), true
		if err := b.sync.apply(ctx, newRun(), page); err != nil {
			t.Fatalf("order %v, page %d: %v", order, i, err)
		}
	}
	got := map[string]string{}
	err := b.sink.update(ctx, func(tx sinkTx) error {
		return tx.query(ctx, "SELECT household, village FROM hub_loading_household_status", nil, func(scan func(...any) error) error {
			var household, village string
			err := scan(&household, &village)
			got[household] = village
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
