package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// What recipients do with letters.

// as gives a recipient's client and person: the first, the second or a program.
func (o *office) as(who int) (hubv1.LetterServiceClient, string) {
	switch who {
	case 0:
		return o.first, o.persons[0]
	case 1:
		return o.second, o.persons[1]
	}
	return o.program, ""
}

// view is a letter as a recipient sees it.
func (c *correspondence) viewOf(o *office) view {
	return view{agency: o.agency, masked: !o.roster, on: c.hub.Today()}
}

// fetch reads a letter, or its printed page; the first time it is delivered by it.
func (c *correspondence) fetch(o *office, l *bookLetter) {
	c.Helper()
	by, _ := o.as(c.rng.IntN(3))
	if l.receipt(o.agency).delivered != "" {
		c.did["fetched again"]++
	}
	l.deliver(o.agency, c.hub.Today())
	if c.rng.IntN(4) == 0 {
		page, err := by.PrintLetter(c.Context(), &hubv1.PrintLetterRequest{Id: l.id})
		c.ok(err)
		if text := string(page.GetData()); !strings.Contains(text, l.number) || !strings.Contains(text, l.items[0].name) {
			c.Fatalf("the page of %s is\n%s", l.number, text)
		}
		c.did["printed"]++
	} else {
		c.same(l, c.fetched(by, l.id), c.viewOf(o))
		c.did["fetched"]++
	}
}

// acknowledge acknowledges, or tries to, as one of the agency.
func (c *correspondence) acknowledge(o *office, l *bookLetter, who int, digest string) {
	c.Helper()
	by, person := o.as(who)
	ask := &hubv1.AcknowledgeLetterRequest{Id: l.id, Digest: digest, RequestId: c.request()}
	first := l.receipt(o.agency) != nil && l.receipt(o.agency).acknowledged == ""
	want := l.acknowledge(o.agency, person, digest, c.hub.Today())
	c.attempt(l, c.viewOf(o), func() (answered, error) { return by.AcknowledgeLetter(c.Context(), ask) }, want)
	switch {
	case want == "" && first:
		c.did["acknowledged"]++
	case want == "":
		c.did["acknowledged again"]++
	}
	if want == "" && c.rng.IntN(4) == 0 { // the answer was lost
		c.attempt(l, c.viewOf(o), func() (answered, error) { return by.AcknowledgeLetter(c.Context(), ask) }, "")
	}
}

// count reports a letter as applied by a number of items.
func (c *correspondence) countApplied(o *office, l *bookLetter, who, count int) {
	c.Helper()
	by, person := o.as(who)
	before := len(l.objections)
	want := c.report(l, o.agency, person, false, count != len(l.standing()), c.hub.Today())
	ask := &hubv1.ReportAppliedRequest{Id: l.id, By: &hubv1.ReportAppliedRequest_Count{Count: int32(count)}, RequestId: c.request()} //nolint:gosec // small
	c.attempt(l, c.viewOf(o), func() (answered, error) { return by.ReportApplied(c.Context(), ask) }, want)
	switch {
	case want == "" && len(l.objections) > before:
		c.did["counted otherwise"]++
	case want == "":
		c.did["counted"]++
	}
}

// rosterColumns are what a copy's row of the roster says.
const rosterColumns = `person || ' ' || household || ' ' || village || ' ' || name || ' ' || id_number || ' ' || birth_date || ' ' || head_name || ' ' ||
	household_number || ' ' || decision_number || ' ' || decision_document || ' ' || decided_on || ' ' || announced_on || ' ' || unsupported_from || ' ' || review`

// about are a copy's rows of the roster about persons.
func (c *correspondence) about(g *glass, persons []string) map[string]bool {
	c.Helper()
	return c.rows(g, "SELECT "+rosterColumns+" FROM no_longer_supported WHERE person IN ('"+strings.Join(persons, "','")+"')")
}

// prove reports a letter as applied by the copy, wherever that stands.
func (c *correspondence) prove(o *office, l *bookLetter, who int) {
	c.Helper()
	by, person := o.as(who)
	if len(c.feed.handed[o.agency]) == 0 {
		return // nothing was pulled yet
	}
	persons := l.named()
	proof, err := o.copy.sync.Proof(c.Context(), persons)
	c.ok(err)
	c.pull(c.now)
	differs := !maps.Equal(c.about(o.copy, persons), c.about(c.now, persons))
	stands, today := c.feed.at(o.agency, l.area, c.hub.Today()), c.hub.Today()
	before, behind := len(l.objections), stands < l.transaction || (differs && stands < c.feed.heads[l.area])
	var want string
	if r := l.receipt(o.agency); behind && l.state == "ISSUED" && r.acknowledged != "" && r.applied == "" && !l.disputed(o.agency) && today >= l.effective() && !c.beingCorrected(l) {
		want = "LETTER_BEHIND"
	} else {
		want = c.report(l, o.agency, person, true, differs, today)
	}
	ask := &hubv1.ReportAppliedRequest{Id: l.id, By: &hubv1.ReportAppliedRequest_Copy{Copy: proof}, RequestId: c.request()}
	c.attempt(l, c.viewOf(o), func() (answered, error) { return by.ReportApplied(c.Context(), ask) }, want)
	switch {
	case want == "" && len(l.objections) > before:
		c.did["proved otherwise"]++
	case want == "":
		c.did["proved"]++
	}
}

// named are the persons of a letter, each once.
func (l *bookLetter) named() []string {
	all := map[string]bool{}
	for _, i := range l.items {
		all[i.person] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// damage spoils a row of a copy about somebody in a letter, has the hub find it, and heals it.
func (c *correspondence) damage(o *office, l *bookLetter) {
	c.Helper()
	persons := l.named()
	c.pull(o.copy)
	o.pulled = true
	if len(c.about(o.copy, persons)) == 0 {
		return // nobody of them is on the roster: nothing to spoil
	}
	_, err := o.copy.db.ExecContext(c.Context(), "UPDATE no_longer_supported SET name = name || '?' WHERE person IN ('"+strings.Join(persons, "','")+"')")
	c.ok(err)
	c.prove(o, l, 2)
	v, err := o.copy.sync.Verify(c.Context())
	c.ok(err)
	if len(v.Differing) == 0 {
		c.Fatalf("%s holds damaged rows, and nothing differs", o.agency)
	}
	r, err := o.copy.sync.Heal(c.Context(), v.Differing...)
	c.ok(err)
	if len(r.Healed) != len(v.Differing) {
		c.Fatalf("%s: healed %v of %v", o.agency, r.Healed, v.Differing)
	}
	c.did["healed"]++
}

var grounds = []string{"IDENTITY", "IDENTITY", "IDENTITY", "DECEASED", "IN_NEED", "LAST_DAY", "NOT_OURS", "OTHER"}

// dispute objects to an item, known or not.
func (c *correspondence) dispute(o *office, l *bookLetter, who, item int) {
	c.Helper()
	by, person := o.as(who)
	ground, text := grounds[c.rng.IntN(len(grounds))], fmt.Sprintf("第%d项有异议", item)
	want := l.dispute(o.agency, person, item, ground, text, c.hub.Today())
	ask := &hubv1.DisputeLetterRequest{Id: l.id, RequestId: c.request(), Objections: []*hubv1.ItemObjection{{
		Item: int32(item), Ground: hubv1.ObjectionGround(hubv1.ObjectionGround_value["OBJECTION_GROUND_"+ground]), Text: text, //nolint:gosec // small
	}}}
	c.attempt(l, c.viewOf(o), func() (answered, error) { return by.DisputeLetter(c.Context(), ask) }, want)
	if want == "" {
		c.did["disputed"]++
	}
}

// answers lets a recipient do the next thing with a letter.
func (c *correspondence) answers(o *office, l *bookLetter) {
	c.Helper()
	r := l.receipt(o.agency)
	switch l.stateOf(r) {
	case "SENT":
		if c.rng.IntN(8) == 0 {
			c.acknowledge(o, l, 0, l.digest()) // it came on paper
			return
		}
		c.fetch(o, l)
	case "DELIVERED":
		if c.rng.IntN(16) == 0 {
			c.dispute(o, l, 0, 1+c.rng.IntN(len(l.items)))
			return
		}
		c.acknowledge(o, l, c.rng.IntN(2), l.digest())
	case "ACKNOWLEDGED":
		c.applies(o, l)
	}
}

// applies lets a recipient report a letter, or object to it.
func (c *correspondence) applies(o *office, l *bookLetter) {
	c.Helper()
	if c.hub.Today() < l.effective() && c.rng.IntN(4) > 0 {
		return // and waits
	}
	switch k := c.rng.IntN(20); {
	case k < 2:
		c.dispute(o, l, c.rng.IntN(2), 1+c.rng.IntN(len(l.items)))
	case o.roster && k == 2 && c.hub.Today() >= l.effective():
		c.damage(o, l)
	case o.roster && k < 13:
		if !o.late && c.rng.IntN(3) > 0 {
			c.pull(o.copy)
			o.pulled = true
		}
		c.prove(o, l, 2*c.rng.IntN(2))
	case k == 13:
		c.countApplied(o, l, 0, len(l.standing())+1)
	default:
		c.countApplied(o, l, c.rng.IntN(2), len(l.standing()))
	}
}
