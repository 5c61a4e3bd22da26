package e2e

import (
	"testing"
)

// Whatever happens to decisions, letters and copies, in whatever order: letters, receipts,
// ledger, recalls and replay are what a simple register has.
func TestLettersThroughAnyHistory(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCorrespondence(t, cfg, *sizes.cases)
			c.byTheBook()
			c.live()
			c.checkpoint()
			t.Logf("%d decisions, %d letters, until %s: %v", len(c.decisions), len(c.letters), c.today(), c.did)
			c.enough()
		})
	}
}

// live lets things happen until every decision has come to its end.
func (c *correspondence) live() {
	nights := 10 + c.count/3
	for n := 0; ; n++ {
		if c.decided >= c.count && c.settled() {
			return
		}
		if c.today() > "2026-12-01" {
			c.Fatalf("after %d steps %d decisions have not come to their end: %v", n, c.decided, c.did)
		}
		switch k := c.rng.IntN(40); {
		case k < 2 && c.decided < c.count:
			c.decide()
		case k == 2 && c.decided < c.count:
			c.reverseOne()
		case k < 5:
			c.refuse()
		case k < 7:
			o := c.offices[c.rng.IntN(len(c.offices))]
			if !o.late || c.rng.IntN(6) == 0 {
				c.pull(o.copy)
				o.pulled = true
			}
		default:
			c.carryOn()
		}
		if c.rng.IntN(nights) == 0 {
			c.night()
		}
		if n%(30*c.count) == 30*c.count-1 {
			c.checkpoint()
		}
	}
}

// night goes by.
func (c *correspondence) night() {
	c.keep()
	for _, o := range c.offices {
		o.pulled = false
	}
	c.days(1)
	c.did["nights"]++
}

// settled tells whether nothing is left to be done about any letter.
func (c *correspondence) settled() bool { return len(c.ordered(c.unsettled)) == 0 }

// unsettled is a letter about which something is to be done. What nobody receives stays signed.
func (c *correspondence) unsettled(l *bookLetter) bool {
	if l.state == "SIGNED" {
		return len(c.receivers[l.department]) > 0
	}
	return l.waiting() != "UNSPECIFIED"
}

// carryOn does the next thing about a letter.
func (c *correspondence) carryOn() {
	c.Helper()
	open := c.ordered(c.unsettled)
	if len(open) == 0 {
		return
	}
	switch l := open[c.rng.IntN(len(open))]; l.waiting() {
	case "SIGN_OFF":
		if c.areas[l.area].draft == "AT_ONCE" || l.correction || c.decided == c.count || c.rng.IntN(4) == 0 {
			c.sign(l)
			if !c.unsettled(l) {
				c.send(l) // to nobody
			}
		}
	case "ISSUE":
		c.send(l)
	case "ANSWER":
		c.takeUp(l)
	case "RECIPIENTS":
		c.answers(c.officeOf(l.receipts[c.rng.IntN(len(l.receipts))].agency), l)
	}
}

// takeUp answers one of the open objections.
func (c *correspondence) takeUp(l *bookLetter) {
	c.Helper()
	if c.rng.IntN(3) == 0 { // it lies for a while
		c.answers(c.officeOf(l.receipts[c.rng.IntN(len(l.receipts))].agency), l)
		return
	}
	for n, o := range l.objections {
		if o.state == "OPEN" {
			c.answerOne(l, n)
			return
		}
	}
}

// reverseOne takes a decision back that stands.
func (c *correspondence) reverseOne() {
	c.Helper()
	var standing []*bookDecision
	for _, d := range c.inOrder() {
		if d.reversal == "" {
			standing = append(standing, d)
		}
	}
	if len(standing) > 0 {
		c.reverse(standing[c.rng.IntN(len(standing))])
	}
}

// refuse tries what must be refused.
func (c *correspondence) refuse() {
	c.Helper()
	all := c.ordered(func(l *bookLetter) bool {
		return c.rng.IntN(12) == 0 || l.waiting() == "ANSWER" || (c.unsettled(l) && c.rng.IntN(3) == 0)
	})
	if len(all) == 0 {
		return
	}
	if l := all[c.rng.IntN(len(all))]; c.rng.IntN(5) == 0 {
		c.unready(l)
	} else {
		c.mischief(l)
	}
}

// enough wants the history to have tried what it is for.
func (c *correspondence) enough() {
	if c.count < 50 {
		return
	}
	for _, what := range []string{
		"decided", "decided again", "reversed", "collected", "signed", "issued", "minted", "numbered by hand", "fetched", "fetched again", "printed", "acknowledged",
		"acknowledged again", "counted", "counted otherwise", "proved", "proved otherwise", "healed", "disputed", "answered REFUSED", "answered CORRECTED",
		"ID number corrected", "correction RESUME", "correction RESTATE", "withdrawn", "recalls", "replayed", "refused LETTER_NO_RECIPIENT", "refused LETTER_NUMBER_TAKEN",
		"refused LETTER_NOT_FOUND", "refused LETTER_STATE", "refused LETTER_WITHDRAWN", "refused LETTER_DIGEST_DIFFERS", "refused LETTER_ACKNOWLEDGED",
		"refused LETTER_NOT_ACKNOWLEDGED", "refused LETTER_NOT_IN_EFFECT", "refused LETTER_BEHIND", "refused LETTER_DISPUTED", "refused LETTER_BEING_CORRECTED", "refused LETTER_ITEM_UNKNOWN",
		"refused DUPLICATE", "refused OBJECTION_ANSWERED", "refused NOTHING_CORRECTED", "refused PERSON_MUST_ACT", "refused ETAG_STALE",
	} {
		if c.did[what] == 0 {
			c.Errorf("%s was never tried", what)
		}
	}
}
