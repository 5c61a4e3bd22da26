package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
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

// readersLookBack is how long before the announcement the audit is read from, for streams
// that were open then. What a stream sends is noted after each End, and the nightly run
// gives one to every area: a stream without an entry for so long has sent nothing.
const readersLookBack = 30 * 24 * time.Hour

// Readers tells who was handed the removal of a reversed case, and when each was handed
// its reversal. It reads the audit, which knows every page that left the hub.
func (h *Hub) Readers(ctx context.Context, c access.Caller, id string) (out []Reader, err error) {
	err = h.audited(ctx, c, "removal.readers", map[string]any{"case": named(id)}, func() (any, error) {
		var s CaseState
		var stretches map[string]stretch
		err := h.Store.View(ctx, func(r store.Reader) error {
			if s, err = h.visibleCase(ctx, r, c, id); err != nil {
				return err
			}
			if s.State != removal.Reversed {
				return fault.New(fault.CaseNotReversed)
			}
			stretches, err = h.stretchesOf(ctx, r, s.Case)
			return err
		})
		if err != nil || len(stretches) == 0 {
			return nil, err // nothing that anybody reads was changed by it
		}
		t := readersOf{stretches: stretches, since: announcedAt(s.Case), open: map[string]openReading{}, by: map[[2]string]*readerOf{}}
		if err := h.Store.AuditTrail(ctx, t.since.Add(-readersLookBack), h.Clock().Add(time.Second), t.entry); err != nil {
			return nil, err
		}
		out = t.readers()
		return map[string]any{"readers": len(out)}, nil
	})
	return out, err
}

// openReading is a page or stream whose outcome was not met yet.
type openReading struct {
	begunReading
	last store.AuditEntry // the intent, or the newest entry of what it sent
}

// readersOf follows who was handed which transactions.
type readersOf struct {
	stretches map[string]stretch // by area
	since     time.Time
	open      map[string]openReading
	by        map[[2]string]*readerOf
}

// readerOf is a reader with the areas in which it was handed the removal, and when it was
// handed the reversal of each.
type readerOf struct {
	Reader
	wrong map[string]bool
	right map[string]time.Time
}

// entry takes one entry of the audit, in the order of writing.
func (t *readersOf) entry(e store.AuditEntry) error {
	if e.Action != "sync.pull" && e.Action != "sync.follow" {
		return nil
	}
	var got streamed
	if json.Unmarshal([]byte(e.Detail), &got) != nil {
		return nil
	}
	if e.Of == "" {
		if len(got.From) > 0 { // what was refused names no positions
			t.open[e.ID] = openReading{got.begunReading, e}
		}
		return nil
	}
	begun, known := t.open[e.Of]
	if len(got.From) > 0 {
		begun, known = openReading{begunReading: got.begunReading}, true
	}
	begun.last = e
	delete(t.open, e.Of)
	if e.Outcome == sentSoFar {
		t.open[e.Of] = begun
	}
	if known {
		t.handed(begun, got.To)
	}
	return nil
}

// handed notes that somebody was handed what lies between two positions.
func (t *readersOf) handed(from openReading, to []feed.AreaPosition) {
	for area, s := range t.stretches {
		before, after := positionIn(from.From, area), positionIn(to, area)
		if after >= s.from && s.wrongFrom(before, from.Load) {
			t.reader(from.last, false).wrong[area] = true
		}
	}
	r := t.by[readerKey(from.last)]
	if r == nil {
		return
	}
	for area, s := range t.stretches {
		if _, known := r.right[area]; !known && s.back > 0 && positionIn(to, area) >= s.back {
			r.right[area] = from.last.Time
		}
	}
}

// wrongFrom tells whether somebody who goes on from a position comes by what is wrong.
func (s stretch) wrongFrom(before int64, load bool) bool {
	return (load || before < s.from) && before < max(s.back, s.from)
}

// left counts what has no outcome as handed, to those of whom nothing better is known.
func (t *readersOf) left() {
	for _, o := range t.open {
		for area, s := range t.stretches {
			covers := slices.ContainsFunc(o.From, func(p feed.AreaPosition) bool { return p.Area == area })
			if r := t.by[readerKey(o.last)]; covers && s.wrongFrom(positionIn(o.From, area), o.Load) && (r == nil || r.Assumed) {
				t.reader(o.last, true).wrong[area] = true
			}
		}
	}
}

// reader gives whoever an entry is about, a new one where it was not met yet.
func (t *readersOf) reader(e store.AuditEntry, assumed bool) *readerOf {
	k := readerKey(e)
	if t.by[k] == nil {
		at := e.Time
		if assumed && at.Before(t.since) {
			at = t.since
		}
		t.by[k] = &readerOf{Reader{Agency: e.Agency, Client: e.Client, ReadAt: at, Assumed: assumed}, map[string]bool{}, map[string]time.Time{}}
	}
	return t.by[k]
}

func readerKey(e store.AuditEntry) [2]string { return [2]string{e.Agency, e.Client} }

// corrected is when it was handed the last reversal of what it was handed wrongly. Whoever
// was handed the removal only in areas that have no reversal, because everybody moved away
// before, is right with the first one elsewhere.
func (r *readerOf) corrected(stretches map[string]stretch) (at time.Time) {
	owed := false
	for area := range r.wrong {
		if stretches[area].back == 0 {
			continue
		}
		owed = true
		got, ok := r.right[area]
		if !ok {
			return time.Time{}
		}
		if got.After(at) {
			at = got
		}
	}
	for _, got := range r.right {
		if !owed && (at.IsZero() || got.Before(at)) {
			at = got
		}
	}
	return at
}

func positionIn(all []feed.AreaPosition, area string) int64 {
	i := slices.IndexFunc(all, func(p feed.AreaPosition) bool { return p.Area == area })
	if i < 0 {
		return 0
	}
	return all[i].Transaction
}

func (t *readersOf) readers() (out []Reader) {
	t.left()
	for _, r := range t.by {
		r.CorrectedAt = r.corrected(t.stretches)
		out = append(out, r.Reader)
	}
	slices.SortFunc(out, func(a, b Reader) int {
		return strings.Compare(a.Agency+"\x00"+a.Client, b.Agency+"\x00"+b.Client)
	})
	return out
}
