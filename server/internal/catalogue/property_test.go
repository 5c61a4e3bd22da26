package catalogue

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// drawDay draws a day around the time of the notice.
func drawDay(t *rapid.T, label string) date.Date {
	return date.Date("2018-12-25").AddDays(rapid.IntRange(0, 900).Draw(t, label))
}

func drawLater(t *rapid.T, label string) date.Date {
	if rapid.Bool().Draw(t, label+" open") {
		return ""
	}
	return drawDay(t, label)
}

func drawCode[T ~string](t *rapid.T, list string) T {
	return T(rapid.SampledFrom(append([]string{""}, household.Codes[list]...)).Draw(t, list))
}

func drawPerson(t *rapid.T, i int) household.Person {
	born := date.Date("1940-01-01").AddDays(rapid.IntRange(0, 29000).Draw(t, "born"))
	p := member(fmt.Sprintf("pp_%d", i), fmt.Sprintf("试%d", i), household.Male, born, household.RelationSon)
	p.SchoolStage, p.LabourAbility, p.JoinReason = drawCode[household.SchoolStage](t, "SchoolStage"), drawCode[household.LabourAbility](t, "LabourAbility"), drawCode[household.JoinReason](t, "JoinReason")
	p.JoinedOn = max(p.JoinedOn, drawDay(t, "joined").AddDays(-800))
	if p.LeftOn = drawLater(t, "left"); p.LeftOn != "" {
		p.LeaveReason = drawCode[household.LeaveReason](t, "LeaveReason")
	}
	return p
}

func drawDecisions(t *rapid.T, persons int) []household.Decision {
	var out []household.Decision
	someone := rapid.Map(rapid.IntRange(0, persons), func(i int) string {
		if i == 0 {
			return ""
		}
		return fmt.Sprintf("pp_%d", i)
	})
	for i := range rapid.IntRange(0, 3).Draw(t, "decisions") {
		decided := drawDay(t, "decided")
		d := household.Decision{
			ID: fmt.Sprintf("dd_%d", i), Kind: rapid.SampledFrom([]household.DecisionKind{household.DecisionRemoval, household.DecisionLegacy}).Draw(t, "kind"),
			DecidedOn: decided, EffectiveOn: decided.AddDays(rapid.IntRange(0, 90).Draw(t, "effect")),
		}
		if i > 0 && rapid.Bool().Draw(t, "reversal") {
			d.Kind, d.Reverses = household.DecisionReversal, fmt.Sprintf("dd_%d", rapid.IntRange(0, i-1).Draw(t, "reverses"))
		}
		for range rapid.IntRange(0, 4).Draw(t, "ends") {
			d.Ends = append(d.Ends, household.End{
				Person: someone.Draw(t, "of"), Policy: rapid.SampledFrom([]string{"*", "medical-basic", "education-aid", "helper"}).Draw(t, "policy"),
				LastDay: d.EffectiveOn.AddDays(rapid.IntRange(-1, 400).Draw(t, "last")),
			})
		}
		if only := someone.Draw(t, "only"); only != "" && rapid.Bool().Draw(t, "only some") {
			d.Only = []string{only}
		}
		out = append(out, d)
	}
	return out
}

func drawHousehold(t *rapid.T) *household.Household {
	h := family()
	h.Register.PovertyStatus = drawCode[household.PovertyStatus](t, "PovertyStatus")
	h.Register.FirstIdentifiedOn = drawLater(t, "identified")
	h.Persons = nil
	n := rapid.IntRange(1, 5).Draw(t, "persons")
	for i := n; i > 0; i-- { // not in the order of their ids
		h.Persons = append(h.Persons, drawPerson(t, i))
	}
	h.Persons[0].Relation = household.RelationHead
	h.Decisions = drawDecisions(t, n)
	h.Helpers[0].To = drawLater(t, "helper")
	for i := range rapid.IntRange(0, 3).Draw(t, "needs") {
		h.Needs = append(h.Needs, household.Need{ID: fmt.Sprint(i), Category: drawCode[household.NeedCategory](t, "NeedCategory"), AroseOn: drawDay(t, "arose"), FulfilledOn: drawLater(t, "fulfilled")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "damages") {
		h.Housing.Damages = append(h.Housing.Damages, household.Damage{Cause: household.DamageFlood, HappenedOn: drawDay(t, "damaged")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "appraisals") {
		h.Housing.Appraisals = append(h.Housing.Appraisals, household.Appraisal{Grade: drawCode[household.Grade](t, "Grade"), AppraisedOn: drawDay(t, "appraised"), RenovatedOn: drawLater(t, "renovated")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "benefits") {
		h.Benefits = append(h.Benefits, household.Benefit{Kind: drawCode[household.BenefitKind](t, "BenefitKind"), Person: rapid.SampledFrom([]string{"", "pp_1"}).Draw(t, "paid to"),
			Stage: drawCode[household.SchoolStage](t, "SchoolStage"), Year: rapid.IntRange(2018, 2020).Draw(t, "for"), Amount: rapid.Int64Range(1, 400_000).Draw(t, "amount"), PaidOn: drawDay(t, "paid")})
	}
	if rapid.IntRange(0, 9).Draw(t, "closed") == 0 {
		h.Closing = &household.Closing{Kind: drawCode[household.ClosingKind](t, "ClosingKind"), On: drawDay(t, "closed on")}
	}
	return h
}

func TestDeriveIsPureAndItsRowsAreSorted(t *testing.T) {
	c := hainan(t)
	rapid.Check(t, func(t *rapid.T) {
		h, on := drawHousehold(t), drawDay(t, "on")
		before := h.Clone()
		rows, err := c.Derive(area, h, on)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Derive(area, h.Clone(), on)
		if err != nil || !reflect.DeepEqual(rows, again) {
			t.Fatalf("the same household and day gave other rows: %v", err)
		}
		if !reflect.DeepEqual(h, before) {
			t.Fatal("the household was changed")
		}
		sorted := slices.IsSortedFunc(rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(slices.Index(c.Lists, a.List), slices.Index(c.Lists, b.List)), cmp.Compare(a.Person, b.Person))
		})
		if !sorted {
			t.Fatal("rows are not sorted by list and person")
		}
		for _, r := range rows {
			if p := h.Person(r.Person); (r.List.Grain == GrainPerson) != (p != nil) || p != nil && !p.PresentOn(on) {
				t.Fatalf("%s: a row of nobody who is there", r.List.Name)
			}
			for i, f := range r.List.Fields {
				if (f.Name == "todo" || f.Name == "todo_en") && r.Values[i] == "" {
					t.Fatalf("%s: a row that does not say what is to be done", r.List.Name)
				}
			}
		}
	})
}

func TestOnlyDecisionsDeathsAndClosingsEverEndSupport(t *testing.T) {
	c := hainan(t)
	rapid.Check(t, func(t *rapid.T) {
		before, after, on := drawHousehold(t), drawHousehold(t), drawDay(t, "on")
		before.Closing = nil
		rows, err := c.Derive(area, before, on)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			e := c.WhyGone(after, r.List, r.Person, on)
			switch p := after.Person(r.Person); e.Basis {
			case "":
				if e.Op != "LEFT_SCOPE" || e.Cause == "" {
					t.Fatalf("got %+v", e)
				}
				continue
			case "DECISION":
				if last, by, ended := after.LastDay(r.Person, policyEnding(r.List, after, r.Person, e, on), on); !ended || by.ID != e.DecisionID || last != e.On {
					t.Fatalf("no decision in force says so: %+v", e)
				}
			case "DEATH":
				if p.LeaveReason != household.LeaveDeath || p.LeftOn > on {
					t.Fatalf("did not die: %+v", e)
				}
			case "CLOSING":
				if after.Closing == nil || after.Closing.On > on || after.Closing.Kind == household.ClosingMerge {
					t.Fatalf("was not closed: %+v", e)
				}
			}
			if e.Op != "ENDED" || e.Cause != "" || e.On >= on {
				t.Fatalf("got %+v", e)
			}
		}
	})
}

// policyEnding finds a policy of the list that the ending speaks of.
func policyEnding(l *List, h *household.Household, person string, e Ending, on date.Date) string {
	for _, code := range l.Policies {
		if last, by, ended := h.LastDay(person, code, on); ended && by.ID == e.DecisionID && last == e.On {
			return code
		}
	}
	return ""
}

func TestSupportFollowsTheHouseholdsOwnRules(t *testing.T) {
	c := hainan(t)
	rapid.Check(t, func(t *rapid.T) {
		h, on := drawHousehold(t), drawDay(t, "on")
		v := newView(h, on)
		for _, s := range c.subjects(v, v.present...) {
			if s.p == nil && s.supportStatus() != h.SupportStatusOn(on) {
				t.Fatalf("support status is %s", s.supportStatus())
			}
			for _, p := range c.Policies {
				if p.Reach != Supported {
					continue
				}
				last, _, ended := h.LastDay(s.personID(), p.Code, on)
				if until, runs := s.runs(p); ended && last < on && runs || !ended && !runs {
					t.Fatalf("%s for %q: runs %v until %q, but the household says %q, %v", p.Code, s.personID(), runs, until, last, ended)
				}
			}
		}
	})
}

func TestACatalogueServesManyAtOnce(t *testing.T) {
	c := hainan(t)
	want, err := c.Derive(area, needy(), today)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if rows, err := c.Derive(area, needy(), today); err != nil || !reflect.DeepEqual(rows, want) {
					t.Errorf("another answer: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestTheVocabularyIsTheContracts(t *testing.T) {
	text, err := os.ReadFile("../../../api/bangfu/hub/v1/record.proto")
	if err != nil {
		t.Fatal(err)
	}
	message, _, _ := strings.Cut(string(text)[strings.Index(string(text), "message Record {"):], "\n}")
	kinds := map[string]Kind{"string": Text, "int32": Integer, "optional int64": Amount, "bool": Truth, "repeated string": Codes, "repeated Entitlement": Entitlements}
	var contract []string
	for _, m := range regexp.MustCompile(`(?m)^  ((?:optional |repeated )?\w+) (\w+) = \d\d+;`).FindAllStringSubmatch(message, -1) {
		contract = append(contract, fmt.Sprint(m[2], " ", kinds[m[1]]))
	}
	var words []string
	for _, w := range Vocabulary() {
		words = append(words, fmt.Sprint(w.Name, " ", w.Kind))
	}
	if !slices.Equal(words, contract) {
		t.Errorf("words %v\ncontract %v", words, contract)
	}
}

func TestEveryFactCanBeAsked(t *testing.T) {
	for _, f := range Facts() {
		source := f.Name
		switch {
		case strings.HasPrefix(f.Type, "list("):
			source = "size(" + f.Name + ") >= 0"
		case f.Type != "bool":
			source = f.Name + " == " + f.Name
		}
		when, bad := (&compiler{}).compile(source, f.Grain, false)
		if len(bad) > 0 || f.Meaning == "" {
			t.Errorf("%s: %v", f.Name, bad)
			continue
		}
		h := needy()
		if _, _, err := when[0].program.Eval(&(&Catalogue{}).subjects(newView(h, today), &h.Persons[0])[1]); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}
