package mirror

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client/internal/testhub"
)

func TestAPullCountsByOperationAndCause(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(4)
		if r := b.pull(); count(r, status1, OpReload, causeStored) != 4 || !r.Current {
			t.Fatalf("first load: %+v", r)
		}
		b.hub.Commit(area1, "UPDATE", household(0).Put(village1, statusRecord(5)), household(1).Put(village2, statusRecord(1)))
		b.hub.Commit(area1, "UPDATE", household(2).End("DECISION"), pupil(3).Leave("DATE"))
		r := b.pull()
		want := []Count{
			{school1, OpLeftScope, "DATE", 1}, {status1, OpEnded, "DECISION", 1},
			{status1, OpMoved, "UPDATE", 1}, {status1, OpUpsert, "UPDATE", 1},
		}
		if !slices.Equal(r.Counts, want) {
			t.Fatalf("counts %v, want %v", r.Counts, want)
		}
		b.mustEqualHub()
		if r := b.pull(); r.Rows() != 0 || !r.Current {
			t.Fatalf("nothing new, yet %+v", r)
		}
	})
}

func TestColumnsTellNotRecordedFromZero(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		poor := statusRecord(0)
		poor.PerCapitaNetIncome, poor.Review = proto.Int64(0), true
		b.hub.Commit(area1, "IMPORT", household(0).Put(village1, poor), household(1).Put(village1, statusRecord(3)))
		b.pull()
		for condition, household := range map[string]string{
			"per_capita_net_income = 0 AND member_count IS NULL AND review":                     "hh_0000",
			"per_capita_net_income IS NULL AND member_count = 3 AND NOT review":                 "hh_0001",
			"household = 'hh_0001' AND entitlements = 'p,2016-01-01,,due'":                      "hh_0001",
			"hub_transaction = 1 AND person = '' AND household = 'hh_0000'":                     "hh_0000",
			"head_name = '李小甲' AND area = 'danzhou' AND household LIKE 'hh\\_0001' ESCAPE '\\'": "hh_0001",
		} {
			if got := b.households(condition); !slices.Equal(got, []string{household}) {
				t.Errorf("%s: %v, want %s", condition, got, household)
			}
		}
	})
}

func (b *bench) households(condition string) (list []string) {
	b.Helper()
	err := b.sink.update(context.Background(), func(tx sinkTx) error {
		return tx.query(context.Background(), "SELECT household FROM household_status WHERE "+condition, nil, func(scan func(...any) error) error {
			var h string
			err := scan(&h)
			list = append(list, h)
			return err
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	return list
}

func TestColumnsAreCommentedInBothLanguages(t *testing.T) {
	queries := map[string]string{
		"sqlite":   `SELECT count(*) FROM sqlite_master WHERE name = 'household_status' AND sql LIKE '%"head_name" text, -- 含义 head_name / it''s head_name%'`,
		"postgres": `SELECT count(*) FROM pg_description WHERE objoid = 'household_status'::regclass AND description = '含义 head_name / it''s head_name'`,
	}
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(1)
		b.pull()
		_, isSQLite := b.sink.(*sqlite)
		query := queries["postgres"]
		if isSQLite {
			query = queries["sqlite"]
		}
		var n int
		err := b.sink.update(context.Background(), func(tx sinkTx) error {
			return tx.query(context.Background(), query, nil, func(scan func(...any) error) error { return scan(&n) })
		})
		if err != nil || n != 1 {
			t.Fatalf("%d comments: %v", n, err)
		}
	})
}

func TestLeftScopeDropsExactlyThoseVillages(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.hub.Commit(area2, "IMPORT", household(7).Put(village3, statusRecord(1)), pupil(7).Put(village3, pupilRecord("PRIMARY")))
		b.pull()
		b.hub.Expire(status1, "460400000000")
		if r := b.pull(); count(r, status1, OpLeftScope, "AGREEMENT_EXPIRED") != 3 || count(r, status1, OpEnded, "") != 0 {
			t.Fatalf("counts %v", r.Counts)
		}
		b.mustEqualHub()
		if n := len(visibleRows(t, b.sink, status1)); n != 1 {
			t.Fatalf("%d households are left, want the one of the other division", n)
		}
	})
}

func TestTheGuardHoldsAMassDropAndNothingOfItsPageIsApplied(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(40)
		b.pull()
		acts := []testhub.Act{household(39).Put(village2, statusRecord(9))}
		for i := range 11 {
			acts = append(acts, household(i).End("DECISION"))
		}
		before := visibleRows(t, b.sink, status1)
		b.hub.Commit(area1, "UPDATE", acts...)
		for range 2 { // a second run doesn't slip through either
			r := b.pull()
			if r.Held == nil || r.Current || !slices.Equal(r.Held.Lists, []HeldList{{status1, 40, 11, 10}}) ||
				!slices.Equal(r.Held.Counts, []Count{{status1, OpEnded, "DECISION", 11}}) {
				t.Fatalf("held %+v", r.Held)
			}
			mustHold(t, b.sink, status1, before)
			b.open()
		}
		b.configure(func(c *Config) { c.AcceptShrink = true })
		if r := b.pull(); r.Held != nil || count(r, status1, OpEnded, "DECISION") != 11 {
			t.Fatalf("accepted, yet %+v", r)
		}
		b.mustEqualHub()
	})
}

func TestADropInManySmallPagesIsHeldAcrossRuns(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(30)
		b.pull()
		b.configure(func(c *Config) { c.PageSize = 1 })
		for i := range 20 {
			b.hub.Commit(area1, "DATE", household(i).Leave("DATE"))
		}
		for range 3 {
			b.open()
			if r := b.pull(); r.Held == nil {
				t.Fatal("not held")
			}
			if n := len(visibleRows(t, b.sink, status1)); n != 20 {
				t.Fatalf("%d rows are left, want the 20 that may not go unasked", n)
			}
		}
	})
}

func TestTheGuardsCountBeginsAnewWithTheNextRun(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(40)
		b.pull()
		for run := range 3 {
			for i := range 8 {
				b.hub.Commit(area1, "DATE", household(run*8+i).Leave("DATE"))
			}
			if r := b.pull(); r.Held != nil || !r.Current {
				t.Fatalf("run %d: held %+v", run, r.Held)
			}
		}
		b.mustEqualHub()
	})
}

func TestTheGuardHoldsAReloadThatWouldShrinkAndALostAgreement(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(30)
		b.pull()
		b.hub.Expire(status1, "460400000000")
		if r := b.pull(); r.Held == nil || r.Held.Counts[0].Cause != "AGREEMENT_EXPIRED" {
			t.Fatalf("lost agreement: held %+v", r.Held)
		}
		b.hub.Restore()
		for range 2 {
			r := b.pull()
			if r.Held == nil || !slices.Equal(r.Held.Counts, []Count{{status1, OpReload, causeRemoved, 30}}) {
				t.Fatalf("reload: held %+v", r.Held)
			}
			if n := len(visibleRows(t, b.sink, status1)); n != 30 {
				t.Fatalf("%d rows are visible", n)
			}
			b.open()
		}
		b.configure(func(c *Config) { c.AcceptShrink = true })
		b.pull()
		b.mustEqualHub()
	})
}

func TestEndSaysWhatIsLate(t *testing.T) {
	e := &End{AgreementEndsOn: "2026-03-10", Areas: []Area{{"a", 3, "2026-03-01"}, {"b", 1, "2026-02-28"}, {"c", 0, ""}, {"d", 2, ""}}}
	if got := e.NotDerivedFor("2026-03-01"); !slices.Equal(got, []string{"b", "d"}) {
		t.Errorf("not derived: %v", got)
	}
	if e.AgreementEndsWithin("2026-03-01", 8) || !e.AgreementEndsWithin("2026-03-01", 9) || (&End{}).AgreementEndsWithin("2026-03-01", 9999) {
		t.Error("the agreement's end is counted in days from today")
	}
}
