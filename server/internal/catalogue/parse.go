package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// maxText bounds a catalogue, in bytes.
const maxText = 1 << 20

// Parse reads, checks and compiles a catalogue. What is wrong with it comes all at
// once as one fault; each violation's field begins with the line.
func Parse(text []byte) (*Catalogue, error) {
	if len(text) > maxText {
		return nil, fault.New(fault.LimitReached, "limit", "1 MiB")
	}
	r := &reader{}
	c := &Catalogue{}
	if root, ok := r.document(text); ok {
		r.catalogue(c, root)
	}
	if err := fault.List(fault.CatalogueInvalid, r.bad); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	c.Version = c.Name + "@" + hex.EncodeToString(sum[:6])
	c.tests, c.limits, c.daily = len(r.tests), r.limits, r.daily
	return c, nil
}

func (r *reader) catalogue(c *Catalogue, m mapping) {
	m.only("name", "title", "title_en", "exit_clause", "beneficiaries", "fields", "policies", "standards", "lists")
	c.Name, c.Title, c.TitleEnglish, c.ExitClause = m.name("name"), m.text("title"), m.text("title_en"), m.optional("exit_clause")
	var fields []*ListField
	entries := m.entries("fields")
	for _, e := range entries {
		fields = append(fields, r.field(e))
	}
	distinct(entries, "name", fields, func(f *ListField) string { return f.Name })

	everybody := beneficiaries{text: m.optional("beneficiaries"), when: m.condition("beneficiaries", GrainHousehold, true)}
	entries = m.entries("policies")
	for i, e := range entries {
		c.Policies = append(c.Policies, r.policy(e, i, everybody))
	}
	distinct(entries, "code", c.Policies, func(p *Policy) string { return p.Code })

	c.Standards = r.standards(m)

	entries = m.entries("lists")
	for _, e := range entries {
		c.Lists = append(c.Lists, r.list(c, fields, e))
	}
	distinct(entries, "name", c.Lists, func(l *List) string { return l.Name })
}

// distinct reports names that stand twice among the entries of a sequence.
func distinct[T any](entries []mapping, key string, all []T, name func(T) string) {
	for i, t := range all {
		j := slices.IndexFunc(all[:i], func(o T) bool { return name(o) == name(t) })
		if j >= 0 && name(t) != "" {
			entries[i].violate(key, fault.Duplicate, "with", entries[j].path)
		}
	}
}

// beneficiaries are the households that all policies are for, as far as facts go.
type beneficiaries struct {
	text string
	when condition
}

// and gives the whole condition of a policy.
func (b beneficiaries) and(text string, when condition) (string, condition) {
	switch {
	case b.text == "":
		return text, when
	case text == "":
		return b.text, b.when
	}
	return "(" + b.text + ") && (" + text + ")", slices.Concat(b.when, when)
}

func (r *reader) policy(m mapping, ordinal int, everybody beneficiaries) *Policy {
	m.only("code", "clause", "title", "title_en", "department", "grain", "due", "reach", "from", "until", "at_removal", "condition")
	out := &Policy{
		Code: m.name("code"), Clause: m.text("clause"), Title: m.text("title"), TitleEnglish: m.text("title_en"),
		Department: m.name("department"), Grain: Grain(m.oneOf("grain", "household", "person")), Due: m.flag("due"),
		Reach: Reach(m.oneOf("reach", "supported", "unsupported", "everyone")),
		From:  m.date("from"), Until: m.date("until"), ordinal: ordinal, everybody: len(everybody.when),
	}
	if m.find("from") == nil {
		m.violate("from", fault.Required)
	}
	if out.Until != "" && out.Until < out.From {
		m.violate("until", fault.DateOrder, "before", "from")
	}
	switch {
	case out.Reach == Supported:
		out.AtRemoval = m.oneOf("at_removal", "at-once", "end-of-school-term", "end-of-school-stage", "end-of-insurance-year")
	case m.find("at_removal") != nil:
		m.violate("at_removal", fault.OutOfRange, "range", "reach: supported")
	}
	if everybody.text == "" && m.find("condition") == nil {
		m.violate("condition", fault.Required)
	}
	out.Condition, out.when = everybody.and(m.optional("condition"), m.condition("condition", out.Grain, true))
	return out
}

func (r *reader) list(c *Catalogue, fields []*ListField, m mapping) *List {
	m.only("name", "title", "title_en", "department", "grain", "worklist", "basis", "policies", "condition", "todo", "fields")
	out := &List{
		Name: m.name("name"), Title: m.text("title"), TitleEnglish: m.text("title_en"), Department: m.name("department"),
		Grain: Grain(m.oneOf("grain", "household", "person")), Worklist: m.optionalFlag("worklist"), Condition: m.optional("condition"),
	}
	out.when = m.condition("condition", out.Grain, false)
	codes := m.names("policies")
	if out.Condition == "" && len(codes) == 0 {
		m.violate("condition", fault.Required)
	}
	for _, code := range codes {
		switch policy := c.Policy(code.name); {
		case policy == nil:
			m.violateAt(code.line, code.key, fault.UnknownCode, "list", "policies")
		case policy.Grain != out.Grain:
			m.violateAt(code.line, code.key, fault.OutOfRange, "range", "grain: "+string(out.Grain))
		default:
			out.policies = append(out.policies, policy)
			out.Policies = append(out.Policies, policy.Code)
		}
	}
	slices.SortFunc(out.policies, func(a, b *Policy) int { return a.ordinal - b.ordinal })
	r.listFields(fields, m, out)
	out.Todo = r.todo(m, out)
	r.todoFields(m, out)
	out.Fingerprint = fingerprint(out)
	return out
}

// listFields gives a list its fields; the basis for sharing is the list's own.
func (r *reader) listFields(fields []*ListField, m mapping, l *List) {
	basis, names := m.text("basis"), m.names("fields")
	if len(names) == 0 {
		m.violate("fields", fault.Required)
	}
	for _, it := range names {
		i := slices.IndexFunc(fields, func(f *ListField) bool { return f.Name == it.name })
		switch {
		case i < 0:
			m.violateAt(it.line, it.key, fault.UnknownCode, "list", "fields")
			continue
		case fields[i].word == nil: // reported where it is defined
			continue
		case fields[i].word.Grain == GrainPerson && l.Grain == GrainHousehold:
			m.violateAt(it.line, it.key, fault.OutOfRange, "range", "grain: household")
		case fields[i].word.Kind == Entitlements && len(l.policies) == 0:
			m.violateAt(it.line, it.key, fault.OutOfRange, "range", "policies")
		}
		own := *fields[i]
		own.Basis = basis
		l.Fields = append(l.Fields, &own)
	}
}

// field defines what a word of the record vocabulary means, once for all lists.
func (r *reader) field(m mapping) *ListField {
	m.only("name", "meaning", "meaning_en", "source", "unit", "sharing")
	out := &ListField{
		Name: m.text("name"), Meaning: m.text("meaning"), MeaningEnglish: m.text("meaning_en"),
		Source: m.oneOf("source", household.Codes["Group"]...), Unit: m.optional("unit"), Sharing: m.oneOf("sharing", "unconditional", "conditional"),
	}
	if out.word = wordOf(out.Name); out.word == nil && out.Name != "" {
		m.violate("name", fault.UnknownCode, "list", "Record")
	}
	return out
}

// fingerprint tells lists with different fields apart; names have no line breaks.
func fingerprint(l *List) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", l.Name, l.Grain)
	for _, f := range l.Fields {
		fmt.Fprintf(&b, "%s\n", f.Name)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:6])
}
