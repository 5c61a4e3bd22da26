package hub_test

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestAnAgreementNamesRolesOfTheRemovalProcedureThatExist(t *testing.T) {
	h := newHouse(t)
	a := access.Agreement{ID: "x", Agency: "township", Divisions: []string{province}, Purpose: "p", Basis: "b", From: today}
	a.Removal = []removal.Role{removal.RoleReview, "DECIDE"}
	err := h.SaveAgreement(t.Context(), a)
	h.violated(err, "removal[1]", fault.UnknownCode)
	a.Removal = []removal.Role{removal.RoleReview, removal.RolePropose}
	h.ok(h.SaveAgreement(t.Context(), a))
	all, err := h.Agreements(t.Context(), "township")
	if err != nil || len(all) != 1 || !slices.Equal(all[0].Removal, a.Removal) {
		t.Errorf("%v, error %v", all, err)
	}
}

func TestRolesOfTheRemovalProcedureFollowTheAgreements(t *testing.T) {
	h := newHouse(t)
	town := h.Divisions.Ancestors(qionghai[0])[0]
	county := h.Divisions.Ancestors(qionghai[0])[1]
	h.agree(access.Agreement{ID: "a1", Agency: "bureau", Divisions: []string{town}, Removal: []removal.Role{removal.RoleConfirm}})
	h.agree(access.Agreement{ID: "a2", Agency: "bureau", Divisions: []string{county}, Removal: []removal.Role{removal.RolePropose}})
	bureau := access.Caller{Agency: "bureau", Client: "test", Person: "b-1"}
	for village, want := range map[string][]removal.Role{
		qionghai[0]: {removal.RolePropose, removal.RoleConfirm}, danzhou[0]: nil,
	} {
		if got, err := h.RolesIn(t.Context(), bureau, village); err != nil || !slices.Equal(got, want) {
			t.Errorf("in %s: %v, error %v", village, got, err)
		}
	}
	h.refused(h.MayConfirm(t.Context(), bureau, "qionghai"), fault.NoAgreement) // only in a township of it
	h.refused(h.MayConfirm(t.Context(), bureau, "atlantis"), fault.DivisionNotFound)
	h.agree(access.Agreement{ID: "a3", Agency: "bureau", Divisions: []string{county}, Removal: []removal.Role{removal.RoleConfirm}})
	h.ok(h.MayConfirm(t.Context(), bureau, "qionghai"))
	h.refused(h.MayConfirm(t.Context(), bureau, "danzhou"), fault.NoAgreement)
	h.refused(h.MayConfirm(t.Context(), stranger, "qionghai"), fault.NoAgreement)
	h.agree(access.Agreement{ID: "a3", Agency: "bureau", Divisions: []string{county}, Removal: []removal.Role{removal.RoleConfirm}, Until: today.AddDays(-1)})
	h.refused(h.MayConfirm(t.Context(), bureau, "qionghai"), fault.AgreementExpired)
}
