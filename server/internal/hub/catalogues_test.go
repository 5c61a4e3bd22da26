package hub_test

import (
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// edited is the embedded catalogue with one text in place of another.
func edited(t testing.TB, old, text string) string {
	t.Helper()
	was := string(catalogue.Hainan2019())
	if strings.Count(was, old) == 0 {
		t.Fatalf("the catalogue does not say %q", old)
	}
	return strings.Replace(was, old, text, 1)
}

// fewerPupils is a catalogue under which compulsory education ends with ten years.
func fewerPupils(t testing.TB) string {
	return edited(t, "person.age >= 6 && person.age <= 15", "person.age >= 6 && person.age <= 10")
}

// withoutGroup is a catalogue whose list education has a field less.
func withoutGroup(t testing.TB) string {
	return edited(t, "relation_to_head, provisional, village_group,\n             guardian_name", "relation_to_head, provisional,\n             guardian_name")
}

func (h *house) submit(text string) string {
	h.Helper()
	row, err := h.SubmitCatalogue(h.Context(), office, text)
	h.ok(err)
	return row.Version
}

func (h *house) preview(version string) hub.Preview {
	h.Helper()
	p, err := h.PreviewCatalogue(h.Context(), office, version)
	h.ok(err)
	return p
}

func TestACatalogueBecomesActiveOnlyAfterAPreviewAndASecondPersonsYes(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	before := h.lists()
	version := h.submit(withoutGroup(t))
	if again := h.submit(withoutGroup(t)); again != version {
		t.Fatal("the same text is another version")
	}
	activate := func(c access.Caller) error {
		_, err := h.ActivateCatalogue(t.Context(), c, version, "")
		return err
	}
	h.refused(activate(director), fault.PreviewMissing)
	h.preview(version)
	h.refused(activate(office), fault.SecondPerson)
	sameClerk, nobody := office, director
	sameClerk.Client, nobody.Person = "another", ""
	h.refused(activate(sameClerk), fault.SecondPerson)
	h.refused(activate(nobody), fault.SecondPerson)
	h.refused(activate(reader), fault.NoAgreement)
	h.clock.day(tomorrow)
	h.refused(activate(director), fault.PreviewStale)
	h.clock.day(today)
	if h.lists() != before {
		t.Fatal("a refused activation changed something")
	}
	h.preview(version)
	h.ok(activate(director))
	if c, err := h.Catalogue(t.Context(), ""); err != nil || c.Version != version {
		t.Fatal("it is not active", err)
	}
	_, err := h.SubmitCatalogue(t.Context(), reader, fewerPupils(t))
	h.refused(err, fault.NoAgreement)
	_, err = h.PreviewCatalogue(t.Context(), reader, version)
	h.refused(err, fault.NoAgreement)
	_, err = h.SubmitCatalogue(t.Context(), office, edited(t, "clause: 一(一)", "clauses: 一(一)"))
	h.refused(err, fault.CatalogueInvalid)
}

func TestAPreviewIsOfTheCatalogueThatIsReplaced(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	first, second := h.submit(withoutGroup(t)), h.submit(edited(t, "title: 教育保障名单", "title: 教育名单"))
	h.preview(first)
	h.preview(second)
	_, err := h.ActivateCatalogue(t.Context(), director, first, "")
	h.ok(err)
	_, err = h.ActivateCatalogue(t.Context(), director, second, "")
	h.refused(err, fault.PreviewStale)
}

func TestAMassDropIsHeldUntilSomebodyOverridesItAndIsNoEnd(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	h.load(home(3, danzhou[0]))
	k := copyOf(h, reader)
	version := h.submit(fewerPupils(t))
	before := h.lists()
	effects := map[string]hub.Effect{}
	for _, e := range h.preview(version).Effects {
		effects[e.Area+" "+e.List] = e
	}
	if e := effects["qionghai education"]; e.Records != 2 || e.Ended != 2 || e.Added+e.Changed != 0 {
		t.Errorf("%+v", e)
	}
	if e := effects["danzhou medical-insurance"]; e.Records != 3 || e.Ended+e.Added+e.Changed != 0 {
		t.Errorf("%+v", e)
	}
	_, err := h.ActivateCatalogue(t.Context(), director, version, "")
	f := h.refused(err, fault.ActivationHeld)
	if f.Meta["list"] != "education" || h.lists() != before {
		t.Fatal("held, and yet", f.Meta)
	}
	_, err = h.ActivateCatalogue(t.Context(), director, version, "决定某号")
	h.ok(err)
	if d := h.derive(); d.Changed != 3 {
		t.Fatalf("%+v", d)
	}
	for _, c := range k.pull() {
		if c.op != "LEFT_SCOPE" || c.cause != "CATALOGUE" || c.list != "education" {
			t.Errorf("%+v", c)
		}
	}
	if len(k.changes) != 3 || len(k.persons("education")) != 0 {
		t.Errorf("%d changes", len(k.changes))
	}
	k.equal()
}

func TestAListWithOtherFieldsIsNeitherMixedNorReadOnWithAnOldCursor(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.agree(access.Agreement{ID: "a-health", Agency: "health", Divisions: []string{province}, Lists: []string{"medical-insurance"}})
	health := access.Caller{Agency: "health"}
	k, untouched := copyOf(h, reader), copyOf(h, health)
	version := h.submit(withoutGroup(t))
	h.preview(version)
	_, err := h.ActivateCatalogue(t.Context(), director, version, "")
	h.ok(err)

	_, err = h.Pull(t.Context(), reader, hub.PullQuery{Cursor: k.cursor})
	if f := h.refused(err, fault.CursorList); f.Meta["list"] != "education" {
		t.Error(f.Meta)
	}
	_, err = h.Pull(t.Context(), reader, hub.PullQuery{})
	if f := h.refused(err, fault.CatalogueChanging); f.RetryAfter == 0 || f.Meta["area"] != "qionghai" {
		t.Error(f.Meta, f.RetryAfter)
	}
	untouched.pull() // its list is as it was

	h.derive()
	_, err = h.Pull(t.Context(), reader, hub.PullQuery{Cursor: k.cursor})
	h.refused(err, fault.CursorList)
	if fresh := copyOf(h, reader); len(fresh.rows) != len(k.rows) {
		t.Errorf("%d rows, there were %d", len(fresh.rows), len(k.rows))
	}
	if untouched.pull(); len(untouched.changes) > 0 {
		t.Errorf("%d changes of a list whose fields are as they were", len(untouched.changes))
	}
}

func TestWhoWritesBetweenActivationAndPassWritesUnderTheNewCatalogue(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	k := copyOf(h, reader)
	version := h.submit(fewerPupils(t))
	h.preview(version)
	_, err := h.ActivateCatalogue(t.Context(), director, version, "决定某号")
	h.ok(err)
	_, err = h.update(office, h.find("HH-0001"), household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	h.ok(err)
	k.pull()
	if len(k.persons("education")) != 1 {
		t.Error("the write was derived under the old catalogue")
	}
	if d := h.derive(); d.Changed != 1 {
		t.Errorf("%+v", d)
	}
	k.pull()
	k.equal()
	if len(ended(k.changes)) > 0 {
		t.Error("a catalogue looks like an end")
	}
}
