package hub

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// transition is one household's step from one state to the next.
type transition struct {
	ID       string
	Revision int64 // stored revision, 0 for a household that is new to the area
	Before   *household.Household
	After    *household.Household
	From     string        // area that it comes from, where it is another one
	Gone     bool          // it leaves the area: After is what it was, and no list holds it any more
	Arrived  []store.Alias // what those who came from other households were kept under, see aliasLeft
	Placed   []string      // who left and stands in another household by the same transaction
	Same     bool          // the facts are as they were; only the day or the catalogue moved on
}

// rows derives a household's records with their hashes.
func rows(d *deriver, area string, h *household.Household, on date.Date) ([]feed.Row, error) {
	derived, err := d.Derive(area, h, on)
	if err != nil {
		return nil, err
	}
	out := make([]feed.Row, len(derived))
	var buf []byte
	for i, r := range derived {
		row := feed.Row{List: r.List.Name, Village: r.Village, Household: r.Household, Person: r.Person, Values: r.Values}
		key := feed.RowKey{Area: area, List: row.List, Village: row.Village, Household: row.Household, Person: row.Person}
		row.Hash, buf = feed.RowHash(buf, key, r.Values)
		out[i] = row
	}
	return out, nil
}

// stepper turns differences into the writes and changes of one transaction.
type stepper struct {
	hub   *Hub
	d     *deriver
	area  string
	cause string
	on    date.Date
	now   transition // the one that differences belong to
	batch *store.Batch
	buf   []byte
}

// batch derives the transitions' households and makes one transaction of what
// differs from the stored records: of as many transitions, from the first on, as
// one transaction holds. It says how many that are.
func (h *Hub) batch(d *deriver, a act, stored []store.Record, steps []transition) (*store.Batch, int, error) {
	s := &stepper{
		hub: h, d: d, area: a.area, cause: a.cause, on: a.on,
		batch: &store.Batch{Area: a.area, Time: a.time, Cause: a.cause},
	}
	of := byHousehold(stored)
	for i, t := range steps {
		diff, err := s.differences(t, of[t.ID])
		if err != nil {
			return nil, i, err
		}
		if len(s.batch.Changes)+len(diff) > store.MaxChanges {
			return s.batch, i, nil
		}
		s.now = t
		for _, d := range diff {
			if err := s.step(d); err != nil {
				return nil, i, err
			}
		}
	}
	return s.batch, len(steps), nil
}

// byHousehold sorts stored records by their households.
func byHousehold(stored []store.Record) map[string][]feed.Row {
	of := map[string][]feed.Row{}
	for _, r := range stored {
		row := feed.Row{List: r.List, Village: r.Village, Household: r.Household, Person: r.Person, Hash: r.Hash}
		of[r.Household] = append(of[r.Household], row)
	}
	return of
}

func (s *stepper) differences(t transition, stored []feed.Row) ([]feed.Difference, error) {
	if t.Gone {
		return feed.Diff(stored, nil), nil
	}
	now, err := rows(s.d, s.area, t.After, s.on)
	return feed.Diff(stored, now), err
}

func (s *stepper) step(d feed.Difference) error {
	if d.New == nil {
		return s.leave(d.Old)
	}
	var err error
	if s.buf, err = s.d.plans[d.New.List].Append(s.buf[:0], d.New.Values); err != nil {
		return err
	}
	doc, err := s.hub.sealRow(s.area, d.New, s.buf)
	if err != nil {
		return err
	}
	up := store.RecordUpsert{Key: keyOf(d.New), Hash: d.New.Hash, Document: doc}
	change := store.Change{Op: string(d.Op), Key: up.Key, Document: doc}
	switch {
	case d.Op == feed.Moved:
		s.batch.Deletes = append(s.batch.Deletes, store.RecordDelete{Key: keyOf(d.Old), OldHash: d.Old.Hash})
		change.FromVillage = d.Old.Village
	case d.Old != nil:
		up.Replaces, up.OldHash = true, d.Old.Hash
	}
	s.batch.Upserts = append(s.batch.Upserts, up)
	s.batch.Changes = append(s.batch.Changes, change)
	return nil
}

// leave says why a row is gone. Only a decision, a death or a closing is an end;
// everything else leaves the list and says nothing about support (law 6).
func (s *stepper) leave(old *feed.Row) error {
	end := s.whyGone(old)
	change := store.Change{Op: end.Op, Key: keyOf(old)}
	plain := []byte(end.Cause)
	if end.Op == string(feed.Ended) {
		var err error
		plain, err = wire.EncodeEnding(end.Basis, string(end.On), end.DecisionID, end.DecisionNumber, end.Document, end.Clause)
		if err != nil {
			return err
		}
	}
	doc, err := s.hub.sealRow(s.area, old, plain)
	if err != nil {
		return err
	}
	change.Document = doc
	s.batch.Deletes = append(s.batch.Deletes, store.RecordDelete{Key: keyOf(old), OldHash: old.Hash})
	s.batch.Changes = append(s.batch.Changes, change)
	return nil
}

func (s *stepper) whyGone(old *feed.Row) catalogue.Ending {
	if s.now.Gone {
		return catalogue.Ending{Op: string(feed.LeftScope), Cause: feed.CauseMoved}
	}
	list := s.d.List(old.List)
	if list == nil {
		return catalogue.Ending{Op: string(feed.LeftScope), Cause: feed.CauseCatalogue}
	}
	end := s.d.WhyGone(s.now.After, list, old.Person, s.on)
	if end.Op != string(feed.Ended) && (s.cause == feed.CauseCatalogue || s.cause == feed.CauseDate) {
		end.Cause = s.cause
	}
	return end
}

func keyOf(r *feed.Row) store.Key {
	return store.Key{List: r.List, Village: r.Village, Household: r.Household, Person: r.Person}
}

// sealRow seals a row's fields, or the reason for its end. Record and change of
// one step share the sealed bytes.
func (h *Hub) sealRow(area string, r *feed.Row, plain []byte) ([]byte, error) {
	return h.Keys.Seal(plain, rowContext(area, r.List, r.Household, r.Person))
}

func (h *Hub) openRow(area string, k store.Key, sealed []byte) ([]byte, error) {
	return h.openRowIn(make([]byte, 0, 96), area, k, sealed)
}

// openRowIn is openRow with room for the context, for whoever opens many.
func (h *Hub) openRowIn(room []byte, area string, k store.Key, sealed []byte) ([]byte, error) {
	plain, err := h.Keys.Open(sealed, appendRowContext(room[:0], area, k.List, k.Household, k.Person))
	if err != nil {
		return nil, fmt.Errorf("record of list %s in area %s: %w", k.List, area, err)
	}
	return plain, nil
}

func rowContext(area, list, household, person string) []byte {
	return appendRowContext(make([]byte, 0, 96), area, list, household, person)
}

func appendRowContext(b []byte, area, list, household, person string) []byte {
	for _, s := range [...]string{"row", area, list, household, person} {
		b = append(append(b, s...), 0)
	}
	return b
}
