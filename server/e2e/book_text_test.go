package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
)

// Letters as texts, a line for each item, receipt and objection: what the hub gives and what
// the register has, so that a difference can be read.

// textOf is a letter as the hub gives it. Times are told by their days.
func textOf(l *hubv1.Letter) string {
	var out []string
	add := func(form string, a ...any) { out = append(out, fmt.Sprintf(form, a...)) }
	add("%s %s %s %s %q opened %s signed %s issued %s", code(l.GetKind(), "LETTER_KIND_"), l.GetArea(), l.GetDepartment(), code(l.GetState(), "LETTER_STATE_"),
		l.GetNumber(), l.GetOpenedOn(), l.GetSignedOn(), l.GetIssuedOn())
	add("waits for %s, in effect %s, by %s and %s", code(l.GetWaiting(), "LETTER_WAITING_"), l.GetEffectiveOn(), l.GetAcknowledgeBy(), l.GetApplyBy())
	add("%d items, %d persons, %s, at %d", l.GetItemCount(), l.GetPersonCount(), l.GetDigest(), l.GetTransaction())
	add("signed by %q, issued by %q", l.GetSignedBy(), l.GetIssuedBy())
	for _, i := range l.GetItems() {
		out = append(out, itemText(i))
	}
	for _, r := range l.GetReceipts() {
		out = append(out, receiptText(r))
	}
	for _, o := range l.GetObjections() {
		add("objection %d of %s to %d: %s, %s %q by %q on %s, to answer by %s, %s on %s %q, overdue %v", o.GetNumber(), o.GetAgency(), o.GetItem(),
			code(o.GetGround(), "OBJECTION_GROUND_"), code(o.GetSubject(), "OBJECTION_SUBJECT_"), o.GetText(), o.GetPerson(), o.GetOpenedOn(), o.GetAnswerBy(),
			code(o.GetState(), "OBJECTION_STATE_"), o.GetAnsweredOn(), o.GetAnswer(), o.GetOverdue())
	}
	add("corrects %v", slices.Sorted(slices.Values(l.GetCorrects())))
	for _, c := range l.GetCorrectedBy() {
		add("corrected by %s %q", c.GetLetter(), c.GetNumber())
	}
	return strings.Join(out, "\n")
}

func itemText(i *hubv1.LetterItem) string {
	return fmt.Sprintf("item %d: %s %s %s %s of %s %s titled %v in %s whole %v, last %s, first %s: %s %s %s, corrected by %q", i.GetNumber(), code(i.GetKind(), "LETTER_ITEM_KIND_"),
		i.GetHousehold(), i.GetPerson(), i.GetPolicy(), i.GetDecision(), i.GetDecisionNumber(), i.GetPolicyTitle() != "", i.GetVillage(), i.GetHouseholdWide(),
		i.GetLastDay(), i.GetFirstDay(), i.GetName(), i.GetIdNumber(), i.GetBirthDate(), i.GetCorrectedBy())
}

func receiptText(r *hubv1.Receipt) string {
	return fmt.Sprintf("%s: %s, fetched %s, acknowledged %s by %q, applied %s by %q, proved %v, overdue %v, escalated %v", r.GetAgency(), code(r.GetState(), "RECEIPT_STATE_"),
		dayOf(r.GetDeliveredAt()), dayOf(r.GetAcknowledgedAt()), r.GetAcknowledgedBy(), dayOf(r.GetAppliedAt()), r.GetAppliedBy(), r.GetProved(),
		r.GetOverdue(), r.GetEscalated())
}

// code is the name of a code without what is the same in all of them.
func code(c fmt.Stringer, prefix string) string { return strings.TrimPrefix(c.String(), prefix) }

// instantOf reads a time of the contract, the zero time for "".
func instantOf(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// dayOf is the day in Hainan of a time.
func dayOf(text string) date.Date {
	if text == "" {
		return ""
	}
	return date.Of(instantOf(text).In(time.FixedZone("", 8*60*60)))
}

// view is who looks at a letter, and when: the office, or a recipient.
type view struct {
	agency string // "" is the office
	masked bool
	head   bool // without the items
	on     date.Date
}

// text is a letter as the register has it for somebody who looks.
func (l *bookLetter) text(v view) string {
	kind, signed, issued := "NOTICE", "", ""
	if l.correction {
		kind = "CORRECTION"
	}
	if v.agency == "" && l.signed != "" {
		signed = "bureau l1"
	}
	if v.agency == "" && l.issued != "" {
		issued = "bureau k1"
	}
	var out []string
	add := func(form string, a ...any) { out = append(out, fmt.Sprintf(form, a...)) }
	add("%s %s %s %s %q opened %s signed %s issued %s", kind, l.area, l.department, l.state, l.number, l.opened, l.signed, l.issued)
	acknowledge, apply := l.due(v.agency)
	add("waits for %s, in effect %s, by %s and %s", l.waiting(), l.effective(), acknowledge, apply)
	add("%d items, %d persons, %s, at %d", len(l.items), l.persons(), l.digest(), l.transaction)
	add("signed by %q, issued by %q", signed, issued)
	if !v.head {
		out = append(out, l.itemTexts(v)...)
	}
	for _, r := range l.receipts {
		if v.agency == "" || v.agency == r.agency {
			out = append(out, l.receiptText(r, v.on))
		}
	}
	out = append(out, l.objectionTexts(v)...)
	add("corrects %v", slices.Sorted(slices.Values(l.corrects)))
	for _, c := range l.corrections {
		add("corrected by %s %q", c.letter, c.number)
	}
	return strings.Join(out, "\n")
}

func (l *bookLetter) receiptText(r *bookReceipt, on date.Date) string {
	late, escalated := l.late(r, on)
	return fmt.Sprintf("%s: %s, fetched %s, acknowledged %s by %q, applied %s by %q, proved %v, overdue %v, escalated %v", r.agency, l.stateOf(r), r.delivered,
		r.acknowledged, r.by, r.applied, r.appliedBy, r.proved, late, escalated)
}

// itemTexts tells the items in their order in the letter.
func (l *bookLetter) itemTexts(v view) (out []string) {
	for _, i := range l.items {
		out = append(out, i.text(v.masked))
	}
	return out
}

func (i *bookItem) text(masked bool) string {
	id, birth := i.id, i.birth
	if masked {
		id, birth = id[:6]+"********"+id[14:], ""
	}
	return fmt.Sprintf("item %d: %s %s %s %s of %s %s titled %v in %s whole %v, last %s, first %s: %s %s %s, corrected by %q", i.number, i.kind, i.home.id, i.person,
		i.policy, i.decision.id, i.decision.number, true, i.village, i.wide, i.last, i.first, i.name, id, birth, i.corrected)
}

func (l *bookLetter) objectionTexts(v view) (out []string) {
	subjects := map[string]string{"IN_NEED": "DECISION", "LAST_DAY": "DECISION", "NOT_OURS": "DECISION"}
	for n, o := range l.objections {
		if v.agency != "" && v.agency != o.agency {
			continue
		}
		subject := subjects[o.ground]
		if subject == "" {
			subject = "FACT"
		}
		by := workingDays(o.opened, answerDays)
		out = append(out, fmt.Sprintf("objection %d of %s to %d: %s, %s %q by %q on %s, to answer by %s, %s on %s %q, overdue %v", n+1, o.agency, o.item, o.ground, subject,
			o.text, o.person, o.opened, by, o.state, o.answered, o.answer, o.state == "OPEN" && v.on > by))
	}
	return out
}

func (l *bookLetter) persons() int {
	all := map[string]bool{}
	for _, i := range l.items {
		all[i.person] = true
	}
	return len(all)
}
