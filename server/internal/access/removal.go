package access

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Roles are all roles of the removal procedure, in the order in which they act.
var Roles = []removal.Role{removal.RolePropose, removal.RoleReview, removal.RoleConfirm}

// AllowRemoval decides about acting in a role of the removal procedure in a division. No
// role includes another one, nor reading whole households.
func AllowRemoval(tree *division.Tree, agreements []Agreement, c Caller, code string, role removal.Role, on date.Date) Decision {
	return decide(agreements, c, on, func(a *Agreement) bool {
		return slices.Contains(Roles, role) && slices.Contains(a.Removal, role) && a.covers(tree, code)
	})
}

// RemovalRoles gives the roles in which a caller may act in a division on a day, in the
// order of Roles.
func RemovalRoles(tree *division.Tree, agreements []Agreement, c Caller, code string, on date.Date) []removal.Role {
	var held []removal.Role
	for _, role := range Roles {
		if AllowRemoval(tree, agreements, c, code, role, on).Verdict == Allowed {
			held = append(held, role)
		}
	}
	return held
}
