package main

import (
	"bufio"
	"errors"
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
	Format     string `help:"ndjson, or rows as in the national export: csv or xlsx." enum:"ndjson,csv,xlsx" default:"ndjson"`
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
	progress := func(done int) { b.set(int64(done)) }
	if c.Format == "ndjson" {
		_, err = server.Generate(w, c.Households, c.Seed, on, progress)
	} else {
		err = server.GenerateRegister(w, c.Format, c.Households, c.Seed, on, progress)
	}
	b.done()
	return errors.Join(err, w.Flush(), out.Close())
}

func create(path string) (io.WriteCloser, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
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

// newCounter counts up to what nobody knows before.
func newCounter(what string) bar {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return bar{}
	}
	p := mpb.New(mpb.WithOutput(os.Stderr))
	return bar{p: p, b: p.AddSpinner(0, mpb.PrependDecorators(decor.Name(what+" "), decor.CurrentNoUnit("%d")))}
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
