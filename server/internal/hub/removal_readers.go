package hub

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Reader is a program that was handed what a reversal made wrong.
type Reader struct {
	Agency, Client string
	ReadAt         time.Time
	CorrectedAt    time.Time // zero: not yet
	Assumed        bool      // nothing says what it was handed, so everything counts as handed (law 5)
}

// Readers tells who was handed the removal of a reversed case, and when each was handed
// its reversal. It reads the ledger, which knows every page that left the hub.
func (h *Hub) Readers(ctx context.Context, c access.Caller, id string) (out []Reader, err error) {
	err = h.audited(ctx, c, "removal.readers", map[string]any{"case": named(id)}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			s, err := h.visibleCase(ctx, r, c, id)
			if err != nil {
				return err
			}
			if s.State != removal.Reversed {
				return fault.New(fault.CaseNotReversed)
			}
			l, err := h.ledger(ctx, "", announcedAt(s.Case), h.Clock().Add(time.Second))
			if err == nil {
				out, err = h.readersIn(ctx, r, l, s.Case)
			}
			return err
		})
		return map[string]any{"readers": len(out)}, err
	})
	return out, err
}

// readersIn finds the readers of a reversed case in a ledger that reaches back to its announcement.
func (h *Hub) readersIn(ctx context.Context, r store.Reader, l *ledger, c removal.Case) ([]Reader, error) {
	stretches, err := h.stretchesOf(ctx, r, c)
	if err != nil {
		return nil, err
	}
	t := readersOf{stretches: stretches, since: announcedAt(c), by: map[consumer]*readerOf{}}
	var told, assumed []Delivery
	for area := range stretches {
		all, err := l.deliveries(ctx, area)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			told = append(told, Delivery{Delivery: d})
		}
		some, err := l.assumed(ctx, r, area)
		if err != nil {
			return nil, err
		}
		assumed = append(assumed, some...)
	}
	slices.SortFunc(told, func(a, b Delivery) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, d := range append(told, assumed...) { // what is known goes before what is assumed
		t.handed(d)
	}
	return t.readers(), nil
}

// readersOf follows who was handed which transactions.
type readersOf struct {
	stretches map[string]stretch // by area
	since     time.Time
	by        map[consumer]*readerOf
}

// readerOf is a program with the areas and lists in which it was handed the removal, and when
// it was handed the reversal of each.
type readerOf struct {
	Reader
	wrong map[string]map[string]bool // by area, list
	right map[[2]string]time.Time    // by area and list
}

// handed takes a delivery.
func (t *readersOf) handed(d Delivery) {
	s, r := t.stretches[d.Area], t.reader(consumerOf(d.Delivery))
	if d.To >= s.from && s.wrongFrom(d.From, d.Load) {
		at := d.Time
		if at.Before(t.since) {
			at = t.since
		}
		r.read(d, at)
	}
	if d.Assumed || s.back == 0 || d.To < s.back {
		return
	}
	for _, list := range d.Lists {
		if _, known := r.right[[2]string{d.Area, list}]; !known {
			r.right[[2]string{d.Area, list}] = d.Time
		}
	}
}

// wrongFrom tells whether somebody who goes on from a position comes by what is wrong.
func (s stretch) wrongFrom(before int64, load bool) bool {
	return before < s.from || (load && before < s.end)
}

// read notes where the reader was handed the removal; what is known goes before what is assumed.
func (r *readerOf) read(d Delivery, at time.Time) {
	switch {
	case len(r.wrong) == 0 || (r.Assumed && d.Assumed && at.Before(r.ReadAt)):
		r.ReadAt, r.Assumed = at, d.Assumed
	case d.Assumed && !r.Assumed:
		return
	}
	if r.wrong[d.Area] == nil {
		r.wrong[d.Area] = map[string]bool{}
	}
	for _, list := range d.Lists {
		r.wrong[d.Area][list] = true
	}
}

// reader gives whoever a delivery went to.
func (t *readersOf) reader(c consumer) *readerOf {
	if t.by[c] == nil {
		t.by[c] = &readerOf{Reader{Agency: c.agency, Client: c.client}, map[string]map[string]bool{}, map[[2]string]time.Time{}}
	}
	return t.by[c]
}

// corrected is when it was handed the last reversal of what it was handed wrongly; zero
// where one is missing, or where it reads only what everybody moved away from before.
func (r *readerOf) corrected(stretches map[string]stretch) (at time.Time) {
	for area, lists := range r.wrong {
		if stretches[area].back == 0 && stretches[area].end < math.MaxInt64 {
			continue // they have all left; what takes it back stands elsewhere
		}
		for list := range lists {
			got, ok := r.right[[2]string{area, list}]
			if !ok {
				return time.Time{}
			}
			if got.After(at) {
				at = got
			}
		}
	}
	return at
}

func (t *readersOf) readers() (out []Reader) {
	for _, r := range t.by {
		if len(r.wrong) == 0 {
			continue
		}
		r.CorrectedAt = r.corrected(t.stretches)
		out = append(out, r.Reader)
	}
	slices.SortFunc(out, func(a, b Reader) int { return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Client, b.Client)) })
	return out
}
