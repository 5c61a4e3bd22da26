package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// CopyProof is what a recipient's copy of the roster holds about the persons of a letter.
type CopyProof struct {
	Positions []feed.AreaPosition
	Divisions []string // none: all that the agreement covers
	Rows      int
	Digest    string
}

// holds tells whether a village of an area is within the copy.
func (p *CopyProof) holds(tree *division.Tree, area, village string) bool {
	inArea := slices.ContainsFunc(p.Positions, func(at feed.AreaPosition) bool { return at.Area == area })
	return inArea && (len(p.Divisions) == 0 || slices.ContainsFunc(p.Divisions, func(d string) bool { return tree.Contains(d, village) }))
}

// Applied says how a recipient knows that it has applied a letter.
type Applied struct {
	Copy  *CopyProof // nil: a person has counted
	Count int
}

// ReportApplied says that the caller's agency has applied a letter.
func (h *Hub) ReportApplied(ctx context.Context, c access.Caller, k LetterKey, by Applied) (letter.View, error) {
	return h.onLetter(ctx, c, k, "applied", by, func(ctx context.Context, s *letterStep) (letter.Letter, bool, error) {
		rep := letter.Report{Count: by.Count, Copy: by.Copy != nil}
		after, changed, err := letter.ReportApplied(s.now, rep, s.x)
		if err == nil && changed {
			err = s.beingCorrected(ctx)
		}
		if err != nil || !changed || !rep.Copy {
			return after, changed && err == nil, err
		}
		if rep.Differs, err = s.differs(ctx, *by.Copy); err != nil {
			return s.now, false, err
		}
		return letter.ReportApplied(s.now, rep, s.x)
	})
}

// differs compares a copy with the roster as it is. A copy that stands before anything
// that it is compared with is refused, and judged only when it has caught up.
func (s *letterStep) differs(ctx context.Context, p CopyProof) (bool, error) {
	rows, areas, err := s.onRoster(ctx, p)
	if err != nil {
		return false, err
	}
	heads, err := s.tx.Heads(ctx, areas)
	if err != nil {
		return false, err
	}
	own, _ := headOf(heads, s.act.area)
	if date.Date(own.DerivedFor) < s.now.EffectiveOn() {
		return false, fault.New(fault.LetterNotInEffect, "on", string(s.now.EffectiveOn()))
	}
	if positionIn(p.Positions, s.act.area) < s.now.Transaction {
		return false, behind(s.act.area, s.now.Transaction)
	}
	for n, at := range p.Positions {
		if head, known := headOf(heads, at.Area); known && at.Transaction > head.Last {
			bad := fault.Bad(fmt.Sprintf("copy.positions[%d].transaction", n), fault.OutOfRange, "range", fmt.Sprint("≤ ", head.Last))
			return false, fault.List(fault.InvalidRequest, []fault.Violation{bad})
		}
	}
	if p.Rows == len(rows) && p.Digest == letter.CopyDigest(rows) {
		return false, nil
	}
	if moving, err := s.tx.Intents(ctx, transferKind); err != nil || len(moving) > 0 {
		return false, errors.Join(err, behind(own.Area, own.Last)) // somebody stands in two areas for a moment
	}
	for _, head := range heads {
		reads := slices.ContainsFunc(p.Positions, func(at feed.AreaPosition) bool { return at.Area == head.Area })
		if reads && positionIn(p.Positions, head.Area) < head.Last {
			return false, behind(head.Area, head.Last)
		}
	}
	return true, nil
}

func behind(area string, transaction int64) error {
	return fault.New(fault.LetterBehind, "area", area, "transaction", fmt.Sprint(transaction))
}

// beingCorrected refuses to have applied what is about to be taken back: a decision of the
// letter was reversed, or a correcting letter waits to be issued.
func (s *letterStep) beingCorrected(ctx context.Context) error {
	pending := slices.ContainsFunc(s.now.Items, func(i letter.Item) bool {
		return i.Kind != letter.Resume && i.Corrected == "" && s.reversed[i.Case]
	})
	for _, state := range []letter.State{letter.Draft, letter.Signed} {
		q := store.LetterQuery{Area: s.act.area, Department: s.now.Department, State: string(state)}
		err := s.hub.eachLetter(ctx, s.tx, q, func(_ store.Letter, l letter.Letter) {
			pending = pending || slices.Contains(l.Corrects, s.now.ID)
		})
		if err != nil {
			return err
		}
	}
	if pending {
		return fault.New(fault.LetterBeingCorrected)
	}
	return nil
}

// onRoster gives the roster's rows about the letter's persons, wherever they live now, as
// far as the copy goes and the caller's agreements cover it; and the areas in which they live.
func (s *letterStep) onRoster(ctx context.Context, p CopyProof) (rows []letter.Row, areas []string, err error) {
	persons := s.now.Persons()
	homes, err := s.hub.find(ctx, s.tx, aliasPerson, persons)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.hub.agreements(ctx, s.tx, s.caller.Agency)
	if err != nil {
		return nil, nil, err
	}
	if d := access.AllowListSomewhere(all, s.caller, letter.Roster, s.x.Today); d.Verdict != access.Allowed {
		return nil, nil, refusal(s.caller, d, "list "+letter.Roster) // nothing of it can be in the copy
	}
	households := map[string][]string{s.act.area: nil}
	for _, at := range homes {
		households[at.Area] = append(households[at.Area], at.Household)
	}
	for area, ids := range households {
		areas = append(areas, area)
		records, err := s.tx.HouseholdRecords(ctx, area, slices.Compact(slices.Sorted(slices.Values(ids))))
		if err != nil {
			return nil, nil, err
		}
		for _, rec := range records {
			if rec.List == letter.Roster && slices.Contains(persons, rec.Person) && p.holds(s.hub.Divisions, area, rec.Village) &&
				access.AllowList(s.hub.Divisions, all, s.caller, letter.Roster, rec.Village, s.x.Today).Verdict == access.Allowed {
				rows = append(rows, letter.Row{Person: rec.Person, Hash: rec.Hash})
			}
		}
	}
	return rows, areas, nil
}

// AnswerObjection answers what a recipient objects to. A correction needs something that
// was corrected: the decision taken back, or the person known otherwise than the letter says.
func (h *Hub) AnswerObjection(ctx context.Context, c access.Caller, k LetterKey, number int, state letter.ObjectionState, reason string) (letter.View, error) {
	asked := []any{number, state, reason}
	return h.onLetter(ctx, c, k, "answer", asked, func(ctx context.Context, s *letterStep) (letter.Letter, bool, error) {
		if err := s.acts(ctx, letter.RolePrepare); err != nil {
			return s.now, false, err
		}
		after, err := letter.Answer(s.now, number, state, reason, s.x)
		if err != nil {
			return s.now, false, err
		}
		switch o := s.now.Objections[number-1]; {
		case state != letter.Corrected:
		case o.Item > 0:
			err = s.corrected(ctx, s.now.Items[o.Item-1], fmt.Sprintf("%s %d", k.ID, number))
		case len(s.reversed) == 0 && len(s.now.CorrectedBy) == 0: // the copy differs, and not the letter
			err = fault.New(fault.NothingCorrected)
		}
		return after, true, err
	})
}

// corrected wants something about an item that was corrected: the decision was taken back,
// of which the reversal's own letters tell; or the person is known otherwise than the letter
// says, which everybody is told who was told so; or died.
func (s *letterStep) corrected(ctx context.Context, i letter.Item, objection string) error {
	known := s.hub.acquainted(s.tx, s.act.area)
	if err := known.with(ctx, []letter.Item{i}); err != nil {
		return err
	}
	switch {
	case i.Kind != letter.Resume && s.reversed[i.Case]:
		return nil
	case known.named(i) != i:
		return s.restate(ctx, known, i, objection)
	case known.died(i.Person) != "", known.merged(i.Person):
		return nil
	}
	return fault.New(fault.NothingCorrected)
}
