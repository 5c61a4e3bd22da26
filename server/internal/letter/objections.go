package letter

import (
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
)

func (l Letter) object(o ...Objection) Letter {
	for n := range o {
		o[n].State = ObjectionOpen
	}
	l.Objections = append(slices.Clone(l.Objections), o...)
	return l
}

// disputedBy tells whether an objection of an agency is open.
func (l *Letter) disputedBy(agency string) bool {
	return slices.ContainsFunc(l.Objections, func(o Objection) bool { return o.Agency == agency && o.State == ObjectionOpen })
}

// Dispute opens objections of a recipient to items: each of them says item, ground and text.
func Dispute(l Letter, to []Objection, x Context) (Letter, error) {
	if err := l.answerable(x.Actor.Agency); err != nil {
		return l, err
	}
	if x.Actor.Person == "" {
		return l, fault.New(fault.PersonMustAct)
	}
	var bad []fault.Violation
	opened := make([]Objection, 0, len(to))
	for n, o := range to {
		switch field := fmt.Sprintf("objections[%d].item", n); {
		case o.Item < 1 || o.Item > len(l.Items) || l.Items[o.Item-1].Corrected != "":
			bad = append(bad, fault.Bad(field, fault.LetterItemUnknown, "item", fmt.Sprint(o.Item)))
		case slices.ContainsFunc(append(slices.Clone(l.Objections), opened...), func(was Objection) bool {
			return was.Agency == x.Actor.Agency && was.Item == o.Item && (was.State == ObjectionOpen || was.State == "")
		}):
			bad = append(bad, fault.Bad(field, fault.Duplicate, "with", fmt.Sprint(o.Item)))
		}
		opened = append(opened, Objection{
			Agency: x.Actor.Agency, Item: o.Item, Ground: o.Ground, Text: o.Text, By: x.Actor, OpenedAt: x.Time, OpenedOn: x.Today,
		})
	}
	if err := fault.List(fault.InvalidRequest, bad); err != nil {
		return l, err
	}
	if delivered, news := Deliver(l, x.Actor.Agency, x); news {
		l = delivered // whoever objects has it, perhaps on paper
	}
	return l.object(opened...), nil
}

// Answer answers an objection. Whether anything was corrected is the hub's to know.
func Answer(l Letter, number int, state ObjectionState, reason string, x Context) (Letter, error) {
	if number < 1 || number > len(l.Objections) {
		return l, fault.New(fault.ObjectionNotFound)
	}
	if x.Actor.Person == "" {
		return l, fault.New(fault.PersonMustAct)
	}
	if was := l.Objections[number-1]; was.State != ObjectionOpen {
		return l, fault.New(fault.ObjectionAnswered, "on", string(was.AnsweredOn))
	}
	l.Objections = slices.Clone(l.Objections)
	o := &l.Objections[number-1]
	o.State, o.AnsweredAt, o.AnsweredOn, o.Answer, o.AnsweredBy = state, x.Time, x.Today, reason, x.Actor
	return l, nil
}
