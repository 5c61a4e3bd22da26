package mirror

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Operations in counts: those of the contract, and two of the mirror's own.
const (
	OpUpsert    = "UPSERT"
	OpEnded     = "ENDED" // the only one that means that support stopped
	OpMoved     = "MOVED"
	OpLeftScope = "LEFT_SCOPE"
	OpReload    = "RELOAD" // rows that a completed load added, changed or removed (cause STORED or REMOVED)
	OpHeal      = "HEAL"   // rows that healing stored or removed
)

func opName(op hubv1.Op) string { return strings.TrimPrefix(op.String(), "OP_") }

// Count says how many changes of a kind were taken over.
type Count struct {
	List  string `json:"list"`
	Op    string `json:"op"`
	Cause string `json:"cause"` // of an ENDED its basis, of a LEFT_SCOPE its cause, else the transaction's cause
	Rows  int64  `json:"rows"`
}

// Village names one list in one village.
type Village struct {
	List    string `json:"list"`
	Area    string `json:"area"`
	Village string `json:"village"`
}

// Result is what a run did.
type Result struct {
	Counts  []Count   `json:"counts"`         // by list, operation and cause
	Pages   int64     `json:"pages"`          // pages stored
	Reloads []string  `json:"reloads"`        // why loads were begun, e.g. "CURSOR_PURGED"
	Healed  []Village `json:"healed"`         // villages fetched anew
	End     *End      `json:"end,omitempty"`  // the last End; nil where none came
	Held    *Held     `json:"held,omitempty"` // set where the shrink guard held the run
	Current bool      `json:"current"`        // the visible rows equal the hub's as of End
}

// Rows is the number of changes taken over.
func (r Result) Rows() (n int64) {
	for _, c := range r.Counts {
		n += c.Rows
	}
	return n
}

// Then is what this run and the next one did together; it stands where the next one ended.
func (r Result) Then(next Result) Result {
	both := counts{}
	for _, c := range slices.Concat(r.Counts, next.Counts) {
		both.add(c.List, c.Op, c.Cause, c.Rows)
	}
	next.Counts = both.sorted()
	next.Pages += r.Pages
	next.Reloads = slices.Concat(r.Reloads, next.Reloads)
	next.Healed = slices.Concat(r.Healed, next.Healed)
	if next.End == nil {
		next.End = r.End
	}
	return next
}

// End says up to where the mirror is complete.
type End struct {
	Areas           []Area `json:"areas"`
	Catalogue       string `json:"catalogue"`
	AgreementEndsOn string `json:"agreement_ends_on,omitempty"` // "YYYY-MM-DD"; "" where all agreements are open
}

// Area is where an area's feed stands.
type Area struct {
	Area        string `json:"area"`
	Transaction int64  `json:"transaction"`
	DerivedFor  string `json:"derived_for"` // day for which its households were derived, "YYYY-MM-DD"
}

// NotDerivedFor lists the areas whose lists are not those of this day ("YYYY-MM-DD") yet.
// An area that never held a household has nothing to derive.
func (e *End) NotDerivedFor(today string) (areas []string) {
	for _, a := range e.Areas {
		if a.DerivedFor < today && (a.DerivedFor != "" || a.Transaction > 0) {
			areas = append(areas, a.Area)
		}
	}
	return areas
}

// AgreementEndsWithin says whether an agreement ends at most so many days after today ("YYYY-MM-DD").
func (e *End) AgreementEndsWithin(today string, days int) bool {
	day, err := time.Parse(time.DateOnly, today)
	if err != nil || e.AgreementEndsOn == "" {
		return false
	}
	return e.AgreementEndsOn <= day.AddDate(0, 0, days).Format(time.DateOnly)
}

func endOf(e *hubv1.End) *End {
	end := &End{Catalogue: e.GetCatalogue(), AgreementEndsOn: e.GetAgreementEndsOn()}
	for _, a := range e.GetAreas() {
		end.Areas = append(end.Areas, Area{a.GetArea(), a.GetTransaction(), a.GetDerivedFor()})
	}
	return end
}

// Held says why nothing more was applied: a list would have shrunk by more than the
// set share. The rows are as before; the next run meets the same page again, and
// Config.AcceptShrink applies it.
type Held struct {
	Lists  []HeldList `json:"lists"`
	Counts []Count    `json:"counts"` // rows that the held page or load would remove
}

// HeldList is a list that would have shrunk too much.
type HeldList struct {
	List    string `json:"list"`
	Rows    int64  `json:"rows"`    // at the beginning of the run
	Removed int64  `json:"removed"` // by the run, the held part included
	Limit   int64  `json:"limit"`   // what the run may remove unasked
}

// DifferError says that villages differ from the hub even after they were fetched anew.
type DifferError struct {
	Villages []Village
	Reason   string
}

// Error names the first village; codes of villages are not personal data.
func (e *DifferError) Error() string {
	v := e.Villages[0]
	return fmt.Sprintf("mirror: %s: %d village(s) differ from the hub, first list %q in %s", e.Reason, len(e.Villages), v.List, v.Village)
}

// counts gathers Counts.
type counts map[Count]int64

func (c counts) add(list, op, cause string, rows int64) {
	if rows != 0 {
		c[Count{List: list, Op: op, Cause: cause}] += rows
	}
}

func (c counts) merge(other counts) {
	for k, n := range other {
		c[k] += n
	}
}

func (c counts) sorted() []Count {
	list := make([]Count, 0, len(c))
	for k, n := range c {
		k.Rows = n
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}
