package imports

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// Spool is a temporary file that is written once, read anywhere, and encrypted with a key
// that dies with the process: a workbook can't be read before its end has come.
type Spool struct {
	file  *os.File
	block cipher.Block
	out   cipher.Stream
	size  int64
}

// Spool opens one in the scratch folder. Close must be called.
func (m *Importer) Spool() (*Spool, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(m.Scratch, "import-*")
	if err != nil {
		return nil, err
	}
	return &Spool{file: file, block: block, out: stream(block, 0)}, nil
}

// stream is the key stream from the n-th block on.
func stream(block cipher.Block, n int64) cipher.Stream {
	var iv [aes.BlockSize]byte
	binary.BigEndian.PutUint64(iv[8:], uint64(n)) //nolint:gosec // a place in a file
	return cipher.NewCTR(block, iv[:])
}

// Write appends.
func (s *Spool) Write(p []byte) (int, error) {
	sealed := make([]byte, len(p))
	s.out.XORKeyStream(sealed, p)
	n, err := s.file.Write(sealed)
	s.size += int64(n)
	return n, err
}

// Size is how much was written.
func (s *Spool) Size() int64 { return s.size }

// ReadAt reads what was written.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	skip := off % aes.BlockSize
	sealed := make([]byte, int64(len(p))+skip)
	n, err := s.file.ReadAt(sealed, off-skip)
	stream(s.block, (off-skip)/aes.BlockSize).XORKeyStream(sealed[:n], sealed[:n])
	n = max(n-int(skip), 0)
	copy(p, sealed[skip:int(skip)+n])
	return n, err
}

// Reader reads it from the beginning.
func (s *Spool) Reader() io.Reader { return io.NewSectionReader(s, 0, s.size) }

// Close removes the file.
func (s *Spool) Close() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }
