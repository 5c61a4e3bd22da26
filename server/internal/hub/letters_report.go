package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// CopyProof is what a recipient's copy of the roster holds about the persons of a letter.
type CopyProof struct {
	Positions []feed.AreaPosition
	Rows      int
	Digest    string
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
		if err != nil || !changed || !rep.Copy {
			return after, changed, err
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
	rows, areas, err := s.onRoster(ctx)
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
	if p.Rows == len(rows) && p.Digest == letter.CopyDigest(rows) {
		return false, nil
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

// onRoster gives the roster's rows about the letter's persons, wherever they live now, as
// far as the caller's agreements cover it; and the areas in which they live.
func (s *letterStep) onRoster(ctx context.Context) (rows []letter.Row, areas []string, err error) {
	persons := s.now.Persons()
	homes, err := s.hub.find(ctx, s.tx, aliasPerson, persons)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.hub.agreements(ctx, s.tx, s.caller.Agency)
	if err != nil {
		return nil, nil, err
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
			if rec.List == letter.Roster && slices.Contains(persons, rec.Person) &&
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
		if o := s.now.Objections[number-1]; state == letter.Corrected && o.Item > 0 {
			err = s.corrected(ctx, s.now.Items[o.Item-1], fmt.Sprintf("%s %d", k.ID, number))
		}
		return after, true, err
	})
}

// corrected wants something about an item that was corrected: the person is known otherwise
// than the letter says, which is drafted to everybody who was told so; or died; or the
// decision was taken back, of which the reversal's own letters tell.
func (s *letterStep) corrected(ctx context.Context, i letter.Item, objection string) error {
	facts, err := s.householdOfPerson(ctx, i)
	if err != nil {
		return err
	}
	reversed := func(i letter.Item) bool {
		return slices.ContainsFunc(facts.Decisions, func(d household.Decision) bool { return d.Reverses == i.Decision })
	}
	named := func(i letter.Item) letter.Item {
		if reversed(i) {
			return i // it is taken back, and not restated
		}
		return asKnown(i, facts)
	}
	if asKnown(i, facts) != i {
		return s.hub.restate(ctx, s.tx, s.act, i, named, objection)
	}
	p := facts.Person(i.Person)
	died := p != nil && p.LeaveReason == household.LeaveDeath
	if !died && !reversed(i) {
		return fault.New(fault.NothingCorrected)
	}
	return nil
}

// householdOfPerson opens the household in which the person of an item stands today.
func (s *letterStep) householdOfPerson(ctx context.Context, i letter.Item) (*household.Household, error) {
	area, id := s.act.area, i.Household
	homes, err := s.hub.find(ctx, s.tx, aliasPerson, []string{i.Person})
	if err != nil {
		return nil, err
	}
	if at, ok := homes[i.Person]; ok {
		area, id = at.Area, at.Household
	}
	return s.hub.householdOf(ctx, s.tx, removal.Case{Area: area, Household: id})
}
