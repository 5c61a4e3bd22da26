package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// OpenTask opens a task unless it was opened before, whether it was closed since or
// not, and tells whether it did. Where the household is full of them, the oldest
// closed one makes room; with all of them open one more would help nobody.
func (h *Household) OpenTask(t Task) bool {
	if slices.ContainsFunc(h.Tasks, func(k Task) bool { return k.ID == t.ID }) {
		return false
	}
	if len(h.Tasks) >= MaxElements {
		i := slices.IndexFunc(h.Tasks, func(k Task) bool { return k.ClosedOn != "" })
		if i < 0 {
			return false
		}
		h.Tasks = slices.Delete(h.Tasks, i, i+1)
	}
	h.Tasks = append(h.Tasks, t)
	return true
}

// CloseTask records what the office found about an open task, and tells whether there
// was one.
func (h *Household) CloseTask(id string, on date.Date, reason string) bool {
	i := slices.IndexFunc(h.Tasks, func(t Task) bool { return t.ID == id && t.ClosedOn == "" })
	if i < 0 {
		return false
	}
	h.Tasks[i].ClosedOn, h.Tasks[i].ClosedReason = on, reason
	return true
}

// takeTasks copies the open tasks about a person ("": the household as a whole) that
// do not stand here yet.
func (h *Household) takeTasks(from *Household, person string) {
	for _, t := range from.Tasks {
		if t.Person == person && t.ClosedOn == "" {
			t.Fields = slices.Clone(t.Fields)
			h.OpenTask(t)
		}
	}
}

// tasks lets the office close tasks. Only the hub opens them, so one that is not known
// here is a violation; nothing else about one can be changed.
func (m *merger) tasks() {
	if !m.owns(GroupRegister) {
		return
	}
	for i, t := range m.in.Tasks {
		j := slices.IndexFunc(m.out.Tasks, func(k Task) bool { return k.ID == t.ID })
		switch {
		case j < 0:
			m.violate(at("tasks", i)+".id", fault.OutOfRange, "range", "tasks[].id")
		case t.ClosedOn != "" && m.out.Tasks[j].ClosedOn == "":
			m.out.CloseTask(t.ID, t.ClosedOn, t.ClosedReason)
		}
	}
}

// tasks: a closed one says what was found.
func (c *checker) tasks() {
	c.most("tasks", len(c.h.Tasks), MaxElements)
	ids := seen{c: c, list: "tasks", field: ".id"}
	for i, t := range c.h.Tasks {
		f := at("tasks", i) + "."
		c.required(f+"id", t.ID)
		c.key(&ids, i, t.ID)
		c.required(f+"kind", string(t.Kind))
		c.code(f+"kind", "TaskKind", string(t.Kind))
		c.code(f+"group", "Group", string(t.Group))
		c.person(f+"person", t.Person)
		c.required(f+"opened_on", string(t.OpenedOn))
		c.past(f+"opened_on", t.OpenedOn)
		c.past(f+"closed_on", t.ClosedOn)
		c.order(f+"closed_on", t.ClosedOn, "opened_on", t.OpenedOn)
		c.text(f+"closed_reason", t.ClosedReason, maxText)
		if t.ClosedOn != "" {
			c.required(f+"closed_reason", t.ClosedReason)
		}
	}
}
