package hub_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/store/sqlite"
)

// clock is a time that tests move by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) day(d date.Date) { c.now = d.Time().Add(4 * time.Hour) }

const province = "460000000000"

var (
	office    = access.Caller{Agency: "office", Client: "test", Person: "clerk-1"}
	education = access.Caller{Agency: "education", Client: "nightly"}
)

func newHub(t *testing.T) (*hub.Hub, *clock) {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	keys, err := seal.LoadOrCreate(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	c.day("2026-11-23")
	h, err := hub.New(t.Context(), hub.Config{Store: st, Keys: keys, Divisions: division.Hainan(), Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []access.Agreement{
		{ID: "a-office", Agency: "office", Divisions: []string{province}, Households: true, Catalogue: true, Groups: []household.Group{household.GroupRegister},
			Lists: []string{"household-status", "without-helper", "open-needs"}, Purpose: "register", Basis: "notice", From: "2019-01-01"},
		{ID: "a-education", Agency: "education", Divisions: []string{province}, Lists: []string{"education", "no-longer-supported"}, Purpose: "school aid", Basis: "notice 一(一)", From: "2019-01-01"},
	} {
		if err := h.SaveAgreement(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	return h, c
}

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

func drain(t *testing.T, h *hub.Hub, c access.Caller, cursor string) (string, int, int) {
	t.Helper()
	records, changes := 0, 0
	for {
		p, err := h.Pull(context.Background(), c, hub.PullQuery{Scope: feed.Request{}, Cursor: cursor, PageSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range p.Blocks {
			records += int(b.Count)
		}
		for range p.Transactions {
			changes++
		}
		cursor = p.Cursor
		if p.End != nil {
			return cursor, records, changes
		}
	}
}

func TestThinThread(t *testing.T) {
	h, c := newHub(t)
	village := division.Hainan().AreaVillages("qionghai")[0]
	var run []*household.Household
	for i := range 10 {
		run = append(run, family(i, village))
	}
	got, err := h.Import(t.Context(), office, "qionghai", run)
	if err != nil || got.Created != 10 {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err = h.Import(t.Context(), office, "qionghai", run); err != nil || got.Unchanged != 10 {
		t.Fatalf("%+v %v", got, err)
	}
	cursor, records, _ := drain(t, h, education, "")
	if records != 10 {
		t.Fatalf("%d records", records)
	}
	found, err := h.LookUpIdentifier(t.Context(), office, "HOUSEHOLD_NUMBER", "HH-0003")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	moved, err := h.MoveHousehold(t.Context(), office, hub.Move{ID: found[0].Household.ID, Etag: found[0].Etag, Village: division.Hainan().AreaVillages("danzhou")[0],
		Document: household.Document{Issuer: "x", Number: "1", Date: "2026-01-01"}, RequestID: "r1"})
	if err != nil || moved.Area != "danzhou" {
		t.Fatal(moved, err)
	}
	cursor, records, changes := drain(t, h, education, cursor)
	if records != 0 || changes != 2 {
		t.Fatal(records, changes)
	}
	c.day("2040-01-01")
	d, err := h.Derive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", d)
	_, records, changes = drain(t, h, education, cursor)
	if records != 0 || changes == 0 {
		t.Fatal(records, changes)
	}
}
