// Package catalogue holds the policies and lists, in versions, and derives from a
// household's facts what each list holds on a day. It is pure.
//
// A catalogue is a YAML text (see hainan-2019.yaml). Its conditions are CEL
// expressions over the facts that Facts lists. They are type-checked when the text is
// parsed: each code list is a type of its own, so that a misspelt code, or one of
// another list, is an error. They know comparisons, "in", size and the logical
// operators only, nothing that could fail or run for long when a province is derived.
package catalogue

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// Grain says whose record a list or policy speaks of.
type Grain string

// Grains.
const (
	GrainHousehold Grain = "household"
	GrainPerson    Grain = "person"
)

// Reach says whom a policy is for, as far as decisions on support go.
type Reach string

// Reaches.
const (
	// Supported policies end with a removal decision, on its frozen last days.
	Supported Reach = "supported"
	// Unsupported policies are the duties after removal (clause 一, exit paragraph).
	Unsupported Reach = "unsupported"
	// Everyone's policies go on through removal.
	Everyone Reach = "everyone"
)

// Catalogue is one version. It never changes and may be used by several goroutines.
type Catalogue struct {
	Name, Title, TitleEnglish string
	// Version is the name and the beginning of the text's SHA-256.
	Version string
	// ExitClause is the paragraph under which a decision may end support; "" where the
	// text names none.
	ExitClause string
	Policies   []*Policy // in the order of the text, which is the notice's
	Standards  []*Standard
	Lists      []*List

	tests  int // how many tests all conditions consist of
	limits map[limit]bool
	daily  bool // any day may change what a condition says, see Due
}

// Policy is one policy of the notice.
type Policy struct {
	Code                string
	Clause              string // of the notice, e.g. 一(三)
	Title, TitleEnglish string
	Department          string
	Grain               Grain
	Due                 bool // 应, otherwise 可
	Reach               Reach
	From, Until         date.Date // validity, both inclusive; Until "" is open
	// AtRemoval says when it ends after a removal decision: at-once, end-of-school-term,
	// end-of-school-stage or end-of-insurance-year. The removal procedure freezes the
	// date; Derive only reads that.
	AtRemoval string
	// Condition is the whole condition, the catalogue's beneficiaries included.
	Condition string

	when condition
	// everybody is how many tests of when, from the first on, say who the beneficiaries are.
	everybody int
	ordinal   int
}

// List is a list that departments read, or one of the office's own worklists.
type List struct {
	Name                string
	Title, TitleEnglish string
	Department          string
	Grain               Grain
	Worklist            bool
	Fields              []*ListField
	// Policies are those of which a subject must be entitled to at least one; empty
	// where Condition alone selects. Where both are given, both must hold.
	Policies  []string
	Condition string
	// Todo is what the list advises in its rows.
	Todo []*Todo
	// Fingerprint is a hash of name, grain and field names: another field set is another list.
	Fingerprint string

	when     condition
	policies []*Policy
}

// ListField is a field of a list's records.
type ListField struct {
	Name                    string // in the record vocabulary
	Meaning, MeaningEnglish string
	Source                  string // the fact group that it comes from
	Unit                    string
	Sharing                 string // unconditional or conditional
	Basis                   string

	word *word
}

// List finds a list by name, nil where there is none.
func (c *Catalogue) List(name string) *List {
	for _, l := range c.Lists {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Policy finds a policy by code, nil where there is none.
func (c *Catalogue) Policy(code string) *Policy {
	for _, p := range c.Policies {
		if p.Code == code {
			return p
		}
	}
	return nil
}

// Departments are all that have a policy, sorted.
func (c *Catalogue) Departments() []string {
	var all []string
	for _, p := range c.Policies {
		all = append(all, p.Department)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
