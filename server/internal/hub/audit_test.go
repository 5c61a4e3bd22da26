package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/feed"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// trail gives all audit entries after the first n.
func (h *house) trail(n int) []store.AuditEntry {
	h.Helper()
	var out []store.AuditEntry
	h.ok(h.store.AuditTrail(h.Context(), time.Time{}, h.clock.Now().Add(time.Hour), func(e store.AuditEntry) error {
		out = append(out, e)
		return nil
	}))
	return out[n:]
}

// use is one use of the hub by a caller, with how many results it handed out.
type use struct {
	action string
	do     func() (handedOut int, err error)
}

func reads(h *house, was hub.HouseholdState) map[string]use {
	ctx, id, child := h.Context(), was.Household.ID, was.Household.Persons[2]
	count := func(some bool, err error) (int, error) {
		if some {
			return 1, err
		}
		return 0, err
	}
	return map[string]use{
		"get": {"household.get", func() (int, error) {
			s, err := h.GetHousehold(ctx, office, id, 0, time.Time{})
			return count(s.Household != nil, err)
		}},
		"list": {"household.list", func() (int, error) {
			s, _, err := h.ListHouseholds(ctx, office, hub.ListHouseholds{Village: was.Household.Village})
			return len(s), err
		}},
		"look up by ID number": {"household.lookUp", func() (int, error) {
			s, err := h.LookUpIdentifier(ctx, office, "ID_NUMBER", child.IDNumber)
			return len(s), err
		}},
		"look up by name": {"household.lookUp", func() (int, error) {
			s, err := h.LookUpName(ctx, office, child.Name)
			return len(s), err
		}},
		"revisions": {"household.revisions", func() (int, error) {
			s, err := h.Revisions(ctx, office, id)
			return len(s), err
		}},
		"get record": {"record.get", func() (int, error) {
			r, err := h.GetRecord(ctx, reader, "education", id, child.ID)
			return count(r != nil, err)
		}},
		"list records": {"record.list", func() (int, error) {
			r, _, err := h.ListRecords(ctx, reader, "education", was.Household.Village, 0, "")
			return len(r), err
		}},
		"check": {"entitlement.check", func() (int, error) {
			a, err := h.Entitlements(ctx, reader, []hub.Question{byID(child.IDNumber, "education-compulsory", "")})
			return count(a != nil && a[0].Match == hub.Matched, err)
		}},
		"explain": {"entitlement.explain", func() (int, error) {
			a, err := h.ExplainEntitlements(ctx, reader, byID(child.IDNumber, "education-compulsory", ""))
			return len(a), err
		}},
		"pull": {"sync.pull", func() (int, error) {
			p, err := h.Pull(ctx, reader, hub.PullQuery{})
			return len(p.GetBlocks()), err
		}},
		"follow": {"sync.follow", func() (n int, err error) {
			err = h.Follow(ctx, reader, hub.FollowQuery{}, func(p *wire.Page) error { n += len(p.GetBlocks()); return nil })
			return n, err
		}},
	}
}

func TestEveryReadStandsBetweenAnIntentAndAnOutcome(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	for name, r := range reads(h, h.find("HH-0001")) {
		before := len(h.trail(0))
		if n, err := r.do(); err != nil || n == 0 {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		e := h.trail(before)
		if len(e) != 2 || e[0].Of != "" || e[0].Outcome != "" || e[1].Of != e[0].ID || e[1].Outcome != "OK" {
			t.Fatalf("%s: %+v", name, e)
		}
		for _, e := range e {
			if e.Action != r.action || (e.Agency != "office" && e.Agency != "reader") || e.Client == "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func TestAReadThatFailsHasAnOutcomeWithTheReason(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	id := h.find("HH-0001").Household.ID
	before := len(h.trail(0))
	_, err := h.GetHousehold(t.Context(), stranger, id, 0, time.Time{})
	h.refused(err, fault.HouseholdNotFound)
	_, err = h.GetRecord(t.Context(), reader, "education", id, "")
	h.refused(err, fault.RecordNotFound)
	err = h.Follow(t.Context(), reader, hub.FollowQuery{}, func(*wire.Page) error { return errInjected })
	if err == nil {
		t.Fatal("the reader's failure was swallowed")
	}
	var outcomes []string
	for _, e := range h.trail(before) {
		if e.Of != "" {
			outcomes = append(outcomes, e.Agency+" "+e.Outcome)
		}
	}
	if want := []string{"stranger HOUSEHOLD_NOT_FOUND", "reader RECORD_NOT_FOUND", "reader INTERNAL"}; !slices.Equal(outcomes, want) {
		t.Errorf("%v", outcomes)
	}
}

func TestNothingIsHandedOutOrDoneWithoutAnAuditedIntent(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]), home(2, qionghai[0]))
	was := h.find("HH-0001")
	all := reads(h, was)
	all["create"] = use{"", func() (int, error) {
		_, err := h.CreateHousehold(t.Context(), office, home(3, qionghai[0]), "c")
		return 0, err
	}}
	all["update"] = use{"", func() (int, error) {
		_, err := h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Register.Phone = "10000000099" })
		return 0, err
	}}
	all["move"] = use{"", func() (int, error) {
		_, err := h.MoveHousehold(t.Context(), office, hub.Move{ID: was.Household.ID, Etag: was.Etag, Village: danzhou[0], Document: paper(), RequestID: "m"})
		return 0, err
	}}
	before := h.lists()
	h.store.failAudit = func(e store.AuditEntry) bool { return e.Of == "" }
	for name, r := range all {
		if n, err := r.do(); n != 0 || !fault.Is(err, fault.AuditUnavailable) {
			t.Errorf("%s handed out %d, %v", name, n, err)
		}
	}
	h.clock.day(tomorrow)
	_, err := h.Derive(t.Context())
	h.refused(err, fault.AuditUnavailable)
	h.clock.day(today)
	if h.lists() != before {
		t.Error("something was done")
	}
}

func TestOneEntryStandsForARunOfTheHubsOwnJobs(t *testing.T) {
	h := newHouse(t)
	h.load(home(1, qionghai[0]))
	h.load(home(2, danzhou[0]))
	before := len(h.trail(0))
	h.clock.day(tomorrow)
	h.derive()
	e := h.trail(before)
	if len(e) != 2 || e[0].Agency != "hub" || e[0].Action != "derive" || e[1].Of != e[0].ID || e[1].Outcome != "OK" {
		t.Errorf("%+v", e)
	}
}

func TestTheAuditNamesNobody(t *testing.T) {
	h := newHouse(t)
	f := home(1, qionghai[0])
	h.load(f)
	was := h.find("HH-0001")
	for _, r := range reads(h, was) {
		_, err := r.do()
		h.ok(err)
	}
	_, err := h.CreateSubscription(t.Context(), reader, "nightly", feed.Request{})
	h.ok(err)
	was = h.move(was, qionghai[1])
	_, err = h.update(office, was, household.GroupRegister, func(f *household.Household) { f.Persons[0].IDNumber = "99000119800301001X" })
	h.refused(err, fault.HouseholdInvalid)
	h.split(was, "HH-0002", was.Household.Persons[1].ID)
	text := fmt.Sprint(h.trail(0))
	secrets := []string{f.HouseholdNumber, "HH-0002", f.Register.Phone, "99000119800301001X"}
	for _, p := range f.Persons {
		secrets = append(secrets, p.Name, p.IDNumber, p.PersonNumber)
	}
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("the audit says %q", s)
		}
	}
	if !strings.Contains(text, was.Household.ID) {
		t.Error("the audit does not say which household was read")
	}
}
