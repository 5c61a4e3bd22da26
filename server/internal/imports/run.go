package imports

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/register"
)

func (m *Importer) newRun(format string, opt Options) *importRun {
	return &importRun{Importer: m, opt: opt, areas: map[string][]numbered{}, result: Result{
		Format: format, DryRun: opt.DryRun, Changes: hub.Changes{}, Villages: map[string]hub.Changes{}, Reasons: map[string]int{},
	}}
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

// importRun is one file on its way into the hub.
type importRun struct {
	*Importer
	opt     Options
	areas   map[string][]numbered // decoded, not yet loaded
	waiting int                   // how many came since areas were loaded

	counting sync.Mutex // of what follows, while areas are loaded
	result   Result
	reject   func(numbered, *fault.Fault) error
	report   io.Writer // made when there is something to report
}

// audited runs the import with one entry in the audit.
func (im *importRun) audited(ctx context.Context, load func(context.Context) error) (Result, error) {
	began := time.Now()
	action := "import"
	if im.opt.DryRun {
		action = "import.dry_run"
	}
	err := im.Hub.Audited(ctx, im.opt.Caller, action, func() (any, error) {
		err := load(ctx)
		return im.result, err
	})
	im.result.Took = time.Since(began)
	return im.result, err
}

// reportTo is nil where nobody wants a report.
func (im *importRun) reportTo() (io.Writer, error) {
	if im.report != nil || im.opt.Rejected == nil {
		return im.report, nil
	}
	w, err := im.opt.Rejected()
	im.report = w
	return w, err
}

// run decodes the next lines while the last ones are being loaded.
func (im *importRun) run(ctx context.Context, read func(context.Context, chan<- []numbered) error) error {
	decoded := make(chan []numbered, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(im.guarded(func() error {
		defer close(decoded)
		return read(ctx, decoded)
	}))
	g.Go(im.guarded(func() error {
		for lines := range decoded {
			if err := im.take(ctx, lines); err != nil {
				return err
			}
		}
		return im.flush(ctx, 1)
	}))
	return g.Wait()
}

// errPanicked says that a household met a defect of the hub.
var errPanicked = errors.New("imports: panicked")

// guarded turns a panic into an error: one household must not end the hub for everybody.
// The value is not logged, as it may hold what stood in the file.
func (im *importRun) guarded(work func() error) func() error {
	return func() (err error) {
		defer func() {
			if recover() != nil {
				im.Hub.Log.Error("import panicked", "stack", string(debug.Stack()))
				err = errPanicked
			}
		}()
		return work()
	}
}

// gathered is how many households come before areas are loaded: enough for several areas.
const gathered = 1024

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
			area := im.Divisions.AreaOf(l.household.Village)
			im.areas[area] = append(im.areas[area], l)
			im.waiting++
		}
	}
	if im.waiting >= gathered {
		if err := im.flush(ctx, hub.ImportRun); err != nil {
			return err
		}
	}
	im.progress()
	return nil
}

func (im *importRun) progress() {
	if im.opt.Progress != nil {
		im.opt.Progress(im.result.Lines)
	}
}

// flush loads those areas that have at least so many households waiting, some areas at a
// time. Those of one area are loaded in the order of the file.
func (im *importRun) flush(ctx context.Context, least int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(hub.AreasAtOnce)
	for area, waiting := range im.areas {
		ready := waiting[:len(waiting)-len(waiting)%least]
		im.areas[area] = waiting[len(ready):]
		g.Go(im.guarded(func() error {
			for run := range slices.Chunk(ready, hub.ImportRun) {
				if err := im.load(ctx, area, run); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	im.waiting = 0
	return g.Wait()
}

func (im *importRun) load(ctx context.Context, area string, run []numbered) error {
	households := make([]*household.Household, len(run))
	for i, l := range run {
		households[i] = l.household
	}
	done, err := im.Hub.Import(ctx, im.opt.Caller, area, households, hub.How{DryRun: im.opt.DryRun, Group: im.opt.Group, Authorise: im.opt.Authorise})
	im.counting.Lock()
	defer im.counting.Unlock()
	im.result.Accepted += done.Created + done.Changed + done.Unchanged
	im.result.Created += done.Created
	im.result.Changed += done.Changed
	im.result.Unchanged += done.Unchanged
	im.changed(done.Changes, done.Villages)
	for _, r := range done.Rejected {
		if err := im.reject(run[r.Index], r.Fault); err != nil {
			return err
		}
	}
	return err
}

func (im *importRun) changed(all hub.Changes, villages map[string]hub.Changes) {
	im.result.Changes.Add(all)
	for village, changes := range villages {
		if im.result.Villages[village] == nil {
			im.result.Villages[village] = hub.Changes{}
		}
		im.result.Villages[village].Add(changes)
	}
}

// refused counts a rejected household by its reasons, each once.
func (im *importRun) refused(reasons map[fault.Reason]bool) {
	im.result.Rejected++
	for r := range reasons {
		im.result.Reasons[string(r)]++
	}
}
