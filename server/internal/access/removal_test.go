package access

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestARoleOfTheRemovalProcedureIsGrantedOnItsOwn(t *testing.T) {
	reviewer := agreement(func(a *Agreement) {
		a.Lists, a.Divisions, a.Removal = nil, []string{town}, []removal.Role{removal.RoleReview}
	})
	everything := agreement(func(a *Agreement) { a.Households, a.Catalogue = true, true })
	invented := agreement(func(a *Agreement) { a.Removal = []removal.Role{"", "*", "DECIDE"} })
	for _, tt := range []struct {
		name      string
		agreement Agreement
		caller    Caller
		code      string
		role      removal.Role
		on        date.Date
		want      Verdict
	}{
		{"village below", reviewer, education, village, removal.RoleReview, "2020-01-01", Allowed},
		{"the division itself", reviewer, education, town, removal.RoleReview, "2020-01-01", Allowed},
		{"last day", reviewer, education, village, removal.RoleReview, "2020-12-31", Allowed},
		{"day after", reviewer, education, village, removal.RoleReview, "2021-01-01", Expired},
		{"day before", reviewer, education, village, removal.RoleReview, "2018-12-31", Never},
		{"role before", reviewer, education, village, removal.RolePropose, "2020-01-01", Never},
		{"role after", reviewer, education, village, removal.RoleConfirm, "2020-01-01", Never},
		{"division above", reviewer, education, danzhou, removal.RoleReview, "2020-01-01", Never},
		{"division beside", reviewer, education, haikou, removal.RoleReview, "2020-01-01", Never},
		{"no division", reviewer, education, "", removal.RoleReview, "2020-01-01", Never},
		{"other agency", reviewer, Caller{Agency: "housing"}, village, removal.RoleReview, "2020-01-01", Never},
		{"everything else", everything, education, village, removal.RoleReview, "2020-01-01", Never},
		{"no role", invented, education, village, "", "2020-01-01", Never},
		{"star", invented, education, village, "*", "2020-01-01", Never},
		{"unknown role", invented, education, village, "DECIDE", "2020-01-01", Never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := AllowRemoval(division.Hainan(), []Agreement{tt.agreement}, tt.caller, tt.code, tt.role, tt.on)
			if got.Verdict != tt.want || (got.Agreement == "") != (tt.want == Never) {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := AllowHouseholds(division.Hainan(), []Agreement{reviewer}, education, village, "2020-01-01"); got.Verdict != Never {
		t.Errorf("a role includes whole households: %+v", got)
	}
}

func TestRolesOfSeveralAgreementsAddUp(t *testing.T) {
	all := []Agreement{
		agreement(func(a *Agreement) { a.Removal = []removal.Role{removal.RoleConfirm, "DECIDE"} }),
		agreement(func(a *Agreement) {
			a.ID, a.Divisions, a.Removal = "a2", []string{town}, []removal.Role{removal.RolePropose, removal.RoleConfirm}
		}),
		agreement(func(a *Agreement) { a.ID, a.Until, a.Removal = "a3", "2019-06-30", []removal.Role{removal.RoleReview} }),
		agreement(func(a *Agreement) { a.ID, a.Agency, a.Removal = "a4", "housing", []removal.Role{removal.RoleReview} }),
	}
	for code, want := range map[string][]removal.Role{
		village: {removal.RolePropose, removal.RoleConfirm}, yangpu: {removal.RoleConfirm}, haikou: nil,
	} {
		if got := RemovalRoles(division.Hainan(), all, education, code, "2020-01-01"); !slices.Equal(got, want) {
			t.Errorf("in %s: %v", code, got)
		}
	}
}
