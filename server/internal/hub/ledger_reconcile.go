package hub

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/store"
)

// Reconciliation is the reconciliation sheet (对账表) of an area for a month. Households and
// records are counted as they stand now, letters are those issued in the month.
type Reconciliation struct {
	Area, AreaName string
	Month          string // YYYY-MM
	Transaction    int64
	DerivedFor     date.Date
	Villages       []ReconciledVillage // in order of code
	Rows           []ReconciledRow     // by department, village
	Departments    []ReconciledDepartment
}

// ReconciledVillage is a village with its households and its part of the roster.
type ReconciledVillage struct {
	Village, Name          string
	Supported, Unsupported int
	Roster                 int64
	RosterDigest           string
}

// ReconciledRow is a department in a village.
type ReconciledRow struct {
	Department, Village, Name      string // Name of the village
	Entitled                       int64
	Digest                         string
	Items, ItemsApplied, ItemsOpen int
}

// ReconciledDepartment is a department in the area.
type ReconciledDepartment struct {
	Department                           string
	Entitled                             int64
	Digest                               string
	Letters, LettersApplied, LettersOpen int
	CopiesCurrent, CopiesBehind          int
}

// monthForm is how months are written.
const monthForm = "2006-01"

// Reconciliation makes the sheet. A recipient of a department's letters gets that department's.
func (h *Hub) Reconciliation(ctx context.Context, c access.Caller, area, month, department string) (out Reconciliation, err error) {
	where, ok := h.Divisions.Area(area)
	if !ok {
		return out, fault.New(fault.DivisionNotFound, "division", named(area))
	}
	month = cmp.Or(month, h.Clock().In(Zone).Format(monthForm))
	first, err := time.Parse(monthForm, month)
	if err != nil {
		return out, fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("month", fault.Malformed, "form", "YYYY-MM")})
	}
	t := &reconciling{
		hub: h, from: date.Of(first), until: date.Of(first.AddDate(0, 1, -1)), root: where.Root,
		sheet: Reconciliation{Area: area, AreaName: where.Name, Month: month},
	}
	detail := map[string]any{"area": area, "month": month, "department": named(department)}
	err = h.audited(ctx, c, "ledger.reconciliation", detail, func() (any, error) {
		err := h.Store.View(ctx, func(r store.Reader) error { t.r = r; return t.gather(ctx, c, department) })
		return map[string]any{"departments": len(t.sheet.Departments), "villages": len(t.sheet.Villages)}, err
	})
	if err != nil {
		return out, err
	}
	return t.sheet, nil
}

// reconciling gathers a sheet within one snapshot.
type reconciling struct {
	hub         *Hub
	r           store.Reader
	root        string // of the area
	from, until date.Date
	d           *deriver
	all         []access.Agreement // of everybody
	sheet       Reconciliation
}

func (t *reconciling) gather(ctx context.Context, c access.Caller, department string) (err error) {
	if t.d, _, err = t.hub.active(ctx, t.r); err != nil {
		return err
	}
	if t.all, err = t.hub.agreements(ctx, t.r, ""); err != nil {
		return err
	}
	if err := t.may(c, department); err != nil {
		return err
	}
	heads, err := t.r.Heads(ctx, []string{t.sheet.Area})
	if err != nil {
		return err
	}
	head, _ := headOf(heads, t.sheet.Area)
	t.sheet.Transaction, t.sheet.DerivedFor = head.Last, date.Date(head.DerivedFor)
	if err := t.villages(ctx); err != nil {
		return err
	}
	for _, name := range t.d.Departments() {
		if name == letter.Own || (department != "" && name != department) {
			continue
		}
		if err := t.department(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// may lets in who oversees the area's letters and, for its own department, a recipient.
func (t *reconciling) may(c access.Caller, department string) error {
	if !t.hub.mayOverseeLetters(t.all, c, t.root) {
		d := access.AllowReceive(t.hub.Divisions, t.all, c, t.root, department, t.hub.Today())
		if err := refusal(c, d, "the reconciliation sheet of "+t.sheet.Area); err != nil {
			return err
		}
	}
	if department != "" && (department == letter.Own || !slices.Contains(t.d.Departments(), department)) {
		return fault.List(fault.InvalidRequest, []fault.Violation{fault.Bad("department", fault.UnknownCode, "list", "departments")})
	}
	return nil
}

// villages counts households, and what stands on the roster.
func (t *reconciling) villages(ctx context.Context) error {
	by := map[string]*ReconciledVillage{}
	at := func(code string) *ReconciledVillage {
		if by[code] == nil {
			_, name := t.hub.placeOf(code)
			by[code] = &ReconciledVillage{Village: code, Name: name, RosterDigest: hexDigest(feed.Digest{})}
		}
		return by[code]
	}
	counts, err := t.r.HouseholdCounts(ctx, t.sheet.Area)
	if err != nil {
		return err
	}
	for _, n := range counts {
		switch {
		case !slices.Contains(beneficiaries, household.PovertyStatus(n.PovertyStatus)): // closed, or never poor
		case n.SupportStatus == string(household.Supported):
			at(n.Village).Supported += int(n.Count)
		case n.SupportStatus == string(household.Unsupported):
			at(n.Village).Unsupported += int(n.Count)
		}
	}
	err = t.r.Blocks(ctx, store.BlockQuery{Area: t.sheet.Area, Lists: []string{letter.Roster}}, func(b store.Block) error {
		v := at(b.Village)
		v.Roster, v.RosterDigest = b.Count, hexDigest(feed.Digest(b.Digest))
		return nil
	})
	for _, v := range by {
		t.sheet.Villages = append(t.sheet.Villages, *v)
	}
	slices.SortFunc(t.sheet.Villages, func(a, b ReconciledVillage) int { return cmp.Compare(a.Village, b.Village) })
	return err
}

func hexDigest(d feed.Digest) string { return hex.EncodeToString(d[:]) }
