package mirror

import (
	"context"
	"errors"
	"strings"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// run gathers what one Pull, or one stretch of Follow, does.
type run struct {
	result Result
	counts counts
	rows   int64
}

func newRun() *run {
	return &run{result: Result{Reloads: []string{}, Healed: []Village{}}, counts: counts{}}
}

// stored counts a page; what a load takes in counts when it becomes visible.
func (r *run) stored(p *page, b *batch, a *applier) {
	r.result.Pages++
	r.rows += a.rows + b.rows
	if p.end != nil {
		r.result.End = endOf(p.end)
	}
	if a.side == live {
		r.counts.merge(b.counts)
		r.counts.merge(a.left)
	}
}

// finish gives the result; being held is one, and no error.
func (r *run) finish(err error) (Result, error) {
	if held := heldBy(err); held != nil {
		r.result.Held, err = held, nil
	}
	r.result.Counts = r.counts.sorted()
	return r.result, err
}

// Pull brings the mirror to the hub's present state and compares every village. It
// continues whatever was interrupted: a load, a run, a held page. After an error the
// mirror is as the last page stored left it; call Pull again.
func (s *Syncer) Pull(ctx context.Context) (Result, error) {
	r := newRun()
	err := s.begin(ctx)
	if err == nil {
		err = s.pull(ctx, r)
	}
	return r.finish(err)
}

// Follow pulls, then keeps the mirror current until ctx ends. Report gets what each
// catch-up did. It returns when ctx ends (nil error), when the shrink guard holds a page
// (the last Result says so), or when going on needs somebody's help.
func (s *Syncer) Follow(ctx context.Context, report func(Result)) (Result, error) {
	r := newRun()
	for {
		err := s.begin(ctx)
		if err == nil {
			err = s.pull(ctx, r)
		}
		if err == nil {
			r, err = s.watch(ctx, r, report)
		}
		if ctx.Err() != nil {
			return r.finish(nil)
		}
		if err != nil {
			return r.finish(err)
		}
	}
}

// Heal fetches villages anew, whatever their digests say, then pulls and compares.
func (s *Syncer) Heal(ctx context.Context, villages ...Village) (Result, error) {
	r := newRun()
	err := s.begin(ctx)
	if err == nil && s.state.side == live && s.state.cursor != "" {
		err = s.heal(ctx, r, villages)
	}
	if err == nil {
		err = s.pull(ctx, r)
	}
	return r.finish(err)
}

// begin reads where the mirror stands and starts or continues a guarded run.
func (s *Syncer) begin(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	if err := s.refreshCatalogue(ctx); err != nil {
		return err
	}
	return s.beginGuard(ctx)
}

// pull catches up, compares, heals, and again, until everything is equal.
func (s *Syncer) pull(ctx context.Context, r *run) error {
	for round := 0; ; round++ {
		end, err := s.catchUp(ctx, r)
		if err != nil {
			return err
		}
		villages, err := s.compare(ctx, end)
		if err != nil {
			return err
		}
		if len(villages) == 0 {
			return s.settle(ctx, r)
		}
		if round == healRounds {
			return &DifferError{Villages: villages, Reason: "still different after healing"}
		}
		if err := s.heal(ctx, r, villages); err != nil {
			return err
		}
	}
}

// settle makes a load visible and ends the guarded run.
func (s *Syncer) settle(ctx context.Context, r *run) error {
	if s.state.side == loading {
		if err := s.reveal(ctx, r); err != nil {
			return err
		}
	}
	next := s.next()
	next.guard = guard{}
	err := s.move(ctx, &next, func(sinkTx) (counts, error) { return nil, nil })
	r.result.Current = err == nil
	return err
}

// catchUp stores pages up to the End. Where the cursor is no longer good it begins a
// load by itself.
func (s *Syncer) catchUp(ctx context.Context, r *run) (*hubv1.End, error) {
	if s.state.cursor == "" && s.state.side == live {
		if err := s.beginLoad(ctx); err != nil {
			return nil, err
		}
	}
	for {
		end, err := s.stream(ctx, r)
		why := reloadReason(err)
		if why == "" || len(r.result.Reloads) == reloadsPerRun {
			return end, err
		}
		s.config.Log.Warn("beginning again with an empty cursor, beside the visible rows", "reason", why)
		r.result.Reloads = append(r.result.Reloads, why)
		if err := s.refreshCatalogue(ctx); err != nil {
			return nil, err
		}
		if err := s.beginLoad(ctx); err != nil {
			return nil, err
		}
	}
}

// errListsChanged says that a table's fields are no longer those of the catalogue.
var errListsChanged = errors.New("mirror: the fields of a list changed")

// reloadReason is "" for an error that a reload would not cure.
func reloadReason(err error) string {
	if errors.Is(err, errListsChanged) {
		return "LISTS_CHANGED"
	}
	if e := client.Of(err); e != nil && e.Remedy == client.Reload {
		return strings.TrimPrefix(e.Reason.String(), "REASON_")
	}
	return ""
}

// stream stores pages until the End.
func (s *Syncer) stream(ctx context.Context, r *run) (*hubv1.End, error) {
	if s.listsChanged() {
		return nil, errListsChanged
	}
	var end *hubv1.End
	for p, err := range s.pages(ctx, s.request(false)) {
		if err != nil {
			return nil, err
		}
		if err := s.apply(ctx, r, p); err != nil {
			return nil, err
		}
		end = p.end
	}
	return end, s.checkCatalogue(ctx, end)
}

func (s *Syncer) request(watch bool) *hubv1.FollowRequest {
	size := s.config.PageSize
	if size == 0 && s.state.side == loading {
		size = loadPage
	}
	return &hubv1.FollowRequest{Scope: s.scope(), Cursor: s.state.cursor, PageSize: size, Live: watch}
}

// checkCatalogue notices that the catalogue changed while pages came.
func (s *Syncer) checkCatalogue(ctx context.Context, end *hubv1.End) error {
	if end.GetCatalogue() == s.catalogue.GetVersion() {
		return nil
	}
	if err := s.refreshCatalogue(ctx); err != nil {
		return err
	}
	if s.listsChanged() {
		return errListsChanged
	}
	return nil
}

// listsChanged compares the tables' fingerprints with the catalogue's.
func (s *Syncer) listsChanged() bool {
	for _, l := range s.catalogue.GetLists() {
		t := s.tables(s.state.side)[l.GetName()]
		if t != nil && t.list.GetFingerprint() != l.GetFingerprint() {
			return true
		}
	}
	return false
}

// watch reports a run that is current, then stores the pages of a live stream. It
// returns the run begun last, without an error where a pull is needed to finish it: to
// reload, or since a village differs.
func (s *Syncer) watch(ctx context.Context, r *run, report func(Result)) (*run, error) {
	r = r.handIn(report)
	if err := s.beginGuard(ctx); err != nil {
		return r, err
	}
	for p, err := range s.pages(ctx, s.request(true)) {
		equal := false
		if err == nil {
			equal, err = s.watchPage(ctx, r, p)
		}
		if reloadReason(err) != "" {
			return r, nil // pull meets the same refusal and takes the remedy
		}
		if err != nil {
			return r, err
		}
		if p.end == nil {
			continue
		}
		if !equal {
			return r, nil
		}
		if err := s.newDay(ctx, r.result.End); err != nil {
			return r, err
		}
		r = r.handIn(report)
	}
	return r, nil
}

// handIn reports a run whose visible rows equal the hub's, and begins the next.
func (r *run) handIn(report func(Result)) *run {
	r.result.Current, r.result.Counts = true, r.counts.sorted()
	report(r.result)
	return newRun()
}

// watchPage stores one page and says whether it ended with everything equal to the hub's.
func (s *Syncer) watchPage(ctx context.Context, r *run, p *page) (equal bool, err error) {
	if err := s.apply(ctx, r, p); err != nil || p.end == nil {
		return false, err
	}
	if err := s.checkCatalogue(ctx, p.end); err != nil {
		return false, err
	}
	villages, err := s.compare(ctx, p.end)
	return len(villages) == 0, err
}

// newDay begins the guard's count anew with the hub's day: for a live mirror, a run is a day.
func (s *Syncer) newDay(ctx context.Context, end *End) error {
	day := ""
	for _, a := range end.Areas {
		day = max(day, a.DerivedFor)
	}
	if day <= s.state.guard.Day {
		return nil
	}
	if s.state.guard.Day != "" {
		s.state.guard = guard{}
		if err := s.beginGuard(ctx); err != nil {
			return err
		}
	}
	s.state.guard.Day = day
	return nil
}
