package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/snappy"
	"pgregory.net/rapid"
)

// Another agency unpacks with whatever Snappy library its language has.
func TestPackedRecordsAreASnappyBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOf(rapid.Byte()).Draw(t, "records")
		got, err := snappy.Decode(nil, Pack(records))
		if err != nil || !bytes.Equal(got, records) {
			t.Fatalf("got %x, %v; want %x", got, err, records)
		}
		block := &Block{}
		if err := SetRecords(block, Pack(records)); err != nil || !bytes.Equal(block.ProtoReflect().GetUnknown(), records) {
			t.Fatalf("a block of %x: %v", records, err)
		}
		scratch := make([]byte, rapid.IntRange(0, 100).Draw(t, "scratch"))
		if got, err := Unpack(scratch, Pack(records)); err != nil || !bytes.Equal(got, records) {
			t.Fatalf("unpacked %x, %v; want %x", got, err, records)
		}
	})
}

func TestPackedRecordsAreSmall(t *testing.T) {
	var records []byte
	for n := range 60 {
		fields := appendText(nil, 30, fmt.Sprint("虚拟", n))
		fields = appendText(appendText(fields, 60, "2026-01-01"), 16, "LIFTED_STABLE")
		records = AppendRecord(records, fmt.Sprintf("hh_%024d", n), fmt.Sprintf("pp_%024d", n), 7, fields)
	}
	if packed := Pack(records); len(packed) > len(records)/2 {
		t.Errorf("%d bytes became %d", len(records), len(packed))
	}
}

func TestWhatIsNotPackedIsAnError(t *testing.T) {
	for _, b := range [][]byte{nil, {0xff}, AppendRecord(nil, "hh_1", "", 1, nil)} {
		if err := SetRecords(&Block{}, b); err == nil {
			t.Errorf("%x was unpacked", b)
		}
		if _, err := Unpack(nil, b); err == nil {
			t.Errorf("%x was unpacked", b)
		}
	}
	huge := Pack(make([]byte, maxBlock+1))
	if _, err := Unpack(nil, huge); err == nil {
		t.Errorf("%d bytes that claim to be %d were unpacked", len(huge), maxBlock+1)
	}
}
