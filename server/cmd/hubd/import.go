package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server"
)

type importCmd struct {
	storeFlags
	File    string `arg:"" help:"XLSX, CSV, or NDJSON with one household a line; - for NDJSON on standard input."`
	Mapping string `help:"What the columns of XLSX or CSV mean: an embedded mapping's name or a file. Default: the national export." placeholder:"NAME"`
	Source  string `help:"System that the file comes from. Default: the mapping's."`
	AsOf    string `help:"Day that the file describes, YYYY-MM-DD. Default: today." placeholder:"DATE"`
	Order   string `help:"How a household's rows stand: detect, grouped, any." enum:"detect,grouped,any" default:"detect"`
	Group   string `help:"Fact group of the file's source; nothing else is changed." default:"REGISTER" enum:"REGISTER,HOUSING,EDUCATION,MEDICAL_INSURANCE,CIVIL_AFFAIRS"`
	DryRun  bool   `help:"Show what would change, and save nothing."`
	Report  string `help:"File for what was rejected. Default: beside FILE, FILE.rejected with the ending of its format." type:"path"`
	JSON    bool   `help:"Print the summary as one JSON object." name:"json"`
	Agency  string `help:"Agency in whose name it is loaded. For a department's file: one whose agreement lets it write the facts." default:"office"`
}

// Run loads a file. The same file twice changes nothing.
func (c importCmd) Run(ctx context.Context) error {
	in, size, err := open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	report := &reportFile{path: c.Report}
	var result server.ImportResult
	if err := c.with(ctx, func(s *server.Server) error {
		result, err = c.load(ctx, s, in, size, report)
		return errors.Join(err, report.close())
	}); err != nil {
		return err
	}
	if err := c.summary(result); err != nil {
		return err
	}
	if result.Rejected > 0 {
		return fmt.Errorf("%w: %s", errRejected, report.path)
	}
	return nil
}

func (c importCmd) load(ctx context.Context, s *server.Server, in *os.File, size int64, report *reportFile) (server.ImportResult, error) {
	opt := server.ImportOptions{
		Caller: server.Caller{Agency: c.Agency, Client: "hubd-import"}, DryRun: c.DryRun, Group: server.Group(c.Group), Rejected: report.create,
	}
	format := "ndjson"
	if c.File != "-" {
		var err error
		if format, err = server.FileFormat(in, size); err != nil {
			return server.ImportResult{}, err
		}
	}
	if report.path == "" {
		report.path = c.reportPath(format)
	}
	if format != "ndjson" {
		return c.rows(ctx, s, in, size, opt)
	}
	b := newBar("loading", size)
	defer b.done()
	counted, err := b.reader(in)
	if err != nil {
		return server.ImportResult{}, err
	}
	return s.Import(ctx, counted, opt)
}

// rows loads the file of an office or department. How many rows it has is known only at its end.
func (c importCmd) rows(ctx context.Context, s *server.Server, in io.ReaderAt, size int64, opt server.ImportOptions) (server.ImportResult, error) {
	b := newCounter("rows loaded")
	defer b.done()
	opt.Progress = func(rows int) { b.set(int64(rows)) }
	m, err := server.LoadMapping(c.Mapping)
	if err != nil {
		return server.ImportResult{}, err
	}
	return s.ImportFile(ctx, server.File{
		Content: in, Size: size, Mapping: m, Source: c.Source, AsOf: server.Date(c.AsOf), Order: server.Orders[c.Order],
	}, opt)
}

func (c importCmd) reportPath(format string) string {
	if c.File == "-" {
		return "rejected.ndjson"
	}
	return c.File + ".rejected." + format
}

func (c importCmd) summary(r server.ImportResult) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	did := ""
	if r.DryRun {
		did = "dry run, nothing saved: "
	}
	_, err := fmt.Printf("%s%d lines in %s: %d created, %d changed, %d unchanged, %d rejected\n",
		did, r.Lines, r.Took.Round(time.Millisecond), r.Created, r.Changed, r.Unchanged, r.Rejected)
	for _, reason := range sorted(r.Reasons) {
		fmt.Printf("  %s: %d\n", reason, r.Reasons[reason])
	}
	if !r.DryRun {
		return err
	}
	for _, kind := range sorted(r.Changes) {
		fmt.Printf("  %s: %d\n", kind, r.Changes[kind])
	}
	for _, village := range sorted(r.Villages) {
		for _, kind := range sorted(r.Villages[village]) {
			fmt.Printf("  %s %s: %d\n", village, kind, r.Villages[village][kind])
		}
	}
	return err
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func open(path string) (*os.File, int64, error) {
	if path == "-" {
		return os.Stdin, 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// reportFile is made with the first rejected household. Of NDJSON it holds no personal
// data; of XLSX and CSV it holds the rejected rows themselves.
type reportFile struct {
	path string
	file *os.File
}

func (r *reportFile) create() (_ io.Writer, err error) {
	r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	return r.file, err
}

func (r *reportFile) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
