package client

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// A file that was cut short must not be taken for one that has ended (law 3 of the house:
// incomplete is detectable).
func TestACutFileIsNoWholeFile(t *testing.T) {
	piece := make([]byte, 8)
	if n, err := readFull(strings.NewReader("abc"), piece); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("a whole file: %d, %v", n, err)
	}
	cut := io.MultiReader(strings.NewReader("abc"), failing{})
	if n, err := readFull(cut, piece); n != 3 || errors.Is(err, io.EOF) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut file: %d, %v", n, err)
	}
	if n, err := readFull(strings.NewReader("12345678"), piece); n != 8 || err != nil {
		t.Errorf("a full piece: %d, %v", n, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
