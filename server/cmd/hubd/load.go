package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/bangfuhub/hub/server"
)

type generateCmd struct {
	Households int    `help:"How many." default:"1000"`
	Seed       uint64 `help:"Another seed gives other people." default:"1"`
	On         string `help:"Day as of which they are described, YYYY-MM-DD. Default: today." placeholder:"DATE"`
	Out        string `help:"File to write; - for standard output." default:"-" short:"o"`
}

// Run writes invented households.
func (c generateCmd) Run() error {
	out, err := create(c.Out)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	on := server.Date(c.On)
	if on == "" {
		on = server.Date(time.Now().Format(time.DateOnly))
	}
	b := newBar("generating", int64(c.Households))
	_, err = server.Generate(w, c.Households, c.Seed, on, func(done int) { b.set(int64(done)) })
	b.done()
	return errors.Join(err, w.Flush(), out.Close())
}

func create(path string) (io.WriteCloser, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

type importCmd struct {
	storeFlags
	File   string `arg:"" help:"NDJSON file, one household a line; - for standard input."`
	Report string `help:"File for rejected lines, as NDJSON. Default: beside FILE, FILE.rejected.ndjson." type:"path"`
	JSON   bool   `help:"Print the summary as one JSON object." name:"json"`
	Agency string `help:"Agency in whose name it is loaded." default:"office"`
}

// Run loads a file. The same file twice changes nothing.
func (c importCmd) Run(ctx context.Context) error {
	in, size, err := open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	report := &reportFile{path: c.reportPath()}
	b := newBar("loading", size)
	counted, err := b.reader(in)
	if err != nil {
		return err
	}
	var result server.ImportResult
	err = c.with(ctx, func(s *server.Server) error {
		var err error
		result, err = s.Import(ctx, counted, server.ImportOptions{
			Caller: server.Caller{Agency: c.Agency, Client: "hubd-import"}, Report: report.write,
		})
		return err
	})
	b.done()
	if err := errors.Join(err, report.close()); err != nil {
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

func (c importCmd) reportPath() string {
	switch {
	case c.Report != "":
		return c.Report
	case c.File == "-":
		return "rejected.ndjson"
	}
	return c.File + ".rejected.ndjson"
}

func (c importCmd) summary(r server.ImportResult) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	_, err := fmt.Printf("%d lines in %s: %d created, %d changed, %d unchanged, %d rejected\n",
		r.Lines, r.Took.Round(time.Millisecond), r.Created, r.Changed, r.Unchanged, r.Rejected)
	return err
}

func open(path string) (io.ReadCloser, int64, error) {
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

// reportFile is made with the first rejected line. It holds no personal data.
type reportFile struct {
	path string
	file *os.File
}

func (r *reportFile) write(lines []server.Rejected) (err error) {
	if r.file == nil {
		if r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return err
		}
	}
	e := json.NewEncoder(r.file)
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func (r *reportFile) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// bar is a progress bar on a terminal, and nothing elsewhere.
type bar struct {
	p *mpb.Progress
	b *mpb.Bar
}

func newBar(what string, total int64) bar {
	if !term.IsTerminal(int(os.Stderr.Fd())) || total <= 0 {
		return bar{}
	}
	p := mpb.New(mpb.WithOutput(os.Stderr))
	return bar{p: p, b: p.AddBar(total,
		mpb.PrependDecorators(decor.Name(what+" ")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)),
	)}
}

func (b bar) set(n int64) {
	if b.b != nil {
		b.b.SetCurrent(n)
	}
}

func (b bar) reader(r io.Reader) (io.Reader, error) {
	if b.b == nil {
		return r, nil
	}
	return b.b.ProxyReader(r)
}

func (b bar) done() {
	if b.p != nil {
		b.b.SetTotal(-1, true)
		b.p.Wait()
	}
}
