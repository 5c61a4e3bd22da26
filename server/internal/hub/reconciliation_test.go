package hub_test

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func (h *house) reconciled(department string) hub.Reconciliation {
	h.Helper()
	got, err := h.Reconciliation(h.Context(), clerk, "qionghai", "", department)
	h.ok(err)
	return got
}

// counted is what somebody else makes of the same: a copy's rows, and the Ends' digests.
type counted struct {
	rows    map[[2]string]int64 // by list and village
	digests map[[2]string]string
	sums    map[string]*big.Int // by list
}

func (k *copied) counted() counted {
	out := counted{map[[2]string]int64{}, map[[2]string]string{}, map[string]*big.Int{}}
	for key, r := range k.rows {
		out.rows[[2]string{key.list, r.GetVillage()}]++
	}
	for _, d := range k.end.GetDigests() {
		out.digests[[2]string{d.GetList(), d.GetVillage()}] = hex.EncodeToString(d.GetDigest())
		if out.sums[d.GetList()] == nil {
			out.sums[d.GetList()] = new(big.Int)
		}
		out.sums[d.GetList()].Add(out.sums[d.GetList()], new(big.Int).SetBytes(d.GetDigest()))
	}
	return out
}

// sum is a list's digest over all villages, modulo 2^128.
func (c counted) sum(list string) string {
	n := c.sums[list]
	if n == nil {
		n = new(big.Int)
	}
	return fmt.Sprintf("%032x", new(big.Int).Mod(n, new(big.Int).Lsh(big.NewInt(1), 128)))
}

func TestTheSheetAgreesWithWhatACopyCounts(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	var all []*household.Household
	for n := 1; n <= 9; n++ {
		all = append(all, home(n, qionghai[n%3]))
		if n%4 == 0 {
			unsupported(all[n-1])
		}
	}
	h.load(all...)
	h.load(home(20, danzhou[0]))
	root, _ := h.Divisions.Area("qionghai")
	h.agree(access.Agreement{ID: "a-here", Agency: "here", Divisions: []string{root.Root}, Lists: allLists})
	k := copyOf(h, access.Caller{Agency: "here", Client: "nightly"})
	want, got := k.counted(), h.reconciled("")
	if got.Transaction != k.end.GetAreas()[0].GetTransaction() || string(got.DerivedFor) != k.end.GetAreas()[0].GetDerivedFor() || got.AreaName != root.Name {
		t.Errorf("at %d, derived for %s in %s", got.Transaction, got.DerivedFor, got.AreaName)
	}
	if len(got.Villages) != 3 {
		t.Fatalf("%d villages", len(got.Villages))
	}
	for _, v := range got.Villages {
		supported, unsupported := h.inVillage(v.Village)
		key := [2]string{letter.Roster, v.Village}
		if v.Supported != supported || v.Unsupported != unsupported || v.Roster != want.rows[key] || v.Name == "" {
			t.Errorf("%+v, not %d, %d, %d", v, supported, unsupported, want.rows[key])
		}
		if d, some := want.digests[key]; some && v.RosterDigest != d {
			t.Errorf("roster of %s: %s, not %s", v.Village, v.RosterDigest, d)
		}
	}
	total := map[string]int64{}
	for _, w := range got.Rows {
		key := [2]string{w.Department, w.Village}
		if total[w.Department] += w.Entitled; w.Entitled != want.rows[key] || w.Digest != want.digests[key] || w.Items > 0 {
			t.Errorf("%+v, not %d, %s", w, want.rows[key], want.digests[key])
		}
	}
	if len(got.Departments) != 8 || total["medical-insurance"] == 0 {
		t.Errorf("%d departments, %v", len(got.Departments), total)
	}
	for _, d := range got.Departments {
		if d.Department == letter.Own || d.Entitled != total[d.Department] || d.Digest != want.sum(d.Department) || d.Letters > 0 {
			t.Errorf("%+v, not %d, %s", d, total[d.Department], want.sum(d.Department))
		}
	}
}

// inVillage counts the households of a village as the office lists them.
func (h *house) inVillage(village string) (supported, unsupported int) {
	h.Helper()
	all, _, err := h.ListHouseholds(h.Context(), office, hub.ListHouseholds{Village: village, PageSize: 1000})
	h.ok(err)
	for _, s := range all {
		if s.Support == household.Supported {
			supported++
		} else {
			unsupported++
		}
	}
	return supported, unsupported
}

func TestTheSheetCountsTheLettersOfItsMonth(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	var cases []hub.CaseState
	for n := 1; n <= 3; n++ {
		cases = append(cases, h.removed(n))
		if n == 1 {
			h.carryOut("education", h.issue(h.letterTo("education", letter.Draft)))
		} else {
			h.issue(h.letterTo("education", letter.Draft))
		}
	}
	h.clock.day("2027-02-01") // another month
	_, err := h.step(cases[2], removal.Reverse)
	h.ok(err)
	h.issue(h.letterTo("education", letter.Draft)) // by which one of the others is withdrawn
	months := map[string]int{}
	letters, applied, open, items := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, v := range h.letters("") {
		if v.Department != "education" || v.IssuedOn == "" {
			continue
		}
		month := string(v.IssuedOn[:7])
		months[month]++
		letters[month]++
		switch {
		case v.Receipts[0].State == letter.ReceiptApplied:
			applied[month]++
		case v.State == letter.Issued:
			open[month]++
		}
		for range v.Items {
			items[month]++
		}
	}
	sum := 0
	for month := range months {
		got, err := h.Reconciliation(t.Context(), clerk, "qionghai", month, "education")
		if h.ok(err); len(got.Departments) != 1 || got.Month != month {
			t.Fatalf("%+v", got)
		}
		d := got.Departments[0]
		if d.Letters != letters[month] || d.LettersApplied != applied[month] || d.LettersOpen != open[month] {
			t.Errorf("%s: %+v, not %d, %d, %d", month, d, letters[month], applied[month], open[month])
		}
		n := 0
		for _, w := range got.Rows {
			n += w.Items
			if w.Items < w.ItemsApplied+w.ItemsOpen {
				t.Errorf("%+v", w)
			}
		}
		if sum += d.Letters; n != items[month] {
			t.Errorf("%s: %d items, not %d", month, n, items[month])
		}
	}
	if sum != 4 || len(months) < 2 {
		t.Errorf("%d letters in %v", sum, months)
	}
	none, err := h.Reconciliation(t.Context(), clerk, "qionghai", "2020-01", "education")
	if h.ok(err); none.Departments[0].Letters > 0 {
		t.Errorf("%+v", none.Departments)
	}
}

func TestItemsAreCountedWhereTheirPersonsLived(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	first := h.removed(1)
	v := h.issue(h.letterTo("education", letter.Draft))
	h.removed(2) // whose letter is a draft
	items := 0
	for _, w := range h.reconciled("education").Rows {
		if w.Village == first.Village {
			items = w.ItemsOpen
		} else if w.Items > 0 {
			t.Errorf("%+v", w)
		}
	}
	if items != len(v.Items) {
		t.Errorf("%d items are open, not %d", items, len(v.Items))
	}
}

func TestCopiesAreCurrentOrBehind(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.agree(access.Agreement{ID: "a-education", Agency: "education", Divisions: []string{province}, Lists: []string{"education"}})
	h.load(home(1, qionghai[0]))
	copies := func(current, behind int) {
		t.Helper()
		if d := h.reconciled("education").Departments[0]; d.CopiesCurrent != current || d.CopiesBehind != behind {
			t.Errorf("%d current, %d behind; not %d, %d", d.CopiesCurrent, d.CopiesBehind, current, behind)
		}
	}
	copies(0, 0)
	ahead := copyOf(h, access.Caller{Agency: "education", Client: "nightly"})
	copyOf(h, access.Caller{Agency: "education", Client: "weekly"})
	copyOf(h, reader) // is no recipient
	copies(2, 0)
	h.load(home(2, qionghai[1]))
	copies(0, 2)
	ahead.pull()
	copies(1, 1)
	_, err := h.Pull(t.Context(), access.Caller{Agency: "medical-insurance", Client: "nightly"}, hub.PullQuery{}) // reads the roster alone
	h.ok(err)
	if d := h.reconciled("medical-insurance").Departments[0]; d.CopiesCurrent+d.CopiesBehind > 0 {
		t.Errorf("%+v", d)
	}
}

func TestARecipientGetsTheSheetOfItsOwnDepartment(t *testing.T) {
	h := newCorrespondence(newHouse(t))
	h.load(home(1, qionghai[0]), unsupported(home(2, qionghai[0])))
	got, err := h.Reconciliation(t.Context(), recipient("education"), "qionghai", "", "education")
	h.ok(err)
	if len(got.Departments) != 1 || got.Departments[0].Department != "education" || len(got.Villages) != 1 || got.Villages[0].Roster == 0 {
		t.Errorf("%+v", got)
	}
	for _, w := range got.Rows {
		if w.Department != "education" {
			t.Errorf("%+v", w)
		}
	}
	for c, department := range map[access.Caller]string{
		recipient("education"): "", recipient("finance"): "education", stranger: "education", reader: "", county: "education",
	} {
		_, err := h.Reconciliation(t.Context(), c, "qionghai", "", department)
		h.refused(err, fault.NoAgreement)
	}
	_, err = h.Reconciliation(t.Context(), clerk, "nowhere", "", "")
	h.refused(err, fault.DivisionNotFound)
	_, err = h.Reconciliation(t.Context(), clerk, "qionghai", "2026-13", "")
	h.violated(err, "month", fault.Malformed)
	_, err = h.Reconciliation(t.Context(), clerk, "qionghai", "", "fishing")
	h.violated(err, "department", fault.UnknownCode)
}
