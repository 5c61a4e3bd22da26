package gateway

import (
	"bytes"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// output is how the gateway writes JSON everywhere: names as in the contract, and
// empty values left out.
var output = protojson.MarshalOptions{UseProtoNames: true}

// transcoder writes FollowResponses, given as wire bytes, as JSON.
type transcoder struct {
	table *table
	// unpack writes the records of packed blocks as if they had come as records: what the
	// gateway gets for who can't unpack is a quarter as large on its way from the server.
	unpack bool
}

func newTranscoder(unpack bool) (*transcoder, error) {
	known := map[protoreflect.FullName]*table{}
	t, err := newTable((&hubv1.FollowResponse{}).ProtoReflect().Descriptor(), known)
	if err != nil {
		return nil, err
	}
	block := (&hubv1.Block{}).ProtoReflect().Descriptor()
	known[block.FullName()].fields[block.Fields().ByName("packed").Number()].packed = unpack
	return &transcoder{table: t, unpack: unpack}, nil
}

// append writes src as one line of JSON, without the line's end, behind dst.
func (t *transcoder) append(dst, src []byte) ([]byte, error) {
	out, err := t.table.append(dst, src)
	if !errors.Is(err, errIrregular) {
		return out, err
	}
	m := &hubv1.FollowResponse{} // the long way
	if proto.Unmarshal(src, m) != nil || (t.unpack && unpackAll(m.GetPage()) != nil) {
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

// unpackAll puts the records of packed blocks in their place.
func unpackAll(p *hubv1.Page) error {
	for _, b := range p.GetBlocks() {
		if b.GetPacked() == nil {
			continue
		}
		records, err := wire.Unpack(nil, b.GetPacked())
		if err != nil {
			return err
		}
		b.Packed = nil
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(records, b); err != nil {
			return err
		}
	}
	return nil
}
