package wire

import (
	"slices"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

func decisionToProto(d household.Decision) *hubv1.Decision {
	return &hubv1.Decision{
		Id:          d.ID,
		Number:      d.Number,
		Kind:        decisionKinds.number(d.Kind),
		DecidedOn:   string(d.DecidedOn),
		AnnouncedOn: string(d.AnnouncedOn),
		EffectiveOn: string(d.EffectiveOn),
		Document:    documentToProto(d.Document),
		Reverses:    d.Reverses,
		Ends:        each(d.Ends, endToProto),
		Only:        d.Only,
	}
}

func decisionFromProto(p *hubv1.Decision) household.Decision {
	return household.Decision{
		ID:          p.GetId(),
		Number:      p.GetNumber(),
		Kind:        decisionKinds.text(p.GetKind()),
		DecidedOn:   date.Date(p.GetDecidedOn()),
		AnnouncedOn: date.Date(p.GetAnnouncedOn()),
		EffectiveOn: date.Date(p.GetEffectiveOn()),
		Document:    DocumentFromProto(p.GetDocument()),
		Reverses:    p.GetReverses(),
		Ends:        each(p.GetEnds(), endFromProto),
		Only:        p.GetOnly(),
	}
}

func endToProto(e household.End) *hubv1.DecisionEnd {
	return &hubv1.DecisionEnd{Person: e.Person, Policy: e.Policy, LastDay: string(e.LastDay)}
}

func endFromProto(p *hubv1.DecisionEnd) household.End {
	return household.End{Person: p.GetPerson(), Policy: p.GetPolicy(), LastDay: date.Date(p.GetLastDay())}
}

func documentToProto(d household.Document) *hubv1.Document {
	if d == (household.Document{}) {
		return nil
	}
	return &hubv1.Document{Issuer: d.Issuer, Number: d.Number, Date: string(d.Date)}
}

// DocumentFromProto takes a document out of the contract's shape.
func DocumentFromProto(p *hubv1.Document) household.Document {
	return household.Document{Issuer: p.GetIssuer(), Number: p.GetNumber(), Date: date.Date(p.GetDate())}
}

func closingToProto(c *household.Closing) *hubv1.Closing {
	if c == nil {
		return nil
	}
	return &hubv1.Closing{Kind: closingKinds.number(c.Kind), On: string(c.On), Document: documentToProto(c.Document)}
}

func closingFromProto(p *hubv1.Closing) *household.Closing {
	if p == nil {
		return nil
	}
	return &household.Closing{
		Kind: closingKinds.text(p.GetKind()), On: date.Date(p.GetOn()), Document: DocumentFromProto(p.GetDocument()),
	}
}

func eventToProto(e household.Event) *hubv1.HouseholdEvent {
	return &hubv1.HouseholdEvent{Cause: e.Cause, On: string(e.On), Document: documentToProto(e.Document)}
}

func eventFromProto(p *hubv1.HouseholdEvent) household.Event {
	return household.Event{Cause: p.GetCause(), On: date.Date(p.GetOn()), Document: DocumentFromProto(p.GetDocument())}
}

// sourcesToProto lists the sources in the order of the contract's groups, so that
// a map gives the same bytes each time.
func sourcesToProto(sources map[household.Group]household.Provenance) []*hubv1.Provenance {
	if len(sources) == 0 {
		return nil
	}
	out := make([]*hubv1.Provenance, 0, len(sources))
	for group, s := range sources {
		out = append(out, &hubv1.Provenance{
			Group: groups.number(group), Owner: s.Owner, Source: s.Source, AsOf: string(s.AsOf),
		})
	}
	slices.SortFunc(out, func(a, b *hubv1.Provenance) int { return int(a.GetGroup()) - int(b.GetGroup()) })
	return out
}

// sourcesFromProto keeps the last source of each group.
func sourcesFromProto(list []*hubv1.Provenance) map[household.Group]household.Provenance {
	if len(list) == 0 {
		return nil
	}
	out := make(map[household.Group]household.Provenance, len(list))
	for _, p := range list {
		out[groups.text(p.GetGroup())] = household.Provenance{
			Owner: p.GetOwner(), Source: p.GetSource(), AsOf: date.Date(p.GetAsOf()),
		}
	}
	return out
}
