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

// Announcement is what may be posted in public about the cases of a village: those in
// publicity, or those announced. Nothing in it tells a number or a phone.
func (h *Hub) Announcement(ctx context.Context, c access.Caller, village string, state removal.State) (out pages.AnnouncementData, err error) {
	area, err := h.villageArea(village)
	if err != nil {
		return out, err
	}
	detail := map[string]any{"village": village, "state": state}
	err = h.audited(ctx, c, "removal.announcement", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error {
			if err := h.maySeeRemovals(ctx, r, c, village); err != nil {
				return err
			}
			p, err := h.procedure(ctx, r, area, h.Today())
			if err != nil {
				return err
			}
			out = h.announcement(village, state, p)
			return r.Cases(ctx, store.CaseQuery{Area: area, Village: village, State: string(state)}, func(row store.Case) error {
				one, err := h.announced(ctx, r, row)
				if err == nil {
					out.Households = append(out.Households, one)
				}
				return err
			})
		})
		return map[string]any{"cases": len(out.Households)}, err
	})
	return out, err
}

func (h *Hub) announcement(village string, state removal.State, p removal.Parameters) pages.AnnouncementData {
	place, name := h.placeOf(village)
	committee := committeeOf(name)
	return pages.AnnouncementData{
		Final: state == removal.Announced, Place: place, VillageName: name, Basis: p.Basis, ObjectTo: committee + "，或所在乡镇",
		Issuer: committee, Issued: h.Today(),
	}
}

// committeeOf names a village's committee; most divisions of that level bear its name already.
func committeeOf(village string) string {
	if strings.HasSuffix(village, "委会") || strings.HasSuffix(village, "委员会") {
		return village
	}
	return village + "村民委员会"
}

// placeOf names a village's township with everything above it, and the village.
func (h *Hub) placeOf(village string) (place, name string) {
	path := h.Divisions.Path(village)
	if len(path) == 0 {
		return "", ""
	}
	return strings.Join(path[:len(path)-1], ""), path[len(path)-1]
}

func (h *Hub) announced(ctx context.Context, r store.Reader, row store.Case) (out pages.AnnouncedHousehold, err error) {
	c, err := h.openCase(ctx, r, row)
	if err != nil {
		return out, err
	}
	facts, err := h.householdOf(ctx, r, c)
	if err != nil {
		return out, err
	}
	present := facts.PresentOn(h.Today())
	out = pages.AnnouncedHousehold{
		VillageGroup: facts.VillageGroup, HeadName: headName(present), Persons: len(present), EffectiveOn: c.EffectiveOn, DecisionNumber: c.DecisionNumber,
	}
	if c.State == removal.Announced {
		out.Persons = len(personsOf(c.Ends))
		return out, nil
	}
	out.EffectiveOn, out.DecisionNumber = "", ""
	out.From, out.Until, err = removal.Publicity(c, h.calendar)
	return out, err
}

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

func headName(present []*household.Person) string {
	for _, p := range present {
		if p.Relation == household.RelationHead {
			return p.Name
		}
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
