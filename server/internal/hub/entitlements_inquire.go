package hub

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	// inquiriesAtOnce is how many inquiries are under way at the same time, at most. Where one
	// takes longer than inquiryPatience the store is waiting for its disk, and can take another.
	inquiriesAtOnce = 4
	inquiryPatience = 3 * time.Millisecond
	// fewQuestions is the most that a call may ask to inquire together with others.
	fewQuestions = 16
)

// sight is what calls saw in one snapshot. Nothing of it is opened: each call opens what it
// asked about by itself.
type sight struct {
	d          *deriver
	agreed     map[string][]access.Agreement // by agency
	aliases    map[string]store.Alias        // by kind and value
	households map[string]store.Household    // by id
	records    map[string][]store.Record     // by household
}

// ask lets a call inquire, and answer from what it saw. Those that come at the same time look
// together, but for one that asks much, which would hold up the others, or about past days,
// for which it has to ask the store again.
func (h *Hub) ask(ctx context.Context, k *counter, answer func() error) error {
	if len(k.questions) <= fewQuestions && !k.asksBack() {
		err := h.counters.serve(ctx, k, len(k.questions))
		if err == nil {
			return k.answered(answer)
		}
		if !errors.Is(err, errApart) {
			return err
		}
	}
	return h.Store.View(ctx, func(r store.Reader) error {
		k.r = r
		if err := h.inquire(ctx, r, []*counter{k}); err != nil {
			return err
		}
		return k.answered(answer)
	})
}

// inquireTogether is one inquiry for several calls.
func (h *Hub) inquireTogether(ctx context.Context, calls []*counter) error {
	return h.Store.View(ctx, func(r store.Reader) error { return h.inquire(ctx, r, calls) })
}

// inquire checks the calls' questions and looks up whom the good ones are about: one query for each
// kind of identifier, and one for the households with their records.
func (h *Hub) inquire(ctx context.Context, r store.Reader, calls []*counter) error {
	d, _, err := h.active(ctx, r)
	if err != nil {
		return err
	}
	s := &sight{d: d, agreed: map[string][]access.Agreement{}, aliases: map[string]store.Alias{}}
	values, policies := map[string][]string{}, map[string]bool{}
	for _, k := range calls {
		k.sight, k.bad = s, k.check(d)
		if k.bad != nil {
			continue
		}
		if s.agreed[k.caller.Agency], err = h.agreements(ctx, r, k.caller.Agency); err != nil {
			return err
		}
		for _, q := range k.questions {
			kind, value := q.alias()
			values[kind] = append(values[kind], value)
			policies[q.Policy] = true
		}
	}
	found, err := s.find(ctx, h, r, values)
	if err != nil {
		return err
	}
	return s.read(ctx, r, found, d.listsOf(policies))
}

// find resolves values by kind.
func (s *sight) find(ctx context.Context, h *Hub, r store.Reader, values map[string][]string) (all []store.Alias, err error) {
	for kind, values := range values {
		found, err := h.find(ctx, r, kind, values)
		if err != nil {
			return nil, err
		}
		for value, a := range found {
			s.aliases[kind+" "+value] = a
			all = append(all, a)
		}
	}
	return all, nil
}

// read reads the households that aliases lead to, with those of their records that can tell of
// the persons.
func (s *sight) read(ctx context.Context, r store.Reader, found []store.Alias, lists []string) error {
	if len(found) == 0 {
		return nil
	}
	rows, records, err := r.WithRecords(ctx, found, lists)
	if err != nil {
		return err
	}
	s.households, s.records = make(map[string]store.Household, len(rows)), make(map[string][]store.Record, len(rows))
	for _, row := range rows {
		s.households[row.ID] = row
	}
	for _, rec := range records {
		s.records[rec.Household] = append(s.records[rec.Household], rec)
	}
	return nil
}

// listsOf names the lists that hold one of the policies; "" stands for all policies.
func (d *deriver) listsOf(policies map[string]bool) []string {
	lists := map[string]bool{}
	for _, l := range d.Lists {
		if policies[""] && len(l.Policies) > 0 || slices.ContainsFunc(l.Policies, func(p string) bool { return policies[p] }) {
			lists[l.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(lists))
}
