package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// MaxFactRows is how many rows SubmitFacts takes at once.
const MaxFactRows = 500

// Answer says what became of one row of SubmitFacts. It names ids and fields, never
// what stood there.
type Answer struct {
	Index      int
	State      household.MatchState
	Reason     *fault.Fault // why it is no match, or why a match was not written
	Household  string       // matched
	Person     string       // matched, where the row names one
	Changed    bool         // facts changed; known ones change nothing
	Candidates []Candidate
	Differs    []string // what of name, sex and birth date differs from the register
}

// Candidate is somebody whom a row may mean; Person is empty for the household itself.
type Candidate struct{ Household, Person string }

// Submission is what SubmitFacts is asked.
type Submission struct {
	Group     household.Group
	Rows      []*household.Household
	RequestID string // "": a retry does only what is missing, and answers anew
	DryRun    bool   // answers what would be, and saves nothing; without RequestID
}

// Submitted is what became of a Submission.
type Submitted struct {
	Answers  []Answer
	Changes  Changes            // of rows and lists, by kind; not kept for a retry
	Villages map[string]Changes // the same by village
}

// SubmitFacts takes a department's rows of one group and answers each. A row is a
// fragment: what names a household, a person or both, and the group's facts; anything
// else in it is ignored. A row that matches writes these facts and nothing else; one
// that doesn't fit opens a task for the office (law 8) and writes no fact.
//
// Households outside the caller's divisions are not found. The rows become as many
// transactions in each area as they need; after a crash the same rows again do only
// what is missing. A request id, where given, makes a retry give the first answers.
func (h *Hub) SubmitFacts(ctx context.Context, c access.Caller, in Submission) (Submitted, error) {
	if err := checkRows(in.Group, in.Rows); err != nil {
		return Submitted{}, err
	}
	q := request{}
	if in.RequestID != "" && !in.DryRun {
		var err error
		if q, err = h.request(c, in.RequestID, "facts", in.Group, in.Rows); err != nil {
			return Submitted{}, err
		}
	}
	out := Submitted{Changes: Changes{}, Villages: map[string]Changes{}}
	detail := map[string]any{"group": in.Group, "rows": len(in.Rows), "dry_run": in.DryRun}
	err := h.audited(ctx, c, "facts.submit", detail, func() (any, error) {
		s := &submission{hub: h, caller: c, Submission: in, act: h.act(c, "", feed.CauseUpdate), out: &out}
		known := false
		err := h.Store.View(ctx, func(r store.Reader) (err error) {
			if q.id != "" {
				if known, err = h.outcome(ctx, r, q, &out.Answers); known || err != nil {
					return err
				}
			}
			return s.match(ctx, r)
		})
		if !known && err == nil {
			if err = s.write(ctx); err == nil {
				err = h.keepAnswers(ctx, q, s)
			}
		}
		return summary(out.Answers), err
	})
	return out, err
}

func checkRows(group household.Group, rows []*household.Household) error {
	var bad []fault.Violation
	if len(rows) > MaxFactRows {
		bad = append(bad, fault.Bad("rows", fault.TooMany, "limit", fmt.Sprint(MaxFactRows)))
	}
	departments := []household.Group{household.GroupHousing, household.GroupEducation, household.GroupMedical, household.GroupCivil}
	if !slices.Contains(departments, group) {
		bad = append(bad, fault.Bad("group", fault.UnknownCode, "list", "Group"))
	}
	for i, row := range rows {
		if len(row.Persons) > 1 {
			bad = append(bad, fault.Bad(fmt.Sprintf("rows[%d].persons", i), fault.TooMany, "limit", "1"))
		}
	}
	return fault.List(fault.InvalidRequest, bad)
}

// keepAnswers keeps the answers under the request; where the same request was faster,
// its answers count.
func (h *Hub) keepAnswers(ctx context.Context, q request, s *submission) error {
	if q.id == "" {
		return nil
	}
	mine := s.out.Answers
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		s.out.Answers = nil
		if known, err := h.outcome(ctx, tx, q, &s.out.Answers); known || err != nil {
			return err
		}
		s.out.Answers = mine
		return h.keep(ctx, tx, q, s.act, mine)
	})
	return storeFault(err)
}

// summary is what the audit says about the answers: counts and opaque ids.
func summary(all []Answer) any {
	states := map[household.MatchState]int{}
	ids := []string{}
	for _, a := range all {
		states[a.State]++
		if a.Household != "" && !slices.Contains(ids, a.Household) {
			ids = append(ids, a.Household)
		}
	}
	return map[string]any{"states": states, "households": ids}
}

// TaskClosing asks to close a task of a household.
type TaskClosing struct {
	Household, Etag string
	Task            string
	Reason          string // what was found
	RequestID       string
}

// CloseTask records what the office found about a task; no fact changes by it.
func (h *Hub) CloseTask(ctx context.Context, c access.Caller, t TaskClosing) (HouseholdState, error) {
	q, err := h.request(c, t.RequestID, "close-task", t)
	if err != nil {
		return HouseholdState{}, err
	}
	area, err := h.areaOf(ctx, t.Household)
	if err != nil {
		return HouseholdState{}, err
	}
	a := h.act(c, area, feed.CauseUpdate)
	out, err := h.once(ctx, c, q, a, func(tx store.Tx) (int64, []place, error) {
		was, err := h.lockOne(ctx, tx, c, area, t.Household, t.Etag)
		if err != nil {
			return 0, nil, err
		}
		if err := h.mayWrite(ctx, tx, c, was.row.Village, []household.Group{household.GroupRegister}); err != nil {
			return 0, nil, err
		}
		after := was.facts.Clone()
		if !after.CloseTask(t.Task, a.on, t.Reason) {
			return 0, nil, fault.New(fault.TaskNotFound)
		}
		household.Normalise(after)
		if err := fault.List(fault.HouseholdInvalid, household.Validate(after, a.on, h.Divisions.IsVillage)); err != nil {
			return 0, nil, err
		}
		return h.save(ctx, tx, a, transition{ID: after.ID, Revision: was.row.Revision, Before: was.facts, After: after})
	})
	return first(out), err
}
