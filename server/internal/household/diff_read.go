package household

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bangfuhub/hub/server/internal/date"
)

// read writes a plain field's value as people read it, the zero Label where it is empty.
func (d *comparison) read(key string, v reflect.Value) Label {
	switch v.Kind() {
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			return Label{} // its elements differ by themselves
		}
		var chinese, english []string
		for i := range v.Len() {
			l := d.read(key, v.Index(i))
			chinese, english = append(chinese, l.Chinese), append(english, l.English)
		}
		return Label{strings.Join(chinese, "、"), strings.Join(english, ", ")}
	case reflect.Int64:
		return Yuan(v.Int())
	case reflect.Int:
		if v.Int() == 0 {
			return Label{}
		}
		return same(strconv.FormatInt(v.Int(), 10))
	case reflect.Struct:
		if paper, ok := reflect.TypeAssert[Document](v); ok {
			return same(strings.TrimSpace(strings.Join([]string{paper.Issuer, paper.Number, string(paper.Date)}, " ")))
		}
	case reflect.String:
		return d.readText(key, v)
	}
	return Label{}
}

func (d *comparison) readText(key string, v reflect.Value) Label {
	text := v.String()
	if text == "" {
		return Label{}
	}
	if _, isCode := Codes[v.Type().Name()]; isCode {
		return LabelOf(v.Type().Name(), text)
	}
	if v.Type() == reflect.TypeFor[date.Date]() {
		return same(text)
	}
	_, field, _ := strings.Cut(key, ".")
	switch {
	case field == "Person" || field == "Only" || field == "DuplicateOf":
		if name := d.persons[text]; name != "" {
			return same(name)
		}
	case key == "Household.Village" && d.names.Village != nil:
		return d.names.Village(text)
	case key == "End.Policy" && text == AllPolicies:
		return Label{"全部政策", "all policies"}
	case key == "End.Policy" && d.names.Policy != nil:
		return d.names.Policy(text)
	case key == "Event.Cause":
		return CauseLabel(text)
	case key == "Person.EthnicGroup" && ethnicGroups[text] != (Label{}):
		return ethnicGroups[text]
	case key == "Task.Fields" && taskFields[text] != (Label{}):
		return taskFields[text]
	}
	return same(text)
}

func same(text string) Label { return Label{text, text} }

// called names an element: what it is and which one.
func (d *comparison) called(e reflect.Value) Label {
	name := elements[e.Type().Name()]
	out := name.Label
	for _, field := range name.by {
		if l := d.read(e.Type().Name()+"."+field, e.FieldByName(field)); l != (Label{}) {
			out = Label{out.Chinese + " " + l.Chinese, out.English + " " + l.English}
		}
	}
	return out
}

// summary says all plain facts of an element but those that called says.
func (d *comparison) summary(e reflect.Value) Label {
	var chinese, english []string
	for i := range e.NumField() {
		f := e.Type().Field(i)
		key := e.Type().Name() + "." + f.Name
		if f.Name == "ID" || slices.Contains(elements[e.Type().Name()].by, f.Name) || e.Field(i).IsZero() {
			continue
		}
		if l := d.read(key, e.Field(i)); l != (Label{}) {
			chinese = append(chinese, fieldLabels[key].Chinese+"："+l.Chinese)
			english = append(english, fieldLabels[key].English+": "+l.English)
		}
	}
	return Label{strings.Join(chinese, "；"), strings.Join(english, "; ")}
}

// contractName is how the contract writes a field: FormerIDNumbers is former_id_numbers.
func contractName(name string) string {
	var out []rune
	letters := []rune(name)
	for i, r := range letters {
		starts := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if starts {
			out = append(out, '_')
		}
		out = append(out, unicode.ToLower(r))
	}
	return string(out)
}
