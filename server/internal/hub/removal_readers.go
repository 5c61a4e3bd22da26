package hub

import (
	"context"
	"encoding/json"
	"math"
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

// readerOf is a program with the areas in which it was handed the removal, and when it was
// handed the reversal of each.
type readerOf struct {
	Reader
	wrong map[string]bool
	right map[string]time.Time
}

// entry takes one entry of the audit, in the order of writing.
func (t *readersOf) entry(e store.AuditEntry) error {
	var got streamed
	if (e.Action == "sync.pull" || e.Action == "sync.follow") && json.Unmarshal([]byte(e.Detail), &got) == nil {
		t.read(e, got)
	}
	return nil
}

// read takes what an entry says of a page or stream.
func (t *readersOf) read(e store.AuditEntry, got streamed) {
	if e.Of == "" {
		if len(got.From) > 0 { // what was refused names no positions
			t.open[e.ID] = openReading{got.begunReading, e}
		}
		return
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
}

// handed notes that somebody was handed what lies between two positions.
func (t *readersOf) handed(from openReading, to []feed.AreaPosition) {
	r := t.reader(from.last)
	for area, s := range t.stretches {
		before, after := positionIn(from.From, area), positionIn(to, area)
		if after >= s.from && s.wrongFrom(before, from.Load) {
			r.read(area, from.last.Time, false)
		}
		if _, known := r.right[area]; !known && s.back > 0 && after >= s.back {
			r.right[area] = from.last.Time
		}
	}
}

// wrongFrom tells whether somebody who goes on from a position comes by what is wrong.
func (s stretch) wrongFrom(before int64, load bool) bool {
	return before < s.from || (load && before < s.end)
}

// assume counts what has no outcome as handed, where nothing better is known of a reader.
func (t *readersOf) assume() {
	for _, o := range t.open {
		r, at := t.reader(o.last), o.last.Time
		if at.Before(t.since) {
			at = t.since
		}
		for area, s := range t.stretches {
			covers := slices.ContainsFunc(o.From, func(p feed.AreaPosition) bool { return p.Area == area })
			if covers && s.wrongFrom(positionIn(o.From, area), o.Load) {
				r.read(area, at, true)
			}
		}
	}
}

// read notes where the reader was handed the removal; what is known goes before what is assumed.
func (r *readerOf) read(area string, at time.Time, assumed bool) {
	switch {
	case len(r.wrong) == 0 || (r.Assumed && assumed && at.Before(r.ReadAt)):
		r.ReadAt, r.Assumed = at, assumed
	case assumed && !r.Assumed:
		return
	}
	r.wrong[area] = true
}

// reader gives whoever an entry is about.
func (t *readersOf) reader(e store.AuditEntry) *readerOf {
	k := [2]string{e.Agency, e.Client}
	if t.by[k] == nil {
		t.by[k] = &readerOf{Reader{Agency: e.Agency, Client: e.Client}, map[string]bool{}, map[string]time.Time{}}
	}
	return t.by[k]
}

// corrected is when it was handed the last reversal of what it was handed wrongly; zero
// where one is missing, or where it reads only what everybody moved away from before.
func (r *readerOf) corrected(stretches map[string]stretch) (at time.Time) {
	for area := range r.wrong {
		if stretches[area].back == 0 && stretches[area].end < math.MaxInt64 {
			continue // they have all left; what takes it back stands elsewhere
		}
		got, ok := r.right[area]
		if !ok {
			return time.Time{}
		}
		if got.After(at) {
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
	t.assume()
	for _, r := range t.by {
		if len(r.wrong) == 0 {
			continue
		}
		r.CorrectedAt = r.corrected(t.stretches)
		out = append(out, r.Reader)
	}
	slices.SortFunc(out, func(a, b Reader) int {
		return strings.Compare(a.Agency+"\x00"+a.Client, b.Agency+"\x00"+b.Client)
	})
	return out
}
