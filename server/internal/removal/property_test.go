package removal

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// What the contract says that each step needs, written down once more and apart from
// the table, which is what is tried here.
var contract = map[StepKind][]EvidenceKind{
	Propose: {EvidenceProposal}, Assess: {EvidenceAssessment}, Appraise: {EvidenceMinutes, EvidenceSignIn, EvidenceBallot},
	Post: {EvidenceNotice, EvidencePhoto}, Object: {EvidenceObjection}, Dismiss: {EvidenceObjectionReview}, Uphold: {EvidenceObjectionReview},
	Review: {EvidenceReview}, Confirm: {EvidenceConfirmation}, Announce: {EvidenceAnnouncement}, Reverse: {EvidenceReversal},
}

var contractPart = map[StepKind]Role{
	Propose: RolePropose, Assess: RolePropose, Appraise: RolePropose, Post: RolePropose, Dismiss: RoleReview, Uphold: RoleReview,
	Review: RoleReview, Confirm: RoleConfirm, Announce: RoleConfirm,
}

var letters = map[StepKind]string{
	Propose: "p", Assess: "a", Appraise: "m", Post: "n", Object: "o", Dismiss: "d", Uphold: "u", Review: "r",
	Confirm: "c", Announce: "A", Withdraw: "w", Reverse: "R",
}

var announcedWay = regexp.MustCompile(`^pamn(od)*rc+AR?$`)

// faultsOf says what an announced case lacks, judged by its steps alone.
func faultsOf(c Case, h *household.Household) []string {
	var out []string
	complain := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	way, persons := "", map[Role]map[string]bool{RolePropose: {}, RoleReview: {}, RoleConfirm: {}}
	var confirmers []string
	for i, s := range c.Steps {
		way += letters[s.Kind]
		if s.Number != i+1 || s.Actor.Person == "" || (i > 0 && s.On < c.Steps[i-1].On) {
			complain("step %d: number, person or day", i+1)
		}
		for _, k := range contract[s.Kind] {
			if !slices.ContainsFunc(s.Evidence, func(e Evidence) bool { return e.Kind == k && len(e.SHA256) == 64 && e.Dated <= s.On }) {
				complain("step %d: no %s", i+1, k)
			}
		}
		if part := contractPart[s.Kind]; part != "" {
			persons[part][s.Actor.Person] = true
		}
		if s.Kind == Confirm {
			confirmers = append(confirmers, s.Actor.Person)
			if len(s.Holds) > 0 && (!s.Override || s.Reason == "") {
				complain("step %d: holds were not answered", i+1)
			}
		}
	}
	if !announcedWay.MatchString(way) {
		complain("steps %s", way)
	}
	for a := range persons {
		for b := range persons {
			for p := range persons[a] {
				if a != b && persons[b][p] {
					complain("%s is %s and %s", p, a, b)
				}
			}
		}
	}
	if n := len(confirmers); c.Flagged && (n < 2 || confirmers[n-1] == confirmers[n-2]) {
		complain("flagged and confirmed by %v", confirmers)
	}
	m := c.last(Appraise).Meeting
	if m.Present*3 < m.Members*2 || m.Yes*2 <= m.Present || m.Yes+m.No > m.Present || m.Present > m.Members {
		complain("meeting %+v", *m)
	}
	if n := daysHung(c); n < c.Parameters.PublicityDays {
		complain("hung for %d days", n)
	}
	if c.EffectiveOn < c.last(Announce).On.AddDays(c.Parameters.DaysToEffect) {
		complain("in effect on %s", c.EffectiveOn)
	}
	for _, p := range h.PresentOn(c.EffectiveOn) {
		if !slices.ContainsFunc(c.Ends, func(e End) bool { return e.Person == p.ID && e.Policy == "*" }) {
			complain("%s is not named", p.ID)
		}
	}
	return out
}

// daysHung counts the full days before the review on which it hung and no objection was open.
func daysHung(c Case) int {
	days, open := map[date.Date]bool{}, date.Date("")
	add := func(from, to date.Date) {
		for d := from; d < to; d = d.AddDays(1) {
			if working, _ := calendar.IsWorkingDay(d); working || !c.Parameters.WorkingDays {
				days[d] = true
			}
		}
	}
	from := c.last(Post).Posting.From
	for _, s := range c.Steps {
		switch s.Kind {
		case Object:
			add(from, s.On)
			open = s.On
		case Dismiss:
			from = max(from, s.On)
			if c.Parameters.RestartAfterObjection {
				clear(days)
			}
			open = ""
		case Review:
			if open == "" {
				add(from, s.On)
			}
		}
	}
	return len(days)
}

// attemptOf draws a step: mostly a right one by the right person, often spoilt.
func attemptOf(t *rapid.T, c Case, today date.Date, h *household.Household) (Step, Context) {
	kinds := Possible(c.State)
	if len(kinds) == 0 || rapid.IntRange(0, 9).Draw(t, "any step") == 0 {
		kinds = []StepKind{Propose, Assess, Appraise, Post, Object, Dismiss, Uphold, Review, Confirm, Announce, Withdraw, Reverse}
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	if rare := kind == Withdraw || kind == Uphold || kind == Object; rare && rapid.IntRange(0, 9).Draw(t, "onwards") > 0 {
		kind = kinds[max(0, slices.IndexFunc(kinds, func(k StepKind) bool { return k == Review || k == Dismiss }))]
	}
	s, x := right(kind, today), knows(kind, today)
	x.Household, x.OutOfLine = h, rapid.IntRange(0, 3).Draw(t, "out of line") == 0
	if rapid.Bool().Draw(t, "override") {
		s.Override, s.Reason, s.Evidence = true, "试", append(s.Evidence, paper(EvidenceOverride, today))
	}
	if x.Actor.Person == "p_county" && rapid.Bool().Draw(t, "second confirmer") {
		x.Actor.Person = "p_other"
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 1, 2}).Draw(t, "spoilt") {
		spoil(t, &s, &x, today)
	}
	return s, x
}

func spoil(t *rapid.T, s *Step, x *Context, today date.Date) {
	day := today.AddDays(rapid.IntRange(-12, 9).Draw(t, "day"))
	switch rapid.IntRange(0, 8).Draw(t, "what") {
	case 0:
		x.Actor.Person = rapid.SampledFrom([]string{"", "p_village", "p_town", "p_county", "p_other"}).Draw(t, "person")
	case 1:
		x.Roles = rapid.SliceOfN(rapid.SampledFrom(anyRole), 0, 2).Draw(t, "roles")
	case 2:
		s.Evidence = s.Evidence[:len(s.Evidence)/2]
	case 3:
		if len(s.Evidence) > 0 {
			s.Evidence[0].Dated = day
		}
	case 4:
		if s.Meeting != nil {
			n := rapid.SliceOfN(rapid.IntRange(-1, 31), 3, 3).Draw(t, "counts")
			s.Meeting = &Meeting{On: day, Members: 30, Present: n[0], Yes: n[1], No: n[2]}
		}
	case 5:
		if s.Posting != nil {
			s.Posting.From = day
		}
	case 6:
		s.Meeting, s.Posting = nil, nil
	case 7:
		s.EffectiveOn = day
	case 8:
		s.Reason, s.DecisionNumber, s.Document, s.Ground = "", "", household.Document{}, ""
	}
}

// live lets the household change between steps.
func live(t *rapid.T, h *household.Household, today date.Date) {
	switch rapid.IntRange(0, 79).Draw(t, "life") {
	case 0:
		h.Helpers = nil
	case 1:
		h.Persons = append(h.Persons, member(fmt.Sprintf("pp_%d", len(h.Persons)+1), "试", today, household.RelationSon))
	case 2:
		h.Persons[1].LeftOn = today
	case 3:
		h.Needs = append(h.Needs, household.Need{AroseOn: today})
	case 4:
		if rapid.IntRange(0, 3).Draw(t, "closed") == 0 {
			h.Closing = &household.Closing{Kind: household.ClosingDeath, On: today}
		}
	}
}

func TestNoSequenceOfStepsSkipsAnything(t *testing.T) {
	announced, refusals := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c, h, today := opened(), wealthy(), day0
		c.Parameters.WorkingDays = rapid.Bool().Draw(t, "working days")
		c.Parameters.RestartAfterObjection = rapid.Bool().Draw(t, "restart")
		c.Parameters.PublicityDays = rapid.IntRange(1, 6).Draw(t, "publicity")
		c.Parameters.DaysToEffect = rapid.IntRange(0, 5).Draw(t, "days to effect")
		for range rapid.IntRange(40, 60).Draw(t, "steps") {
			today = today.AddDays(rapid.SampledFrom([]int{0, 0, 1, 2, 8}).Draw(t, "later"))
			live(t, h, today)
			s, x := attemptOf(t, c, today, h)
			before := clone(c)
			after, err := Take(c, s, x)
			if !reflect.DeepEqual(c, before) {
				t.Fatalf("%s changed the case that it was given", s.Kind)
			}
			if err != nil {
				refusals++
				checkRefusal(t, err)
				if !reflect.DeepEqual(after, before) {
					t.Fatalf("refused %s, and the case changed", s.Kind)
				}
				continue
			}
			if n := len(before.Steps); len(after.Steps) != n+1 || !reflect.DeepEqual(after.Steps[:n], before.Steps) && n > 0 || after.Steps[n].Kind != s.Kind {
				t.Fatalf("%s lost a step", s.Kind)
			}
			if c = after; c.State == Announced || c.State == Reversed {
				announced++
				if wrong := faultsOf(c, h); c.State == Announced && len(wrong) > 0 {
					t.Fatalf("announced in spite of: %s", strings.Join(wrong, "; "))
				}
			}
		}
	})
	t.Logf("%d announced, %d refused", announced, refusals)
	if announced == 0 || refusals == 0 {
		t.Errorf("%d announced, %d refused: nothing was tried", announced, refusals)
	}
}

func checkRefusal(t *rapid.T, err error) {
	f := fault.Of(err)
	if f == nil || len(f.Violations) == 0 || f.Chinese == "" {
		t.Fatalf("a refusal that names nothing: %v", err)
	}
	for _, v := range f.Violations {
		if v.Field == "" || !english.MatchString(v.Message) || !chinese.MatchString(v.Chinese) || unfilled.MatchString(v.Message+v.Chinese) {
			t.Fatalf("%+v", v)
		}
		for _, personal := range []string{"试", "p_", "469002"} {
			if strings.Contains(v.Message+v.Chinese, personal) {
				t.Fatalf("personal data in %q", v.Message)
			}
		}
	}
}
