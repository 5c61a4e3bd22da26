package hub

import (
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Changes counts what an import changes, by kind: HOUSEHOLD_CREATED, HOUSEHOLD_CHANGED,
// HOUSEHOLD_UNCHANGED, MEMBER_JOINED, MEMBER_LEFT, MEMBER_CHANGED, FACT_CHANGED,
// FACT_UNCHANGED, and LIST_ with the operation for rows of lists.
type Changes map[string]int

// Add adds those of other.
func (c Changes) Add(other Changes) {
	for kind, n := range other {
		c[kind] += n
	}
}

// changeCount counts what one transaction changes.
type changeCount struct {
	all      Changes
	villages map[string]Changes
}

func newChangeCount() changeCount { return changeCount{all: Changes{}, villages: map[string]Changes{}} }

func (t changeCount) count(village, kind string) {
	t.all[kind]++
	if t.villages[village] == nil {
		t.villages[village] = Changes{}
	}
	t.villages[village][kind]++
}

// lists counts the rows of lists; a village is where the row stands now.
func (t changeCount) lists(b *store.Batch) {
	for _, c := range b.Changes {
		t.count(c.Village, "LIST_"+c.Op)
	}
}

// household counts a household and its members; rejected ones are counted elsewhere.
func (t changeCount) household(e entry) {
	switch {
	case e.fault != nil:
		return
	case !e.changed:
		t.count(e.step.After.Village, "HOUSEHOLD_UNCHANGED")
		return
	case e.step.Revision == 0:
		t.count(e.step.After.Village, "HOUSEHOLD_CREATED")
	default:
		t.count(e.step.After.Village, "HOUSEHOLD_CHANGED")
	}
	t.members(e.step)
}

func (t changeCount) members(s transition) {
	before := map[string]household.Person{}
	if s.Before != nil {
		for _, p := range s.Before.Persons {
			before[p.ID] = p
		}
	}
	for _, p := range s.After.Persons {
		was, known := before[p.ID]
		switch present := p.LeftOn == ""; {
		case present && (!known || was.LeftOn != ""):
			t.count(s.After.Village, "MEMBER_JOINED")
		case !present && known && was.LeftOn == "":
			t.count(s.After.Village, "MEMBER_LEFT")
		case known && !equalPersons(was, p):
			t.count(s.After.Village, "MEMBER_CHANGED")
		}
	}
}

func equalPersons(a, b household.Person) bool {
	return household.Equal(&household.Household{Persons: []household.Person{a}}, &household.Household{Persons: []household.Person{b}})
}

// fact counts a department's row that was taken.
func (t changeCount) fact(village string, a Answer) {
	switch {
	case a.Reason != nil:
	case a.Changed:
		t.count(village, "FACT_CHANGED")
	default:
		t.count(village, "FACT_UNCHANGED")
	}
}

func (t changeCount) addTo(all Changes, villages map[string]Changes) {
	all.Add(t.all)
	for village, changes := range t.villages {
		if villages[village] == nil {
			villages[village] = Changes{}
		}
		villages[village].Add(changes)
	}
}
