package register

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

//go:embed mappings/*.yaml
var embedded embed.FS

// reasonHeader is the column that a report adds; reading ignores it.
const reasonHeader = "错误原因"

// Mapping says which columns of a source hold which facts, and what its labels and
// numbers mean. Sources number the same list differently, so each has its own.
type Mapping struct {
	Name    string                       `yaml:"name"`
	Title   string                       `yaml:"title"`
	Source  string                       `yaml:"source"`
	Group   household.Group              `yaml:"group"` // whose facts; REGISTER: whole households
	Columns []column                     `yaml:"columns"`
	Ignore  []string                     `yaml:"ignore"` // headers that are known and not wanted
	Codes   map[string]map[string]string `yaml:"codes"`  // list → label or number → the hub's code
	byName  map[string]column
}

// column is a field with the headers under which it comes; the first is the one written.
type column struct {
	Field    string   `yaml:"field"`
	Headers  []string `yaml:"headers"`
	Required bool     `yaml:"required"`
}

// Mappings are the embedded ones, the national export first.
func Mappings() []*Mapping { return slices.Clone(builtIn()) }

var builtIn = sync.OnceValue(func() []*Mapping {
	files, err := embedded.ReadDir("mappings")
	if err != nil {
		panic("register: " + err.Error()) // a test loads them
	}
	var all []*Mapping
	for _, f := range files {
		text, err := embedded.ReadFile("mappings/" + f.Name())
		if err != nil {
			panic("register: " + err.Error())
		}
		m, err := parseMapping(text)
		if err != nil {
			panic("register: " + f.Name() + ": " + err.Error())
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b *Mapping) int {
		return strings.Compare(strings.TrimPrefix(a.Name, "national-export"), strings.TrimPrefix(b.Name, "national-export"))
	})
	return all
})

func national() *Mapping { return builtIn()[0] }

// Named finds an embedded mapping; "" is the national export.
func Named(name string) (*Mapping, error) {
	for _, m := range builtIn() {
		if m.Name == name || name == "" {
			return m, nil
		}
	}
	return nil, fault.New(fault.MappingInvalid, "problem", "there is no built-in mapping of that name", "problem_zh", "没有该名称的内置对照")
}

// LoadMapping finds an embedded mapping by its name, or reads a file.
func LoadMapping(nameOrFile string) (*Mapping, error) {
	if m, err := Named(nameOrFile); err == nil {
		return m, nil
	}
	text, err := os.ReadFile(nameOrFile)
	if err != nil {
		return nil, fault.New(fault.MappingInvalid, "problem", "there is no built-in mapping and no file of that name", "problem_zh", "没有该名称的内置对照或文件")
	}
	return parseMapping(text)
}

func invalidMapping(format string, args ...any) error {
	return fault.New(fault.MappingInvalid, "problem", fmt.Sprintf(format, args...))
}

func parseMapping(text []byte) (*Mapping, error) {
	m := &Mapping{}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(m); err != nil {
		return nil, invalidMapping("%s", yaml.FormatError(err, false, false))
	}
	if m.Group == "" {
		m.Group = household.GroupRegister
	}
	if !slices.Contains(household.Codes["Group"], string(m.Group)) || m.Name == "" || m.Source == "" {
		return nil, invalidMapping("name, source and a known group must be given")
	}
	for i, h := range m.Ignore {
		m.Ignore[i] = plainHeader(h)
	}
	m.plainLabels()
	return m, m.index()
}

func (m *Mapping) plainLabels() {
	for list, labels := range m.Codes {
		plain := make(map[string]string, len(labels))
		for label, code := range labels {
			plain[plainHeader(label)] = code
		}
		m.Codes[list] = plain
	}
}

// index checks each column and code, and that no header stands for two fields.
func (m *Mapping) index() error {
	m.byName = map[string]column{}
	for _, c := range m.Columns {
		f, known := fields[c.Field]
		switch {
		case !known:
			return invalidMapping("there is no field %s", c.Field)
		case len(c.Headers) == 0:
			return invalidMapping("field %s has no headers", c.Field)
		case f.list != "" && m.Codes[f.list] == nil:
			return invalidMapping("field %s needs the code list %s", c.Field, f.list)
		}
		for _, h := range c.Headers {
			if other, twice := m.byName[plainHeader(h)]; twice {
				return invalidMapping("header %s stands for %s and %s", h, other.Field, c.Field)
			}
			m.byName[plainHeader(h)] = c
		}
	}
	for list, labels := range m.Codes {
		for label, code := range labels {
			if want := household.Codes[list]; want != nil && !slices.Contains(want, code) {
				return invalidMapping("label %s of %s: %s is not one of the hub's codes", label, list, code)
			}
		}
	}
	return nil
}

// fragment tells whether a row is a part of a household, not a member of a whole one.
func (m *Mapping) fragment() bool { return m.Group != household.GroupRegister }

// match finds the columns of a header row and the required ones that it lacks.
func (m *Mapping) match(cells []string) (found map[int]column, missing []string) {
	found = map[int]column{}
	have := map[string]bool{}
	for i, header := range cells {
		if c, ok := m.byName[plainHeader(header)]; ok {
			found[i] = c
			have[c.Field] = true
		}
	}
	for _, c := range m.Columns {
		if c.Required && !have[c.Field] {
			missing = append(missing, c.Headers[0])
		}
	}
	if len(found) == 0 && len(missing) == 0 {
		missing = []string{m.Columns[0].Headers[0]}
	}
	return found, missing
}

func (m *Mapping) required() []string {
	_, missing := m.match(nil)
	return missing
}

// labels lists what may stand in a column of a code list.
func (m *Mapping) labels(list string) string {
	var out []string
	for label := range m.Codes[list] {
		if !digits(label) {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "、")
}

// label is the written form of a code; the shortest one that is no number.
func (m *Mapping) label(list, code string) string {
	best := ""
	for label, c := range m.Codes[list] {
		if c == code && !digits(label) && (best == "" || len(label) < len(best) || len(label) == len(best) && label < best) {
			best = label
		}
	}
	return best
}
