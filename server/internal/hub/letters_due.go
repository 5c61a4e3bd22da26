package hub

import (
	"context"
	"time"

	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// lettersKind is the intent that has the departments told about a decision. It is saved in
// the decision's own transaction, so that no decision is ever without its letters.
const lettersKind = "letters"

// lettersDue is what an intent of this kind says: the items by department, as frozen with
// the decision; or that the decision was taken back.
type lettersDue struct {
	Area, Household, Case, Decision string
	At                              time.Time // of the announcement or reversal
	Departments                     map[string][]letter.Item
	Reversal                        string    // "": a removal
	From                            date.Date // of a reversal: first day of support
}

// tell leaves the intent for the letters about the case's decision.
func (s *caseStep) tell(ctx context.Context, c removal.Case, kind removal.StepKind) error {
	due := lettersDue{Area: c.Area, Household: c.Household, Case: c.ID, Decision: c.Decision, At: s.act.time}
	if kind == removal.Reverse {
		r := removal.ReversalDecision(c)
		due.Reversal, due.From = r.ID, r.EffectiveOn
	} else {
		d, _, err := s.hub.active(ctx, s.tx)
		if err != nil {
			return err
		}
		due.Departments = departmentsOf(d.Catalogue, s.was.facts, c)
	}
	id := "in_letters_" + c.Decision + due.Reversal
	return s.hub.saveIntent(ctx, s.tx, store.Intent{ID: id, Kind: lettersKind, Area: c.Area, Time: s.act.time}, due)
}

// departmentsOf sorts what a decision ends into what each department has to know.
func departmentsOf(cat *catalogue.Catalogue, facts *household.Household, c removal.Case) map[string][]letter.Item {
	out := map[string][]letter.Item{}
	for _, e := range c.Ends {
		p := cat.Policy(e.Policy)
		if p == nil || p.Department == letter.Own { // the default for all policies names no department
			continue
		}
		i := letter.Item{
			Kind: letter.End, Household: c.Household, Person: e.Person, HouseholdWide: e.Person == "", Village: c.Village,
			Case: c.ID, Decision: c.Decision, DecisionNumber: c.DecisionNumber, Policy: p.Code, PolicyTitle: p.Title, LastDay: e.LastDay, Effective: c.EffectiveOn,
		}
		if i.HouseholdWide {
			i.Person = headPerson(facts.PresentOn(c.EffectiveOn))
		}
		out[p.Department] = append(out[p.Department], asKnown(i, facts.Person(i.Person)))
	}
	return out
}

// asKnown gives an item with its person as known; nil changes nothing.
func asKnown(i letter.Item, p *household.Person) letter.Item {
	if p != nil {
		i.Name, i.IDNumber, i.BirthDate = p.Name, p.IDNumber, p.BirthDate
	}
	return i
}

// headPerson is the id of the household's head or, without one, of its first person.
func headPerson(present []*household.Person) string {
	if head := headAmong(present); head != nil {
		return head.ID
	}
	if len(present) == 0 {
		return ""
	}
	return present[0].ID
}
