package pages

import (
	"fmt"
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
)

// ReconciliationData is the reconciliation sheet (对账表) of an area for a month. Words are Chinese already.
type ReconciliationData struct {
	Area        string // name
	Month       string // YYYY-MM
	Transaction int64  // both sides compare at this position
	DerivedFor  date.Date

	Departments []ReconciledDepartment
	Villages    []ReconciledVillage
	Rows        []ReconciledRow
}

// ReconciledDepartment is a department in the area.
type ReconciledDepartment struct {
	Name                                 string
	Entitled                             int64  // records on its list
	Digest                               string // of them, 32 hexadecimal digits
	Letters, LettersApplied, LettersOpen int    // issued in the month
	CopiesCurrent, CopiesBehind          int
}

// ReconciledVillage is a village.
type ReconciledVillage struct {
	Name, Code             string // names repeat within an area, codes don't
	Supported, Unsupported int    // households
	Roster                 int64  // persons no longer supported
	RosterDigest           string
}

// ReconciledRow is a department in a village.
type ReconciledRow struct {
	Department              string // name
	Village, Code           string // as in ReconciledVillage
	Entitled                int64
	Digest                  string
	Items                   int // in letters issued in the month
	ItemsApplied, ItemsOpen int
}

// Title is the sheet's.
func (d ReconciliationData) Title() string { return d.Area + "帮扶政策落实对账表" }

// InMonth writes the month as people do: 2026年3月.
func (d ReconciliationData) InMonth() string {
	t, err := time.Parse("2006-01", d.Month)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d年%d月", t.Year(), int(t.Month()))
}

// Total adds the villages up. Digests have no sum here: a village's is compared with itself.
func (d ReconciliationData) Total() (sum ReconciledVillage) {
	for _, v := range d.Villages {
		sum.Supported += v.Supported
		sum.Unsupported += v.Unsupported
		sum.Roster += v.Roster
	}
	return sum
}

// Partner is the department on the other side, where the sheet is for one alone.
func (d ReconciliationData) Partner() string {
	if len(d.Departments) == 1 {
		return d.Departments[0].Name
	}
	return ""
}

// Reconciliation makes the sheet.
func Reconciliation(d ReconciliationData) ([]byte, error) { return render(reconciliation, d) }
