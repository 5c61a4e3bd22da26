package hub_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// support says per person and list what the copy's rows say about support.
func (k *copied) support() map[string]string {
	out := map[string]string{}
	for key, r := range k.rows {
		if key.person == "" {
			continue
		}
		s := []string{r.GetSupportStatus(), r.GetUnsupportedFrom(), r.GetDecisionNumber(), fmt.Sprint(r.GetReview())}
		for _, e := range r.GetEntitlements() {
			s = append(s, e.GetPolicy()+" until "+e.GetUntil())
		}
		out[key.person+" "+key.list] = strings.Join(s, ", ")
	}
	return out
}

func equalSupport(a, b map[string]string) bool { return maps.Equal(a, b) }

func TestALegacyDecisionLoadsWithItsDocumentAndOnlyWithANewHousehold(t *testing.T) {
	h := newHouse(t)
	h.load(unsupported(home(1, qionghai[0])), home(2, qionghai[0]))
	k := copyOf(h, reader)
	was, other := h.find("HH-0001"), h.find("HH-0002")
	persons := was.Household.Persons
	if was.Support != household.Unsupported {
		t.Fatal(was.Support)
	}
	for _, p := range persons {
		r := k.row("no-longer-supported", was.Household.ID, p.ID)
		if r == nil || r.GetReview() || r.GetUnsupportedFrom() != "2024-02-01" || !strings.Contains(r.GetDecisionDocument(), paper().Number) {
			t.Errorf("on the roster: %v", r)
		}
	}
	if r := k.row("education", was.Household.ID, persons[2].ID); r.GetEntitlements()[0].GetUntil() != "2027-08-31" {
		t.Error("the frozen end date does not stand in the list")
	}
	for list, n := range map[string]int{"no-longer-supported": 3, "medical-insurance": 3 + 1, "employment": 2, "education": 2} {
		if got := len(k.persons(list)); got != n {
			t.Errorf("%s has %d rows, not %d", list, got, n)
		}
	}

	before := h.lists()
	got := h.offer(unsupported(home(2, qionghai[0])))
	if len(got.Rejected) != 1 {
		t.Fatal("a household that is in the hub left support by an import")
	}
	h.violated(got.Rejected[0].Fault, "decisions[0]", fault.LegacyDecisionLate)
	_, err := h.update(office, other, household.GroupRegister, func(f *household.Household) { unsupported(f) })
	h.violated(err, "decisions[0]", fault.LegacyDecisionLate)
	_, err = h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Decisions[0].EffectiveOn = "2025-01-01" })
	h.violated(err, "decisions[0]", fault.DecisionImmutable)
	if h.lists() != before {
		t.Error("a refused decision changed a list")
	}
}

func TestWhoIsBornOrMarriedIntoAnUnsupportedHouseholdIsOnTheRosterForReview(t *testing.T) {
	h := newHouse(t)
	h.load(unsupported(home(1, qionghai[0])))
	k := copyOf(h, reader)
	more := home(1, qionghai[0])
	child := member(1, 4, household.RelationSon, household.Male, "2026-11-01")
	child.IDNumber, child.JoinReason = "", household.JoinBirth
	wed := member(1, 5, household.RelationDaughtersHusband, household.Male, "2001-01-01")
	wed.JoinedOn, wed.JoinReason = "2026-11-10", household.JoinMarriage
	more.Persons = append(more.Persons, child, wed)
	h.load(more)
	k.pull()
	k.equal()
	if len(ended(k.changes)) > 0 {
		t.Error("somebody's support ended by a birth or a marriage")
	}
	now := h.find("HH-0001").Household
	for i, review := range []bool{false, false, false, true, true} {
		r := k.row("no-longer-supported", now.ID, now.Persons[i].ID)
		if r == nil || r.GetReview() != review {
			t.Errorf("person %d on the roster: %v", i, r)
		}
		if i > 2 && (k.row("medical-insurance", now.ID, now.Persons[i].ID) != nil || k.row("employment", now.ID, now.Persons[i].ID) != nil) {
			t.Errorf("person %d is supported, unlike the household", i)
		}
	}
}

func TestWhoSplitsOffTakesTheFrozenEndDatesAlong(t *testing.T) {
	h := newHouse(t)
	h.load(unsupported(home(1, qionghai[0])))
	k := copyOf(h, reader)
	before := k.support()
	was := h.find("HH-0001")
	rest, off := h.split(was, "HH-0002", was.Household.Persons[1].ID, was.Household.Persons[2].ID)
	k.pull()
	k.equal()
	if rest.Support != household.Unsupported || off.Support != household.Unsupported || len(ended(k.changes)) > 0 {
		t.Errorf("%s, %s, %d ends", rest.Support, off.Support, len(ended(k.changes)))
	}
	if after := k.support(); !equalSupport(before, after) {
		t.Errorf("somebody's support changed:\n%v\n%v", before, after)
	}
	h.merge(rest, off)
	k.pull()
	k.equal()
	if after := k.support(); !equalSupport(before, after) {
		t.Errorf("undone, somebody's support changed:\n%v\n%v", before, after)
	}
}

// Files of an office say that somebody left one household, and that they live in another.
func TestWhoMovesOutKeepsTheirIdAndTakesTheFrozenEndDatesAlong(t *testing.T) {
	for name, village := range map[string]string{"in the same area": qionghai[1], "to another area": danzhou[0]} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			a, b := unsupported(home(1, qionghai[0])), home(2, village)
			h.load(a)
			h.load(b)
			k := copyOf(h, reader)
			before := k.support()
			daughter := h.find("HH-0001").Household.Persons[2].ID

			goes := func(from, to *household.Household) {
				from.Decisions = nil
				p := &from.Persons[len(from.Persons)-1]
				there := *p
				p.LeftOn, p.LeaveReason = h.Today(), household.LeaveMarriage
				there.JoinedOn, there.JoinReason, there.Relation = h.Today(), household.JoinMarriage, household.RelationOther
				if len(to.Persons) == 0 {
					there.Relation = household.RelationHead
				}
				to.Persons = append(slices.DeleteFunc(to.Persons, func(q household.Person) bool { return q.IDNumber == there.IDNumber }), there)
				if from.Village == to.Village || from.Village == qionghai[0] && to.Village == qionghai[1] {
					h.load(from, to) // in one file
				} else {
					h.load(from)
					h.load(to)
				}
				k.pull()
				k.equal()
				if after := k.support(); !equalSupport(before, after) {
					t.Fatalf("somebody's support changed:\n%v\n%v", before, after)
				}
				if len(ended(k.changes)) > 0 {
					t.Fatal("it looks like an end")
				}
				if k.row("no-longer-supported", h.find(to.HouseholdNumber).Household.ID, daughter) == nil {
					t.Fatal("she is not on the roster where she lives")
				}
			}
			goes(a, b)
			if h.find("HH-0002").Support != household.Supported {
				t.Error("her new family is no longer supported")
			}
			c := home(3, village)
			c.Persons = nil
			h.clock.day("2026-12-01")
			h.derive()
			k.pull()
			goes(b, c)
			if h.find("HH-0003").Support != household.Unsupported {
				t.Error("alone, she is a supported household")
			}
			h.clock.day("2026-12-02")
			h.derive()
			k.pull()
			again := home(1, qionghai[0])
			again.Persons = again.Persons[:2]
			c.Persons = append(home(4, village).Persons[:1], c.Persons...)
			c.Persons[1].Relation = household.RelationOther
			h.load(c)
			k.pull()
			before = k.support()
			goes(c, again)
			if got := h.load(again); got.Unchanged != 1 {
				t.Errorf("the same again: %+v", got)
			}
		})
	}
}

func TestAMergeOfASupportedAndAnUnsupportedHouseholdChangesNobodysSupport(t *testing.T) {
	for name, numbers := range map[string][2]string{"into the supported one": {"HH-0001", "HH-0002"}, "into the unsupported one": {"HH-0002", "HH-0001"}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.load(home(1, qionghai[0]), unsupported(home(2, qionghai[0])))
			k := copyOf(h, reader)
			before := k.support()
			into, from := h.find(numbers[0]), h.find(numbers[1])
			whole := h.merge(into, from)
			k.pull()
			k.equal()
			if after := k.support(); !equalSupport(before, after) {
				t.Errorf("somebody's support changed:\n%v\n%v", before, after)
			}
			if len(ended(k.changes)) > 0 {
				t.Error("a merge looks like an end")
			}
			var moved []string
			for _, p := range from.Household.Persons {
				moved = append(moved, p.ID)
			}
			h.split(whole, from.Household.HouseholdNumber, moved...)
			k.pull()
			k.equal()
			if after := k.support(); !equalSupport(before, after) {
				t.Errorf("undone, somebody's support changed:\n%v\n%v", before, after)
			}
		})
	}
}

func TestADeathEndsThePersonsRecordsWithItsOwnCause(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), unsupported(home(2, qionghai[0])))
	for _, number := range []string{"HH-0001", "HH-0002"} {
		k := copyOf(h, reader)
		was := h.find(number)
		wife := was.Household.Persons[1].ID
		held := map[string]bool{}
		for key := range k.rows {
			if key.person == wife {
				held[key.list] = true
			}
		}
		_, err := h.update(office, was, household.GroupRegister, func(f *household.Household) {
			f.Persons[1].LeftOn, f.Persons[1].LeaveReason, f.Persons[1].LeaveEvidence = today, household.LeaveDeath, "死亡证明1号"
		})
		h.ok(err)
		k.pull()
		k.equal()
		gone := ended(k.changes)
		for _, c := range gone {
			if c.person != wife || c.basis != "DEATH" || c.lastDay != "2026-11-22" || !held[c.list] {
				t.Errorf("%+v", c)
			}
		}
		if len(gone) != len(held) || len(held) == 0 {
			t.Errorf("%s: %d records ended, the person stood in %d lists", number, len(gone), len(held))
		}
	}
}

func TestAHouseholdIsClosedOnlyWithItsEvidence(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	k := copyOf(h, reader)
	was := h.find("HH-0001")
	before := h.lists()
	_, err := h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Register.PovertyStatus = household.Removed })
	h.refused(err, fault.HouseholdInvalid)
	if h.lists() != before {
		t.Fatal("closed without evidence")
	}
	_, err = h.update(office, was, household.GroupRegister, func(f *household.Household) {
		f.Register.PovertyStatus = household.Removed
		f.Closing = &household.Closing{Kind: household.ClosingError, On: today, Document: paper()}
	})
	h.ok(err)
	if k.pull(); len(ended(k.changes)) == 0 || len(k.rows) > 0 {
		t.Fatalf("%d ends, %d rows left", len(ended(k.changes)), len(k.rows))
	}
	for _, c := range k.changes {
		if c.op != "ENDED" || c.basis != "CLOSING" {
			t.Errorf("%+v", c)
		}
	}
}

// Whatever files, departments and days do, without a death, a closing or a decision no
// row of the feed says that support ended.
func TestNoImportUpdateMoveOrDayLooksLikeAnEnd(t *testing.T) {
	h := newHouse(t)
	k := copyOf(h, reader)
	left, n, day := 0, 0, today
	rapid.Check(t, func(rt *rapid.T) {
		n++
		base := home(n, qionghai[0])
		h.load(base)
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			switch rapid.IntRange(0, 4).Draw(rt, "act") {
			case 0, 1:
				h.load(drawn(rt, home(n, base.Village)))
			case 2:
				_, err := h.update(office, h.find(base.HouseholdNumber), household.GroupRegister, func(f *household.Household) { drawn(rt, f) })
				if err != nil && fault.Of(err) == nil {
					rt.Fatal(err)
				}
			case 3:
				base.Village = rapid.SampledFrom(qionghai[:5]).Draw(rt, "village")
				h.move(h.find(base.HouseholdNumber), base.Village)
			case 4:
				day = day.AddDays(rapid.IntRange(1, 40).Draw(rt, "days"))
				h.clock.day(day)
				_, err := h.Derive(t.Context())
				h.ok(err)
			}
		}
		for _, c := range k.pull() {
			if c.op == "ENDED" {
				rt.Fatalf("%+v", c)
			}
			if c.op == "LEFT_SCOPE" {
				left++
			}
		}
	})
	if left == 0 {
		t.Error("no row left any list: nothing was tried")
	}
	k.equal()
}

// drawn changes a household's facts at random: all that a file or an update may state,
// but no death, closing or decision.
func drawn(rt *rapid.T, f *household.Household) *household.Household {
	f.Register.PovertyStatus = rapid.SampledFrom([]household.PovertyStatus{household.Lifted, household.Returned, household.RegisteredPoor, household.PreExit}).Draw(rt, "status")
	if f.Register.PovertyStatus != household.Lifted {
		f.Register.LiftedYear = 0
	}
	f.Register.MonitorType = rapid.SampledFrom([]household.MonitorType{"", household.MonitorUnstable, household.MonitorSudden}).Draw(rt, "monitor")
	for i := range f.Persons {
		p := &f.Persons[i]
		p.SchoolStage = rapid.SampledFrom([]household.SchoolStage{"", household.NotInSchool, household.Primary, household.Senior1, household.College}).Draw(rt, "stage")
		p.LabourAbility = rapid.SampledFrom([]household.LabourAbility{"", household.LabourOrdinary, household.LabourLost, household.LabourNone}).Draw(rt, "labour")
		if i > 0 && rapid.IntRange(0, 5).Draw(rt, "leaves?") == 0 {
			p.LeftOn = "2026-11-20"
			p.LeaveReason = rapid.SampledFrom([]household.LeaveReason{household.LeaveMarriage, household.LeaveMovedOut, household.LeaveOther}).Draw(rt, "why")
		}
	}
	if rapid.IntRange(0, 3).Draw(rt, "not mentioned?") == 0 {
		f.Persons = slices.Delete(f.Persons, 1, 2)
	}
	if rapid.Bool().Draw(rt, "need?") {
		need := household.Need{Category: household.NeedHousing, AroseOn: "2026-01-05"}
		if rapid.Bool().Draw(rt, "met?") {
			need.FulfilledOn = "2026-05-01"
		}
		f.Needs = []household.Need{need}
	}
	return f
}
