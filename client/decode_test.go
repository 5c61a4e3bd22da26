package client

import (
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// anyRecord fills any of the contract's fields, whatever they will be.
func anyRecord() *rapid.Generator[*hubv1.Record] {
	return rapid.Custom(func(t *rapid.T) *hubv1.Record {
		r := &hubv1.Record{}
		fill(t, r.ProtoReflect())
		return r
	})
}

func fill(t *rapid.T, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !rapid.Bool().Draw(t, "has "+string(f.Name())) {
			continue
		}
		if !f.IsList() {
			m.Set(f, scalar(t, f))
			continue
		}
		list := m.Mutable(f).List()
		for range rapid.IntRange(1, 9).Draw(t, "length") {
			if f.Kind() == protoreflect.MessageKind {
				fill(t, list.AppendMutable().Message())
			} else {
				list.Append(scalar(t, f))
			}
		}
	}
}

func scalar(t *rapid.T, f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.String().Draw(t, "text"))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "number"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "number"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "truth"))
	}
	t.Fatalf("the contract has a field of a new kind: %s", f.FullName())
	return protoreflect.Value{}
}

func TestTheFastDecoderReadsWhatTheStandardOneReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(anyRecord(), 0, 5).Draw(t, "records")
		sent := &hubv1.Block{List: "education", Area: "qionghai", Village: "469002100001", Count: int64(len(records)), Digest: make([]byte, 16), Records: records}
		if rapid.Bool().Draw(t, "packed") {
			plain, err := proto.Marshal(&hubv1.Block{Records: records})
			if err != nil {
				t.Fatal(err)
			}
			sent.Records, sent.Packed = nil, snappy.Encode(nil, plain)
		}
		page := &hubv1.Page{Blocks: []*hubv1.Block{sent, {List: "housing"}}, Cursor: "c", Loading: true, End: &hubv1.End{Catalogue: "x"}, Letters: []*hubv1.Letter{{Id: "lt_1"}}}
		bytes, err := proto.Marshal(&hubv1.FollowResponse{Page: page})
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsePage(bytes)
		if err != nil {
			t.Fatal(err)
		}
		if got.Cursor != "c" || !got.Loading || got.End.GetCatalogue() != "x" || len(got.Blocks) != 2 || got.Blocks[0].Village != sent.GetVillage() ||
			len(got.Letters) != 1 || got.Letters[0].GetId() != "lt_1" {
			t.Fatalf("the page came as %+v", got)
		}
		i := 0
		for r, err := range got.Blocks[0].Records() {
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(r, records[i]) {
				t.Fatalf("record %d: got %v, want %v", i, r, records[i])
			}
			i++
		}
		if i != len(records) {
			t.Fatalf("%d records, want %d", i, len(records))
		}
	})
}

func FuzzRecords(f *testing.F) {
	b, err := proto.Marshal(&hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{{Records: []*hubv1.Record{{Household: "hh_1", Name: "甲"}}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var standard hubv1.FollowResponse
		valid := proto.Unmarshal(b, &standard) == nil
		page, err := parsePage(b)
		if err != nil {
			if valid && len(standard.ProtoReflect().GetUnknown()) == 0 && standard.GetPage() == nil {
				t.Fatal("an empty response was refused")
			}
			return
		}
		for _, block := range page.Blocks {
			for _, err := range block.Records() {
				if err != nil && valid && block.packed == nil { // what is packed is bytes to the standard decoder
					t.Fatal("a record that the standard decoder reads was refused")
				}
			}
		}
	})
}

func BenchmarkRecords(b *testing.B) {
	var records []*hubv1.Record
	for range 200 {
		records = append(records, &hubv1.Record{
			Household: "hh_0123456789abcdef01234567", Person: "pp_0123456789abcdef01234567", Transaction: 17, Name: "虚拟甲", Sex: "FEMALE",
			IdNumber: "990001198001010011", BirthDate: "1980-01-01", RelationToHead: "SPOUSE", HeadName: "虚拟乙", InsuranceYear: 2026, BasicInsured: "YES",
			CriticalIllnessInsured: "YES", MedicalAssistance: "YES", SupportStatus: "SUPPORTED", Entitlements: []*hubv1.Entitlement{
				{Policy: "medical-basic", Since: "2019-01-01", Due: true}, {Policy: "medical-critical-illness", Since: "2019-01-01", Due: true},
				{Policy: "medical-assistance", Since: "2019-01-01", Due: true}},
		})
	}
	bytes, err := proto.Marshal(&hubv1.FollowResponse{Page: &hubv1.Page{Blocks: []*hubv1.Block{{Records: records}}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("fast", func(b *testing.B) {
		for b.Loop() {
			page, err := parsePage(bytes)
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range page.Blocks[0].Records() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(200*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("standard", func(b *testing.B) {
		for b.Loop() {
			var m hubv1.FollowResponse
			if err := proto.Unmarshal(bytes, &m); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(200*b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// contractText is a field's text by the contract's own description of it.
func contractText(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	value := m.Get(f)
	switch {
	case f.IsList() && f.Kind() == protoreflect.MessageKind:
		var texts []string
		for _, e := range m.Interface().(*hubv1.Record).GetEntitlements() {
			due := map[bool]string{true: "due", false: "optional"}[e.GetDue()]
			texts = append(texts, strings.Join([]string{e.GetPolicy(), e.GetSince(), e.GetUntil(), due}, ","))
		}
		return strings.Join(texts, ";")
	case f.IsList():
		var texts []string
		for i := range value.List().Len() {
			texts = append(texts, value.List().Get(i).String())
		}
		return strings.Join(texts, ";")
	case f.Kind() == protoreflect.BoolKind && !value.Bool(), f.HasPresence() && !m.Has(f):
		return ""
	case f.Kind() != protoreflect.StringKind && !f.HasPresence() && value.Equal(f.Default()):
		return ""
	}
	return value.String()
}

func TestEveryFieldOfTheContractHasItsText(t *testing.T) {
	list := &hubv1.List{Name: "everything"}
	var fields []protoreflect.FieldDescriptor
	all := (&hubv1.Record{}).ProtoReflect().Descriptor().Fields()
	for i := range all.Len() {
		if f := all.Get(i); f.Number() >= firstFact {
			fields = append(fields, f)
			list.Fields = append(list.Fields, &hubv1.Field{Name: string(f.Name())})
		}
	}
	rows, err := NewRows(list)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord().Draw(t, "record")
		for i, text := range rows.Texts(nil, r) {
			if want := contractText(r.ProtoReflect(), fields[i]); text != want {
				t.Fatalf("%s is %q, want %q", fields[i].Name(), text, want)
			}
		}
	})
}
