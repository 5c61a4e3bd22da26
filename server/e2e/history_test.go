package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Whatever happens to households, in whatever order their consumers hear of it, no
// consumer loses or keeps a wrong row, has somebody twice, or takes anything but a
// death for an end.
func TestThroughAnyHistoryNoConsumerLosesOrKeepsAWrongRow(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChronicle(t, cfg)
			for n := range *sizes.steps {
				c.step(n)
			}
			for _, o := range c.onlookers {
				c.pull(o)
				c.check(o)
			}
			old := c.onlookers[1]
			if *sizes.steps >= 100 && (old.came < 5 || old.left < 5) {
				t.Errorf("%d households came to the old village and %d left it: too little was tried", old.came, old.left)
			}
		})
	}
}

// chronicle is a province to which one thing happens after the other.
type chronicle struct {
	*testing.T
	hub       *hubtest.Hub
	office    hubv1.HouseholdServiceClient
	identity  hubv1.IdentityServiceClient
	pager     *pager
	rng       *rand.Rand
	villages  []string          // the first is the old village
	lives     map[string]string // open household → village
	ids       []string          // of lives, in the order in which they came
	given     int               // numbers given to households and persons
	asked     int               // request ids
	roster    map[string]bool   // persons who are no longer supported, by ID number
	onlookers []*onlooker
}

// onlooker is a department with its mirror.
type onlooker struct {
	name       string
	covers     func(village string) bool
	sync       *mirror.Syncer
	db         *sql.DB
	lists      []string        // names of their tables
	had        map[string]bool // households at the last look
	came, left int             // of them
}

func newChronicle(t *testing.T, cfg hubtest.Config) *chronicle {
	seed := uint64(*sizes.steps)
	t.Logf("seed %d", seed)
	tree := division.Hainan()
	c := &chronicle{T: t, hub: hubtest.Start(t, cfg), rng: rand.New(rand.NewPCG(seed, 1)), lives: map[string]string{}, roster: map[string]bool{}}
	c.villages = slices.Concat(tree.AreaVillages("qionghai")[:3], tree.AreaVillages("danzhou")[:2])
	c.hub.AgreeOffice(t, "office")
	office := c.client("office")
	c.office, c.identity = office.Households(), office.Identity()
	qionghai, _ := tree.Area("qionghai")
	c.onlook("province", hubtest.Province)
	c.onlook("village", c.villages[0])
	c.onlook("area", qionghai.Root)
	c.pager = &pager{sync: c.client("province").Sync(), stands: map[string]string{}}
	for range 8 {
		c.create()
	}
	return c
}

// onlook adds a department that may read every list in one division.
func (c *chronicle) onlook(name, code string) {
	ctx := context.Background()
	lists := c.hub.Lists(ctx)
	c.hub.Agree(c, name, lists, code)
	path := filepath.Join(c.TempDir(), name+".db")
	sink, err := mirror.OpenSQLite(ctx, path)
	c.ok(err)
	c.Cleanup(func() { _ = sink.Close() })
	o := &onlooker{name: name, covers: func(village string) bool { return division.Hainan().Contains(code, village) }}
	o.sync, err = mirror.New(mirror.Config{
		Client: c.client(name), Sink: sink, PageSize: []int32{1, 7, 54}[len(c.onlookers)], MaxShrink: 1,
	})
	c.ok(err)
	o.db, err = sql.Open("sqlite", "file:"+path)
	c.ok(err)
	c.Cleanup(func() { _ = o.db.Close() })
	for _, l := range lists {
		o.lists = append(o.lists, strings.ReplaceAll(l, "-", "_"))
	}
	c.onlookers = append(c.onlookers, o)
}

// client connects as an agency; its tokens do not expire when days go by.
func (c *chronicle) client(agency string) *client.Client {
	c.Helper()
	out, err := client.New(client.Config{Target: c.hub.GRPCAddress(), Insecure: true, Token: freshTokens{c.hub, agency}})
	c.ok(err)
	c.Cleanup(func() { _ = out.Close() })
	return out
}

type freshTokens struct {
	hub    *hubtest.Hub
	agency string
}

// Token is one of today's.
func (f freshTokens) Token() (string, error) {
	return f.hub.Token(server.Caller{Agency: f.agency, Client: "test"}, time.Hour)
}

func (c *chronicle) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// step lets one thing happen, and some departments pull: in any order, afterwards or
// while it happens.
func (c *chronicle) step(n int) {
	c.Helper()
	during := make(chan error, 1)
	busy := c.onlookers[c.rng.IntN(len(c.onlookers))]
	meanwhile := c.rng.IntN(4) == 0
	if meanwhile {
		go func() {
			_, err := busy.sync.Pull(context.Background())
			during <- err
		}()
	}
	acts := []func(){c.move, c.move, c.move, c.merge, c.split, c.birth, c.death, c.marriage, c.wedding, c.passing, c.doubled, c.united, c.change, c.create, c.night}
	acts[c.rng.IntN(len(acts))]()
	c.ok(c.pager.read(c.Context()))
	if meanwhile {
		if err := <-during; err != nil {
			c.Fatalf("step %d: %s: %v", n, busy.name, err)
		}
		c.nobodyTwice(busy)
	}
	for _, i := range c.rng.Perm(len(c.onlookers)) {
		if c.rng.IntN(3) == 0 {
			c.pull(c.onlookers[i])
			c.check(c.onlookers[i])
		}
	}
}

// pull brings a mirror up to now; healing would hide what it should find.
func (c *chronicle) pull(o *onlooker) {
	c.Helper()
	r, err := o.sync.Pull(c.Context())
	c.ok(err)
	if !r.Current || len(r.Healed) > 0 || len(r.Reloads) > 0 && o.had != nil {
		c.Fatalf("%s: current %v, healed %v, reloads %v", o.name, r.Current, r.Healed, r.Reloads)
	}
	for _, n := range r.Counts {
		if n.Op == mirror.OpEnded && n.Cause != "DEATH" {
			c.Fatalf("%s: %+v", o.name, n)
		}
	}
}

// check compares a mirror that has just pulled with the hub and with what happened.
func (c *chronicle) check(o *onlooker) {
	c.Helper()
	v, err := o.sync.Verify(c.Context())
	c.ok(err)
	if len(v.Differing) > 0 || len(v.Behind) > 0 {
		c.Fatalf("%s: differs in %v, behind in %v", o.name, v.Differing, v.Behind)
	}
	c.nobodyTwice(o)
	want, have := map[string]bool{}, map[string]bool{}
	for id, village := range c.lives {
		if o.covers(village) {
			want[id+" "+village] = true
		}
	}
	if slices.Contains(c.tables(o), "household_status") {
		for _, id := range c.column(o, "SELECT household || ' ' || village FROM household_status") {
			have[id] = true
		}
	}
	if !maps.Equal(have, want) {
		c.Fatalf("%s holds %d households, %d live there", o.name, len(have), len(want))
	}
	if o == c.onlookers[0] {
		c.stillUnsupported(o)
	}
	for id := range have {
		if o.had != nil && !o.had[id] {
			o.came++
		}
	}
	for id := range o.had {
		if !have[id] {
			o.left++
		}
	}
	o.had = have
}

// stillUnsupported looks for everybody who ever was on the roster: nobody comes off it by
// moving, marrying, splitting or merging, only by dying.
func (c *chronicle) stillUnsupported(o *onlooker) {
	c.Helper()
	now := map[string]bool{}
	for _, id := range c.column(o, "SELECT id_number FROM no_longer_supported WHERE id_number IS NOT NULL") {
		now[id] = true
	}
	for id := range c.roster {
		if !now[id] {
			c.Fatalf("somebody who is no longer supported is not on the roster of %d persons any more", len(now))
		}
	}
	c.roster = now
}

// nobodyTwice holds at every moment, also while the hub goes on.
func (c *chronicle) nobodyTwice(o *onlooker) {
	c.Helper()
	for _, table := range c.tables(o) {
		twice := c.column(o, "SELECT person FROM "+table+" WHERE person <> '' GROUP BY area, person HAVING count(*) > 1")
		if len(twice) > 0 {
			c.Fatalf("%s: %d persons stand twice in an area's %s", o.name, len(twice), table)
		}
	}
}

// tables are those of the lists of which the mirror has ever had a row.
func (c *chronicle) tables(o *onlooker) []string {
	c.Helper()
	all := c.column(o, "SELECT name FROM sqlite_master WHERE type = 'table'")
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(o.lists, name) })
}

func (c *chronicle) column(o *onlooker, query string) (out []string) {
	c.Helper()
	rows, err := o.db.QueryContext(c.Context(), query)
	c.ok(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		c.ok(rows.Scan(&s))
		out = append(out, s)
	}
	c.ok(rows.Err())
	return out
}

// What can happen.

func (c *chronicle) create() {
	n := c.number()
	village := c.anyVillage()
	h := &hubv1.Household{
		HouseholdNumber: fmt.Sprintf("9900%06d", n), Village: village,
		Register: &hubv1.Register{
			MainCause: hubv1.Cause_CAUSE_ILLNESS, PovertyStatus: hubv1.PovertyStatus_POVERTY_STATUS_LIFTED, LiftedYear: 2018, FirstIdentifiedOn: "2014-05-01",
		},
		Persons: []*hubv1.Person{
			c.person(hubv1.Relation_RELATION_HEAD, "1970-03-01", hubv1.JoinReason_JOIN_REASON_REGISTERED),
			c.person(hubv1.Relation_RELATION_SPOUSE, "1975-06-01", hubv1.JoinReason_JOIN_REASON_REGISTERED),
			c.person(hubv1.Relation_RELATION_DAUGHTER, "2016-06-01", hubv1.JoinReason_JOIN_REASON_REGISTERED),
		},
	}
	if c.rng.IntN(2) == 0 { // it left support before the hub
		h.Decisions = []*hubv1.Decision{{
			Number: fmt.Sprint("d", n), Kind: hubv1.DecisionKind_DECISION_KIND_LEGACY, DecidedOn: "2024-01-10", AnnouncedOn: "2024-01-20", EffectiveOn: "2024-02-01", Document: paper(),
		}}
	}
	got, err := c.office.CreateHousehold(c.Context(), &hubv1.CreateHouseholdRequest{Household: h, RequestId: c.request()})
	c.ok(err)
	c.settle(got.GetHousehold())
}

func (c *chronicle) move() {
	h := c.household()
	village := c.anyVillage()
	if village == h.GetVillage() {
		return
	}
	got, err := c.office.MoveHousehold(c.Context(), &hubv1.MoveHouseholdRequest{Id: h.GetId(), Etag: h.GetEtag(), Village: village, Document: paper(), RequestId: c.request()})
	c.ok(err)
	c.settle(got.GetHousehold())
}

func (c *chronicle) merge() {
	into, from := c.household(), c.household()
	if into.GetId() == from.GetId() || into.GetArea() != from.GetArea() || len(into.GetPersons())+len(from.GetPersons()) > 12 || len(c.ids) < 4 {
		return
	}
	got, err := c.office.MergeHouseholds(c.Context(), &hubv1.MergeHouseholdsRequest{
		Into: into.GetId(), IntoEtag: into.GetEtag(), From: from.GetId(), FromEtag: from.GetEtag(), On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	delete(c.lives, from.GetId())
	c.ids = slices.DeleteFunc(c.ids, func(id string) bool { return id == from.GetId() })
	c.settle(got.GetHousehold())
}

func (c *chronicle) split() {
	h := c.household()
	p := c.relative(h)
	if p == nil {
		return
	}
	got, err := c.office.SplitHousehold(c.Context(), &hubv1.SplitHouseholdRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Leaving: []*hubv1.Relative{{Person: p.GetId(), Relation: hubv1.Relation_RELATION_HEAD}},
		HouseholdNumber: fmt.Sprintf("9900%06d", c.number()), On: c.today(), Document: paper(), RequestId: c.request(),
	})
	c.ok(err)
	c.settle(got.GetHousehold())
	c.settle(got.GetSplitOff())
}

func (c *chronicle) birth() {
	h := c.household()
	child := c.person(hubv1.Relation_RELATION_SON, date.Date(c.today()), hubv1.JoinReason_JOIN_REASON_BIRTH)
	child.IdNumber = ""
	c.write(h, child)
}

func (c *chronicle) death() {
	h := c.household()
	if p := c.relative(h); p != nil {
		p.LeftOn, p.LeaveReason, p.LeaveEvidence = c.today(), hubv1.LeaveReason_LEAVE_REASON_DEATH, "死亡证明"
		delete(c.roster, p.GetIdNumber())
		c.write(h, p)
	}
}

// marriage takes somebody from one household into another, as two files of an office say it.
func (c *chronicle) marriage() {
	from, to := c.household(), c.household()
	p := c.relative(from)
	if p == nil || from.GetId() == to.GetId() {
		return
	}
	there := c.person(hubv1.Relation_RELATION_OTHER, date.Date(p.GetBirthDate()), hubv1.JoinReason_JOIN_REASON_MARRIAGE)
	there.PersonNumber, there.IdNumber, there.Name, there.Sex, there.JoinedOn = p.GetPersonNumber(), p.GetIdNumber(), p.GetName(), p.GetSex(), c.today()
	p.LeftOn, p.LeaveReason = c.today(), hubv1.LeaveReason_LEAVE_REASON_MARRIAGE
	c.write(from, p)
	c.write(to, there)
}

func (c *chronicle) change() {
	h := c.household()
	if p := c.relative(h); p != nil {
		p.SchoolStage = []hubv1.SchoolStage{hubv1.SchoolStage_SCHOOL_STAGE_PRIMARY, hubv1.SchoolStage_SCHOOL_STAGE_NOT_IN_SCHOOL, hubv1.SchoolStage_SCHOOL_STAGE_COLLEGE}[c.rng.IntN(3)]
		p.LabourAbility = hubv1.LabourAbility(c.rng.IntN(4))
		c.write(h, p)
	}
}

// night is the pass after some days.
func (c *chronicle) night() {
	c.hub.Clock.Set(c.hub.Today().AddDays(1 + c.rng.IntN(60)))
	_, err := c.hub.Derive(c.Context())
	c.ok(err)
}

// write updates one person of a household.
func (c *chronicle) write(h *hubv1.Household, p *hubv1.Person) {
	c.Helper()
	got, err := c.office.UpdateHousehold(c.Context(), &hubv1.UpdateHouseholdRequest{
		Household: &hubv1.Household{Id: h.GetId(), Etag: h.GetEtag(), Persons: []*hubv1.Person{p}},
		Groups:    []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: c.request(),
	})
	c.ok(err)
	c.settle(got.GetHousehold())
}

// settle notes where a household lives.
func (c *chronicle) settle(h *hubv1.Household) {
	if _, known := c.lives[h.GetId()]; !known {
		c.ids = append(c.ids, h.GetId())
	}
	c.lives[h.GetId()] = h.GetVillage()
}

// household reads any open one.
func (c *chronicle) household() *hubv1.Household {
	c.Helper()
	got, err := c.office.GetHousehold(c.Context(), &hubv1.GetHouseholdRequest{Id: c.ids[c.rng.IntN(len(c.ids))]})
	c.ok(err)
	return got.GetHousehold()
}

// relative is any present member but the head, nil where the head lives alone.
func (c *chronicle) relative(h *hubv1.Household) *hubv1.Person {
	var some []*hubv1.Person
	for _, p := range h.GetPersons() {
		if p.GetLeftOn() == "" && p.GetRelation() != hubv1.Relation_RELATION_HEAD {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[c.rng.IntN(len(some))]
}

// anyVillage is the old village every second time.
func (c *chronicle) anyVillage() string {
	if c.rng.IntN(2) == 0 {
		return c.villages[0]
	}
	return c.villages[c.rng.IntN(len(c.villages))]
}

// person makes up somebody with numbers that nobody else has.
func (c *chronicle) person(relation hubv1.Relation, born date.Date, join hubv1.JoinReason) *hubv1.Person {
	n := c.number()
	first := fmt.Sprintf("99%04d%s%03d", n/500, strings.ReplaceAll(string(born), "-", ""), n%500*2+1)
	return &hubv1.Person{
		PersonNumber: fmt.Sprintf("9900%08d", n), Name: fmt.Sprint("虚", n), Sex: hubv1.Sex_SEX_MALE, BirthDate: string(born), Relation: relation,
		IdNumber: first + string(household.CheckCharacter(first)), JoinedOn: string(max(born, "2014-05-01")), JoinReason: join,
		LabourAbility: hubv1.LabourAbility_LABOUR_ABILITY_ORDINARY,
	}
}

func (c *chronicle) number() int {
	c.given++
	return c.given
}

func (c *chronicle) request() string {
	c.asked++
	return fmt.Sprint("r", c.asked)
}

func (c *chronicle) today() string { return string(c.hub.Today()) }

func paper() *hubv1.Document {
	return &hubv1.Document{Issuer: "虚构扶贫办", Number: "虚构1号", Date: "2026-01-01"}
}
