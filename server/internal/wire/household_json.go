package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// HouseholdToJSON writes a household as one line of an import file.
func HouseholdToJSON(h *household.Household) ([]byte, error) {
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(HouseholdToProto(h))
	if err != nil {
		return nil, fmt.Errorf("wire: the household cannot be written as JSON")
	}
	var line bytes.Buffer // protojson varies its blanks on purpose; a file should not
	if err := json.Compact(&line, b); err != nil {
		return nil, fmt.Errorf("wire: the household cannot be written as JSON")
	}
	return line.Bytes(), nil
}

// HouseholdFromJSON reads one line of an import file. What cannot be read is a
// fault that names each field, and never a value or a word of the line.
func HouseholdFromJSON(line []byte) (*household.Household, error) {
	p := &hubv1.Household{}
	if err := protojson.Unmarshal(line, p); err == nil {
		return HouseholdFromProto(p), nil
	}
	return nil, fault.List(fault.InvalidRequest, Unreadable(p.ProtoReflect().Descriptor(), line))
}

// Unreadable finds what protojson could not read as the message. protojson's own
// error quotes the text, so it can't be shown; these violations name fields alone.
func Unreadable(md protoreflect.MessageDescriptor, text []byte) []fault.Violation {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return []fault.Violation{fault.Bad(string(md.Name()), fault.Malformed, "form", "JSON")}
	}
	found := misfits(nil, md, "", v)
	if len(found) == 0 { // a name that stands twice, or a text that is not UTF-8
		found = append(found, fault.Bad(string(md.Name()), fault.Malformed, "form", string(md.FullName())))
	}
	return found
}

// misfits appends the members of v that don't fit the message. An unknown name is
// reported at the object that holds it: the name is part of the line.
func misfits(found []fault.Violation, md protoreflect.MessageDescriptor, path string, v any) []fault.Violation {
	object, ok := v.(map[string]any)
	if !ok {
		return append(found, fault.Bad(cmp.Or(path, string(md.Name())), fault.Malformed, "form", "{…}"))
	}
	known := 0
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		for _, name := range names(fd) {
			if member, ok := object[name]; ok {
				known++
				found = misfit(found, fd, join(path, string(fd.Name())), member)
			}
		}
	}
	if known < len(object) {
		found = append(found, fault.Bad(cmp.Or(path, string(md.Name())), fault.Malformed, "form", string(md.FullName())))
	}
	return found
}

func names(fd protoreflect.FieldDescriptor) []string {
	if string(fd.Name()) == fd.JSONName() {
		return []string{fd.JSONName()}
	}
	return []string{string(fd.Name()), fd.JSONName()}
}

func misfit(found []fault.Violation, fd protoreflect.FieldDescriptor, path string, v any) []fault.Violation {
	if v == nil { // null is the same as left out
		return found
	}
	if !fd.IsList() {
		return misfitOne(found, fd, path, v)
	}
	list, ok := v.([]any)
	if !ok {
		return append(found, fault.Bad(path, fault.Malformed, "form", "[…]"))
	}
	for i, element := range list {
		found = misfitOne(found, fd, fmt.Sprintf("%s[%d]", path, i), element)
	}
	return found
}

func misfitOne(found []fault.Violation, fd protoreflect.FieldDescriptor, path string, v any) []fault.Violation {
	text, isText := v.(string)
	switch fd.Kind() {
	case protoreflect.MessageKind:
		if fd.Message().FullName() == "google.protobuf.Timestamp" { // a text in JSON
			return misfitTime(found, path, text)
		}
		return misfits(found, fd.Message(), path, v)
	case protoreflect.EnumKind:
		if _, isNumber := v.(json.Number); !isNumber && (!isText || fd.Enum().Values().ByName(protoreflect.Name(text)) == nil) {
			return append(found, fault.Bad(path, fault.UnknownCode, "list", string(fd.Enum().Name())))
		}
	case protoreflect.StringKind:
		if !isText {
			return append(found, fault.Bad(path, fault.Malformed, "form", "\"…\""))
		}
	default:
		if !whole(v) {
			return append(found, fault.Bad(path, fault.Malformed, "form", "0123456789"))
		}
	}
	return found
}

func misfitTime(found []fault.Violation, path, text string) []fault.Violation {
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return append(found, fault.Bad(path, fault.Malformed, "form", "2006-01-02T15:04:05Z"))
	}
	return found
}

// whole tells whether v is a whole number, plain or as text.
func whole(v any) bool {
	text, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		text, ok = n.String(), true
	}
	return ok && text != "" && strings.Trim(text, "-0123456789") == ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
