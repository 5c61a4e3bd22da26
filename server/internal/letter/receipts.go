package letter

import (
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Receipt gives the place of an agency's receipt, -1 where it is no recipient.
func (l *Letter) Receipt(agency string) int {
	return slices.IndexFunc(l.Receipts, func(r Receipt) bool { return r.Agency == agency })
}

// with gives a letter in which the receipt of an agency is changed.
func (l Letter) with(agency string, change func(*Receipt)) Letter {
	l.Receipts = slices.Clone(l.Receipts)
	change(&l.Receipts[l.Receipt(agency)])
	return l
}

// answerable refuses what a recipient can do only with an issued letter that is addressed to it.
func (l *Letter) answerable(agency string) error {
	if l.Receipt(agency) < 0 {
		return fault.New(fault.LetterNotFound)
	}
	return l.in(Issued)
}

// Deliver notes that a recipient has fetched the letter; the first time counts.
func Deliver(l Letter, agency string, x Context) (Letter, bool) {
	n := l.Receipt(agency)
	if n < 0 || !l.Receipts[n].DeliveredAt.IsZero() {
		return l, false
	}
	return l.with(agency, func(r *Receipt) { r.DeliveredAt = x.Time }), true
}

// Acknowledge notes that a person of a recipient has received the letter whole. It tells
// whether that changed anything: the same person's second one does not.
func Acknowledge(l Letter, digest string, x Context) (Letter, bool, error) {
	if err := l.answerable(x.Actor.Agency); err != nil {
		return l, false, err
	}
	if x.Actor.Person == "" {
		return l, false, fault.New(fault.PersonMustAct)
	}
	if digest != l.Digest {
		return l, false, fault.New(fault.LetterDigestDiffers)
	}
	was := l.Receipts[l.Receipt(x.Actor.Agency)]
	switch {
	case was.AcknowledgedAt.IsZero():
	case was.AcknowledgedBy.Person == x.Actor.Person:
		return l, false, nil
	default:
		return l, false, fault.New(fault.LetterAcknowledged, "on", string(date.Of(was.AcknowledgedAt.In(x.Time.Location()))))
	}
	return l.with(x.Actor.Agency, func(r *Receipt) {
		r.AcknowledgedAt, r.AcknowledgedBy = x.Time, x.Actor
		if r.DeliveredAt.IsZero() { // the digest was read from a printed letter
			r.DeliveredAt = x.Time
		}
	}), true, nil
}

// Report says that a letter was applied: by a person with the count, or proved by a copy,
// which the hub has compared.
type Report struct {
	Copy    bool // proved by the copy
	Differs bool // the copy holds something else than the hub
	Count   int  // without a copy
}

// ReportApplied notes that a recipient has applied the letter. What differs opens an
// objection in its place. It tells whether anything changed.
func ReportApplied(l Letter, rep Report, x Context) (Letter, bool, error) {
	agency := x.Actor.Agency
	if err := l.answerable(agency); err != nil {
		return l, false, err
	}
	r := l.Receipts[l.Receipt(agency)]
	switch {
	case !rep.Copy && x.Actor.Person == "":
		return l, false, fault.New(fault.PersonMustAct)
	case r.AcknowledgedAt.IsZero():
		return l, false, fault.New(fault.LetterNotAcknowledged)
	case l.disputedBy(agency):
		return l, false, fault.New(fault.LetterDisputed)
	case !r.AppliedAt.IsZero():
		return l, false, nil
	case x.Today < l.EffectiveOn():
		return l, false, fault.New(fault.LetterNotInEffect, "on", string(l.EffectiveOn()))
	}
	if rep.Differs || (!rep.Copy && rep.Count != l.standing()) {
		return l.object(Objection{Agency: agency, Ground: GroundDiffers, OpenedAt: x.Time, OpenedOn: x.Today}), true, nil
	}
	return l.with(agency, func(r *Receipt) { r.AppliedAt, r.AppliedBy, r.Proved = x.Time, x.Actor, rep.Copy }), true, nil
}

// standing counts the items that no other letter has corrected.
func (l *Letter) standing() (n int) {
	for _, i := range l.Items {
		if i.Corrected == "" {
			n++
		}
	}
	return n
}

// ReceiptState is where a recipient stands.
type ReceiptState string

// States of receipts.
const (
	ReceiptSent         ReceiptState = "SENT"
	ReceiptDelivered    ReceiptState = "DELIVERED"
	ReceiptAcknowledged ReceiptState = "ACKNOWLEDGED"
	ReceiptApplied      ReceiptState = "APPLIED"
	ReceiptDisputed     ReceiptState = "DISPUTED"
	ReceiptWithdrawn    ReceiptState = "WITHDRAWN"
)

// StateOf is where a recipient stands with the letter.
func (l *Letter) StateOf(r Receipt) ReceiptState {
	switch {
	case l.disputedBy(r.Agency):
		return ReceiptDisputed
	case !r.AppliedAt.IsZero():
		return ReceiptApplied
	case l.State == Withdrawn:
		return ReceiptWithdrawn
	case !r.AcknowledgedAt.IsZero():
		return ReceiptAcknowledged
	case !r.DeliveredAt.IsZero():
		return ReceiptDelivered
	}
	return ReceiptSent
}

// Waits tells whether the letter waits for a recipient to acknowledge it.
func (l *Letter) Waits(r Receipt) bool { return l.State == Issued && r.AcknowledgedAt.IsZero() }

// due is the last day for what a recipient has to do next; "" where nothing is due.
func (l *Letter) due(r Receipt, x Context) date.Date {
	switch l.StateOf(r) {
	case ReceiptSent, ReceiptDelivered:
		return workingDay(x, l.IssuedOn, l.Terms.AcknowledgeDays)
	case ReceiptAcknowledged:
		return l.applyBy(r.Agency, x)
	}
	return ""
}

// applyBy is the last day on which a recipient may apply the letter: its days begin anew
// with an answer to what it objected to.
func (l *Letter) applyBy(agency string, x Context) date.Date {
	from := max(l.IssuedOn, l.EffectiveOn())
	for _, o := range l.Objections {
		if o.Agency == agency {
			from = max(from, o.AnsweredOn)
		}
	}
	return workingDay(x, from, l.Terms.ApplyDays)
}

// workingDay is the n-th working day after a day. Where a year's notice is missing it is a day
// by which so many are over for certain, also with a long holiday: nobody is late by
// guesswork, and nobody forgotten.
func workingDay(x Context, from date.Date, n int) date.Date {
	d, err := x.Calendar.AddWorkingDays(from, n)
	if err != nil {
		return from.AddDays(2*n + 10)
	}
	return d
}

// AsOf is the letter as it stood at a time, as far as its recipients and objections go.
func AsOf(l Letter, at time.Time) Letter {
	if l.State == Withdrawn && l.WithdrawnAt.After(at) {
		l.State = Issued
	}
	l.Receipts = slices.Clone(l.Receipts)
	for n := range l.Receipts {
		r := &l.Receipts[n]
		if r.DeliveredAt.After(at) {
			r.DeliveredAt = time.Time{}
		}
		if r.AcknowledgedAt.After(at) {
			r.AcknowledgedAt, r.AcknowledgedBy = time.Time{}, Actor{}
		}
		if r.AppliedAt.After(at) {
			r.AppliedAt, r.AppliedBy, r.Proved = time.Time{}, Actor{}, false
		}
	}
	var objections []Objection
	for _, o := range l.Objections {
		if o.OpenedAt.After(at) {
			continue
		}
		if o.AnsweredAt.After(at) {
			o.State, o.AnsweredAt, o.AnsweredOn, o.Answer, o.AnsweredBy = ObjectionOpen, time.Time{}, "", "", Actor{}
		}
		objections = append(objections, o)
	}
	l.Objections = objections
	return l
}
