package mirror

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/bangfuhub/hub/client/internal/testhub"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

func (b *bench) texts(query string, args ...any) (texts []string) {
	b.Helper()
	err := b.sink.update(context.Background(), func(tx sinkTx) error {
		return tx.query(context.Background(), query, args, func(scan func(...any) error) error {
			var text string
			err := scan(&text)
			texts = append(texts, text)
			return err
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	return texts
}

func (b *bench) onPostgres() bool { return strings.HasPrefix(b.place, "postgres") }

// indexes are the names of a list's indexes.
func (b *bench) indexes(table string) []string {
	b.Helper()
	if b.onPostgres() {
		return b.texts("SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema AND tablename = $1 ORDER BY 1", table)
	}
	return b.texts("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 ORDER BY 1", table)
}

// mustBeWhole wants a visible table with key, index and comments, and nothing left of its load.
func (b *bench) mustBeWhole(list, someField string) {
	b.Helper()
	name := (&table{list: &hubv1.List{Name: list}}).name(live)
	key := "_key"
	if b.onPostgres() {
		key = "_pkey"
	}
	if got, want := b.indexes(name), []string{name + key, name + "_village"}; !slices.Equal(got, want) {
		b.Fatalf("indexes %v, want %v", got, want)
	}
	var definition, left []string
	if b.onPostgres() {
		definition = b.texts("SELECT col_description($1::text::regclass, attnum) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = $2", name, someField)
		left = b.texts("SELECT relname::text FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relname LIKE 'hub_loading%'")
	} else {
		definition = b.texts("SELECT sql FROM sqlite_master WHERE name = $1", name)
		left = b.texts("SELECT name FROM sqlite_master WHERE name LIKE 'hub_loading%'")
	}
	if len(definition) != 1 || !strings.Contains(definition[0], "of the village") || len(left) > 0 {
		b.Fatalf("comments %q, left of the load %v", definition, left)
	}
}

func TestALoadsTableBecomesTheVisibleOneWithKeyIndexAndComments(t *testing.T) {
	onEveryEngine(t, func(_ *testing.T, b *bench) {
		b.fill(3)
		b.pull()
		b.mustBeWhole(school1, "village")
		b.hub.ChangeList(testhub.List(school1, hubv1.Grain_GRAIN_PERSON, "name", "birth_date"))
		b.pull() // this time there is one with other fields
		b.mustBeWhole(school1, "village")
		b.hub.Restore()
		b.hub.Commit(area1, "UPDATE", pupil(0).Put(village2, pupilRecord("JUNIOR")))
		b.pull() // and this time one with the same fields
		b.mustBeWhole(school1, "village")
		b.mustEqualHub()
	})
}

func TestViewsAndGrantsOfTheDepartmentSurviveAReload(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.pull()
		b.exec("CREATE VIEW pupils AS SELECT name FROM education")
		if b.onPostgres() {
			b.exec("GRANT SELECT ON education TO pg_monitor")
		}
		b.hub.Restore()
		b.hub.Commit(area1, "UPDATE", pupil(7).Put(village2, pupilRecord("JUNIOR")))
		if r := b.pull(); len(r.Reloads) != 1 {
			t.Fatalf("reloads %v, want one", r.Reloads)
		}
		if n := len(b.texts("SELECT name FROM pupils")); n != 4 {
			t.Fatalf("the view has %d rows, want 4", n)
		}
		if b.onPostgres() && b.texts("SELECT has_table_privilege('pg_monitor', 'education', 'SELECT')::text")[0] != "true" {
			t.Fatal("the grant is gone")
		}
	})
}

// SQLite alone lets a table go that a view speaks of; the view then speaks of the next one.
func TestAViewInSQLiteSurvivesALoadOfOtherFields(t *testing.T) {
	hub, c := testhub.Start(t, statusList(), schoolList())
	b := &bench{TB: t, hub: hub, client: c, place: sqlitePlaces(t)()}
	b.open()
	b.fill(2)
	b.pull()
	b.exec("CREATE VIEW pupils AS SELECT name FROM education")
	b.hub.ChangeList(testhub.List(school1, hubv1.Grain_GRAIN_PERSON, "name", "birth_date"))
	b.pull()
	if n := len(b.texts("SELECT name FROM pupils")); n != 2 {
		t.Fatalf("the view has %d rows, want 2", n)
	}
}

// Until its End a load's table takes rows without looking for older ones; so it does
// after a kill, and what came twice is found at the End.
func TestARecordThatCameInTwoBlocksOfALoadStandsOnceWithItsNewestRow(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(4)
		b.config.PageSize = 1
		b.open()
		b.hub.SetPages(func(p *hubv1.Page) []*hubv1.Page {
			b.hub.SetPages(nil) // the first block is on its way: a household moves from it into a later one
			b.hub.Commit(area1, "UPDATE", household(1).Put(village2, statusRecord(5)), pupil(1).Put(village2, pupilRecord("JUNIOR")))
			return []*hubv1.Page{p}
		})
		b.cutOnce(1)
		b.mustFail(codes.Internal)
		b.open()
		if r := b.pull(); len(r.Healed) > 0 {
			t.Fatalf("healed %v", r.Healed)
		}
		b.mustEqualHub()
	})
}

func TestOfTwoRowsOfARecordInALoadTheNewerOneStays(t *testing.T) {
	block := func(village string, members int32, transaction int64) *hubv1.Page {
		return &hubv1.Page{Blocks: []*hubv1.Block{{List: status1, Area: area1, Village: village, Records: []*hubv1.Record{
			{Household: "hh_1", MemberCount: members, Transaction: transaction}, {Household: "hh_" + village, Transaction: 1}}}}}
	}
	pages := []*hubv1.Page{block(village1, 1, 3), block(village2, 2, 10), {End: &hubv1.End{}}}
	onEveryEngine(t, func(t *testing.T, b *bench) {
		for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {0, 1, 0, 2}, {1, 1, 0, 2}} {
			want := map[string]string{"hh_1": village2, "hh_" + village1: village1, "hh_" + village2: village2}
			if got := staged(t, b, pages, order); !maps.Equal(got, want) {
				t.Fatalf("order %v: staged %v, want %v", order, got, want)
			}
			for _, table := range b.sync.staged {
				if n := len(b.texts("SELECT household FROM " + table.on(loading))); n > len(want) {
					t.Fatalf("order %v: %d rows of %d records", order, n, len(want))
				}
			}
		}
	})
}

// A mirror that an older program was loading has tables with their key from the beginning.
func TestALoadBegunWithKeyedTablesGoesOn(t *testing.T) {
	onEveryEngine(t, func(_ *testing.T, b *bench) {
		b.fill(4)
		b.hub.Commit(area1, "IMPORT", household(9).Put(village2, statusRecord(2)))
		b.configure(func(c *Config) { c.PageSize = 1 })
		b.cutOnce(1)
		b.mustFail(codes.Internal)
		err := b.sink.update(context.Background(), func(tx sinkTx) error {
			for _, t := range b.sync.staged {
				if err := newApplier(tx, loading).key(context.Background(), t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.open()
		b.pull()
		b.mustBeWhole(status1, "village")
		b.mustEqualHub()
	})
}
