package e2e

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/division"
)

// feedOf reads a caller's changes, page by page.
type feedOf struct {
	*bureau
	agency string
	cursor string
}

func (b *bureau) feed(agency string, lists ...string) *feedOf {
	b.Helper()
	b.hub.Agree(b, agency, lists)
	f := &feedOf{bureau: b, agency: agency}
	f.read()
	return f
}

// read gives what came since the last time, as "op list basis until" of each record's last change.
func (f *feedOf) read() (out []string) {
	f.Helper()
	for p, err := range f.client(f.agency, "").Pages(f.Context(), &hubv1.FollowRequest{Cursor: f.cursor}) {
		f.ok(err)
		f.cursor = p.GetCursor()
		for _, t := range p.GetTransactions() {
			for _, c := range t.GetChanges() {
				out = append(out, strings.Join([]string{
					strings.TrimPrefix(c.GetOp().String(), "OP_"), c.GetList(), c.GetEnding().GetBasis(), c.GetEnding().GetLastDay(),
				}, " "))
			}
		}
	}
	slices.Sort(out)
	return out
}

func countOf(all []string, want string) (n int) {
	for _, s := range all {
		if strings.HasPrefix(s, want) {
			n++
		}
	}
	return n
}

// The whole way of one household, with what must be refused on it.
func TestAHouseholdLeavesSupportByTheWholeProcedureOnly(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, cfg)
			h := b.household(division.Hainan().AreaVillages("qionghai")[0])
			f := b.feed("reader", "education", "medical-insurance", "employment", "no-longer-supported", "household-status")
			_, err := b.propose("program", h)
			b.refused(err, hubv1.Reason_REASON_PERSON_MUST_ACT)
			_, err = b.propose("town", h)
			b.refused(err, hubv1.Reason_REASON_ROLE_MISSING)
			_, err = b.propose("stranger", h)
			b.refused(err, hubv1.Reason_REASON_HOUSEHOLD_NOT_FOUND)
			c, err := b.propose("village", h)
			b.ok(err)
			_, err = b.propose("village", h)
			b.refused(err, hubv1.Reason_REASON_CASE_OPEN)
			for _, skipped := range []hubv1.StepKind{hubv1.StepKind_STEP_KIND_APPRAISE, hubv1.StepKind_STEP_KIND_POST, hubv1.StepKind_STEP_KIND_REVIEW, hubv1.StepKind_STEP_KIND_CONFIRM, hubv1.StepKind_STEP_KIND_ANNOUNCE} {
				_, err := b.step(c, skipped)
				b.refused(err, hubv1.Reason_REASON_STEP_OUT_OF_ORDER)
			}
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_ASSESS, func(_ *string, s *hubv1.RemovalStep) { s.Evidence = nil })
			b.refused(err, hubv1.Reason_REASON_EVIDENCE_KIND_MISSING)
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_ASSESS, func(_ *string, s *hubv1.RemovalStep) { s.Evidence[0].Sha256 = strings.Repeat("0", 64) })
			b.refused(err, hubv1.Reason_REASON_EVIDENCE_NOT_FOUND)
			b.same(c)
			c = b.carry(c, hubv1.StepKind_STEP_KIND_POST)
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_REVIEW)
			b.refused(err, hubv1.Reason_REASON_PUBLICITY_RUNNING)
			c, err = b.step(c, hubv1.StepKind_STEP_KIND_OBJECT)
			b.ok(err)
			b.days(2)
			c, err = b.step(c, hubv1.StepKind_STEP_KIND_DISMISS)
			b.ok(err)
			b.days(6)
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_REVIEW) // the days of the objection do not count
			b.refused(err, hubv1.Reason_REASON_PUBLICITY_RUNNING)
			b.days(4)
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_REVIEW, as("proposer as town"))
			b.refused(err, hubv1.Reason_REASON_SAME_PERSON)
			c, err = b.step(c, hubv1.StepKind_STEP_KIND_REVIEW)
			b.ok(err)
			_, err = b.step(c, hubv1.StepKind_STEP_KIND_CONFIRM, as("town as county"))
			b.refused(err, hubv1.Reason_REASON_SAME_PERSON)
			b.same(c)
			if got := f.read(); len(got) > 0 && countOf(got, "ENDED") > 0 {
				t.Fatalf("support ended before there was a decision: %v", got)
			}
			b.decided(c, f)
		})
	}
}

// decided takes the case to its decision and follows it until everything has ended, and back.
func (b *bureau) decided(c *hubv1.RemovalCase, f *feedOf) {
	b.Helper()
	check, err := b.people["county"].CheckRemoval(b.Context(), &hubv1.CheckRemovalRequest{Id: c.GetId()})
	b.ok(err)
	if len(check.GetHolds()) > 0 || check.GetSecondConfirmerNeeded() || len(check.GetEnds()) < 6 {
		b.Fatalf("the check says %v", check)
	}
	c, err = b.step(c, hubv1.StepKind_STEP_KIND_CONFIRM)
	b.ok(err)
	effective := b.hub.Today().AddDays(5)
	c, err = b.step(c, hubv1.StepKind_STEP_KIND_ANNOUNCE, func(_ *string, s *hubv1.RemovalStep) { s.EffectiveOn = string(effective) })
	b.ok(err)
	if c.GetState() != hubv1.RemovalState_REMOVAL_STATE_ANNOUNCED || c.GetWaitingFor() != 0 || c.GetEffectiveOn() != string(effective) {
		b.Fatalf("announced: %v", c)
	}
	if got := f.read(); countOf(got, "ENDED") > 0 || countOf(got, "UPSERT education") != 1 {
		b.Fatalf("before its day: %v", got)
	}
	b.until(effective)
	if got := f.read(); countOf(got, "UPSERT no-longer-supported") != 3 || countOf(got, "ENDED employment DECISION "+string(effective.AddDays(-1))) != 2 ||
		countOf(got, "ENDED education")+countOf(got, "ENDED medical-insurance") > 0 {
		b.Fatalf("on its day: %v", got)
	}
	b.until("2026-08-01")
	if got := f.read(); countOf(got, "ENDED education DECISION 2026-07-31") != 1 || countOf(got, "ENDED") != 1 {
		b.Fatalf("after the term: %v", got)
	}
	b.until("2027-01-01")
	if got := f.read(); countOf(got, "ENDED medical-insurance DECISION 2026-12-31") != 3 || countOf(got, "ENDED") != 3 {
		b.Fatalf("after the insurance year: %v", got)
	}
	b.papers(c)
	b.reversed(c, f)
}

// papers are what is printed and given back about a case.
func (b *bureau) papers(c *hubv1.RemovalCase) {
	b.Helper()
	file, err := b.people["county"].GetCaseFile(b.Context(), &hubv1.GetCaseFileRequest{Id: c.GetId()})
	b.ok(err)
	for _, want := range []string{"案卷", "民主评议", "村务公开栏", c.GetDecisionNumber(), c.GetSteps()[0].GetEvidence()[0].GetSha256()} {
		if !bytes.Contains(file.GetData(), []byte(want)) {
			b.Errorf("the case file lacks %q", want)
		}
	}
	announced := c.GetSteps()[len(c.GetSteps())-1].GetOn()
	for state, since := range map[hubv1.RemovalState]string{
		hubv1.RemovalState_REMOVAL_STATE_APPRAISED: "", hubv1.RemovalState_REMOVAL_STATE_IN_PUBLICITY: "",
		hubv1.RemovalState_REMOVAL_STATE_CONFIRMED: "", hubv1.RemovalState_REMOVAL_STATE_ANNOUNCED: announced,
	} {
		page, err := b.people["village"].PrintAnnouncement(b.Context(), &hubv1.PrintAnnouncementRequest{Village: c.GetVillage(), State: state, Since: since})
		b.ok(err)
		if named := bytes.Contains(page.GetData(), []byte("虚拟2")); named != (since != "") || bytes.Contains(page.GetData(), []byte("10099887766")) {
			b.Errorf("%v: the head named: %v", state, named)
		}
	}
	e := c.GetSteps()[0].GetEvidence()[0]
	l := legacy{base: "http://" + b.hub.HTTPAddress(), token: b.hub.TokenFor(b, "county", "c1")}
	a := l.call(b, http.MethodGet, "/v1/removals/"+c.GetId()+"/evidence/"+e.GetSha256(), nil)
	if a.status != http.StatusOK || !bytes.HasPrefix(a.body, []byte("虚构材料")) || a.header.Get("Content-Type") != "text/plain" {
		b.Errorf("evidence by REST: %d %s %s", a.status, a.header, a.body)
	}
	if a := l.call(b, http.MethodGet, "/v1/removals/"+c.GetId()+"/evidence/"+strings.Repeat("0", 64), nil); a.status != http.StatusNotFound {
		b.Errorf("no evidence by REST: %d", a.status)
	}
	if a := l.call(b, http.MethodGet, "/v1/removals/"+c.GetId()+"/file", nil); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		b.Errorf("case file by REST: %d %v", a.status, a.header)
	}
}

// reversed takes the removal back, and asks who was told what was wrong.
func (b *bureau) reversed(c *hubv1.RemovalCase, f *feedOf) {
	b.Helper()
	ask := &hubv1.ReverseRemovalRequest{
		Id: c.GetId(), Etag: b.now(c).GetEtag(), Ground: hubv1.ReversalGround_REVERSAL_GROUND_RETURN_TO_POVERTY, Reason: "确认返贫",
		Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶撤〔2027〕1号", Date: b.today()},
		Evidence: b.evidence("county", c.GetHousehold(), c.GetId(), hubv1.EvidenceKind_EVIDENCE_KIND_REVERSAL), RequestId: b.request(),
	}
	_, err := b.people["village"].ReverseRemoval(b.Context(), ask)
	b.refused(err, hubv1.Reason_REASON_ROLE_MISSING)
	ask.RequestId = b.request()
	got, err := b.people["county"].ReverseRemoval(b.Context(), ask)
	b.ok(err)
	if again, err := b.people["county"].ReverseRemoval(b.Context(), ask); err != nil || again.GetCase().GetEtag() != got.GetCase().GetEtag() {
		b.Errorf("the same request again: %v %v", again, err)
	}
	readers := func() *hubv1.RemovalReader {
		res, err := b.people["county"].ListReaders(b.Context(), &hubv1.ListReadersRequest{Id: c.GetId()})
		b.ok(err)
		if len(res.GetReaders()) != 1 || res.GetReaders()[0].GetAgency() != f.agency {
			b.Fatalf("readers: %v", res)
		}
		return res.GetReaders()[0]
	}
	if r := readers(); r.GetReadAt() == "" || r.GetCorrectedAt() != "" {
		b.Errorf("before it read again: %v", r)
	}
	if got := f.read(); countOf(got, "LEFT_SCOPE no-longer-supported") != 3 || countOf(got, "UPSERT medical-insurance") != 3 || countOf(got, "ENDED") > 0 {
		b.Errorf("after the reversal: %v", got)
	}
	if r := readers(); r.GetCorrectedAt() == "" {
		b.Errorf("after it read again: %v", r)
	}
	if now := b.now(c); now.GetState() != hubv1.RemovalState_REMOVAL_STATE_REVERSED || now.GetReversal() == "" {
		b.Errorf("%v", now)
	}
}

// now reads a case.
func (b *bureau) now(c *hubv1.RemovalCase) *hubv1.RemovalCase {
	b.Helper()
	got, err := b.people["county"].GetRemoval(b.Context(), &hubv1.GetRemovalRequest{Id: c.GetId()})
	b.ok(err)
	return got.GetCase()
}

// Two officers on one case: the slower one learns that it has moved on.
func TestTwoOfficersOnOneCaseGiveOneOutcome(t *testing.T) {
	for name, cfg := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, cfg)
			c, err := b.propose("village", b.household(division.Hainan().AreaVillages("qionghai")[0]))
			b.ok(err)
			c = b.carry(c, hubv1.StepKind_STEP_KIND_REVIEW)
			var steps []*hubv1.TakeStepRequest
			for range 2 {
				_, s := b.usual(c, hubv1.StepKind_STEP_KIND_CONFIRM)
				steps = append(steps, &hubv1.TakeStepRequest{Id: c.GetId(), Etag: c.GetEtag(), Step: s, RequestId: b.request()})
			}
			outcomes := make(chan error, 2)
			for i, who := range []string{"county", "county2"} {
				go func() { _, err := b.people[who].TakeStep(t.Context(), steps[i]); outcomes <- err }()
			}
			one, other := <-outcomes, <-outcomes
			if (one == nil) == (other == nil) {
				t.Fatalf("%v and %v", one, other)
			}
			if one == nil {
				one = other
			}
			b.refused(one, hubv1.Reason_REASON_ETAG_STALE)
			if now := b.now(c); len(now.GetSteps()) != len(c.GetSteps())+1 {
				t.Errorf("%d steps", len(now.GetSteps()))
			}
		})
	}
}
