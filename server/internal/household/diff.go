package household

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// DiffKind says what a difference is.
type DiffKind string

// Kinds of differences.
const (
	DiffAdded   DiffKind = "ADDED"   // something was recorded that was not there
	DiffRemoved DiffKind = "REMOVED" // something is no longer recorded
	DiffChanged DiffKind = "CHANGED"
)

// Difference is one fact, or one element with all its facts, that differs between two
// states of a household.
type Difference struct {
	Path    string // in the names of the contract, elements by their key: persons[pp_…].birth_date
	Group   Group  // whose facts they are; "" where the hub alone writes them
	Kind    DiffKind
	Subject Label // whom or what it is about
	Field   Label // what of it; of an element, what kind of thing it is
	// Before and After are as people read them, the zero Label where there is nothing.
	Before, After Label

	element bool
}

// Text is the difference as one sentence.
func (d Difference) Text() Label {
	form := forms[d.Kind]
	if d.element {
		form = elementForms[d.Kind]
	}
	if d.element && d.Before == d.After { // nothing is known of it
		form = Label{strings.TrimSuffix(form.Chinese, "（{before}{after}）"), strings.TrimSuffix(form.English, " ({before}{after})")}
	}
	chinese := strings.NewReplacer("{subject}", d.Subject.Chinese, "{field}", d.Field.Chinese, "{before}", d.Before.Chinese, "{after}", d.After.Chinese)
	english := strings.NewReplacer("{subject}", d.Subject.English, "{field}", d.Field.English, "{before}", d.Before.English, "{after}", d.After.English)
	return Label{chinese.Replace(form.Chinese), english.Replace(form.English)}
}

var forms = map[DiffKind]Label{
	DiffAdded:   {"{subject}：{field} 登记为 {after}", "{subject}: {field} recorded as {after}"},
	DiffRemoved: {"{subject}：{field} 不再登记，原为 {before}", "{subject}: {field} no longer recorded, was {before}"},
	DiffChanged: {"{subject}：{field} 由 {before} 改为 {after}", "{subject}: {field} changed from {before} to {after}"},
}

var elementForms = map[DiffKind]Label{
	DiffAdded:   {"新增 {subject}（{before}{after}）", "new: {subject} ({before}{after})"},
	DiffRemoved: {"删除 {subject}（{before}{after}）", "removed: {subject} ({before}{after})"},
}

// Names says what stands behind codes that other rooms know. A nil function leaves codes as they are.
type Names struct{ Village, Policy func(code string) Label }

// Diff lists what differs between two states of a household, in the order in which a
// form is read. It is empty exactly where Equal says that they state the same.
func Diff(a, b *Household, names Names) []Difference {
	d := comparison{names: names, persons: map[string]string{}}
	for _, h := range []*Household{a, b} {
		for _, p := range h.Persons {
			d.persons[p.ID] = p.Name
		}
	}
	whole := place{group: GroupRegister, subject: Label{"本户", "household"}}
	d.fields(reflect.ValueOf(canonical(a)).Elem(), reflect.ValueOf(canonical(b)).Elem(), whole)
	return d.out
}

// comparison is one call of Diff.
type comparison struct {
	names   Names
	persons map[string]string // names by id
	out     []Difference
}

// place is where in the household a comparison stands.
type place struct {
	path    string
	group   Group
	subject Label
	nested  bool // within an element: its subject is part of those below
	listed  bool // the plain fields were said already, with the whole element
}

func (p place) at(name string) place {
	if p.path != "" {
		name = p.path + "." + name
	}
	p.path = name
	return p
}

// fields compares two values of a struct, field by field. What it is told by reflection
// nobody can forget; only words are looked up.
func (d *comparison) fields(a, b reflect.Value, at place) {
	for i := range a.NumField() {
		f := a.Type().Field(i)
		key := a.Type().Name() + "." + f.Name
		to := at.at(contractName(f.Name))
		if g, ok := owners[key]; ok {
			to.group = g
		}
		was, is := a.Field(i), b.Field(i)
		switch {
		case key == "Household.Housing": // its parts stand at the top in the contract
			to.path = at.path
			d.fields(was, is, to)
		case key == "Household.Register":
			d.fields(was, is, to)
		case f.Type.Kind() == reflect.Pointer:
			d.pointer(was, is, to)
		case f.Type.Kind() == reflect.Map:
			d.sources(was, is, to)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			d.list(was, is, to)
		case !at.listed && !reflect.DeepEqual(was.Interface(), is.Interface()):
			d.value(key, was, is, to)
		}
	}
}

// value says that a plain field differs.
func (d *comparison) value(key string, was, is reflect.Value, at place) {
	c := Difference{Path: at.path, Group: at.group, Kind: DiffChanged, Subject: at.subject, Field: fieldLabels[key], Before: d.read(key, was), After: d.read(key, is)}
	if c.Before == c.After { // two members of one name, say: then the ids tell them apart
		c.Before, c.After = same(fmt.Sprint(was.Interface())), same(fmt.Sprint(is.Interface()))
	}
	switch (Label{}) {
	case c.Before:
		c.Kind = DiffAdded
	case c.After:
		c.Kind = DiffRemoved
	}
	d.out = append(d.out, c)
}

// pointer compares a part that may be absent.
func (d *comparison) pointer(a, b reflect.Value, at place) {
	none := reflect.New(a.Type().Elem()).Elem()
	switch {
	case a.IsNil() && b.IsNil():
	case a.IsNil():
		d.element(none, b.Elem(), DiffAdded, at)
	case b.IsNil():
		d.element(a.Elem(), none, DiffRemoved, at)
	default:
		d.element(a.Elem(), b.Elem(), DiffChanged, at)
	}
}

// sources compares what is said about each group's origin.
func (d *comparison) sources(a, b reflect.Value, at place) {
	none := reflect.New(a.Type().Elem()).Elem()
	groups := append(a.MapKeys(), b.MapKeys()...)
	place := func(g reflect.Value) int { return slices.Index(Codes["Group"], g.String()) }
	slices.SortFunc(groups, func(a, b reflect.Value) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.String(), b.String()))
	})
	groups = slices.CompactFunc(groups, func(a, b reflect.Value) bool { return a.String() == b.String() })
	for _, key := range groups {
		g, was, is := key.String(), a.MapIndex(key), b.MapIndex(key)
		to := at
		to.path, to.group, to.nested = fmt.Sprintf("%s[%s]", at.path, g), Group(g), true
		to.subject = LabelOf("Group", g)
		switch {
		case !was.IsValid():
			d.element(none, is, DiffAdded, to)
		case !is.IsValid():
			d.element(was, none, DiffRemoved, to)
		default:
			d.element(was, is, DiffChanged, to)
		}
	}
}

// list compares elements of the same key; those of b come first.
func (d *comparison) list(a, b reflect.Value, at place) {
	none := reflect.New(a.Type().Elem()).Elem()
	was, is := byKey(a), byKey(b)
	for _, key := range is.order {
		to := at
		to.path = fmt.Sprintf("%s[%s]", at.path, key)
		if old, ok := was.element[key]; ok {
			d.element(old, is.element[key], DiffChanged, to)
			continue
		}
		d.element(none, is.element[key], DiffAdded, to)
	}
	for _, key := range was.order {
		if _, stays := is.element[key]; !stays {
			to := at
			to.path = fmt.Sprintf("%s[%s]", at.path, key)
			d.element(was.element[key], none, DiffRemoved, to)
		}
	}
}

// element compares two states of an element. One that came or went is one change; what
// it holds in lists of its own follows.
func (d *comparison) element(a, b reflect.Value, kind DiffKind, at place) {
	shown := b
	if kind == DiffRemoved {
		shown = a
	}
	name := d.called(shown)
	if at.nested {
		name = Label{at.subject.Chinese + " " + name.Chinese, at.subject.English + ", " + name.English}
	}
	at.subject, at.nested = name, true
	if g := shown.FieldByName("Group"); g.IsValid() {
		at.group = Group(g.String())
	}
	if kind != DiffChanged {
		at.listed = true
		c := Difference{Path: at.path, Group: at.group, Kind: kind, Subject: at.subject, Field: elements[a.Type().Name()].Label, element: true}
		if c.After = d.summary(shown); kind == DiffRemoved {
			c.Before, c.After = c.After, Label{}
		}
		d.out = append(d.out, c)
	}
	d.fields(a, b, at)
}

// keyed are the elements of a list by their keys.
type keyed struct {
	order   []string
	element map[string]reflect.Value
}

func byKey(list reflect.Value) keyed {
	k := keyed{element: map[string]reflect.Value{}}
	for i := range list.Len() {
		e := list.Index(i)
		var parts []string
		for _, field := range elements[e.Type().Name()].key {
			if v := e.FieldByName(field); !v.IsZero() {
				parts = append(parts, fmt.Sprint(v.Interface()))
			}
		}
		key := strings.Join(parts, ",")
		if key == "" {
			key = strconv.Itoa(i)
		}
		if _, taken := k.element[key]; taken {
			key = fmt.Sprintf("%s#%d", key, i)
		}
		k.order, k.element[key] = append(k.order, key), e
	}
	if list.Type().Elem() == reflect.TypeFor[Person]() {
		place := func(key string) int {
			return slices.Index(Codes["Relation"], k.element[key].FieldByName("Relation").String())
		}
		slices.SortStableFunc(k.order, func(a, b string) int { return place(a) - place(b) })
	}
	return k
}
