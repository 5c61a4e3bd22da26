package hub

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// CaseState is a removal case with what depends on the day and on its storage.
type CaseState struct {
	removal.Case
	Etag         string
	OpenedOn     date.Date
	Today        removal.State
	Waiting      removal.Role // whom it waits for; "" where it has ended
	Since, Until date.Date

	place string // in the order of a worklist
}

// Proposal opens a case.
type Proposal struct {
	Household, Etag string // of the household
	Reason          string
	Evidence        []removal.Evidence
	RequestID       string
}

// CaseKey says which case a step is about, and what the caller saw of it.
type CaseKey struct{ ID, Etag, RequestID string }

// ProposeRemoval opens a case about a supported household; one at a time, by a person
// (clause 四(三): no bulk).
func (h *Hub) ProposeRemoval(ctx context.Context, c access.Caller, p Proposal) (CaseState, error) {
	area, err := h.areaOf(ctx, p.Household)
	if err != nil {
		return CaseState{}, err
	}
	k := CaseKey{ID: NewID("rc_"), RequestID: p.RequestID}
	step := removal.Step{Kind: removal.Propose, Reason: p.Reason, Evidence: p.Evidence}
	return h.stepped(ctx, c, k, area, p.Household, step, p, func(ctx context.Context, s *caseStep) error {
		if err := s.lockHousehold(ctx, p.Household, p.Etag); err != nil {
			return err
		}
		params, err := s.hub.procedure(ctx, s.tx, area, s.act.on)
		s.now = removal.Case{ID: k.ID, Area: area, Household: p.Household, Village: s.was.row.Village, Parameters: params}
		return err
	})
}

// TakeStep carries a case one step on. It says everything that is missing at once, and
// changes nothing then.
func (h *Hub) TakeStep(ctx context.Context, c access.Caller, k CaseKey, step removal.Step) (CaseState, error) {
	var row store.Case // its area and household never change
	err := h.Store.View(ctx, func(r store.Reader) (err error) {
		row, err = findCase(ctx, r, k.ID)
		return err
	})
	if err != nil {
		return CaseState{}, err
	}
	begin := func(ctx context.Context, s *caseStep) error { return s.lockCase(ctx, k) }
	return h.stepped(ctx, c, k, row.Area, row.Household, step, nil, begin)
}

// caseStep is one attempt at the transaction of a step.
type caseStep struct {
	hub    *Hub
	caller access.Caller
	tx     store.Tx
	act    act
	was    held // the household; facts nil where it isn't in the area any more
	row    store.Case
	now    removal.Case
}

// stepped does a step in one transaction, audited, under its request id.
func (h *Hub) stepped(ctx context.Context, c access.Caller, k CaseKey, area, household string, step removal.Step, asked any, begin func(context.Context, *caseStep) error) (CaseState, error) {
	parts := []any{"removal", step, asked}
	if asked == nil {
		parts = append(parts, k.ID, k.Etag)
	}
	q, err := h.request(c, k.RequestID, parts...)
	if err != nil {
		return CaseState{}, err
	}
	a := h.act(c, area, causeOf(step.Kind))
	id := k.ID
	err = h.audited(ctx, c, "removal."+strings.ToLower(string(step.Kind)), map[string]any{"area": area, "case": k.ID}, func() (any, error) {
		if err := h.evidenceIsThere(ctx, area, household, step.Evidence); err != nil {
			return nil, err
		}
		err := h.update(ctx, area, func(tx store.Tx) (int64, error) {
			if known, err := h.outcome(ctx, tx, q, &id); known || err != nil {
				return 0, err
			}
			n, err := (&caseStep{hub: h, caller: c, tx: tx, act: a}).run(ctx, step, begin)
			if err != nil {
				return 0, err
			}
			return n, h.keep(ctx, tx, q, a, k.ID)
		})
		return map[string]any{"case": id}, err
	})
	if err != nil {
		return CaseState{}, err
	}
	h.finishStep(ctx, step.Kind)
	return h.caseNow(ctx, c, id)
}

// finishStep does at once what a decision leaves to be done; what fails is done later by Keep.
func (h *Hub) finishStep(ctx context.Context, kind removal.StepKind) {
	if kind == removal.Reverse {
		if err := h.FinishReversals(ctx); err != nil {
			h.Log.Warn("reversal will be finished later", "error", err)
		}
	}
	if kind == removal.Announce || kind == removal.Reverse {
		if err := h.FinishLetters(ctx); err != nil {
			h.Log.Warn("letters will be drafted later", "error", err)
		}
	}
}

// run locks what the step is about and takes it.
func (s *caseStep) run(ctx context.Context, step removal.Step, begin func(context.Context, *caseStep) error) (int64, error) {
	if err := begin(ctx, s); err != nil {
		return 0, err
	}
	n, err := s.take(ctx, step)
	if errors.Is(err, store.ErrTaken) && step.Kind == removal.Propose {
		err = fault.New(fault.CaseOpen)
	}
	return n, err
}

// ended is stored as the day since when a case waits that waits for nobody any more.
const ended = "9999-12-31"

// causeOf is the cause of the changes that a step makes in the feed.
func causeOf(k removal.StepKind) string {
	if k == removal.Reverse {
		return feed.CauseReversal
	}
	return feed.CauseRemoval
}

// lockHousehold locks the household that a new case is about.
func (s *caseStep) lockHousehold(ctx context.Context, id, etag string) error {
	all, err := s.hub.lock(ctx, s.tx, s.act.area, []string{id})
	if err != nil {
		return err
	}
	was, ok := all[id]
	switch {
	case !ok || was.row.Gone:
		return fault.New(fault.HouseholdNotFound)
	case s.mayAct(ctx, was.row.Village) != nil:
		return fault.New(fault.HouseholdNotFound)
	case was.row.Etag != etag:
		return fault.New(fault.EtagStale, "current_etag", was.row.Etag)
	}
	s.was = was
	return nil
}

// lockCase locks the household, where it still lives here, and then the case.
func (s *caseStep) lockCase(ctx context.Context, k CaseKey) error {
	row, err := s.tx.Case(ctx, s.act.area, k.ID)
	if err != nil {
		return noCase(err)
	}
	all, err := s.hub.lock(ctx, s.tx, s.act.area, []string{row.Household})
	if err != nil {
		return err
	}
	if was, ok := all[row.Household]; ok && !was.row.Gone {
		// While a transfer is unfinished, the household lives elsewhere and a copy is here.
		lives, err := s.hub.where(ctx, s.tx, row.Household)
		if err != nil {
			return err
		}
		if lives == s.act.area {
			s.was = was
		}
	}
	if s.row, err = s.tx.LockCase(ctx, s.act.area, k.ID); err != nil {
		return noCase(err)
	}
	if s.mayAct(ctx, s.row.Village) != nil {
		return fault.New(fault.CaseNotFound)
	}
	if etag := s.hub.caseEtag(s.row); etag != k.Etag {
		return fault.New(fault.EtagStale, "current_etag", etag)
	}
	s.now, err = s.hub.openCase(s.row)
	return err
}

// mayAct refuses callers who have no role at all in a village's removals.
func (s *caseStep) mayAct(ctx context.Context, village string) error {
	roles, err := s.hub.removalRoles(ctx, s.tx, s.caller, village)
	if err == nil && len(roles) == 0 {
		err = fault.New(fault.NoAgreement, "agency", s.caller.Agency, "what", "removals")
	}
	return err
}

// take lets the pure room decide, and saves what it says.
func (s *caseStep) take(ctx context.Context, step removal.Step) (int64, error) {
	x, err := s.context(ctx, step)
	if err != nil {
		return 0, err
	}
	after, err := removal.Take(s.now, step, x)
	if err != nil {
		return 0, err
	}
	if err := s.hub.saveCase(ctx, s.tx, s.act, s.row, after); err != nil {
		return 0, err
	}
	if step.Kind == removal.Announce || step.Kind == removal.Reverse {
		if err := s.tell(ctx, after, step.Kind); err != nil {
			return 0, err
		}
	}
	switch step.Kind {
	case removal.Announce:
		return s.decide(ctx, removal.Decision(after))
	case removal.Reverse:
		return s.reverse(ctx, after)
	}
	return 0, nil
}

// context is what the pure room must know beside the case.
func (s *caseStep) context(ctx context.Context, step removal.Step) (removal.Context, error) {
	d, _, err := s.hub.active(ctx, s.tx)
	if err != nil {
		return removal.Context{}, err
	}
	roles, err := s.hub.removalRoles(ctx, s.tx, s.caller, s.now.Village)
	if err != nil {
		return removal.Context{}, err
	}
	x := removal.Context{
		Today: s.act.on, Time: s.act.time, Actor: removal.Actor{Agency: s.caller.Agency, Client: s.caller.Client, Person: s.caller.Person},
		Roles: roles, Calendar: s.hub.calendar, Household: s.was.facts, Catalogue: d.Catalogue,
	}
	if step.Kind == removal.Announce || step.Kind == removal.Reverse {
		x.Decision = s.hub.decisionID(s.now.ID, step.Kind)
	}
	if step.Kind == removal.Confirm || step.Kind == removal.Announce {
		x.OutOfLine, err = s.hub.outOfLine(ctx, s.tx, s.now, s.act.on)
	}
	return x, err
}

func (h *Hub) saveCase(ctx context.Context, tx store.Tx, a act, was store.Case, c removal.Case) error {
	doc, err := wire.EncodeCase(c)
	if err != nil {
		return err
	}
	sealed, err := h.Keys.Seal(doc, caseContext(c.Area, c.ID))
	if err != nil {
		return err
	}
	waiting, since, until := removal.Waiting(c, h.calendar)
	if waiting == "" {
		since = ended // after all that wait
	}
	opened := was.OpenedOn
	if opened == "" {
		opened = string(a.on)
	}
	return tx.SaveCase(ctx, store.Case{
		Area: c.Area, ID: c.ID, Household: c.Household, Village: c.Village, Revision: was.Revision + 1, State: string(c.State),
		Open: waiting != "", Waiting: string(waiting), Since: string(since), Until: string(until), OpenedOn: opened,
		Decision: c.Decision, Overridden: c.Overridden, Flagged: c.Flagged, Time: a.time, Document: sealed,
	})
}

func (h *Hub) openCase(row store.Case) (removal.Case, error) {
	doc, err := h.Keys.Open(row.Document, caseContext(row.Area, row.ID))
	if err != nil {
		return removal.Case{}, fmt.Errorf("case %s: %w", row.ID, err)
	}
	c, err := wire.DecodeCase(doc)
	if err != nil {
		return removal.Case{}, fmt.Errorf("case %s: %w", row.ID, err)
	}
	return c, nil
}

func caseContext(area, id string) []byte { return []byte("case\x00" + area + "\x00" + id) }

// caseEtag changes with every step.
func (h *Hub) caseEtag(row store.Case) string {
	sum := h.Keys.Hash("case-etag", fmt.Sprintf("%s %s %d %s", row.Area, row.ID, row.Revision, row.Time.UTC()))
	return fmt.Sprintf("%d-%s", row.Revision, hex.EncodeToString(sum[:6]))
}
