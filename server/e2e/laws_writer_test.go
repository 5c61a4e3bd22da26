package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
)

const (
	lawProvince = "460000000000"
	lawDay      = date.Date("2026-11-23")
)

// lawAreas and their first villages are where the households of the law tests live.
var lawAreas = []string{"danzhou", "qionghai", "wenchang"}

func lawVillage(area string, n int) string { return division.Hainan().AreaVillages(area)[n] }

func lawPaper() household.Document {
	return household.Document{Issuer: "office", Number: "1", Date: lawDay}
}

// lawClock stands at a day and never tells the same moment twice.
func lawClock() func() time.Time {
	var mu sync.Mutex
	now := lawDay.Time().Add(4 * time.Hour)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Microsecond)
		return now
	}
}

// lawFamily is household n: two adults and two pupils.
func lawFamily(n int, village string) *household.Household {
	h := &household.Household{HouseholdNumber: fmt.Sprintf("HH-%06d", n), Village: village, Register: household.Register{
		MainCause: household.CauseIllness, PovertyStatus: household.Lifted, LiftedYear: 2018,
		FirstIdentifiedOn: "2014-05-01", Attribute: household.AttributeOrdinary,
	}}
	for i, relation := range []household.Relation{household.RelationHead, household.RelationSpouse, household.RelationSon, household.RelationDaughter} {
		p := household.Person{
			PersonNumber: fmt.Sprintf("P-%06d-%d", n, i), Name: fmt.Sprintf("测试%d之%d", n, i), Relation: relation,
			Sex: []household.Sex{household.Male, household.Female}[i%2], BirthDate: "1984-03-01", JoinedOn: "2015-05-01", JoinReason: household.JoinRegistered,
		}
		if i >= 2 {
			p.BirthDate = "2015-03-01"
		}
		h.Persons = append(h.Persons, p)
	}
	return h
}

// lawRegister is what the office's clerks know of the households: the state that each was
// seen in last. Several clerks may hold the same state; the hub tells who was late.
type lawRegister struct {
	mu       sync.Mutex
	known    map[string]hub.HouseholdState
	ids      []string
	families int            // registered so far
	done     map[string]int // use cases acknowledged, by kind
	acked    []hub.HouseholdState
}

func (r *lawRegister) saw(kind string, states ...hub.HouseholdState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[kind]++
	r.acked = append(r.acked, states...)
	for _, s := range states {
		if _, known := r.known[s.Household.ID]; !known {
			r.ids = append(r.ids, s.Household.ID)
		}
		r.known[s.Household.ID] = s
	}
}

func (r *lawRegister) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, id)
	r.ids = slices.DeleteFunc(r.ids, func(known string) bool { return known == id })
}

// pick gives a household that fits, or false.
func (r *lawRegister) pick(random *rand.Rand, fits func(hub.HouseholdState) bool) (hub.HouseholdState, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range 8 {
		if s := r.known[r.ids[random.IntN(len(r.ids))]]; fits(s) {
			return s, true
		}
	}
	return hub.HouseholdState{}, false
}

// lawClerk is a writer: it does the office's use cases in random order.
type lawClerk struct {
	hub    *lawHub
	office *lawRegister
	random *rand.Rand
	name   string
	turns  int
}

// work goes on until the feeds have so many transactions.
func (c *lawClerk) work(t *testing.T, until int64) {
	for c.hub.store.transactions.Load() < until {
		c.turns++
		if int64(c.turns) > 10*until+100 {
			t.Errorf("%s: %d turns without an end", c.name, c.turns)
			return
		}
		ctx := withInterference(t.Context(), interference{
			opened: c.pause, appended: c.pause, fails: func() bool { return c.random.IntN(10) < 3 },
		})
		if err := c.turn(ctx, fmt.Sprintf("%s-%d", c.name, c.turns)); err != nil && !harmless(err) {
			t.Errorf("%s: %v", c.name, err)
			return
		}
		for range c.random.IntN(50) {
			runtime.Gosched()
		}
	}
}

// pause holds one Update in eight back, until others have committed or have had time to.
func (c *lawClerk) pause(tx store.Tx) {
	if c.random.IntN(8) > 0 {
		return
	}
	before := c.hub.store.transactions.Load()
	for range 20 {
		if _, err := tx.Meta(context.Background()); err != nil || c.hub.store.transactions.Load() > before {
			return
		}
		runtime.Gosched()
	}
}

// harmless says that a use case was refused, or rolled back, and so did nothing.
func harmless(err error) bool {
	if errors.Is(err, errRolledBack) {
		return true
	}
	for _, r := range []fault.Reason{fault.EtagStale, fault.HouseholdNotFound, fault.WrittenMeanwhile, fault.IdentifierTaken, fault.HouseholdInvalid, fault.HouseholdClosed} {
		if fault.Is(err, r) {
			return true
		}
	}
	return false
}

func (c *lawClerk) turn(ctx context.Context, request string) error {
	switch n := c.random.IntN(100); {
	case n < 70:
		return c.revise(ctx, request)
	case n < 76:
		return c.importRun(ctx)
	case n < 80:
		return c.create(ctx, request)
	case n < 90:
		return c.move(ctx, request)
	case n < 95:
		return c.split(ctx, request)
	default:
		return c.merge(ctx, request)
	}
}

func anyHousehold(hub.HouseholdState) bool { return true }

// late takes up the present state of a household whose etag was stale, and forgets one that is gone.
func (c *lawClerk) late(s hub.HouseholdState, err error) error {
	switch {
	case fault.Is(err, fault.HouseholdNotFound):
		c.office.forget(s.Household.ID)
	case fault.Is(err, fault.EtagStale):
		now, err := c.hub.GetHousehold(context.Background(), lawOffice, s.Household.ID, 0, time.Time{})
		if err == nil {
			c.office.saw("read", now)
		}
	}
	return err
}

// revise changes one field, which stands in several lists.
func (c *lawClerk) revise(ctx context.Context, request string) error {
	s, _ := c.office.pick(c.random, anyHousehold)
	now, err := c.hub.UpdateHousehold(ctx, lawOffice, hub.Update{
		Household: &household.Household{ID: s.Household.ID, VillageGroup: "组" + request}, Etag: s.Etag,
		Groups: []household.Group{household.GroupRegister}, RequestID: request,
	})
	if err != nil {
		return c.late(s, err)
	}
	c.office.saw("update", now)
	return nil
}

// importRun loads a few households again, with another group, and so without their etags.
func (c *lawClerk) importRun(ctx context.Context) error {
	area := lawAreas[c.random.IntN(len(lawAreas))]
	var run []*household.Household
	for range 1 + c.random.IntN(4) {
		f := lawFamily(c.random.IntN(c.office.count(0)), lawVillage(area, c.random.IntN(3)))
		f.VillageGroup = fmt.Sprint("组", c.turns)
		run = append(run, f)
	}
	_, err := c.hub.Import(ctx, lawOffice, area, run, hub.How{})
	if err == nil {
		c.office.saw("import")
	}
	return err
}

// count adds to the number of families registered and gives what it was.
func (r *lawRegister) count(more int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families += more
	return r.families - more
}

// create registers a family that is new.
func (c *lawClerk) create(ctx context.Context, request string) error {
	f := lawFamily(c.office.count(1), lawVillage(lawAreas[c.random.IntN(len(lawAreas))], c.random.IntN(3)))
	now, err := c.hub.CreateHousehold(ctx, lawOffice, f, request)
	if err == nil {
		c.office.saw("create", now)
	}
	return err
}

// move moves within the area or, more seldom, into another one.
func (c *lawClerk) move(ctx context.Context, request string) error {
	s, _ := c.office.pick(c.random, anyHousehold)
	kind, area := "move", s.Area
	if c.random.IntN(3) == 0 {
		area = lawAreas[c.random.IntN(len(lawAreas))]
	}
	if area != s.Area {
		kind = "transfer"
	}
	now, err := c.hub.MoveHousehold(ctx, lawOffice, hub.Move{
		ID: s.Household.ID, Etag: s.Etag, Village: lawVillage(area, c.random.IntN(3)), Document: lawPaper(), RequestID: request,
	})
	if err != nil {
		return c.late(s, err)
	}
	c.office.saw(kind, now)
	return nil
}

func (c *lawClerk) split(ctx context.Context, request string) error {
	s, ok := c.office.pick(c.random, func(s hub.HouseholdState) bool { return len(s.Household.PresentOn(lawDay)) > 3 })
	if !ok {
		return nil
	}
	leaving, relation := map[string]household.Relation{}, household.RelationHead
	for _, p := range s.Household.PresentOn(lawDay) {
		if p.Relation != household.RelationHead && len(leaving) < 2 {
			leaving[p.ID], relation = relation, household.RelationOther
		}
	}
	rest, off, err := c.hub.SplitHousehold(ctx, lawOffice, hub.Split{
		ID: s.Household.ID, Etag: s.Etag, Leaving: leaving, HouseholdNumber: "SPLIT-" + request, On: lawDay, Document: lawPaper(), RequestID: request,
	})
	if err != nil {
		return c.late(s, err)
	}
	c.office.saw("split", rest, off)
	return nil
}

func (c *lawClerk) merge(ctx context.Context, request string) error {
	into, _ := c.office.pick(c.random, func(s hub.HouseholdState) bool { return len(s.Household.Persons) < 20 })
	from, ok := c.office.pick(c.random, func(s hub.HouseholdState) bool {
		return into.Household != nil && s.Area == into.Area && s.Household.ID != into.Household.ID && len(s.Household.Persons) < 20
	})
	if !ok {
		return nil
	}
	now, err := c.hub.MergeHouseholds(ctx, lawOffice, hub.Merge{
		Into: into.Household.ID, IntoEtag: into.Etag, From: from.Household.ID, FromEtag: from.Etag, On: lawDay, Document: lawPaper(), RequestID: request,
	})
	if err != nil {
		return errors.Join(c.late(into, err), c.late(from, err))
	}
	c.office.saw("merge", now)
	c.office.forget(from.Household.ID)
	return nil
}
