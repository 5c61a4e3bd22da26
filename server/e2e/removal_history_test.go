package e2e

import (
	"context"
	"database/sql"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
)

// Whatever happens to households before and after their removal, in whatever order:
// decisions, roster, lists and mirrors agree, and nobody's support ends by anything but
// a finished procedure or a death.
func TestRemovalsThroughAnyHistory(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSaga(t, cfg, *sizes.cases)
			s.live()
			s.checkpoint()
			s.afterwards()
			s.checkCases()
			t.Logf("%d cases, %d households, %d decisions, until %s: %v", len(s.cases), len(s.homes), len(s.decisions), s.today(), s.did)
			s.enough()
		})
	}
}

// saga is a province in which many cases are under way while life goes on.
type saga struct {
	*bureau
	*ledger
	rng      *rand.Rand
	villages []string
	fresh    []string // households that nobody has proposed yet
	cases    []*sagaCase
	glasses  []*glass
	follower *client.Client
	cursor   string
	count    int            // of cases to come
	did      map[string]int // what happened, how often
	keeps    bool           // whether to keep what the mirror of the province holds at times
	kept     []kept
}

// sagaCase is a case as it was seen last.
type sagaCase struct {
	*hubv1.RemovalCase
	ended bool // nothing will happen to it any more
}

// glass is a department's mirror.
type glass struct {
	name   string
	covers func(village string) bool
	sync   *mirror.Syncer
	db     *sql.DB
	tables []string
}

func newSaga(t *testing.T, cfg hubtest.Config, cases int) *saga {
	seed := uint64(cases) //nolint:gosec // a small number
	t.Logf("seed %d", seed)
	s := &saga{bureau: newBureau(t, cfg), ledger: newLedger(), count: cases, rng: rand.New(rand.NewPCG(seed, 4)), did: map[string]int{}}
	tree := division.Hainan()
	areas := tree.Areas()
	if len(areas) < 20 {
		t.Fatalf("%d areas", len(areas))
	}
	for _, a := range areas[:20] {
		s.villages = append(s.villages, tree.AreaVillages(a.ID)[:2]...)
	}
	qionghai, _ := tree.Area("qionghai")
	s.look("province", hubtest.Province)
	s.look("area", qionghai.Root)
	s.look("village", s.villages[0])
	s.hub.Agree(t, "follower", s.hub.Lists(t.Context()))
	s.follower = s.client("follower", "")
	for n := range cases * 6 / 5 {
		s.create(s.villages[n%len(s.villages)])
	}
	s.told()
	return s
}

// create founds a household that can be removed.
func (s *saga) create(village string) {
	h := s.household(village)
	s.settle(h.GetId(), h.GetArea(), village, presentIn(h)...)
	s.fresh = append(s.fresh, h.GetId())
}

func presentIn(h *hubv1.Household) (ids []string) {
	for _, p := range h.GetPersons() {
		if p.GetLeftOn() == "" {
			ids = append(ids, p.GetId())
		}
	}
	return ids
}

// look adds a department that reads every list in a division.
func (s *saga) look(name, code string) {
	ctx := context.Background()
	s.hub.Agree(s.T, name, s.hub.Lists(ctx), code)
	path := filepath.Join(s.TempDir(), name+".db")
	sink, err := mirror.OpenSQLite(ctx, path)
	s.ok(err)
	s.Cleanup(func() { _ = sink.Close() })
	g := &glass{name: name, covers: func(village string) bool { return division.Hainan().Contains(code, village) }, db: openSQL(s.T, path)}
	g.sync, err = mirror.New(mirror.Config{Client: s.client(name, ""), Sink: sink, PageSize: []int32{100, 7, 1}[len(s.glasses)], MaxShrink: 1})
	s.ok(err)
	for _, l := range s.hub.Lists(ctx) {
		g.tables = append(g.tables, strings.ReplaceAll(l, "-", "_"))
	}
	s.glasses = append(s.glasses, g)
}

// live lets things happen until every case has come to its end.
func (s *saga) live() {
	for n := 0; ; n++ {
		var open []*sagaCase
		for _, c := range s.cases {
			if !c.ended {
				open = append(open, c)
			}
		}
		if len(open) == 0 && len(s.cases) >= s.count {
			return
		}
		switch k := s.rng.IntN(20); {
		case k < 3 && len(s.cases) < s.count && len(open) < 2*len(s.villages):
			s.open()
		case k < 11 && len(open) > 0:
			s.advance(open[s.rng.IntN(len(open))])
		case k < 18:
			s.happen()
		case k < 19:
			s.nights(1 + s.rng.IntN(4))
		default:
			g := s.glasses[s.rng.IntN(len(s.glasses))]
			s.pull(g)
			s.nobodyTwice(g)
			if s.keeps && g == s.glasses[0] && s.rng.IntN(2) == 0 {
				s.keep()
			}
		}
		s.told()
		if n%100 == 99 {
			s.checkpoint()
		}
	}
}

// nights go by; what ends in one of them is judged the day after.
func (s *saga) nights(n int) {
	for range n {
		s.days(1)
		s.told()
	}
	s.did["nights"] += n
}

// afterwards school terms and insurance years end, and with them what the decisions left.
func (s *saga) afterwards() {
	for _, on := range []date.Date{"2026-08-01", "2027-01-01", "2027-02-01"} {
		if on > s.hub.Today() {
			s.until(on)
			s.told()
			s.checkpoint()
		}
	}
}

// enough wants the history to have tried what it is for.
func (s *saga) enough() {
	if *sizes.cases < 50 {
		return
	}
	for _, what := range []string{
		"announced", "not passed", "dismissed", "upheld", "withdrawn", "reversed", "second confirmer", "refused skip", "refused person", "refused program",
		"refused evidence", "refused too early", "refused again", "move", "transfer", "birth", "death", "wedding", "split", "merge", "update", "after removal", "ended by DECISION", "ended by DEATH",
	} {
		if s.did[what] == 0 {
			s.Errorf("%s was never tried", what)
		}
	}
}

// told reads what the hub tells the departments, and judges every end in it.
func (s *saga) told() {
	s.Helper()
	for p, err := range s.follower.Pages(s.Context(), &hubv1.FollowRequest{Cursor: s.cursor, PageSize: 500}) {
		s.ok(err)
		s.cursor = p.GetCursor()
		for _, t := range p.GetTransactions() {
			for _, c := range t.GetChanges() {
				if c.GetOp() != hubv1.Op_OP_ENDED {
					continue
				}
				e := c.GetEnding()
				s.did["ended by "+e.GetBasis()]++
				s.ok(s.ended(c.GetList(), c.GetHousehold(), c.GetPerson(), e.GetBasis(), e.GetDecision(), date.Date(e.GetLastDay()), s.hub.Today()))
			}
		}
	}
}

func (s *saga) pull(g *glass) {
	s.Helper()
	r, err := g.sync.Pull(s.Context())
	s.ok(err)
	if !r.Current || len(r.Healed) > 0 {
		s.Fatalf("%s: current %v, healed %v", g.name, r.Current, r.Healed)
	}
}

func (s *saga) nobodyTwice(g *glass) {
	s.Helper()
	for _, table := range g.tables {
		if n := s.rows(g, "SELECT person FROM "+table+" WHERE person <> '' GROUP BY area, person HAVING count(*) > 1"); len(n) > 0 {
			s.Fatalf("%s: %d persons stand twice in an area's %s", g.name, len(n), table)
		}
	}
}

// rows reads a column; a list of which the mirror has never had a row has no table.
func (s *saga) rows(g *glass, query string) map[string]bool {
	s.Helper()
	out := map[string]bool{}
	rows, err := g.db.QueryContext(s.Context(), query)
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return out
	}
	s.ok(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var v string
		s.ok(rows.Scan(&v))
		out[v] = true
	}
	s.ok(rows.Err())
	return out
}

// checkpoint compares hub, mirrors and ledger.
func (s *saga) checkpoint() {
	s.Helper()
	for _, g := range s.glasses {
		s.pull(g)
		v, err := g.sync.Verify(s.Context())
		s.ok(err)
		if len(v.Differing) > 0 || len(v.Behind) > 0 {
			s.Fatalf("%s: differs in %v, behind in %v", g.name, v.Differing, v.Behind)
		}
		s.nobodyTwice(g)
		have := s.rows(g, "SELECT household || ' ' || person || ' ' || CASE WHEN review THEN 'true' ELSE 'false' END FROM no_longer_supported")
		if want := s.roster(s.hub.Today(), g.covers); !maps.Equal(have, want) {
			s.Fatalf("%s on %s: the roster is %v, should be %v", g.name, s.today(), less(have, want), less(want, have))
		}
		for _, list := range []string{"employment", "education", "medical-insurance"} {
			for p := range s.rows(g, "SELECT person FROM "+strings.ReplaceAll(list, "-", "_")) {
				if s.over(list, p, s.hub.Today()) {
					s.Fatalf("%s on %s: somebody stands in %s after the last day", g.name, s.today(), list)
				}
			}
		}
	}
}

// less is what of one set is not in another.
func less(a, b map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(a)), func(k string) bool { return b[k] })
}
