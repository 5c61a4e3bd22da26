package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/division"
)

// Whenever the hub is killed while a case is carried through all its steps, whoever asks
// again with the same request id finds one outcome.
func TestACaseIsCarriedThroughOnceHoweverOftenTheHubIsKilled(t *testing.T) {
	onBothStores(t, func(t *testing.T, postgres bool) {
		t.Parallel()
		s := newSurvivor(t, postgres)
		for n := 0; s.kills < *sizes.kills || n < 2; n++ { // at least one of each kind
			s.carry(n)
		}
		s.h.mustBeDense(t)
		token := s.tokens["office"]
		copied := filepath.Join(t.TempDir(), "mirror.db")
		mustEqual(t, s.hub.grpc, token, copied)
		s.agrees(copied)
	})
}

// survivor carries cases through a hub that is killed again and again.
type survivor struct {
	*testing.T
	h       house
	hub     *served
	tokens  map[string]string // files, by agency
	kills   int
	spared  bool // nobody is killed
	asked   int
	decided map[string]bool // household → whether its removal stands
}

func newSurvivor(t *testing.T, postgres bool) *survivor {
	s := &survivor{T: t, h: newHouse(t, postgres), tokens: map[string]string{}, decided: map[string]bool{}}
	for agency, role := range map[string]string{"village": "propose", "town": "review", "county": "confirm"} {
		s.h.hubd(t, 0, "agreement", "save", agency, "--agency", agency, "--removal", role, "--purpose", "test", "--basis", "notice of 2019-04-21", "--from", "2019-01-01")
		s.tokens[agency] = s.h.token(t, agency, agency+"-1")
	}
	s.tokens["office"] = s.h.token(t, "office", "a-clerk")
	s.hub = s.h.serve(t)
	return s
}

func (s *survivor) request() string { s.asked++; return fmt.Sprint("r", s.asked) }

// insist makes a request; every second time the hub is killed meanwhile, at whatever point,
// and the same request is made again of the next one. Both answers must be the same.
func insist[T proto.Message](s *survivor, agency string, do func(context.Context, hubv1.RemovalServiceClient) (T, error)) T {
	s.Helper()
	c := s.h.client(s.T, s.hub, s.tokens[agency])
	if s.spared || rand.IntN(2) == 0 {
		got, err := do(s.Context(), c.Removals())
		if err != nil {
			s.Fatal(err)
		}
		return got
	}
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		time.Sleep(time.Duration(rand.IntN(20000)) * time.Microsecond)
		s.hub.kill()
	}()
	first, failed := do(s.Context(), c.Removals())
	<-killed
	s.kills++
	s.hub = s.h.serve(s.T)
	again, err := do(s.Context(), s.h.client(s.T, s.hub, s.tokens[agency]).Removals())
	if err != nil {
		s.Fatalf("the same request again: %v; before: %v", err, failed)
	}
	if failed == nil && !proto.Equal(first, again) {
		s.Fatalf("answered\n%v\nand again\n%v", first, again)
	}
	return again
}

// evidence uploads a document of each kind, of so many days ago, for a case or, with "",
// for a proposal.
func (s *survivor) evidence(agency, household, of string, ago int, kinds ...hubv1.EvidenceKind) (out []*hubv1.Evidence) {
	s.Helper()
	for _, k := range kinds {
		content := fmt.Appendf(nil, "虚构材料 %v %s", k, household)
		got := insist(s, agency, func(ctx context.Context, r hubv1.RemovalServiceClient) (*hubv1.UploadEvidenceResponse, error) {
			return r.UploadEvidence(ctx, &hubv1.UploadEvidenceRequest{Household: household, Case: of, Content: content})
		})
		out = append(out, &hubv1.Evidence{Kind: k, Sha256: got.GetSha256(), MediaType: "text/plain", Dated: string(today().AddDays(-ago))})
	}
	return out
}

// late are a case's steps as recorded on one day, from papers of the weeks before.
func late() []struct {
	agency string
	ago    int
	step   *hubv1.RemovalStep
} {
	on := func(ago int) string { return string(today().AddDays(-ago)) }
	document := &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶决", Date: on(0)}
	return []struct {
		agency string
		ago    int
		step   *hubv1.RemovalStep
	}{
		{"village", 19, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_ASSESS}},
		{"village", 18, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_APPRAISE, Meeting: &hubv1.Meeting{On: on(18), Members: 30, Present: 25, Yes: 20, No: 3}}},
		{"village", 17, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_POST, Posting: &hubv1.Posting{Place: "村务公开栏", From: on(17)}}},
		{"town", 9, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_REVIEW}},
		{"county", 8, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_CONFIRM}},
		{"county", 0, &hubv1.RemovalStep{
			Kind: hubv1.StepKind_STEP_KIND_ANNOUNCE, Posting: &hubv1.Posting{Place: "村务公开栏", From: on(0)}, DecisionNumber: "虚扶决", Document: document,
		}},
	}
}

// carry takes one household through; every second decision is reversed.
func (s *survivor) carry(n int) {
	s.Helper()
	village := division.Hainan().AreaVillages("qionghai")[n]
	office := s.h.client(s.T, s.hub, s.tokens["office"]).Households()
	made, err := office.CreateHousehold(s.Context(), &hubv1.CreateHouseholdRequest{Household: soundHousehold(village, today().Year(), 3*n), RequestId: s.request()})
	if err != nil {
		s.Fatal(err)
	}
	h := made.GetHousehold()
	propose := &hubv1.ProposeRemovalRequest{
		Household: h.GetId(), HouseholdEtag: h.GetEtag(), Reason: "收入稳定", RequestId: s.request(),
		Evidence: s.evidence("village", h.GetId(), "", 20, hubv1.EvidenceKind_EVIDENCE_KIND_PROPOSAL),
	}
	c := insist(s, "village", func(ctx context.Context, r hubv1.RemovalServiceClient) (*hubv1.ProposeRemovalResponse, error) {
		return r.ProposeRemoval(ctx, propose)
	}).GetCase()
	for _, x := range late() {
		x.step.Evidence = s.evidence(x.agency, h.GetId(), c.GetId(), x.ago, papersOf[x.step.GetKind()]...)
		take := &hubv1.TakeStepRequest{Id: c.GetId(), Etag: c.GetEtag(), Step: x.step, RequestId: s.request()}
		c = insist(s, x.agency, func(ctx context.Context, r hubv1.RemovalServiceClient) (*hubv1.TakeStepResponse, error) {
			return r.TakeStep(ctx, take)
		}).GetCase()
	}
	s.decided[h.GetId()] = n%2 == 0
	if n%2 == 1 {
		reverse := &hubv1.ReverseRemovalRequest{
			Id: c.GetId(), Etag: c.GetEtag(), Ground: hubv1.ReversalGround_REVERSAL_GROUND_WRONG_DECISION, Reason: "有误", RequestId: s.request(),
			Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: "虚扶撤", Date: string(today())},
			Evidence: s.evidence("county", h.GetId(), c.GetId(), 0, papersOf[hubv1.StepKind_STEP_KIND_REVERSE]...),
		}
		c = insist(s, "county", func(ctx context.Context, r hubv1.RemovalServiceClient) (*hubv1.ReverseRemovalResponse, error) {
			return r.ReverseRemoval(ctx, reverse)
		}).GetCase()
	}
	s.once(c)
}

// once wants each step of the case once, and its decision once on the household.
func (s *survivor) once(c *hubv1.RemovalCase) {
	s.Helper()
	kinds, want := []hubv1.StepKind{}, []hubv1.StepKind{hubv1.StepKind_STEP_KIND_PROPOSE}
	for _, step := range c.GetSteps() {
		kinds = append(kinds, step.GetKind())
	}
	for _, x := range late() {
		want = append(want, x.step.GetKind())
	}
	decisions := []string{c.GetDecision()}
	if c.GetReversal() != "" {
		want, decisions = append(want, hubv1.StepKind_STEP_KIND_REVERSE), append(decisions, c.GetReversal())
	}
	if !slices.Equal(kinds, want) || s.decided[c.GetHousehold()] != (c.GetReversal() == "") {
		s.Fatalf("the steps are %v, reversal %q", kinds, c.GetReversal())
	}
	got, err := s.h.client(s.T, s.hub, s.tokens["office"]).Households().GetHousehold(s.Context(), &hubv1.GetHouseholdRequest{Id: c.GetHousehold()})
	if err != nil {
		s.Fatal(err)
	}
	var stand []string
	for _, d := range got.GetHousehold().GetDecisions() {
		stand = append(stand, d.GetId())
	}
	slices.Sort(decisions)
	if slices.Sort(stand); !slices.Equal(stand, decisions) {
		s.Fatalf("the household has the decisions %v, the case %v", stand, decisions)
	}
}

// agrees compares the roster and a list of the supported in a mirror with the decisions.
func (s *survivor) agrees(copied string) {
	s.Helper()
	db := openSQL(s.T, copied)
	for id, removed := range s.decided {
		for table, want := range map[string]int{"no_longer_supported": 3, "employment": 0} {
			if !removed {
				want = map[string]int{"no_longer_supported": 0, "employment": 2}[table]
			}
			var n int
			if err := db.QueryRowContext(s.Context(), "SELECT count(*) FROM "+table+" WHERE household = ?", id).Scan(&n); err != nil || n != want {
				s.Errorf("removed %v: %d rows in %s, not %d (%v)", removed, n, table, want, err)
			}
		}
	}
}
