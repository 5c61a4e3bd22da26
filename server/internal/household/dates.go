package household

import (
	"reflect"
	"sync"

	"github.com/bangfuhub/hub/server/internal/date"
)

// EachDate calls fn with every date from or until which a fact may count; some are "". Those
// of papers, events and sources are none. It goes by the types, so that a fact that is
// added is never forgotten.
func (h *Household) EachDate(fn func(date.Date)) { eachDate(reflect.ValueOf(h).Elem(), fn) }

var dateType = reflect.TypeFor[date.Date]()

func eachDate(v reflect.Value, fn func(date.Date)) {
	switch {
	case v.Type() == dateType:
		fn(date.Date(v.String()))
	case v.Kind() == reflect.Struct:
		for _, i := range datedFields(v.Type()) {
			eachDate(v.Field(i), fn)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			eachDate(v.Index(i), fn)
		}
	case v.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			eachDate(v.MapIndex(k), fn)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		eachDate(v.Elem(), fn)
	}
}

// dated keeps the fields of each type that lead to a date.
var dated sync.Map // reflect.Type → []int

func datedFields(t reflect.Type) []int {
	if known, ok := dated.Load(t); ok {
		return known.([]int) //nolint:errcheck // nothing else is kept there
	}
	fields := []int{}
	for i := range t.NumField() {
		if f := t.Field(i); f.Name != "AsOf" && leadsToDate(f.Type) {
			fields = append(fields, i)
		}
	}
	dated.Store(t, fields)
	return fields
}

func leadsToDate(t reflect.Type) bool {
	switch t {
	case dateType:
		return true
	case reflect.TypeFor[Document](), reflect.TypeFor[Event]():
		return false
	}
	switch t.Kind() {
	case reflect.Struct:
		return len(datedFields(t)) > 0
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return leadsToDate(t.Elem())
	}
	return false
}
