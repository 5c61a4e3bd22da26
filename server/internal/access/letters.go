package access

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/letter"
)

// LetterRoles are all roles on letters.
var LetterRoles = []letter.Role{letter.RolePrepare, letter.RoleSign}

// AllowLetters decides about acting on letters in a role in a division.
func AllowLetters(tree *division.Tree, agreements []Agreement, c Caller, code string, role letter.Role, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool {
		return slices.Contains(LetterRoles, role) && slices.Contains(a.Letters, role) && a.covers(tree, code)
	})
}

// AllowReceive decides about receiving the letters to a department in a division.
func AllowReceive(tree *division.Tree, agreements []Agreement, c Caller, code, department string, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool { return a.receives(department) && a.covers(tree, code) })
}

// Recipients are the agencies that receive the letters to a department in a division on a
// day, sorted.
func Recipients(tree *division.Tree, agreements []Agreement, code, department string, on date.Date) []string {
	var all []string
	for i := range agreements {
		if a := &agreements[i]; a.Agency != "" && a.ActiveOn(on) && a.receives(department) && a.covers(tree, code) {
			all = append(all, a.Agency)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (a *Agreement) receives(department string) bool {
	return department != "" && slices.Contains(a.Receives, department)
}
