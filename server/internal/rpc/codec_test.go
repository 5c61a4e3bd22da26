package rpc

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// A reader cannot tell pages that were not copied from others.
func TestPagesOfPackedBlocksAreTheSameMessage(t *testing.T) {
	text := rapid.StringMatching(`[a-z0-9]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		page := &hubv1.Page{
			Cursor: text.Draw(t, "cursor"), Loading: rapid.Bool().Draw(t, "loading"),
			LeftScope: []*hubv1.LeftScope{{List: text.Draw(t, "left")}},
		}
		if rapid.Bool().Draw(t, "end") {
			page.End = &hubv1.End{Catalogue: text.Draw(t, "catalogue")}
		}
		for range rapid.IntRange(0, 5).Draw(t, "blocks") {
			page.Blocks = append(page.Blocks, &hubv1.Block{
				List: text.Draw(t, "list"), Village: text.Draw(t, "village"), Count: rapid.Int64().Draw(t, "count"),
				Packed: rapid.SliceOfN(rapid.Byte(), 1, 5000).Draw(t, "packed"),
			})
		}
		want := &hubv1.FollowResponse{Page: page}
		before := proto.Clone(want)
		sent, err := newCodec().Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(want, before) {
			t.Fatal("the message was changed")
		}
		got := &hubv1.FollowResponse{}
		if err := newCodec().Unmarshal(sent, got); err != nil || !proto.Equal(got, want) {
			t.Fatalf("%v: got %v, want %v", err, got, want)
		}
		usual, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
		if err != nil || !bytes.Equal(sent.Materialize(), usual) {
			t.Fatal("the fields are in another order than usual")
		}
	})
}

func TestTheBytesOfBlocksAreNotCopied(t *testing.T) {
	packed := bytes.Repeat([]byte("x"), 100_000)
	r := &hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{{List: "l", Packed: packed}}}}
	sent, err := newCodec().Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range sent {
		if b := part.ReadOnlyData(); len(b) == len(packed) && &b[0] == &packed[0] {
			return
		}
	}
	t.Error("they were")
}
