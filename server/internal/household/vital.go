package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Birth registers a newborn, who may have no ID number yet, under the hub id that the
// caller gives. Whoever is born into an unsupported household goes with it, for review.
// RevokeBirth is the way back.
func Birth(h *Household, child Person) (*Household, error) {
	if h.closed() {
		return nil, fault.New(fault.HouseholdClosed)
	}
	out := h.Clone()
	child = child.clone()
	child.JoinedOn, child.JoinReason = child.BirthDate, JoinBirth
	child.LeftOn, child.LeaveReason, child.LeaveEvidence = "", "", ""
	child.FormerIDNumbers, child.WrongIDNumbers, child.Duplicates, child.DuplicateOf = nil, nil, nil, ""
	child.Education, child.Insurances = nil, nil // other departments' facts
	out.Persons = append(out.Persons, child)
	Normalise(out)
	return out, nil
}

// RevokeBirth takes the registration of a birth back: nobody of the kind was born. The
// child stays in the history, but was a member on no day.
func RevokeBirth(h *Household, person string, d Document) (*Household, error) {
	out := h.Clone()
	p := out.Person(person)
	switch {
	case p == nil || p.moved() || p.JoinReason != JoinBirth:
		return nil, violated("person", fault.PersonUnknown)
	case p.LeaveReason == LeaveDeath:
		return nil, fault.New(fault.NotReversible, "why", "the child's death is recorded; revoke it first", "why_zh", "已登记该儿童死亡,请先撤销")
	}
	p.LeftOn, p.LeaveReason, p.LeaveEvidence = p.JoinedOn, LeaveOther, d.Number
	Normalise(out)
	return out, nil
}

// Passing is what the office states about a death, or about one that was none.
type Passing struct {
	Person   string
	On       date.Date           // first day on which the person no longer belongs; not of a revocation
	Staying  map[string]Relation // new relations of those who live on, where the head died
	Document Document
}

// Death records a member's death with its evidence; it ends the person's support with a
// basis of its own. A household in which nobody is left goes on until it is closed.
// RevokeDeath is the way back.
func Death(h *Household, d Passing) (*Household, error) {
	out := h.Clone()
	p := out.Person(d.Person)
	if p == nil || !p.PresentOn(d.On) {
		return nil, violated("person", fault.PersonUnknown)
	}
	p.LeftOn, p.LeaveReason, p.LeaveEvidence = d.On, LeaveDeath, d.Document.Number
	if err := out.stay(d.Staying); err != nil {
		return nil, err
	}
	Normalise(out)
	return out, nil
}

// RevokeDeath takes a recorded death back: the person lives, and belongs to the
// household as if nothing had been recorded.
func RevokeDeath(h *Household, d Passing) (*Household, error) {
	out := h.Clone()
	p := out.Person(d.Person)
	if p == nil || p.LeaveReason != LeaveDeath {
		return nil, violated("person", fault.PersonUnknown)
	}
	if out.closed() {
		return nil, fault.New(fault.HouseholdClosed)
	}
	p.LeftOn, p.LeaveReason, p.LeaveEvidence = "", "", ""
	if err := out.stay(d.Staying); err != nil {
		return nil, err
	}
	Normalise(out)
	return out, nil
}

// Close closes a household for good, with evidence of its own: nobody is left in it, or
// it should never have been registered. Everybody's support in it ends by that; Reopen
// is the way back.
func Close(h *Household, c Closing) (*Household, error) {
	out := h.Clone()
	status := Closed
	switch {
	case h.closed():
		return nil, fault.New(fault.HouseholdClosed)
	case c.Kind == ClosingError:
		status = Removed
	case c.Kind != ClosingDeath:
		return nil, violated("kind", fault.SetByUseCase, "call", "MergeHouseholds")
	case len(h.PresentOn(c.On)) > 0:
		return nil, violated("kind", fault.EvidenceMissing, "what", "how each present member died or left", "what_zh", "每名在户成员的死亡或离户依据")
	}
	out.Register.PovertyStatus = status
	out.Closing = &c
	return out, nil
}

// Reopen takes the closing of a household back; its poverty status is the office's to
// state, as the closing replaced it.
func Reopen(h *Household, status PovertyStatus) (*Household, error) {
	out := h.Clone()
	switch {
	case h.Closing == nil:
		return nil, fault.New(fault.NotReversible, "why", "the household is not closed", "why_zh", "该户未销户")
	case h.Closing.Kind == ClosingMerge:
		return nil, fault.New(fault.NotReversible, "why", "it was merged into another household; use UnmergeHouseholds", "why_zh", "该户系并入他户,请撤销并户")
	case status == Closed || status == Removed:
		return nil, violated("poverty_status", fault.OutOfRange, "range", "≠ CLOSED, REMOVED")
	}
	out.Closing, out.Register.PovertyStatus = nil, status
	return out, nil
}

// Unmerge takes an Absorb back: those who came by it and are still there stand in the
// reopened household again, with their own facts and decisions.
func Unmerge(united, closed *Household, s Splitting) (rest, reopened *Household, err error) {
	if closed.Closing == nil || closed.Closing.Kind != ClosingMerge || !slices.Contains(united.FormerHouseholdNumbers, closed.HouseholdNumber) {
		return nil, nil, fault.New(fault.NotReversible, "why", "the one household was not merged into the other", "why_zh", "两户并无并户关系")
	}
	s.Leaving = make(map[string]Relation)
	for _, p := range closed.Persons {
		now := united.Person(p.ID)
		if p.LeaveReason == LeaveMerge && p.LeftOn == closed.Closing.On && now != nil && now.PresentOn(s.On) {
			s.Leaving[p.ID] = p.Relation
		}
	}
	return Split(united, closed, s)
}
