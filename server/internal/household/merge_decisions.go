package household

import (
	"reflect"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// decisions takes over the legacy decisions of a household new to the hub and refuses
// every other way of bringing decisions in (law 9, clause 一 exit paragraph).
func (m *merger) decisions() {
	for i, d := range m.in.Decisions {
		d = d.clone()
		for j := range d.Ends {
			m.resolve(&d.Ends[j].Person, at("decisions", i)+"."+at("ends", j))
		}
		d.Only = nil // the hub's own, see Absorb
		d.normalise()
		switch {
		case m.base != nil:
			m.compareDecision(i, d)
		case d.Kind != DecisionLegacy:
			m.violate(at("decisions", i)+".kind", fault.Malformed, "form", string(DecisionLegacy))
		default:
			if d.ID == "" {
				d.ID = m.mint("dd_")
			}
			m.out.Decisions = append(m.out.Decisions, d)
		}
	}
}

func (m *merger) compareDecision(i int, d Decision) {
	reason := fault.LegacyDecisionLate
	for _, stored := range m.base.Decisions {
		stored = stored.clone()
		stored.Only = nil
		if d.ID == "" && d.Number == stored.Number {
			stored.ID = ""
		}
		stored.normalise()
		if reflect.DeepEqual(d, stored) {
			return
		}
		if d.ID == stored.ID || d.Number == stored.Number {
			reason = fault.DecisionImmutable
		}
	}
	m.violate(at("decisions", i), reason)
}
