package gateway

import (
	"bytes"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// output is how the gateway writes JSON everywhere: names as in the contract, and
// empty values left out.
var output = protojson.MarshalOptions{UseProtoNames: true}

// transcoder writes FollowResponses, given as wire bytes, as JSON.
type transcoder struct{ table *table }

func newTranscoder() (*transcoder, error) {
	md := (&hubv1.FollowResponse{}).ProtoReflect().Descriptor()
	t, err := newTable(md, map[protoreflect.FullName]*table{})
	return &transcoder{table: t}, err
}

// append writes src as one line of JSON, without the line's end, behind dst.
func (t *transcoder) append(dst, src []byte) ([]byte, error) {
	out, err := t.table.append(dst, src)
	if !errors.Is(err, errIrregular) {
		return out, err
	}
	m := &hubv1.FollowResponse{} // the long way
	if err := proto.Unmarshal(src, m); err != nil {
		return dst, errors.New("gateway: a page is damaged")
	}
	text, err := output.Marshal(m)
	if err != nil {
		return dst, errors.New("gateway: a page cannot be written")
	}
	line := bytes.NewBuffer(dst)
	if err := json.Compact(line, text); err != nil { // protojson varies its blanks on purpose
		return dst, errors.New("gateway: a page cannot be written")
	}
	return line.Bytes(), nil
}
