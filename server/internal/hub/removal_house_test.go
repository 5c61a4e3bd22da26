package hub_test

import (
	"fmt"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Those who act in removals.
var (
	villager = access.Caller{Agency: "committee", Client: "test", Person: "v1"}
	township = access.Caller{Agency: "township", Client: "test", Person: "t1"}
	county   = access.Caller{Agency: "county", Client: "test", Person: "c1"}
	county2  = access.Caller{Agency: "county", Client: "test", Person: "c2"}
)

// newBureau is a house in which the three roles of the procedure are given.
func newBureau(h *house) *house {
	h.Helper()
	for agency, role := range map[string]removal.Role{"committee": removal.RolePropose, "township": removal.RoleReview, "county": removal.RoleConfirm} {
		h.agree(access.Agreement{ID: "r-" + agency, Agency: agency, Divisions: []string{province}, Removal: []removal.Role{role}})
	}
	return h
}

// fit is a household that nothing speaks against removing.
func fit(n int, village string) *household.Household {
	h := home(n, village)
	h.Persons[2].SchoolStage, h.Persons[2].LabourAbility = household.Primary, household.LabourNone
	year := today.Year()
	h.Incomes = []household.Income{{Year: year - 1, Wage: 9000000, PerCapitaNet: 3000000}, {Year: year, Wage: 9000000, PerCapitaNet: 3000000}}
	h.Helpers = []household.HelperAssignment{{Name: "帮虚拟", Unit: "虚构单位", From: "2014-06-01"}}
	return h
}

// fits loads so many of them and gives them.
func (h *house) fits(village string, from, count int) (out []hub.HouseholdState) {
	h.Helper()
	var in []*household.Household
	for n := range count {
		in = append(in, fit(from+n, village))
	}
	h.load(in...)
	for _, x := range in {
		out = append(out, h.find(x.HouseholdNumber))
	}
	return out
}

// papers uploads a document of each kind about a household, for a case of it or, with "",
// for a proposal.
func (h *house) papers(by access.Caller, id, of string, kinds ...removal.EvidenceKind) (out []removal.Evidence) {
	h.Helper()
	for _, k := range kinds {
		sum, err := h.UploadEvidence(h.Context(), by, id, of, fmt.Appendf(nil, "虚构材料 %s %s", k, id))
		h.ok(err)
		out = append(out, removal.Evidence{Kind: k, SHA256: sum, MediaType: "text/plain", Dated: h.Today()})
	}
	return out
}

func (h *house) proposal(was hub.HouseholdState) hub.Proposal {
	h.Helper()
	id := was.Household.ID
	return hub.Proposal{Household: id, Etag: was.Etag, Reason: "收入稳定", Evidence: h.papers(villager, id, "", removal.EvidenceProposal), RequestID: h.request()}
}

// propose opens a case.
func (h *house) propose(was hub.HouseholdState) hub.CaseState {
	h.Helper()
	c, err := h.ProposeRemoval(h.Context(), villager, h.proposal(was))
	h.ok(err)
	return c
}

// usual is the step of a kind as it should be, and who takes it.
func (h *house) usual(c hub.CaseState, kind removal.StepKind) (access.Caller, removal.Step) {
	h.Helper()
	by, s := villager, removal.Step{Kind: kind}
	posting := &removal.Posting{Place: "村务公开栏", From: h.Today()}
	document := household.Document{Issuer: "虚构县扶贫办", Number: "虚扶决〔2026〕" + c.ID[3:9], Date: h.Today()}
	switch kind {
	case removal.Appraise:
		s.Meeting = &removal.Meeting{On: h.Today(), Members: 30, Present: 25, Yes: 20, No: 3}
	case removal.Post:
		s.Posting = posting
	case removal.Dismiss, removal.Uphold, removal.Review:
		by = township
	case removal.Confirm:
		by = county
	case removal.Announce:
		by, s.Posting, s.Document, s.DecisionNumber = county, posting, document, document.Number
	case removal.Reverse:
		document.Number = "虚扶撤〔2026〕" + c.ID[3:9]
		by, s.Ground, s.Reason, s.Document = county, removal.GroundWrongDecision, "有误", document
	case removal.Withdraw:
		s.Reason = "情况有变"
	}
	for _, rule := range removal.Table() {
		if rule.Step == kind {
			s.Evidence = h.papers(by, c.Household, c.ID, rule.Evidence...)
		}
	}
	return by, s
}

// step takes the usual step of a kind, perhaps changed.
func (h *house) step(c hub.CaseState, kind removal.StepKind, changes ...func(*access.Caller, *removal.Step)) (hub.CaseState, error) {
	h.Helper()
	by, s := h.usual(c, kind)
	for _, change := range changes {
		change(&by, &s)
	}
	return h.TakeStep(h.Context(), by, hub.CaseKey{ID: c.ID, Etag: c.Etag, RequestID: h.request()}, s)
}

func by(who access.Caller) func(*access.Caller, *removal.Step) {
	return func(c *access.Caller, _ *removal.Step) { *c = who }
}

// carry takes the usual steps up to one, with the days that the publicity needs.
func (h *house) carry(c hub.CaseState, last removal.StepKind) hub.CaseState {
	h.Helper()
	for _, kind := range []removal.StepKind{removal.Assess, removal.Appraise, removal.Post, removal.Review, removal.Confirm, removal.Announce} {
		if kind == removal.Review {
			h.clock.day(h.Today().AddDays(8))
		}
		next, err := h.step(c, kind)
		h.ok(err)
		if c = next; kind == last {
			break
		}
	}
	return c
}

// now reads a case again.
func (h *house) now(c hub.CaseState) hub.CaseState {
	h.Helper()
	got, err := h.Removal(h.Context(), county, c.ID)
	h.ok(err)
	return got
}

// cases lists a query's cases by their ids, in order.
func (h *house) cases(who access.Caller, q hub.CaseQuery) (ids []string) {
	h.Helper()
	q.Area = "qionghai"
	all, _, err := h.Removals(h.Context(), who, q)
	h.ok(err)
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// hindered wants a refusal that names a reason at any field.
func (h *house) hindered(err error, reason fault.Reason) {
	h.Helper()
	if f := fault.Of(err); f != nil {
		if f.Reason == reason {
			return
		}
		for _, v := range f.Violations {
			if v.Reason == reason {
				return
			}
		}
	}
	h.Fatalf("got %v, not %s", err, reason)
}
