package hub_test

import (
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

var education = access.Caller{Agency: "education", Client: "nightly"}

// newHub makes a hub that education reads one list of; see newHouse for more.
func newHub(t testing.TB) (*hub.Hub, *clock) {
	t.Helper()
	return newHubIn(t, t.TempDir())
}

// newHubIn makes it in a folder.
func newHubIn(t testing.TB, dir string) (*hub.Hub, *clock) {
	t.Helper()
	h := openHouse(t, dir)
	h.agree(access.Agreement{
		ID: "a-office", Agency: "office", Divisions: []string{province}, Households: true, Catalogue: true, Groups: []household.Group{household.GroupRegister},
		Lists: []string{"household-status", "without-helper", "open-needs"},
	})
	h.agree(access.Agreement{ID: "a-education", Agency: "education", Divisions: []string{province}, Lists: []string{"education", "no-longer-supported"}})
	return h.Hub, h.clock
}

// family is a household of a man and his daughter of school age, both without ID numbers.
func family(n int, village string) *household.Household {
	return &household.Household{
		HouseholdNumber: fmt.Sprintf("HH-%04d", n), Village: village,
		Register: household.Register{
			MainCause: household.CauseIllness, PovertyStatus: household.Lifted, LiftedYear: 2018, FirstIdentifiedOn: "2014-05-01",
			Attribute: household.AttributeOrdinary,
		},
		Persons: []household.Person{
			{PersonNumber: fmt.Sprintf("P-%04d-1", n), Name: "甲测试", Sex: household.Male, BirthDate: "1980-03-01", Relation: household.RelationHead, JoinedOn: "2014-05-01", JoinReason: household.JoinRegistered, LabourAbility: household.LabourOrdinary},
			{PersonNumber: fmt.Sprintf("P-%04d-2", n), Name: "乙测试", Sex: household.Female, BirthDate: "2015-03-01", Relation: household.RelationDaughter, JoinedOn: "2015-03-01", JoinReason: household.JoinBirth},
		},
	}
}
