package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// ImportRun is how many households Import should be given at once: enough to fill
// a transaction of the feed, few enough to keep in memory.
const ImportRun = 64

// Imported counts what an import did, in households.
type Imported struct {
	Created, Changed, Unchanged int
	Changes                     Changes            // of households, members and lists, by kind
	Villages                    map[string]Changes // the same by village
	Rejected                    []Rejection
}

// How says how to import.
type How struct {
	DryRun bool // finds out what would change, and saves nothing
	// Group is whose facts the file holds; "" is the register's owner's, which also brings
	// what it holds of the others when a household is new.
	Group household.Group
}

// errDryRun undoes a transaction that was only to show what it would change.
var errDryRun = errors.New("hub: dry run")

// Rejection is a household that was not loaded; the others of its file are. It
// names the place in the run, fields and reasons, never what stood there.
type Rejection struct {
	Index int
	Fault *fault.Fault
}

// Import loads a run of households that belong to one area. Each household is
// loaded whole or rejected whole. The run becomes as many transactions as its changes
// need; after a crash the same run again does only what is missing. Loading what is
// there already changes nothing. A dry run goes the same way through the store and
// undoes each transaction at its end; it sees each run by itself, so that a person who
// changes households between two runs shows as rejected.
//
// Import is the hub's own administration: it is authorised by access to the store
// and its keys, and audited once a file by the program that calls it.
func (h *Hub) Import(ctx context.Context, c access.Caller, area string, run []*household.Household, how How) (Imported, error) {
	im := &importer{hub: h, act: h.act(c, area, feed.CauseImport), run: run, how: how}
	im.out.Changes, im.out.Villages = Changes{}, map[string]Changes{}
	for i, in := range run {
		if h.Divisions.AreaOf(in.Village) != area || !h.Divisions.IsVillage(in.Village) {
			im.reject(i, fault.List(fault.HouseholdInvalid, []fault.Violation{fault.Bad("village", fault.VillageUnknown)}))
			continue
		}
		im.todo = append(im.todo, i)
	}
	for len(im.todo) > 0 {
		if err := im.transaction(ctx); err != nil {
			return im.out, err
		}
	}
	slices.SortFunc(im.out.Rejected, func(a, b Rejection) int { return a.Index - b.Index })
	return im.out, nil
}

type importer struct {
	hub  *Hub
	act  act
	run  []*household.Household
	how  How
	todo []int
	out  Imported
}

func (im *importer) reject(i int, err error) {
	im.out.Rejected = append(im.out.Rejected, Rejection{Index: i, Fault: fault.Of(err)})
}

// transaction loads as many of the households still to do as one transaction holds.
func (im *importer) transaction(ctx context.Context) error {
	var t *importTx
	err := im.hub.update(ctx, im.act.area, func(tx store.Tx) (int64, error) {
		t = &importTx{importer: im, tx: tx, changes: changeCount{all: Changes{}, villages: map[string]Changes{}}}
		n, err := t.load(ctx)
		if err == nil && im.how.DryRun {
			err = errDryRun
		}
		return n, err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if fault.Is(err, fault.IdentifierTaken) && len(im.todo) > 1 {
		return im.oneByOne(ctx) // somebody else registered the same person meanwhile: find out which
	}
	if fault.Is(err, fault.IdentifierTaken) {
		im.reject(im.todo[0], err)
		im.todo = nil
		return nil
	}
	if err != nil {
		return err
	}
	for i, e := range t.entries[:t.taken] {
		im.count(im.todo[i], e)
		t.changes.household(e)
	}
	t.changes.addTo(&im.out)
	im.todo = im.todo[t.taken:]
	return nil
}

func (im *importer) count(i int, e entry) {
	switch {
	case e.fault != nil:
		im.reject(i, e.fault)
	case !e.changed:
		im.out.Unchanged++
	case e.step.Revision == 0:
		im.out.Created++
	default:
		im.out.Changed++
	}
}

func (im *importer) oneByOne(ctx context.Context) error {
	all := im.todo
	for _, i := range all {
		im.todo = []int{i}
		for len(im.todo) > 0 {
			if err := im.transaction(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// importTx is one attempt at a transaction.
type importTx struct {
	*importer
	tx      store.Tx
	entries []entry
	taken   int // of entries
	changes changeCount
}

// entry is what one household of the run comes to.
type entry struct {
	step    transition
	changed bool
	fault   *fault.Fault
}

func (t *importTx) load(ctx context.Context) (int64, error) {
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
		t.entries = append(t.entries, entry{step: step, changed: changed && f == nil, fault: f})
	}
	return nil
}

func (t *importTx) step(ctx context.Context, known map[string]store.Alias, locked map[string]held, number string, in *household.Household) (transition, bool, error) {
	a, found := known[number]
	if found && a.Area != t.act.area {
		return transition{}, false, fault.New(fault.IdentifierTaken, "kind", "household number, in area "+a.Area)
	}
	was := locked[a.Household]
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

// groups is what the file's source may write: its own group. Only a household new to the
// hub also brings what the register holds of the others; later only their owners change them.
func (t *importTx) groups(in *household.Household, was held) []household.Group {
	own := []household.Group{cmp.Or(t.how.Group, household.GroupRegister)}
	if was.facts != nil {
		return own
	}
	return owned(in, own)
}

// free makes sure that no identifier stands for somebody else, before one clash
// would cost the whole transaction.
func (h *Hub) free(ctx context.Context, r store.Reader, hh *household.Household) error {
	byKind := map[string][][]byte{}
	owner := map[string]string{}
	for _, i := range hh.Identifiers() {
		hash := h.Keys.Hash(string(i.Kind), i.Value)
		byKind[string(i.Kind)] = append(byKind[string(i.Kind)], hash)
		owner[string(hash)] = i.Person
	}
	for kind, hashes := range byKind {
		found, err := r.Aliases(ctx, kind, hashes)
		if err != nil {
			return err
		}
		for _, a := range found {
			if a.Household != hh.ID || a.Person != owner[string(a.Hash)] {
				return fault.New(fault.IdentifierTaken, "kind", kind)
			}
		}
	}
	return nil
}

func (r Rejection) String() string { return fmt.Sprintf("household %d: %v", r.Index+1, r.Fault) }
