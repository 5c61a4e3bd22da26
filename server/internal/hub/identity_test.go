package hub_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// about begins a use case on one household or two as they stand.
func (h *house) about(one hub.HouseholdState, other ...hub.HouseholdState) hub.Case {
	k := hub.Case{ID: one.Household.ID, Etag: one.Etag, Document: paper(), RequestID: h.request()}
	if len(other) > 0 {
		k.Other, k.OtherEtag = other[0].Household.ID, other[0].Etag
	}
	return k
}

// finds says in which household, and as whom, an identifier is found: "" where nobody is.
func (h *house) finds(kind, value string) (id, person string) {
	h.Helper()
	found, err := h.LookUpIdentifier(h.Context(), office, kind, value)
	h.ok(err)
	if len(found) > 1 {
		h.Fatalf("%s stands for %d", kind, len(found))
	}
	if len(found) == 0 {
		return "", ""
	}
	return found[0].Household.ID, found[0].Person
}

// told pulls and fails the test unless the copy is right, all came in one transaction
// and no change but those of basis says that support ended.
func (k *copied) told(basis string) {
	k.house.Helper()
	k.pull()
	k.equal()
	for _, c := range k.changes {
		if c.transaction != k.changes[0].transaction {
			k.house.Error("more than one transaction")
		}
		if c.op == "ENDED" && c.basis != basis {
			k.house.Errorf("%+v", c)
		}
	}
	if basis != "" && len(ended(k.changes)) == 0 {
		k.house.Errorf("nothing ended by %s", basis)
	}
	twice := map[rowKey]bool{}
	for key := range k.rows {
		if key.household = ""; key.person != "" && twice[key] {
			k.house.Errorf("somebody stands twice in %s", key.list)
		}
		twice[key] = true
	}
}

func TestACorrectedNumberIsFreeForItsOwnerAndTheOppositeCorrectionBringsItBack(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	k := copyOf(h, reader)
	one := h.find("HH-0001")
	head := one.Household.Persons[0]
	wrong, right := head.IDNumber, idNumber(31, 1, household.Male, head.BirthDate)
	_, err := h.ChangeIDNumber(t.Context(), office, h.about(one), household.NumberChange{Person: head.ID, Number: right, Correction: true})
	h.ok(err)
	k.told("")
	if id, person := h.finds("ID_NUMBER", right); id != one.Household.ID || person != head.ID {
		t.Error("the right number does not find him")
	}
	if id, _ := h.finds("ID_NUMBER", wrong); id != "" {
		t.Error("the typing error still finds somebody")
	}
	if got := h.offer(home(1, qionghai[0])); len(got.Rejected) > 0 {
		t.Error(got.Rejected)
	}
	if id, _ := h.finds("ID_NUMBER", wrong); id != "" {
		t.Error("an old file brought the typing error back")
	}

	two := h.find("HH-0002")
	other := two.Household.Persons[0]
	two, err = h.ChangeIDNumber(t.Context(), office, h.about(two), household.NumberChange{Person: other.ID, Number: wrong})
	h.ok(err)
	if _, person := h.finds("ID_NUMBER", wrong); person != other.ID {
		t.Error("its owner does not get it")
	}
	if _, person := h.finds("ID_NUMBER", other.IDNumber); person != other.ID {
		t.Error("the former number does not find him any more")
	}
	fixed := h.find("HH-0001")
	_, err = h.ChangeIDNumber(t.Context(), office, h.about(fixed), household.NumberChange{Person: head.ID, Number: wrong, Correction: true})
	h.refused(err, fault.IdentifierTaken)
	_, err = h.ChangeIDNumber(t.Context(), office, h.about(two), household.NumberChange{Person: other.ID, Number: other.IDNumber, Correction: true})
	h.ok(err)
	back, err := h.ChangeIDNumber(t.Context(), office, h.about(fixed), household.NumberChange{Person: head.ID, Number: wrong, Correction: true})
	h.ok(err)
	if _, person := h.finds("ID_NUMBER", wrong); person != head.ID || back.Household.Person(head.ID).IDNumber != wrong {
		t.Error("the opposite correction does not bring it back")
	}
	k.pull()
	k.equal()
}

func TestTwoEntriesOfOnePersonBecomeOneAndTwoAgain(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[1]))
	k := copyOf(h, reader)
	before := k.support()
	one, two := h.find("HH-0001"), h.find("HH-0002")
	stays, goes := one.Household.Persons[2], two.Household.Persons[2]
	d := household.Doubling{Stays: stays.ID, Goes: goes.ID, On: today}
	q := h.about(one, two)
	states, err := h.MergePersons(t.Context(), office, q, d)
	h.ok(err)
	again, err := h.MergePersons(t.Context(), office, q, d)
	h.ok(err)
	if again[0].Etag != states[0].Etag || again[1].Etag != states[1].Etag {
		t.Error("the same request did something again")
	}
	k.told("")
	if k.row("education", two.Household.ID, goes.ID) != nil || k.row("education", one.Household.ID, stays.ID) == nil {
		t.Error("not one of the entries stands in the list")
	}
	for kind, value := range map[string]string{"ID_NUMBER": goes.IDNumber, "PERSON_NUMBER": goes.PersonNumber} {
		if _, person := h.finds(kind, value); person != stays.ID {
			t.Errorf("%s does not find the entry that stays", kind)
		}
	}
	if got := h.offer(home(2, qionghai[1])); got.Unchanged != 1 {
		t.Errorf("an old file changed something: %+v", got)
	}
	if k.pull(); len(k.changes) > 0 {
		t.Error("an old file brought the duplicate back")
	}
	_, err = h.SeparatePersons(t.Context(), office, h.about(h.find("HH-0001"), h.find("HH-0002")), d)
	h.ok(err)
	k.told("")
	if _, person := h.finds("ID_NUMBER", goes.IDNumber); person != goes.ID {
		t.Error("the number did not go back")
	}
	if !equalSupport(before, k.support()) {
		t.Error("it is not as it was")
	}
	elsewhere := home(3, danzhou[0])
	h.load(elsewhere)
	_, err = h.MergePersons(t.Context(), office, h.about(h.find("HH-0001"), h.find("HH-0003")), d)
	h.refused(err, fault.OtherArea)
}

func TestABirthADeathAndAClosingAreRecordedAndTakenBack(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	before := k.support()
	was := h.find("HH-0001")
	now, err := h.RecordBirth(t.Context(), office, h.about(was), household.Person{Name: "试新", Sex: household.Male, BirthDate: today, Relation: household.RelationSon})
	h.ok(err)
	child := now.Household.Persons[3]
	k.told("")
	if k.row("medical-insurance", was.Household.ID, child.ID) == nil || !child.Provisional() {
		t.Error("the child is in no list")
	}
	now, err = h.RevokeBirth(t.Context(), office, h.about(now), child.ID)
	h.ok(err)
	k.told("")
	if !equalSupport(before, k.support()) {
		t.Error("after the birth was revoked it is not as it was")
	}
	for i, p := range now.Household.Persons[:3] {
		staying := map[string]household.Relation{}
		if i < 2 {
			staying[now.Household.Persons[i+1].ID] = household.RelationHead
		}
		now, err = h.RecordDeath(t.Context(), office, h.about(now), household.Passing{Person: p.ID, On: today, Staying: staying})
		h.ok(err)
		k.told("DEATH")
	}
	if k.row("household-status", was.Household.ID, "") == nil {
		t.Error("the household ended without evidence of its own")
	}
	now, err = h.CloseHousehold(t.Context(), office, h.about(now), household.Closing{Kind: household.ClosingDeath, On: today})
	h.ok(err)
	k.told("CLOSING")
	now, err = h.ReopenHousehold(t.Context(), office, h.about(now), household.Lifted)
	h.ok(err)
	k.told("")
	for i := 2; i >= 0; i-- {
		staying := map[string]household.Relation{}
		if i < 2 {
			staying[was.Household.Persons[i+1].ID] = was.Household.Persons[i+1].Relation
		}
		now, err = h.RevokeDeath(t.Context(), office, h.about(now), household.Passing{Person: was.Household.Persons[i].ID, Staying: staying})
		h.ok(err)
		k.told("")
	}
	if !equalSupport(before, k.support()) {
		t.Error("taken back, it is not as it was")
	}
	causes, err := h.Revisions(t.Context(), office, was.Household.ID)
	h.ok(err)
	var got []string
	for _, e := range now.Household.Events {
		got = append(got, e.Cause)
		if e.Document != paper() || e.On != today {
			t.Errorf("%+v", e)
		}
	}
	want := []string{"BIRTH", "REVOKE_BIRTH", "DEATH", "DEATH", "DEATH", "CLOSE", "REOPEN", "REVOKE_DEATH", "REVOKE_DEATH", "REVOKE_DEATH"}
	if !slices.Equal(got, want) || len(causes) != len(want)+1 || causes[0].Cause != "REVOKE_DEATH" {
		t.Errorf("%v, %d revisions", got, len(causes))
	}
}

func TestWhoMarriesTakesTheFrozenDatesAlongAndOneRevocationBringsThemBack(t *testing.T) {
	for name, fresh := range map[string]func() (*household.Household, *household.Household){
		"supported into supported":   func() (_, _ *household.Household) { return home(1, qionghai[0]), home(2, qionghai[1]) },
		"unsupported into supported": func() (_, _ *household.Household) { return unsupported(home(1, qionghai[0])), home(2, qionghai[1]) },
		"unsupported into unsupported": func() (_, _ *household.Household) {
			return unsupported(home(1, qionghai[0])), unsupported(home(2, qionghai[1]))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			a, b := fresh()
			h.load(a, b)
			k := copyOf(h, reader)
			before := k.support()
			from, to := h.find("HH-0001"), h.find("HH-0002")
			bride := from.Household.Persons[2]
			states, err := h.RecordMarriage(t.Context(), office, h.about(from, to), household.Wedding{Person: bride.ID, Relation: household.RelationSonsWife, On: today})
			h.ok(err)
			k.told("")
			if !equalSupport(before, k.support()) {
				t.Errorf("somebody's support changed:\n%v\n%v", before, k.support())
			}
			if id, person := h.finds("ID_NUMBER", bride.IDNumber); id != to.Household.ID || person != bride.ID {
				t.Error("she is not found where she lives")
			}
			_, err = h.RevokeMarriage(t.Context(), office, h.about(states[0], states[1]), household.Wedding{Person: bride.ID})
			h.ok(err)
			k.told("")
			if id, _ := h.finds("ID_NUMBER", bride.IDNumber); id != from.Household.ID || !equalSupport(before, k.support()) {
				t.Error("revoked, it is not as it was")
			}
			states, err = h.RecordMarriage(t.Context(), office, h.about(h.find("HH-0001"), h.find("HH-0002")), household.Wedding{Person: bride.ID, Relation: household.RelationSonsWife, On: today})
			h.ok(err)
			k.told("")
			got := h.offer(home(1, qionghai[0]))
			if len(got.Rejected) != 1 {
				t.Error("an old file put her into both households")
			}
			_ = states
		})
	}
}

func TestWhoMarriesIntoAnUnsupportedHouseholdIsUnsupportedForReview(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), unsupported(home(2, qionghai[0])))
	k := copyOf(h, reader)
	from, to := h.find("HH-0001"), h.find("HH-0002")
	bride := from.Household.Persons[2].ID
	_, err := h.RecordMarriage(t.Context(), office, h.about(from, to), household.Wedding{Person: bride, Relation: household.RelationSonsWife, On: today})
	h.ok(err)
	k.told("")
	if r := k.row("no-longer-supported", to.Household.ID, bride); r == nil || !r.GetReview() {
		t.Errorf("on the roster: %v", r)
	}
}

func TestAMergeOfHouseholdsIsTakenBackByItsOwnCall(t *testing.T) {
	for name, from := range map[string]*household.Household{"supported": home(2, qionghai[1]), "unsupported": unsupported(home(2, qionghai[1]))} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.load(home(1, qionghai[0]), from)
			k := copyOf(h, reader)
			before := k.support()
			one, two := h.find("HH-0001"), h.find("HH-0002")
			whole := h.merge(one, two)
			k.told("")
			closed, err := h.GetHousehold(t.Context(), office, two.Household.ID, 0, time.Time{})
			h.ok(err)
			_, err = h.ReopenHousehold(t.Context(), office, h.about(closed), household.Lifted)
			h.refused(err, fault.NotReversible)
			_, err = h.UnmergeHouseholds(t.Context(), office, h.about(whole, closed), household.Splitting{On: today})
			h.ok(err)
			k.told("")
			if h.find("HH-0002").Household.ID != two.Household.ID || !equalSupport(before, k.support()) {
				t.Error("it is not as it was")
			}
		})
	}
}

func TestOnlyTheRegistersOwnerRecordsWhatHappens(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	was := h.find("HH-0001")
	before := h.lists()
	_, err := h.RecordDeath(t.Context(), schools, h.about(was), household.Passing{Person: was.Household.Persons[2].ID, On: today})
	h.refused(err, fault.GroupNotOwned)
	_, err = h.RecordDeath(t.Context(), stranger, h.about(was), household.Passing{Person: was.Household.Persons[2].ID, On: today})
	h.refused(err, fault.HouseholdNotFound)
	k := h.about(was)
	k.Document = household.Document{}
	_, err = h.RecordDeath(t.Context(), office, k, household.Passing{Person: was.Household.Persons[2].ID, On: today})
	h.violated(err, "document.number", fault.Required)
	k = h.about(was)
	k.Etag = "0-old"
	_, err = h.RecordDeath(t.Context(), office, k, household.Passing{Person: was.Household.Persons[2].ID, On: today})
	h.refused(err, fault.EtagStale)
	if h.lists() != before {
		t.Error("a refused call changed something")
	}
}
