package register

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// Unit is what is loaded or rejected as a whole: the rows of one household, or one row
// of a department's file.
type Unit struct {
	Household *household.Household // nil where there are Problems
	Readable  *household.Household // what could be read all the same, where there are Problems
	Rows      []int                // as the spreadsheet numbers them
	Problems  []Problem

	file    *File
	cells   []sheet.Row
	persons []int // which of cells each person came from
}

// Problem says what is wrong in which row and column; it never repeats the cell.
type Problem struct {
	Row     int
	Column  string // header text; empty: the household as a whole
	Reason  fault.Reason
	Message string
	Chinese string
}

func (u *Unit) problem(row, column int, r fault.Reason, pairs ...string) {
	v := fault.Bad("", r, pairs...)
	u.Problems = append(u.Problems, Problem{row, cell(u.file.header, column), r, v.Message, v.Chinese})
	u.Household = nil
}

// value is a household column's content with the row from which it comes.
type value struct {
	text string
	row  int
}

// unit reads the rows of one household.
func (f *File) unit(rows []sheet.Row) Unit {
	u := Unit{file: f, cells: rows}
	shared := map[string]value{}
	var d draft
	for i, row := range rows {
		u.Rows = append(u.Rows, row.Number)
		u.household(row, shared)
		if u.member(row, &d) {
			d.Persons = append(d.Persons, d.person)
			u.persons = append(u.persons, i)
		}
	}
	for name, v := range shared {
		fields[name].set(&d, v.text)
	}
	u.village(&d)
	if d.HouseholdNumber == "" && !f.cfg.Mapping.fragment() {
		u.problem(rows[0].Number, f.placeOf("household_number"), fault.Required)
	}
	if u.Readable = f.assemble(&d); len(u.Problems) == 0 {
		u.Household, u.Readable = u.Readable, nil
	}
	return u
}

// Spoils tells whether a problem may come from a cell that couldn't be read: the cell
// itself, or one that says who is the head. Of such a household nothing more is known.
func (u *Unit) Spoils(p Problem) bool {
	for _, have := range u.Problems {
		if have.Column == p.Column && (have.Row == p.Row || p.Row == u.Rows[0]) {
			return true
		}
	}
	return p.Column == ""
}

// household reads the household's columns, which all its rows carry: empty ones inherit,
// others must agree.
func (u *Unit) household(row sheet.Row, shared map[string]value) {
	for i := range u.file.header {
		c, known := u.file.columns[i]
		if !known || fields[c.Field].member {
			continue
		}
		s, ok := u.read(row, i, c)
		first, have := shared[c.Field]
		switch {
		case !ok || s == "":
		case !have:
			shared[c.Field] = value{s, row.Number}
		case first.text != s:
			u.problem(row.Number, i, fault.ColumnsDisagree, "row", strconv.Itoa(first.row))
		}
	}
}

// member reads the person of a row; false where the row has none.
func (u *Unit) member(row sheet.Row, d *draft) bool {
	d.person, d.education, d.insurance = household.Person{}, household.Education{}, household.Insurance{}
	found := false
	for i := range u.file.header {
		c, known := u.file.columns[i]
		if !known || !fields[c.Field].member {
			continue
		}
		s, ok := u.read(row, i, c)
		found = found || s != "" || !ok
		if s != "" {
			fields[c.Field].set(d, s)
		}
	}
	if d.education != (household.Education{}) {
		d.education.AsOf = u.file.cfg.AsOf
		e := d.education
		d.person.Education = &e
	}
	if d.insurance != (household.Insurance{}) {
		d.person.Insurances = []household.Insurance{d.insurance}
	}
	return found
}

// read gives the canonical text of a cell; false where it has a problem.
func (u *Unit) read(row sheet.Row, i int, c column) (string, bool) {
	raw := cell(row.Cells, i)
	if raw == "" {
		return "", true
	}
	s, wrong := u.file.cfg.Mapping.canonical(c.Field, raw)
	if wrong != nil {
		u.problem(row.Number, i, wrong.reason, wrong.pairs...)
	}
	return s, wrong == nil
}

func (m *Mapping) canonical(name, raw string) (string, *bad) {
	f := fields[name]
	if f.list == "" {
		return f.read(raw)
	}
	if f.read != nil {
		return m.code(f.list, raw)
	}
	var out []string
	for _, part := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune("、,;，；/ ", r) }) {
		s, wrong := m.code(f.list, part)
		if wrong != nil {
			return "", wrong
		}
		out = append(out, s)
	}
	return strings.Join(out, " "), nil
}

func (m *Mapping) code(list, raw string) (string, *bad) {
	label := plainHeader(raw)
	if m := trailing.FindStringSubmatch(label); m != nil {
		label = m[1]
	}
	if label == "" {
		return "", nil
	}
	code, known := m.Codes[list][label]
	if !known && digits(label) {
		code, known = m.Codes[list][strings.TrimLeft(label, "0")]
	}
	if !known {
		return "", &bad{fault.LabelUnknown, []string{"labels", m.labels(list)}}
	}
	return code, nil
}

// assemble hangs the parts of the household in their places.
func (f *File) assemble(d *draft) *household.Household {
	h := d.Household
	if !reflect.ValueOf(d.income).IsZero() {
		if d.income.Year == 0 {
			d.income.Year = f.cfg.AsOf.Year()
		}
		h.Incomes = []household.Income{d.income}
	}
	if d.helper != (household.HelperAssignment{}) {
		h.Helpers = []household.HelperAssignment{d.helper}
	}
	if d.appraisal != (household.Appraisal{}) {
		h.Housing.Appraisals = []household.Appraisal{d.appraisal}
	}
	if d.assistance != (household.Assistance{}) {
		if len(h.Persons) > 0 {
			p := &h.Persons[0]
			d.assistance.Person = firstOf(p.ID, p.PersonNumber, p.IDNumber)
		}
		h.Assistance = []household.Assistance{d.assistance}
	}
	h.Sources = map[household.Group]household.Provenance{f.group(): {Source: f.cfg.Source, AsOf: f.cfg.AsOf}}
	return &h
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

var (
	place      = regexp.MustCompile(`\[[0-9]+\]`)
	personPath = regexp.MustCompile(`^persons\[([0-9]+)\]`)
)

// Place says from which row and column the field of a violation came. What belongs to the
// whole household stands at its first row.
func (u *Unit) Place(v fault.Violation) Problem {
	p := Problem{Row: u.Rows[0], Reason: v.Reason, Message: v.Message, Chinese: v.Chinese}
	if m := personPath.FindStringSubmatch(v.Field); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(u.persons) {
			p.Row = u.Rows[u.persons[i]]
		}
	}
	path := place.ReplaceAllString(v.Field, "[]")
	for i := range u.file.header {
		c, known := u.file.columns[i]
		if at := fields[c.Field].path; known && (at == path || at+"[]" == path) {
			p.Column = u.file.header[i] // the last one that fits: the village, not its county
		}
	}
	return p
}
