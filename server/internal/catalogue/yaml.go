package catalogue

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// reader gathers violations while it walks the YAML tree, so that the author sees
// all of them with their lines.
type reader struct {
	compiler
	bad []fault.Violation
}

// mapping is a YAML mapping with its path in the document.
type mapping struct {
	r    *reader
	node *ast.MappingNode
	path string
	line int
}

// document reads the text; false where it isn't one YAML mapping.
func (r *reader) document(text []byte) (mapping, bool) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		line, message := 1, "a text that can be read"
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			line, message = syntax.GetToken().Position.Line, syntax.GetMessage()
		}
		r.bad = append(r.bad, fault.Violation{
			Field: fmt.Sprintf("line %d", line), Reason: fault.Malformed, Message: "is not YAML: " + message, Chinese: "不是有效的 YAML:" + message,
		})
		return mapping{}, false
	}
	if len(file.Docs) == 1 {
		if node, ok := file.Docs[0].Body.(*ast.MappingNode); ok {
			return mapping{r: r, node: node, line: lineOf(node)}, true
		}
	}
	r.bad = append(r.bad, fault.Bad("line 1", fault.Malformed, "form", "one YAML document with a mapping at its top"))
	return mapping{}, false
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

// find gives the value of a key, nil where it is absent or empty.
func (m mapping) find(key string) ast.Node {
	for _, e := range m.node.Values {
		if keyOf(e) == key {
			if _, empty := e.Value.(*ast.NullNode); empty {
				return nil
			}
			return e.Value
		}
	}
	return nil
}

func keyOf(e *ast.MappingValueNode) string {
	if e.Key == nil || e.Key.GetToken() == nil {
		return ""
	}
	return e.Key.GetToken().Value
}

// violate reports what is wrong with a key: at its value's line, or at the mapping's
// where it is missing.
func (m mapping) violate(key string, reason fault.Reason, pairs ...string) {
	line := m.line
	if n := m.find(key); n != nil {
		line = lineOf(n)
	}
	m.violateAt(line, key, reason, pairs...)
}

func (m mapping) violateAt(line int, key string, reason fault.Reason, pairs ...string) {
	m.r.bad = append(m.r.bad, fault.Bad(m.field(line, key), reason, pairs...))
}

func (m mapping) field(line int, key string) string {
	return fmt.Sprintf("line %d: %s", line, m.at(key))
}

func (m mapping) at(key string) string {
	if m.path == "" {
		return key
	}
	return m.path + "." + key
}

// only reports keys that mean nothing here. A key that stands twice is no YAML.
func (m mapping) only(keys ...string) {
	for _, e := range m.node.Values {
		if key := keyOf(e); !slices.Contains(keys, key) {
			known := strings.Join(keys, ", ")
			m.r.bad = append(m.r.bad, fault.Violation{
				Field: m.field(lineOf(e.Key), key), Reason: fault.UnknownCode,
				Message: "is not known here; known are " + known, Chinese: "未知的键,可用:" + known,
			})
		}
	}
}

// scalar gives the text of a plain, quoted or block scalar. Anchors, aliases and tags
// are refused: a catalogue is to be read, not computed.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, " \n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func (m mapping) optional(key string) string {
	n := m.find(key)
	if n == nil {
		return ""
	}
	s, ok := scalar(n)
	if !ok {
		m.violate(key, fault.Malformed, "form", "a text")
	}
	return s
}

func (m mapping) text(key string) string {
	s := m.optional(key)
	if s == "" {
		m.violate(key, fault.Required)
	}
	return s
}

// nameForm keeps names safe in URLs, table names and entitlement texts.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

func (m mapping) name(key string) string {
	s := m.text(key)
	if s != "" && !nameForm.MatchString(s) {
		m.violate(key, fault.Malformed, "form", "lower-case letters, digits and hyphens")
	}
	return s
}

func (m mapping) oneOf(key string, values ...string) string {
	s := m.text(key)
	if s != "" && !slices.Contains(values, s) {
		m.violate(key, fault.UnknownCode, "list", strings.Join(values, ", "))
	}
	return s
}

func (m mapping) flag(key string) bool {
	if m.find(key) == nil {
		m.violate(key, fault.Required)
	}
	return m.optionalFlag(key)
}

func (m mapping) optionalFlag(key string) bool {
	s := m.optional(key)
	if s != "" && s != "true" && s != "false" {
		m.violate(key, fault.Malformed, "form", "true, false")
	}
	return s == "true"
}

func (m mapping) date(key string) date.Date {
	s := m.optional(key)
	if s == "" {
		return ""
	}
	d, err := date.Parse(s)
	if err != nil {
		m.violate(key, fault.Malformed, "form", "YYYY-MM-DD")
	}
	return d
}

// condition compiles a CEL expression. In a block written with | the line named is the
// one inside the block.
func (m mapping) condition(key string, grain Grain, policy bool) condition {
	source := m.optional(key)
	if source == "" || (grain != GrainHousehold && grain != GrainPerson) {
		return nil
	}
	compiled, problems := m.r.compile(source, grain, policy)
	first := lineOf(m.find(key))
	if block, ok := m.find(key).(*ast.LiteralNode); ok && strings.HasPrefix(block.Start.Value, "|") {
		first++
	}
	for _, p := range problems {
		m.r.bad = append(m.r.bad, fault.Violation{
			Field: m.field(first+p.line-1, key), Reason: fault.Malformed,
			Message: fmt.Sprintf("column %d: %s", p.column, p.english), Chinese: fmt.Sprintf("第 %d 列:%s", p.column, p.chinese),
		})
	}
	return compiled
}

// entries gives the mappings of a sequence that may not be empty.
func (m mapping) entries(key string) []mapping {
	sequence, ok := m.find(key).(*ast.SequenceNode)
	if !ok || len(sequence.Values) == 0 {
		m.violate(key, fault.Required)
		return nil
	}
	var out []mapping
	for i, e := range sequence.Values {
		at := fmt.Sprintf("%s[%d]", key, i)
		node, ok := e.(*ast.MappingNode)
		if !ok {
			m.violateAt(lineOf(e), at, fault.Malformed, "form", "a mapping")
			continue
		}
		out = append(out, mapping{r: m.r, node: node, path: m.at(at), line: lineOf(node)})
	}
	return out
}

// item is one name of a sequence of names.
type item struct {
	name, key string
	line      int
}

// names gives the names of a sequence, each once.
func (m mapping) names(key string) []item {
	n := m.find(key)
	if n == nil {
		return nil
	}
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		m.violate(key, fault.Malformed, "form", "a sequence of names")
		return nil
	}
	var out []item
	for i, e := range sequence.Values {
		s, _ := scalar(e)
		it := item{name: s, key: fmt.Sprintf("%s[%d]", key, i), line: lineOf(e)}
		if j := slices.IndexFunc(out, func(o item) bool { return o.name == s }); j >= 0 {
			m.violateAt(it.line, it.key, fault.Duplicate, "with", m.at(out[j].key))
			continue
		}
		out = append(out, it)
	}
	return out
}
