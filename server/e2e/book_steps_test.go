package e2e

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// What the steps of offices and recipients do to the register, and when they are refused.

// drop takes a reversed decision out of what was not issued.
func (b *book) drop(d *bookDecision) {
	b.takeOut(func(i *bookItem) bool { return i.decision == d && i.kind != "RESUME" })
}

// rename has a person named as now known in what was not issued: a signature is void then.
func (b *book) rename(p *bookPerson) {
	for _, l := range b.letters {
		if l.state != "DRAFT" && l.state != "SIGNED" {
			continue
		}
		for _, i := range l.items {
			if i.person == p.id && i.id != p.idNumber {
				i.id, l.state, l.signed = p.idNumber, "DRAFT", ""
			}
		}
	}
}

// takeOut takes items out of what was not issued: nobody was told. A signature is void
// then, and a letter without items is cancelled.
func (b *book) takeOut(about func(*bookItem) bool) {
	for _, l := range b.letters {
		if (l.state != "DRAFT" && l.state != "SIGNED") || !slices.ContainsFunc(l.items, about) {
			continue
		}
		l.items = slices.DeleteFunc(l.items, about)
		l.renumber()
		l.state, l.signed = "DRAFT", ""
		if len(l.items) == 0 {
			l.state = "CANCELLED"
		}
	}
}

// correcting is what a correcting letter to each department has to say, about items of
// issued letters that say is wrong, each once; and which letters it corrects.
type correcting struct {
	items    []*bookItem
	corrects []string
}

func (b *book) wrong(area string, says func(*bookItem) bool, right func(bookItem) bookItem) map[string]*correcting {
	out := map[string]*correcting{}
	for _, l := range b.ordered(func(l *bookLetter) bool { return l.state == "ISSUED" && l.area == area }) {
		for _, i := range l.standing() {
			if !says(i) {
				continue
			}
			c := out[l.department]
			if c == nil {
				c = &correcting{}
				out[l.department] = c
			}
			is := right(*i)
			c.items = append(c.items, &is)
			if !slices.Contains(c.corrects, l.id) {
				c.corrects = append(c.corrects, l.id)
			}
		}
	}
	return out
}

// takenBack are the corrections of a reversed decision: support goes on from its day, for
// the person as known by now.
func (b *book) takenBack(d *bookDecision) map[string]*correcting {
	return b.wrong(d.home.area, func(i *bookItem) bool { return i.decision == d && i.kind != "RESUME" }, func(i bookItem) bookItem {
		i.kind, i.first, i.last, i.id = "RESUME", d.resumed, "", i.whom().idNumber
		return i
	})
}

// restated are the corrections of what names a person wrongly, where none is on its way. What
// resumes is said again as such.
func (b *book) restated(h *bookHome, p *bookPerson) map[string]*correcting {
	return b.wrong(h.area, func(i *bookItem) bool { return i.person == p.id && i.id != p.idNumber && !b.onItsWay(i) }, func(i bookItem) bookItem {
		if i.id = p.idNumber; i.kind == "END" {
			i.kind = "RESTATE"
		}
		return i
	})
}

// onItsWay tells whether a correction of an item is drafted or signed.
func (b *book) onItsWay(i *bookItem) bool {
	for _, l := range b.letters {
		if l.correction && (l.state == "DRAFT" || l.state == "SIGNED") && slices.ContainsFunc(l.items, func(c *bookItem) bool { return byKey(c, i) == 0 }) {
			return true
		}
	}
	return false
}

// issue sends a letter to all who receive the department's, and marks what it corrects.
func (b *book) issue(l *bookLetter, number string, transaction int64, on date.Date) {
	l.state, l.issued, l.number, l.transaction = "ISSUED", on, number, transaction
	b.numbers[number] = true
	for _, agency := range b.receivers[l.department] {
		l.receipts = append(l.receipts, &bookReceipt{agency: agency})
	}
	for _, id := range l.corrects {
		b.letters[id].correctedBy(l, on)
	}
}

func (l *bookLetter) correctedBy(by *bookLetter, on date.Date) {
	corrects := false
	for _, i := range l.standing() {
		if slices.ContainsFunc(by.items, func(o *bookItem) bool { return byKey(o, i) == 0 }) {
			i.corrected, corrects = by.id, true
		}
	}
	if !corrects {
		return
	}
	l.corrections = append(l.corrections, bookCorrection{by.id, by.number})
	if len(l.standing()) > 0 {
		return
	}
	l.state, l.withdrawn = "WITHDRAWN", on
	for _, o := range l.objections {
		if o.state == "OPEN" {
			o.state, o.answered, o.answer = "CORRECTED", on, by.number
		}
	}
}

// The reasons for which a recipient is refused, "" where it is not.

func (l *bookLetter) answerable(agency string) string {
	switch {
	case l.receipt(agency) == nil:
		return "LETTER_NOT_FOUND"
	case l.state == "WITHDRAWN":
		return "LETTER_WITHDRAWN"
	}
	return ""
}

// acknowledge notes that a person has received the letter whole.
func (l *bookLetter) acknowledge(agency, person, digest string, on date.Date) string {
	if no := l.answerable(agency); no != "" {
		return no
	}
	r := l.receipt(agency)
	switch {
	case person == "":
		return "PERSON_MUST_ACT"
	case digest != l.digest():
		return "LETTER_DIGEST_DIFFERS"
	case r.acknowledged != "" && r.by != person:
		return "LETTER_ACKNOWLEDGED"
	case r.acknowledged == "":
		r.acknowledged, r.by = on, person
		l.deliver(agency, on)
	}
	return ""
}

func (l *bookLetter) deliver(agency string, on date.Date) {
	if r := l.receipt(agency); r != nil && r.delivered == "" {
		r.delivered = on
	}
}

// report notes a report as applied; differs is what the comparison of copy or count gives.
func (b *book) report(l *bookLetter, agency, person string, byCopy, differs bool, on date.Date) string {
	if no := l.answerable(agency); no != "" {
		return no
	}
	r := l.receipt(agency)
	switch {
	case !byCopy && person == "":
		return "PERSON_MUST_ACT"
	case r.acknowledged == "":
		return "LETTER_NOT_ACKNOWLEDGED"
	case l.disputed(agency):
		return "LETTER_DISPUTED"
	case r.applied != "":
		return ""
	case on < l.effective():
		return "LETTER_NOT_IN_EFFECT"
	case b.beingCorrected(l):
		return "LETTER_BEING_CORRECTED"
	case differs:
		l.objections = append(l.objections, &bookObjection{agency: agency, ground: "DIFFERS", opened: on, state: "OPEN"})
		return ""
	}
	r.applied, r.appliedBy, r.proved = on, person, byCopy
	if person == "" {
		r.appliedBy = "test" // the client
	}
	return ""
}

// beingCorrected tells whether a correction of a letter waits to be issued.
func (b *book) beingCorrected(l *bookLetter) bool {
	for _, by := range b.letters {
		if (by.state == "DRAFT" || by.state == "SIGNED") && slices.Contains(by.corrects, l.id) {
			return true
		}
	}
	return false
}

// dispute opens an objection to an item.
func (l *bookLetter) dispute(agency, person string, item int, ground, text string, on date.Date) string {
	if no := l.answerable(agency); no != "" {
		return no
	}
	known := slices.ContainsFunc(l.items, func(i *bookItem) bool { return i.number == item && i.corrected == "" })
	open := slices.ContainsFunc(l.objections, func(o *bookObjection) bool { return o.agency == agency && o.item == item && o.state == "OPEN" })
	switch {
	case person == "":
		return "PERSON_MUST_ACT"
	case !known:
		return "LETTER_ITEM_UNKNOWN"
	case open:
		return "DUPLICATE"
	}
	l.deliver(agency, on) // perhaps it came on paper
	l.objections = append(l.objections, &bookObjection{agency: agency, item: item, ground: ground, text: text, person: person, opened: on, state: "OPEN"})
	return ""
}

// rightNow tells whether what an item says has been put right: the decision taken back, or
// the person known otherwise than the item has it.
func (i *bookItem) rightNow() bool { return i.takenBack() || i.id != i.whom().idNumber }

// takenBack tells whether an item says that something ends, and it does not.
func (i *bookItem) takenBack() bool { return i.kind != "RESUME" && i.decision.reversal != "" }

// wasWrong tells whether something in a letter was put right, so that a copy that differs
// may be right and the letter not.
func (l *bookLetter) wasWrong() bool {
	return len(l.corrections) > 0 || slices.ContainsFunc(l.items, func(i *bookItem) bool { return i.takenBack() })
}
