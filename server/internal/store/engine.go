package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// This file holds what every engine does in the same way before it touches a table.

var (
	errLockOrder = errors.New("store: households must be locked in ascending order")
	errTwice     = errors.New("store: a household stands twice in one batch")
	errNoChanges = errors.New("store: records without changes")
)

// Prepared is the batch in the form in which an engine writes it: areas filled in,
// and everything that is locked sorted, so that two writers never wait for each other
// crosswise. Changes keep their order. It shares no slice that it changes with b.
// A batch that breaks a rule of Append's is an error.
func (b Batch) Prepared() (Batch, error) {
	if len(b.Changes) > MaxChanges {
		return b, fmt.Errorf("%w: %d changes", ErrTooLarge, len(b.Changes))
	}
	if len(b.Changes) == 0 && len(b.Upserts)+len(b.Deletes) > 0 {
		return b, errNoChanges
	}
	b.Households = slices.Clone(b.Households)
	slices.SortFunc(b.Households, func(x, y Household) int { return cmp.Compare(x.ID, y.ID) })
	for i := range b.Households {
		b.Households[i].Area = b.Area
		if i > 0 && b.Households[i].ID == b.Households[i-1].ID {
			return b, errTwice
		}
	}
	b.SetAliases, b.DropAliases = b.aliases(b.SetAliases), b.aliases(b.DropAliases)
	b.SetNames, b.DropNames = b.aliases(b.SetNames), b.aliases(b.DropNames)
	return b, nil
}

// aliases gives the batch's area to aliases that name none, and sorts them.
func (b Batch) aliases(list []Alias) []Alias {
	list = slices.Clone(list)
	for i := range list {
		list[i].Area = cmp.Or(list[i].Area, b.Area)
	}
	slices.SortFunc(list, func(x, y Alias) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), bytes.Compare(x.Hash, y.Hash), cmp.Compare(x.Area, y.Area),
			cmp.Compare(x.Household, y.Household), cmp.Compare(x.Person, y.Person))
	})
	return list
}

// LockOrder watches over the order in which one Update locks households. The zero
// value is ready; it belongs to one Update.
type LockOrder struct {
	held map[[2]string]bool // area, id
	last map[string]string  // the greatest id by area
}

// Next gives the ids sorted and each once, or an error where one of them is smaller
// than one that is held already without being held itself: waiting for it could deadlock.
func (o *LockOrder) Next(area string, ids []string) ([]string, error) {
	if o.held == nil {
		o.held, o.last = map[[2]string]bool{}, map[string]string{}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		if id < o.last[area] && !o.held[[2]string{area, id}] {
			return nil, errLockOrder
		}
	}
	for _, id := range ids {
		o.held[[2]string{area, id}] = true
		o.last[area] = max(o.last[area], id)
	}
	return ids, nil
}
