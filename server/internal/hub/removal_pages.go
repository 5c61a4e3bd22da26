package hub

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// householdOf is the household of a case as it is now, or was when it left the area.
func (h *Hub) householdOf(ctx context.Context, r store.Reader, c removal.Case) (*household.Household, error) {
	row, err := r.Household(ctx, c.Area, c.Household)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(fault.HouseholdNotFound)
	}
	if err != nil {
		return nil, err
	}
	return h.openHousehold(row)
}

// headAmong is the head of a household, nil where it has none at present.
func headAmong(present []*household.Person) *household.Person {
	i := slices.IndexFunc(present, func(p *household.Person) bool { return p.Relation == household.RelationHead })
	if i < 0 {
		return nil
	}
	return present[i]
}

func headName(present []*household.Person) string {
	if head := headAmong(present); head != nil {
		return head.Name
	}
	return ""
}

func personsOf(ends []removal.End) (out []string) {
	for _, e := range ends {
		if e.Person != "" && !slices.Contains(out, e.Person) {
			out = append(out, e.Person)
		}
	}
	return out
}

// CaseFile gathers everything about a case for its file (案卷).
func (h *Hub) CaseFile(ctx context.Context, c access.Caller, id string) (out pages.CaseFileData, err error) {
	err = h.audited(ctx, c, "removal.file", map[string]any{"case": named(id)}, func() (any, error) {
		return nil, h.Store.View(ctx, func(r store.Reader) error {
			s, err := h.visibleCase(ctx, r, c, id)
			if err != nil {
				return err
			}
			facts, err := h.householdOf(ctx, r, s.Case)
			if err != nil {
				return err
			}
			d, _, err := h.active(ctx, r)
			if err != nil {
				return err
			}
			out = h.caseFile(s, facts, d.Catalogue)
			return nil
		})
	})
	return out, err
}

func (h *Hub) caseFile(s CaseState, facts *household.Household, cat *catalogue.Catalogue) pages.CaseFileData {
	place, name := h.placeOf(s.Village)
	out := pages.CaseFileData{
		ID: s.ID, State: s.Today.Label().Chinese, OpenedOn: s.OpenedOn, PrintedOn: h.Today(), Keeper: place + "扶贫部门",
		Place: place, VillageName: name, VillageGroup: facts.VillageGroup, HeadName: headName(facts.PresentOn(s.OpenedOn)),
		Parameters: s.Parameters.Version, Basis: s.Parameters.Basis, Overridden: s.Overridden, Flagged: s.Flagged,
	}
	names := map[string]string{}
	for _, p := range facts.Persons {
		names[p.ID] = p.Name
		if p.PresentOn(s.OpenedOn) || slices.Contains(personsOf(s.Ends), p.ID) {
			out.Persons = append(out.Persons, pages.Person{ID: p.ID, Name: p.Name, Relation: household.LabelOf("Relation", string(p.Relation)).Chinese})
		}
	}
	for _, step := range s.Steps {
		out.Steps = append(out.Steps, h.stepPage(s.Case, step))
	}
	for _, e := range s.Ends {
		out.Ends = append(out.Ends, pages.End{Person: names[e.Person], Policy: policyName(cat, e.Policy), LastDay: e.LastDay, Rule: ruleNames[e.Rule]})
	}
	decisionPages(&out, s.Case)
	return out
}

// ruleNames say how the last day of a policy follows (Policy.AtRemoval).
var ruleNames = map[string]string{
	"at-once": "即行停止", "end-of-school-term": "至学期末", "end-of-school-stage": "至本学段结束", "end-of-insurance-year": "至参保年度末",
}

func policyName(cat *catalogue.Catalogue, code string) string {
	if code == household.AllPolicies {
		return "其余各项"
	}
	if p := cat.Policy(code); p != nil {
		return p.Title
	}
	return code
}

// roleOf names who takes a step.
func roleOf(kind removal.StepKind) string {
	for _, rule := range removal.Table() {
		if rule.Step != kind {
			continue
		}
		names := make([]string, len(rule.Roles))
		for i, r := range rule.Roles {
			names[i] = r.Label().Chinese
		}
		return strings.Join(names, "、")
	}
	return ""
}

func (h *Hub) stepPage(c removal.Case, s removal.Step) pages.Step {
	out := pages.Step{
		Number: s.Number, On: s.On, Name: s.Kind.Label().Chinese, Role: roleOf(s.Kind), Actor: s.Actor.Agency + " " + s.Actor.Person,
		Reason: s.Reason, Override: s.Override,
	}
	if m := s.Meeting; m != nil {
		out.Meeting = &pages.Meeting{On: m.On, Members: m.Members, Present: m.Present, Yes: m.Yes, No: m.No}
	}
	if p := s.Posting; p != nil {
		out.Posting = &pages.Posting{Place: p.Place, From: p.From}
		if s.Kind == removal.Post {
			if _, until, err := removal.Publicity(c, h.calendar); err == nil {
				out.Posting.Until = until
			}
		}
	}
	for _, hold := range s.Holds {
		out.Holds = append(out.Holds, hold.Kind.Label().Chinese)
	}
	for _, e := range s.Evidence {
		out.Evidence = append(out.Evidence, pages.Evidence{Kind: e.Kind.Label().Chinese, SHA256: e.SHA256, MediaType: e.MediaType, Dated: e.Dated})
	}
	return out
}

// decisionPages adds the decision, and the one that took it back.
func decisionPages(out *pages.CaseFileData, c removal.Case) {
	if c.Decision == "" {
		return
	}
	d := removal.Decision(c)
	out.Decision = &pages.Decision{
		ID: d.ID, Number: d.Number, DecidedOn: d.DecidedOn, AnnouncedOn: d.AnnouncedOn, EffectiveOn: d.EffectiveOn,
		DocumentTitle: d.Document.Issuer, DocNumber: d.Document.Number,
	}
	if c.Reversal == "" {
		return
	}
	r := removal.ReversalDecision(c)
	last := c.Steps[len(c.Steps)-1]
	out.Reversal = &pages.Reversal{
		ID: r.ID, On: r.DecidedOn, EffectiveOn: r.EffectiveOn, Ground: last.Ground.Label().Chinese, Reason: last.Reason,
		DocumentTitle: r.Document.Issuer, DocNumber: r.Document.Number,
	}
}
