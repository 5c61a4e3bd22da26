package catalogue

import (
	"strings"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Todo is advice that a list gives in those of its rows for which its condition holds.
type Todo struct {
	Text, TextEnglish string
	Condition         string // "": in all rows

	when condition
}

// advice gathers what a list advises about the subject, in the order of the catalogue.
func (s *subject) advice(l *List) error {
	s.todo = s.todo[:0]
	for _, t := range l.Todo {
		ok, err := s.holds(t.when)
		if err != nil {
			return err
		}
		if ok {
			s.todo = append(s.todo, t)
		}
	}
	return nil
}

func (s *subject) todoText(separator string, text func(*Todo) string) string {
	var b strings.Builder
	for i, t := range s.todo {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text(t))
	}
	return b.String()
}

// todo reads a list's advice.
func (r *reader) todo(m mapping, grain Grain) []*Todo {
	if m.find("todo") == nil {
		return nil
	}
	var out []*Todo
	for _, e := range m.entries("todo") {
		e.only("text", "text_en", "when")
		out = append(out, &Todo{
			Text: e.text("text"), TextEnglish: e.text("text_en"), Condition: e.optional("when"), when: e.condition("when", grain, false),
		})
	}
	return out
}

// todoFields: advice that no field shows, or a field that never says anything, is a slip.
func (r *reader) todoFields(m mapping, l *List) {
	for _, it := range m.names("fields") {
		if (it.name == "todo" || it.name == "todo_en") && m.find("todo") == nil {
			m.violateAt(it.line, it.key, fault.TodoIncomplete, "missing", "todo:")
		}
	}
	for _, name := range [...]string{"todo", "todo_en"} {
		if m.find("todo") != nil && !l.has(name) {
			m.violate("todo", fault.TodoIncomplete, "missing", "fields: "+name)
		}
	}
}

func (l *List) has(field string) bool {
	for _, f := range l.Fields {
		if f.Name == field {
			return true
		}
	}
	return false
}
