package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
)

func (c *checker) helpers() {
	c.most("helpers", len(c.h.Helpers), MaxElements)
	ids := seen{c: c, list: "helpers", field: ".id"}
	for i, e := range c.h.Helpers {
		f := at("helpers", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"name", e.Name)
		c.text(f+"name", e.Name, maxName)
		c.text(f+"unit", e.Unit, maxName)
		c.text(f+"post", e.Post, maxName)
		c.phone(f+"phone", e.Phone)
		c.past(f+"from", e.From)
		c.date(f+"to", e.To)
		c.order(f+"to", e.To, "from", e.From)
		c.text(f+"reason", e.Reason, maxText)
	}
}

func (c *checker) needs() {
	c.most("needs", len(c.h.Needs), MaxElements)
	ids := seen{c: c, list: "needs", field: ".id"}
	for i, e := range c.h.Needs {
		f := at("needs", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"category", string(e.Category))
		c.code(f+"category", "NeedCategory", string(e.Category))
		c.person(f+"person", e.Person)
		c.required(f+"arose_on", string(e.AroseOn))
		c.past(f+"arose_on", e.AroseOn)
		c.text(f+"evidence", e.Evidence, maxText)
		c.past(f+"fulfilled_on", e.FulfilledOn)
		c.order(f+"fulfilled_on", e.FulfilledOn, "arose_on", e.AroseOn)
	}
}

func (c *checker) shocks() {
	c.most("shocks", len(c.h.Shocks), MaxElements)
	ids := seen{c: c, list: "shocks", field: ".id"}
	for i, e := range c.h.Shocks {
		f := at("shocks", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"kind", string(e.Kind))
		c.code(f+"kind", "ShockKind", string(e.Kind))
		c.person(f+"person", e.Person)
		c.required(f+"happened_on", string(e.HappenedOn))
		c.past(f+"happened_on", e.HappenedOn)
		c.past(f+"resolved_on", e.ResolvedOn)
		c.order(f+"resolved_on", e.ResolvedOn, "happened_on", e.HappenedOn)
		c.text(f+"note", e.Note, maxText)
	}
}

func (c *checker) housing() {
	damages, appraisals := c.h.Housing.Damages, c.h.Housing.Appraisals
	c.most("damages", len(damages), MaxElements)
	c.most("appraisals", len(appraisals), MaxElements)
	ids := seen{c: c, list: "damages", field: ".id"}
	for i, e := range damages {
		f := at("damages", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"cause", string(e.Cause))
		c.code(f+"cause", "DamageCause", string(e.Cause))
		c.required(f+"happened_on", string(e.HappenedOn))
		c.past(f+"happened_on", e.HappenedOn)
	}
	ids = seen{c: c, list: "appraisals", field: ".id"}
	for i, e := range appraisals {
		f := at("appraisals", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"grade", string(e.Grade))
		c.code(f+"grade", "Grade", string(e.Grade))
		c.required(f+"appraised_on", string(e.AppraisedOn))
		c.past(f+"appraised_on", e.AppraisedOn)
		c.text(f+"appraiser", e.Appraiser, maxName)
		c.text(f+"certificate", e.Certificate, maxName)
		c.past(f+"renovated_on", e.RenovatedOn)
		c.order(f+"renovated_on", e.RenovatedOn, "appraised_on", e.AppraisedOn)
	}
}

func (c *checker) assistance() {
	c.most("assistance", len(c.h.Assistance), MaxElements)
	ids := seen{c: c, list: "assistance", field: ".id"}
	for i, e := range c.h.Assistance {
		f := at("assistance", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"kind", string(e.Kind))
		c.code(f+"kind", "AssistanceKind", string(e.Kind))
		c.person(f+"person", e.Person)
		c.required(f+"from", string(e.From))
		c.past(f+"from", e.From)
		c.date(f+"to", e.To)
		c.order(f+"to", e.To, "from", e.From)
	}
}

func (c *checker) key(ids *seen, i int, id string) {
	c.text(at(ids.list, i)+ids.field, id, maxName)
	ids.once(i, id)
}

// decisions: each with its number and document; its days may lie in the future.
func (c *checker) decisions() {
	c.most("decisions", len(c.h.Decisions), MaxElements)
	ids := seen{c: c, list: "decisions", field: ".id"}
	numbers := seen{c: c, list: "decisions", field: ".number"}
	for i := range c.h.Decisions {
		d, f := &c.h.Decisions[i], at("decisions", i)+"."
		ids.once(i, d.ID)
		if d.Kind != DecisionReversal { // one paper may take back the decisions of households that became one
			numbers.once(i, d.Number)
		}
		c.required(f+"number", d.Number)
		c.text(f+"number", d.Number, maxName)
		c.required(f+"kind", string(d.Kind))
		c.code(f+"kind", "DecisionKind", string(d.Kind))
		c.required(f+"decided_on", string(d.DecidedOn))
		c.past(f+"decided_on", d.DecidedOn)
		c.date(f+"announced_on", d.AnnouncedOn)
		c.order(f+"announced_on", d.AnnouncedOn, "decided_on", d.DecidedOn)
		c.required(f+"effective_on", string(d.EffectiveOn))
		c.date(f+"effective_on", d.EffectiveOn)
		c.order(f+"effective_on", d.EffectiveOn, "decided_on", d.DecidedOn)
		c.document(f+"document", d.Document)
		c.reverses(f+"reverses", d)
		c.ends(f+"ends", d)
	}
}

// reverses: a reversal names a decision of this household, and nothing else does.
func (c *checker) reverses(field string, d *Decision) {
	if d.Kind == DecisionReversal {
		c.required(field, d.Reverses)
	}
	known := slices.ContainsFunc(c.h.Decisions, func(o Decision) bool {
		return o.ID == d.Reverses && o.Kind != DecisionReversal
	})
	if d.Reverses != "" && (d.Kind != DecisionReversal || !known) {
		c.violate(field, fault.OutOfRange, "range", "decisions[].id")
	}
}

func (c *checker) ends(list string, d *Decision) {
	c.most(list, len(d.Ends), maxEnds)
	seen := seen{c: c, list: list}
	for i, e := range d.Ends {
		f := at(list, i) + "."
		c.person(f+"person", e.Person)
		c.required(f+"policy", e.Policy)
		c.text(f+"policy", e.Policy, maxName)
		c.required(f+"last_day", string(e.LastDay))
		c.date(f+"last_day", e.LastDay)
		c.order(f+"last_day", e.LastDay, "effective_on", d.EffectiveOn.AddDays(-1))
		seen.once(i, e.Person+"\x00"+e.Policy)
	}
}
