package e2e

import (
	"fmt"
	"maps"
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// How decisions come about in the correspondence, are taken back, and are drafted.

// dated uploads documents of so many days ago.
func (c *correspondence) dated(by, household, of string, ago int, kinds ...hubv1.EvidenceKind) []*hubv1.Evidence {
	c.Helper()
	all := c.evidence(by, household, of, kinds...)
	for _, e := range all {
		e.Dated = string(c.hub.Today().AddDays(-ago))
	}
	return all
}

// carryLate takes a household through the procedure on one day, from papers of the weeks before.
func (c *correspondence) carryLate(h *bookHome, effective date.Date) *hubv1.RemovalCase {
	c.Helper()
	got, err := c.office.Households().GetHousehold(c.Context(), &hubv1.GetHouseholdRequest{Id: h.id})
	c.ok(err)
	opened, err := c.people["village"].ProposeRemoval(c.Context(), &hubv1.ProposeRemovalRequest{
		Household: h.id, HouseholdEtag: got.GetHousehold().GetEtag(), Reason: "收入稳定", RequestId: c.request(),
		Evidence: c.dated("village", h.id, "", 20, hubv1.EvidenceKind_EVIDENCE_KIND_PROPOSAL),
	})
	c.ok(err)
	of := opened.GetCase()
	for _, x := range late() {
		s := x.step
		s.Evidence = c.dated(x.agency, h.id, of.GetId(), x.ago, papersOf[s.GetKind()]...)
		day := string(c.hub.Today().AddDays(-x.ago))
		switch s.GetKind() {
		case hubv1.StepKind_STEP_KIND_APPRAISE:
			s.Meeting.On = day
		case hubv1.StepKind_STEP_KIND_POST:
			s.Posting.From = day
		case hubv1.StepKind_STEP_KIND_CONFIRM:
			if h.hungry || h.roofless {
				s.Override, s.Reason = true, "已另作安排"
				s.Evidence = append(s.Evidence, c.dated(x.agency, h.id, of.GetId(), x.ago, hubv1.EvidenceKind_EVIDENCE_KIND_OVERRIDE)...)
			}
		case hubv1.StepKind_STEP_KIND_ANNOUNCE:
			s.Posting.From, s.EffectiveOn = day, string(effective)
			s.DecisionNumber = fmt.Sprintf("虚扶决〔2026〕%d号", c.decided)
			s.Document = &hubv1.Document{Issuer: "虚构县扶贫办", Number: s.GetDecisionNumber(), Date: day}
		}
		next, err := c.people[x.agency].TakeStep(c.Context(), &hubv1.TakeStepRequest{Id: of.GetId(), Etag: of.GetEtag(), Step: s, RequestId: c.request()})
		c.ok(err)
		of = next.GetCase()
	}
	return of
}

// decide removes a household: one that support was given back to, or one not known before.
func (c *correspondence) decide() {
	c.Helper()
	today := c.hub.Today()
	var h *bookHome
	for _, o := range slices.SortedFunc(maps.Values(c.homes), func(a, b *bookHome) int { return a.n - b.n }) {
		if c.removable(o, today) && c.rng.IntN(4) == 0 {
			h = o
			c.did["decided again"]++
			break
		}
	}
	if h == nil {
		h = c.found(c.villages[c.rng.IntN(len(c.villages))])
	}
	c.decided++
	effective := today.AddDays(max(0, c.rng.IntN(30)-10))
	c.listen()
	before := c.feed.mark()
	of := c.carryLate(h, effective)
	d := &bookDecision{n: c.decided, id: of.GetDecision(), number: of.GetDecisionNumber(), kase: of.GetId(), home: h, on: today, effective: effective}
	c.decisions[d.id] = d
	c.listen()
	c.feed.decided(d, before)
	c.drafted(d)
	c.did["decided"]++
}

// inOrder are the decisions in the order in which they were made.
func (c *correspondence) inOrder() []*bookDecision {
	return slices.SortedFunc(maps.Values(c.decisions), func(a, b *bookDecision) int { return a.n - b.n })
}

// removable tells whether support goes on again after every decision about a household.
func (c *correspondence) removable(h *bookHome, today date.Date) bool {
	for _, d := range c.inOrder() {
		if d.home == h && (d.reversal == "" || d.resumed > today) {
			return false
		}
	}
	return true
}

// drafted finds the letter to each department about a new decision. It must be a draft that
// collects, where the area has one, and one of its own otherwise.
func (c *correspondence) drafted(d *bookDecision) {
	c.Helper()
	got := c.list(c.clerk, &hubv1.ListLettersRequest{Area: d.home.area, Household: d.home.id})
	for department, items := range d.ends() {
		collects := c.collecting(d.home.area, department, d.on)
		var into []string
		for _, head := range got {
			known := c.letters[head.GetId()]
			if head.GetDepartment() != department || (known != nil && !slices.Contains(collects, head.GetId())) {
				continue
			}
			if l := c.fetched(c.clerk, head.GetId()); slices.ContainsFunc(l.GetItems(), func(i *hubv1.LetterItem) bool { return i.GetDecision() == d.id }) {
				into = append(into, head.GetId())
			}
		}
		if len(into) != 1 || (len(collects) > 0) != slices.Contains(collects, into[0]) {
			c.Fatalf("the decision stands in the letters %v to %s, of those that collect %v", into, department, collects)
		}
		l := c.letters[into[0]]
		if l == nil {
			l = c.open(into[0], d.home.area, department, false, d.on)
		} else {
			c.did["collected"]++
		}
		l.add(items...)
	}
}

// reverse takes a decision back.
func (c *correspondence) reverse(d *bookDecision) {
	c.Helper()
	today := c.hub.Today()
	got, err := c.people["county"].GetRemoval(c.Context(), &hubv1.GetRemovalRequest{Id: d.kase})
	c.ok(err)
	ask := &hubv1.ReverseRemovalRequest{
		Id: d.kase, Etag: got.GetCase().GetEtag(), Ground: hubv1.ReversalGround_REVERSAL_GROUND_WRONG_DECISION, Reason: "经复核", RequestId: c.request(),
		Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶撤", Date: c.today()},
		Evidence: c.evidence("county", d.home.id, d.kase, hubv1.EvidenceKind_EVIDENCE_KIND_REVERSAL),
	}
	d.reversedOn, d.resumed = today, max(today, d.effective)
	if c.rng.IntN(3) == 0 {
		d.resumed = d.resumed.AddDays(c.rng.IntN(4))
		ask.EffectiveOn = string(d.resumed)
	}
	c.listen()
	before := c.feed.mark()
	done, err := c.people["county"].ReverseRemoval(c.Context(), ask)
	c.ok(err)
	d.reversal = done.GetCase().GetReversal()
	c.listen()
	c.feed.reversed(d, before)
	c.drop(d)
	c.corrected(d.home, c.takenBack(d))
	c.did["reversed"]++
}

// corrected finds the correcting letters about a household that must have been drafted, one a
// department, and no others.
func (c *correspondence) corrected(h *bookHome, want map[string]*correcting) {
	c.Helper()
	fresh := map[string][]string{}
	for _, head := range c.list(c.clerk, &hubv1.ListLettersRequest{Area: h.area, Household: h.id}) {
		if c.letters[head.GetId()] == nil {
			fresh[head.GetDepartment()] = append(fresh[head.GetDepartment()], head.GetId())
		}
	}
	for department, w := range want {
		if len(fresh[department]) != 1 {
			c.Fatalf("%d corrections to %s, not one", len(fresh[department]), department)
		}
		l := c.open(fresh[department][0], h.area, department, true, c.hub.Today())
		l.add(w.items...)
		l.corrects = w.corrects
		c.did["correction "+l.items[0].kind]++
		delete(fresh, department)
	}
	for _, ids := range fresh {
		c.Fatalf("nothing calls for the letter\n%s", textOf(c.fetched(c.clerk, ids[0])))
	}
}
