package register

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"io"
	"os"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

const (
	buckets = 64    // temporary files; one of them is held in memory at a time
	maxRows = 1_000 // of one household
)

// take is given the rows of one household; again where rows of it came before.
type take func(rows []sheet.Row, again bool) bool

// grouped follows the file. A row without a household number stands alone: whose it is
// cannot be guessed.
func (f *File) grouped(ctx context.Context, yield take) error {
	var rows []sheet.Row
	var last string
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	flush := func() bool {
		if len(rows) == 0 {
			return true
		}
		hash := maphash.String(seed, last)
		_, again := seen[hash]
		if last != "" && !f.cfg.Mapping.fragment() {
			seen[hash] = struct{}{}
		} else {
			again = false
		}
		return yield(rows, again)
	}
	for row, err := range f.rows(ctx) {
		if err != nil {
			return err
		}
		key := f.key(row)
		if key != last || key == "" || f.cfg.Mapping.fragment() {
			if !flush() {
				return nil
			}
			rows, last = nil, key
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return tooManyRows()
		}
	}
	flush()
	return nil
}

func tooManyRows() error {
	return fault.New(fault.FileTooLarge, "limit", fmt.Sprintf("%d rows of one household", maxRows))
}

// detectOrder reads until a household comes up a second time.
func (f *File) detectOrder(ctx context.Context) (Order, error) {
	order := OrderGrouped
	seed, seen := maphash.MakeSeed(), map[uint64]struct{}{}
	var last string
	for row, err := range f.rows(ctx) {
		if err != nil {
			return order, err
		}
		key := f.key(row)
		if key == last || key == "" {
			continue
		}
		hash := maphash.String(seed, key)
		if _, again := seen[hash]; again {
			return OrderAny, nil
		}
		seen[hash] = struct{}{}
		last = key
	}
	return order, nil
}

// scattered sorts the rows into buckets by household first.
func (f *File) scattered(ctx context.Context, yield take) error {
	s, err := newScratch(f.cfg.Scratch)
	if err != nil {
		return err
	}
	defer s.close()
	for row, err := range f.rows(ctx) {
		if err != nil {
			return err
		}
		if err := s.put(f.key(row), row); err != nil {
			return err
		}
	}
	for i := range s.files {
		rows, err := s.read(i)
		if err != nil {
			return err
		}
		if goOn, err := f.households(rows, yield); err != nil || !goOn {
			return err
		}
	}
	return nil
}

// households groups the rows of a bucket, in the order of their first rows.
func (f *File) households(rows []sheet.Row, yield take) (bool, error) {
	at := map[string]int{}
	var groups [][]sheet.Row
	for _, row := range rows {
		key := f.key(row)
		i, known := at[key]
		if !known || key == "" {
			i = len(groups)
			at[key], groups = i, append(groups, nil)
		}
		if groups[i] = append(groups[i], row); len(groups[i]) > maxRows {
			return false, tooManyRows()
		}
	}
	for _, g := range groups {
		if !yield(g, false) {
			return false, nil
		}
	}
	return true, nil
}

// scratch is the buckets' files, encrypted with a key that dies with the process.
type scratch struct {
	block   cipher.Block
	files   [buckets]*os.File
	writers [buckets]*bufio.Writer
	rows    [buckets]*gob.Encoder
}

func newScratch(folder string) (*scratch, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s := &scratch{block: block}
	for i := range s.files {
		if s.files[i], err = os.CreateTemp(folder, "rows-*"); err != nil {
			s.close()
			return nil, err
		}
		s.writers[i] = bufio.NewWriterSize(cipher.StreamWriter{S: s.stream(i), W: s.files[i]}, 16<<10)
		s.rows[i] = gob.NewEncoder(s.writers[i])
	}
	return s, nil
}

// stream has its own place for each bucket, so that no two share a key stream.
func (s *scratch) stream(i int) cipher.Stream {
	iv := make([]byte, aes.BlockSize)
	iv[0] = byte(i)
	return cipher.NewCTR(s.block, iv)
}

func (s *scratch) put(key string, row sheet.Row) error {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key)) // never fails
	return s.rows[hash.Sum32()%buckets].Encode(row)
}

func (s *scratch) read(i int) ([]sheet.Row, error) {
	if err := s.writers[i].Flush(); err != nil {
		return nil, err
	}
	sealed, err := os.ReadFile(s.files[i].Name())
	if err != nil {
		return nil, err
	}
	s.stream(i).XORKeyStream(sealed, sealed)
	in := gob.NewDecoder(bytes.NewReader(sealed))
	var rows []sheet.Row
	for {
		var row sheet.Row
		if err := in.Decode(&row); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func (s *scratch) close() {
	for _, f := range s.files {
		if f != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}
}
