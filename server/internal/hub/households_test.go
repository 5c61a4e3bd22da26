package hub_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestAHouseholdThatWasCreatedStandsInItsLists(t *testing.T) {
	h := newHouse(t)
	made, err := h.CreateHousehold(t.Context(), office, home(1, qionghai[0]), "r")
	h.ok(err)
	if made.Area != "qionghai" || made.Revision != 1 || made.Etag == "" || made.Support != household.Supported {
		t.Fatalf("created as %s, revision %d, %s", made.Area, made.Revision, made.Support)
	}
	k := copyOf(h, reader)
	if k.row("household-status", made.Household.ID, "") == nil || len(k.persons("medical-insurance")) != 3 || len(k.persons("education")) != 1 {
		t.Fatal("a list lacks the household or its members")
	}
}

func TestAStaleEtagIsRefusedAndTheCurrentOneNamed(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	first := h.find("HH-0001")
	second, err := h.update(office, first, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	h.ok(err)
	if second.Etag == first.Etag || second.Revision != 2 {
		t.Fatal("the update made no new state")
	}
	before := h.lists()
	_, err = h.update(office, first, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000098" })
	if f := h.refused(err, fault.EtagStale); f.Meta["current_etag"] != second.Etag {
		t.Fatalf("named %q, the current etag is %q", f.Meta["current_etag"], second.Etag)
	}
	first.Etag = ""
	_, err = h.update(office, first, household.GroupRegister, func(*household.Household) {})
	h.refused(err, fault.EtagRequired)
	if now := h.find("HH-0001"); now.Etag != second.Etag || now.Household.Register.Phone != "10000000099" || h.lists() != before {
		t.Fatal("a refused update changed something")
	}
}

func TestARetryGetsTheFirstAnswerAndDoesNothing(t *testing.T) {
	h := newHouse(t)
	in := home(1, qionghai[0])
	first, err := h.CreateHousehold(t.Context(), office, in, "same")
	h.ok(err)
	change := first.Household.Clone()
	change.Register.Phone = "10000000099"
	change.Village = "" // left out: as it is
	u := hub.Update{Household: change, Etag: first.Etag, Groups: []household.Group{household.GroupRegister}, RequestID: "update"}
	second, err := h.UpdateHousehold(t.Context(), office, u)
	h.ok(err)
	after := h.lists()

	again, err := h.CreateHousehold(t.Context(), office, in, "same")
	h.ok(err)
	if again.Household.ID != first.Household.ID || again.Etag != first.Etag || again.Household.Register.Phone == "10000000099" {
		t.Fatal("the retry of the creation was not answered as the first time")
	}
	again, err = h.UpdateHousehold(t.Context(), office, u) // its etag is stale by now
	h.ok(err)
	if again.Etag != second.Etag || h.lists() != after || h.find("HH-0001").Revision != 2 {
		t.Fatal("the retry of the update did something")
	}
	_, err = h.CreateHousehold(t.Context(), office, home(2, qionghai[0]), "same")
	h.refused(err, fault.RequestReused)
	_, err = h.CreateHousehold(t.Context(), office, home(2, qionghai[0]), "")
	h.violated(err, "request_id", fault.Required)
	if h.lists() != after {
		t.Fatal("a refused request changed something")
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	was := h.find("HH-0001")
	before := h.lists()
	for name, c := range map[string]struct {
		change func(*household.Household)
		reason fault.Reason
		field  string
		bad    fault.Reason
	}{
		"a wrong check character": {func(f *household.Household) { f.Persons[0].IDNumber = "99000119800301001X" }, fault.HouseholdInvalid, "persons[0].id_number", fault.IDChecksum},
		"two heads":               {func(f *household.Household) { f.Persons[1].Relation = household.RelationHead }, fault.HouseholdInvalid, "persons", fault.OneHead},
		"no cause":                {func(f *household.Household) { f.Register.MainCause = "" }, fault.HouseholdInvalid, "register.main_cause", fault.OneMainCause},
		"a death without evidence": {func(f *household.Household) {
			f.Persons[1].LeftOn, f.Persons[1].LeaveReason = today, household.LeaveDeath
		}, fault.HouseholdInvalid, "persons[1].leave_evidence", fault.EvidenceMissing},
		"somebody else's number": {func(f *household.Household) { f.HouseholdNumber = "HH-0002" }, fault.IdentifierTaken, "", ""},
		"another area":           {func(f *household.Household) { f.Village = danzhou[0] }, fault.HouseholdInvalid, "village", fault.OutOfRange},
		"no village":             {func(f *household.Household) { f.Village = "460000000001" }, fault.HouseholdInvalid, "village", fault.VillageUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.update(office, was, household.GroupRegister, c.change)
			h.refused(err, c.reason)
			if c.field != "" {
				h.violated(err, c.field, c.bad)
			}
			if now := h.find("HH-0001"); now.Etag != was.Etag || !household.Equal(now.Household, was.Household) || h.lists() != before {
				t.Error("something changed")
			}
		})
	}
}

func TestAnImportRejectsTheHouseholdAndLoadsTheOthers(t *testing.T) {
	h := newHouse(t)
	broken := home(2, qionghai[0])
	broken.Persons[0].Sex = household.Female
	elsewhere := home(4, danzhou[0])
	got := h.offer(home(1, qionghai[0]), broken, home(3, qionghai[0]), elsewhere)
	if got.Created != 2 || len(got.Rejected) != 2 || got.Rejected[0].Index != 1 || got.Rejected[1].Index != 3 {
		t.Fatalf("%+v", got)
	}
	h.violated(got.Rejected[0].Fault, "persons[0].sex", fault.IDSex)
	before := h.lists()
	again := h.offer(home(1, qionghai[0]), broken, home(3, qionghai[0]), elsewhere)
	if again.Unchanged != 2 || again.Created+again.Changed != 0 || h.lists() != before {
		t.Fatalf("the same again: %+v", again)
	}
	thief := home(5, qionghai[0])
	thief.Persons[2] = home(1, qionghai[0]).Persons[2]
	got = h.offer(thief)
	if len(got.Rejected) != 1 || got.Rejected[0].Fault.Reason != fault.IdentifierTaken || h.lists() != before {
		t.Fatalf("somebody else's member: %+v", got)
	}
}

func TestAWriterChangesOnlyTheGroupsItOwns(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	before := h.lists()
	_, err := h.update(schools, was, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	if f := h.refused(err, fault.GroupNotOwned); f.Meta["group"] != "REGISTER" {
		t.Fatal(f.Meta)
	}
	_, err = h.update(office, was, household.GroupEducation, func(*household.Household) {})
	h.refused(err, fault.GroupNotOwned)
	if h.lists() != before {
		t.Fatal("a refused update changed something")
	}
	in := &household.Household{ID: was.Household.ID, Register: household.Register{Phone: "10000000099"}, Persons: []household.Person{
		{ID: was.Household.Persons[2].ID, Name: "别名", Education: &household.Education{StudentNumber: "G990001201503010011", SchoolName: "某小学", Stage: household.Primary, Enrolment: household.Enrolled}},
	}}
	now, err := h.UpdateHousehold(t.Context(), schools, hub.Update{Household: in, Etag: was.Etag, Groups: []household.Group{household.GroupEducation}, RequestID: "r"})
	h.ok(err)
	if e := now.Household.Persons[2].Education; e == nil || e.SchoolName != "某小学" {
		t.Fatal("the group that the writer owns did not change")
	}
	now.Household.Persons[2].Education = nil
	if !household.Equal(now.Household, was.Household) {
		t.Fatal("what belongs to others or was not mentioned changed")
	}
	if r := copyOf(h, reader).row("education", was.Household.ID, was.Household.Persons[2].ID); r.GetSchoolName() != "某小学" {
		t.Fatal("the list did not follow")
	}
}

func TestWhoWritesMustOwnTheGroupInTheNewVillageToo(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	local := office
	local.Agency = "village-office"
	h.agree(agreementFor(local, qionghai[0]))
	was := h.find("HH-0001")
	_, err := h.update(local, was, household.GroupRegister, func(f *household.Household) { f.Village = qionghai[1] })
	h.refused(err, fault.GroupNotOwned)
	_, err = h.MoveHousehold(t.Context(), local, hub.Move{ID: was.Household.ID, Etag: was.Etag, Village: qionghai[1], Document: paper(), RequestID: "m"})
	h.refused(err, fault.GroupNotOwned)
	if h.find("HH-0001").Etag != was.Etag {
		t.Fatal("it moved")
	}
}

func TestAHouseholdIsReadAsOfARevisionOrATime(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	first := h.find("HH-0001")
	between := h.clock.Now()
	second, err := h.update(office, first, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
	h.ok(err)
	id := first.Household.ID
	for name, c := range map[string]struct {
		revision int64
		asOf     time.Time
		want     hub.HouseholdState
	}{
		"now":             {0, time.Time{}, second},
		"first revision":  {1, time.Time{}, first},
		"second revision": {2, time.Time{}, second},
		"between":         {0, between, first},
		"after":           {0, h.clock.Now(), second},
	} {
		got, err := h.GetHousehold(t.Context(), office, id, c.revision, c.asOf)
		if err != nil || got.Etag != c.want.Etag || got.Revision != c.want.Revision || !household.Equal(got.Household, c.want.Household) {
			t.Errorf("%s: revision %d, %v", name, got.Revision, err)
		}
	}
	_, err = h.GetHousehold(t.Context(), office, id, 0, between.Add(-time.Hour))
	h.refused(err, fault.RevisionNotFound)

	all, err := h.Revisions(t.Context(), office, id)
	h.ok(err)
	if len(all) != 2 || all[0].Revision != 2 || all[0].Cause != "UPDATE" || all[0].Actor != "office/test/clerk-1" || all[1].Cause != "IMPORT" || !all[0].Time.After(all[1].Time) {
		t.Fatalf("%+v", all)
	}
}

func TestAVillagesHouseholdsAreListedPageByPage(t *testing.T) {
	h := newHouse(t)
	want := map[household.SupportStatus]int{}
	var run []*household.Household
	for n := range 11 {
		f := home(n, qionghai[0])
		if n%3 == 0 {
			f = unsupported(f)
		}
		if n == 5 {
			f.Register.PovertyStatus = household.Returned
		}
		run = append(run, f)
	}
	want[household.Unsupported], want[household.Supported] = 4, 7
	h.load(append(run, home(90, qionghai[1]))...)
	for _, size := range []int{1, 2, 3, 10, 11, 12} {
		for status, n := range want {
			q := hub.ListHouseholds{Village: qionghai[0], SupportStatus: status, PageSize: size}
			if got := h.listAll(q); len(got) != n || !slices.IsSorted(got) || len(slices.Compact(got)) != n {
				t.Errorf("page size %d, %s: %d households, not %d", size, status, len(got), n)
			}
		}
	}
	if got := h.listAll(hub.ListHouseholds{Village: qionghai[0], PovertyStatus: household.Returned, PageSize: 3}); len(got) != 1 {
		t.Errorf("%d returned to poverty", len(got))
	}
	_, token, err := h.ListHouseholds(t.Context(), office, hub.ListHouseholds{Village: qionghai[0], PageSize: 2})
	h.ok(err)
	_, _, err = h.ListHouseholds(t.Context(), office, hub.ListHouseholds{Village: qionghai[1], PageSize: 2, PageToken: token})
	h.refused(err, fault.PageTokenInvalid)
	_, _, err = h.ListHouseholds(t.Context(), office, hub.ListHouseholds{Village: qionghai[0], PageToken: token[1:]})
	h.refused(err, fault.PageTokenInvalid)
	_, _, err = h.ListHouseholds(t.Context(), office, hub.ListHouseholds{Village: province})
	h.violated(err, "village", fault.VillageUnknown)
}

// listAll gives the ids of all pages in the order in which they came.
func (h *house) listAll(q hub.ListHouseholds) (ids []string) {
	h.Helper()
	for {
		page, token, err := h.ListHouseholds(h.Context(), office, q)
		h.ok(err)
		if len(page) > q.PageSize {
			h.Fatalf("a page of %d, asked for %d", len(page), q.PageSize)
		}
		for _, s := range page {
			ids = append(ids, s.Household.ID)
		}
		if q.PageToken = token; token == "" {
			return ids
		}
	}
}

func TestEveryIdentifierOfAPersonFindsTheHousehold(t *testing.T) {
	h := newHouse(t)
	f := home(1, qionghai[0])
	former, old := idNumber(50, 1, household.Male, "1980-03-01"), "990001800301011"
	f.Persons[0].FormerIDNumbers = []string{former, old}
	f.Persons[1].DisabilityCard = f.Persons[1].IDNumber + "42"
	f.Sources = map[household.Group]household.Provenance{household.GroupEducation: {Owner: "schools", Source: "file", AsOf: today}}
	f.Persons[2].Education = &household.Education{StudentNumber: "G990001201503010011", Stage: household.Primary, Enrolment: household.Enrolled}
	h.load(f, home(2, qionghai[1]))
	was := h.find("HH-0001").Household
	for _, c := range []struct {
		kind, value string
		person      int // -1: the household
	}{
		{"HOUSEHOLD_NUMBER", "HH-0001", -1},
		{"HOUSEHOLD_NUMBER", " HH-0001 ", -1},
		{"PERSON_NUMBER", "P-0001-2", 1},
		{"ID_NUMBER", f.Persons[0].IDNumber, 0},
		{"ID_NUMBER", former, 0},
		{"ID_NUMBER", old, 0},
		{"ID_NUMBER", f.Persons[1].DisabilityCard, 1},
		{"STUDENT_NUMBER", "g990001201503010011", 2},
	} {
		found, err := h.LookUpIdentifier(t.Context(), office, c.kind, c.value)
		person := ""
		if c.person >= 0 {
			person = was.Persons[c.person].ID
		}
		if err != nil || len(found) != 1 || found[0].Household.ID != was.ID || found[0].Person != person {
			t.Errorf("%s: %d found, %v", c.kind, len(found), err)
		}
	}
	named, err := h.LookUpName(t.Context(), office, f.Persons[1].Name)
	if err != nil || len(named) != 1 || named[0].Person != was.Persons[1].ID {
		t.Errorf("by name: %d found, %v", len(named), err)
	}
	if found, err := h.LookUpIdentifier(t.Context(), office, "PERSON_NUMBER", "HH-0001"); err != nil || len(found) != 0 {
		t.Error("a number was found under another kind", err)
	}
}

func TestWhoHasNoAgreementDoesNotLearnThatAHouseholdExists(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	id := was.Household.ID
	neighbour := stranger
	neighbour.Agency = "neighbour"
	h.agree(agreementFor(neighbour, qionghai[1]))
	for _, c := range []struct {
		name string
		try  func() error
	}{
		{"get", func() error { _, err := h.GetHousehold(t.Context(), neighbour, id, 0, time.Time{}); return err }},
		{"get a revision", func() error { _, err := h.GetHousehold(t.Context(), stranger, id, 1, time.Time{}); return err }},
		{"revisions", func() error { _, err := h.Revisions(t.Context(), neighbour, id); return err }},
		{"update", func() error {
			_, err := h.update(neighbour, was, household.GroupRegister, func(*household.Household) {})
			return err
		}},
		{"move", func() error {
			_, err := h.MoveHousehold(t.Context(), neighbour, hub.Move{ID: id, Etag: was.Etag, Village: qionghai[1], Document: paper(), RequestID: "m"})
			return err
		}},
		{"an id that stands for nobody", func() error {
			_, err := h.GetHousehold(t.Context(), neighbour, "hh_0", 0, time.Time{})
			return err
		}},
	} {
		if err := c.try(); !fault.Is(err, fault.HouseholdNotFound) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, kind := range []string{"HOUSEHOLD_NUMBER", "ID_NUMBER"} {
		found, err := h.LookUpIdentifier(t.Context(), neighbour, kind, map[string]string{"HOUSEHOLD_NUMBER": "HH-0001", "ID_NUMBER": was.Household.Persons[0].IDNumber}[kind])
		if err != nil || len(found) != 0 {
			t.Errorf("look-up by %s gave %d, %v", kind, len(found), err)
		}
	}
	if found, err := h.LookUpName(t.Context(), neighbour, was.Household.Persons[0].Name); err != nil || len(found) != 0 {
		t.Errorf("look-up by name gave %d, %v", len(found), err)
	}
	_, _, err := h.ListHouseholds(t.Context(), neighbour, hub.ListHouseholds{Village: qionghai[0]})
	h.refused(err, fault.NoAgreement)
}
