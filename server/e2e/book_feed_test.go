package e2e

import (
	"maps"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// Who was handed what: where each area's feed stands, which transactions are about whom, and
// up to where each consumer was brought, when.

type feedBook struct {
	cursor  string
	heads   map[string]int64
	touched []touch                         // in the order in which they were told
	handed  map[string]map[string][]handing // by agency and area
	marks   map[*bookDecision]*markedAt
}

// touch is a transaction that changes something about a household.
type touch struct {
	area, household string
	transaction     int64
}

// handing is a consumer brought to a position on a day.
type handing struct {
	to int64
	on date.Date
}

// markedAt says before which touches a decision was made and taken back; -1: not yet.
type markedAt struct{ decided, reversed int }

func newFeedBook() *feedBook {
	return &feedBook{heads: map[string]int64{}, handed: map[string]map[string][]handing{}, marks: map[*bookDecision]*markedAt{}}
}

func (f *feedBook) mark() int { return len(f.touched) }

func (f *feedBook) decided(d *bookDecision, before int) { f.marks[d] = &markedAt{before, -1} }

func (f *feedBook) reversed(d *bookDecision, before int) { f.marks[d].reversed = before }

// hand notes that a consumer was brought to where the areas' feeds stand.
func (f *feedBook) hand(agency string, on date.Date) {
	if f.handed[agency] == nil {
		f.handed[agency] = map[string][]handing{}
	}
	for area, to := range f.heads {
		all := f.handed[agency][area]
		if len(all) == 0 || all[len(all)-1].to < to {
			f.handed[agency][area] = append(all, handing{to, on})
		}
	}
}

// at is up to where a consumer was brought by the end of a day.
func (f *feedBook) at(agency, area string, on date.Date) (to int64) {
	for _, h := range f.handed[agency][area] {
		if h.on <= on {
			to = h.to
		}
	}
	return to
}

// first is the first transaction about a household from a place among the touches on; 0: none.
func (f *feedBook) first(h *bookHome, from int) int64 {
	for _, t := range f.touched[from:] {
		if t.household == h.id {
			return t.transaction
		}
	}
	return 0
}

// read is when a consumer was brought to where it stood at the end of a day.
func (f *feedBook) read(agency, area string, on date.Date) (day date.Date) {
	for _, h := range f.handed[agency][area] {
		if h.on <= on {
			day = h.on
		}
	}
	return day
}

// bookRecall is somebody who was handed what is no longer true.
type bookRecall struct {
	agency, client, decision, kase, letter, correction string
	read, settled                                      date.Date
}

// fromFeed are the consumers that read a decision that was taken back: they come by it with
// the first transaction about the household after it, and are right again with the first
// one after its reversal.
func (f *feedBook) fromFeed(d *bookDecision) (out []bookRecall) {
	m := f.marks[d]
	from, back := f.first(d.home, m.decided), f.first(d.home, m.reversed)
	if from == 0 {
		return nil
	}
	for _, agency := range slices.Sorted(maps.Keys(f.handed)) {
		r := bookRecall{agency: agency, client: "test", decision: d.id, kase: d.kase}
		for n, h := range f.handed[agency][d.home.area] {
			begins := n == 0 && (back == 0 || h.to < back)                  // its first load shows what stands
			passes := n > 0 && f.handed[agency][d.home.area][n-1].to < from // or it comes by the change
			if r.read == "" && h.to >= from && (begins || passes) {
				r.read = h.on
			}
			if r.read != "" && r.settled == "" && back > 0 && h.to >= back {
				r.settled = h.on
			}
		}
		if r.read != "" {
			out = append(out, r)
		}
	}
	return out
}
