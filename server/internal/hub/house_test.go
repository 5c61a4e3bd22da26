package hub_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/bangfuhub/hub/server/hubtest/pgtest"
	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/store/postgres"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
	"github.com/bangfuhub/hub/server/internal/vault"
)

const (
	province = "460000000000"
	today    = date.Date("2026-11-23")
)

// The callers of these tests; see agreements for what they may do.
var (
	office   = access.Caller{Agency: "office", Client: "test", Person: "clerk-1"}
	director = access.Caller{Agency: "office", Client: "test", Person: "clerk-2"}
	schools  = access.Caller{Agency: "schools", Client: "register"}
	reader   = access.Caller{Agency: "reader", Client: "nightly"}
	stranger = access.Caller{Agency: "stranger", Client: "nightly"}
)

// Villages of two areas.
var (
	qionghai = division.Hainan().AreaVillages("qionghai")
	danzhou  = division.Hainan().AreaVillages("danzhou")
)

var allLists = []string{
	"household-status", "education", "medical-insurance", "housing", "civil-affairs", "industry", "employment",
	"finance", "training", "no-longer-supported", "without-helper", "open-needs", "match-tasks",
}

func agreements() []access.Agreement {
	whole := []string{province}
	return []access.Agreement{
		{ID: "a-office", Agency: "office", Divisions: whole, Households: true, Catalogue: true, Groups: []household.Group{household.GroupRegister}},
		{ID: "a-schools", Agency: "schools", Divisions: whole, Households: true, Groups: []household.Group{household.GroupEducation}},
		{ID: "a-reader", Agency: "reader", Divisions: whole, Lists: allLists},
	}
}

// house is a hub on an embedded store, for one test.
type house struct {
	*hub.Hub
	testing.TB
	clock *clock
	store *faulty
	keys  *seal.Keys
	vault *vault.Vault
	asked int // request ids given
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return newHouseIn(t, t.TempDir())
}

func newHouseIn(t testing.TB, dir string) *house {
	t.Helper()
	h := openHouse(t, dir)
	for _, a := range agreements() {
		h.agree(a)
	}
	return h
}

// openHouse opens the hub in a folder, which may hold one already.
func openHouse(t testing.TB, dir string) *house {
	t.Helper()
	st := openStore(t, dir)
	t.Cleanup(func() { _ = st.Close() })
	keys, err := seal.LoadOrCreate(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := vault.New(t.Context(), filepath.Join(dir, "evidence"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = evidence.Close() })
	h := &house{TB: t, clock: &clock{}, store: &faulty{Store: st}, keys: keys, vault: evidence}
	h.clock.day(today)
	h.restart()
	return h
}

// onPostgres runs these tests on PostgreSQL; CI runs them on both stores.
var onPostgres = flag.Bool("postgres", false, "use PostgreSQL instead of the embedded store")

// onEmbedded leaves out what looks at the embedded store's files.
func onEmbedded(t *testing.T) {
	t.Helper()
	if *onPostgres {
		t.Skip("PostgreSQL has no files of its own here")
	}
}

// databases are the PostgreSQL databases that stand for folders.
var databases sync.Map

func openStore(t testing.TB, dir string) store.Store {
	t.Helper()
	if !*onPostgres {
		st, err := sqlite.Open(sqlite.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	url, known := databases.Load(dir)
	if !known {
		url = pgtest.URL(t)
		databases.Store(dir, url)
	}
	st, err := postgres.Open(t.Context(), postgres.Config{URL: url.(string)})
	if err == nil {
		err = st.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// restart puts another hub process in the place of the one before.
func (h *house) restart() {
	h.Helper()
	var err error
	h.Hub, err = hub.New(context.Background(), hub.Config{Store: h.store, Keys: h.keys, Vault: h.vault, Divisions: division.Hainan(), Clock: h.clock.Now})
	h.ok(err)
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) agree(a access.Agreement) {
	h.Helper()
	a.Purpose, a.Basis = "test", "notice of 2019-04-21"
	if a.From == "" {
		a.From = "2019-01-01"
	}
	h.ok(h.SaveAgreement(h.Context(), a))
}

func (h *house) request() string {
	h.asked++
	return fmt.Sprintf("r-%d", h.asked)
}

// load imports households of one area, of which none may be rejected.
func (h *house) load(in ...*household.Household) hub.Imported {
	h.Helper()
	got := h.offer(in...)
	if len(got.Rejected) > 0 {
		h.Fatal(got.Rejected)
	}
	return got
}

// offer imports households of one area.
func (h *house) offer(in ...*household.Household) hub.Imported {
	h.Helper()
	got, err := h.Import(h.Context(), office, division.Hainan().AreaOf(in[0].Village), in, hub.How{})
	h.ok(err)
	return got
}

// find gives a household by its number.
func (h *house) find(number string) hub.HouseholdState {
	h.Helper()
	found, err := h.LookUpIdentifier(h.Context(), office, "HOUSEHOLD_NUMBER", number)
	if err != nil || len(found) != 1 {
		h.Fatalf("look-up gave %d households, %v", len(found), err)
	}
	return found[0].HouseholdState
}

// update changes groups of a household as somebody.
func (h *house) update(c access.Caller, was hub.HouseholdState, group household.Group, change func(*household.Household)) (hub.HouseholdState, error) {
	in := was.Household.Clone()
	change(in)
	return h.UpdateHousehold(h.Context(), c, hub.Update{Household: in, Etag: was.Etag, Groups: []household.Group{group}, RequestID: h.request()})
}

func (h *house) move(was hub.HouseholdState, village string) hub.HouseholdState {
	h.Helper()
	out, err := h.MoveHousehold(h.Context(), office, hub.Move{ID: was.Household.ID, Etag: was.Etag, Village: village, Document: paper(), RequestID: h.request()})
	h.ok(err)
	return out
}

// split moves members, the first of them the head, into a new household.
func (h *house) split(was hub.HouseholdState, number string, leaving ...string) (rest, off hub.HouseholdState) {
	h.Helper()
	s := hub.Split{
		ID: was.Household.ID, Etag: was.Etag, Leaving: map[string]household.Relation{}, HouseholdNumber: number, On: h.Today(), Document: paper(), RequestID: h.request(),
	}
	for i, id := range leaving {
		s.Leaving[id] = household.RelationOther
		if i == 0 {
			s.Leaving[id] = household.RelationHead
		}
	}
	rest, off, err := h.SplitHousehold(h.Context(), office, s)
	h.ok(err)
	return rest, off
}

func (h *house) merge(into, from hub.HouseholdState) hub.HouseholdState {
	h.Helper()
	out, err := h.MergeHouseholds(h.Context(), office, hub.Merge{
		Into: into.Household.ID, IntoEtag: into.Etag, From: from.Household.ID, FromEtag: from.Etag,
		On: h.Today(), Document: paper(), RequestID: h.request(),
	})
	h.ok(err)
	return out
}

// lists says where every area stands, with counts and digests of all lists: two equal
// ones mean that no record differs and no transaction was made.
func (h *house) lists() string {
	h.Helper()
	end, err := h.Digests(h.Context(), reader, feed.Request{})
	h.ok(err)
	return prototext.MarshalOptions{Multiline: true}.Format(end)
}

// refused fails the test unless err is the fault with this reason.
func (h *house) refused(err error, reason fault.Reason) *fault.Fault {
	h.Helper()
	if !fault.Is(err, reason) {
		h.Fatalf("got %v, not %s", err, reason)
	}
	return fault.Of(err)
}

// violated fails the test unless err names the field for the reason.
func (h *house) violated(err error, field string, reason fault.Reason) {
	h.Helper()
	if f := fault.Of(err); f != nil {
		for _, v := range f.Violations {
			if v.Field == field && v.Reason == reason {
				return
			}
		}
	}
	h.Fatalf("got %v, not %s at %s", err, reason, field)
}

// clock is a time that tests move by hand; no two readings are equal.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// day moves the clock to noon, in Hainan, of a day.
func (c *clock) day(d date.Date) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = d.Time().Add(4 * time.Hour)
}

// faulty is a store of which a test makes single writes fail.
type faulty struct {
	store.Store
	mu         sync.Mutex     // some tests write at the same time
	failUpdate int            // the n-th Update from here on fails; 0: none
	updates    int            // counted
	before     map[int]func() // what comes between others' writes: before the n-th Update
	failAudit  func(store.AuditEntry) bool
	within     func() // what comes while a View's snapshot stands, before it is read
}

var errInjected = errors.New("injected")

func (f *faulty) Update(ctx context.Context, fn func(store.Tx) error) error {
	f.mu.Lock()
	f.updates++
	do := f.before[f.updates]
	f.mu.Unlock()
	if do != nil {
		do()
	}
	if f.fails() {
		return errInjected
	}
	return f.Store.Update(ctx, fn)
}

func (f *faulty) View(ctx context.Context, fn func(store.Reader) error) error {
	return f.Store.View(ctx, func(r store.Reader) error {
		f.mu.Lock()
		do := f.within
		f.mu.Unlock()
		if do != nil {
			do()
		}
		return fn(r)
	})
}

// fails tells whether it is this Update's turn to fail.
func (f *faulty) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failUpdate == 0 {
		return false
	}
	f.failUpdate--
	return f.failUpdate == 0
}

func (f *faulty) Audit(ctx context.Context, e store.AuditEntry) error {
	if f.failAudit != nil && f.failAudit(e) {
		return errInjected
	}
	return f.Store.Audit(ctx, e)
}

// AuditLater tells at once, so that what fails is the same in each run.
func (f *faulty) AuditLater(e store.AuditEntry, told func(error)) {
	told(f.Audit(context.Background(), e))
}

// home is a lifted household: a head of 46, his wife, and a daughter of 11. n makes
// its numbers its own.
func home(n int, village string) *household.Household {
	h := &household.Household{
		HouseholdNumber: fmt.Sprintf("HH-%04d", n), Village: village,
		Register: household.Register{
			MainCause: household.CauseIllness, PovertyStatus: household.Lifted, LiftedYear: 2018, FirstIdentifiedOn: "2014-05-01",
			Attribute: household.AttributeOrdinary, Phone: fmt.Sprintf("100%08d", n),
		},
	}
	h.Persons = []household.Person{
		member(n, 1, household.RelationHead, household.Male, "1980-03-01"),
		member(n, 2, household.RelationSpouse, household.Female, "1982-06-01"),
		member(n, 3, household.RelationDaughter, household.Female, "2015-03-01"),
	}
	return h
}

// member is the k-th person of the n-th home.
func member(n, k int, relation household.Relation, sex household.Sex, born date.Date) household.Person {
	return household.Person{
		PersonNumber: fmt.Sprintf("P-%04d-%d", n, k), Name: fmt.Sprintf("试%c%c", '一'+rune(n), '甲'+rune(k)), Sex: sex, IDNumber: idNumber(n, k, sex, born), BirthDate: born,
		Relation: relation, JoinedOn: max("2014-05-01", born), JoinReason: household.JoinRegistered, LabourAbility: household.LabourOrdinary,
	}
}

// idNumber is a number that no province ever gave.
func idNumber(n, k int, sex household.Sex, born date.Date) string {
	sequence := 2 * (n%50*10 + k%10)
	if sex == household.Male {
		sequence++
	}
	first := fmt.Sprintf("99%04d%s%03d", n/50, strings.ReplaceAll(string(born), "-", ""), sequence)
	return first + string(household.CheckCharacter(first))
}

func paper() household.Document {
	return household.Document{Issuer: "某县扶贫办", Number: "试〔2026〕1号", Date: today}
}

// unsupported gives a household that left support before the hub: everybody in 2024,
// but the third person's policies run on until a day in 2027.
func unsupported(h *household.Household) *household.Household {
	h.Decisions = []household.Decision{{
		Number: "试决〔2024〕" + h.HouseholdNumber, Kind: household.DecisionLegacy, DecidedOn: "2024-01-10", AnnouncedOn: "2024-01-20", EffectiveOn: "2024-02-01",
		Document: paper(),
	}}
	for i, p := range h.Persons {
		last := date.Date("2024-01-31")
		if i == 2 {
			last = "2027-08-31"
		}
		h.Decisions[0].Ends = append(h.Decisions[0].Ends, household.End{Person: p.PersonNumber, Policy: household.AllPolicies, LastDay: last})
	}
	return h
}
