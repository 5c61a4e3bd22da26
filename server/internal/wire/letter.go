package wire

import (
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

var (
	letterKinds      = codesOf[letter.Kind, hubv1.LetterKind]()
	letterStates     = codesOf[letter.State, hubv1.LetterState]()
	letterItemKinds  = codesOf[letter.ItemKind, hubv1.LetterItemKind]()
	receiptStates    = codesOf[letter.ReceiptState, hubv1.ReceiptState]()
	letterWaiting    = codesOf[letter.Waiting, hubv1.LetterWaiting]()
	draftRules       = codesOf[removal.DraftRule, hubv1.DraftRule]()
	objectionGrounds = codesOf[letter.Ground, hubv1.ObjectionGround]()
	objectionSubject = codesOf[letter.Subject, hubv1.ObjectionSubject]()
	objectionStates  = codesOf[letter.ObjectionState, hubv1.ObjectionState]()
)

// Letter is a letter as it is sent.
type Letter = hubv1.Letter

// LetterToProto is a letter in the contract's shape, as somebody may see it.
func LetterToProto(v letter.View) *Letter {
	out := LetterHeadToProto(v)
	for n, i := range v.Items {
		out.Items = append(out.Items, LetterItemToProto(n+1, v.Shown(i)))
	}
	return out
}

// LetterHeadToProto is the same without its items.
func LetterHeadToProto(v letter.View) *Letter {
	l := v.Letter
	out := &Letter{
		Id: l.ID, Area: l.Area, Department: l.Department, Kind: letterKinds.number(l.Kind), State: letterStates.number(l.State), Etag: v.Etag,
		Number: l.Number, OpenedOn: string(l.OpenedOn), SignedOn: string(l.SignedOn), IssuedOn: string(l.IssuedOn),
		AcknowledgeBy: string(v.AcknowledgeBy), ApplyBy: string(v.ApplyBy), EffectiveOn: string(l.EffectiveOn()),
		ItemCount: count(len(l.Items)), PersonCount: count(len(l.Persons())), Digest: l.Digest, Transaction: l.Transaction,
		Waiting: letterWaiting.number(v.Waiting), Corrects: l.Corrects,
	}
	for _, c := range l.CorrectedBy {
		out.CorrectedBy = append(out.CorrectedBy, &hubv1.LetterCorrection{Letter: c.Letter, Number: c.Number})
	}
	if !v.Recipient {
		out.SignedBy, out.IssuedBy = actorText(l.SignedBy), actorText(l.IssuedBy)
	}
	out.Receipts, out.Objections = each(v.Receipts, ReceiptToProto), each(v.Objections, objectionToProto)
	return out
}

func count(n int) int32 { return int32(n) } //nolint:gosec // at most some hundreds

func actorText(a letter.Actor) string {
	if a.Person == "" {
		return a.Agency
	}
	return a.Agency + " " + a.Person
}

// LetterItemToProto is an item in the contract's shape.
func LetterItemToProto(number int, i letter.Item) *hubv1.LetterItem {
	return &hubv1.LetterItem{
		Number: count(number), Kind: letterItemKinds.number(i.Kind), Household: i.Household, Person: i.Person, HouseholdWide: i.HouseholdWide,
		Village: i.Village, Decision: i.Decision, DecisionNumber: i.DecisionNumber, Policy: i.Policy, PolicyTitle: i.PolicyTitle,
		LastDay: string(i.LastDay), FirstDay: string(i.FirstDay), Name: i.Name, IdNumber: i.IDNumber, BirthDate: string(i.BirthDate), CorrectedBy: i.Corrected,
	}
}

// ReceiptToProto is a receipt in the contract's shape.
func ReceiptToProto(r letter.ReceiptView) *hubv1.Receipt {
	by := r.AppliedBy.Person
	if by == "" {
		by = r.AppliedBy.Client
	}
	return &hubv1.Receipt{
		Agency: r.Agency, State: receiptStates.number(r.State), DeliveredAt: TimeText(r.DeliveredAt), AcknowledgedAt: TimeText(r.AcknowledgedAt),
		AcknowledgedBy: r.AcknowledgedBy.Person, AppliedAt: TimeText(r.AppliedAt), AppliedBy: by, Proved: r.Proved,
		Overdue: r.Overdue, Escalated: r.Escalated, DaysToApply: count(r.DaysToApply),
	}
}

// TimeText is a moment as the contract writes it; "" for none.
func TimeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func objectionToProto(o letter.ObjectionView) *hubv1.Objection {
	return &hubv1.Objection{
		Number: count(o.Number), Agency: o.Agency, Item: count(o.Item), Ground: objectionGrounds.number(o.Ground),
		Subject: objectionSubject.number(o.Ground.Subject()), Text: o.Text, Person: o.By.Person, OpenedOn: string(o.OpenedOn), AnswerBy: string(o.AnswerBy),
		State: objectionStates.number(o.State), AnsweredOn: string(o.AnsweredOn), Answer: o.Answer, Overdue: o.Overdue,
	}
}

// LetterState is the code of a letter's state of the contract.
func LetterState(s hubv1.LetterState) letter.State { return letterStates.text(s) }

// LetterKindToProto is the contract's value of a letter's kind.
func LetterKindToProto(k letter.Kind) hubv1.LetterKind { return letterKinds.number(k) }

// LetterWaiting is the code of whom a letter waits for.
func LetterWaiting(w hubv1.LetterWaiting) letter.Waiting { return letterWaiting.text(w) }

// ObjectionGround is the code of a ground of the contract.
func ObjectionGround(g hubv1.ObjectionGround) letter.Ground { return objectionGrounds.text(g) }

// ObjectionState is the code of an objection's state of the contract.
func ObjectionState(s hubv1.ObjectionState) letter.ObjectionState { return objectionStates.text(s) }

// letterTermsToProto are letter terms in the contract's shape; nil for the hub's own.
func letterTermsToProto(t removal.LetterTerms) *hubv1.LetterTerms {
	if t == (removal.LetterTerms{}) {
		return nil
	}
	return &hubv1.LetterTerms{
		Draft: draftRules.number(t.Draft), DraftItems: count(t.DraftItems), Office: t.Office, OfficeName: t.OfficeName,
		AcknowledgeDays: count(t.AcknowledgeDays), ApplyDays: count(t.ApplyDays), EscalateDays: count(t.EscalateDays), AnswerDays: count(t.AnswerDays),
	}
}

func letterTermsFromProto(p *hubv1.LetterTerms) removal.LetterTerms {
	return removal.LetterTerms{
		Draft: draftRules.text(p.GetDraft()), DraftItems: int(p.GetDraftItems()), Office: p.GetOffice(), OfficeName: p.GetOfficeName(),
		AcknowledgeDays: int(p.GetAcknowledgeDays()), ApplyDays: int(p.GetApplyDays()), EscalateDays: int(p.GetEscalateDays()), AnswerDays: int(p.GetAnswerDays()),
	}
}
