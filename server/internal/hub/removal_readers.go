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
}

// Readers tells who was handed the removal of a reversed case, and when each was handed
// its reversal. It reads the audit, which knows every page that left the hub.
func (h *Hub) Readers(ctx context.Context, c access.Caller, id string) (out []Reader, err error) {
	err = h.audited(ctx, c, "removal.readers", map[string]any{"case": named(id)}, func() (any, error) {
		var s CaseState
		var from, back int64
		err := h.Store.View(ctx, func(r store.Reader) error {
			if s, err = h.visibleCase(ctx, r, c, id); err != nil {
				return err
			}
			if s.State != removal.Reversed {
				return fault.New(fault.CaseNotReversed)
			}
			from, back, err = transactionsOf(ctx, r, s.Case)
			return err
		})
		if err != nil || from == 0 {
			return nil, err // nothing that anybody reads was changed by it
		}
		t := readersOf{area: s.Area, from: from, back: back, intents: map[string]begunReading{}, by: map[[2]string]*Reader{}}
		if err := h.Store.AuditTrail(ctx, announcedAt(s.Case), h.Clock().Add(time.Second), t.entry); err != nil {
			return nil, err
		}
		out = t.sorted()
		return map[string]any{"readers": len(out)}, nil
	})
	return out, err
}

// transactionsOf finds the transactions by which a household's removal and its reversal
// became known; 0 where no list was touched.
func transactionsOf(ctx context.Context, r store.Reader, c removal.Case) (from, back int64, err error) {
	err = r.Changes(ctx, store.ChangeQuery{Area: c.Area}, func(ch store.Change) error {
		switch {
		case ch.Household != c.Household:
		case ch.Cause == feed.CauseRemoval && from == 0 && !ch.Time.Before(announcedAt(c)):
			from = ch.Transaction
		case ch.Cause == feed.CauseReversal && back == 0 && ch.Transaction > from && from > 0:
			back = ch.Transaction
		}
		return nil
	})
	return from, back, err
}

// announcedAt is when the decision was frozen.
func announcedAt(c removal.Case) time.Time {
	for _, s := range c.Steps {
		if s.Kind == removal.Announce {
			return s.Time.Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

// begunReading is what an audit intent says of a page or stream.
type begunReading struct {
	From []feed.AreaPosition
	Load bool
}

// readersOf follows who was handed which transactions of one area.
type readersOf struct {
	area       string
	from, back int64
	intents    map[string]begunReading
	by         map[[2]string]*Reader
}

// entry takes one entry of the audit, in the order of writing.
func (t *readersOf) entry(e store.AuditEntry) error {
	switch {
	case e.Action != "sync.pull" && e.Action != "sync.follow":
	case e.Of == "":
		var begun begunReading
		if json.Unmarshal([]byte(e.Detail), &begun) == nil { // what was refused has another form
			t.intents[e.ID] = begun
		}
	default:
		begun, known := t.intents[e.Of]
		delete(t.intents, e.Of)
		var got counts
		if known && json.Unmarshal([]byte(e.Detail), &got) == nil {
			t.handed(e, positionIn(begun.From, t.area), positionIn(got.To, t.area), begun.Load)
		}
	}
	return nil
}

// handed notes that somebody was handed the area's transactions from one to another.
func (t *readersOf) handed(e store.AuditEntry, before, after int64, load bool) {
	who := [2]string{e.Agency, e.Client}
	r := t.by[who]
	if r == nil && after >= t.from && (load || before < t.from) && before < max(t.back, t.from) {
		r = &Reader{Agency: e.Agency, Client: e.Client, ReadAt: e.Time}
		t.by[who] = r
	}
	if r != nil && r.CorrectedAt.IsZero() && t.back > 0 && after >= t.back {
		r.CorrectedAt = e.Time
	}
}

func positionIn(all []feed.AreaPosition, area string) int64 {
	i := slices.IndexFunc(all, func(p feed.AreaPosition) bool { return p.Area == area })
	if i < 0 {
		return 0
	}
	return all[i].Transaction
}

func (t *readersOf) sorted() (out []Reader) {
	for _, r := range t.by {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Reader) int {
		return strings.Compare(a.Agency+"\x00"+a.Client, b.Agency+"\x00"+b.Client)
	})
	return out
}
