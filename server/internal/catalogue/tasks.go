package catalogue

import (
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// openTasks are those about the person or, for the household, about it and anybody in
// it. One about somebody who moved away waits where that person lives now.
func (s *subject) openTasks() (out []*household.Task) {
	for i := range s.Tasks {
		t := &s.Tasks[i]
		if p := s.Person(t.Person); p != nil && p.LeftOn != "" && p.LeftOn <= s.on && p.LeaveReason != household.LeaveDeath {
			continue
		}
		if s.concerns(t.Person) && openOn(s.on, t.OpenedOn, t.ClosedOn) {
			out = append(out, t)
		}
	}
	return out
}

func (s *subject) taskKinds() []string {
	var out []string
	for _, t := range s.openTasks() {
		out = append(out, string(t.Kind))
	}
	return set(out)
}

func (s *subject) taskSources() []string {
	var out []string
	for _, t := range s.openTasks() {
		out = append(out, string(t.Group))
	}
	return set(out)
}

func (s *subject) tasksSince() date.Date {
	var oldest date.Date
	for _, t := range s.openTasks() {
		if oldest == "" || t.OpenedOn < oldest {
			oldest = t.OpenedOn
		}
	}
	return oldest
}
