package catalogue

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/invented" //nolint:depguard // the questions are asked about its households; it is pure and does not know catalogues
)

var questions = flag.Int("questions", 10000, "questions whose answers are compared with what is derived")

// eventful gives an invented household hub ids and something that happened to it:
// by turns a removal, its reversal, a birth, a death, a departure, a closing.
func eventful(h *household.Household, rng *rand.Rand) {
	h.ID = "hh_x"
	ids := map[string]string{}
	for i := range h.Persons {
		h.Persons[i].ID = fmt.Sprintf("pp_%02d", i)
		ids[h.Persons[i].PersonNumber] = h.Persons[i].ID
	}
	for i := range h.Decisions {
		h.Decisions[i].ID = fmt.Sprintf("dd_%d", i)
		for j, e := range h.Decisions[i].Ends {
			h.Decisions[i].Ends[j].Person = ids[e.Person]
		}
	}
	day := date.Date("2019-06-01").AddDays(rng.IntN(700))
	p := &h.Persons[rng.IntN(len(h.Persons))]
	switch rng.IntN(7) {
	case 0:
		h.Decisions = append(h.Decisions, household.Decision{
			ID: "dd_new", Number: "试决1号", Kind: household.DecisionRemoval, DecidedOn: day, EffectiveOn: day.AddDays(20),
			Ends: []household.End{{Person: p.ID, Policy: household.AllPolicies, LastDay: day.AddDays(100)}},
		})
	case 1:
		for _, d := range h.Decisions {
			h.Decisions = append(h.Decisions, household.Decision{ID: "dd_r" + d.ID, Kind: household.DecisionReversal, DecidedOn: day, EffectiveOn: day.AddDays(5), Reverses: d.ID})
		}
	case 2:
		h.Persons = append(h.Persons, household.Person{ID: "pp_new", BirthDate: day, JoinedOn: day, JoinReason: household.JoinBirth, Relation: household.RelationSon})
	case 3:
		p.LeftOn, p.LeaveReason = day, household.LeaveDeath
	case 4: // a split: the person takes the decision along
		p.JoinedOn, p.JoinReason = day, household.JoinSplit
		if len(h.Decisions) > 0 {
			h.Decisions[0].Only = []string{p.ID}
		}
	case 5:
		h.Closing = &household.Closing{Kind: household.ClosingError, On: day}
	}
}

// derived finds what the lists say about a policy.
func derived(t *testing.T, c *Catalogue, h *household.Household, person string, p *Policy, on date.Date) (entitlement, bool) {
	t.Helper()
	if p.Grain == GrainHousehold && person != "" {
		if who := h.Person(person); who == nil || !who.PresentOn(on) {
			return entitlement{}, false
		}
		person = ""
	}
	rows, err := c.Derive(area, h, on)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		i := slices.IndexFunc(r.List.Fields, func(f *ListField) bool { return f.Name == "entitlements" })
		if i < 0 || r.Person != person || !slices.Contains(r.List.Policies, p.Code) {
			continue
		}
		for _, e := range parsed(r.Values[i]) {
			if e[0] == p.Code {
				return entitlement{p, date.Date(e[1]), date.Date(e[2])}, true
			}
		}
	}
	return entitlement{}, false
}

func TestAnswersAreWhatIsDerived(t *testing.T) {
	c, rng := hainan(t), rand.New(rand.NewPCG(4, 6))
	entitled, reasons, asked := 0, map[string]int{}, 0
	for h := range invented.Generate(invented.Config{Households: *questions/5 + 1, Seed: 7, On: "2021-06-01", Tree: division.Hainan()}) {
		eventful(h, rng)
		for range 5 {
			person := ""
			if i := rng.IntN(len(h.Persons) + 1); i > 0 {
				person = h.Persons[i-1].ID
			}
			p, on := c.Policies[rng.IntN(len(c.Policies))], date.Date("2018-11-01").AddDays(rng.IntN(1400))
			got, err := c.Explain(h, person, p, on)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := derived(t, c, h, person, p, on)
			if got.Entitled != ok || ok && (got.Since != want.since || got.Until != want.until) || ok == (got.Why.Code != "") {
				t.Fatalf("%s for %q on %s: %+v, derived %v %+v", p.Code, person, on, got, ok, want)
			}
			asked++
			if reasons[got.Why.Code]++; ok {
				entitled++
			}
		}
	}
	if asked < *questions || entitled < asked/10 {
		t.Errorf("%d questions, %d entitled", asked, entitled)
	}
	for code := range whyTexts {
		if code != NotAMember && reasons[code] == 0 && *questions >= 10000 {
			t.Errorf("nobody was refused for %s: %v", code, reasons)
		}
	}
}

func TestEachReasonSaysWhatAClerkNeeds(t *testing.T) {
	c := hainan(t)
	gone := family()
	gone.Persons[1].LeftOn, gone.Persons[1].LeaveReason = "2020-05-01", household.LeaveMarriage
	gone.Persons[2].LeftOn, gone.Persons[2].LeaveReason = "2020-05-01", household.LeaveDeath
	shut, error2, over := family(), family(), unsupported()
	shut.Closing = &household.Closing{Kind: household.ClosingError, On: "2020-05-01"}
	error2.Register.PovertyStatus = household.Removed
	for _, tt := range []struct {
		h                                      *household.Household
		person, policy                         string
		on                                     date.Date
		code, english, chinese, decisionNumber string
	}{
		{family(), "pp_9", "medical-basic", today, NotAMember, "The person is not a member of the household on this day.", "该人当日不是本户成员。", ""},
		{gone, "pp_2", "helper", today, LeftHousehold, "The person left the household; the last day as a member was 2020-04-30.", "该人已不在本户,在户至 2020-04-30。", ""},
		{gone, "pp_3", "medical-basic", today, MemberDied, "The person died; the last day as a member was 2020-04-30.", "该人已去世,在户至 2020-04-30。", ""},
		{shut, "", "helper", today, HouseholdClosed, "The household is closed from 2020-05-01 on.", "该户自 2020-05-01 起已销户。", ""},
		{family(), "", "medical-basic", today, PersonNeeded, "The policy is for single persons; ask for a member of the household.", "该政策以个人为对象,请按家庭成员查询。", ""},
		{family(), "pp_1", "medical-basic", "2018-12-31", PolicyNotInForce, "The policy is not in force on this day.", "该政策当日不在有效期内。", ""},
		{error2, "pp_1", "medical-basic", today, NotABeneficiary, "The household is not one of those that the policies are for.", "该户不属于政策帮扶对象。", ""},
		{family(), "", "housing-renovation", today, ConditionNotMet,
			"The condition of the policy is not met: house damaged and not renovated since: no (required: house damaged and not renovated since is yes); " +
				"danger grade of the house: not recorded (required: danger grade of the house is C (part of the house dangerous) or D (whole house dangerous)).",
			"不符合该政策的条件：住房损毁未修复：否，要求：住房损毁未修复为是；危房等级：未登记，要求：危房等级为C级(局部危房)或D级(整幢危房)。", ""},
		{over, "pp_1", "medical-basic", "2021-01-01", SupportEnded, "Decision 琼试扶决〔2020〕1号 ended this policy; its last day was 2020-12-31.",
			"依据决定 琼试扶决〔2020〕1号,该政策已停止,最后一日为 2020-12-31。", "琼试扶决〔2020〕1号"},
		{family(), "", "helper-after-removal", today, StillSupported, "The policy is for those whose support has ended; here support continues.",
			"该政策适用于已停止帮扶的对象,目前仍在帮扶中。", ""},
	} {
		got, err := c.Explain(tt.h, tt.person, c.Policy(tt.policy), tt.on)
		if err != nil {
			t.Fatal(err)
		}
		w := got.Why
		if got.Entitled || w.Code != tt.code || w.English != tt.english || w.Chinese != tt.chinese || w.DecisionNumber != tt.decisionNumber {
			t.Errorf("%s: got %+v", tt.code, got)
		}
		condition := "household.damaged && household.danger_grade in [Grade.C, Grade.D]"
		if want := tt.code == ConditionNotMet; want != (w.Condition == condition) || want != (w.Condition != "") {
			t.Errorf("%s: the catalogue's own words are %q", tt.code, w.Condition)
		}
	}
}

func TestEveryTestNamesTheFactsThatItRead(t *testing.T) {
	c, h := hainan(t), needy()
	all, err := c.ExplainAll(h, "pp_3", today)
	if err != nil || len(all) != len(c.Policies) {
		t.Fatal(len(all), err)
	}
	got := all[slices.IndexFunc(all, func(e Explanation) bool { return e.Policy.Code == "housing-renovation" })]
	var tests []string
	for _, tt := range got.Tests {
		f := tt.Facts[0]
		tests = append(tests, fmt.Sprint(tt.Test, " ", tt.Held, " ", f.Name, " ", f.Value, " ", f.Label.Chinese, "：", f.Text.Chinese))
	}
	want := []string{
		"household.poverty_status in [PovertyStatus.LIFTED, PovertyStatus.REGISTERED_POOR, PovertyStatus.PRE_EXIT, PovertyStatus.RETURNED] true " +
			"household.poverty_status LIFTED 脱贫属性：脱贫",
		"household.damaged true household.damaged true 住房损毁未修复：是",
		"household.danger_grade in [Grade.C, Grade.D] true household.danger_grade C 危房等级：C级(局部危房)",
	}
	if !got.Entitled || !slices.Equal(tests, want) {
		t.Errorf("got %q", tests)
	}
	for _, e := range all {
		for _, tt := range e.Tests {
			if len(tt.Facts) == 0 {
				t.Errorf("%s: %s asks nothing", e.Policy.Code, tt.Test)
			}
		}
	}
}

// parsed splits the canonical text of entitlements.
func parsed(text string) (out [][4]string) {
	for part := range strings.SplitSeq(text, ";") {
		var e [4]string
		i := 0
		for f := range strings.SplitSeq(part, ",") {
			e[i] = f
			i++
		}
		out = append(out, e)
	}
	return out
}
