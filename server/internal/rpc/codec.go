package rpc

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec of all other messages
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// codec is that of protobuf. Pages of packed blocks, which are most of what a hub sends, it
// hands to the transport without copying the blocks' bytes; the message is the same.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Field numbers of sync.proto.
const (
	responsePage = 1
	pageBlocks   = 1
	blockPacked  = 11
)

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	r, ok := v.(*hubv1.FollowResponse)
	if !ok || len(r.GetPage().GetBlocks()) == 0 || r.GetPage().GetBlocks()[0].Packed == nil {
		return c.CodecV2.Marshal(v)
	}
	return marshalBlocks(r.GetPage())
}

// marshalBlocks writes all fields in the order of their numbers, as other codecs do: the
// gateway's fast way relies on it.
func marshalBlocks(p *hubv1.Page) (mem.BufferSlice, error) {
	blocks := p.Blocks
	p.Blocks = nil
	rest, err := proto.Marshal(p)
	p.Blocks = blocks
	if err != nil {
		return nil, err
	}
	heads, size := make([][]byte, len(blocks)), len(rest)
	for i, b := range blocks {
		if heads[i], err = marshalHead(b); err != nil {
			return nil, err
		}
		size += len(heads[i]) + len(b.Packed)
	}
	var out mem.BufferSlice
	head := protowire.AppendVarint(protowire.AppendTag(nil, responsePage, protowire.BytesType), uint64(size)) //nolint:gosec // positive
	for i, b := range blocks {
		out = append(out, mem.SliceBuffer(append(head, heads[i]...)), mem.SliceBuffer(b.Packed))
		head = nil
	}
	return append(out, mem.SliceBuffer(rest)), nil
}

// marshalHead is everything of a block in its page up to the packed bytes themselves.
func marshalHead(b *hubv1.Block) ([]byte, error) {
	packed := b.Packed
	b.Packed = nil
	rest, err := proto.Marshal(b)
	b.Packed = packed
	if err != nil {
		return nil, err
	}
	size := len(rest) + protowire.SizeTag(blockPacked) + protowire.SizeBytes(len(packed))
	head := protowire.AppendTag(make([]byte, 0, len(rest)+16), pageBlocks, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(size)) //nolint:gosec // positive
	head = protowire.AppendTag(append(head, rest...), blockPacked, protowire.BytesType)
	return protowire.AppendVarint(head, uint64(len(packed))), nil
}
