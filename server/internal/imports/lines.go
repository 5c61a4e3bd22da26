package imports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/wire"
)

const (
	// maxLine bounds one household's line, in bytes, and maxParts the elements in it.
	maxLine, maxParts = 1 << 20, 5000
	// readRun is how many lines are decoded at once, and readBytes how long they may be together.
	readRun, readBytes = 1024, 4 << 20
)

// Rejected is a line of the report about NDJSON. It names fields and reasons, never what
// stood there.
type Rejected struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Chinese string `json:"message_zh"`
}

func (im *importRun) readLines(ctx context.Context, r io.Reader, out chan<- []numbered) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var n int
	var err error
	for err == nil {
		var run [][]byte
		first, size := n+1, 0
		for len(run) < readRun && size < readBytes {
			var line []byte
			if line, err = nextLine(lines); err != nil {
				break
			}
			n++
			size += len(line)
			run = append(run, line)
		}
		decoded, failed := decodeLines(first, run, im.guarded)
		if failed != nil {
			return failed
		}
		select {
		case out <- decoded:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// nextLine reads a line with its end. Of a line longer than maxLine nothing is kept: it is nil.
func nextLine(r *bufio.Reader) (line []byte, err error) {
	for kept := true; ; {
		part, err := r.ReadSlice('\n')
		if kept = kept && len(line)+len(part) <= maxLine; kept {
			line = append(line, part...)
		} else {
			line = nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(line) > 0 || !kept): // the last line need not have an end
			return line, nil
		}
		return line, err
	}
}

// decodeLines decodes on all processors and keeps the order.
func decodeLines(first int, run [][]byte, guarded func(func() error) func() error) ([]numbered, error) {
	out := make([]numbered, len(run))
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(guarded(func() error {
			for i := w; i < len(run); i += workers {
				out[i].line = first + i
				out[i].household, out[i].err = decodeLine(run[i])
			}
			return nil
		}))
	}
	return out, g.Wait()
}

// decodeLine gives nil for an empty line. A line may be small and yet make a great many
// elements, which are counted before they are made.
func decodeLine(line []byte) (*household.Household, error) {
	switch text := bytes.TrimSpace(line); {
	case line == nil:
		return nil, fault.New(fault.LimitReached, "limit", "1 MiB a line")
	case bytes.Count(text, []byte("{")) > maxParts:
		return nil, fault.New(fault.LimitReached, "limit", "5,000 elements a line")
	case len(text) > 0:
		return wire.HouseholdFromJSON(text)
	}
	return nil, nil //nolint:nilnil // an empty line
}

// rejectLine reports all that is wrong with a line.
func (im *importRun) rejectLine(n numbered, f *fault.Fault) error {
	out := []Rejected{{Line: n.line, Reason: string(f.Reason), Message: f.Message, Chinese: f.Chinese}}
	if len(f.Violations) > 0 {
		out = out[:0]
	}
	reasons := map[fault.Reason]bool{}
	for _, v := range f.Violations {
		out = append(out, Rejected{Line: n.line, Field: v.Field, Reason: string(v.Reason), Message: v.Message, Chinese: v.Chinese})
	}
	for _, r := range out {
		reasons[fault.Reason(r.Reason)] = true
	}
	im.refused(reasons)
	w, err := im.reportTo()
	if w == nil || err != nil {
		return err
	}
	for _, r := range out {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	}
	return nil
}
