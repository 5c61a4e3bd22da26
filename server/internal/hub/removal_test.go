package hub_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
)

func TestAHouseholdHasOneOpenCaseAtATime(t *testing.T) {
	h := newBureau(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	c := h.propose(was)
	_, err := h.ProposeRemoval(t.Context(), villager, h.proposal(was))
	h.refused(err, fault.CaseOpen)
	if got := h.cases(county, hub.CaseQuery{}); !slices.Equal(got, []string{c.ID}) {
		t.Fatalf("the refused case is there: %v", got)
	}
	_, err = h.step(c, removal.Withdraw)
	h.ok(err)
	h.propose(was) // an ended one is in nobody's way
}

func TestAnOverrideNeedsItsReasonAndGroundsAndIsListed(t *testing.T) {
	h := newBureau(newHouse(t))
	both := h.fits(qionghai[0], 1, 2)
	_, err := h.update(office, both[0], household.GroupRegister, func(f *household.Household) {
		f.Helpers[0].To, f.Helpers[0].Reason = today.AddDays(-1), "调离"
	})
	h.ok(err)
	without, plain := h.carry(h.propose(h.find("HH-0001")), removal.Review), h.carry(h.propose(both[1]), removal.Review)
	refused := func(reason fault.Reason, changes ...func(*access.Caller, *removal.Step)) {
		t.Helper()
		_, err := h.step(without, removal.Confirm, changes...)
		h.hindered(err, reason)
		if !reflect.DeepEqual(h.now(without), without) {
			t.Fatal("a refused confirmation changed the case")
		}
	}
	override := func(_ *access.Caller, s *removal.Step) { s.Override = true }
	reason := func(_ *access.Caller, s *removal.Step) { s.Reason = "新帮扶人已确定" }
	grounds := func(_ *access.Caller, s *removal.Step) {
		s.Evidence = append(s.Evidence, h.papers(county, without.Household, without.ID, removal.EvidenceOverride)...)
	}
	refused(fault.HoldStands)
	refused(fault.Required, override, grounds)
	refused(fault.EvidenceKindMissing, override, reason)
	c, err := h.step(without, removal.Confirm, override, reason, grounds)
	h.ok(err)
	if last := c.Steps[len(c.Steps)-1]; !c.Overridden || len(last.Holds) != 1 || last.Holds[0].Kind != removal.HoldNoHelper {
		t.Errorf("confirmed over %v, overridden %v", last.Holds, c.Overridden)
	}
	p, err := h.step(plain, removal.Confirm, override) // with nothing to override
	h.ok(err)
	if got := h.cases(county, hub.CaseQuery{Overridden: true}); !slices.Equal(got, []string{c.ID}) || p.Overridden {
		t.Errorf("the list of overrides has %v, not %s alone", got, c.ID)
	}
}

func TestAVillageOutOfLineNeedsASecondConfirmerFromThenOn(t *testing.T) {
	h := newBureau(newHouse(t))
	few, other := h.fits(qionghai[0], 1, 4), h.fits(qionghai[1], 10, 1)[0]
	first := h.carry(h.propose(few[0]), removal.Announce) // one case says nothing
	if first.Flagged {
		t.Fatal("flagged after one case")
	}
	second, third := h.propose(few[1]), h.propose(few[2])
	second = h.carry(second, removal.Review)
	check, err := h.CheckRemoval(t.Context(), county, second.ID, "")
	if h.ok(err); !check.SecondConfirmer {
		t.Error("the check does not say that two are needed")
	}
	c, err := h.step(second, removal.Confirm)
	if h.ok(err); c.State != removal.Reviewed || !c.Flagged {
		t.Fatalf("%s after one confirmer, flagged %v", c.State, c.Flagged)
	}
	_, err = h.step(c, removal.Announce)
	h.hindered(err, fault.StepOutOfOrder)
	_, err = h.step(c, removal.Confirm)
	h.hindered(err, fault.SamePerson)
	c, err = h.step(c, removal.Confirm, by(county2))
	if h.ok(err); c.State != removal.Confirmed {
		t.Fatalf("%s after two confirmers", c.State)
	}
	_, err = h.step(third, removal.Withdraw)
	h.ok(err)
	h.clock.day(h.Today().AddDays(400)) // no case in the window any more
	_, parts, err := h.RemovalRates(t.Context(), county, "qionghai")
	if h.ok(err); !slices.ContainsFunc(parts, func(r removal.Rate) bool { return r.Division == qionghai[0] && r.Flagged }) {
		t.Errorf("the village does not stay flagged: %v", parts)
	}
	for _, x := range []struct {
		was  hub.HouseholdState
		want removal.State
	}{{few[3], removal.Reviewed}, {other, removal.Confirmed}} {
		if _, err := h.update(office, h.find(x.was.Household.HouseholdNumber), household.GroupRegister, func(f *household.Household) {
			f.Incomes = append(f.Incomes, household.Income{Year: h.Today().Year(), Wage: 9000000, PerCapitaNet: 3000000})
		}); err != nil {
			t.Fatal(err)
		}
		c, err := h.step(h.carry(h.propose(h.find(x.was.Household.HouseholdNumber)), removal.Review), removal.Confirm)
		if h.ok(err); c.State != x.want {
			t.Errorf("in %s: %s after one confirmer", c.Village, c.State)
		}
	}
}

func TestAHouseholdUpdatedDuringPublicityIsRemovedAsItIsThen(t *testing.T) {
	h := newBureau(newHouse(t))
	was := h.fits(qionghai[0], 1, 1)[0]
	c := h.carry(h.propose(was), removal.Post)
	born, err := h.RecordBirth(t.Context(), office, hub.Case{ID: was.Household.ID, Etag: was.Etag, Document: paper(), RequestID: h.request()}, household.Person{
		PersonNumber: "P-0001-9", Name: "试新", Sex: household.Female, BirthDate: h.Today(), Relation: household.RelationDaughter,
		JoinedOn: h.Today(), JoinReason: household.JoinBirth, LabourAbility: household.LabourNone,
	})
	h.ok(err)
	h.clock.day(h.Today().AddDays(8))
	if c, err = h.step(c, removal.Review); err != nil {
		t.Fatal(err)
	}
	c, err = h.step(c, removal.Confirm)
	h.ok(err)
	confirmed := c
	now := h.find("HH-0001")
	_, err = h.RecordDeath(t.Context(), office, hub.Case{ID: now.Household.ID, Etag: now.Etag, Document: paper(), RequestID: h.request()}, household.Passing{
		Person: born.Household.Persons[1].ID, On: h.Today(),
	})
	h.ok(err)
	_, err = h.step(c, removal.Announce) // nobody confirmed this
	h.hindered(err, fault.ConfirmAgain)
	if !reflect.DeepEqual(h.now(c), confirmed) || len(h.find("HH-0001").Household.Decisions) > 0 {
		t.Fatal("a refused announcement changed something")
	}
	c, err = h.step(c, removal.Confirm)
	h.ok(err)
	c, err = h.step(c, removal.Announce)
	h.ok(err)
	d := h.find("HH-0001").Household.Decisions[0]
	var named []string
	for _, e := range d.Ends {
		if e.Policy == household.AllPolicies {
			named = append(named, e.Person)
		}
	}
	var want []string
	for _, p := range h.find("HH-0001").Household.PresentOn(c.EffectiveOn) {
		want = append(want, p.ID)
	}
	slices.Sort(want)
	if slices.Sort(named); len(want) != 3 || !slices.Equal(named, want) {
		t.Errorf("the decision names %v, not %v", named, want)
	}
}

func TestEachRoleFindsWhatWaitsForItSinceAndUntilWhen(t *testing.T) {
	h := newBureau(newHouse(t))
	few := h.fits(qionghai[0], 1, 3)
	proposed := h.propose(few[0])
	confirmable := h.carry(h.propose(few[2]), removal.Review) // eight days later
	posted := h.carry(h.propose(few[1]), removal.Post)
	for _, x := range []struct {
		c            hub.CaseState
		role         removal.Role
		since, until string
	}{
		{proposed, removal.RolePropose, string(today), string(today.AddDays(10))},
		{posted, removal.RoleReview, string(today.AddDays(8)), string(today.AddDays(15))}, // the first day after seven
		{confirmable, removal.RoleConfirm, string(today.AddDays(8)), string(today.AddDays(18))},
	} {
		all, _, err := h.Removals(t.Context(), county, hub.CaseQuery{Area: "qionghai", Waiting: x.role})
		h.ok(err)
		if len(all) != 1 || all[0].ID != x.c.ID || string(all[0].Since) != x.since || string(all[0].Until) != x.until {
			t.Errorf("%s finds %d cases; its own waits from %s until %s, not from %s until %s", x.role, len(all), all[0].Since, all[0].Until, x.since, x.until)
		}
	}
	var all []string
	for token := ""; ; { // page by page, who waits longest first
		page, next, err := h.Removals(t.Context(), county, hub.CaseQuery{Area: "qionghai", PageSize: 1, PageToken: token})
		h.ok(err)
		for _, c := range page {
			all = append(all, c.ID)
		}
		if token = next; token == "" {
			break
		}
	}
	if len(all) != 3 || all[0] != proposed.ID || !slices.Contains(all, posted.ID) || !slices.Contains(all, confirmable.ID) {
		t.Errorf("page by page: %v", all)
	}
}

func TestWhoMayNotSeeACaseFindsNone(t *testing.T) {
	h := newBureau(newHouse(t))
	elsewhere := access.Caller{Agency: "elsewhere", Client: "test", Person: "e1"}
	root, _ := h.Divisions.Area("danzhou")
	h.agree(access.Agreement{ID: "r-elsewhere", Agency: "elsewhere", Divisions: []string{root.Root}, Removal: []removal.Role{removal.RoleConfirm}})
	c := h.carry(h.propose(h.fits(qionghai[0], 1, 1)[0]), removal.Review)
	_, s := h.usual(c, removal.Confirm)
	for _, who := range []access.Caller{elsewhere, stranger, reader} {
		ctx := t.Context()
		for what, do := range map[string]func() error{
			"get":      func() error { _, err := h.Removal(ctx, who, c.ID); return err },
			"check":    func() error { _, err := h.CheckRemoval(ctx, who, c.ID, ""); return err },
			"file":     func() error { _, err := h.CaseFile(ctx, who, c.ID); return err },
			"readers":  func() error { _, err := h.Readers(ctx, who, c.ID); return err },
			"evidence": func() error { _, _, err := h.Evidence(ctx, who, c.ID, s.Evidence[0].SHA256); return err },
			"step": func() error {
				_, err := h.TakeStep(ctx, who, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
				return err
			},
		} {
			if err := do(); !fault.Is(err, fault.CaseNotFound) {
				t.Errorf("%s of %s: %v", what, who.Agency, err)
			}
		}
		if got := h.cases(who, hub.CaseQuery{}); len(got) > 0 {
			t.Errorf("%s lists %v", who.Agency, got)
		}
	}
	if !reflect.DeepEqual(h.now(c), c) {
		t.Error("the case changed")
	}
}

func TestTheAuditOfARemovalHoldsNoPersonalData(t *testing.T) {
	h := newBureau(newHouse(t))
	in := fit(1, qionghai[0])
	before := len(h.trail(0))
	h.load(in)
	c := h.carry(h.propose(h.find("HH-0001")), removal.Announce)
	_, err := h.CaseFile(t.Context(), county, c.ID)
	h.ok(err)
	_, err = h.Announcement(t.Context(), villager, hub.Notice{Village: qionghai[0], State: removal.Announced})
	h.ok(err)
	_, err = h.step(c, removal.Reverse, func(_ *access.Caller, s *removal.Step) { s.Reason = in.Persons[0].Name })
	h.ok(err)
	_, err = h.Removal(t.Context(), county, in.Persons[0].IDNumber) // as somebody may ask by mistake
	h.refused(err, fault.CaseNotFound)
	seen := map[string]bool{}
	for _, e := range h.trail(before) {
		seen[e.Action] = true
		for _, secret := range []string{in.Persons[0].Name, in.Persons[0].IDNumber, in.Persons[0].PersonNumber, in.Register.Phone, in.HouseholdNumber, "收入稳定"} {
			if strings.Contains(e.Detail+e.Outcome, secret) {
				t.Errorf("%s tells %s", e.Action, e.Detail)
			}
		}
	}
	for _, action := range []string{"removal.upload", "removal.propose", "removal.announce", "removal.reverse", "removal.file", "removal.announcement", "removal.get"} {
		if !seen[action] {
			t.Errorf("%s is not in the audit", action)
		}
	}
}

func TestDamagedEvidenceIsRefusedWhenItIsRead(t *testing.T) {
	dir := t.TempDir()
	h := newBureau(newHouseIn(t, dir))
	c := h.propose(h.fits(qionghai[0], 1, 1)[0])
	sum := c.Steps[0].Evidence[0].SHA256
	content, media, err := h.Evidence(t.Context(), county, c.ID, sum)
	if h.ok(err); !strings.HasPrefix(string(content), "虚构材料") || media != "text/plain" {
		t.Fatalf("%s %s", media, content)
	}
	files, err := filepath.Glob(filepath.Join(dir, "evidence", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, error %v", files, err)
	}
	sealed, err := os.ReadFile(files[0])
	h.ok(err)
	sealed[len(sealed)-1] ^= 1
	h.ok(os.WriteFile(files[0], sealed, 0o600))
	_, _, err = h.Evidence(t.Context(), county, c.ID, sum)
	h.refused(err, fault.EvidenceDamaged)
	_, _, err = h.Evidence(t.Context(), county, c.ID, strings.Repeat("0", 64))
	h.refused(err, fault.EvidenceNotFound)
}
