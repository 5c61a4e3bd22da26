package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"pgregory.net/rapid"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// filled gives a household in which every field that the type has is set, found
// by reflection: a field added later and forgotten here fails the round trip.
func filled() *household.Household {
	h := &household.Household{}
	n := 0
	fill(reflect.ValueOf(h).Elem(), func(t reflect.Type, most int) int {
		n++
		if most == 0 {
			return n
		}
		return n % most
	}, func() int { return 2 })
	return h
}

// fill sets v from the numbers that pick gives; count gives the length of lists.
func fill(v reflect.Value, pick func(t reflect.Type, most int) int, count func() int) {
	t := v.Type()
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			fill(v.Field(i), pick, count)
		}
	case reflect.Pointer:
		if count() > 0 {
			v.Set(reflect.New(t.Elem()))
			fill(v.Elem(), pick, count)
		}
	case reflect.Slice:
		if n := count(); n > 0 {
			v.Set(reflect.MakeSlice(t, n, n))
			for i := range n {
				fill(v.Index(i), pick, count)
			}
		}
	case reflect.Map:
		if n := count(); n > 0 {
			v.Set(reflect.MakeMap(t))
			for range n {
				key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
				fill(key, pick, count)
				fill(value, pick, count)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(pick(t, 0)))
	case reflect.String:
		v.SetString(textOf(t, pick))
	default:
		panic("a household has a field of a kind that this test doesn't know: " + t.String())
	}
}

func textOf(t reflect.Type, pick func(t reflect.Type, most int) int) string {
	if list, ok := household.Codes[t.Name()]; ok {
		return list[pick(t, len(list))]
	}
	if t == reflect.TypeFor[date.Date]() {
		return string(date.New(2000, 1, 1).AddDays(pick(t, 9000)))
	}
	if t.Name() != "string" {
		panic("a household has a code type without a list in household.Codes: " + t.Name())
	}
	return fmt.Sprintf("text %d", pick(t, 0))
}

func TestHouseholdKeepsEveryFieldThroughTheStoredBytes(t *testing.T) {
	h := filled()
	b, err := EncodeHousehold(h)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeHousehold(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h, got) {
		t.Errorf("lost or changed: %s", difference(reflect.ValueOf(h).Elem(), reflect.ValueOf(got).Elem(), "Household"))
	}
}

// difference names the fields that differ.
func difference(a, b reflect.Value, path string) string {
	var out []string
	switch {
	case reflect.DeepEqual(a.Interface(), b.Interface()):
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			out = append(out, difference(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name))
		}
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		out = append(out, difference(a.Elem(), b.Elem(), path))
	case a.Kind() == reflect.Slice && a.Len() == b.Len() && a.Len() > 0:
		out = append(out, difference(a.Index(0), b.Index(0), path+"[]"))
	default:
		out = append(out, path)
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " ")
}

func TestHouseholdKeepsAnyFactsThroughBytesAndJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &household.Household{}
		fill(reflect.ValueOf(h).Elem(), func(_ reflect.Type, most int) int {
			if most == 0 {
				most = 1 << 31
			}
			return rapid.IntRange(0, most-1).Draw(t, "value")
		}, func() int { return rapid.IntRange(0, 2).Draw(t, "count") })

		first, err := EncodeHousehold(h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeHousehold(first)
		if err != nil || !reflect.DeepEqual(h, got) {
			t.Fatalf("bytes: %v: %s", err, difference(reflect.ValueOf(h).Elem(), reflect.ValueOf(got).Elem(), "Household"))
		}
		if again, err := EncodeHousehold(got); err != nil || !bytes.Equal(first, again) {
			t.Fatal("the same facts gave other bytes")
		}
		line, err := HouseholdToJSON(h)
		if err != nil || bytes.ContainsRune(line, '\n') {
			t.Fatalf("not one line: %v", err)
		}
		if got, err := HouseholdFromJSON(line); err != nil || !reflect.DeepEqual(h, got) {
			t.Fatalf("JSON: %v: %s", err, difference(reflect.ValueOf(h).Elem(), reflect.ValueOf(got).Elem(), "Household"))
		}
	})
}

// The other direction: no field of the contract is dropped but those the hub sets.
func TestHouseholdTakesEveryFieldOfTheContract(t *testing.T) {
	p := &hubv1.Household{}
	n := 0
	fillMessage(p.ProtoReflect(), &n)
	p.Etag, p.Revision, p.Area, p.SupportStatus = "", 0, "", 0
	got := HouseholdToProto(HouseholdFromProto(p))
	if !proto.Equal(p, got) {
		t.Errorf("lost or changed:\n%v\n%v", p, got)
	}
}

func fillMessage(m protoreflect.Message, n *int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.IsList() && fd.Kind() == protoreflect.MessageKind:
			fillMessage(m.Mutable(fd).List().AppendMutable().Message(), n)
		case fd.IsList():
			m.Mutable(fd).List().Append(scalar(fd, n))
		case fd.Kind() == protoreflect.MessageKind:
			fillMessage(m.Mutable(fd).Message(), n)
		default:
			m.Set(fd, scalar(fd, n))
		}
	}
}

func scalar(fd protoreflect.FieldDescriptor, n *int) protoreflect.Value {
	*n++
	switch fd.Kind() {
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(1 + *n%(fd.Enum().Values().Len()-1)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(*n)) //nolint:gosec // small
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(*n))
	default:
		return protoreflect.ValueOfString(fmt.Sprintf("text %d", *n))
	}
}

func TestCodesAreTheSameInTheContract(t *testing.T) {
	for list, want := range household.Codes {
		name := list
		if list == "Group" {
			name = "FactGroup"
		}
		et, err := protoregistry.GlobalTypes.FindEnumByName(protoreflect.FullName("bangfu.hub.v1." + name))
		if err != nil {
			t.Errorf("%s: the contract has no such enum", list)
			continue
		}
		values := et.Descriptor().Values()
		prefix := strings.TrimSuffix(string(values.Get(0).Name()), "UNSPECIFIED")
		var got []string
		for i := 1; i < values.Len(); i++ {
			if int(values.Get(i).Number()) != i {
				t.Errorf("%s: the contract's numbers have a gap", list)
			}
			got = append(got, strings.TrimPrefix(string(values.Get(i).Name()), prefix))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: contract %v, household %v", list, got, want)
		}
	}
}

func TestAnUnknownEnumNumberIsNotTakenForNotRecorded(t *testing.T) {
	got := HouseholdFromProto(&hubv1.Household{Register: &hubv1.Register{PovertyStatus: 99}})
	if slices.Contains(household.Codes["PovertyStatus"], string(got.Register.PovertyStatus)) || got.Register.PovertyStatus == "" {
		t.Errorf("got %q", got.Register.PovertyStatus)
	}
	if p := HouseholdToProto(got); p.GetRegister().GetPovertyStatus() != 0 {
		t.Error("an unknown code is not unspecified in the contract")
	}
}

func TestAnUnreadableLineNamesItsFieldsAndQuotesNothing(t *testing.T) {
	for line, want := range map[string][]string{
		`{"persons":[{"name":"秘密"},{"relation":"秘密"}]}`:             {"persons[1].relation UNKNOWN_CODE"},
		`{"persons":[{"name":12345678}],"register":{"phone":true}}`: {"register.phone MALFORMED", "persons[0].name MALFORMED"},
		`{"incomes":[{"year":"秘密","wage":1.5}]}`:                    {"incomes[0].year MALFORMED", "incomes[0].wage MALFORMED"},
		`{"秘密":1,"register":{"main_cause":"秘密"}}`:                   {"register.main_cause UNKNOWN_CODE", "Household MALFORMED"},
		`{"persons":"秘密"}`:                                          {"persons MALFORMED"},
		`{"persons":[{"秘密":"12345678"}]}`:                           {"persons[0] MALFORMED"},
		`{"village":"1","village":"12345678"}`:                      {"Household MALFORMED"},
		`["秘密"]`:                                                    {"Household MALFORMED"},
		`{"village":"12345678"`:                                     {"Household MALFORMED"},
		`{"register":"秘密","closing":{"kind":true}}`:                 {"register MALFORMED", "closing.kind UNKNOWN_CODE"},
	} {
		_, err := HouseholdFromJSON([]byte(line))
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", line, err)
			continue
		}
		var got []string
		for _, v := range f.Violations {
			got = append(got, v.Field+" "+string(v.Reason))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
		if text := fmt.Sprintf("%v %+v", err, *f); strings.Contains(text, "秘密") || strings.Contains(text, "12345678") && !strings.Contains(text, "0123456789") {
			t.Errorf("%s: the error quotes the line: %s", line, text)
		}
	}
}

func FuzzHouseholdFromJSON(f *testing.F) {
	f.Add([]byte(`{"persons":[{"relation":"RELATION_HEAD"}]}`))
	f.Add([]byte(`{"register":{"lifted_year":"x"}}`))
	f.Add([]byte(`{"sources":[{"loaded_at":"yesterday","\u0000":{}}],"village":"\xff"}`))
	sentences, field := sayable()
	f.Fuzz(func(t *testing.T, line []byte) {
		h, err := HouseholdFromJSON(line)
		if err == nil {
			if h == nil {
				t.Fatal("neither a household nor an error")
			}
			return
		}
		shown := fault.Of(err)
		if h != nil || shown == nil || len(shown.Violations) == 0 {
			t.Fatalf("not a fault that names fields: %v", err)
		}
		for _, v := range shown.Violations {
			if !sentences[v.Message] || !sentences[v.Chinese] || !field.MatchString(v.Field) {
				t.Fatalf("more is said than what the contract's field should be: %+v", v)
			}
		}
	})
}

// sayable gives all that may be said about an unreadable line: sentences made of the
// contract's own names, and paths of its fields. A word of the line is never among them.
func sayable() (sentences map[string]bool, field *regexp.Regexp) {
	sentences = map[string]bool{}
	say := func(v fault.Violation) { sentences[v.Message], sentences[v.Chinese] = true, true }
	for _, form := range []string{"JSON", "{…}", "[…]", "\"…\"", "0123456789", "2006-01-02T15:04:05Z"} {
		say(fault.Bad("", fault.Malformed, "form", form))
	}
	var names []string
	seen := map[protoreflect.FullName]bool{}
	var walk func(protoreflect.MessageDescriptor)
	walk = func(md protoreflect.MessageDescriptor) {
		if seen[md.FullName()] {
			return
		}
		seen[md.FullName()] = true
		say(fault.Bad("", fault.Malformed, "form", string(md.FullName())))
		for i := range md.Fields().Len() {
			fd := md.Fields().Get(i)
			names = append(names, string(fd.Name()))
			switch fd.Kind() {
			case protoreflect.EnumKind:
				say(fault.Bad("", fault.UnknownCode, "list", string(fd.Enum().Name())))
			case protoreflect.MessageKind:
				walk(fd.Message())
			}
		}
	}
	walk((&hubv1.Household{}).ProtoReflect().Descriptor())
	name := `(` + strings.Join(names, "|") + `)(\[\d+\])?`
	return sentences, regexp.MustCompile(`^(Household|` + name + `(\.` + name + `)*)$`)
}

func BenchmarkDecodeHousehold(b *testing.B) {
	data, err := EncodeHousehold(sample())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeHousehold(data); err != nil {
			b.Fatal(err)
		}
	}
}

// sample is a household of four with the facts that one usually has.
func sample() *household.Household {
	h := filled()
	person := h.Persons[0]
	person.FormerIDNumbers = nil
	h.Persons = []household.Person{person, person, person, person}
	h.Decisions, h.Closing, h.Assistance, h.Shocks = nil, nil, nil, nil
	return h
}
