package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// agreed keeps opened agreements, by agency, of one state of the store's.
type agreed struct {
	mu    sync.Mutex
	state store.Meta
	of    map[string][]access.Agreement
}

// maxAgencies bounds the agencies whose agreements are kept.
const maxAgencies = 1000

// agreements gives the agreements of an agency, all of them for ""; callers only read them.
func (h *Hub) agreements(ctx context.Context, r store.Reader, agency string) ([]access.Agreement, error) {
	m, err := r.Meta(ctx)
	if err != nil {
		return nil, err
	}
	if all, ok := h.agreed.find(m, agency); ok {
		return all, nil
	}
	all, err := h.openAgreements(ctx, r, agency)
	if err == nil {
		h.agreed.keep(m, agency, all)
	}
	return all, err
}

func (a *agreed) find(state store.Meta, agency string) ([]access.Agreement, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, ok := a.of[agency]
	return all, ok && a.state == state
}

func (a *agreed) keep(state store.Meta, agency string, all []access.Agreement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil || a.state != state || len(a.of) >= maxAgencies {
		a.state, a.of = state, map[string][]access.Agreement{}
	}
	a.of[agency] = all
}

func (h *Hub) openAgreements(ctx context.Context, r store.Reader, agency string) ([]access.Agreement, error) {
	rows, err := r.Agreements(ctx, agency)
	if err != nil {
		return nil, err
	}
	out := make([]access.Agreement, 0, len(rows))
	for _, row := range rows {
		plain, err := h.Keys.Open(row.Document, agreementContext(row.ID))
		if err != nil {
			return nil, fmt.Errorf("agreement %s: %w", row.ID, err)
		}
		var a access.Agreement
		if err := json.Unmarshal(plain, &a); err != nil {
			return nil, fmt.Errorf("agreement %s: %w", row.ID, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// Agreements lists an agency's agreements, all of them for "". It is for the
// hub's own administration, not for callers.
func (h *Hub) Agreements(ctx context.Context, agency string) (out []access.Agreement, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		out, err = h.agreements(ctx, r, agency)
		return err
	})
	return out, err
}

// SaveAgreement records an agreement; one with the same id is replaced. It is for
// the hub's own administration.
func (h *Hub) SaveAgreement(ctx context.Context, a access.Agreement) error {
	if err := h.checkAgreement(ctx, a); err != nil {
		return err
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := h.Keys.Seal(plain, agreementContext(a.ID))
	if err != nil {
		return err
	}
	return h.Store.Update(ctx, func(tx store.Tx) error {
		return tx.SaveAgreement(ctx, store.Agreement{
			ID: a.ID, Agency: a.Agency, From: string(a.From), Until: string(a.Until), Document: sealed,
		})
	})
}

func (h *Hub) checkAgreement(ctx context.Context, a access.Agreement) error {
	var bad []fault.Violation
	for field, v := range map[string]string{"id": a.ID, "agency": a.Agency, "purpose": a.Purpose, "basis": a.Basis, "from": string(a.From)} {
		if v == "" {
			bad = append(bad, fault.Bad(field, fault.Required))
		}
	}
	for i, d := range a.Divisions {
		if _, ok := h.Divisions.Get(d); !ok {
			bad = append(bad, fault.Bad(fmt.Sprintf("divisions[%d]", i), fault.DivisionNotFound, "division", d))
		}
	}
	for i, role := range a.Removal {
		if !slices.Contains(access.Roles, role) {
			bad = append(bad, fault.Bad(fmt.Sprintf("removal[%d]", i), fault.UnknownCode, "list", "RemovalRole"))
		}
	}
	bad = append(bad, h.checkLetters(a)...)
	err := h.Store.View(ctx, func(r store.Reader) error {
		d, _, err := h.active(ctx, r)
		if err != nil {
			return err
		}
		for i, name := range a.Receives {
			if !slices.Contains(d.Departments(), name) {
				bad = append(bad, fault.Bad(fmt.Sprintf("receives[%d]", i), fault.UnknownCode, "list", strings.Join(d.Departments(), ", ")))
			}
		}
		for i, l := range a.Lists {
			if d.List(l) == nil {
				bad = append(bad, fault.Bad(fmt.Sprintf("lists[%d]", i), fault.ListNotFound, "list", l))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fault.List(fault.InvalidRequest, bad)
}

// checkLetters looks at what an agreement says about letters, which go by whole areas: who
// receives them for a part would be told of persons whom the agreement does not cover.
func (h *Hub) checkLetters(a access.Agreement) (bad []fault.Violation) {
	for i, role := range a.Letters {
		if !slices.Contains(access.LetterRoles, role) {
			bad = append(bad, fault.Bad(fmt.Sprintf("letters[%d]", i), fault.UnknownCode, "list", "LetterRole"))
		}
	}
	if len(a.Letters) == 0 && len(a.Receives) == 0 {
		return bad
	}
	for i, d := range a.Divisions {
		whole := slices.ContainsFunc(h.Divisions.Areas(), func(area division.Area) bool { return h.Divisions.Contains(d, area.Root) })
		if !whole {
			bad = append(bad, fault.Bad(fmt.Sprintf("divisions[%d]", i), fault.LettersByArea, "division", d))
		}
	}
	return bad
}

func agreementContext(id string) []byte { return []byte("agreement\x00" + id) }

// mayReadHousehold refuses callers without an agreement for whole households in a village.
func (h *Hub) mayReadHousehold(ctx context.Context, r store.Reader, c access.Caller, village string) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	return refusal(c, access.AllowHouseholds(h.Divisions, all, c, village, h.Today()), "households")
}

// mayWrite refuses callers that do not own one of the groups in a village.
func (h *Hub) mayWrite(ctx context.Context, r store.Reader, c access.Caller, village string, groups []household.Group) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	on := h.Today()
	for _, g := range groups {
		switch decision := access.AllowGroup(h.Divisions, all, c, village, g, on); decision.Verdict {
		case access.Allowed:
		case access.Expired:
			return refusal(c, decision, "facts of group "+string(g))
		default:
			return fault.New(fault.GroupNotOwned, "group", string(g))
		}
	}
	return nil
}

// mayWriteSomewhere refuses callers who own a group nowhere.
func (h *Hub) mayWriteSomewhere(all []access.Agreement, c access.Caller, g household.Group, on date.Date) error {
	err := error(fault.New(fault.GroupNotOwned, "group", string(g)))
	for _, a := range all {
		for _, d := range a.Divisions {
			switch decision := access.AllowGroup(h.Divisions, all, c, d, g, on); decision.Verdict {
			case access.Allowed:
				return nil
			case access.Expired:
				err = refusal(c, decision, "facts of group "+string(g))
			}
		}
	}
	return err
}

// MayImport refuses callers whose agreements let them write a group nowhere, before
// they send a whole file for nothing.
func (h *Hub) MayImport(ctx context.Context, c access.Caller, g household.Group) error {
	return storeFault(h.Store.View(ctx, func(r store.Reader) error {
		all, err := h.agreements(ctx, r, c.Agency)
		if err != nil {
			return err
		}
		return h.mayWriteSomewhere(all, c, g, h.Today())
	}))
}

// mayManageCatalogue refuses callers without an agreement for the catalogue.
func (h *Hub) mayManageCatalogue(ctx context.Context, r store.Reader, c access.Caller) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	return refusal(c, access.AllowCatalogue(all, c, h.Today()), "the catalogue")
}

// removalRoles gives the roles that a caller's agency has in the removal procedure of a village.
func (h *Hub) removalRoles(ctx context.Context, r store.Reader, c access.Caller, village string) ([]removal.Role, error) {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return nil, err
	}
	return access.RemovalRoles(h.Divisions, all, c, village, h.Today()), nil
}

// mayActInRemoval refuses callers whose agency has not this role in the removal procedure of a division.
func (h *Hub) mayActInRemoval(ctx context.Context, r store.Reader, c access.Caller, code string, role removal.Role) error {
	all, err := h.agreements(ctx, r, c.Agency)
	if err != nil {
		return err
	}
	return refusal(c, access.AllowRemoval(h.Divisions, all, c, code, role, h.Today()), "removals in the role "+string(role))
}

// mayConfirmInArea refuses callers who do not confirm removals in the whole of an area.
func (h *Hub) mayConfirmInArea(ctx context.Context, r store.Reader, c access.Caller, area string) error {
	a, ok := h.Divisions.Area(area)
	if !ok {
		return fault.New(fault.DivisionNotFound, "division", area)
	}
	return h.mayActInRemoval(ctx, r, c, a.Root, removal.RoleConfirm)
}

// refusal is nil for an allowed decision, otherwise the fault that says why not.
func refusal(c access.Caller, d access.Decision, what string) error {
	switch d.Verdict {
	case access.Allowed:
		return nil
	case access.Expired:
		return fault.New(fault.AgreementExpired, "agency", c.Agency, "agreement", d.Agreement, "ended_on", string(d.Since))
	}
	return fault.New(fault.NoAgreement, "agency", c.Agency, "what", what)
}

// until is the day on which the first agreement behind a scope ends, "" for none.
func earliestEnd(all []access.Agreement, c access.Caller, on date.Date) date.Date {
	var first date.Date
	for _, a := range all {
		if a.Agency == c.Agency && a.Until != "" && on.In(a.From, a.Until) && len(a.Lists) > 0 && (first == "" || a.Until < first) {
			first = a.Until
		}
	}
	return first
}
