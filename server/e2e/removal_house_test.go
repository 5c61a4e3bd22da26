package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/hubtest"
)

// bureau is a hub with everybody who has a part in removals.
type bureau struct {
	*testing.T
	hub    *hubtest.Hub
	office *client.Client
	people map[string]hubv1.RemovalServiceClient // by name, see officers
	asked  int
	born   int // persons given
}

// officers by name: agency and person; no person is a program.
var officers = map[string][2]string{
	"village": {"village", "v1"}, "village2": {"village", "v2"}, "program": {"village", ""},
	"town": {"town", "t1"}, "county": {"county", "c1"}, "county2": {"county", "c2"},
	"proposer as town": {"town", "v1"}, "town as county": {"county", "t1"}, "stranger": {"stranger", "s1"},
}

func newBureau(t *testing.T, cfg hubtest.Config) *bureau {
	if cfg.On == "" {
		cfg.On = "2026-03-02"
	}
	b := &bureau{T: t, hub: hubtest.Start(t, cfg), people: map[string]hubv1.RemovalServiceClient{}}
	b.hub.AgreeOffice(t, "office")
	for agency, role := range map[string]server.RemovalRole{"village": "PROPOSE", "town": "REVIEW", "county": "CONFIRM"} {
		b.hub.Save(t, server.Agreement{ID: "removals-" + agency, Agency: agency, Removal: []server.RemovalRole{role}})
	}
	b.connect()
	return b
}

// connect makes everybody's connection to the hub as it is now.
func (b *bureau) connect() {
	b.Helper()
	b.office = b.client("office", "clerk")
	for name, who := range officers {
		b.people[name] = b.client(who[0], who[1]).Removals()
	}
}

// client connects as a person; its tokens do not expire when days go by.
func (b *bureau) client(agency, person string) *client.Client {
	b.Helper()
	c, err := client.New(client.Config{Target: b.hub.GRPCAddress(), Insecure: true, Token: &personsTokens{hub: b.hub, agency: agency, person: person}})
	b.ok(err)
	b.Cleanup(func() { _ = c.Close() })
	return c
}

type personsTokens struct {
	hub            *hubtest.Hub
	agency, person string

	mu    sync.Mutex
	on    server.Date
	token string // of that day
}

// Token is one of today's.
func (f *personsTokens) Token() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	today := f.hub.Today()
	if f.on == today {
		return f.token, nil
	}
	token, err := f.hub.Token(server.Caller{Agency: f.agency, Client: "test", Person: f.person}, time.Hour)
	if err == nil {
		f.on, f.token = today, token
	}
	return token, err
}

func (b *bureau) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refused wants a reason, of the error itself or of one of its fields.
func (b *bureau) refused(err error, reason hubv1.Reason) {
	b.Helper()
	e := client.Of(err)
	if e == nil {
		b.Fatalf("not refused, but %v", err)
	}
	if e.Reason == reason {
		return
	}
	for _, v := range e.Fields {
		if v.Reason == reason && v.Message != "" && v.Chinese != "" {
			return
		}
	}
	b.Fatalf("refused for %v %+v, not %v", e.Reason, e.Fields, reason)
}

func (b *bureau) request() string { b.asked++; return fmt.Sprint("r", b.asked) }

func (b *bureau) today() string { return string(b.hub.Today()) }

// days lets days go by, and the nights between them.
func (b *bureau) days(n int) {
	b.Helper()
	b.until(b.hub.Today().AddDays(n))
}

func (b *bureau) until(on server.Date) {
	b.Helper()
	b.hub.Clock.Set(on)
	_, err := b.hub.Derive(b.Context())
	b.ok(err)
}

// household is one that nothing speaks against removing.
func (b *bureau) household(village string) *hubv1.Household {
	b.Helper()
	got, err := b.office.Households().CreateHousehold(b.Context(), &hubv1.CreateHouseholdRequest{
		Household: soundHousehold(village, b.hub.Today().Year(), b.born), RequestId: b.request(),
	})
	b.ok(err)
	b.born += 3
	return got.GetHousehold()
}

// soundHousehold makes up a couple with a pupil, a helper, an income, all insured; born
// is how many persons were made up before.
func soundHousehold(village string, this, born int) *hubv1.Household {
	year := int32(this) //nolint:gosec // a year
	yes := hubv1.Answer_ANSWER_YES
	person := func(relation hubv1.Relation, on string, sex hubv1.Sex) *hubv1.Person {
		born++
		return &hubv1.Person{
			PersonNumber: fmt.Sprintf("9900%08d", born), Name: fmt.Sprintf("虚拟%d", born), Sex: sex, BirthDate: on, Relation: relation,
			JoinedOn: "2014-05-01", JoinReason: hubv1.JoinReason_JOIN_REASON_REGISTERED, LabourAbility: hubv1.LabourAbility_LABOUR_ABILITY_ORDINARY,
			Insurances: []*hubv1.Insurance{{Year: year, Basic: yes, CriticalIllness: yes, MedicalAssistance: yes}},
		}
	}
	pupil := person(hubv1.Relation_RELATION_DAUGHTER, "2016-06-01", hubv1.Sex_SEX_FEMALE)
	pupil.JoinedOn, pupil.LabourAbility = "2016-06-01", hubv1.LabourAbility_LABOUR_ABILITY_NONE
	pupil.SchoolStage = hubv1.SchoolStage_SCHOOL_STAGE_PRIMARY
	return &hubv1.Household{
		HouseholdNumber: fmt.Sprintf("9900%012d", born), Village: village, VillageGroup: "虚构一组",
		Register: &hubv1.Register{
			MainCause: hubv1.Cause_CAUSE_ILLNESS, PovertyStatus: hubv1.PovertyStatus_POVERTY_STATUS_LIFTED, LiftedYear: 2018,
			FirstIdentifiedOn: "2014-05-01", Phone: "10099887766",
		},
		Persons: []*hubv1.Person{
			person(hubv1.Relation_RELATION_HEAD, "1970-03-01", hubv1.Sex_SEX_MALE), person(hubv1.Relation_RELATION_SPOUSE, "1975-06-01", hubv1.Sex_SEX_FEMALE), pupil,
		},
		Incomes: []*hubv1.Income{{Year: year - 1, Wage: 9000000, PerCapitaNet: 3000000}, {Year: year, Wage: 9000000, PerCapitaNet: 3000000}},
		Helpers: []*hubv1.HelperAssignment{{Name: "帮虚拟", Unit: "虚构单位", From: "2014-06-01"}},
	}
}

// evidence uploads a document of each kind about a household, for a case of it or, with "",
// for a proposal.
func (b *bureau) evidence(by, household, of string, kinds ...hubv1.EvidenceKind) (out []*hubv1.Evidence) {
	b.Helper()
	for _, k := range kinds {
		got, err := b.people[by].UploadEvidence(b.Context(), &hubv1.UploadEvidenceRequest{
			Household: household, Case: of, Content: []byte(fmt.Sprintf("虚构材料 %v %s", k, household)),
		})
		b.ok(err)
		out = append(out, &hubv1.Evidence{Kind: k, Sha256: got.GetSha256(), MediaType: "text/plain", Dated: b.today()})
	}
	return out
}

// propose opens a case.
func (b *bureau) propose(by string, h *hubv1.Household) (*hubv1.RemovalCase, error) {
	b.Helper()
	got, err := b.people[by].ProposeRemoval(b.Context(), &hubv1.ProposeRemovalRequest{
		Household: h.GetId(), HouseholdEtag: h.GetEtag(), Reason: "收入稳定", Evidence: b.evidence("village", h.GetId(), "", hubv1.EvidenceKind_EVIDENCE_KIND_PROPOSAL), RequestId: b.request(),
	})
	return got.GetCase(), err
}

// usual is the step of a kind as it should be, with all that it needs.
func (b *bureau) usual(c *hubv1.RemovalCase, kind hubv1.StepKind) (by string, s *hubv1.RemovalStep) {
	b.Helper()
	by, needs := "village", []hubv1.EvidenceKind{}
	s = &hubv1.RemovalStep{Kind: kind}
	switch kind {
	case hubv1.StepKind_STEP_KIND_ASSESS:
		needs = append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_ASSESSMENT)
	case hubv1.StepKind_STEP_KIND_APPRAISE:
		needs = append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_MINUTES, hubv1.EvidenceKind_EVIDENCE_KIND_SIGN_IN, hubv1.EvidenceKind_EVIDENCE_KIND_BALLOT)
		s.Meeting = &hubv1.Meeting{On: b.today(), Members: 30, Present: 25, Yes: 20, No: 3}
	case hubv1.StepKind_STEP_KIND_POST:
		needs = append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_NOTICE, hubv1.EvidenceKind_EVIDENCE_KIND_PHOTO)
		s.Posting = &hubv1.Posting{Place: "村务公开栏", From: b.today()}
	case hubv1.StepKind_STEP_KIND_OBJECT:
		needs = append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_OBJECTION)
	case hubv1.StepKind_STEP_KIND_DISMISS, hubv1.StepKind_STEP_KIND_UPHOLD:
		by, needs = "town", append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_OBJECTION_REVIEW)
	case hubv1.StepKind_STEP_KIND_REVIEW:
		by, needs = "town", append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_REVIEW)
	case hubv1.StepKind_STEP_KIND_CONFIRM:
		by, needs = "county", append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_CONFIRMATION)
	case hubv1.StepKind_STEP_KIND_ANNOUNCE:
		by, needs = "county", append(needs, hubv1.EvidenceKind_EVIDENCE_KIND_ANNOUNCEMENT)
		s.Posting = &hubv1.Posting{Place: "村务公开栏", From: b.today()}
		s.DecisionNumber = "虚扶决〔2026〕" + c.GetId()[3:9] + "号"
		s.Document = &hubv1.Document{Issuer: "虚构县扶贫办", Number: s.GetDecisionNumber(), Date: b.today()}
	case hubv1.StepKind_STEP_KIND_WITHDRAW:
		s.Reason = "情况有变"
	}
	s.Evidence = b.evidence(by, c.GetHousehold(), c.GetId(), needs...)
	return by, s
}

// step takes the usual step of a kind, perhaps changed, perhaps by somebody else.
func (b *bureau) step(c *hubv1.RemovalCase, kind hubv1.StepKind, changes ...func(by *string, s *hubv1.RemovalStep)) (*hubv1.RemovalCase, error) {
	b.Helper()
	by, s := b.usual(c, kind)
	for _, change := range changes {
		change(&by, s)
	}
	got, err := b.people[by].TakeStep(b.Context(), &hubv1.TakeStepRequest{Id: c.GetId(), Etag: c.GetEtag(), Step: s, RequestId: b.request()})
	return got.GetCase(), err
}

func as(name string) func(*string, *hubv1.RemovalStep) {
	return func(by *string, _ *hubv1.RemovalStep) { *by = name }
}

// carry takes the usual steps up to one, with the days that they need.
func (b *bureau) carry(c *hubv1.RemovalCase, last hubv1.StepKind) *hubv1.RemovalCase {
	b.Helper()
	for _, kind := range []hubv1.StepKind{
		hubv1.StepKind_STEP_KIND_ASSESS, hubv1.StepKind_STEP_KIND_APPRAISE, hubv1.StepKind_STEP_KIND_POST, hubv1.StepKind_STEP_KIND_REVIEW,
		hubv1.StepKind_STEP_KIND_CONFIRM, hubv1.StepKind_STEP_KIND_ANNOUNCE,
	} {
		if kind == hubv1.StepKind_STEP_KIND_REVIEW {
			b.days(8)
		}
		next, err := b.step(c, kind)
		b.ok(err)
		if c = next; kind == last {
			break
		}
	}
	return c
}

// same wants a refused step to have changed nothing.
func (b *bureau) same(c *hubv1.RemovalCase) {
	b.Helper()
	got, err := b.people["county"].GetRemoval(b.Context(), &hubv1.GetRemovalRequest{Id: c.GetId()})
	b.ok(err)
	if !proto.Equal(got.GetCase(), c) {
		b.Fatalf("the case is %v, was %v", got.GetCase(), c)
	}
}
