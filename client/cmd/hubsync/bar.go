package main

import (
	"io"
	"os"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/bangfuhub/hub/client/mirror"
)

// bar shows progress on a terminal, and nothing anywhere else. How much will come is
// not known beforehand, so it counts.
type bar struct {
	progress *mpb.Progress // nil: no terminal
	line     *mpb.Bar
	loading  atomic.Bool // read by the bar's own goroutine
}

func newBar(stderr io.Writer) *bar {
	file, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &bar{}
	}
	b := &bar{progress: mpb.New(mpb.WithOutput(file))}
	b.line = b.progress.AddSpinner(0,
		mpb.BarRemoveOnComplete(), mpb.BarWidth(1),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string {
			if b.loading.Load() {
				return "loading "
			}
			return "changes "
		})),
		mpb.AppendDecorators(decor.CurrentNoUnit("%d rows"), decor.AverageSpeed(0, " (%.0f/s)")))
	return b
}

func (b *bar) show(p mirror.Progress) {
	if b.line != nil {
		b.loading.Store(p.Loading)
		b.line.SetCurrent(p.Rows)
	}
}

// close removes the bar; it may be called again.
func (b *bar) close() {
	if b.line != nil {
		b.line.Abort(true)
		b.progress.Wait()
		b.line = nil
	}
}
