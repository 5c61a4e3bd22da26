package catalogue

import (
	"regexp"
	"strings"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Todo is advice that a list gives in those of its rows for which its condition holds.
// Where a text has a field of the list in braces, the row's own value stands there.
type Todo struct {
	Text, TextEnglish string
	Condition         string // "": in all rows

	when             condition
	chinese, english []part
}

// part is a piece of a text, or a field whose value stands there.
type part struct {
	literal string
	word    *word
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

func (s *subject) todoText(separator string, text func(*Todo) []part) string {
	var b strings.Builder
	for i, t := range s.todo {
		if i > 0 {
			b.WriteString(separator)
		}
		for _, p := range text(t) {
			b.WriteString(p.literal)
			if p.word != nil {
				b.WriteString(p.word.text(s))
			}
		}
	}
	return b.String()
}

// todo reads a list's advice.
func (r *reader) todo(m mapping, l *List) []*Todo {
	if m.find("todo") == nil {
		return nil
	}
	var out []*Todo
	for _, e := range m.entries("todo") {
		e.only("text", "text_en", "when")
		t := &Todo{Text: e.text("text"), TextEnglish: e.text("text_en"), Condition: e.optional("when"), when: e.condition("when", l.Grain, false)}
		t.chinese, t.english = e.parts("text", l), e.parts("text_en", l)
		out = append(out, t)
	}
	return out
}

var braces = regexp.MustCompile(`\{[^{}]*\}`)

// parts finds the fields in a text. Only the list's own can stand there: whoever reads
// the advice reads nothing that the list doesn't tell anyway.
func (m mapping) parts(key string, l *List) (out []part) {
	text, from := m.optional(key), 0
	for _, at := range braces.FindAllStringIndex(text, -1) {
		name := text[at[0]+1 : at[1]-1]
		if !l.has(name) || name == "todo" || name == "todo_en" {
			m.violate(key, fault.UnknownCode, "list", "fields")
			continue
		}
		out = append(out, part{text[from:at[0]], wordOf(name)})
		from = at[1]
	}
	return append(out, part{literal: text[from:]})
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
