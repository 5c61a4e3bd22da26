// Package access decides who may read or write what. It is pure.
//
// Personal data leaves the hub only under an agreement (law 5): nothing is allowed
// unless an active agreement of the caller's own agency says so. There is no wildcard:
// lists and divisions are named.
package access

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Caller is who asks, as an authenticated token says.
type Caller struct {
	Agency string // whose agreements count
	Client string // program that holds the token
	Person string // opaque id of the person who acts; "" where a program acts by itself
}

// Agreement lets an agency read lists, or more, in some divisions for a purpose.
type Agreement struct {
	ID         string
	Agency     string
	Lists      []string          // names of lists that it may read
	Divisions  []string          // codes; each covers everything below it
	Groups     []household.Group // groups of facts that it may write
	Households bool              // whether it may read whole households
	Catalogue  bool              // whether it may submit and activate catalogues
	Removal    []removal.Role    // roles in which its persons act in the removal procedure
	Letters    []letter.Role     // roles in which its persons act on letters
	Receives   []string          // departments whose letters it receives
	Purpose    string
	Basis      string    // document and clause that the agreement rests on
	From       date.Date // first day
	Until      date.Date // last day; "" is open
}

// ActiveOn tells whether the agreement holds on a day; its first and last day count.
func (a *Agreement) ActiveOn(on date.Date) bool { return on.In(a.From, a.Until) }

// EndsSoon tells whether an agreement that holds on a day ends within so many days
// after it, so that somebody can renew it in time.
func (a *Agreement) EndsSoon(on date.Date, days int) bool {
	return a.Until != "" && a.ActiveOn(on) && a.Until <= on.AddDays(days)
}

// Verdict is the answer to whether something is allowed.
type Verdict int

// Verdicts. The zero value denies.
const (
	Never   Verdict = iota // no agreement covers it, or none does yet
	Expired                // one covered it and has ended; nothing about anybody's support follows from that
	Allowed
)

// Decision is a verdict and the agreement that it rests on.
type Decision struct {
	Verdict   Verdict
	Agreement string    // id; "" for Never
	Since     date.Date // last day of the agreement, for Expired
}

// Grants lists a caller's agreements that hold on a day.
func Grants(agreements []Agreement, c Caller, on date.Date) []Agreement {
	var active []Agreement
	for _, a := range agreements {
		if a.of(c) && a.ActiveOn(on) {
			active = append(active, a)
		}
	}
	return active
}

// AllowList decides about reading a list in a division.
func AllowList(tree *division.Tree, agreements []Agreement, c Caller, list, code string, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return a.names(list) && a.covers(tree, code) })
}

// AllowListSomewhere decides about reading a list in any division at all.
func AllowListSomewhere(agreements []Agreement, c Caller, list string, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return a.names(list) && len(a.Divisions) > 0 })
}

// AllowHouseholds decides about reading whole households in a division.
func AllowHouseholds(tree *division.Tree, agreements []Agreement, c Caller, code string, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return a.Households && a.covers(tree, code) })
}

// AllowGroup decides about writing a group of facts in a division. It doesn't
// include reading whole households.
func AllowGroup(tree *division.Tree, agreements []Agreement, c Caller, code string, g household.Group, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return slices.Contains(a.Groups, g) && a.covers(tree, code) })
}

// AllowCatalogue decides about submitting and activating catalogues, which are the
// same for all divisions.
func AllowCatalogue(agreements []Agreement, c Caller, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return a.Catalogue })
}

// decide looks for an active agreement that fits, and otherwise for the one that
// ended last.
func decide(agreements []Agreement, c Caller, on date.Date, fits func(*Agreement) bool) Decision {
	var ended Decision
	for i := range agreements {
		a := &agreements[i]
		switch {
		case !a.of(c) || !fits(a):
		case a.ActiveOn(on):
			return Decision{Verdict: Allowed, Agreement: a.ID}
		case a.Until != "" && a.Until < on && a.Until > ended.Since:
			ended = Decision{Verdict: Expired, Agreement: a.ID, Since: a.Until}
		}
	}
	return ended
}

func (a *Agreement) of(c Caller) bool { return c.Agency != "" && a.Agency == c.Agency }

func (a *Agreement) names(list string) bool {
	return list != "" && list != "*" && slices.Contains(a.Lists, list)
}

func (a *Agreement) covers(tree *division.Tree, code string) bool {
	return slices.ContainsFunc(a.Divisions, func(named string) bool { return tree.Contains(named, code) })
}

// Covered gives, per list, the divisions in which a caller may read it on a day:
// sorted, known to the tree, and none inside another.
func Covered(tree *division.Tree, agreements []Agreement, c Caller, on date.Date) map[string][]string {
	covered := make(map[string][]string)
	for _, a := range Grants(agreements, c, on) {
		for _, list := range a.Lists {
			if a.names(list) {
				covered[list] = append(covered[list], a.Divisions...)
			}
		}
	}
	for list, codes := range covered {
		if codes = tree.Outermost(codes); len(codes) == 0 {
			delete(covered, list)
			continue
		}
		covered[list] = codes
	}
	return covered
}
