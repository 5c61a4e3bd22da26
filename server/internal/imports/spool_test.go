package imports

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// What was spooled is read back from any place, and the file on the disk shows nothing of it.
func TestASpoolGivesBackWhatWasWritten(t *testing.T) {
	m := New(Config{Scratch: t.TempDir()})
	rapid.Check(t, func(t *rapid.T) {
		s, err := m.Spool()
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for _, piece := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 100), 1, 8).Draw(t, "pieces") {
			if _, err := s.Write(piece); err != nil {
				t.Fatal(err)
			}
			want = append(want, piece...)
		}
		from := rapid.IntRange(0, len(want)).Draw(t, "from")
		got := make([]byte, rapid.IntRange(0, len(want)+5).Draw(t, "length"))
		n, err := s.ReadAt(got, int64(from))
		if !bytes.Equal(got[:n], want[from:min(from+len(got), len(want))]) || n < len(got) && err != io.EOF {
			t.Fatalf("from %d: %x, want %x, %v", from, got[:n], want[from:], err)
		}
		if all, err := io.ReadAll(s.Reader()); err != nil || !bytes.Equal(all, want) {
			t.Fatalf("%x, want %x, %v", all, want, err)
		}
		if raw, _ := os.ReadFile(s.file.Name()); len(want) >= 8 && bytes.Contains(raw, want[:8]) {
			t.Fatal("it stands in clear on the disk")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if left, _ := filepath.Glob(filepath.Join(m.Scratch, "*")); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}
