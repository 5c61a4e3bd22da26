package e2e

import (
	"fmt"
	"maps"
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Checkpoints: hub, copies and register agree.

func (c *correspondence) checkpoint() {
	c.Helper()
	c.listen()
	c.everyDecision(c.everyLetter())
	c.recipientsLists()
	c.everyTime()
	c.everyCopy()
	c.everyDelivery()
	c.everyRecall()
	c.replays()
	c.did["checkpoints"]++
}

// everyLetter compares all letters of all areas, in the lists and one by one. It gives how
// often each end of a policy is told.
func (c *correspondence) everyLetter() (told map[string]int) {
	c.Helper()
	found := map[string]bool{}
	told = map[string]int{}
	for area := range c.areas {
		since := ""
		for _, head := range c.list(c.clerk, &hubv1.ListLettersRequest{Area: area}) {
			l := c.letters[head.GetId()]
			if l == nil || l.area != area || found[l.id] {
				c.Fatalf("a letter of %s that is not there, or twice: %v", area, head)
			}
			found[l.id] = true
			c.same(l, head, view{head: true, on: c.hub.Today()})
			for _, i := range c.agrees(l).GetItems() {
				if i.GetKind() == hubv1.LetterItemKind_LETTER_ITEM_KIND_END {
					told[i.GetDecision()+" "+i.GetPerson()+" "+i.GetPolicy()]++
				}
			}
			if at := l.since(); at != "" && at < since {
				c.Fatalf("%s waits since %s, and stands behind one of %s", l.id, at, since)
			} else if at != "" {
				since = at
			}
		}
	}
	if len(found) != len(c.letters) {
		c.Fatalf("%d letters are listed, %d should be there", len(found), len(c.letters))
	}
	used := map[string]bool{}
	for _, l := range c.letters {
		if l.number != "" && used[l.number] {
			c.Fatalf("two letters have the number %s", l.number)
		}
		used[l.number] = true
	}
	return told
}

// since is the day since when somebody has a letter before them, "" where nobody has.
func (l *bookLetter) since() string {
	switch l.waiting() {
	case "SIGN_OFF":
		return string(l.opened)
	case "ISSUE":
		return string(l.signed)
	case "RECIPIENTS":
		on := l.issued
		for _, o := range l.objections {
			if o.answered != "" {
				on = max(l.issued, o.answered)
			}
		}
		return string(on)
	case "ANSWER":
		for _, o := range l.objections {
			if o.state == "OPEN" {
				return string(o.opened)
			}
		}
	}
	return ""
}

// everyDecision wants each decision to stand in one notice to each department, with every
// item once; of one taken back before that, nobody was told.
func (c *correspondence) everyDecision(told map[string]int) {
	c.Helper()
	for _, d := range c.decisions {
		for department, items := range d.ends() {
			for _, i := range items {
				if n := told[d.id+" "+i.person+" "+i.policy]; n > 1 || (n == 0 && d.reversal == "") {
					c.Fatalf("%s: %s is told %d times that %s ends", d.number, department, n, i.policy)
				}
				delete(told, d.id+" "+i.person+" "+i.policy)
			}
		}
	}
	if len(told) > 0 {
		c.Fatalf("items that no decision calls for: %v", slices.Sorted(maps.Keys(told)))
	}
}

// recipientsLists compares what recipients see: all that is addressed to them, and what waits.
func (c *correspondence) recipientsLists() {
	c.Helper()
	for _, o := range c.offices {
		all, waiting := map[string]bool{}, map[string]bool{}
		for _, l := range c.letters {
			r := l.receipt(o.agency)
			if r == nil {
				continue
			}
			all[l.id] = true
			switch l.stateOf(r) {
			case "SENT", "DELIVERED", "ACKNOWLEDGED":
				waiting[l.id] = true
			}
		}
		for wait, want := range map[hubv1.LetterWaiting]map[string]bool{0: all, hubv1.LetterWaiting_LETTER_WAITING_RECIPIENTS: waiting} {
			have := map[string]bool{}
			for _, head := range c.list(o.first, &hubv1.ListLettersRequest{Waiting: wait}) {
				have[head.GetId()] = true
				v := c.viewOf(o)
				v.head = true
				c.same(c.letters[head.GetId()], head, v)
			}
			if !maps.Equal(have, want) {
				c.Fatalf("%s sees %v too much and %v too little", o.agency, less(have, want), less(want, have))
			}
		}
	}
}

// everyTime compares the counts by department.
func (c *correspondence) everyTime() {
	c.Helper()
	for area := range c.areas {
		got, err := c.clerk.ListLetterTimes(c.Context(), &hubv1.ListLetterTimesRequest{Area: area})
		c.ok(err)
		have := map[string]bookTimes{}
		for _, t := range got.GetDepartments() {
			have[t.GetDepartment()] = bookTimes{
				int(t.GetDrafts()), int(t.GetLetters()), int(t.GetReceipts()), int(t.GetApplied()), int(t.GetOpen()), int(t.GetDisputed()), int(t.GetOverdue()),
			}
		}
		if want := c.times(area, c.hub.Today()); !maps.Equal(have, want) {
			c.Fatalf("the times of %s are %v, should be %v", area, have, want)
		}
	}
}

// everyCopy wants copies that have just pulled to hold what the hub has, and the roster to
// be those whom a decision concerns.
func (c *correspondence) everyCopy() {
	c.Helper()
	want := map[string]bool{}
	for _, d := range c.decisions {
		today := c.hub.Today()
		if d.effective > today || (d.reversal != "" && d.resumed <= today) {
			continue
		}
		for _, p := range d.home.people {
			want[fmt.Sprintf("%s %s %s %s", d.home.id, p.id, p.idNumber, d.effective)] = true
		}
	}
	copies := []*glass{c.now}
	for _, o := range c.offices {
		if !o.late || c.rng.IntN(4) == 0 {
			copies = append(copies, o.copy)
			o.pulled = true
		}
	}
	for _, g := range copies {
		c.pull(g)
		v, err := g.sync.Verify(c.Context())
		c.ok(err)
		if len(v.Differing) > 0 || len(v.Behind) > 0 {
			c.Fatalf("%s: differs in %v, behind in %v", g.name, v.Differing, v.Behind)
		}
		if !slices.Contains(g.tables, "no_longer_supported") {
			continue
		}
		have := c.rows(g, "SELECT household || ' ' || person || ' ' || id_number || ' ' || unsupported_from FROM no_longer_supported")
		if !maps.Equal(have, want) {
			c.Fatalf("%s on %s: the roster has %v too much and %v too little", g.name, c.today(), less(have, want), less(want, have))
		}
	}
}

// rows reads a column; a list of which the copy has never had a row has no table.
func (c *correspondence) rows(g *glass, query string) map[string]bool {
	c.Helper()
	return (&saga{bureau: c.bureau}).rows(g, query)
}
