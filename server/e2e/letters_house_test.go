package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
)

const rosterList = "no-longer-supported"

// correspondence is a province in which decisions are made and taken back, and letters about
// them go out, are answered and corrected. What the hub should say stands in its book.
type correspondence struct {
	*bureau
	*book
	rng      *rand.Rand
	clerk    hubv1.LetterServiceClient // issues letters, answers objections
	leader   hubv1.LetterServiceClient // signs
	ledgers  hubv1.LedgerServiceClient // of the clerk
	offices  []*office                 // those who receive
	villages []string
	feed     *feedBook
	told     *client.Client // reads everything, with feed.cursor
	now      *glass         // the roster as the hub has it
	decided  int
	count    int            // of decisions to come
	did      map[string]int // what happened, how often
}

// office is an agency that receives the letters of a department.
type office struct {
	agency, department string
	roster             bool // it reads the roster, sees ID numbers and proves letters by its copy
	late               bool // it seldom pulls
	persons            []string
	first, second      hubv1.LetterServiceClient // two persons
	program            hubv1.LetterServiceClient
	copy               *glass
	lists              []string // that it reads, sorted
	pulled             bool     // today
	held               []heldOn
}

// receiving are all who receive letters. Nobody receives those about training.
func receiving() []*office {
	return []*office{
		{agency: "education", department: "education", roster: true},
		{agency: "medical-insurance", department: "medical-insurance", roster: true, late: true},
		{agency: "housing", department: "housing", roster: true},
		{agency: "civil-affairs", department: "civil-affairs", roster: true},
		{agency: "industry", department: "industry"},
		{agency: "employment", department: "employment", roster: true},
		{agency: "labour-market", department: "employment", roster: true, late: true},
		{agency: "finance", department: "finance"},
	}
}

func newCorrespondence(t *testing.T, cfg hubtest.Config, count int) *correspondence {
	seed := uint64(count) //nolint:gosec // a small number
	t.Logf("seed %d", seed)
	c := &correspondence{bureau: newBureau(t, cfg), book: newBook(), feed: newFeedBook(), rng: rand.New(rand.NewPCG(seed, 7)), count: count, did: map[string]int{}}
	c.hub.Save(t, server.Agreement{ID: "letters-bureau", Agency: "bureau", Letters: []server.LetterRole{"PREPARE", "SIGN"}})
	c.clerk, c.leader = c.client("bureau", "k1").Letters(), c.client("bureau", "l1").Letters()
	c.ledgers = c.client("bureau", "k1").Ledger()
	for _, o := range receiving() {
		lists := []string{o.department}
		if o.roster {
			lists = append(lists, rosterList)
		}
		c.hub.Save(t, server.Agreement{ID: "letters-" + o.agency, Agency: o.agency, Receives: []string{o.department}, Lists: lists})
		o.lists = slices.Sorted(slices.Values(lists))
		o.persons = []string{"p1-" + o.agency, "p2-" + o.agency}
		o.first, o.second = c.client(o.agency, o.persons[0]).Letters(), c.client(o.agency, o.persons[1]).Letters()
		o.program = c.client(o.agency, "").Letters()
		o.copy = c.copyOf(o.agency, lists)
		c.offices = append(c.offices, o)
		c.receivers[o.department] = append(c.receivers[o.department], o.agency)
	}
	c.hub.Agree(t, "follower", c.hub.Lists(t.Context()))
	c.told = c.client("follower", "")
	c.hub.Agree(t, "now", []string{rosterList})
	c.now = c.copyOf("now", []string{rosterList})
	c.rules()
	return c
}

// rules gives three areas a way each of drafting; two of them number under one sign.
func (c *correspondence) rules() {
	for id, a := range map[string]*bookArea{
		"qionghai": {draft: "AT_ONCE", sign: "扶函"}, "wenchang": {draft: "DAILY", sign: "扶函"}, "wanning": {draft: "COUNT", sign: "万扶函", items: 6},
	} {
		c.areas[id] = a
		terms := &hubv1.LetterTerms{
			Draft: hubv1.DraftRule(hubv1.DraftRule_value["DRAFT_RULE_"+a.draft]), DraftItems: int32(a.items), //nolint:gosec // a small number
		}
		if a.sign != "扶函" {
			terms.Office = a.sign
		}
		_, err := c.people["county"].SetProcedure(c.Context(), &hubv1.SetProcedureRequest{
			Area: id, RequestId: c.request(), Parameters: &hubv1.ProcedureParameters{
				From: c.today(), Basis: "虚构规定", PublicityDays: 7, MajorityPercent: 50, TermEnds: []string{"01-31", "07-31"}, RecentShockDays: 365, WindowDays: 365,
				FlagSharePercent: 100, FlagTimesArea: 100, FlagCasesInMonth: 1000, MinCases: 1000, StepDays: 10, Letters: terms,
			},
		})
		c.ok(err)
	}
	for _, id := range []string{"qionghai", "wenchang", "wanning"} {
		c.villages = append(c.villages, division.Hainan().AreaVillages(id)[:2]...)
	}
}

// copyOf is an agency's copy of lists.
func (c *correspondence) copyOf(agency string, lists []string) *glass {
	c.Helper()
	ctx := context.Background()
	path := filepath.Join(c.TempDir(), agency+".db")
	sink, err := mirror.OpenSQLite(ctx, path)
	c.ok(err)
	c.Cleanup(func() { _ = sink.Close() })
	g := &glass{name: agency, covers: func(string) bool { return true }, db: openSQL(c.T, path)}
	g.sync, err = mirror.New(mirror.Config{Client: c.client(agency, ""), Sink: sink, MaxShrink: 1})
	c.ok(err)
	for _, l := range lists {
		g.tables = append(g.tables, strings.ReplaceAll(l, "-", "_"))
	}
	return g
}

// found makes up a household that something ends for in most departments. An open need of
// a safe house is an item for housing, one of food an item for civil affairs; both are holds,
// over which the removal is confirmed.
func (c *correspondence) found(village string) *bookHome {
	c.Helper()
	h := soundHousehold(village, c.hub.Today().Year(), c.born)
	for n, p := range h.GetPersons() {
		p.IdNumber = numberOf(c.born+n+1, date.Date(p.GetBirthDate()), p.GetSex())
	}
	c.born += 3
	home := &bookHome{n: len(c.homes), village: village, roofless: c.rng.IntN(2) == 0, hungry: c.rng.IntN(3) == 0}
	if home.roofless {
		h.Needs = append(h.Needs, &hubv1.Need{Category: hubv1.NeedCategory_NEED_CATEGORY_HOUSING, AroseOn: "2026-01-10"})
	}
	if home.hungry {
		h.Needs = append(h.Needs, &hubv1.Need{Category: hubv1.NeedCategory_NEED_CATEGORY_FOOD, AroseOn: "2026-01-10"})
	}
	got, err := c.office.Households().CreateHousehold(c.Context(), &hubv1.CreateHouseholdRequest{Household: h, RequestId: c.request()})
	c.ok(err)
	made := got.GetHousehold()
	home.id, home.area = made.GetId(), made.GetArea()
	for _, r := range []hubv1.Relation{hubv1.Relation_RELATION_HEAD, hubv1.Relation_RELATION_SPOUSE, hubv1.Relation_RELATION_DAUGHTER} {
		n := slices.IndexFunc(made.GetPersons(), func(p *hubv1.Person) bool { return p.GetRelation() == r })
		p := made.GetPersons()[n]
		home.people = append(home.people, &bookPerson{id: p.GetId(), name: p.GetName(), idNumber: p.GetIdNumber(), birth: p.GetBirthDate()})
	}
	c.homes[home.id] = home
	return home
}

// numberOf makes up an ID number for the n-th person.
func numberOf(n int, born date.Date, sex hubv1.Sex) string {
	odd := 0
	if sex == hubv1.Sex_SEX_MALE {
		odd = 1
	}
	first := fmt.Sprintf("99%04d%s%03d", n/400, strings.ReplaceAll(string(born), "-", ""), n%400*2+odd)
	return first + string(household.CheckCharacter(first))
}
