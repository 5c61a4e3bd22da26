package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
)

const (
	yearBegin   = date.Date("2026-01-01")
	yearNights  = 365
	yearWeek    = 7   // nights between two comparisons of whole copies, row by row
	yearStopped = 98  // day on which the hub is stopped and started,
	yearChanged = 182 // gets another catalogue,
	yearKilled  = 252 // and night in which it is killed while it works
	yearSeed    = 2019
)

// A whole year of nights: on every one each department's copy is the hub's lists, and these
// are what the facts give when they are derived anew.
func TestThroughAYearOfNightsEveryCopyIsTheHubsAndTheHubsIsWhatTheFactsGive(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYear(t, cfg)
			begun := y.tables()
			for night := 1; night <= yearNights; night++ {
				y.day(night)
				y.hub.Clock.Set(yearBegin.AddDays(night))
				if !testing.Short() || night%(2*yearWeek) == 0 || night == yearNights { // else the hub slept
					y.night(night)
				}
			}
			y.enough()
			y.report(begun, y.tables())
		})
	}
}

// year is a province, its departments and what happens there.
type year struct {
	*bureau
	cfg         hubtest.Config
	rng         *rand.Rand
	villages    []string
	ids         []string // open households, in an order that is the same in every run
	cases       []*hubv1.RemovalCase
	departments []*department
	catalogue   string         // active version
	did         map[string]int // what happened, how often
	ended       map[string]int64
}

func newYear(t *testing.T, cfg hubtest.Config) *year {
	cfg.On = yearBegin
	y := &year{
		bureau: newBureau(t, cfg), cfg: cfg, rng: rand.New(rand.NewPCG(yearSeed, uint64(*sizes.households))), //nolint:gosec // a seeded sequence is what is wanted
		did: map[string]int{}, ended: map[string]int64{},
	}
	y.born = 1_000_000 // the numbers before are those of the register
	y.load()
	versions, err := y.hub.Catalogues(t.Context())
	y.ok(err)
	y.catalogue = versions[0].Version
	y.found()
	y.sync(0)
	return y
}

// load imports the register. A small one lives in a few villages: a night costs as much
// for an area with one household as for one with hundreds.
func (y *year) load() {
	y.Helper()
	tree := division.Hainan()
	for _, area := range []string{"qionghai", "danzhou"} {
		y.villages = append(y.villages, tree.AreaVillages(area)[:3]...)
	}
	var file bytes.Buffer
	village := regexp.MustCompile(`"village":"\d{12}"`)
	for line := range bytes.Lines(y.hub.Generated(y, *sizes.households, yearSeed)) {
		if *sizes.households < 1000 {
			at := y.villages[y.rng.IntN(len(y.villages))]
			line = village.ReplaceAll(line, fmt.Appendf(nil, `"village":%q`, at))
		}
		file.Write(line)
	}
	y.hub.Load(y, &file)
	_, err := y.hub.Derive(y.Context())
	y.ok(err)
	byNumber := map[string]string{}
	for _, area := range tree.Areas() {
		for _, at := range tree.AreaVillages(area.ID) {
			if *sizes.households >= 1000 || slices.Contains(y.villages, at) {
				y.living(at, byNumber)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		y.ids = append(y.ids, byNumber[number])
	}
}

// living notes the open households of a village by their numbers.
func (y *year) living(village string, byNumber map[string]string) {
	y.Helper()
	for token := ""; ; {
		got, err := y.office.Households().ListHouseholds(y.Context(), &hubv1.ListHouseholdsRequest{Village: village, PageSize: 500, PageToken: token})
		y.ok(err)
		for _, h := range got.GetHouseholds() {
			if h.GetClosing() == nil {
				byNumber[h.GetHouseholdNumber()] = h.GetId()
			}
		}
		if token = got.GetNextPageToken(); token == "" {
			return
		}
	}
}

// night is what happens after a day: the lists of the next one, derived; every department's
// copy brought there; and what is compared.
func (y *year) night(n int) {
	y.Helper()
	if n == yearKilled {
		y.killed()
	}
	_, err := y.hub.Derive(y.Context())
	y.ok(err)
	y.sync(n)
	y.fromScratch()
	if n%yearWeek == 0 || n == yearNights {
		y.whole()
	}
	if n%(4*yearWeek) == 0 || n == yearNights {
		y.examined()
	}
}

// fromScratch derives every household anew without looking at what was derived before, as
// a preview of the catalogue that is active: nothing may differ from the lists.
func (y *year) fromScratch() {
	y.Helper()
	p, err := y.hub.PreviewCatalogue(y.Context(), server.Caller{Agency: "office", Client: "test", Person: "clerk"}, y.catalogue)
	y.ok(err)
	records := int64(0)
	for _, e := range p.Effects {
		if records += e.Records; e.Added+e.Changed+e.Ended > 0 {
			y.Fatalf("%s: the facts give other lists than the hub's: %+v", y.today(), e)
		}
	}
	if p.On != y.hub.Today() || records == 0 {
		y.Fatalf("derived %d records for %s", records, p.On)
	}
}

// examined has the hub add up all of its blocks, and look for work left undone.
func (y *year) examined() {
	y.Helper()
	for _, f := range server.Doctor(y.Context(), y.config(), true) {
		if !f.OK && f.Check != "clock" && f.Check != "working days" && !strings.HasPrefix(f.Check, "disk ") { // those of this machine
			y.Fatalf("%s: %s: %s", y.today(), f.Check, f.Found)
		}
	}
}

func (y *year) config() server.Config {
	cfg := server.Config{Data: y.hub.Dir, Clock: y.hub.Clock.Now}
	if y.hub.Database != "" {
		cfg.Postgres, cfg.Keys = y.hub.Database, filepath.Join(y.hub.Dir, "keys.json")
	}
	return cfg
}

// again starts the hub on what it had.
func (y *year) again() {
	y.Helper()
	cfg := y.cfg
	cfg.On, cfg.Dir, cfg.Database = y.hub.Today(), y.hub.Dir, y.hub.Database
	y.hub = hubtest.Start(y, cfg)
	y.connect()
	for _, d := range y.departments {
		y.open(d)
	}
	y.did["restarted"]++
}

// changeCatalogue makes another catalogue active, by two persons: pupils are a year older at
// the end of compulsory education, and the list of education has a field less.
func (y *year) changeCatalogue() {
	y.Helper()
	text := string(catalogue.Hainan2019())
	for old, edited := range map[string]string{
		"person.age >= 6 && person.age <= 15 &&\n      person.school_stage": "person.age >= 6 && person.age <= 16 &&\n      person.school_stage",
		"relation_to_head, provisional, village_group,\n":                   "relation_to_head, provisional,\n",
	} {
		if strings.Count(text, old) != 1 {
			y.Fatalf("the catalogue does not say %q once", old)
		}
		text = strings.Replace(text, old, edited, 1)
	}
	clerk := server.Caller{Agency: "office", Client: "test", Person: "clerk"}
	row, err := y.hub.SubmitCatalogue(y.Context(), clerk, text)
	y.ok(err)
	p, err := y.hub.PreviewCatalogue(y.Context(), clerk, row.Version)
	y.ok(err)
	changed := int64(0)
	for _, e := range p.Effects {
		changed += e.Added + e.Changed
	}
	if changed == 0 {
		y.Fatal("the catalogue would change nothing")
	}
	director := clerk
	director.Person = "director"
	// Of few households one that leaves a list is more than the share that may.
	_, err = y.hub.ActivateCatalogue(y.Context(), director, row.Version, "the preview was looked at")
	y.ok(err)
	y.catalogue = row.Version
	y.did["catalogue"]++
}

// enough holds the year against what it should have had.
func (y *year) enough() {
	y.Helper()
	y.Logf("%d households at the end; %v; ended %v", len(y.ids), y.did, y.ended)
	for _, what := range slices.Sorted(maps.Keys(yearActs)) {
		if y.did[what] == 0 {
			y.Errorf("nothing of this happened: %s", what)
		}
	}
	if testing.Short() {
		return
	}
	for what, least := range map[string]int{"income": 20, "stage": 10, "insured": 20, "announced": 3, "reversed": 1, "restarted": 2, "catalogue": 1} {
		if y.did[what] < min(least, *sizes.households/6) || y.did[what] == 0 {
			y.Errorf("%s: only %d", what, y.did[what])
		}
	}
	if y.ended["DEATH"] == 0 || y.ended["DECISION"] == 0 {
		y.Errorf("ended by cause: %v", y.ended)
	}
}
