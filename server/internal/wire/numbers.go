package wire

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

var (
	householdNumber = fieldNumber(&hubv1.Household{}, "household_number")
	persons         = fieldNumber(&hubv1.Household{}, "persons")
	personID        = fieldNumber(&hubv1.Person{}, "id")
	personIDNumber  = fieldNumber(&hubv1.Person{}, "id_number")
)

func fieldNumber(m proto.Message, name protoreflect.Name) protowire.Number {
	return m.ProtoReflect().Descriptor().Fields().ByName(name).Number()
}

var errNumbers = errors.New("wire: the stored household cannot be read")

// DecodeNumbers reads, of what EncodeHousehold made, the household's number and the persons'
// ID numbers by their ids, and passes over the rest, which is
// most of the work of DecodeHousehold.
func DecodeNumbers(b []byte) (ofHousehold string, ofPersons map[string]string, err error) {
	ofPersons = map[string]string{}
	err = fields(b, func(number protowire.Number, value []byte) error {
		switch number {
		case householdNumber:
			ofHousehold = string(value)
		case persons:
			var id, idNumber string
			err := fields(value, func(number protowire.Number, value []byte) error {
				switch number {
				case personID:
					id = string(value)
				case personIDNumber:
					idNumber = string(value)
				}
				return nil
			})
			ofPersons[id] = idNumber
			return err
		}
		return nil
	})
	return ofHousehold, ofPersons, err
}

// fields hands the texts and messages of a message to fn.
func fields(b []byte, fn func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errNumbers
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return errNumbers
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			if err := fn(number, value); err != nil {
				return err
			}
		}
		b = b[n:]
	}
	return nil
}
