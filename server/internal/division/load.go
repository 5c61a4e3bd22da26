package division

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
)

var (
	codeForm = regexp.MustCompile(`^[0-9]{12}$`)
	areaForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
)

// Load reads a province's divisions (CSV with the header code,name,level,parent) and
// areas (area,name,root); rows may stand in any order. The error names the file, the
// line and the reason of the first problem. Every village must belong to an area,
// because nothing about a household can be stored outside one.
func Load(divisions, areas io.Reader) (*Tree, error) {
	rows, err := readRows("divisions", divisions, []string{"code", "name", "level", "parent"})
	if err != nil {
		return nil, err
	}
	b := builder{byCode: make(map[string]int, len(rows)), children: make(map[string][]string)}
	if err := b.addDivisions(rows); err != nil {
		return nil, err
	}
	if err := b.checkHierarchy(); err != nil {
		return nil, err
	}
	if rows, err = readRows("areas", areas, []string{"area", "name", "root"}); err != nil {
		return nil, err
	}
	if err := b.addAreas(rows); err != nil {
		return nil, err
	}
	return b.tree()
}

// row is one line of a file.
type row struct {
	file   string
	line   int
	fields []string
}

func (r row) fail(format string, args ...any) error {
	return fmt.Errorf("%s, line %d: %s", r.file, r.line, fmt.Sprintf(format, args...))
}

func readRows(file string, in io.Reader, header []string) ([]row, error) {
	buffered := bufio.NewReader(in)
	if bom, err := buffered.Peek(3); err == nil && string(bom) == "\uFEFF" { // as spreadsheets write it
		_, _ = buffered.Discard(3)
	}
	r := csv.NewReader(buffered)
	r.FieldsPerRecord = len(header)
	var rows []row
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err) // csv names the line
		}
		line, _ := r.FieldPos(0)
		rows = append(rows, row{file, line, fields})
	}
	if len(rows) == 0 || !slices.Equal(rows[0].fields, header) {
		return nil, fmt.Errorf("%s, line 1: the header must be %q", file, header)
	}
	return rows[1:], nil
}

// builder gathers what was read before the tree is laid out.
type builder struct {
	divisions []Division
	rows      []row
	byCode    map[string]int
	children  map[string][]string
	areas     []Area
}

func (b *builder) addDivisions(rows []row) error {
	for _, r := range rows {
		d := Division{Code: r.fields[0], Name: r.fields[1], Level: Level(r.fields[2]), Parent: r.fields[3]}
		first, known := b.byCode[d.Code]
		switch {
		case !codeForm.MatchString(d.Code):
			return r.fail("code %q does not have 12 digits", d.Code)
		case known:
			return r.fail("duplicate code %s, first on line %d", d.Code, b.rows[first].line)
		case d.Name == "":
			return r.fail("division %s has no name", d.Code)
		case ranks[d.Level] == 0:
			return r.fail("unknown level %q", d.Level)
		}
		b.byCode[d.Code] = len(b.divisions)
		b.divisions = append(b.divisions, d)
		b.rows = append(b.rows, r)
		b.children[d.Parent] = append(b.children[d.Parent], d.Code)
	}
	for i, d := range b.divisions {
		if _, known := b.byCode[d.Parent]; d.Parent != "" && !known {
			return b.rows[i].fail("unknown parent %q of %s", d.Parent, d.Code)
		}
	}
	return nil
}

// checkHierarchy refuses cycles and levels that do not descend.
func (b *builder) checkHierarchy() error {
	settled := make([]bool, len(b.divisions)) // known to lead to the top
	for i := range b.divisions {
		path := map[int]bool{}
		for j := i; !settled[j]; {
			if path[j] {
				return b.rows[i].fail("the parents of %s form a cycle", b.divisions[i].Code)
			}
			path[j] = true
			if b.divisions[j].Parent == "" {
				break
			}
			j = b.byCode[b.divisions[j].Parent]
		}
		for j := range maps.Keys(path) {
			settled[j] = true
		}
	}
	for i, d := range b.divisions {
		if d.Parent == "" {
			continue
		}
		if above := b.divisions[b.byCode[d.Parent]].Level; ranks[above] >= ranks[d.Level] {
			return b.rows[i].fail("a %s cannot lie in a %s", d.Level, above)
		}
	}
	return nil
}

func (b *builder) addAreas(rows []row) error {
	ids, roots := make(map[string]int), make(map[string]int)
	for _, r := range rows {
		a := Area{ID: r.fields[0], Name: r.fields[1], Root: r.fields[2]}
		_, known := b.byCode[a.Root]
		switch {
		case !areaForm.MatchString(a.ID):
			return r.fail("area %q is not of the form a-z, 0-9 and - (at most 32)", a.ID)
		case a.Name == "":
			return r.fail("area %s has no name", a.ID)
		case ids[a.ID] > 0:
			return r.fail("duplicate area %s, first on line %d", a.ID, ids[a.ID])
		case !known:
			return r.fail("root %q of area %s is not among the divisions", a.Root, a.ID)
		case roots[a.Root] > 0:
			return r.fail("division %s is the root of an area already, on line %d", a.Root, roots[a.Root])
		}
		ids[a.ID], roots[a.Root] = r.line, r.line
		b.areas = append(b.areas, a)
	}
	return nil
}

// tree lays the divisions out in pre-order, so that "lies below" is a comparison of
// two numbers and the villages of a division are one slice.
func (b *builder) tree() (*Tree, error) {
	t := &Tree{
		nodes:          make([]node, 0, len(b.divisions)),
		byCode:         make(map[string]int, len(b.divisions)),
		areas:          b.areas,
		byID:           make(map[string]int, len(b.areas)),
		villagesByArea: make(map[string][]string),
	}
	roots := make(map[string]string, len(b.areas))
	for i, a := range b.areas {
		t.byID[a.ID] = i
		roots[a.Root] = a.ID
	}
	t.tops = b.sortedChildren("")
	for _, code := range t.tops {
		if err := b.place(t, roots, code, -1); err != nil {
			return nil, err
		}
	}
	for _, codes := range t.villagesByArea {
		slices.Sort(codes)
	}
	return t, nil
}

// place adds a division and everything below it; the depth is bounded by the levels.
func (b *builder) place(t *Tree, roots map[string]string, code string, parent int) error {
	at, in := len(t.nodes), b.byCode[code]
	n := node{Division: b.divisions[in], parent: parent, from: len(t.villages), children: b.sortedChildren(code)}
	if id, ok := roots[code]; ok {
		n.area = id
	} else if parent >= 0 {
		n.area = t.nodes[parent].area
	}
	if n.Level == Village {
		if n.area == "" {
			return b.rows[in].fail("village %s belongs to no area", code)
		}
		t.villages = append(t.villages, code)
		t.villagesByArea[n.area] = append(t.villagesByArea[n.area], code)
	}
	t.byCode[code] = at
	t.nodes = append(t.nodes, n)
	for _, child := range n.children {
		if err := b.place(t, roots, child, at); err != nil {
			return err
		}
	}
	t.nodes[at].end, t.nodes[at].to = len(t.nodes), len(t.villages)
	return nil
}

func (b *builder) sortedChildren(code string) []string {
	codes := b.children[code]
	slices.Sort(codes)
	return codes
}
