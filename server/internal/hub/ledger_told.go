package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/store"
)

// tell adds to what is still to be told of a reader that a page brought it from some
// positions to others; blocks show what stood when the page was read. Of an area there is
// one delivery: that is all that an entry can tell.
func tell(untold []store.Delivery, read *feed.Filter, from []feed.AreaPosition, page counts, load bool) []store.Delivery {
	if len(page.To) == 0 {
		return untold // it was handed nothing
	}
	for _, area := range read.Areas() {
		d := store.Delivery{Area: area, Lists: read.Lists(area), From: positionIn(from, area), Load: load}
		d.To = max(positionIn(page.To, area), positionIn(page.seen, area))
		if d.To <= d.From && !load {
			continue
		}
		if i := slices.IndexFunc(untold, func(was store.Delivery) bool { return was.Area == area }); i >= 0 {
			was := &untold[i]
			was.To, was.Load, was.Lists = max(was.To, d.To), was.Load || load, union(was.Lists, d.Lists)
			continue
		}
		untold = append(untold, d)
	}
	return untold
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

func positionIn(all []feed.AreaPosition, area string) int64 {
	i := slices.IndexFunc(all, func(p feed.AreaPosition) bool { return p.Area == area })
	if i < 0 {
		return 0
	}
	return all[i].Transaction
}

// The actions of the audit by which the feed is read.
const (
	pulls   = "sync.pull"
	follows = "sync.follow"
)

// brokenAfter is how long after its last sign a reading without an outcome counts as broken
// off. A page is read within minutes, and a stream has an entry after each End.
const brokenAfter = 30 * 24 * time.Hour

// Delivery says that a consumer was brought from one position of an area's feed to another.
type Delivery struct {
	store.Delivery
	Assumed bool // nothing says how the reading ended, so everything counts as handed (law 5)

	reading string // assumed: id of its intent
}

// consumer is a program of an agency.
type consumer struct{ agency, client string }

func consumerOf(d store.Delivery) consumer { return consumer{d.Agency, d.Client} }

// openReading is a page or stream of which nothing says how it ended.
type openReading struct {
	store.AuditEntry
	scopeRead
}

// scopeRead is what an intent says of the reading.
type scopeRead struct {
	Scope feed.Scope
	begunReading
}

// ledger is what is on record between two times of who was handed what.
type ledger struct {
	hub      *Hub
	agency   string // "": all
	from, to time.Time
	open     []openReading
	told     map[string][]store.Delivery // by area, those read so far
}

// ledger opens it. The readings without an outcome come first: one that ends meanwhile is
// found twice rather than not at all.
func (h *Hub) ledger(ctx context.Context, agency string, from, to time.Time) (*ledger, error) {
	l := &ledger{hub: h, agency: agency, from: from, to: to, told: map[string][]store.Delivery{}}
	take := func(e store.AuditEntry) error {
		o := openReading{AuditEntry: e}
		if agency != "" && e.Agency != agency {
			return nil
		}
		if json.Unmarshal([]byte(e.Detail), &o.scopeRead) == nil && len(o.From) > 0 { // what was refused names no positions
			l.open = append(l.open, o)
		}
		return nil
	}
	err := h.Store.OpenReadings(ctx, []string{follows}, time.Time{}, to, take) // a stream may be old and still open
	if err == nil {
		err = h.Store.OpenReadings(ctx, []string{pulls}, l.since(), to, take)
	}
	return l, err
}

// since is from when on signs count.
func (l *ledger) since() time.Time {
	if l.from.IsZero() {
		return l.from
	}
	return l.from.Add(-brokenAfter)
}

// deliveries are those told of an area, in order of writing.
func (l *ledger) deliveries(ctx context.Context, area string) (out []store.Delivery, err error) {
	all, err := l.all(ctx, area)
	for _, d := range all {
		if !d.Time.Before(l.from) {
			out = append(out, d)
		}
	}
	return out, err
}

func (l *ledger) all(ctx context.Context, area string) ([]store.Delivery, error) {
	if all, known := l.told[area]; known {
		return all, nil
	}
	var all []store.Delivery
	q := store.DeliveryQuery{Area: area, Agency: l.agency, From: l.since(), To: l.to}
	err := l.hub.Store.Deliveries(ctx, q, func(d store.Delivery) error { all = append(all, d); return nil })
	if err == nil {
		l.told[area] = all
	}
	return all, err
}

// assumed are the deliveries that the open readings may have made in an area, in order of
// time: beyond what is told, up to where the area stood when they broke off at the latest.
func (l *ledger) assumed(ctx context.Context, r store.Reader, area string) (out []Delivery, err error) {
	for _, o := range l.open {
		read := feed.NewFilter(l.hub.Divisions, o.Scope).Lists(area)
		if len(read) == 0 {
			continue
		}
		d := Delivery{Assumed: true, reading: o.ID, Delivery: store.Delivery{
			Area: area, Lists: read, From: positionIn(o.From, area), Load: o.Load, Agency: o.Agency, Client: o.Client, Time: o.Time,
		}}
		until, err := l.goOn(ctx, o, &d)
		if err != nil {
			return nil, err
		}
		if until.Before(l.from) {
			continue
		}
		at, err := positionAt(ctx, r, area, until)
		if err != nil {
			return nil, err
		}
		if d.To = max(d.From, at); d.To > d.From || d.Load {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Delivery) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.reading, b.reading)) })
	return out, nil
}

// goOn lets an assumed delivery begin where what is told of its reading ends, and gives the
// time until which the reading may have lasted.
func (l *ledger) goOn(ctx context.Context, o openReading, d *Delivery) (time.Time, error) {
	all, err := l.all(ctx, d.Area)
	for _, t := range all {
		if t.Of == o.ID {
			d.From, d.Load, d.Time = max(d.From, t.To), false, t.Time
		}
	}
	last := o.Time
	if err == nil && o.Action == follows && last.Add(brokenAfter).Before(l.to) {
		last, err = l.lastSign(ctx, o)
	}
	if until := last.Add(brokenAfter); until.Before(l.to) {
		return until, err
	}
	return l.to, err
}

// lastSign is when an entry last told of a stream, in any area.
func (l *ledger) lastSign(ctx context.Context, o openReading) (time.Time, error) {
	last := o.Time
	for _, at := range o.From {
		all, err := l.all(ctx, at.Area)
		if err != nil {
			return last, err
		}
		for _, t := range all {
			if t.Of == o.ID && t.Time.After(last) {
				last = t.Time
			}
		}
	}
	return last, nil
}

// positionAt is the last transaction that an area had before a time.
func positionAt(ctx context.Context, r store.Reader, area string, at time.Time) (int64, error) {
	heads, err := r.Heads(ctx, []string{area})
	if err != nil || len(heads) == 0 {
		return 0, err
	}
	before, after := heads[0].OldestKept-1, heads[0].Last+1
	for middle := heads[0].Last; after-before > 1; middle = before + (after-before)/2 {
		made, err := madeAt(ctx, r, area, middle)
		if err != nil {
			return 0, err
		}
		if made.Before(at) {
			before = middle
		} else {
			after = middle
		}
	}
	return before, nil
}

// madeAt is the time of a transaction.
func madeAt(ctx context.Context, r store.Reader, area string, number int64) (at time.Time, err error) {
	err = r.Changes(ctx, store.ChangeQuery{Area: area, After: number - 1, UpTo: number}, func(ch store.Change) error {
		at = ch.Time
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return at, err
}
