package hub

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Kinds of aliases for the hub's own ids, beside those of household.Identifiers.
const (
	aliasHousehold = "HOUSEHOLD"
	aliasPerson    = "PERSON"
	aliasName      = "NAME"
)

// addAliases writes what changed in how the household and its persons are found.
func (h *Hub) addAliases(b *store.Batch, area string, t transition) {
	var before, after, oldNames, newNames []store.Alias
	if from := cmp.Or(t.From, area); t.Before != nil {
		before, oldNames = h.aliasesOf(from, t.ID, t.Before), h.namesOf(from, t.ID, t.Before)
	}
	if !t.Gone {
		after, newNames = h.aliasesOf(area, t.ID, t.After), h.namesOf(area, t.ID, t.After)
	}
	b.DropAliases = append(b.DropAliases, slices.Concat(without(before, after), t.Arrived)...)
	b.SetAliases = append(b.SetAliases, slices.Concat(without(after, before), h.leaving(area, t))...)
	b.DropNames = append(b.DropNames, without(oldNames, newNames)...)
	b.SetNames = append(b.SetNames, without(newNames, oldNames)...)
}

// aliasesOf lists what a household and its members are found by. Members who left
// alive are found where they live now; the dead stay.
func (h *Hub) aliasesOf(area, id string, hh *household.Household) []store.Alias {
	out := []store.Alias{h.alias(area, id, "", aliasHousehold, id)}
	for _, p := range hh.Persons {
		if p.LeftOn == "" || p.LeaveReason == household.LeaveDeath {
			out = append(out, h.alias(area, id, p.ID, aliasPerson, p.ID))
		}
	}
	for _, i := range hh.Identifiers() {
		out = append(out, h.alias(area, id, i.Person, string(i.Kind), i.Value))
	}
	return out
}

func (h *Hub) namesOf(area, id string, hh *household.Household) []store.Alias {
	names := hh.Names()
	out := make([]store.Alias, len(names))
	for i, n := range names {
		out[i] = h.alias(area, id, n.Person, aliasName, n.Name)
	}
	return out
}

func (h *Hub) alias(area, id, person, kind, value string) store.Alias {
	return store.Alias{Kind: kind, Hash: h.Keys.Hash(kind, value), Area: area, Household: id, Person: person}
}

func without(all, drop []store.Alias) []store.Alias {
	var out []store.Alias
	for _, a := range all {
		same := func(b store.Alias) bool {
			return a.Kind == b.Kind && a.Area == b.Area && a.Household == b.Household && a.Person == b.Person && bytes.Equal(a.Hash, b.Hash)
		}
		if !slices.ContainsFunc(drop, same) {
			out = append(out, a)
		}
	}
	return out
}

// find resolves values of one kind to aliases, by value.
func (h *Hub) find(ctx context.Context, r store.Reader, kind string, values []string) (map[string]store.Alias, error) {
	hashes := make([][]byte, len(values))
	byHash := make(map[string]string, len(values))
	for i, v := range values {
		hashes[i] = h.Keys.Hash(kind, v)
		byHash[string(hashes[i])] = v
	}
	found, err := r.Aliases(ctx, kind, hashes)
	if err != nil {
		return nil, err
	}
	out := make(map[string]store.Alias, len(found))
	for _, a := range found {
		out[byHash[string(a.Hash)]] = a
	}
	return out, nil
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
