package imports

import (
	"context"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/register"
)

// unitRun is how many households of a register file are handed on at once.
const unitRun = 64

// readUnits hands on the households of a file in runs.
func readUnits(ctx context.Context, file *register.File, out chan<- []numbered) error {
	var run []numbered
	send := func() error {
		select {
		case out <- run:
			run = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for u, err := range file.Units(ctx) {
		if err != nil {
			return err
		}
		run = append(run, numbered{unit: &u, household: u.Household})
		if len(run) == unitRun {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// unitReport is begun with the first rejected household.
type unitReport struct {
	file *register.File
	run  *importRun
	out  *register.Report
}

func (r *unitReport) reject(n numbered, f *fault.Fault) error {
	problems := n.unit.Problems
	if f != nil {
		problems = problemsOf(n.unit, f)
	} else {
		problems = append(problems, r.run.alsoWrong(n.unit)...)
	}
	reasons := map[fault.Reason]bool{}
	for _, p := range problems {
		reasons[p.Reason] = true
	}
	r.run.refused(reasons)
	return r.write(n.unit, problems)
}

// problemsOf places what the hub found wrong in the rows and columns of the file.
func problemsOf(u *register.Unit, f *fault.Fault) (out []register.Problem) {
	if len(f.Violations) == 0 {
		return []register.Problem{{Row: u.Rows[0], Reason: f.Reason, Message: f.Message, Chinese: f.Chinese}}
	}
	for _, v := range f.Violations {
		out = append(out, u.Place(v))
	}
	return out
}

// alsoWrong judges what could be read of a household with damaged cells, so that the clerk
// learns in one round what is to be mended. What is missing because of the damage is no fault.
func (im *importRun) alsoWrong(u *register.Unit) (out []register.Problem) {
	if u.Readable == nil {
		return nil
	}
	merged, bad := household.Merge(nil, u.Readable, []household.Group{household.GroupRegister}, hub.NewID)
	if len(bad) == 0 {
		bad = household.Placed(u.Readable, merged, household.Validate(merged, im.Hub.Today(), im.Divisions.IsVillage))
	}
	for _, v := range bad {
		if p := u.Place(v); v.Reason != fault.Required && !u.Spoils(p) {
			out = append(out, p)
		}
	}
	return out
}

func (r *unitReport) write(u *register.Unit, problems []register.Problem) error {
	if r.out == nil {
		w, err := r.run.reportTo()
		if w == nil || err != nil {
			return err
		}
		if r.out, err = r.file.Report(w); err != nil {
			return err
		}
	}
	return r.out.Reject(u, problems)
}

func (r *unitReport) close() error {
	if r.out == nil {
		return nil
	}
	return r.out.Close()
}
