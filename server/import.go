package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/wire"
)

const (
	// maxLine bounds one household's line, in bytes.
	maxLine = 4 << 20
	// readRun is how many lines are decoded at once.
	readRun = 1024
)

// Rejected is a line that was not loaded. It names fields and reasons, never what
// stood there.
type Rejected struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Chinese string `json:"message_zh"`
}

// ImportResult counts households.
type ImportResult struct {
	Lines     int           `json:"lines"`
	Created   int           `json:"created"`
	Changed   int           `json:"changed"`
	Unchanged int           `json:"unchanged"`
	Rejected  int           `json:"rejected"`
	Took      time.Duration `json:"-"`
}

// ImportOptions says what to do while loading; both may be nil.
type ImportOptions struct {
	Caller   Caller
	Progress func(lines int)        // after each run of lines
	Report   func([]Rejected) error // rejected lines, a household's problems together
}

// Import loads NDJSON, one household a line. Each household is loaded whole or
// rejected whole. It streams: memory doesn't grow with the file. Cut at any point,
// the same file again loads what is missing; loaded twice, it changes nothing.
func (s *Server) Import(ctx context.Context, r io.Reader, opt ImportOptions) (ImportResult, error) {
	began := time.Now()
	im := &lineImport{server: s, opt: opt, areas: map[string][]numbered{}}
	var result ImportResult
	err := s.hub.Audited(ctx, opt.Caller, "import", func() (any, error) {
		err := im.run(ctx, r)
		result = im.result
		return result, err
	})
	result.Took = time.Since(began)
	return result, err
}

// numbered is a household with its line.
type numbered struct {
	line      int
	household *household.Household
	err       error
}

type lineImport struct {
	server *Server
	opt    ImportOptions
	areas  map[string][]numbered // decoded, not yet loaded
	result ImportResult
}

// run decodes the next lines while the last ones are being loaded.
func (im *lineImport) run(ctx context.Context, r io.Reader) error {
	decoded := make(chan []numbered, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(decoded)
		return readLines(ctx, r, decoded)
	})
	g.Go(func() error {
		for lines := range decoded {
			if err := im.take(ctx, lines); err != nil {
				return err
			}
		}
		return im.flush(ctx, 1)
	})
	return g.Wait()
}

func readLines(ctx context.Context, r io.Reader, out chan<- []numbered) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var n int
	var err error
	for err == nil {
		var run [][]byte
		first := n + 1
		for len(run) < readRun {
			var line []byte
			if line, err = nextLine(lines); err != nil {
				break
			}
			n++
			run = append(run, line)
		}
		select {
		case out <- decodeLines(first, run):
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
func decodeLines(first int, run [][]byte) []numbered {
	out := make([]numbered, len(run))
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(run); i += workers {
				out[i].line = first + i
				if run[i] == nil {
					out[i].err = fault.New(fault.LimitReached, "limit", "4 MiB a line")
				} else if line := bytes.TrimSpace(run[i]); len(line) > 0 {
					out[i].household, out[i].err = wire.HouseholdFromJSON(line)
				}
			}
			return nil
		})
	}
	_ = g.Wait() // the workers return nothing but nil
	return out
}

// take sorts decoded lines by area and loads the areas that have enough.
func (im *lineImport) take(ctx context.Context, lines []numbered) error {
	for _, l := range lines {
		im.result.Lines++
		switch {
		case l.err != nil:
			if err := im.reject(l.line, fault.Of(l.err)); err != nil {
				return err
			}
		case l.household != nil:
			area := im.server.tree.AreaOf(l.household.Village)
			im.areas[area] = append(im.areas[area], l)
		}
	}
	if err := im.flush(ctx, hub.ImportRun); err != nil {
		return err
	}
	if im.opt.Progress != nil {
		im.opt.Progress(im.result.Lines)
	}
	return nil
}

// flush loads every area that has at least so many households waiting.
func (im *lineImport) flush(ctx context.Context, least int) error {
	for area, waiting := range im.areas {
		for len(waiting) >= least {
			run := waiting[:min(len(waiting), hub.ImportRun)]
			if err := im.load(ctx, area, run); err != nil {
				return err
			}
			waiting = waiting[len(run):]
		}
		im.areas[area] = waiting
	}
	return nil
}

func (im *lineImport) load(ctx context.Context, area string, run []numbered) error {
	households := make([]*household.Household, len(run))
	for i, l := range run {
		households[i] = l.household
	}
	done, err := im.server.hub.Import(ctx, im.opt.Caller, area, households)
	im.result.Created += done.Created
	im.result.Changed += done.Changed
	im.result.Unchanged += done.Unchanged
	for _, r := range done.Rejected {
		if err := im.reject(run[r.Index].line, r.Fault); err != nil {
			return err
		}
	}
	return err
}

func (im *lineImport) reject(line int, f *fault.Fault) error {
	im.result.Rejected++
	if im.opt.Report == nil {
		return nil
	}
	if len(f.Violations) == 0 {
		return im.opt.Report([]Rejected{{Line: line, Reason: string(f.Reason), Message: f.Message, Chinese: f.Chinese}})
	}
	out := make([]Rejected, len(f.Violations))
	for i, v := range f.Violations {
		out[i] = Rejected{Line: line, Field: v.Field, Reason: string(v.Reason), Message: v.Message, Chinese: v.Chinese}
	}
	return im.opt.Report(out)
}
