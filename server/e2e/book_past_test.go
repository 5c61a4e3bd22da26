package e2e

import (
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// What the register knows of letters that are no longer true, and of days gone by.

// fromLetters are the recipients who were handed a letter of which something is no longer
// true, with each letter that corrects it; one that is not issued yet has no name.
func (b *book) fromLetters(area string) (out []bookRecall) {
	for _, by := range b.ordered(func(l *bookLetter) bool { return l.area == area && l.correction && l.state != "CANCELLED" }) {
		for _, id := range by.corrects {
			l := b.letters[id]
			for _, r := range l.receipts {
				if r.delivered == "" {
					continue
				}
				w := bookRecall{agency: r.agency, letter: l.id, read: r.delivered, settled: b.confirmed(by, r.agency)}
				if by.issued != "" {
					w.correction = by.id
				}
				if d := takesBack(by, l); d != nil {
					w.decision, w.kase = d.id, d.kase
				}
				out = append(out, w)
			}
		}
	}
	return out
}

// takesBack is the decision whose end a letter told and a correction takes back.
func takesBack(by, l *bookLetter) *bookDecision {
	for _, i := range l.items {
		if i.kind != "RESUME" && slices.ContainsFunc(by.items, func(c *bookItem) bool {
			return c.kind == "RESUME" && c.decision == i.decision && c.person == i.person && c.policy == i.policy
		}) {
			return i.decision
		}
	}
	return nil
}

// confirmed is when a recipient confirmed a correction or, where that was taken back in its
// turn, all that took it back; "": not yet.
func (b *book) confirmed(by *bookLetter, agency string) (on date.Date) {
	if r := by.receipt(agency); r != nil && r.applied != "" {
		return r.applied
	}
	if by.state != "WITHDRAWN" {
		return ""
	}
	for _, c := range by.corrections {
		next := b.confirmed(b.letters[c.letter], agency)
		if next == "" {
			return ""
		}
		on = max(on, next)
	}
	return on
}

// asOf is a letter as it stood at the end of a day.
func (b *book) asOf(l *bookLetter, on date.Date) *bookLetter {
	was := *l
	if l.withdrawn > on {
		was.state = "ISSUED"
	}
	was.receipts, was.objections, was.items = nil, nil, nil
	for _, r := range l.receipts {
		c := *r
		if c.delivered > on {
			c.delivered = ""
		}
		if c.acknowledged > on {
			c.acknowledged, c.by = "", ""
		}
		if c.applied > on {
			c.applied, c.appliedBy, c.proved = "", "", false
		}
		was.receipts = append(was.receipts, &c)
	}
	for _, o := range l.objections {
		if c := *o; c.opened <= on {
			if c.answered > on {
				c.state, c.answered = "OPEN", ""
			}
			was.objections = append(was.objections, &c)
		}
	}
	for _, i := range l.items {
		c := *i
		if c.corrected != "" && b.letters[c.corrected].issued > on {
			c.corrected = ""
		}
		was.items = append(was.items, &c)
	}
	return &was
}

// toldOf are the letters about a household that an agency had been sent by the end of a day,
// and the decisions about it that were known then, as texts.
func (b *book) toldOf(h *bookHome, agency string, on date.Date) (out []string) {
	for _, l := range b.letters {
		r := l.receipt(agency)
		if r == nil || l.issued > on || !slices.ContainsFunc(l.items, func(i *bookItem) bool { return i.home == h }) {
			continue
		}
		was := b.asOf(l, on)
		text := fmt.Sprintf("letter %s %s of %s: %s", l.id, l.number, l.issued, was.receiptText(was.receipt(agency), on))
		for _, i := range was.items {
			if i.home == h {
				text += "\n" + i.text(false)
			}
		}
		out = append(out, text)
	}
	for _, d := range b.decisions {
		if d.home != h || d.on > on {
			continue
		}
		out = append(out, fmt.Sprintf("REMOVAL %s %s of %s from %s, against %s", d.id, d.number, d.on, d.effective, ""))
		if d.reversal != "" && d.reversedOn <= on {
			out = append(out, fmt.Sprintf("REVERSAL %s %s of %s from %s, against %s", d.reversal, "虚扶撤", d.reversedOn, d.resumed, d.id))
		}
	}
	slices.Sort(out)
	return out
}
