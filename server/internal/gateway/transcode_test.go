package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/wire"
)

func pageTable(t testing.TB) *table {
	t.Helper()
	tab, err := newTable((&hubv1.FollowResponse{}).ProtoReflect().Descriptor(), map[protoreflect.FullName]*table{})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// reference is what protojson writes, without the blanks that it varies.
func reference(t fataler, m proto.Message) string {
	t.Helper()
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// draw fills a message with values that are often empty, odd, or extreme.
func draw(t *rapid.T, m protoreflect.Message, depth int) {
	if m.Descriptor().FullName() == "google.protobuf.Timestamp" {
		fields := m.Descriptor().Fields()
		m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds")))
		nanos := rapid.SampledFrom([]int32{0, 1, 1000, 120000, 1000000, 500000000, 999999999, 123456000}).Draw(t, "nanos")
		m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(nanos))
		return
	}
	for i := range m.Descriptor().Fields().Len() {
		fd := m.Descriptor().Fields().Get(i)
		if rapid.IntRange(0, depth).Draw(t, "absent") > 0 {
			continue
		}
		switch {
		case fd.IsList():
			for range rapid.IntRange(0, 3).Draw(t, "length") {
				if fd.Kind() == protoreflect.MessageKind {
					draw(t, m.Mutable(fd).List().AppendMutable().Message(), depth+1)
				} else {
					m.Mutable(fd).List().Append(drawOne(t, fd))
				}
			}
		case fd.Kind() == protoreflect.MessageKind:
			draw(t, m.Mutable(fd).Message(), depth+1)
		default:
			m.Set(fd, drawOne(t, fd))
		}
	}
}

func drawOne(t *rapid.T, fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(0, 8, -1).Draw(t, "text"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 7).Draw(t, "enum")))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	default:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	}
}

func TestTranscoderWritesWhatProtojsonWrites(t *testing.T) {
	tab := pageTable(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &hubv1.FollowResponse{}
		draw(rt, m.ProtoReflect(), 0)
		src, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := tab.append(nil, src)
		if err != nil {
			rt.Fatal(err)
		}
		if want := reference(t, m); string(got) != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestTranscoderReadsRecordsThatTheHubPassesThroughUnread(t *testing.T) {
	record, err := proto.Marshal(&hubv1.Record{Household: "hh_1", HeadName: "王\"小\\明\u0001", MemberCount: 4})
	if err != nil {
		t.Fatal(err)
	}
	raw := protowire.AppendTag(nil, 10, protowire.BytesType)
	raw = protowire.AppendBytes(raw, record)
	block := &hubv1.Block{List: "education", Count: 1}
	block.ProtoReflect().SetUnknown(raw)
	src, err := proto.Marshal(&hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{block}, Cursor: "c"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pageTable(t).append(nil, src)
	if err != nil {
		t.Fatal(err)
	}
	again := &hubv1.FollowResponse{}
	if err := proto.Unmarshal(src, again); err != nil {
		t.Fatal(err)
	}
	if want := reference(t, again); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestIrregularPagesTakeTheLongWay(t *testing.T) {
	tr := newTestTranscoder(t)
	cursor := protowire.AppendString(protowire.AppendTag(nil, 5, protowire.BytesType), "c")
	block := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), nil)
	empty := protowire.AppendString(protowire.AppendTag(nil, 5, protowire.BytesType), "")
	for rule, page := range map[string][]byte{
		"a list after other fields": bytes.Join([][]byte{block, cursor, block}, nil),
		"a field twice":             bytes.Join([][]byte{cursor, cursor}, nil),
		"fields out of order":       bytes.Join([][]byte{cursor, block}, nil),
		"an empty text":             bytes.Join([][]byte{block, empty}, nil),
		"an unknown field":          bytes.Join([][]byte{block, protowire.AppendVarint(protowire.AppendTag(nil, 900, protowire.VarintType), 7), cursor}, nil),
	} {
		src := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), page)
		m := &hubv1.FollowResponse{}
		if err := proto.Unmarshal(src, m); err != nil {
			t.Fatal(err)
		}
		got, err := tr.append(nil, src)
		if want := reference(t, m); err != nil || string(got) != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", rule, err, got, want)
		}
	}
	if _, err := tr.append(nil, []byte{0x0a, 0xff}); err == nil {
		t.Error("a damaged page was written")
	}
}

func newTestTranscoder(t testing.TB) *transcoder { return transcoderOf(t, false) }

func transcoderOf(t testing.TB, unpack bool) *transcoder {
	t.Helper()
	tr, err := newTranscoder(unpack)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestEveryByteAtEveryPlaceOfATextIsWritten(t *testing.T) {
	for b := range byte(utf8.RuneSelf) {
		for length := 1; length < 20; length++ {
			for at := range length {
				text := []byte(strings.Repeat("a", length))
				text[at] = b
				written, err := appendText(nil, text)
				var back string
				if err := errors.Join(err, json.Unmarshal(written, &back)); err != nil || back != string(text) {
					t.Fatalf("%q is written as %s: %v", text, written, err)
				}
			}
		}
	}
	if _, err := appendText(nil, []byte("aaaaaaaaaaaaaaaaaaaa\xff")); err == nil {
		t.Fatal("what is no text was written")
	}
}

func TestPackedBlocksAreWrittenAsTheirRecords(t *testing.T) {
	unpacking, plain := transcoderOf(t, true), transcoderOf(t, false)
	rapid.Check(t, func(rt *rapid.T) {
		m := &hubv1.FollowResponse{}
		draw(rt, m.ProtoReflect(), 0)
		packed := proto.CloneOf(m)
		for i, b := range packed.GetPage().GetBlocks() {
			m.Page.Blocks[i].Packed, b.Packed = nil, nil
			records := &hubv1.Block{Records: b.GetRecords()}
			encoded, err := proto.Marshal(records)
			if err != nil {
				rt.Fatal(err)
			}
			b.Records, b.Packed = nil, wire.Pack(encoded)
		}
		src, err := proto.MarshalOptions{Deterministic: true}.Marshal(packed)
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "irregular?") { // takes the long way: a page in two parts
			src = append(src, protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), nil)...)
			if m.Page == nil {
				m.Page = &hubv1.Page{}
			}
		}
		got, err := unpacking.append(nil, src)
		if want := reference(rt, m); err != nil || string(got) != want {
			rt.Fatalf("%v\ngot  %s\nwant %s", err, got, want)
		}
	})
	damaged := &hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{{Packed: []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1}}}}}
	src, err := proto.Marshal(damaged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unpacking.append(nil, src); err == nil {
		t.Error("a damaged block was written")
	}
	if got, err := plain.append(nil, src); err != nil || !bytes.Contains(got, []byte(`"packed":"/////w8B"`)) {
		t.Errorf("who asked for packed blocks got %s, %v", got, err)
	}
}

func FuzzTranscoder(f *testing.F) {
	tr, tab := newTestTranscoder(f), pageTable(f)
	src, err := proto.Marshal(samplePage(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := tr.append(nil, src)
		m := &hubv1.FollowResponse{}
		if proto.Unmarshal(src, m) != nil {
			if _, err := tab.append(nil, src); err == nil && !json.Valid(got) {
				t.Fatal("a damaged page gave damaged JSON")
			}
			return
		}
		if err != nil {
			if _, refused := (protojson.MarshalOptions{UseProtoNames: true}).Marshal(m); refused == nil {
				t.Fatalf("refused what protojson writes: %v", err)
			}
			return
		}
		if want := reference(t, m); string(got) != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// samplePage is a page of n records as the education department gets them.
func samplePage(n int) *hubv1.FollowResponse {
	b := &hubv1.Block{List: "education", Area: "qionghai", Village: "469002100201", Count: int64(n), Digest: make([]byte, 16)}
	for i := range n {
		b.Records = append(b.Records, &hubv1.Record{
			Household: fmt.Sprintf("hh_%024d", i), Person: fmt.Sprintf("pp_%024d", i), Transaction: int64(i),
			HeadName: "王小明", HeadIdNumber: "46900219000101123X", HouseholdNumber: fmt.Sprintf("4690020001%06d", i),
			MemberCount: 4, Phone: "13800000000", VillageGroup: "第一村民小组", PovertyStatus: "LIFTED",
			Entitlements: []*hubv1.Entitlement{{Policy: "education-subsidy", Since: "2019-01-01", Due: true}, {Policy: "boarding", Since: "2019-01-01"}},
		})
	}
	return &hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{b}, Cursor: "cursor", Loading: true}}
}

func BenchmarkTranscoder(b *testing.B) {
	const rows = 5000
	m := samplePage(rows)
	src, err := proto.Marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	tr := newTestTranscoder(b)
	b.Run("table", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			if dst, err = tr.append(dst[:0], src); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("protojson", func(b *testing.B) {
		for b.Loop() {
			m := &hubv1.FollowResponse{}
			if err := errors.Join(proto.Unmarshal(src, m)); err != nil {
				b.Fatal(err)
			}
			if _, err := (protojson.MarshalOptions{UseProtoNames: true}).Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
