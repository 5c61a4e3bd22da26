package imports

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/register"
)

// factRun loads a department's file: each row is answered by itself, and the caller's
// agreement decides which households it may mean.
type factRun struct {
	*importRun
	file   *register.File
	report *unitReport
	group  household.Group
	units  []register.Unit // read, not yet submitted
}

func (r *factRun) run(ctx context.Context) error {
	r.result.Matches = map[household.MatchState]int{}
	for u, err := range r.file.Units(ctx) {
		if err != nil {
			return err
		}
		r.result.Lines += len(u.Rows)
		if u.Household == nil {
			if err := r.report.reject(numbered{unit: &u}, nil); err != nil {
				return err
			}
			continue
		}
		if r.units = append(r.units, u); len(r.units) == hub.MaxFactRows {
			if err := r.submit(ctx); err != nil {
				return err
			}
		}
	}
	return r.submit(ctx)
}

func (r *factRun) submit(ctx context.Context) error {
	if len(r.units) == 0 {
		return nil
	}
	in := hub.Submission{Group: r.group, DryRun: r.opt.DryRun}
	for _, u := range r.units {
		in.Rows = append(in.Rows, u.Household)
	}
	out, err := r.Hub.SubmitFacts(ctx, r.opt.Caller, in)
	if err != nil {
		return err
	}
	r.changed(out.Changes, out.Villages)
	for _, a := range out.Answers {
		if err := r.answered(&r.units[a.Index], a); err != nil {
			return err
		}
	}
	r.units = nil
	r.progress()
	return nil
}

// answered counts a row. One that fits nobody, or whose facts were refused, goes into the report.
func (r *factRun) answered(u *register.Unit, a hub.Answer) error {
	r.result.Matches[a.State]++
	if a.Reason != nil {
		return r.report.reject(numbered{unit: u}, a.Reason)
	}
	r.result.Accepted++
	if a.Changed {
		r.result.Changed++
	} else {
		r.result.Unchanged++
	}
	return nil
}
