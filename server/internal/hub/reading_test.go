package hub_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// places are a village in each of two areas.
var places = map[string]string{
	"qionghai": division.Hainan().AreaVillages("qionghai")[0],
	"danzhou":  division.Hainan().AreaVillages("danzhou")[0],
}

// load imports families first..first+n-1 of an area in one transaction.
func load(t testing.TB, h *hub.Hub, area string, first, n int, change func(*household.Household)) {
	t.Helper()
	run := make([]*household.Household, n)
	for i := range run {
		run[i] = family(first+i, places[area])
		if change != nil {
			change(run[i])
		}
	}
	got, err := h.Import(t.Context(), office, area, run, hub.How{})
	if err != nil || len(got.Rejected) > 0 {
		t.Fatalf("%+v %v", got, err)
	}
}

// readOn pulls until the End and gives the pages as a consumer decodes them.
func readOn(t testing.TB, h *hub.Hub, c access.Caller, cursor string, size int) []*wire.Page {
	t.Helper()
	var pages []*wire.Page
	for {
		sent, err := h.Pull(t.Context(), c, hub.PullQuery{Cursor: cursor, PageSize: size})
		if err != nil {
			t.Fatal(err)
		}
		p := &wire.Page{}
		bytes, err := proto.Marshal(sent)
		if err == nil {
			err = proto.Unmarshal(bytes, p)
		}
		if err != nil {
			t.Fatal(err)
		}
		pages, cursor = append(pages, p), p.GetCursor()
		if p.GetEnd() != nil {
			return pages
		}
	}
}

func last(pages []*wire.Page) *wire.Page { return pages[len(pages)-1] }

// pupils are the names in list education by household number of rows.
func pupils(pages []*wire.Page) (names []string) {
	for _, p := range pages {
		for _, b := range p.GetBlocks() {
			for _, r := range b.GetRecords() {
				if b.GetList() == "education" {
					names = append(names, r.GetName())
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestABlockThatATransactionTouchedIsNotServedAsItWas(t *testing.T) {
	h, _ := newHub(t)
	load(t, h, "qionghai", 0, 2, nil)
	for range 2 { // built, then served as stored
		if got, want := pupils(readOn(t, h, education, "", 0)), []string{"乙测试", "乙测试"}; !slices.Equal(got, want) {
			t.Fatalf("first load: %q, want %q", got, want)
		}
	}
	load(t, h, "qionghai", 1, 1, func(f *household.Household) { f.Persons[1].Name = "丙测试" })
	if got, want := pupils(readOn(t, h, education, "", 0)), []string{"丙测试", "乙测试"}; !slices.Equal(got, want) {
		t.Fatalf("a load after the change: %q, want %q", got, want)
	}
}

func TestATransactionIsNeverSplitBetweenPages(t *testing.T) {
	h, _ := newHub(t)
	begin := last(readOn(t, h, education, "", 0)).GetCursor()
	for n := range 4 {
		load(t, h, "qionghai", n*10, 3+n, nil)
	}
	for _, size := range []int{1, 2, 3, 5, 100} {
		seen := map[int64]int{}
		for _, p := range readOn(t, h, education, begin, size) {
			for _, tx := range p.GetTransactions() {
				if _, twice := seen[tx.GetNumber()]; twice {
					t.Fatalf("page size %d: transaction %d is on two pages", size, tx.GetNumber())
				}
				seen[tx.GetNumber()] = len(tx.GetChanges())
			}
		}
		for n := range 4 {
			if got := seen[int64(n+1)]; got != 3+n {
				t.Errorf("page size %d: transaction %d came with %d changes, want %d", size, n+1, got, 3+n)
			}
		}
	}
}

func TestTheEndComesOnlyWhenEveryAreaIsAtItsHead(t *testing.T) {
	h, _ := newHub(t)
	begin := last(readOn(t, h, education, "", 0)).GetCursor()
	for n := range 3 {
		load(t, h, "danzhou", n, 1, nil)
		load(t, h, "qionghai", 10+n, 1, nil)
	}
	for _, size := range []int{1, 2, 4, 100} {
		at := map[string]int64{}
		pages := readOn(t, h, education, begin, size)
		for _, p := range pages {
			for _, tx := range p.GetTransactions() {
				at[tx.GetArea()] = tx.GetNumber()
			}
		}
		for _, a := range last(pages).GetEnd().GetAreas() {
			if at[a.GetArea()] != a.GetTransaction() {
				t.Errorf("page size %d: the End says %s is at %d; what was sent goes up to %d", size, a.GetArea(), a.GetTransaction(), at[a.GetArea()])
			}
		}
	}
}

// A cursor that is older than what is kept must not go on as if nothing had happened.
func TestACursorOlderThanWhatIsKeptIsRefused(t *testing.T) {
	h, _ := newHub(t)
	cursors := []string{last(readOn(t, h, education, "", 0)).GetCursor()} // by the transactions seen
	for n := range 3 {
		load(t, h, "qionghai", n, 1, nil)
		cursors = append(cursors, last(readOn(t, h, education, cursors[n], 0)).GetCursor())
	}
	for kept := int64(2); kept <= 4; kept++ {
		err := h.Store.Update(t.Context(), func(tx store.Tx) error { return tx.Purge(t.Context(), "qionghai", kept) })
		if err != nil {
			t.Fatal(err)
		}
		for seen, cursor := range cursors {
			_, err := h.Pull(t.Context(), education, hub.PullQuery{Cursor: cursor})
			if purged := int64(seen+1) < kept; fault.Is(err, fault.CursorPurged) != purged || !purged && err != nil {
				t.Errorf("%d is the oldest kept, the cursor has seen %d: %v", kept, seen, err)
			}
		}
	}
}

func TestAnExpiredAgreementIsToldAsLeftScopeAndNeverAsAnEnd(t *testing.T) {
	h, c := newHub(t)
	schools := access.Caller{Agency: "schools", Client: "nightly"}
	for id, a := range map[string]access.Agreement{
		"a-ends": {Lists: []string{"education"}, Until: "2026-11-30"}, "a-stays": {Lists: []string{"no-longer-supported"}},
	} {
		a.ID, a.Agency, a.Divisions, a.Purpose, a.Basis, a.From = id, "schools", []string{province}, "aid", "notice", "2019-01-01"
		if err := h.SaveAgreement(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	load(t, h, "qionghai", 0, 1, nil)
	cursor := last(readOn(t, h, schools, "", 0)).GetCursor()
	c.day("2026-12-01")
	load(t, h, "qionghai", 1, 1, nil)
	pages := readOn(t, h, schools, cursor, 0)
	left := pages[0].GetLeftScope()
	if len(left) != 1 || left[0].GetList() != "education" || left[0].GetDivision() != province ||
		left[0].GetCause() != "AGREEMENT_EXPIRED" || !slices.Contains(left[0].GetVillages(), places["qionghai"]) {
		t.Errorf("left scope: %d entries %.200v", len(left), left)
	}
	if n := len(pages[0].GetTransactions()); n > 0 {
		t.Errorf("%d transactions of a list that may no longer be read", n)
	}
	if again := readOn(t, h, schools, last(pages).GetCursor(), 0); len(again[0].GetLeftScope()) > 0 {
		t.Error("it is told a second time")
	}
}

// In the databases' files stands nothing that tells who somebody is.
func TestNothingPersonalStandsInTheStoresFiles(t *testing.T) {
	onEmbedded(t)
	dir := t.TempDir()
	h, _ := newHubIn(t, dir)
	load(t, h, "qionghai", 0, 3, nil)
	readOn(t, h, education, "", 0) // builds blocks
	secrets := []string{"甲测试", "乙测试", "HH-0001", "P-0001-1"}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		for _, s := range secrets {
			if strings.Contains(string(content), s) {
				t.Errorf("%s holds %s", d.Name(), s)
			}
		}
		return err
	})
	if err != nil || files < 3 {
		t.Fatalf("%d files, %v", files, err)
	}
}

// spied is a store that notes audit entries and what is read of personal data, and
// whose audit may fail.
type spied struct {
	store.Store
	fails bool
	notes []string
}

func (s *spied) Audit(ctx context.Context, e store.AuditEntry) error {
	if s.fails {
		return errors.New("no space left")
	}
	s.notes = append(s.notes, "audit")
	return s.Store.Audit(ctx, e)
}

func (s *spied) AuditLater(e store.AuditEntry, told func(error)) {
	told(s.Audit(context.Background(), e))
}

func (s *spied) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(spiedReader{r, s}) })
}

type spiedReader struct {
	store.Reader
	spied *spied
}

func (r spiedReader) note() { r.spied.notes = append(r.spied.notes, "read") }

func (r spiedReader) Blocks(ctx context.Context, q store.BlockQuery, fn func(store.Block) error) error {
	r.note()
	return r.Reader.Blocks(ctx, q, fn)
}

func (r spiedReader) Changes(ctx context.Context, q store.ChangeQuery, fn func(store.Change) error) error {
	r.note()
	return r.Reader.Changes(ctx, q, fn)
}

func (r spiedReader) Records(ctx context.Context, q store.RecordQuery, fn func(store.Record) error) error {
	r.note()
	return r.Reader.Records(ctx, q, fn)
}

func (r spiedReader) Villages(ctx context.Context, area, list string, villages []string, fn func(store.Record) error) error {
	r.note()
	return r.Reader.Villages(ctx, area, list, villages, fn)
}

func (r spiedReader) HouseholdRecords(ctx context.Context, area string, ids []string) ([]store.Record, error) {
	r.note()
	return r.Reader.HouseholdRecords(ctx, area, ids)
}

func (r spiedReader) Household(ctx context.Context, area, id string) (store.Household, error) {
	r.note()
	return r.Reader.Household(ctx, area, id)
}

func TestNothingIsReadBeforeItsIntentIsAudited(t *testing.T) {
	h, _ := newHub(t)
	load(t, h, "qionghai", 0, 1, nil)
	found, err := h.LookUpIdentifier(t.Context(), office, "HOUSEHOLD_NUMBER", "HH-0000")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	id := found[0].Household.ID
	spy := &spied{Store: h.Store}
	h.Store = spy
	reads := map[string]func() error{
		"Pull": func() error {
			_, err := h.Pull(t.Context(), education, hub.PullQuery{})
			return err
		},
		"Follow": func() error {
			return h.Follow(t.Context(), education, hub.FollowQuery{}, func(*wire.Page) error { return nil })
		},
		"GetHousehold": func() error {
			_, err := h.GetHousehold(t.Context(), office, id, 0, time.Time{})
			return err
		},
		"ListRecords": func() error {
			_, _, err := h.ListRecords(t.Context(), education, "education", places["qionghai"], 0, "")
			return err
		},
	}
	for name, read := range reads {
		spy.fails, spy.notes = false, nil
		if err := read(); err != nil || !slices.Contains(spy.notes, "read") {
			t.Fatalf("%s: %v, %v", name, spy.notes, err)
		}
		if n := len(spy.notes); spy.notes[0] != "audit" || spy.notes[n-1] != "audit" {
			t.Errorf("%s: want the intent, what is read, the outcome; got %v", name, spy.notes)
		}
		spy.fails, spy.notes = true, nil
		if err := read(); !fault.Is(err, fault.AuditUnavailable) || len(spy.notes) > 0 {
			t.Errorf("%s without a durable intent: %v, %v", name, spy.notes, err)
		}
	}
}

// FuzzCursor gives the hub texts in place of the cursors that it made.
func FuzzCursor(f *testing.F) {
	h, _ := newHub(f)
	load(f, h, "qionghai", 0, 1, nil)
	genuine := last(readOn(f, h, education, "", 0)).GetCursor()
	seeds(f, genuine)
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || same(text, genuine) {
			return
		}
		_, err := h.Pull(context.Background(), education, hub.PullQuery{Cursor: text})
		saysOnly(t, err, fault.CursorInvalid)
		_, err = h.AdvanceSubscription(context.Background(), education, "nightly", text)
		saysOnly(t, err, fault.CursorInvalid)
	})
}

// FuzzPageToken gives the hub texts in place of the page tokens that it made.
func FuzzPageToken(f *testing.F) {
	h, _ := newHub(f)
	load(f, h, "qionghai", 0, 2, nil)
	list := func(token string) (string, error) {
		_, next, err := h.ListRecords(context.Background(), education, "education", places["qionghai"], 1, token)
		return next, err
	}
	genuine, err := list("")
	if err != nil || genuine == "" {
		f.Fatalf("no token of a second page: %v", err)
	}
	seeds(f, genuine)
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || same(text, genuine) {
			return
		}
		_, err := list(text)
		saysOnly(t, err, fault.PageTokenInvalid)
	})
}

// seeds are what a consumer may send in place of a sealed text: part of it, another one
// of the hub's own, changed bytes, anything else.
func seeds(f *testing.F, genuine string) {
	f.Helper()
	f.Add(genuine)
	f.Add(genuine[:len(genuine)-4])
	f.Add(genuine + "AAAA")
	f.Add(strings.ToLower(genuine))
	sealed, err := base64.RawURLEncoding.DecodeString(genuine)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []int{0, 5, len(sealed) / 2, len(sealed) - 1} {
		sealed[at] ^= 1
		f.Add(base64.RawURLEncoding.EncodeToString(sealed))
		sealed[at] ^= 1
	}
	f.Add("AQ")
	f.Add("{\"epoch\":1}")
	f.Add("=\x00\xff")
}

// same tells whether a text stands for the same sealed bytes.
func same(text, genuine string) bool {
	a, err := base64.RawURLEncoding.DecodeString(text)
	b, _ := base64.RawURLEncoding.DecodeString(genuine)
	return err == nil && string(a) == string(b)
}

// saysOnly checks that an error is the plain fault of a reason, with nothing added.
func saysOnly(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	if shown := fault.Of(err); shown == nil || fmt.Sprint(*shown) != fmt.Sprint(*fault.New(want)) {
		t.Fatalf("got %v, want %s and nothing more", err, want)
	}
}
