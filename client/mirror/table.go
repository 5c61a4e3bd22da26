package mirror

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// listName is what a table may be made for; "hub-" is kept for the mirror's own tables.
var listName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)

// side is which of a list's two tables is meant.
type side string

const (
	live    side = "live"    // what the department sees
	loading side = "loading" // a load that isn't complete yet
)

// table is a list with everything derived from its definition.
type table struct {
	list    *hubv1.List
	rows    *client.Rows
	columns []column
	names   string // quoted column names, joined with ", "
}

// column is one column: its type is SQL that both engines understand.
type column struct {
	name    string
	sqlType string
	comment string
}

// keyColumns stand before a list's fields.
const keyColumns = 4

func newTable(list *hubv1.List) (*table, error) {
	if !listName.MatchString(list.GetName()) || strings.HasPrefix(list.GetName(), "hub-") {
		return nil, fmt.Errorf("mirror: no table can be made for list %q", list.GetName())
	}
	rows, err := client.NewRows(list)
	if err != nil {
		return nil, err
	}
	t := &table{list: list, rows: rows, columns: []column{
		{"area", "text NOT NULL", "区域 / area of the hub"},
		{"village", "text NOT NULL", "行政村代码 / 12-digit code of the village"},
		{"household", "text NOT NULL", "户标识 / opaque id of the household"},
		{"person", "text NOT NULL", "人标识 / opaque id of the person, empty at household grain"},
	}}
	known := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields()
	for _, f := range list.GetFields() {
		d := known.ByName(protoreflect.Name(f.GetName()))
		t.columns = append(t.columns, column{f.GetName(), sqlType(d), fieldComment(f, d)})
	}
	t.columns = append(t.columns,
		column{"hub_transaction", "bigint NOT NULL", "事务号 / number of the area's transaction that last changed the row"},
		column{"row_hash", rowHashType, "行散列 / first 16 bytes of the row's SHA-256, see record.proto"})
	t.names = joined(t.columns, func(c column) string { return quoted(c.name) })
	return t, nil
}

// rowHashType stands for the engines' different names for bytes.
const rowHashType = "row_hash"

func sqlType(d protoreflect.FieldDescriptor) string {
	switch {
	case d.IsList():
		return "text"
	case d.Kind() == protoreflect.BoolKind:
		return "boolean"
	case d.Kind() == protoreflect.Int32Kind:
		return "integer"
	case d.Kind() == protoreflect.Int64Kind:
		return "bigint"
	}
	return "text"
}

func fieldComment(f *hubv1.Field, d protoreflect.FieldDescriptor) string {
	comment := f.GetMeaning() + " / " + f.GetMeaningEn()
	if f.GetUnit() != "" {
		comment += " (" + f.GetUnit() + ")"
	}
	switch {
	case d.IsList() && d.Kind() == protoreflect.MessageKind:
		comment += `; "policy,since,until,due|optional" each, joined with ";"`
	case d.IsList():
		comment += `; joined with ";"`
	}
	return comment
}

// comment is the table's own.
func (t *table) comment() string { return t.list.GetTitle() + " / " + t.list.GetTitleEn() }

// on is the quoted name of the list's table on that side.
func (t *table) on(s side) string { return quoted(t.name(s)) }

func (t *table) name(s side) string {
	name := strings.ReplaceAll(t.list.GetName(), "-", "_")
	if s == loading {
		name = "hub_loading_" + name
	}
	return name
}

// index is the quoted name of the table's index by village.
func (t *table) index(s side) string { return t.part(s, "village") }

// part is the quoted name of something that belongs to the table on that side.
func (t *table) part(s side, what string) string {
	return quoted(t.name(s) + "_" + what)
}

// values is the row that stands for a record.
func (t *table) values(c change) []any {
	var scratch [48]string
	texts := t.rows.Texts(scratch[:0], c.record)
	key := client.Key{Area: c.area, Village: c.village, Household: c.household, Person: c.person}
	return t.row(key, texts, c.number, t.rows.HashTexts(key, texts))
}

func (t *table) row(key client.Key, texts []string, number int64, hash client.Hash) []any {
	row := make([]any, 0, len(t.columns))
	row = append(row, key.Area, key.Village, key.Household, key.Person)
	for i, text := range texts {
		row = append(row, value(t.columns[keyColumns+i].sqlType, text))
	}
	return append(row, number, hash[:])
}

// cell is what stands in a column.
type cell int

const (
	nullCell cell = iota
	textCell
	truthCell
	numberCell
)

// cellOf says what a field's text is in its column's type; parsing undoes what Rows.Texts
// formatted. n is the number, of a truth 1 or 0.
func cellOf(sqlType, text string) (kind cell, n int64) {
	switch {
	case sqlType == "boolean" && text == "true":
		return truthCell, 1
	case sqlType == "boolean":
		return truthCell, 0
	case text == "":
		return nullCell, 0
	case sqlType == "text":
		return textCell, 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nullCell, 0
	}
	return numberCell, n
}

// value is a field's text as an argument of a statement.
func value(sqlType, text string) any {
	switch kind, n := cellOf(sqlType, text); kind {
	case textCell:
		return text
	case truthCell:
		return n == 1
	case numberCell:
		return n
	}
	return nil
}

// upsert is "INSERT … ON CONFLICT DO UPDATE" into that side, from source: VALUES or a SELECT.
// An old row gives way only where the condition over "old" (the table) and excluded holds.
func (t *table) upsert(s side, source, condition string) string {
	var set []string
	for _, c := range t.columns {
		if c.name != "area" && c.name != "household" && c.name != "person" {
			set = append(set, quoted(c.name)+" = excluded."+quoted(c.name))
		}
	}
	return "INSERT INTO " + t.on(s) + " AS old (" + t.names + ") " + source +
		" ON CONFLICT (area, household, person) DO UPDATE SET " + strings.Join(set, ", ") + " WHERE " + condition
}

// placeholders is "VALUES ($1, $2, …)" for one row.
func (t *table) placeholders() string {
	marks := make([]string, len(t.columns))
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	return "VALUES (" + strings.Join(marks, ", ") + ")"
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func joined(columns []column, f func(column) string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = f(c)
	}
	return strings.Join(parts, ", ")
}
