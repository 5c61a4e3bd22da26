package hub

import (
	"context"
	"errors"
	"strings"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Removal shows a case. Whoever may not see it learns only that there is none to see.
func (h *Hub) Removal(ctx context.Context, c access.Caller, id string) (CaseState, error) {
	var out CaseState
	err := h.audited(ctx, c, "removal.get", map[string]any{"case": named(id)}, func() (_ any, err error) {
		out, err = h.caseNow(ctx, c, id)
		return nil, err
	})
	return out, err
}

// caseNow reads a case as the caller may see it: an old request asked again gives nothing
// to whose agreement has ended meanwhile.
func (h *Hub) caseNow(ctx context.Context, c access.Caller, id string) (out CaseState, err error) {
	err = h.Store.View(ctx, func(r store.Reader) error {
		out, err = h.visibleCase(ctx, r, c, id)
		return err
	})
	return out, err
}

func (h *Hub) visibleCase(ctx context.Context, r store.Reader, c access.Caller, id string) (CaseState, error) {
	row, err := findCase(ctx, r, id)
	if err != nil {
		return CaseState{}, err
	}
	if err := h.maySeeRemovals(ctx, r, c, row.Village); err != nil {
		return CaseState{}, fault.New(fault.CaseNotFound)
	}
	return h.caseState(row)
}

// findCase gives the row of a case by its id alone.
func findCase(ctx context.Context, r store.Reader, id string) (store.Case, error) {
	area, err := r.FindCase(ctx, id)
	if err != nil {
		return store.Case{}, noCase(err)
	}
	row, err := r.Case(ctx, area, id)
	return row, noCase(err)
}

func noCase(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.New(fault.CaseNotFound)
	}
	return err
}

// maySeeRemovals lets in who acts in a village's removals, and who may read its households.
func (h *Hub) maySeeRemovals(ctx context.Context, r store.Reader, c access.Caller, village string) error {
	roles, err := h.removalRoles(ctx, r, c, village)
	if err != nil || len(roles) > 0 {
		return err
	}
	return h.mayReadHousehold(ctx, r, c, village)
}

// caseState reads whom a case waits for and until when from the case itself: what is stored of
// that serves only to find and order cases, and is as old as the case's last step. A calendar
// that was missing then may be there by now.
func (h *Hub) caseState(row store.Case) (CaseState, error) {
	c, err := h.openCase(row)
	if err != nil {
		return CaseState{}, err
	}
	s := CaseState{
		Case: c, Etag: h.caseEtag(row), OpenedOn: date.Date(row.OpenedOn), Today: removal.StateOn(c, h.Today()), place: row.Since + " " + row.ID,
	}
	s.Waiting, s.Since, s.Until = removal.Waiting(c, h.calendar)
	return s, nil
}

// CaseQuery selects cases of an area.
type CaseQuery struct {
	Area, Village, Household string
	Waiting                  removal.Role
	State                    removal.State
	Overridden               bool
	PageSize                 int // 0: 100
	PageToken                string
}

// Removals lists cases that the caller may see, those that wait longest first.
func (h *Hub) Removals(ctx context.Context, c access.Caller, q CaseQuery) (out []CaseState, next string, err error) {
	if _, ok := h.Divisions.Area(q.Area); !ok {
		return nil, "", fault.New(fault.DivisionNotFound, "division", named(q.Area))
	}
	binding := strings.Join([]string{"removals", c.Agency, q.Area, q.Village, q.Household, string(q.Waiting), string(q.State)}, "\x00")
	after, err := h.openToken(binding, q.PageToken)
	if err != nil {
		return nil, "", err
	}
	if q.PageSize <= 0 {
		q.PageSize = 100
	}
	find := store.CaseQuery{Area: q.Area, Village: q.Village, Household: q.Household, Waiting: string(q.Waiting), Overridden: q.Overridden}
	find.AfterSince, find.AfterID, _ = strings.Cut(after, " ")
	switch q.State {
	case "":
	case removal.Effective:
		find.State = string(removal.Announced)
	default:
		find.State = string(q.State)
	}
	err = h.audited(ctx, c, "removal.list", map[string]any{"area": q.Area, "village": q.Village}, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error { out, err = h.cases(ctx, r, c, find, q); return err })
		return map[string]any{"cases": len(out)}, err
	})
	if err != nil || len(out) <= q.PageSize {
		return out, "", err
	}
	out = out[:q.PageSize]
	next, err = h.sealToken(binding, out[len(out)-1].place)
	return out, next, err
}

// cases gives one more than a page holds, where there are more.
func (h *Hub) cases(ctx context.Context, r store.Reader, c access.Caller, find store.CaseQuery, q CaseQuery) (out []CaseState, err error) {
	seen := map[string]bool{}
	err = r.Cases(ctx, find, func(row store.Case) error {
		may, known := seen[row.Village]
		if !known {
			err := h.maySeeRemovals(ctx, r, c, row.Village)
			if may = err == nil; err != nil && fault.Of(err) == nil {
				return err
			}
			seen[row.Village] = may
		}
		if !may {
			return nil
		}
		s, err := h.caseState(row)
		if err != nil {
			return err
		}
		if q.State != "" && s.Today != q.State {
			return nil // announced, and its day has come or not
		}
		if out = append(out, s); len(out) > q.PageSize {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

// Check tells what a decision would do.
type Check struct {
	EffectiveOn     date.Date
	Ends            []removal.End
	Holds           []removal.Hold
	SecondConfirmer bool
}

// fit refuses to reckon for a household that went elsewhere, or with a day that no step takes.
func fit(s CaseState, facts *household.Household, effective, on date.Date) error {
	if facts.Village != s.Village {
		return fault.New(fault.HouseholdNotFound) // others decide about it there
	}
	var bad []fault.Violation
	switch earliest := s.Parameters.EarliestEffect(on); {
	case effective == "":
	case !effective.Valid():
		bad = append(bad, fault.Bad("effective_on", fault.Malformed, "form", "YYYY-MM-DD"))
	case effective < earliest:
		bad = append(bad, fault.Bad("effective_on", fault.DateOrder, "before", string(earliest)))
	}
	return fault.List(fault.InvalidRequest, bad)
}

// CheckRemoval reckons what a decision would end, and what speaks against it.
func (h *Hub) CheckRemoval(ctx context.Context, c access.Caller, id string, effective date.Date) (Check, error) {
	out := Check{EffectiveOn: effective}
	err := h.audited(ctx, c, "removal.check", map[string]any{"case": named(id)}, func() (any, error) {
		return nil, h.Store.View(ctx, func(r store.Reader) error {
			s, err := h.visibleCase(ctx, r, c, id)
			if err != nil {
				return err
			}
			d, _, err := h.active(ctx, r)
			if err != nil {
				return err
			}
			row, err := r.Household(ctx, s.Area, s.Household)
			if err == nil && row.Gone || errors.Is(err, store.ErrNotFound) {
				return fault.New(fault.HouseholdNotFound)
			}
			if err != nil {
				return err
			}
			facts, err := h.openHousehold(row)
			if err != nil {
				return err
			}
			on := h.Today()
			if err := fit(s, facts, effective, on); err != nil {
				return err
			}
			out.EffectiveOn = max(effective, s.Parameters.EarliestEffect(on))
			if out.Ends, err = removal.Ends(d.Catalogue, facts, out.EffectiveOn, s.Parameters); err != nil {
				return err
			}
			out.Holds = removal.Holds(facts, on, s.Parameters)
			out.SecondConfirmer, err = h.outOfLine(ctx, r, s.Case, on)
			return err
		})
	})
	return out, err
}
