package e2e

import (
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// What must be refused, or must not matter: attempt compares the letter before and after.

// mischief tries something with a letter that should not be.
func (c *correspondence) mischief(l *bookLetter) {
	c.Helper()
	o := c.offices[c.rng.IntN(len(c.offices))]
	if n := len(l.receipts); n > 0 && c.rng.IntN(4) > 0 {
		o = c.officeOf(l.receipts[c.rng.IntN(n)].agency)
	}
	if l.receipt(o.agency) == nil {
		c.stranger(o, l)
		return
	}
	acts := []func(){
		func() { c.acknowledge(o, l, c.rng.IntN(2), strings.Repeat("0", 64)) },
		func() { c.acknowledge(o, l, 2, l.digest()) },
		func() { c.dispute(o, l, 2, 1) },
		func() { c.dispute(o, l, 0, len(l.items)+1) },
		func() { c.tooEarly(o, l) },
		func() { c.tooEarly(o, l) },
	}
	if l.receipt(o.agency).acknowledged != "" || l.state == "WITHDRAWN" {
		acknowledges := func() { c.acknowledge(o, l, c.rng.IntN(2), l.digest()) } // by the same person as before, or the other
		acts = append(acts, acknowledges, acknowledges)
	}
	if len(l.objections) > 0 {
		acts = append(acts, func() { c.again(o, l) }, func() { c.again(o, l) })
	}
	acts[c.rng.IntN(len(acts))]()
	if c.rng.IntN(4) == 0 {
		c.fetch(o, l)
	}
}

func (c *correspondence) officeOf(agency string) *office {
	for _, o := range c.offices {
		if o.agency == agency {
			return o
		}
	}
	return nil
}

// stranger is an agency to which the letter is not addressed, or not yet.
func (c *correspondence) stranger(o *office, l *bookLetter) {
	c.Helper()
	_, err := o.first.GetLetter(c.Context(), &hubv1.GetLetterRequest{Id: l.id})
	c.refused(err, hubv1.Reason_REASON_LETTER_NOT_FOUND)
	_, err = o.first.PrintLetter(c.Context(), &hubv1.PrintLetterRequest{Id: l.id})
	c.refused(err, hubv1.Reason_REASON_LETTER_NOT_FOUND)
	c.agrees(l)
	switch c.rng.IntN(4) {
	case 0:
		c.acknowledge(o, l, 0, l.digest())
	case 1:
		c.countApplied(o, l, 0, len(l.items))
	case 2:
		c.dispute(o, l, 0, 1)
	case 3:
		ask := &hubv1.SignOffLetterRequest{Id: l.id, Etag: c.agrees(l).GetEtag(), RequestId: c.request()}
		c.attempt(l, c.bureauView(), func() (answered, error) { return o.first.SignOffLetter(c.Context(), ask) }, "LETTER_NOT_FOUND")
	}
}

// tooEarly reports a letter that is not acknowledged, not in effect, disputed, applied
// already or withdrawn.
func (c *correspondence) tooEarly(o *office, l *bookLetter) {
	c.Helper()
	if l.stateOf(l.receipt(o.agency)) == "ACKNOWLEDGED" && l.state == "ISSUED" && c.hub.Today() >= l.effective() {
		c.countApplied(o, l, 2, len(l.standing())) // a program that has counted
		return
	}
	if o.roster && c.rng.IntN(2) == 0 {
		c.prove(o, l, 2)
		return
	}
	c.countApplied(o, l, 0, len(l.standing()))
}

// again disputes what is disputed, and answers what is answered.
func (c *correspondence) again(o *office, l *bookLetter) {
	c.Helper()
	n := c.rng.IntN(len(l.objections))
	switch b := l.objections[n]; {
	case b.state != "OPEN":
		c.answer(l, n, "REFUSED")
	case b.item > 0 && b.agency == o.agency:
		c.dispute(o, l, 1, b.item)
	}
}

// unready tries the office's steps in the wrong state, with an old etag, and as a recipient.
func (c *correspondence) unready(l *bookLetter) {
	c.Helper()
	etag := c.agrees(l).GetEtag()
	sign := &hubv1.SignOffLetterRequest{Id: l.id, Etag: etag, RequestId: c.request()}
	issue := &hubv1.IssueLetterRequest{Id: l.id, Etag: etag, RequestId: c.request()}
	want := "LETTER_STATE"
	if l.state == "WITHDRAWN" {
		want = "LETTER_WITHDRAWN"
	}
	switch {
	case l.state == "SIGNED" && len(c.receivers[l.department]) == 0:
		c.send(l)
	case l.state != "SIGNED":
		c.attempt(l, c.bureauView(), func() (answered, error) { return c.clerk.IssueLetter(c.Context(), issue) }, want)
	}
	if l.state != "DRAFT" {
		c.attempt(l, c.bureauView(), func() (answered, error) { return c.leader.SignOffLetter(c.Context(), sign) }, want)
		return
	}
	sign.Etag, sign.RequestId = "1-0000", c.request()
	c.attempt(l, c.bureauView(), func() (answered, error) { return c.leader.SignOffLetter(c.Context(), sign) }, "ETAG_STALE")
}
