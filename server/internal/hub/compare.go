package hub

import (
	"context"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// RevisionName says which revision is meant. Each area counts a household's revisions
// anew, so a household that moved between areas has two of one number.
type RevisionName struct {
	Revision int64
	Area     string // "": where the number was given last
}

// Comparison is what differs between two revisions of a household.
type Comparison struct {
	From, To    Revision
	Differences []household.Difference
}

// CompareRevisions says what differs between two revisions of a household. to without a
// number is the newest one, from without a number the one before to.
func (h *Hub) CompareRevisions(ctx context.Context, c access.Caller, id string, from, to RevisionName) (Comparison, error) {
	var out Comparison
	detail := map[string]any{"household": named(id), "from": from.Revision, "to": to.Revision, "fromArea": named(from.Area), "toArea": named(to.Area)}
	err := h.audited(ctx, c, "household.compare", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) (err error) {
			out, err = h.compare(ctx, r, c, id, from, to)
			return err
		})
		return map[string]any{"differences": len(out.Differences)}, err
	})
	return out, err
}

func (h *Hub) compare(ctx context.Context, r store.Reader, c access.Caller, id string, from, to RevisionName) (out Comparison, err error) {
	all, err := h.revisions(ctx, r, c, id)
	if err != nil {
		return out, err
	}
	last, err := pick(all, to)
	if err != nil {
		return out, err
	}
	earlier := all
	if from.Revision == 0 {
		earlier = all[last+1:]
	}
	first, err := pick(earlier, from)
	if err != nil {
		return out, err
	}
	out.From, out.To = earlier[first], all[last]
	before, err := h.factsOf(ctx, r, id, out.From)
	if err != nil {
		return out, err
	}
	after, err := h.factsOf(ctx, r, id, out.To)
	if err != nil {
		return out, err
	}
	names, err := h.names(ctx, r)
	if err != nil {
		return out, err
	}
	out.Differences = household.Diff(before, after, names)
	return out, nil
}

// History says step by step what each revision after from, up to to, changed; without a
// number from is before the first one, whose step has no differences, and to the newest.
func (h *Hub) History(ctx context.Context, c access.Caller, id string, from, to RevisionName) ([]Comparison, error) {
	var out []Comparison
	detail := map[string]any{"household": named(id), "from": from.Revision, "to": to.Revision, "fromArea": named(from.Area), "toArea": named(to.Area)}
	err := h.audited(ctx, c, "household.history", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) (err error) {
			out, err = h.history(ctx, r, c, id, from, to)
			return err
		})
		return map[string]any{"steps": len(out)}, err
	})
	return out, err
}

func (h *Hub) history(ctx context.Context, r store.Reader, c access.Caller, id string, from, to RevisionName) ([]Comparison, error) {
	all, err := h.revisions(ctx, r, c, id)
	if err != nil {
		return nil, err
	}
	steps, err := span(all, from, to)
	if err != nil {
		return nil, err
	}
	names, err := h.names(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]Comparison, 0, len(steps))
	before := &household.Household{}
	for i, v := range steps {
		facts, err := h.factsOf(ctx, r, id, v)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, Comparison{From: steps[i-1], To: v, Differences: household.Diff(before, facts, names)})
		} else if from.Revision == 0 {
			out = append(out, Comparison{To: v})
		}
		before = facts
	}
	return out, nil
}

// span is the revisions between two of them, the oldest first, without departures to
// another area: the arrival there says the same.
func span(all []Revision, from, to RevisionName) ([]Revision, error) {
	last, err := pick(all, to)
	if err != nil {
		return nil, err
	}
	first := len(all) - 1
	if from.Revision > 0 {
		if first, err = pick(all, from); err != nil {
			return nil, err
		}
	}
	var out []Revision
	for i := first; i >= last; i-- {
		if !all[i].Gone || i == first || i == last {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// pick finds a revision among those given newest first. Without a number it is the
// newest one that is more than a departure to another area.
func pick(all []Revision, want RevisionName) (int, error) {
	i := slices.IndexFunc(all, func(v Revision) bool {
		return (want.Area == "" || v.Area == want.Area) && (v.Revision == want.Revision || want.Revision == 0 && !v.Gone)
	})
	if i < 0 {
		return 0, fault.New(fault.RevisionNotFound)
	}
	return i, nil
}

func (h *Hub) factsOf(ctx context.Context, r store.Reader, id string, v Revision) (*household.Household, error) {
	row, err := r.Revision(ctx, v.Area, id, v.Revision, v.Time)
	if err != nil {
		return nil, err
	}
	return h.openHousehold(row)
}

// names are the names of villages and, where a catalogue is active, of its policies.
func (h *Hub) names(ctx context.Context, r store.Reader) (household.Names, error) {
	out := household.Names{Village: h.villageName}
	d, _, err := h.active(ctx, r)
	if fault.Is(err, fault.NoCatalogue) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Policy = func(code string) household.Label {
		if p := d.Policy(code); p != nil {
			return household.Label{Chinese: p.Title, English: p.TitleEnglish}
		}
		return household.Label{Chinese: code, English: code}
	}
	return out, nil
}

// villageName is a village's name from the county down, with its code: names repeat.
func (h *Hub) villageName(code string) household.Label {
	var names []string
	for _, above := range append([]string{code}, h.Divisions.Ancestors(code)...) {
		if d, ok := h.Divisions.Get(above); ok && h.Divisions.AreaOf(above) != "" {
			names = append(names, d.Name)
		}
	}
	slices.Reverse(names)
	name := strings.TrimSpace(strings.Join(names, "") + " " + code)
	return household.Label{Chinese: name, English: name}
}
