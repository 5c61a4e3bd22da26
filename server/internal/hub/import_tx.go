package hub

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// importTx is one attempt at a transaction.
type importTx struct {
	*importer
	tx      store.Tx
	entries []entry
	taken   int // of entries
	changes changeCount
	agreed  []access.Agreement
}

// entry is what one household of the run comes to.
type entry struct {
	step    transition
	changed bool
	fault   *fault.Fault
}

func (t *importTx) load(ctx context.Context) (int64, error) {
	var err error
	if t.how.Authorise {
		if t.agreed, err = t.hub.agreements(ctx, t.tx, t.caller.Agency); err != nil {
			return 0, err
		}
	}
	known, err := t.known(ctx)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, a := range known {
		if a.Area == t.act.area {
			ids = append(ids, a.Household)
		}
	}
	locked, err := t.hub.lock(ctx, t.tx, t.act.area, ids)
	if err != nil {
		return 0, err
	}
	if err := t.merge(ctx, known, locked); err != nil {
		return 0, err
	}
	return t.save(ctx)
}

// save appends what changed, as far as one transaction holds it; the households up
// to there are done, whatever became of them.
func (t *importTx) save(ctx context.Context) (int64, error) {
	t.taken = len(t.entries)
	var steps []transition
	var at []int
	for i, e := range t.entries {
		if e.changed {
			steps, at = append(steps, e.step), append(at, i)
		}
	}
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

func (t *importTx) known(ctx context.Context) (map[string]store.Alias, error) {
	numbers := make([]string, 0, len(t.todo))
	for _, i := range t.todo {
		numbers = append(numbers, household.NormaliseIdentifier(household.HouseholdNumber, t.run[i].HouseholdNumber))
	}
	return t.hub.find(ctx, t.tx, string(household.HouseholdNumber), numbers)
}

// merge merges the households still to do. The same household twice in a run goes
// into two transactions, one after the other.
func (t *importTx) merge(ctx context.Context, known map[string]store.Alias, locked map[string]held) error {
	seen := map[string]bool{}
	for _, i := range t.todo {
		number := household.NormaliseIdentifier(household.HouseholdNumber, t.run[i].HouseholdNumber)
		if seen[number] {
			return nil
		}
		seen[number] = true
		step, changed, err := t.step(ctx, known, locked, number, t.run[i])
		f := fault.Of(err)
		if err != nil && f == nil {
			return err
		}
		if fault.Is(err, fault.IdentifierTaken) && slices.ContainsFunc(t.entries, func(e entry) bool { return e.changed }) {
			return nil // one before it may just let the person go: save these first
		}
		if fault.Is(err, fault.IdentifierTaken) {
			if err := t.overtaken(ctx, known, number); err != nil {
				return err
			}
		}
		t.entries = append(t.entries, entry{step: step, changed: changed && f == nil, fault: f})
	}
	return nil
}

// overtaken is ErrTaken where the household itself was registered by somebody else since
// this transaction looked: another file of the same office. Begun anew, it is known.
func (t *importTx) overtaken(ctx context.Context, known map[string]store.Alias, number string) error {
	if _, was := known[number]; was {
		return nil
	}
	now, err := t.hub.find(ctx, t.tx, string(household.HouseholdNumber), []string{number})
	if err == nil && len(now) > 0 {
		err = store.ErrTaken
	}
	return err
}

func (t *importTx) step(ctx context.Context, known map[string]store.Alias, locked map[string]held, number string, in *household.Household) (transition, bool, error) {
	a, found := known[number]
	was := locked[a.Household]
	elsewhere := found && a.Area != t.act.area
	switch {
	case !t.mayWrite(in.Village):
		return transition{}, false, fault.New(fault.GroupNotOwned, "group", string(t.how.Group))
	case t.how.Authorise && (elsewhere || was.facts != nil && !t.mayWrite(was.row.Village)):
		// Where somebody else's household is nobody learns by trying numbers.
		return transition{}, false, fault.New(fault.IdentifierTaken, "kind", "household number")
	case elsewhere:
		return transition{}, false, fault.New(fault.IdentifierTaken, "kind", "household number, in area "+a.Area)
	}
	if was.facts != nil && slices.Contains(was.facts.FormerHouseholdNumbers, number) {
		return transition{}, false, fault.New(fault.HouseholdMerged, "household", was.facts.ID)
	}
	groups := t.groups(in, was)
	step, err := t.hub.merged(ctx, t.tx, t.act, was, in, groups)
	if err != nil {
		return transition{}, false, err
	}
	if was.facts != nil && household.Equal(was.facts, step.After) {
		return step, false, nil
	}
	return step, true, t.hub.free(ctx, t.tx, step.After)
}

func (t *importTx) mayWrite(village string) bool {
	if !t.how.Authorise {
		return true
	}
	return access.AllowGroup(t.hub.Divisions, t.agreed, t.caller, village, t.how.Group, t.act.on).Verdict == access.Allowed
}

// groups is what the file's source may write: its own group. Only a household new to the
// hub also brings what the register holds of the others; later only their owners change them.
func (t *importTx) groups(in *household.Household, was held) []household.Group {
	own := []household.Group{t.how.Group}
	if was.facts != nil {
		return own
	}
	return owned(in, own)
}
