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
	"github.com/bangfuhub/hub/server/internal/register"
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

// ImportResult counts households: what was done, or after a dry run would be.
type ImportResult struct {
	DryRun    bool               `json:"dry_run"`
	Lines     int                `json:"lines"` // or rows
	Accepted  int                `json:"accepted"`
	Created   int                `json:"created"`
	Changed   int                `json:"changed"`
	Unchanged int                `json:"unchanged"`
	Rejected  int                `json:"rejected"`
	Changes   Changes            `json:"changes"`  // by kind
	Villages  map[string]Changes `json:"villages"` // the same by village
	Reasons   map[string]int     `json:"reasons"`  // households rejected, by reason; one may have several
	Took      time.Duration      `json:"-"`
}

// Changes counts what an import changes, by kind.
type Changes = hub.Changes

// ImportOptions says what to do while loading; both functions may be nil.
type ImportOptions struct {
	Caller   Caller
	DryRun   bool                   // shows what would change and saves nothing
	Group    Group                  // whose facts they are; "" is the office's
	Progress func(lines int)        // after each run of lines
	Report   func([]Rejected) error // rejected lines, a household's problems together
}

// Import loads NDJSON, one household a line. Each household is loaded whole or
// rejected whole. It streams: memory doesn't grow with the file. Cut at any point,
// the same file again loads what is missing; loaded twice, it changes nothing.
func (s *Server) Import(ctx context.Context, r io.Reader, opt ImportOptions) (ImportResult, error) {
	im := s.newImport(opt)
	im.reject = im.rejectLine
	return im.audited(ctx, func(ctx context.Context, out chan<- []numbered) error { return readLines(ctx, r, out) })
}

func (s *Server) newImport(opt ImportOptions) *importRun {
	return &importRun{server: s, opt: opt, areas: map[string][]numbered{}, result: ImportResult{
		DryRun: opt.DryRun, Changes: Changes{}, Villages: map[string]Changes{}, Reasons: map[string]int{},
	}}
}

// audited loads what read gives, with one entry in the audit.
func (im *importRun) audited(ctx context.Context, read func(context.Context, chan<- []numbered) error) (ImportResult, error) {
	began := time.Now()
	action := "import"
	if im.opt.DryRun {
		action = "import.dry_run"
	}
	err := im.server.hub.Audited(ctx, im.opt.Caller, action, func() (any, error) {
		err := im.run(ctx, read)
		return im.result, err
	})
	im.result.Took = time.Since(began)
	return im.result, err
}

// numbered is a household with its line, or with its rows of a register file.
type numbered struct {
	line      int
	unit      *register.Unit
	household *household.Household
	err       error
}

// lines is how many of the file it takes.
func (n numbered) lines() int {
	if n.unit != nil {
		return len(n.unit.Rows)
	}
	return 1
}

type importRun struct {
	server *Server
	opt    ImportOptions
	areas  map[string][]numbered // decoded, not yet loaded
	result ImportResult
	reject func(numbered, *fault.Fault) error
}

// run decodes the next lines while the last ones are being loaded.
func (im *importRun) run(ctx context.Context, read func(context.Context, chan<- []numbered) error) error {
	decoded := make(chan []numbered, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(decoded)
		return read(ctx, decoded)
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
func (im *importRun) take(ctx context.Context, lines []numbered) error {
	for _, l := range lines {
		im.result.Lines += l.lines()
		switch {
		case l.err != nil || l.unit != nil && l.household == nil:
			if err := im.reject(l, fault.Of(l.err)); err != nil {
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
func (im *importRun) flush(ctx context.Context, least int) error {
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

func (im *importRun) load(ctx context.Context, area string, run []numbered) error {
	households := make([]*household.Household, len(run))
	for i, l := range run {
		households[i] = l.household
	}
	done, err := im.server.hub.Import(ctx, im.opt.Caller, area, households, hub.How{DryRun: im.opt.DryRun, Group: im.opt.Group})
	im.result.Accepted += done.Created + done.Changed + done.Unchanged
	im.result.Created += done.Created
	im.result.Changed += done.Changed
	im.result.Unchanged += done.Unchanged
	im.result.Changes.Add(done.Changes)
	for village, changes := range done.Villages {
		if im.result.Villages[village] == nil {
			im.result.Villages[village] = Changes{}
		}
		im.result.Villages[village].Add(changes)
	}
	for _, r := range done.Rejected {
		if err := im.reject(run[r.Index], r.Fault); err != nil {
			return err
		}
	}
	return err
}

// refused counts a rejected household by its reasons, each once.
func (im *importRun) refused(reasons map[fault.Reason]bool) {
	im.result.Rejected++
	for r := range reasons {
		im.result.Reasons[string(r)]++
	}
}

func (im *importRun) rejectLine(n numbered, f *fault.Fault) error {
	out := []Rejected{{Line: n.line, Reason: string(f.Reason), Message: f.Message, Chinese: f.Chinese}}
	if len(f.Violations) > 0 {
		out = out[:0]
	}
	for _, v := range f.Violations {
		out = append(out, Rejected{Line: n.line, Field: v.Field, Reason: string(v.Reason), Message: v.Message, Chinese: v.Chinese})
	}
	reasons := map[fault.Reason]bool{}
	for _, r := range out {
		reasons[fault.Reason(r.Reason)] = true
	}
	im.refused(reasons)
	if im.opt.Report == nil {
		return nil
	}
	return im.opt.Report(out)
}
