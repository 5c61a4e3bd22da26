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
	// Authorise lets the caller's agreements decide about each household. Without it access to
	// the store and its keys is enough: the hub's own administration.
	Authorise bool
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
// undoes each transaction at its end, so that each sees the store as it was before the file:
// a number that stands twice in it counts twice, and a person handed from one of its
// households to another shows as rejected.
//
// It is audited once a file by the room that reads the file.
func (h *Hub) Import(ctx context.Context, c access.Caller, area string, run []*household.Household, how How) (Imported, error) {
	how.Group = cmp.Or(how.Group, household.GroupRegister)
	im := &importer{hub: h, caller: c, act: h.act(c, area, feed.CauseImport), run: run, how: how}
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
	hub    *Hub
	caller access.Caller
	act    act
	run    []*household.Household
	how    How
	todo   []int
	out    Imported
}

func (im *importer) reject(i int, err error) {
	im.out.Rejected = append(im.out.Rejected, Rejection{Index: i, Fault: fault.Of(err)})
}

// transaction loads as many of the households still to do as one transaction holds.
func (im *importer) transaction(ctx context.Context) error {
	var t *importTx
	err := im.hub.update(ctx, im.act.area, func(tx store.Tx) (int64, error) {
		t = &importTx{importer: im, tx: tx, changes: newChangeCount()}
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
	t.changes.addTo(im.out.Changes, im.out.Villages)
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

func (r Rejection) String() string { return fmt.Sprintf("household %d: %v", r.Index+1, r.Fault) }
