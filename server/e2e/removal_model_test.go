package e2e

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// What the notice and the design say about decisions and people, in the plainest way:
// who lives where, and which decisions concern whom. It shares nothing with the hub but
// the ids that the hub gives.

// ledger is the model.
type ledger struct {
	homes     map[string]*ledgerHome // open households
	persons   map[string]*ledgerPerson
	decisions map[string]*ledgerDecision
	came      int
}

type ledgerHome struct {
	id, area, village string
	came              int             // before which others
	people            []string        // who lives there
	whole             map[string]bool // decisions about the household: they concern whoever lives there
}

type ledgerPerson struct {
	own  map[string]bool // decisions that the person brought along from another household
	died date.Date
}

type ledgerDecision struct {
	effective, reversed date.Date           // reversed "": never
	frozen              map[string]bool     // persons on its roster
	earlier             map[string][]string // other decisions that concerned a person then
}

func newLedger() *ledger {
	return &ledger{homes: map[string]*ledgerHome{}, persons: map[string]*ledgerPerson{}, decisions: map[string]*ledgerDecision{}}
}

func (l *ledger) settle(id, area, village string, people ...string) *ledgerHome {
	l.came++
	h := &ledgerHome{id: id, came: l.came, area: area, village: village, people: people, whole: map[string]bool{}}
	l.homes[id] = h
	for _, p := range people {
		if l.persons[p] == nil {
			l.persons[p] = &ledgerPerson{own: map[string]bool{}}
		}
	}
	return h
}

// concerning are the decisions that concern somebody who lives in a household.
func (l *ledger) concerning(h *ledgerHome, person string) map[string]bool {
	all := maps.Clone(h.whole)
	maps.Copy(all, l.persons[person].own)
	return all
}

// mixed tells whether people with different decisions live together. What a birth,
// wedding, split or merge there means is not this test's question.
func (l *ledger) mixed(h *ledgerHome) bool {
	for _, p := range h.people {
		for d := range l.persons[p].own {
			if !h.whole[d] {
				return true
			}
		}
	}
	return len(h.people) == 0
}

// removed tells whether a decision about the household stands, whenever it takes effect.
func (l *ledger) removed(h *ledgerHome) bool {
	for d := range h.whole {
		if l.decisions[d].reversed == "" {
			return true
		}
	}
	return false
}

func (l *ledger) decide(h *ledgerHome, id string, effective date.Date) {
	d := &ledgerDecision{effective: effective, frozen: map[string]bool{}, earlier: map[string][]string{}}
	for _, p := range h.people {
		d.frozen[p] = true
		d.earlier[p] = slices.Collect(maps.Keys(l.concerning(h, p)))
	}
	h.whole[id] = true
	l.decisions[id] = d
}

func (l *ledger) leave(h *ledgerHome, person string) {
	h.people = slices.DeleteFunc(slices.Clone(h.people), func(p string) bool { return p == person })
}

func (l *ledger) marry(from, to *ledgerHome, person string) {
	maps.Copy(l.persons[person].own, from.whole)
	l.leave(from, person)
	to.people = append(to.people, person)
}

func (l *ledger) split(from *ledgerHome, id string, leaving ...string) {
	for _, p := range leaving {
		l.leave(from, p)
	}
	l.settle(id, from.area, from.village, leaving...).whole = maps.Clone(from.whole)
}

// merge changes nobody's support: who was concerned stays so, the others stay free.
func (l *ledger) merge(into, from *ledgerHome) {
	if l.removed(into) && !l.removed(from) {
		for _, p := range into.people {
			maps.Copy(l.persons[p].own, into.whole)
		}
		into.whole = map[string]bool{}
	}
	for _, p := range from.people {
		maps.Copy(l.persons[p].own, from.whole)
	}
	into.people = append(into.people, from.people...)
	delete(l.homes, from.id)
}

// standing tells whether a decision has ended support on a day.
func (l *ledger) standing(id string, on date.Date) bool {
	d := l.decisions[id]
	return d.effective <= on && (d.reversed == "" || d.reversed > on)
}

// roster is who is on it on a day, as "household person review".
func (l *ledger) roster(on date.Date, covers func(village string) bool) map[string]bool {
	out := map[string]bool{}
	for _, h := range l.homes {
		for _, p := range h.people {
			concerned, named := false, false
			for d := range l.concerning(h, p) {
				if l.standing(d, on) {
					concerned, named = true, named || l.decisions[d].frozen[p]
				}
			}
			if concerned && covers(h.village) {
				out[fmt.Sprintf("%s %s %v", h.id, p, !named)] = true
			}
		}
	}
	return out
}

// lastDay is the last day that a decision leaves to somebody ("": the household) in a list.
func (l *ledger) lastDay(id, list, person string) date.Date {
	d := l.decisions[id]
	last := d.effective.AddDays(-1)
	year := d.effective.Year()
	switch {
	case !d.frozen[person]:
		return last
	case list == "medical-insurance" || list == "insurance-missing":
		last = date.New(year, 12, 31)
	case list == "education": // its pupils are at primary school: to the end of the term
		last = date.New(year, 7, 31)
		if d.effective <= date.New(year, 1, 31) {
			last = date.New(year, 1, 31)
		} else if last < d.effective {
			last = date.New(year+1, 1, 31)
		}
	}
	for _, before := range d.earlier[person] {
		if l.decisions[before].reversed == "" {
			last = min(last, l.lastDay(before, list, person))
		}
	}
	return last
}

// over tells whether all decisions that concern somebody have left nothing of a list.
func (l *ledger) over(list, person string, on date.Date) bool {
	stand, over := 0, 0
	for _, h := range l.homes {
		if !slices.Contains(h.people, person) {
			continue
		}
		for d := range l.concerning(h, person) {
			if l.standing(d, on) {
				stand++
				if l.lastDay(d, list, person) < on {
					over++
				}
			}
		}
	}
	return stand > 0 && over == stand
}

// ended judges an end of support that the hub tells: it has a basis that the ledger knows.
func (l *ledger) ended(list, household, person, basis, decision string, last, on date.Date) error {
	switch basis {
	case "DEATH":
		if p := l.persons[person]; p == nil || p.died == "" || last != p.died.AddDays(-1) {
			return fmt.Errorf("%s: a death with the last day %s that nobody died", list, last)
		}
		return nil
	case "DECISION":
		return l.endedBy(list, household, person, decision, last, on)
	}
	return fmt.Errorf("%s: ended by %q", list, basis)
}

func (l *ledger) endedBy(list, household, person, decision string, last, on date.Date) error {
	h, d := l.homes[household], l.decisions[decision]
	if h == nil || d == nil || !l.standing(decision, on) {
		return fmt.Errorf("%s: ended by a decision that does not stand on %s: %+v", list, on, d)
	}
	concerns := h.whole[decision]
	for _, p := range h.people {
		concerns = concerns || ((person == p || person == "") && l.persons[p].own[decision])
	}
	if !concerns {
		return fmt.Errorf("%s: ended by a decision that does not concern them", list)
	}
	if want := l.lastDay(decision, list, person); last != want || last >= on {
		return fmt.Errorf("%s: ended on %s with the last day %s, not %s", list, on, last, want)
	}
	return nil
}
