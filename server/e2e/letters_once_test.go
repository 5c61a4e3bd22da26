package e2e

import (
	"slices"
	"strings"
)

// byTheBook takes one letter through everything that chance might leave out of a short history.
func (c *correspondence) byTheBook() {
	c.Helper()
	for len(c.ordered(c.pending)) == 0 { // a decision that is not in effect yet
		c.decide()
	}
	l, o := c.ordered(c.pending)[0], c.officeOf("employment")
	c.mischief(l)
	c.unready(l)
	c.sign(l)
	c.unready(l)
	c.send(l)
	c.unready(l)
	c.acknowledge(o, l, 0, strings.Repeat("0", 64))
	c.acknowledge(o, l, 2, l.digest())
	c.countApplied(o, l, 0, len(l.items)) // before it is acknowledged
	c.fetch(o, l)
	for _, who := range []int{0, 0, 1} {
		c.acknowledge(o, l, who, l.digest())
	}
	c.countApplied(o, l, 0, len(l.items)) // before it is in effect
	c.dispute(o, l, 0, 1)
	c.dispute(o, l, 1, 1)
	c.dispute(o, l, 1, len(l.items)+1)
	c.countApplied(o, l, 0, len(l.items)) // before the objection is answered
	c.answer(l, 0, "CORRECTED")           // of what nobody has put right
	c.answer(l, 0, "REFUSED")
	c.answer(l, 0, "REFUSED")
	for c.hub.Today() < l.effective() {
		c.night()
	}
	c.damage(o, l)
	c.checkpoint()
	c.corrects(o, c.officeOf("labour-market"), l)
}

// corrects has two recipients object to the same, which is put right once, then otherwise
// before anybody was told, and at last is taken back.
func (c *correspondence) corrects(o, other *office, l *bookLetter) {
	c.Helper()
	c.dispute(o, l, 0, 1)
	c.dispute(other, l, 0, 1)
	c.dispute(other, l, 0, 2)
	c.rename(l.items[0])
	c.answerTo(o, l, 1)
	c.answerTo(other, l, 1)
	c.dispute(other, l, 0, 1)
	c.rename(l.items[0])
	c.answerTo(other, l, 1)
	c.checkpoint()
	c.rename(l.items[1])
	c.reverse(l.items[1].decision)
	c.answerTo(other, l, 2)
	c.checkpoint()
}

// answerTo answers the open objection of an agency to an item by a correction.
func (c *correspondence) answerTo(o *office, l *bookLetter, item int) {
	c.Helper()
	n := slices.IndexFunc(l.objections, func(b *bookObjection) bool { return b.agency == o.agency && b.item == item && b.state == "OPEN" })
	c.answer(l, n, "CORRECTED")
}

// pending is a draft to the employment office that is not in effect yet.
func (c *correspondence) pending(l *bookLetter) bool {
	return l.department == "employment" && l.state == "DRAFT" && l.effective() > c.hub.Today()
}
