package hub

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// write does what was planned, area by area.
func (s *submission) write(ctx context.Context) error {
	for _, area := range slices.Sorted(maps.Keys(s.plan)) {
		a := s.act
		a.area = area
		if err := s.writeArea(ctx, a, slices.Sorted(maps.Keys(s.plan[area]))); err != nil {
			return err
		}
	}
	return nil
}

// writeArea writes households in as many transactions as their changes need. Where an
// identifier was taken by somebody else, they are written one by one, to find out whose.
func (s *submission) writeArea(ctx context.Context, a act, todo []string) error {
	for len(todo) > 0 {
		var t *factTx
		err := s.hub.update(ctx, a.area, func(tx store.Tx) (int64, error) {
			t = &factTx{submission: s, tx: tx, act: a, outcomes: map[string][]Answer{}, changes: newChangeCount()}
			n, err := t.run(ctx, todo)
			if err == nil && s.DryRun {
				err = errDryRun
			}
			return n, err
		})
		switch {
		case errors.Is(err, errDryRun): // undone, and counted below
		case fault.Is(err, fault.IdentifierTaken) && len(todo) > 1:
			for _, id := range todo {
				if err := s.writeArea(ctx, a, []string{id}); err != nil {
					return err
				}
			}
			return nil
		case fault.Is(err, fault.IdentifierTaken):
			s.refuse(a.area, todo[0], fault.Of(err))
			return nil
		case err != nil:
			return err
		}
		for _, id := range todo[:t.taken] {
			for _, answer := range t.outcomes[id] {
				s.out.Answers[answer.Index] = answer
				t.changes.fact(s.known[id].row.Village, answer)
			}
		}
		t.changes.addTo(s.out.Changes, s.out.Villages)
		todo = todo[t.taken:]
	}
	return nil
}

// refuse answers all rows that would have written to a household.
func (s *submission) refuse(area, id string, f *fault.Fault) {
	for _, step := range s.plan[area][id] {
		if step.task == nil {
			s.out.Answers[step.row].Reason = f
		}
	}
}

// factTx is one attempt at a transaction.
type factTx struct {
	*submission
	tx       store.Tx
	act      act
	outcomes map[string][]Answer // by household
	changes  changeCount
	taken    int // of the households to do
}

func (t *factTx) run(ctx context.Context, todo []string) (int64, error) {
	locked, err := t.hub.lock(ctx, t.tx, t.act.area, todo)
	if err != nil {
		return 0, err
	}
	var steps []transition
	var at []int
	for i, id := range todo {
		was, ok := locked[id]
		if !ok || was.row.Gone || !t.mayWrite(was.row.Village) {
			t.elsewhere(id) // it moved away since it was matched
			continue
		}
		after, err := t.household(ctx, was, t.plan[t.act.area][id])
		if err != nil {
			return 0, err
		}
		if !household.Equal(was.facts, after) {
			steps, at = append(steps, transition{ID: id, Revision: was.row.Revision, Before: was.facts, After: after}), append(at, i)
		}
	}
	t.taken = len(todo)
	if len(steps) == 0 {
		return 0, nil
	}
	a := t.act
	a.tell = t.changes.lists
	n, done, err := t.hub.appendAny(ctx, t.tx, a, steps)
	if done < len(steps) {
		t.taken = at[done]
	}
	return n, err
}

func (t *factTx) elsewhere(id string) {
	for _, step := range t.plan[t.act.area][id] {
		if step.task == nil {
			t.say(id, step, false, fault.New(fault.WrittenMeanwhile))
		}
	}
}

func (t *factTx) say(id string, step factStep, changed bool, f *fault.Fault) {
	answer := t.out.Answers[step.row]
	answer.Changed, answer.Reason = changed, f
	t.outcomes[id] = append(t.outcomes[id], answer)
}

// household applies what the rows do to one household, one after the other.
func (t *factTx) household(ctx context.Context, was held, steps []factStep) (*household.Household, error) {
	id, now := was.row.ID, was.facts
	for _, step := range steps {
		if step.task != nil {
			now = opened(now, step)
			continue
		}
		after, err := t.facts(ctx, held{row: was.row, facts: now}, step)
		f := fault.Of(err)
		switch {
		case err != nil && f == nil:
			return nil, err
		case f != nil:
			t.say(id, step, false, f)
		default:
			t.say(id, step, !household.Equal(now, after), nil)
			now = after
		}
	}
	return now, nil
}

// opened is the household with the task, unless it was opened before or the person is
// no longer here.
func opened(h *household.Household, step factStep) *household.Household {
	after := h.Clone()
	if (step.person == "" || after.Person(step.person) != nil) && after.OpenTask(*step.task) {
		household.Normalise(after)
	}
	return after
}

// facts merges a row's facts of the group, and nothing else of it.
func (t *factTx) facts(ctx context.Context, was held, step factStep) (*household.Household, error) {
	row := t.Rows[step.row]
	about := household.Subject{Household: was.facts, Person: was.facts.Person(step.person)}
	still := household.Applicable(household.Matching{State: household.Matched, Subject: about}, row, t.Group, t.act.on)
	if still.State != household.Matched || (step.person != "" && about.Person == nil) {
		return nil, fault.New(fault.WrittenMeanwhile)
	}
	merged, err := t.hub.merged(ctx, t.tx, t.act, was, fragment(row, t.Group, step.person), []household.Group{t.Group})
	if err != nil || t.Group != household.GroupEducation {
		return merged.After, err
	}
	return merged.After, t.hub.free(ctx, t.tx, merged.After) // a student number may be somebody else's
}

// fragment is what of a row may be written.
func fragment(row *household.Household, group household.Group, person string) *household.Household {
	in := &household.Household{Housing: row.Housing, Assistance: row.Assistance}
	if person != "" {
		p := row.Persons[0]
		in.Persons = []household.Person{{ID: person, Education: p.Education, Insurances: p.Insurances}}
	}
	if source, ok := row.Sources[group]; ok {
		in.Sources = map[household.Group]household.Provenance{group: source}
	}
	return in
}
