package catalogue

import (
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

func TestChangedFactsNeverLookLikeAnEnd(t *testing.T) {
	c := hainan(t)
	tests := map[string]struct {
		list, person string
		change       func(*household.Household)
	}{
		"a need is met":          {"open-needs", "", func(h *household.Household) { h.Needs[0].FulfilledOn = "2020-05-01" }},
		"a house is renovated":   {"housing", "", func(h *household.Household) { h.Housing.Appraisals[0].RenovatedOn = "2020-05-01" }},
		"a shock is resolved":    {"civil-affairs", "", func(h *household.Household) { h.Shocks[0].ResolvedOn = "2020-05-01" }},
		"a pupil leaves school":  {"education", "pp_4", func(h *household.Household) { h.Persons[3].SchoolStage = household.NotInSchool }},
		"labour ability is lost": {"employment", "pp_1", func(h *household.Household) { h.Persons[0].LabourAbility = household.LabourLost }},
		"somebody marries away": {"medical-insurance", "pp_4", func(h *household.Household) {
			h.Persons[3].LeftOn, h.Persons[3].LeaveReason = "2020-05-01", household.LeaveMarriage
		}},
		"somebody is not on record": {"medical-insurance", "pp_4", func(h *household.Household) { h.Persons = h.Persons[:3] }},
		"a status without evidence": {"medical-insurance", "pp_1", func(h *household.Household) { h.Register.PovertyStatus = household.Removed }},
		"a merger": {"medical-insurance", "pp_1", func(h *household.Household) {
			h.Closing = &household.Closing{Kind: household.ClosingMerge, On: "2020-05-01"}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := needy()
			if _, there := derive(t, c, h, tt.list, today)[tt.person]; !there {
				t.Fatal("no row to begin with")
			}
			tt.change(h)
			if _, there := derive(t, c, h, tt.list, today)[tt.person]; there {
				t.Fatal("the row is still there")
			}
			if e := c.WhyGone(h, c.List(tt.list), tt.person, today); e.Op != "LEFT_SCOPE" || e.Basis != "" || e.Cause == "" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// needy is a family that stands in all lists but no-longer-supported and without-helper.
func needy() *household.Household {
	h := family()
	h.Needs = []household.Need{{ID: "n1", Category: household.NeedIndustry, AroseOn: "2020-04-01"}}
	h.Shocks = []household.Shock{{ID: "s1", Kind: household.ShockIllness, Person: "pp_1", HappenedOn: "2020-03-03"}}
	h.Housing.Damages = []household.Damage{{ID: "d1", Cause: household.DamageTyphoon, HappenedOn: "2019-08-30"}}
	h.Housing.Appraisals = []household.Appraisal{{ID: "e1", Grade: household.GradeC, AppraisedOn: "2019-09-20"}}
	return h
}

func TestAValidityThatPassesIsNoEnd(t *testing.T) {
	c := hainan(t)
	for _, p := range c.Policies {
		if p.Department == "medical-insurance" {
			p.Until = "2020-05-09"
		}
	}
	h := family()
	if len(derive(t, c, h, "medical-insurance", today)) != 0 {
		t.Error("the policy is still applied")
	}
	if e := c.WhyGone(h, c.List("medical-insurance"), "pp_1", today); e.Op != "LEFT_SCOPE" || e.Cause != "DATE" {
		t.Errorf("got %+v", e)
	}
}

func TestADecisionEndsEachPolicyOnItsFrozenDay(t *testing.T) {
	c, h := hainan(t), unsupported()
	for _, tt := range []struct {
		list, person, policy string
		last                 date.Date
	}{
		{"education", "pp_3", "education-compulsory", "2020-07-15"},
		{"education", "pp_4", "education-aid", "2022-07-15"},
		{"medical-insurance", "pp_1", "medical-basic", "2020-12-31"},
		{"employment", "pp_1", "employment", "2020-02-29"},
		{"industry", "", "industry", "2020-02-29"}, // without an end of its own: the day before the effect
	} {
		row := derive(t, c, h, tt.list, tt.last)[tt.person]
		if e := value(t, row, "entitlements"); !strings.Contains(e, tt.policy+",") || !strings.Contains(e, ","+string(tt.last)+",") {
			t.Errorf("%s: on the last day got %q", tt.list, e)
		}
		next := tt.last.AddDays(1)
		if _, there := derive(t, c, h, tt.list, next)[tt.person]; there {
			t.Errorf("%s: still there the day after", tt.list)
		}
		e := c.WhyGone(h, c.List(tt.list), tt.person, next)
		want := Ending{
			Op: "ENDED", Basis: "DECISION", DecisionID: "dd_1", DecisionNumber: "琼试扶决〔2020〕1号", On: tt.last,
			Document: "某某市 琼试扶〔2020〕7号 2020-02-20", Clause: "一(致富户)",
		}
		if e != want {
			t.Errorf("%s: got %+v", tt.list, e)
		}
	}
}

func TestADecidedEndShowsBeforeItsEffect(t *testing.T) {
	c, h := hainan(t), unsupported()
	entitled := func(on date.Date) string {
		return value(t, derive(t, c, h, "employment", on)["pp_1"], "entitlements")
	}
	if e := entitled("2020-02-09"); e != "employment,2019-01-01,,optional" {
		t.Errorf("before the decision: %s", e)
	}
	if e := entitled("2020-02-10"); e != "employment,2019-01-01,2020-02-29,optional" {
		t.Errorf("after the decision: %s", e)
	}
	if rows := derive(t, c, h, "no-longer-supported", "2020-02-29"); len(rows) != 0 {
		t.Error("named as no longer supported before the effect")
	}
	h.Decisions = append(h.Decisions, household.Decision{
		ID: "dd_2", Kind: household.DecisionReversal, Reverses: "dd_1", DecidedOn: "2020-02-15", EffectiveOn: "2020-03-01",
	})
	if e := entitled("2020-02-16"); e != "employment,2019-01-01,,optional" {
		t.Errorf("taken back before its effect: %s", e)
	}
}

func TestAReversalTakesSupportUpAgain(t *testing.T) {
	c, h := hainan(t), unsupported()
	h.Decisions = append(h.Decisions, household.Decision{
		ID: "dd_2", Kind: household.DecisionReversal, Reverses: "dd_1", DecidedOn: "2020-04-01", EffectiveOn: "2020-05-01",
	})
	if len(derive(t, c, h, "employment", "2020-04-30")) != 0 {
		t.Error("support before the reversal's effect")
	}
	if e := value(t, derive(t, c, h, "employment", "2020-05-01")["pp_1"], "entitlements"); e != "employment,2020-05-01,,optional" {
		t.Errorf("interrupted support begins anew with the reversal: %s", e)
	}
	e := value(t, derive(t, c, h, "medical-insurance", "2020-05-01")["pp_1"], "entitlements")
	if !strings.HasPrefix(e, "medical-basic,2019-01-01,,due;medical-critical-illness,2020-05-01,,due") {
		t.Errorf("what had not ended yet was never interrupted: %s", e)
	}
	if len(derive(t, c, h, "no-longer-supported", "2020-05-01")) != 0 {
		t.Error("still named as no longer supported")
	}
	if e := c.WhyGone(h, c.List("no-longer-supported"), "pp_1", "2020-05-01"); e.Op != "LEFT_SCOPE" {
		t.Errorf("got %+v", e)
	}
}

func TestADeathEndsThePersonsRecordsWithItsOwnBasis(t *testing.T) {
	c := hainan(t)
	for name, h := range map[string]*household.Household{"supported": family(), "unsupported": unsupported()} {
		h.Persons[0].LeftOn, h.Persons[0].LeaveReason, h.Persons[0].LeaveEvidence = "2020-05-01", household.LeaveDeath, "死亡证明 试-1"
		want := Ending{Op: "ENDED", Basis: "DEATH", On: "2020-04-30", Document: "死亡证明 试-1"}
		for _, list := range []string{"medical-insurance", "no-longer-supported"} {
			if _, there := derive(t, c, h, list, "2020-05-01")["pp_1"]; there {
				t.Errorf("%s: the dead stand in %s", name, list)
			}
			if e := c.WhyGone(h, c.List(list), "pp_1", "2020-05-01"); e != want {
				t.Errorf("%s, %s: got %+v", name, list, e)
			}
		}
		if e := c.WhyGone(h, c.List("medical-insurance"), "pp_1", "2020-04-30"); e.Basis == "DEATH" {
			t.Errorf("%s: died a day early", name)
		}
	}
}

func TestAClosingEndsAllRecordsWithItsEvidence(t *testing.T) {
	c, h := hainan(t), family()
	h.Register.PovertyStatus = household.Removed
	h.Closing = &household.Closing{Kind: household.ClosingError, On: "2020-05-01", Document: household.Document{Issuer: "某某市", Number: "9号", Date: "2020-04-28"}}
	rows, err := c.Derive(area, h, "2020-05-01")
	if err != nil || len(rows) != 0 {
		t.Fatal(rows, err)
	}
	want := Ending{Op: "ENDED", Basis: "CLOSING", On: "2020-04-30", Document: "某某市 9号 2020-04-28"}
	for list, person := range map[string]string{"medical-insurance": "pp_1", "household-status": ""} {
		if e := c.WhyGone(h, c.List(list), person, "2020-05-01"); e != want {
			t.Errorf("%s: got %+v", list, e)
		}
	}
}

func TestWhoJoinsAnUnsupportedHouseholdIsUnsupportedAndFlagged(t *testing.T) {
	c, h := hainan(t), unsupported()
	baby := member("pp_5", "试戊", household.Female, "2020-04-20", household.RelationDaughter)
	baby.IDNumber, baby.JoinReason = "", household.JoinBirth
	h.Persons = append(h.Persons, baby)
	rows := derive(t, c, h, "no-longer-supported", today)
	if len(rows) != 5 || value(t, rows["pp_5"], "review") != "true" || value(t, rows["pp_1"], "review") != "" {
		t.Errorf("got %v", rows)
	}
	if _, there := derive(t, c, h, "medical-insurance", today)["pp_5"]; there {
		t.Error("supported in spite of the decision")
	}
}

func TestALegacyDecisionWithoutRosterFlagsOnlyWhoCameAfterIt(t *testing.T) {
	c, h := hainan(t), family()
	d := removal()
	d.Kind = household.DecisionLegacy
	h.Decisions = []household.Decision{d}
	h.Persons[1].JoinedOn, h.Persons[1].JoinReason = "2020-03-02", household.JoinMarriage
	h.Persons[2].JoinedOn, h.Persons[2].JoinReason = "2020-03-02", household.JoinSplit // came along from the old household
	rows := derive(t, c, h, "no-longer-supported", today)
	for person, review := range map[string]string{"pp_1": "", "pp_2": "true", "pp_3": ""} {
		if value(t, rows[person], "review") != review {
			t.Errorf("%s: review is not %q", person, review)
		}
	}
}

func TestWhoSplitsOffTakesTheFrozenDaysAlong(t *testing.T) {
	c, h := hainan(t), unsupported()
	fresh := &household.Household{ID: "hh_2", HouseholdNumber: "4690021002030002", Village: h.Village}
	rest, split, err := household.Split(h, fresh, household.Splitting{
		Leaving: map[string]household.Relation{"pp_2": household.RelationHead, "pp_3": household.RelationDaughter}, On: "2020-04-01",
		Document: household.Document{Issuer: "某某镇", Number: "1", Date: "2020-04-01"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := value(t, derive(t, c, split, "education", today)["pp_3"], "entitlements"); e != "education-compulsory,2020-04-01,2020-07-15,due" {
		t.Errorf("in the new household: %s", e)
	}
	named := derive(t, c, split, "no-longer-supported", today)
	if len(named) != 2 || value(t, named["pp_3"], "review") != "" {
		t.Errorf("got %v", named)
	}
	if e := c.WhyGone(rest, c.List("education"), "pp_3", today); e.Op != "LEFT_SCOPE" || e.Cause != "LEFT_HOUSEHOLD" {
		t.Errorf("in the old one: %+v", e)
	}
}

func TestADecisionAboutSomeMembersLeavesTheOthersSupported(t *testing.T) {
	c, h := hainan(t), unsupported()
	h.Decisions[0].Only = []string{"pp_2"}
	if rows := derive(t, c, h, "employment", today); len(rows) != 1 || rows["pp_1"].List == nil {
		t.Errorf("got %v", rows)
	}
	if rows := derive(t, c, h, "no-longer-supported", today); len(rows) != 1 || rows["pp_2"].List == nil {
		t.Errorf("got %v", rows)
	}
	status := derive(t, c, h, "household-status", today)[""]
	if value(t, status, "support_status") != "SUPPORTED" || value(t, status, "unsupported_from") != "" {
		t.Errorf("got %v", status)
	}
	insured := derive(t, c, h, "medical-insurance", today)
	if value(t, insured["pp_1"], "support_status") != "SUPPORTED" || value(t, insured["pp_2"], "support_status") != "UNSUPPORTED" {
		t.Error("a person's support is the person's own")
	}
}

func TestDutiesGoOnAfterRemoval(t *testing.T) {
	c, h := hainan(t), unsupported()
	h.Helpers[0].To = "2020-03-31"
	h.Shocks = []household.Shock{{ID: "s1", Kind: household.ShockIllness, HappenedOn: "2020-05-02"}}
	status := value(t, derive(t, c, h, "household-status", today)[""], "entitlements")
	if status != "helper-after-removal,2020-03-01,,due;income-monitoring,2020-03-01,,due" {
		t.Errorf("duties: %s", status)
	}
	if row := derive(t, c, h, "without-helper", today)[""]; value(t, row, "without_helper_since") != "2020-04-01" {
		t.Errorf("got %v", row)
	}
	if row := derive(t, c, h, "civil-affairs", today)[""]; !strings.Contains(value(t, row, "entitlements"), "referral-temporary,2019-01-01,,due") {
		t.Errorf("no referral: %v", row)
	}
	h.Decisions = nil
	if status := value(t, derive(t, c, h, "household-status", today)[""], "entitlements"); status != "helper,2019-01-01,,due" {
		t.Errorf("a supported household has the helper of 一(六): %s", status)
	}
}

func TestWhatIsStillToComeNeverLengthensWhatIsInForce(t *testing.T) {
	c, h := hainan(t), unsupported()
	second := removal()
	second.ID, second.DecidedOn, second.EffectiveOn = "dd_2", "2020-05-01", "2020-09-01"
	second.Ends = []household.End{
		{Person: "pp_4", Policy: "education-aid", LastDay: "2020-12-31"}, {Person: "pp_3", Policy: "education-compulsory", LastDay: "2021-07-15"},
	}
	h.Decisions = append(h.Decisions, second)
	for person, last := range map[string]string{"pp_3": "2020-07-15", "pp_4": "2020-12-31"} {
		if e := value(t, derive(t, c, h, "education", today)[person], "entitlements"); !strings.Contains(e, ","+last+",") {
			t.Errorf("%s: %s", person, e)
		}
	}
}

func TestWhatIsStillToComeNeverRevivesWhatHasEnded(t *testing.T) {
	c, h := hainan(t), unsupported()
	own := removal("pp_2")
	own.ID, own.DecidedOn, own.EffectiveOn, own.Only = "dd_2", "2020-05-01", "2020-06-01", []string{"pp_2"}
	own.Ends = nil // employment, for one, would run to 31 May
	h.Decisions = append(h.Decisions, own)
	if rows := derive(t, c, h, "employment", today); len(rows) != 0 {
		t.Errorf("got %v", rows)
	}
}

func TestADecisionThatCameAlongGoesBeforeTheHouseholdsOwn(t *testing.T) {
	c, h := hainan(t), unsupported()
	own := removal("pp_2")
	own.ID, own.Number, own.EffectiveOn, own.Only = "dd_2", "琼试扶决〔2020〕2号", "2020-04-01", []string{"pp_2"}
	h.Decisions = append(h.Decisions, own)
	rows := derive(t, c, h, "no-longer-supported", today)
	for person, from := range map[string]string{"pp_1": "2020-03-01", "pp_2": "2020-04-01"} {
		if got := value(t, rows[person], "unsupported_from"); got != from {
			t.Errorf("%s: unsupported from %s", person, got)
		}
	}
}

func TestADecisionIsNoExcuseWhereFactsTookTheRowAway(t *testing.T) {
	c, h := hainan(t), unsupported()
	h.Persons[0].LabourAbility = household.LabourLost
	for list, person := range map[string]string{"employment": "pp_1", "without-helper": "", "open-needs": ""} {
		if e := c.WhyGone(h, c.List(list), person, today); e.Op != "LEFT_SCOPE" || e.Cause != "CONDITION" {
			t.Errorf("%s: got %+v", list, e)
		}
	}
}
