package rpc

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// validator checks requests against the rules in the contract.
type validator struct{ rules protovalidate.Validator }

// newValidator compiles the rules of all requests, so that a broken rule is found
// at the start and not by a caller.
func newValidator() (*validator, error) {
	var requests []proto.Message
	for _, file := range contract {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				mt, err := protoregistry.GlobalTypes.FindMessageByName(methods.Get(j).Input().FullName())
				if err != nil {
					return nil, fmt.Errorf("rpc: %w", err)
				}
				requests = append(requests, mt.Zero().Interface())
			}
		}
	}
	rules, err := protovalidate.New(protovalidate.WithMessages(requests...))
	if err != nil {
		return nil, fmt.Errorf("rpc: the contract's rules: %w", err)
	}
	return &validator{rules: rules}, nil
}

// contract are the files that hold services.
var contract = []protoreflect.FileDescriptor{
	hubv1.File_bangfu_hub_v1_division_proto,
	hubv1.File_bangfu_hub_v1_household_service_proto,
	hubv1.File_bangfu_hub_v1_fact_proto,
	hubv1.File_bangfu_hub_v1_import_proto,
	hubv1.File_bangfu_hub_v1_identity_proto,
	hubv1.File_bangfu_hub_v1_removal_proto,
	hubv1.File_bangfu_hub_v1_letter_service_proto,
	hubv1.File_bangfu_hub_v1_ledger_proto,
	hubv1.File_bangfu_hub_v1_catalogue_proto,
	hubv1.File_bangfu_hub_v1_record_proto,
	hubv1.File_bangfu_hub_v1_sync_proto,
	hubv1.File_bangfu_hub_v1_entitlement_proto,
}

// check is nil or the fault that names every wrong field.
func (v *validator) check(req any) error {
	m, ok := req.(proto.Message)
	if !ok {
		return fmt.Errorf("rpc: a request of type %T", req)
	}
	err := v.rules.Validate(m)
	var wrong *protovalidate.ValidationError
	if !errors.As(err, &wrong) {
		return err
	}
	found := make([]fault.Violation, len(wrong.Violations))
	for i, w := range wrong.Violations {
		found[i] = violation(m.ProtoReflect().Descriptor(), w)
	}
	return fault.List(fault.InvalidRequest, found)
}

// violation says in the hub's own words what a rule of the contract found.
func violation(request protoreflect.MessageDescriptor, w *protovalidate.Violation) fault.Violation {
	field := protovalidate.FieldPathString(w.Proto.GetField())
	limit := ""
	if w.RuleValue.IsValid() {
		limit = w.RuleValue.String()
	}
	id := w.Proto.GetRuleId()
	_, rule, _ := strings.Cut(id, ".")
	switch {
	case id == "required", rule == "min_len", rule == "min_items": // each min is 1
		return fault.Bad(field, fault.Required)
	case rule == "max_len", rule == "max_bytes", rule == "max_items":
		return fault.Bad(field, fault.TooMany, "limit", limit)
	case rule == "pattern":
		return fault.Bad(field, fault.Malformed, "form", limit)
	case rule == "unique":
		return fault.Bad(field, fault.Duplicate, "with", field)
	case strings.HasPrefix(id, "enum."):
		return fault.Bad(field, fault.UnknownCode, "list", enumName(at(request, w.Proto.GetField())))
	case strings.HasPrefix(rule, "gte"), strings.HasPrefix(rule, "lte"):
		return fault.Bad(field, fault.OutOfRange, "range", bounds(at(request, w.Proto.GetField())))
	}
	return fault.Bad(field, fault.Malformed, "form", id)
}

// at is the field that a path ends at, nil where it ends at something else.
func at(md protoreflect.MessageDescriptor, path *validate.FieldPath) (fd protoreflect.FieldDescriptor) {
	for _, e := range path.GetElements() {
		if md == nil {
			return nil
		}
		if fd = md.Fields().ByName(protoreflect.Name(e.GetFieldName())); fd == nil {
			return nil
		}
		md = fd.Message()
	}
	return fd
}

func enumName(fd protoreflect.FieldDescriptor) string {
	if fd == nil || fd.Enum() == nil {
		return "enum"
	}
	return string(fd.Enum().Name())
}

// bounds writes the range of a number as the contract sets it: "0…500", "0…".
func bounds(fd protoreflect.FieldDescriptor) string {
	if fd == nil {
		return "…"
	}
	rules, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	switch {
	case rules.GetInt32().HasLte():
		return fmt.Sprintf("%d…%d", rules.GetInt32().GetGte(), rules.GetInt32().GetLte())
	case rules.GetInt32() != nil:
		return fmt.Sprintf("%d…", rules.GetInt32().GetGte())
	}
	return fmt.Sprintf("%d…", rules.GetInt64().GetGte())
}
