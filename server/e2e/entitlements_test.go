package e2e

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/wire"
)

var questions = flag.Int("questions", 10_000, "questions whose answers are compared with what is derived")

// knowledge is what was known about a household from a day on.
type knowledge struct {
	from  server.Date
	facts *household.Household
}

// counter asks about invented households, and knows what the answers rest on.
type counter struct {
	*testing.T
	c     *client.Client
	rng   *rand.Rand
	lists *catalogue.Catalogue
	known [][]knowledge // by household, oldest first
}

// TestAnswersAtTheCounterAreWhatIsDerived asks over the network about random persons,
// policies and days: past ones as it was known then, today's, and days to come.
func TestAnswersAtTheCounterAreWhatIsDerived(t *testing.T) {
	const begin, today = server.Date("2026-03-01"), server.Date("2026-09-02")
	h := hubtest.Start(t, hubtest.Config{On: begin})
	h.AgreeOffice(t, "office")
	h.Load(t, bytes.NewReader(h.Generated(t, 150, 9)))
	lists, err := catalogue.Parse(server.EmbeddedCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	k := &counter{T: t, c: h.Client(t, "office", "clerk"), rng: rand.New(rand.NewPCG(5, 8)), lists: lists}
	for _, number := range householdNumbers(t, h.Generated(t, 150, 9)) {
		k.known = append(k.known, []knowledge{{begin, k.household(number)}})
	}
	h.Clock.Set(today)
	if _, err := h.Derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.c = h.Client(t, "office", "clerk") // the first token has expired by now
	for i := range k.known {
		if i%2 == 0 {
			k.known[i] = append(k.known[i], knowledge{today, k.change(k.known[i][0].facts)})
		}
	}
	entitled := 0
	for asked := 0; asked < *questions; asked += 500 {
		entitled += k.ask(begin.AddDays(-20), today.AddDays(300), today)
	}
	if entitled < *questions/10 {
		t.Errorf("only %d of %d were entitled", entitled, *questions)
	}
}

func (k *counter) household(number string) *household.Household {
	k.Helper()
	res, err := k.c.Households().LookUpHouseholds(k.Context(), &hubv1.LookUpHouseholdsRequest{
		By: &hubv1.LookUpHouseholdsRequest_Identifier{Identifier: &hubv1.Identifier{Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_HOUSEHOLD_NUMBER, Value: number}},
	})
	if err != nil || len(res.GetMatches()) != 1 {
		k.Fatal(err, len(res.GetMatches()))
	}
	return wire.HouseholdFromProto(res.GetMatches()[0].GetHousehold())
}

// change lets members come of age, fall ill or finish school, as far as the register knows.
func (k *counter) change(was *household.Household) *household.Household {
	k.Helper()
	now, err := k.c.Households().GetHousehold(k.Context(), &hubv1.GetHouseholdRequest{Id: was.ID})
	if err != nil {
		k.Fatal(err)
	}
	in := now.GetHousehold()
	for _, p := range in.GetPersons() {
		p.LabourAbility = hubv1.LabourAbility(k.rng.IntN(5)) //nolint:gosec // one of five
		p.SchoolStage = hubv1.SchoolStage(k.rng.IntN(17))    //nolint:gosec // one of seventeen
	}
	in.Decisions = nil
	res, err := k.c.Households().UpdateHousehold(k.Context(), &hubv1.UpdateHouseholdRequest{
		Household: in, Groups: []hubv1.FactGroup{hubv1.FactGroup_FACT_GROUP_REGISTER}, RequestId: "change-" + was.ID,
	})
	if err != nil {
		k.Fatal(err)
	}
	return wire.HouseholdFromProto(res.GetHousehold())
}

// ask asks 500 questions, and counts the answers that said yes.
func (k *counter) ask(from, to, today server.Date) (entitled int) {
	k.Helper()
	type question struct {
		facts  *household.Household // nil: nothing was known then
		now    *household.Household
		person string
		policy *catalogue.Policy
		on     server.Date
	}
	var asked []question
	req := &hubv1.CheckEntitlementsRequest{}
	for range 500 {
		known := k.known[k.rng.IntN(len(k.known))]
		q := question{policy: k.lists.Policies[k.rng.IntN(len(k.lists.Policies))], on: from.AddDays(k.rng.IntN(1 + int(to.Time().Sub(from.Time()).Hours()/24)))}
		if k.rng.IntN(4) == 0 {
			q.on = today
		}
		q.now = known[len(known)-1].facts
		for _, state := range known {
			if state.from <= q.on {
				q.facts = state.facts
			}
		}
		subject := &hubv1.EntitlementSubject{By: &hubv1.EntitlementSubject_Household{Household: known[0].facts.ID}}
		if i := k.rng.IntN(len(known[0].facts.Persons) + 1); i > 0 {
			q.person = known[0].facts.Persons[i-1].ID
			subject.By = &hubv1.EntitlementSubject_Person{Person: q.person}
		}
		asked = append(asked, q)
		req.Questions = append(req.Questions, &hubv1.EntitlementQuestion{Subject: subject, Policy: q.policy.Code, Date: string(q.on)})
	}
	res, err := k.c.Entitlements().CheckEntitlements(k.Context(), req)
	if err != nil || len(res.GetAnswers()) != len(asked) {
		k.Fatal(err, len(res.GetAnswers()))
	}
	for i, q := range asked {
		got, want := res.GetAnswers()[i], ""
		if q.facts != nil {
			want = k.derived(q.facts, q.person, q.policy, q.on)
		}
		have := ""
		if got.GetEntitled() {
			entitled++
			have = strings.Join([]string{got.GetPolicy(), got.GetSince(), got.GetUntil()}, ",")
		}
		silent := got.GetMatch() == hubv1.EntitlementMatch_ENTITLEMENT_MATCH_NOT_FOUND // of who lives elsewhere, nobody knows where
		if have != want || !silent && (have == "") != (got.GetReason().GetCode() != "") || silent && !k.left(q.now, q.person) {
			k.Fatalf("%s on %s: %v %q %s, derived %q", q.policy.Code, q.on, got.GetMatch(), have, got.GetReason().GetCode(), want)
		}
	}
	return entitled
}

// left tells whether a person left the household alive.
func (k *counter) left(h *household.Household, person string) bool {
	p := h.Person(person)
	return p != nil && p.LeftOn != "" && p.LeaveReason != household.LeaveDeath
}

// derived finds what the lists say about a policy: "policy,since,until", "" for no.
func (k *counter) derived(h *household.Household, person string, p *catalogue.Policy, on server.Date) string {
	k.Helper()
	if p.Grain == catalogue.GrainHousehold && person != "" {
		if who := h.Person(person); who == nil || !who.PresentOn(on) {
			return ""
		}
		person = ""
	}
	rows, err := k.lists.Derive("any", h, on)
	if err != nil {
		k.Fatal(err)
	}
	for _, r := range rows {
		i := slices.IndexFunc(r.List.Fields, func(f *catalogue.ListField) bool { return f.Name == "entitlements" })
		if i < 0 || r.Person != person || !slices.Contains(r.List.Policies, p.Code) {
			continue
		}
		for e := range strings.SplitSeq(r.Values[i], ";") {
			if strings.HasPrefix(e, p.Code+",") {
				return e[:strings.LastIndexByte(e, ',')]
			}
		}
	}
	return ""
}
