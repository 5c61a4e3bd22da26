// Package imports loads files into the hub: register files of offices, files of
// departments, and NDJSON. It streams: memory doesn't grow with the rows; of a workbook the
// packed file itself is held. What was rejected goes into a report in the format of the file.
package imports

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/register"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// Config is what an Importer needs.
type Config struct {
	Hub       *hub.Hub
	Divisions *division.Tree
	Scratch   string // folder for temporary data; "" is the system's
	// AtATime is how many files that callers sent may be loaded at a time. 0 means 2.
	AtATime int
}

// Importer loads files. It may be used by several goroutines.
type Importer struct {
	Config
	slots chan struct{}
}

// New makes an importer.
func New(cfg Config) *Importer {
	if cfg.AtATime == 0 {
		cfg.AtATime = 2
	}
	return &Importer{Config: cfg, slots: make(chan struct{}, cfg.AtATime)}
}

// Enter takes a place among the files that are loaded at a time; leave gives it back, once.
// There is no waiting: the caller still has the file.
func (m *Importer) Enter() (leave func(), err error) {
	select {
	case m.slots <- struct{}{}:
		return sync.OnceFunc(func() { <-m.slots }), nil
	default:
		return nil, fault.New(fault.ImportBusy).After(time.Minute)
	}
}

type (
	// Mapping says what the columns of a file mean.
	Mapping = register.Mapping
	// Order says how the rows of a household stand.
	Order = register.Order
)

// Orders.
const (
	OrderDetect  = register.OrderDetect
	OrderGrouped = register.OrderGrouped
	OrderAny     = register.OrderAny
)

// File is a file with how to read it.
type File struct {
	Content io.ReaderAt
	Size    int64
	Mapping *Mapping  // nil: the national export
	Source  string    // "" is the mapping's
	AsOf    date.Date // the day that the file describes; "" is today
	Order   Order
}

// Options says in whose name a file is loaded, and what to do meanwhile.
type Options struct {
	Caller    access.Caller
	Authorise bool            // the caller's agreements decide about each household; see hub.How
	DryRun    bool            // shows what would change and saves nothing
	Group     household.Group // of NDJSON: whose facts they are; "" is the office's
	// Progress is told after each run of rows; it may be nil.
	Progress func(rows int)
	// Rejected makes the report, when there is something to report. It may be nil.
	Rejected func() (io.Writer, error)
}

// Result counts households, or rows of a department's file: what was done or, after a
// dry run, would be.
type Result struct {
	Format    string                       `json:"format"` // of file and report: ndjson, xlsx or csv
	DryRun    bool                         `json:"dry_run"`
	Lines     int                          `json:"lines"` // or rows
	Accepted  int                          `json:"accepted"`
	Created   int                          `json:"created"`
	Changed   int                          `json:"changed"`
	Unchanged int                          `json:"unchanged"`
	Rejected  int                          `json:"rejected"`
	Changes   hub.Changes                  `json:"changes"`           // by kind
	Villages  map[string]hub.Changes       `json:"villages"`          // the same by village
	Reasons   map[string]int               `json:"reasons"`           // rejected, by reason; one may have several
	Matches   map[household.MatchState]int `json:"matches,omitempty"` // rows of a department's file, by match state
	Took      time.Duration                `json:"-"`
}

// Mappings are the embedded ones, the national export first.
func Mappings() []*Mapping { return register.Mappings() }

// Named finds an embedded mapping; "" is the national export.
func Named(name string) (*Mapping, error) { return register.Named(name) }

// LoadMapping is Named, or reads a file of the hub's own machine.
func LoadMapping(nameOrFile string) (*Mapping, error) { return register.LoadMapping(nameOrFile) }

// Load loads a file in any format. Each household is loaded whole or rejected whole, and
// so is each row of a department's file. Cut at any point, the same file again loads what
// is missing; loaded twice, it changes nothing.
func (m *Importer) Load(ctx context.Context, f File, opt Options) (Result, error) {
	format, err := FormatOf(f.Content, f.Size)
	if err != nil {
		return Result{}, err
	}
	if format == ndjson && f.Mapping != nil && f.Mapping.Group != household.GroupRegister {
		return Result{}, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("mapping", fault.Malformed, "form", "empty, for NDJSON")})
	}
	if format == ndjson {
		return m.Lines(ctx, io.NewSectionReader(f.Content, 0, f.Size), opt)
	}
	file, err := m.open(ctx, f)
	if err != nil {
		return Result{}, err
	}
	im := m.newRun(format, opt)
	if g := file.Mapping().Group; g != household.GroupRegister {
		r := &factRun{importRun: im, file: file, report: &unitReport{file: file, run: im}, group: g}
		return im.audited(ctx, func(ctx context.Context) error { return errors.Join(r.run(ctx), r.report.close()) })
	}
	r := &unitReport{file: file, run: im}
	im.reject = r.reject
	return im.audited(ctx, func(ctx context.Context) error {
		return errors.Join(im.run(ctx, func(ctx context.Context, out chan<- []numbered) error { return readUnits(ctx, file, out) }), r.close())
	})
}

// Lines loads NDJSON, one household a line. Its report names lines, fields and reasons only.
func (m *Importer) Lines(ctx context.Context, r io.Reader, opt Options) (Result, error) {
	im := m.newRun(ndjson, opt)
	im.reject = im.rejectLine
	return im.audited(ctx, func(ctx context.Context) error {
		return im.run(ctx, func(ctx context.Context, out chan<- []numbered) error { return im.readLines(ctx, r, out) })
	})
}

func (m *Importer) open(ctx context.Context, f File) (*register.File, error) {
	cfg := register.Config{Mapping: f.Mapping, Source: f.Source, AsOf: f.AsOf, Order: f.Order, Scratch: m.Scratch, Tree: m.Divisions}
	if cfg.AsOf == "" {
		cfg.AsOf = m.Hub.Today()
	}
	if !cfg.AsOf.Valid() {
		return nil, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("as_of", fault.Malformed, "form", "YYYY-MM-DD")})
	}
	return register.Open(ctx, f.Content, f.Size, cfg)
}

const ndjson = "ndjson"

// FormatOf tells by the content of a file what it is: "ndjson", "xlsx" or "csv".
func FormatOf(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, 1024))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return string(sheet.XLSX), nil
	case len(text) > 0 && text[0] == '{', size > 0 && len(text) == 0:
		return ndjson, nil
	}
	return string(sheet.CSV), nil
}
