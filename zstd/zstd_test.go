package zstd

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
	"pgregory.net/rapid"
)

func pack(t interface{ Fatal(...any) }, c encoding.Compressor, message []byte) []byte {
	var wire bytes.Buffer
	w, err := c.Compress(&wire)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(message); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return wire.Bytes()
}

func unpack(c encoding.Compressor, wire []byte) ([]byte, error) {
	r, err := c.Decompress(bytes.NewReader(wire))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestWhatIsCompressedComesBackWholeFromManyAtOnce(t *testing.T) {
	c := encoding.GetCompressor(Name)
	rapid.Check(t, func(rt *rapid.T) {
		messages := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 8).Draw(rt, "messages")
		var all sync.WaitGroup
		failed := make(chan error, len(messages))
		for _, m := range messages {
			all.Go(func() {
				for range 3 {
					if got, err := unpack(c, pack(t, c, m)); err != nil || !bytes.Equal(got, m) {
						failed <- errors.Join(err, errors.New("another message came back"))
						return
					}
				}
			})
		}
		all.Wait()
		close(failed)
		if err := <-failed; err != nil {
			rt.Fatal(err)
		}
	})
}

// Two messages that are written, and two that are read, at the same time after earlier
// ones have ended: what is used again is used by one alone.
func TestMessagesAtTheSameTimeDoNotMix(t *testing.T) {
	c := encoding.GetCompressor(Name)
	for range 3 {
		if _, err := unpack(c, pack(t, c, []byte("an earlier one"))); err != nil {
			t.Fatal(err)
		}
	}
	var wires [2]bytes.Buffer
	var writers [2]io.WriteCloser
	for i := range writers {
		var err error
		if writers[i], err = c.Compress(&wires[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range writers {
		if _, err := io.WriteString(w, "message "+string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var readers [2]io.Reader
	for i := range readers {
		var err error
		if readers[i], err = c.Decompress(&wires[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range readers {
		if got, err := io.ReadAll(r); err != nil || string(got) != "message "+string(rune('a'+i)) {
			t.Errorf("message %d came as %q: %v", i, got, err)
		}
	}
}

func TestAMessageThatWantsTooMuchMemoryOrIsDamagedIsRefused(t *testing.T) {
	c := encoding.GetCompressor(Name)
	greedy, err := zstd.NewWriter(nil, zstd.WithWindowSize(2*maxWindow), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	greedy.Reset(&wire)
	if _, err := greedy.Write(bytes.Repeat([]byte("0123456789abcdef"), 4*maxWindow/16)); err != nil {
		t.Fatal(err)
	}
	if err := greedy.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(c, wire.Bytes()); !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("a window of %d bytes: %v", 2*maxWindow, err)
	}
	good := pack(t, c, bytes.Repeat([]byte("record "), 1000))
	for cut := range len(good) - 1 {
		if got, err := unpack(c, good[:cut+1]); err == nil {
			t.Errorf("cut to %d bytes it gave %d", cut+1, len(got))
		}
	}
}
