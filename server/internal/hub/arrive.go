package hub

import (
	"context"
	"slices"

	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// aliasLeft is the kind under which whoever left a household alive is kept until
// somebody states where they live now. So they keep their id and take the frozen end
// dates along (section 3 of the design), whatever file says it and whenever.
const aliasLeft = "LEFT"

// leaving lists what those are kept under whom the step lets go.
func (h *Hub) leaving(area string, t transition) (out []store.Alias) {
	if t.Before == nil || t.Gone {
		return nil
	}
	for _, was := range t.Before.Persons {
		if now := t.After.Person(was.ID); now != nil && now.LeftAlive() && !was.LeftAlive() && !slices.Contains(t.Placed, now.ID) {
			out = append(out, h.leftAs(area, t.ID, now)...)
		}
	}
	return out
}

// leftAs lists everything under which somebody who left is kept.
func (h *Hub) leftAs(area, id string, p *household.Person) (out []store.Alias) {
	for _, v := range leftValues(p) {
		out = append(out, h.alias(area, id, p.ID, aliasLeft, v))
	}
	return out
}

// leftValues are what somebody is kept under who left a household alive.
func leftValues(p *household.Person) (out []string) {
	alone := household.Household{Persons: []household.Person{p.Arriving()}}
	for _, i := range alone.Identifiers() {
		out = append(out, leftValue(i))
	}
	return out
}

func leftValue(i household.Identifier) string { return string(i.Kind) + " " + i.Value }

// arrival is a person who left a household and whom another one, or the same, names now.
type arrival struct {
	person string
	from   *household.Household
	kept   []store.Alias // to be dropped
}

// arriving finds those whom in names beyond base's members and who left a household before.
func (h *Hub) arriving(ctx context.Context, r store.Reader, base, in *household.Household) (out []arrival, err error) {
	var values []string
	for _, i := range in.Identifiers() {
		if i.Kind != household.HouseholdNumber {
			values = append(values, leftValue(i))
		}
	}
	if base != nil {
		for _, i := range base.Identifiers() {
			values = slices.DeleteFunc(values, func(v string) bool { return v == leftValue(i) })
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	found, err := h.find(ctx, r, aliasLeft, values)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if slices.ContainsFunc(out, func(o arrival) bool { return o.person == a.Person }) {
			continue
		}
		area, err := h.where(ctx, r, a.Household)
		if err != nil {
			return nil, err
		}
		row, err := r.Household(ctx, area, a.Household)
		if err != nil {
			return nil, err
		}
		from, err := h.openHousehold(row)
		if err != nil {
			return nil, err
		}
		out = append(out, arrival{a.Person, from, h.leftAs(a.Area, a.Household, from.Person(a.Person))})
	}
	return out, nil
}

// leavers are those who arrive and are not known in the household yet.
func leavers(base *household.Household, all []arrival) (out []household.Person) {
	for _, a := range all {
		if base == nil || base.Person(a.person) == nil {
			out = append(out, a.from.Person(a.person).Arriving())
		}
	}
	return out
}

// received lets those who live in the household now take along what was decided about
// them, and gives what they need not be kept under any more.
func received(act act, after *household.Household, all []arrival) (drop []store.Alias) {
	for _, a := range all {
		if p := after.Person(a.person); p != nil && !p.LeftAlive() {
			after.TakeAlong(a.from, a.person, act.on)
			drop = append(drop, a.kept...)
		}
	}
	return drop
}
