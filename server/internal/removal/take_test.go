package removal

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

var (
	english = regexp.MustCompile(`[a-z]{2}`)
	chinese = regexp.MustCompile(`\p{Han}{2}`)
	// unfilled is a place of a sentence that nothing was put into.
	unfilled = regexp.MustCompile(`\{[a-z_]+\}`)
)

func TestACaseGoesFromProposalToEffect(t *testing.T) {
	c := opened()
	want := []State{Proposed, Assessed, Appraised, InPublicity, Reviewed, Confirmed, Announced}
	for i, kind := range straight {
		c = take(t, c, right(kind, when[kind]), knows(kind, when[kind]))
		last := c.Steps[len(c.Steps)-1]
		if c.State != want[i] || len(c.Steps) != i+1 || last.Number != i+1 || last.On != when[kind] || last.Actor.Person == "" {
			t.Fatalf("after %s: %s, %+v", kind, c.State, last)
		}
	}
	if c.EffectiveOn != "2020-03-14" || c.Decision != "dd_1" || c.DecisionNumber == "" || c.Flagged || c.Overridden {
		t.Errorf("got %+v", c)
	}
	if StateOn(c, "2020-03-13") != Announced || StateOn(c, "2020-03-14") != Effective {
		t.Error("in effect on another day than its own")
	}
	c = take(t, c, right(Reverse, when[Reverse]), knows(Reverse, when[Reverse]))
	if c.State != Reversed || StateOn(c, "2021-01-01") != Reversed || c.Reversal != "dd_1" {
		t.Errorf("got %+v", c)
	}
}

func TestTheOtherWaysOut(t *testing.T) {
	for _, from := range underWay {
		if c := take(t, caseAt(t, from), right(Withdraw, when[Withdraw]), knows(Withdraw, when[Withdraw])); c.State != Withdrawn {
			t.Errorf("withdrawn from %s: %s", from, c.State)
		}
	}
	if c := take(t, caseAt(t, Objected), right(Uphold, when[Uphold]), knows(Uphold, when[Uphold])); c.State != Upheld {
		t.Errorf("upheld: %s", c.State)
	}
	if c := take(t, caseAt(t, Objected), right(Dismiss, when[Dismiss]), knows(Dismiss, when[Dismiss])); c.State != InPublicity {
		t.Errorf("dismissed: %s", c.State)
	}
}

// refusals are all guards, each broken alone.
var refusals = []struct {
	name   string
	from   State
	kind   StepKind
	spoil  func(*Case, *Step, *Context)
	want   string
	refuse bool // the case is in the way, not the request
}{
	{"nobody acts", Proposed, Assess, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "" }, "step.kind PERSON_MUST_ACT", true},
	{"nobody proposes", "", Propose, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "" }, "household PERSON_MUST_ACT", true},
	{"nobody reverses", Announced, Reverse, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "" }, "id PERSON_MUST_ACT", true},
	{"another role", Proposed, Assess, func(_ *Case, _ *Step, x *Context) { x.Roles = []Role{RoleReview} }, "step.kind ROLE_MISSING", true},
	{"no role", InPublicity, Object, func(_ *Case, _ *Step, x *Context) { x.Roles = nil }, "step.kind ROLE_MISSING", true},
	{"proposer reviews", InPublicity, Review, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_village" }, "step.kind SAME_PERSON", true},
	{"proposer dismisses", Objected, Dismiss, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_village" }, "step.kind SAME_PERSON", true},
	{"proposer upholds", Objected, Uphold, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_village" }, "step.kind SAME_PERSON", true},
	{"proposer confirms", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_village" }, "step.kind SAME_PERSON", true},
	{"reviewer confirms", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_town" }, "step.kind SAME_PERSON", true},
	{"reviewer announces", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) { x.Actor.Person = "p_town" }, "step.kind SAME_PERSON", true},
	{"no document of a kind", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Evidence = s.Evidence[:2] }, "step.evidence EVIDENCE_KIND_MISSING", false},
	{"a document of tomorrow", Proposed, Assess, func(_ *Case, s *Step, x *Context) { s.Evidence[0].Dated = x.Today.AddDays(1) }, "step.evidence[0].dated OUT_OF_RANGE", false},
	{"a document without a day", Proposed, Assess, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "" }, "step.evidence[0].dated REQUIRED", false},
	{"a document of no day", Proposed, Assess, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-02-30" }, "step.evidence[0].dated MALFORMED", false},
	{"minutes that are the ballot count too", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Evidence[2].SHA256 = s.Evidence[0].SHA256 }, "step.evidence[2].sha256 DUPLICATE", false},
	{"a document without digest", Proposed, Assess, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].SHA256 = "0A" }, "step.evidence[0].sha256 MALFORMED", false},
	{"a document of no kind", Proposed, Assess, func(_ *Case, s *Step, x *Context) { s.Evidence = append(s.Evidence, paper("LETTER", x.Today)) }, "step.evidence[1].kind UNKNOWN_CODE", false},
	{"proposed without reason", "", Propose, func(_ *Case, s *Step, _ *Context) { s.Reason = "" }, "reason REQUIRED", false},
	{"assessed before it was proposed", Proposed, Assess, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-01" }, "step.evidence[0].dated DATE_ORDER", false},
	{"no meeting", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting = nil }, "step.meeting REQUIRED", false},
	{"a meeting of tomorrow", Assessed, Appraise, func(_ *Case, s *Step, x *Context) {
		s.Meeting.On = x.Today.AddDays(1)
	}, "step.meeting.on OUT_OF_RANGE", false},
	{"a meeting before the assessment", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting.On = "2020-03-02" }, "step.meeting.on DATE_ORDER", false},
	{"minutes before the meeting", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-03" }, "step.evidence[0].dated DATE_ORDER", false},
	{"more present than members", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting.Present = 31 }, "step.meeting.present MEETING_COUNTS", false},
	{"no members", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { *s.Meeting = Meeting{On: s.Meeting.On} }, "step.meeting.present MEETING_COUNTS", false},
	{"less than nobody present", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) {
		*s.Meeting = Meeting{On: s.Meeting.On, Members: 9, Present: -1, Yes: 0}
	}, "step.meeting.present MEETING_COUNTS", false},
	{"less than no votes against", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting.Yes, s.Meeting.No = 21, -1 }, "step.meeting.yes MEETING_COUNTS", false},
	{"less than no votes for", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting.Yes = -1 }, "step.meeting.yes MEETING_COUNTS", false},
	{"more votes than present", Assessed, Appraise, func(_ *Case, s *Step, _ *Context) { s.Meeting.No = 10 }, "step.meeting.yes MEETING_COUNTS", false},
	{"no posting", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Posting = nil }, "step.posting REQUIRED", false},
	{"no place", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Posting.Place = "" }, "step.posting.place REQUIRED", false},
	{"no first day", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Posting.From = "" }, "step.posting.from REQUIRED", false},
	{"a first day that is none", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Posting.From = "2020-03-5" }, "step.posting.from MALFORMED", false},
	{"posted before the meeting", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Posting.From = "2020-03-03" }, "step.posting.from DATE_ORDER", false},
	{"posted in eight days", Appraised, Post, func(_ *Case, s *Step, x *Context) { s.Posting.From = x.Today.AddDays(8) }, "step.posting.from OUT_OF_RANGE", false},
	{"a notice before the meeting", Appraised, Post, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-03" }, "step.evidence[0].dated DATE_ORDER", false},
	{"no calendar", Appraised, Post, func(c *Case, _ *Step, x *Context) { c.Parameters.WorkingDays, x.Calendar = true, nil }, "step.posting.from HOLIDAYS_MISSING", true},
	{"an objection before the meeting", InPublicity, Object, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-03" }, "step.evidence[0].dated DATE_ORDER", false},
	{"looked into before the objection", Objected, Dismiss, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-05" }, "step.evidence[0].dated DATE_ORDER", false},
	{"upheld before the objection", Objected, Uphold, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-05" }, "step.evidence[0].dated DATE_ORDER", false},
	{"reviewed on the last day", InPublicity, Review, func(_ *Case, s *Step, x *Context) { x.Today, s.Evidence[0].Dated = "2020-03-11", "2020-03-11" }, "step.kind PUBLICITY_RUNNING", true},
	{"reviewed without calendar", InPublicity, Review, func(c *Case, _ *Step, x *Context) { c.Parameters.WorkingDays, x.Calendar = true, nil }, "step.kind HOLIDAYS_MISSING", true},
	{"a review from before the end", InPublicity, Review, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-11" }, "step.evidence[0].dated DATE_ORDER", false},
	{"reviewed with an objection open", Objected, Review, func(*Case, *Step, *Context) {}, "step.kind STEP_OUT_OF_ORDER", true},
	{"objected before it was posted", Appraised, Object, func(*Case, *Step, *Context) {}, "step.kind STEP_OUT_OF_ORDER", true},
	{"objected after the review", Reviewed, Object, func(*Case, *Step, *Context) {}, "step.kind STEP_OUT_OF_ORDER", true},
	{"confirmed before the review", Reviewed, Confirm, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-11" }, "step.evidence[0].dated DATE_ORDER", false},
	{"in effect yesterday", Reviewed, Confirm, func(_ *Case, s *Step, _ *Context) { s.EffectiveOn = "2020-03-12" }, "step.effective_on DATE_ORDER", false},
	{"in effect on no day", Reviewed, Confirm, func(_ *Case, s *Step, _ *Context) { s.EffectiveOn = "2020-13-01" }, "step.effective_on MALFORMED", false},
	{"confirmed over a hold", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) { x.Household.Helpers = nil }, "step.override HOLD_STANDS", true},
	{"confirmed over two of a kind", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) {
		x.Household.Needs = []household.Need{{Person: "pp_1", AroseOn: day0}, {Person: "pp_2", AroseOn: day0}}
	}, "step.override HOLD_STANDS", true},
	{"announced with somebody in another's place", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) { x.Household.Persons[3].ID = "pp_9" }, "step.kind CONFIRM_AGAIN", true},
	{"overridden without reason", Reviewed, Confirm, func(_ *Case, s *Step, x *Context) {
		x.Household.Helpers, s.Override, s.Evidence = nil, true, append(s.Evidence, paper(EvidenceOverride, x.Today))
	}, "step.reason REQUIRED", false},
	{"overridden without evidence", Reviewed, Confirm, func(_ *Case, s *Step, x *Context) { x.Household.Helpers, s.Override, s.Reason = nil, true, "试" }, "step.evidence EVIDENCE_KIND_MISSING", false},
	{"announced before it was confirmed", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Posting.From = "2020-03-12" }, "step.posting.from DATE_ORDER", false},
	{"announced tomorrow", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Posting.From = "2020-03-15" }, "step.posting.from OUT_OF_RANGE", false},
	{"an announcement before the confirmation", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-12" }, "step.evidence[0].dated DATE_ORDER", false},
	{"announced nowhere", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Posting = nil }, "step.posting REQUIRED", false},
	{"announced without number", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.DecisionNumber = "" }, "step.decision_number REQUIRED", false},
	{"a document of nobody", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Document.Issuer = "" }, "step.document.issuer REQUIRED", false},
	{"a document without number", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Document.Number = "" }, "step.document.number REQUIRED", false},
	{"a decision's document of tomorrow", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Document.Date = "2020-03-15" }, "step.document.date OUT_OF_RANGE", false},
	{"a document before the confirmation", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.Document.Date = "2020-03-12" }, "step.document.date DATE_ORDER", false},
	{"announced with effect yesterday", Confirmed, Announce, func(_ *Case, s *Step, _ *Context) { s.EffectiveOn = "2020-03-13" }, "step.effective_on DATE_ORDER", false},
	{"announced sooner than set", Confirmed, Announce, func(c *Case, s *Step, x *Context) { c.Parameters.DaysToEffect, s.EffectiveOn = 10, x.Today.AddDays(9) }, "step.effective_on DATE_ORDER", false},
	{"announced over a new hold", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) { x.Household.Helpers = nil }, "step.kind CONFIRM_AGAIN", true},
	{"announced with a birth since", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) {
		x.Household.Persons = append(x.Household.Persons, member("pp_5", "试戊", "2020-03-13", household.RelationDaughter))
	}, "step.kind CONFIRM_AGAIN", true},
	{"announced with a death since", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) { x.Household.Persons[1].LeftOn = "2020-03-13" }, "step.kind CONFIRM_AGAIN", true},
	{"announced in a village newly out of line", Confirmed, Announce, func(_ *Case, _ *Step, x *Context) { x.OutOfLine = true }, "step.kind CONFIRM_AGAIN", true},
	{"withdrawn without reason", Assessed, Withdraw, func(_ *Case, s *Step, _ *Context) { s.Reason = "" }, "step.reason REQUIRED", false},
	{"withdrawn once announced", Announced, Withdraw, func(*Case, *Step, *Context) {}, "step.kind STEP_OUT_OF_ORDER", true},
	{"reversed without ground", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Ground = "" }, "ground REQUIRED", false},
	{"reversed without reason", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Reason = "" }, "reason REQUIRED", false},
	{"reversed without evidence", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Evidence = nil }, "evidence EVIDENCE_KIND_MISSING", false},
	{"reversed without document", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Document.Number = "" }, "document.number REQUIRED", false},
	{"reversed before the announcement", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Evidence[0].Dated = "2020-03-13" }, "evidence[0].dated DATE_ORDER", false},
	{"a reversal's document before the announcement", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.Document.Date = "2020-03-13" }, "document.date DATE_ORDER", false},
	{"resumed before the effect", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.EffectiveOn = "2020-03-13" }, "effective_on DATE_ORDER", false},
	{"resumed on no day", Announced, Reverse, func(_ *Case, s *Step, _ *Context) { s.EffectiveOn = "soon" }, "effective_on MALFORMED", false},
	{"reversed before it was announced", Confirmed, Reverse, func(*Case, *Step, *Context) {}, "id STEP_OUT_OF_ORDER", true},
	{"an unknown step", Proposed, Assess, func(_ *Case, s *Step, _ *Context) { s.Kind = "JUMP" }, "step.kind UNKNOWN_CODE", false},
	{"gone from the area", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) { x.Household = nil }, "step.kind NOT_REMOVABLE", true},
	{"another household", Reviewed, Confirm, func(_ *Case, _ *Step, x *Context) { x.Household.ID = "hh_2" }, "step.kind NOT_REMOVABLE", true},
	{"closed", Proposed, Assess, func(_ *Case, _ *Step, x *Context) {
		x.Household.Closing = &household.Closing{Kind: household.ClosingDeath, On: "2020-12-01"}
	}, "step.kind NOT_REMOVABLE", true},
	{"unsupported", InPublicity, Review, func(_ *Case, _ *Step, x *Context) {
		x.Household.Decisions = []household.Decision{{ID: "dd_0", Kind: household.DecisionLegacy, EffectiveOn: "2020-01-01"}}
	}, "step.kind NOT_REMOVABLE", true},
	{"unsupported, a reversal to come", InPublicity, Review, func(_ *Case, _ *Step, x *Context) {
		x.Household.Decisions = []household.Decision{
			{ID: "dd_0", Kind: household.DecisionLegacy, EffectiveOn: "2020-01-01"},
			{ID: "dd_9", Kind: household.DecisionReversal, Reverses: "dd_0", EffectiveOn: "2020-06-01"},
		}
	}, "step.kind NOT_REMOVABLE", true},
	{"to be unsupported", InPublicity, Review, func(_ *Case, _ *Step, x *Context) {
		x.Household.Decisions = []household.Decision{{ID: "dd_0", Kind: household.DecisionRemoval, EffectiveOn: "2020-06-01"}}
	}, "step.kind NOT_REMOVABLE", true},
	{"no beneficiary", "", Propose, func(_ *Case, _ *Step, x *Context) { x.Household.Register.PovertyStatus = household.Removed }, "household NOT_REMOVABLE", true},
}

func TestEachGuardRefusesAndNamesWhatIsMissing(t *testing.T) {
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			c, s, x := caseAt(t, tt.from), right(tt.kind, when[tt.kind]), knows(tt.kind, when[tt.kind])
			tt.spoil(&c, &s, &x)
			before := clone(c)
			if got := refused(t, c, s, x); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("got %v", got)
			}
			out, err := Take(c, s, x)
			if !reflect.DeepEqual(c, before) || !reflect.DeepEqual(out, before) {
				t.Error("the refusal changed the case")
			}
			if want := map[bool]fault.Reason{true: fault.StepRefused, false: fault.StepIncomplete}[tt.refuse]; !fault.Is(err, want) {
				t.Errorf("want %s: %v", want, err)
			}
		})
	}
}

// clone is a deep copy as far as a step could reach.
func clone(c Case) Case {
	c.Steps, c.Ends = slices.Clone(c.Steps), slices.Clone(c.Ends)
	for i := range c.Steps {
		c.Steps[i].Evidence = slices.Clone(c.Steps[i].Evidence)
		c.Steps[i].Holds = slices.Clone(c.Steps[i].Holds)
		c.Steps[i].Meeting, c.Steps[i].Posting = copied(c.Steps[i].Meeting), copied(c.Steps[i].Posting)
	}
	return c
}

func TestEverythingMissingIsNamedAtOnce(t *testing.T) {
	x := knows(Announce, "2020-03-14")
	x.Actor.Person, x.Roles, x.Household.Helpers = "", nil, nil
	got := refused(t, caseAt(t, Confirmed), Step{Kind: Announce}, x)
	want := []string{
		"step.decision_number REQUIRED", "step.document.date REQUIRED", "step.document.issuer REQUIRED", "step.document.number REQUIRED",
		"step.evidence EVIDENCE_KIND_MISSING", "step.kind CONFIRM_AGAIN", "step.kind PERSON_MUST_ACT", "step.kind ROLE_MISSING", "step.posting REQUIRED",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := refused(t, caseAt(t, Proposed), Step{Kind: Confirm}, x); !slices.Contains(got, "step.evidence EVIDENCE_KIND_MISSING") || !slices.Contains(got, "step.kind STEP_OUT_OF_ORDER") {
		t.Errorf("out of order: %v", got)
	}
}

func TestNoStepIsPossibleOutOfOrder(t *testing.T) {
	states := append([]State{"", NotPassed, Upheld, Withdrawn, Reversed, Objected}, straightStates...)
	for _, s := range states {
		for _, r := range table {
			if slices.Contains(r.From, s) {
				continue
			}
			c := opened()
			c.State = s
			got := refused(t, c, right(r.Step, "2020-05-01"), knows(r.Step, "2020-05-01"))
			if !strings.HasSuffix(got[0], "STEP_OUT_OF_ORDER") && !strings.HasSuffix(got[0], "CASE_ENDED") {
				t.Errorf("%s from %q: %v", r.Step, s, got)
			}
		}
	}
	if got := refused(t, Case{State: Withdrawn, Household: "hh_1", Village: knows(Assess, day0).Household.Village}, right(Assess, day0), knows(Assess, day0)); !slices.Equal(got, []string{"step.kind CASE_ENDED"}) {
		t.Errorf("got %v", got)
	}
}

var straightStates = []State{Proposed, Assessed, Appraised, InPublicity, Reviewed, Confirmed, Announced}

func TestAStepKeepsOnlyItsOwnParticulars(t *testing.T) {
	s := right(Assess, when[Assess])
	s.Meeting, s.Override, s.DecisionNumber, s.Ground, s.Holds = &Meeting{}, true, "1", GroundWrongDecision, []Hold{{Kind: HoldNoHelper}}
	s.Actor, s.On, s.Number = Actor{Person: "p_forged"}, "2019-01-01", 99
	c := take(t, caseAt(t, Proposed), s, knows(Assess, when[Assess]))
	want := right(Assess, when[Assess])
	want.Number, want.On, want.Actor = 2, when[Assess], Actor{Agency: "agency", Client: "client", Person: "p_village"}
	if !reflect.DeepEqual(c.Steps[1], want) {
		t.Errorf("got %+v", c.Steps[1])
	}
	s = right(Appraise, when[Appraise])
	c = take(t, c, s, knows(Appraise, when[Appraise]))
	s.Meeting.Yes, s.Evidence[0].SHA256 = 0, ""
	if c.Steps[2].Meeting.Yes != 11 || c.Steps[2].Evidence[0].SHA256 == "" {
		t.Error("the case shares memory with the step that was given")
	}
}

func TestADecisionWithoutIDIsADefect(t *testing.T) {
	for kind, from := range map[StepKind]State{Announce: Confirmed, Reverse: Announced} {
		x := knows(kind, when[kind])
		x.Decision = ""
		if _, err := Take(caseAt(t, from), right(kind, when[kind]), x); err == nil || fault.Of(err) != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAMeetingNeedsQuorumAndMajority(t *testing.T) {
	for _, tt := range []struct {
		name             string
		quorum, majority int
		members, there   int
		yes, no          int
		want             State
	}{
		{"two thirds, more than half", 0, 50, 30, 20, 11, 9, Appraised},
		{"one short of two thirds", 0, 50, 30, 19, 19, 0, NotPassed},
		{"just half", 0, 50, 30, 20, 10, 10, NotPassed},
		{"abstentions count as present", 0, 50, 30, 30, 15, 2, NotPassed},
		{"nobody there", 0, 50, 30, 0, 0, 0, NotPassed},
		{"two thirds of 31", 0, 50, 31, 21, 21, 0, Appraised},
		{"one short of two thirds of 31", 0, 50, 31, 20, 20, 0, NotPassed},
		{"half is enough there", 50, 50, 30, 15, 8, 0, Appraised},
		{"80 percent needed", 80, 50, 30, 23, 23, 0, NotPassed},
		{"80 percent there", 80, 50, 30, 24, 24, 0, Appraised},
		{"more than 60 percent needed", 0, 60, 30, 20, 12, 0, NotPassed},
		{"more than 60 percent", 0, 60, 30, 20, 13, 0, Appraised},
		{"no majority set", 0, 0, 30, 20, 10, 0, NotPassed},
	} {
		c, s := caseAt(t, Assessed), right(Appraise, when[Appraise])
		c.Parameters.QuorumPercent, c.Parameters.MajorityPercent = tt.quorum, tt.majority
		*s.Meeting = Meeting{On: when[Appraise], Members: tt.members, Present: tt.there, Yes: tt.yes, No: tt.no}
		if c = take(t, c, s, knows(Appraise, when[Appraise])); c.State != tt.want {
			t.Errorf("%s: %s", tt.name, c.State)
		}
	}
}

func TestAClosedHouseholdCanOnlyBeWithdrawn(t *testing.T) {
	from := map[StepKind]State{}
	for _, r := range table {
		from[r.Step] = r.From[0]
	}
	for _, r := range table {
		x := knows(r.Step, when[r.Step])
		x.Household.Closing = &household.Closing{Kind: household.ClosingMerge, On: "2020-01-01"}
		_, err := Take(caseAt(t, from[r.Step]), right(r.Step, when[r.Step]), x)
		if refused := fault.Is(err, fault.StepRefused); refused == (r.Step == Withdraw || r.Step == Reverse) {
			t.Errorf("%s: %v", r.Step, err)
		}
	}
}

func TestWhoTookAnyStepOfOnePartTakesNoneOfAnother(t *testing.T) {
	for _, kind := range []StepKind{Propose, Assess, Appraise, Post} {
		c := caseAt(t, InPublicity)
		c.last(kind).Actor.Person = "p_busy"
		x := knows(Review, when[Review])
		x.Actor.Person = "p_busy"
		if got := refused(t, c, right(Review, when[Review]), x); !slices.Equal(got, []string{"step.kind SAME_PERSON"}) {
			t.Errorf("%s: %v", kind, got)
		}
	}
	c := take(t, caseAt(t, Objected), right(Dismiss, when[Dismiss]), knows(Dismiss, when[Dismiss]))
	c.last(Dismiss).Actor.Person = "p_busy"
	c = take(t, c, right(Review, "2020-03-20"), knows(Review, "2020-03-20"))
	x := knows(Confirm, "2020-03-20")
	x.Actor.Person = "p_busy"
	if got := refused(t, c, right(Confirm, "2020-03-20"), x); !slices.Equal(got, []string{"step.kind SAME_PERSON"}) {
		t.Errorf("who dismissed an objection confirms: %v", got)
	}
}

func TestTwoStepsFromOneCaseDoNotMeet(t *testing.T) {
	c := caseAt(t, Proposed)
	c.Steps = slices.Grow(c.Steps, 4)
	a := take(t, c, right(Assess, when[Assess]), knows(Assess, when[Assess]))
	b := take(t, c, right(Withdraw, when[Withdraw]), knows(Withdraw, when[Withdraw]))
	if a.Steps[1].Kind != Assess || b.Steps[1].Kind != Withdraw {
		t.Errorf("%s, %s", a.Steps[1].Kind, b.Steps[1].Kind)
	}
}

func TestPapersMayBeRecordedLater(t *testing.T) {
	c := caseAt(t, Assessed)
	s := right(Appraise, "2020-03-04")
	c = take(t, c, s, knows(Appraise, "2020-03-20"))
	posted := right(Post, "2020-03-06")
	c = take(t, c, posted, knows(Post, "2020-03-20"))
	if from, until, err := Publicity(c, nil); from != "2020-03-06" || until != "2020-03-12" || err != nil {
		t.Errorf("%s to %s, %v", from, until, err)
	}
	c = take(t, c, right(Review, "2020-03-13"), knows(Review, "2020-03-20"))
	if c.State != Reviewed {
		t.Error(c.State)
	}
}

func TestTheMeetingAndThePostingCountNotTheirPapers(t *testing.T) {
	s := right(Appraise, "2020-03-04")
	s.Evidence[0].Dated = "2020-03-10" // the minutes were typed later
	c := take(t, caseAt(t, Assessed), s, knows(Appraise, "2020-03-10"))
	post := right(Post, "2020-03-05")
	c = take(t, c, post, knows(Post, "2020-03-10"))
	c = take(t, c, right(Review, "2020-03-12"), knows(Review, "2020-03-12"))
	c = take(t, c, right(Confirm, "2020-03-12"), knows(Confirm, "2020-03-12"))
	a := right(Announce, "2020-03-13")
	a.Evidence[0].Dated = "2020-03-16" // its photo was taken later
	c = take(t, c, a, knows(Announce, "2020-03-16"))
	if c = take(t, c, right(Reverse, "2020-03-15"), knows(Reverse, "2020-03-16")); c.State != Reversed {
		t.Error(c.State)
	}
}
