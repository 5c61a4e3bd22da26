package mirror

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

func TestAFirstLoadCutAtAnyPageIsInvisibleAndGoesOnWhereItWas(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		for i := range 6 {
			b.hub.Commit(area1, "IMPORT", household(i).Put([]string{village1, village2}[i%2], statusRecord(i)))
			b.hub.Commit(area2, "IMPORT", pupil(i).Put(village3, pupilRecord("PRIMARY")))
		}
		b.config.PageSize = 1
		sent := 0
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page { sent++; return []*hubv1.Page{p} })
		for cuts := 0; ; cuts++ {
			b.open() // only the database is left of the run before
			b.cutOnce(1)
			_, err := b.sync.Pull(context.Background())
			if err == nil {
				if cuts < 3 || sent != cuts+1 {
					t.Fatalf("%d pages were sent for %d cuts; every page once and one for each", sent, cuts)
				}
				break
			}
			if n := len(visibleRows(t, b.sink, status1)) + len(visibleRows(t, b.sink, school1)); n > 0 && cuts < 3 {
				t.Fatalf("%d rows were visible after %d pages", n, cuts+1)
			}
		}
		b.mustEqualHub()
	})
}

func TestALoadIsRevealedOnlyWhenItEqualsTheEnd(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.hub.SetFalsify(func(e *hubv1.End) { e.Digests[0].Digest[15] ^= 1 })
		if _, err := b.sync.Pull(context.Background()); !isDiffer(err) {
			t.Fatalf("pull: %v, want a DifferError", err)
		}
		if rows := visibleRows(t, b.sink, status1); len(rows) != 0 {
			t.Fatalf("%d rows of a load that differs are visible", len(rows))
		}
		b.hub.SetFalsify(nil)
		b.pull()
		b.mustEqualHub()
	})
}

func TestADamagedLoadIsHealedBeforeItIsRevealed(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		damaged := false
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			if !damaged && len(p.Blocks) > 0 {
				damaged = true
				p.Blocks[0].Records = p.Blocks[0].Records[1:]
			}
			return []*hubv1.Page{p}
		})
		r := b.pull()
		if len(r.Healed) != 1 || !r.Current {
			t.Fatalf("healed %v, current %t; want one village", r.Healed, r.Current)
		}
		b.mustEqualHub()
	})
}

func TestEveryRefusedCursorIsAnsweredByAReloadBesideTheOldRows(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.pull()
		for reason, refuse := range map[string]func(){
			"CURSOR_EPOCH":  b.hub.Restore,
			"CURSOR_PURGED": func() { b.fill(1); b.hub.Purge() },
		} {
			refuse()
			b.hub.Commit(area1, "UPDATE", household(0).Put(village1, statusRecord(7)))
			b.cutOnce(1)
			before := visibleRows(t, b.sink, status1)
			b.mustFail(codes.Internal)
			mustHold(t, b.sink, status1, before)
			b.open()
			b.pull()
			b.mustEqualHub()
			refuse()
			if r := b.pull(); !slices.Equal(r.Reloads, []string{reason}) {
				t.Fatalf("reloads %v, want %s", r.Reloads, reason)
			}
		}
	})
}

func TestAHubThatRefusesEveryCursorIsNotAskedForEver(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(2)
		b.configure(func(c *Config) { c.PageSize = 1 })
		b.hub.SetCut(func(int) error { return testhub.Fail(codes.FailedPrecondition, hubv1.Reason_REASON_CURSOR_PURGED) })
		r, err := b.sync.Pull(context.Background())
		if e := client.Of(err); e == nil || e.Remedy != client.Reload || len(r.Reloads) != reloadsPerRun {
			t.Fatalf("%d reloads, then %v", len(r.Reloads), err)
		}
	})
}

func TestAListWhoseFieldsChangedGetsANewTable(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(12)
		b.pull()
		b.hub.ChangeList(testhub.List(school1, hubv1.Grain_GRAIN_PERSON, "name", "birth_date"))
		if r := b.pull(); len(r.Reloads) != 1 || r.Held != nil {
			t.Fatalf("reloads %v, held %v", r.Reloads, r.Held)
		}
		b.mustEqualHub()
		b.exec("SELECT birth_date FROM education")
	})
}

func TestACatalogueThatChangesDuringALoadBeginsItAgain(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.hub.SetBefore(func(method string) error {
			if method == "Follow" { // the catalogue that the load was planned by is no longer the active one
				b.hub.SetBefore(nil)
				b.hub.ChangeList(testhub.List(status1, hubv1.Grain_GRAIN_HOUSEHOLD, "member_count"))
			}
			return nil
		})
		if r := b.pull(); !slices.Equal(r.Reloads, []string{"LISTS_CHANGED"}) || len(r.Healed) > 0 {
			t.Fatalf("reloads %v, healed %v", r.Reloads, r.Healed)
		}
		b.mustEqualHub()
	})
}

func TestAnotherScopeIsLoadedAndWhatLeftItGoes(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(5)
		b.hub.Commit(area2, "IMPORT", household(9).Put(village3, statusRecord(9)))
		b.pull()
		b.configure(func(c *Config) { c.Lists, c.Divisions = []string{status1}, []string{"460400000000"} })
		r := b.pull()
		if !slices.Equal(r.Reloads, []string{"CURSOR_SCOPE"}) || count(r, school1, OpReload, causeRemoved) != 5 {
			t.Fatalf("reloads %v, counts %v", r.Reloads, r.Counts)
		}
		if n := len(visibleRows(t, b.sink, school1)); n != 0 {
			t.Fatalf("%d rows of a list outside the scope are left", n)
		}
		for key := range visibleRows(t, b.sink, status1) {
			if key.Area != area1 {
				t.Fatalf("row of area %s outside the scope is left", key.Area)
			}
		}
	})
}

func TestAListWithoutRecordsHasItsTable(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.configure(func(c *Config) { c.Lists = []string{status1, school1} })
		b.pull()
		b.exec("SELECT member_count FROM household_status")
	})
}

func TestASecondProgramOnTheSameMirrorIsRefused(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(2)
		b.pull()
		b.hub.Commit(area1, "UPDATE", household(0).Put(village2, statusRecord(7)))
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			b.hub.SetPages(nil)
			b.exec("UPDATE hub_state SET cursor = 'moved by another program' WHERE side = 'live'")
			return []*hubv1.Page{p}
		})
		if _, err := b.sync.Pull(context.Background()); !errors.Is(err, ErrBusy) {
			t.Fatalf("pull: %v, want ErrBusy", err)
		}
	})
}

func TestATableOfTheDepartmentsOwnIsNotTouched(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.exec("CREATE TABLE education (area text, household text, person text)")
		b.fill(1)
		if _, err := b.sync.Pull(context.Background()); err == nil {
			t.Fatal("the load went into a table that the mirror didn't make")
		}
	})
}
