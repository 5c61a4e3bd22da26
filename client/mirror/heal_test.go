package mirror

import (
	"context"
	"slices"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

func TestAVillageThatDiffersIsHealed(t *testing.T) {
	damages := map[string]string{
		"row lost":     "DELETE FROM household_status WHERE household = 'hh_0001'",
		"row too many": "INSERT INTO household_status SELECT area, village, 'hh_x', person, head_name, member_count, review, per_capita_net_income, entitlements, hub_transaction, row_hash FROM household_status WHERE household = 'hh_0001'",
		"row too many in a village without records": "INSERT INTO household_status SELECT area, '" + village2 + "', 'hh_x', person, head_name, member_count, review, per_capita_net_income, entitlements, hub_transaction, row_hash FROM household_status WHERE household = 'hh_0001'",
		"row altered":   "UPDATE household_status SET row_hash = (SELECT row_hash FROM household_status WHERE household = 'hh_0002'), member_count = 9 WHERE household = 'hh_0001'",
		"row displaced": "UPDATE household_status SET village = '" + village2 + "' WHERE household = 'hh_0001'",
	}
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(4)
		b.pull()
		for name, damage := range damages {
			b.exec(damage)
			b.hub.Commit(area1, "UPDATE", household(3).Put(village1, statusRecord(3)))
			if r := b.pull(); len(r.Healed) == 0 || !r.Current {
				t.Fatalf("%s: healed %v", name, r.Healed)
			}
			b.mustEqualHub()
			if got := b.households("member_count = 9"); len(got) != 0 {
				t.Fatalf("%s: content was not healed", name)
			}
		}
	})
}

func TestTheGuardHoldsHealingFromAHubThatLostItsRecords(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(30)
		b.pull()
		b.hub.SetFalsify(func(e *hubv1.End) { e.Digests = nil })
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page { p.Blocks = nil; return []*hubv1.Page{p} })
		r := b.pull()
		if r.Held == nil || r.Held.Counts[0].Op != OpHeal || r.Current {
			t.Fatalf("held %+v", r.Held)
		}
		b.mustEqualHub()
	})
}

func TestVerifyFindsWhatNoDigestShowsAndHealRepairsIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(4)
		b.pull()
		ctx := context.Background()
		if v, err := b.sync.Verify(ctx); err != nil || len(v.Differing)+len(v.Behind) != 0 || v.Rows != 8 {
			t.Fatalf("sound mirror: %+v %v", v, err)
		}
		b.exec("UPDATE household_status SET member_count = 9 WHERE household = 'hh_0001'")
		if r := b.pull(); len(r.Healed) != 0 {
			t.Fatalf("a pull looked at columns: %v", r.Healed)
		}
		v, err := b.sync.Verify(ctx)
		if err != nil || !slices.Equal(v.Differing, []Village{{status1, area1, village1}}) {
			t.Fatalf("verify: %+v %v", v, err)
		}
		b.hub.Commit(area1, "UPDATE", household(3).Put(village1, statusRecord(3)))
		if v, err := b.sync.Verify(ctx); err != nil || len(v.Differing) != 1 || !slices.Equal(v.Behind, []string{area1}) {
			t.Fatalf("verify while the hub is ahead: %+v %v", v, err)
		}
		if r, err := b.sync.Heal(ctx, v.Differing...); err != nil || !r.Current {
			t.Fatalf("heal: %+v %v", r, err)
		}
		if v, err := b.sync.Verify(ctx); err != nil || len(v.Differing)+len(v.Behind) != 0 {
			t.Fatalf("healed, yet %+v %v", v, err)
		}
	})
}

func TestFollowKeepsTheMirrorCurrentAndHealsOnTheWay(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		reports := 0
		_, err := b.sync.Follow(ctx, func(r Result) {
			reports++
			if !r.Current {
				t.Error("a catch-up was reported that isn't current")
			}
			switch {
			case reports == 2:
				b.hub.Commit(area1, "UPDATE", household(0).Put(village2, statusRecord(4)))
			case reports == 3:
				b.mustEqualHub()
				b.exec("DELETE FROM household_status WHERE household = 'hh_0001'")
				b.hub.Commit(area1, "UPDATE", household(2).Put(village1, statusRecord(4)))
			case reports == 4:
				if len(r.Healed) != 1 || count(r, status1, OpUpsert, "UPDATE") != 1 {
					t.Errorf("healed %v, counts %v; want the village that lost a row and the change", r.Healed, r.Counts)
				}
				b.mustEqualHub()
				b.hub.Restore()
				b.hub.Commit(area1, "UPDATE", household(2).Put(village1, statusRecord(5)))
			case len(r.Reloads) == 1:
				cancel()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		b.mustEqualHub()
	})
}
