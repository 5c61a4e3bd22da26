package client

import (
	"iter"

	"github.com/klauspost/compress/s2"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Page is a page of the feed, as the contract describes it, but for its blocks: their
// records are decoded when they are asked for. Apply its parts in the order of the fields.
type Page struct {
	Blocks       []Block
	Transactions []*hubv1.Transaction
	LeftScope    []*hubv1.LeftScope
	End          *hubv1.End // nil until everything up to now has been sent
	Cursor       string
	Loading      bool
	Letters      []*hubv1.Letter // that wait for acknowledgement, where the request asked for them
}

// Block is all records of one list in one village.
type Block struct {
	List, Area, Village string
	Count               int64
	Digest              Digest

	records []byte // the block as it was sent
	packed  []byte // its records, where they came packed
}

// Records decodes the block's records in order. The message is used again for the next
// record: copy what must outlive the step. Strings may be kept; they keep the page's bytes.
func (b *Block) Records() iter.Seq2[*hubv1.Record, error] {
	return func(yield func(*hubv1.Record, error) bool) {
		var d recordDecoder
		records, err := b.unpacked()
		if err != nil {
			yield(nil, err)
			return
		}
		err = eachField(records, func(number protowire.Number, v []byte) (bool, error) {
			if number != blockRecords {
				return true, nil
			}
			r, err := d.decode(v)
			return err == nil && yield(r, nil), err
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// maxBlock bounds what a packed block may claim to hold, in bytes: far above any village.
const maxBlock = 64 << 20

func (b *Block) unpacked() ([]byte, error) {
	if b.packed == nil {
		return b.records, nil
	}
	if n, err := s2.DecodedLen(b.packed); err != nil || n > maxBlock {
		return nil, errRecord
	}
	records, err := s2.Decode(nil, b.packed)
	if err != nil {
		return nil, errRecord
	}
	return records, nil
}

// Field numbers of the contract that are read here by hand; a test compares them.
const (
	responsePage = 1
	pageBlocks   = 1
	blockRecords = 10
	blockPacked  = 11
)

// eachField calls fn with every embedded field of b until it says no.
func eachField(b []byte, fn func(protowire.Number, []byte) (bool, error)) error {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errRecord
		}
		b = b[n:]
		if wire != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
				return errRecord
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errRecord
		}
		b = b[n:]
		if more, err := fn(number, v); err != nil || !more {
			return err
		}
	}
	return nil
}

// parsePage reads a FollowResponse or PullResponse.
func parsePage(response []byte) (*Page, error) {
	out := &Page{}
	err := eachField(response, func(number protowire.Number, page []byte) (bool, error) {
		if number != responsePage {
			return true, nil
		}
		return true, out.parse(page)
	})
	return out, err
}

// parse takes the blocks out and leaves the rest to the standard decoder.
func (p *Page) parse(b []byte) error {
	rest := make([]byte, 0, 1024)
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeField(b)
		if n < 0 {
			return errRecord
		}
		if number == pageBlocks && wire == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(b)
			v, _ := protowire.ConsumeBytes(b[tag:])
			if err := p.block(v); err != nil {
				return err
			}
		} else {
			rest = append(rest, b[:n]...)
		}
		b = b[n:]
	}
	var m hubv1.Page
	if err := proto.Unmarshal(rest, &m); err != nil {
		return err
	}
	p.Transactions, p.LeftScope, p.End = m.GetTransactions(), m.GetLeftScope(), m.GetEnd()
	p.Cursor, p.Loading, p.Letters = m.GetCursor(), m.GetLoading(), m.GetLetters()
	return nil
}

func (p *Page) block(b []byte) error {
	header := make([]byte, 0, 96)
	var packed []byte
	for rest := b; len(rest) > 0; {
		number, wire, n := protowire.ConsumeField(rest)
		switch {
		case n < 0:
			return errRecord
		case number == blockPacked && wire == protowire.BytesType:
			_, _, tag := protowire.ConsumeTag(rest)
			packed, _ = protowire.ConsumeBytes(rest[tag:])
		case number != blockRecords:
			header = append(header, rest[:n]...)
		}
		rest = rest[n:]
	}
	var m hubv1.Block
	if err := proto.Unmarshal(header, &m); err != nil {
		return err
	}
	out := Block{List: m.GetList(), Area: m.GetArea(), Village: m.GetVillage(), Count: m.GetCount(), records: b, packed: packed}
	copy(out.Digest[:], m.GetDigest())
	p.Blocks = append(p.Blocks, out)
	return nil
}

// pageCodec receives a page's bytes as they are; everything else is left to protobuf's
// own codec.
type pageCodec struct{ encoding.CodecV2 }

func newPageCodec() pageCodec { return pageCodec{encoding.GetCodecV2("proto")} }

// Unmarshal copies the bytes: strings of the page go on pointing into them.
func (c pageCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if raw, ok := v.(*[]byte); ok {
		*raw = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}
