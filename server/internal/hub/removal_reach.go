package hub

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// reach follows a decision into every household in which it stands: with whoever left one
// in which it stood, also with those who joined later and are on no frozen roster.
type reach struct {
	hub      *Hub
	r        store.Reader
	decision string
	persons  map[string]bool // whom the decision may have gone with
	looked   map[string]*household.Household
	carriers map[string]carrier
	areas    map[string]bool // in which it may stand; true: searched
	asked    map[string]bool // persons and identifiers that were looked up
}

// carrier is a household in which the decision stands.
type carrier struct {
	area  string
	facts *household.Household
}

// reached gives the households in which a decision stands, by id. It begins with the
// household that it was taken about and the persons whom it names.
func (h *Hub) reached(ctx context.Context, r store.Reader, decision, about string, persons []string) (map[string]carrier, error) {
	f := &reach{
		hub: h, r: r, decision: decision, persons: map[string]bool{}, looked: map[string]*household.Household{},
		carriers: map[string]carrier{}, areas: map[string]bool{}, asked: map[string]bool{},
	}
	for _, id := range persons {
		f.persons[id] = true
	}
	for ids := []string{about}; len(ids) > 0; {
		err := f.look(ctx, ids)
		if err != nil {
			return nil, err
		}
		if ids, err = f.homes(ctx); err == nil && len(ids) == 0 {
			ids, err = f.deserted(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return f.carriers, nil
}

// look opens households where they live now.
func (f *reach) look(ctx context.Context, ids []string) error {
	homes, err := f.hub.find(ctx, f.r, aliasHousehold, ids)
	if err != nil {
		return err
	}
	for id, at := range homes {
		row, err := f.r.Household(ctx, at.Area, id)
		if err != nil {
			return err
		}
		facts, err := f.hub.openHousehold(row)
		if err != nil {
			return err
		}
		f.looked[id] = facts
		if !f.areas[at.Area] {
			f.areas[at.Area] = false // to be searched
		}
		if row.Gone || !stands(facts, f.decision) {
			continue
		}
		f.carriers[id] = carrier{at.Area, facts}
		for i := range facts.Persons {
			f.persons[facts.Persons[i].ID] = true
		}
	}
	return nil
}

// homes finds where the persons live or, where nobody has said so yet, what they left.
func (f *reach) homes(ctx context.Context) (ids []string, err error) {
	var persons, left []string
	for id := range f.persons {
		persons = f.ask(persons, id)
		for _, facts := range f.looked {
			if p := facts.Person(id); p != nil {
				for _, v := range leftValues(p) {
					left = f.ask(left, v)
				}
			}
		}
	}
	for kind, values := range map[string][]string{aliasPerson: persons, aliasLeft: left} {
		found, err := f.hub.find(ctx, f.r, kind, values)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			ids = f.unlooked(ids, a.Household)
		}
	}
	return ids, nil
}

// deserted searches the areas for households to which nobody leads any more: all who
// brought the decision there have gone on, and those who joined them live under it.
func (f *reach) deserted(ctx context.Context) (ids []string, err error) {
	for area, searched := range f.areas {
		if searched {
			continue
		}
		f.areas[area] = true
		q := store.HouseholdQuery{Area: area, SupportStatus: string(household.Unsupported)}
		err := f.r.Households(ctx, q, func(row store.Household) error {
			if f.looked[row.ID] != nil {
				return nil
			}
			facts, err := f.hub.openHousehold(row)
			if err == nil && stands(facts, f.decision) {
				ids = f.unlooked(ids, row.ID)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (f *reach) ask(values []string, v string) []string {
	if f.asked[v] {
		return values
	}
	f.asked[v] = true
	return append(values, v)
}

func (f *reach) unlooked(ids []string, id string) []string {
	if f.looked[id] != nil || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

func stands(h *household.Household, decision string) bool {
	return slices.ContainsFunc(h.Decisions, func(d household.Decision) bool { return d.ID == decision })
}
