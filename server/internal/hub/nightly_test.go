package hub_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

const tomorrow = date.Date("2026-11-24")

// retiring is a household whose head reaches the end of the working age tomorrow.
func retiring(n int, village string) *household.Household {
	h := home(n, village)
	h.Persons[0] = member(n, 1, household.RelationHead, household.Male, "1966-11-24")
	return h
}

// derive derives and says what was done.
func (h *house) derive() hub.Derived {
	h.Helper()
	d, err := h.Derive(h.Context())
	h.ok(err)
	return d
}

func TestANightlyPassWritesOnlyWhatTheNewDayChanges(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), retiring(2, qionghai[0]), home(3, qionghai[0]))
	h.load(home(4, danzhou[0]))
	k := copyOf(h, reader)
	if d := h.derive(); d != (hub.Derived{}) {
		t.Fatalf("derived again on the day of the load: %+v", d)
	}
	h.clock.day(tomorrow)
	if d := h.derive(); d != (hub.Derived{Areas: 2, Households: 1, Changed: 1}) {
		t.Fatalf("it looks at others than the one that is due: %+v", d)
	}
	old := h.find("HH-0002").Household
	lists := map[string]bool{}
	for _, c := range k.pull() {
		if c.household != old.ID || c.person != old.Persons[0].ID || c.op != "LEFT_SCOPE" || c.cause != "DATE" {
			t.Errorf("%+v", c)
		}
		lists[c.list] = true
	}
	if len(lists) != 2 || !lists["employment"] || !lists["training"] {
		t.Errorf("left %v", lists)
	}
	k.equal()
	for _, a := range k.end.GetAreas() {
		if want := map[string]string{"qionghai": string(tomorrow), "danzhou": string(tomorrow)}[a.GetArea()]; a.GetDerivedFor() != want {
			t.Errorf("%s is derived for %q", a.GetArea(), a.GetDerivedFor())
		}
	}
	before := h.lists()
	if d := h.derive(); d != (hub.Derived{}) || h.lists() != before {
		t.Fatalf("the second pass did something: %+v", d)
	}
	h.load(home(5, qionghai[0]))
	if got := h.find("HH-0002").Revision; got != 1 {
		t.Errorf("a new day made revision %d of facts that are as they were", got)
	}
}

func TestADecisionTakesEffectOnItsDayWithTheNightlyPass(t *testing.T) {
	h := newHouse(t)
	f := unsupported(home(1, qionghai[0]))
	f.Decisions[0].EffectiveOn = tomorrow
	for i := range f.Decisions[0].Ends {
		f.Decisions[0].Ends[i].LastDay = today
	}
	h.load(f)
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	if was.Support != household.Supported || len(k.persons("no-longer-supported")) != 0 {
		t.Fatal("it is no longer supported before its day")
	}
	h.clock.day(tomorrow)
	h.derive()
	if now := h.find("HH-0001"); now.Support != household.Unsupported || now.Revision != 2 {
		t.Errorf("%s, revision %d", now.Support, now.Revision)
	}
	gone := 0
	for _, c := range ended(k.pull()) {
		gone++
		if c.basis != "DECISION" || c.lastDay != string(today) {
			t.Errorf("%+v", c)
		}
	}
	if gone == 0 || len(k.persons("no-longer-supported")) != 3 {
		t.Error("the decision took no effect")
	}
	k.equal()
}

// A pass that is cut anywhere and run again comes to the same lists as one that isn't.
func TestANightlyPassIsResumedWhereverItWasCut(t *testing.T) {
	onEmbedded(t)
	made := t.TempDir()
	first := newHouseIn(t, made)
	for _, village := range []string{qionghai[0], danzhou[0]} {
		var run []*household.Household
		for n := range hub.ImportRun + 6 { // more than one transaction
			run = append(run, retiring(n+1, village))
		}
		if village == danzhou[0] {
			for i := range run {
				run[i] = retiring(100+i, village)
			}
		}
		first.load(run...)
	}
	first.ok(first.store.Close())

	whole := openHouse(t, clone(t, made))
	whole.clock.day(tomorrow)
	whole.store.updates = 0
	if d := whole.derive(); d.Changed != 2*(hub.ImportRun+6) {
		t.Fatalf("%+v", d)
	}
	want, updates := whole.lists(), whole.store.updates
	if updates < 8 {
		t.Fatalf("only %d updates: not cut between transactions", updates)
	}
	for n := 1; n <= updates; n++ {
		h := openHouse(t, clone(t, made))
		h.clock.day(tomorrow)
		h.store.failUpdate = n
		if _, err := h.Derive(t.Context()); err == nil {
			t.Fatalf("cut at update %d of %d, and no error", n, updates)
		}
		h.restart()
		h.derive()
		if h.lists() != want {
			t.Errorf("cut at update %d of %d and run again, the lists are others", n, updates)
		}
		h.ok(h.store.Close())
	}
}

// clone copies a closed hub's folder.
func clone(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "hub")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestAHubThatDerivesOtherwiseServesButDoesNotDerive(t *testing.T) {
	h := newHouse(t)
	h.load(retiring(1, qionghai[0]))
	was := h.find("HH-0001")
	h.ok(h.store.Update(t.Context(), func(tx store.Tx) error {
		m, err := tx.Meta(t.Context())
		m.Derivation = hub.DerivationVersion + 1
		if err == nil {
			err = tx.SetMeta(t.Context(), m)
		}
		return err
	}))
	h.restart()
	h.clock.day(tomorrow)
	before := h.lists()
	_, err := h.Derive(t.Context())
	h.refused(err, fault.DerivationDiffers)
	_, err = h.Import(t.Context(), office, "qionghai", []*household.Household{home(2, qionghai[0])}, hub.How{})
	h.refused(err, fault.DerivationDiffers)
	_, err = h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	h.refused(err, fault.DerivationDiffers)
	_, err = h.ActivateCatalogue(t.Context(), director, "none", "")
	h.refused(err, fault.DerivationDiffers)
	if h.lists() != before || h.find("HH-0001").Etag != was.Etag {
		t.Fatal("it wrote")
	}
	if k := copyOf(h, reader); len(k.persons("employment")) != 2 {
		t.Fatal("it does not serve what there is")
	}
}

// An office's clerk that writes while the day turns does not undo what the pass has derived.
func TestAWriteOfADayThatIsOverIsDerivedForTheNewDay(t *testing.T) {
	h := newHouse(t)
	h.load(retiring(1, qionghai[0]))
	was := h.find("HH-0001")
	k := copyOf(h, reader)
	h.clock.day(tomorrow)
	h.derive()
	h.clock.day(today) // another process, whose clock is behind
	_, err := h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	h.ok(err)
	k.pull()
	if k.row("employment", was.Household.ID, was.Household.Persons[0].ID) != nil {
		t.Fatal("the write brought back what the new day had taken")
	}
	for _, a := range k.end.GetAreas() {
		if a.GetArea() == "qionghai" && a.GetDerivedFor() != string(tomorrow) {
			t.Fatalf("derived for %s", a.GetDerivedFor())
		}
	}
}

func TestAStreamEndsWithTheSameDigestsAsAFreshLook(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[1]))
	var end *wire.End
	h.ok(h.Follow(t.Context(), reader, hub.FollowQuery{PageSize: 2}, func(p *wire.Page) error {
		end = p.GetEnd()
		return nil
	}))
	fresh, err := h.Digests(t.Context(), reader, feed.Request{})
	h.ok(err)
	if !proto.Equal(end, fresh) || len(end.GetDigests()) == 0 {
		t.Fatal("the stream's End differs")
	}
	_, err = h.Digests(t.Context(), access.Caller{Agency: "stranger"}, feed.Request{})
	h.refused(err, fault.NoAgreement)
}
