package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server"
)

const (
	seed = 1
	// nights is for how many days after the first one a hundredth of the households changes.
	nights = 32
	// maxLine bounds one household's line, in bytes.
	maxLine = 1 << 20
)

// register is the file of invented households, one a line.
type register struct {
	file    *os.File
	ends    []int64 // where each line ends
	members int
}

// writeRegister invents households as of a day. In each of the following nights the last
// helper of another hundredth of them ends, so that a night changes about what a night does.
func writeRegister(ctx context.Context, dir string, households int, on server.Date) (*register, error) {
	f, err := os.Create(filepath.Join(dir, "register.ndjson")) //nolint:gosec // in the run's own folder
	if err != nil {
		return nil, err
	}
	r := &register{file: f}
	from, to := io.Pipe()
	var g errgroup.Group
	g.Go(func() (err error) {
		buffered := bufio.NewWriterSize(to, 1<<16)
		r.members, err = server.Generate(buffered, households, seed, on, nil)
		return to.CloseWithError(errors.Join(err, buffered.Flush()))
	})
	g.Go(func() error {
		err := r.take(ctx, from, on)
		_ = from.CloseWithError(err) // ends the generator where this stopped early
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *register) take(ctx context.Context, from io.Reader, on server.Date) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	out := bufio.NewWriterSize(r.file, 1<<20)
	at := int64(0)
	for lines.Scan() && ctx.Err() == nil {
		line := lines.Bytes()
		if night := len(r.ends) % 100; night < nights {
			line = helperEnds(line, on.AddDays(night))
		}
		n, err := out.Write(append(line, '\n'))
		if err != nil {
			return err
		}
		at += int64(n)
		r.ends = append(r.ends, at)
	}
	return errors.Join(lines.Err(), ctx.Err(), out.Flush())
}

// helperEnds lets the last helper, where the help has no end yet, help until a day.
func helperEnds(line []byte, on server.Date) []byte {
	begin := bytes.Index(line, []byte(`"helpers":[`))
	if begin < 0 {
		return line
	}
	end := begin + bytes.IndexByte(line[begin:], ']')
	last := line[begin:end]
	last = last[bytes.LastIndexByte(last, '{')+1:]
	if len(last) == 0 || bytes.Contains(last, []byte(`"to":`)) {
		return line
	}
	ended := []byte(`,"to":"` + string(on) + `","reason":"虚构工作调动"`)
	return append(append(append([]byte(nil), line[:end-1]...), ended...), line[end-1:]...)
}

// lines are those of the households from one to another, the last one excluded.
func (r *register) lines(from, to int) io.Reader {
	begin := int64(0)
	if from > 0 {
		begin = r.ends[from-1]
	}
	return io.NewSectionReader(r.file, begin, r.ends[to-1]-begin)
}

// uninsured are the first households once more, as the medical insurance would send
// them: nobody is in the basic insurance.
func (r *register) uninsured(households int) (io.Reader, error) {
	all, err := io.ReadAll(r.lines(0, households))
	return bytes.NewReader(bytes.ReplaceAll(all, []byte(`"basic":"ANSWER_YES"`), []byte(`"basic":"ANSWER_NO"`))), err
}

func (r *register) close() error { return r.file.Close() }
