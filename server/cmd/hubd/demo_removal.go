package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// Who has a part in the demo's removal.
const (
	villageCommittee = "village-committee"
	township         = "township"
	county           = "county"
)

// removed is what became of the household that the demo takes out of support.
type removed struct {
	Effective          bool   `json:"effective"`
	EffectiveOn        string `json:"effective_on"`
	SkippedStepRefused bool   `json:"skipped_step_refused"`
	Persons            int    `json:"persons"`   // on the roster
	RowsSeen           int64  `json:"rows_seen"` // changed in the departments' mirrors by it
	Letters            int    `json:"letters"`   // issued to the departments about it
	Applied            int    `json:"applied"`   // of these, by the department that each went to
}

// remover carries one case. Its papers were made over the last weeks; the demo only
// records them.
type remover struct {
	*demo
	clients map[string]*client.Client
	c       *hubv1.RemovalCase
	asked   int
}

// remove takes a household through the whole procedure, after a step was tried out of
// turn, and lets the departments' mirrors catch up.
func (d *demo) remove(ctx context.Context) (err error) {
	r := &remover{demo: d, clients: map[string]*client.Client{}}
	for _, agency := range []string{office, villageCommittee, township, county} {
		c, _, err := d.client(agency, agency+"-officer")
		if err != nil {
			return err
		}
		r.clients[agency] = c
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.carry(ctx); err != nil {
		return err
	}
	for i := range d.report.Departments {
		x := d.report.Departments[i]
		seen := x.ChangesSeen
		if err := d.catchUp(ctx, &x); err != nil {
			return err
		}
		d.report.Removal.RowsSeen += x.ChangesSeen
		d.report.Departments[i].MirrorEqual = x.MirrorEqual
		d.report.Departments[i].ChangesSeen = seen
	}
	return r.inform(ctx)
}

// begin finds a household that nothing speaks against, and proposes it.
func (r *remover) begin(ctx context.Context) error {
	candidates, err := r.candidates(ctx)
	if err != nil {
		return err
	}
	for _, id := range candidates {
		if err := r.propose(ctx, id); err != nil {
			return err
		}
		check, err := r.clients[county].Removals().CheckRemoval(ctx, &hubv1.CheckRemovalRequest{Id: r.c.GetId()})
		if err != nil {
			return err
		}
		if len(check.GetHolds()) == 0 {
			return nil
		}
		if err := r.step(ctx, villageCommittee, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_WITHDRAW, Reason: "检查发现不宜停止帮扶的情形"}); err != nil {
			return err
		}
	}
	return errors.New("no household that nothing speaks against; take another seed")
}

// candidates are some supported households with a pupil that stand on no worklist and on no
// list of civil affairs.
func (r *remover) candidates(ctx context.Context) (out []string, err error) {
	troubled, pupils := map[string]bool{}, map[string]bool{}
	var supported []string
	for p, err := range r.clients[office].Pages(ctx, &hubv1.FollowRequest{Scope: &hubv1.Scope{Lists: []string{
		"household-status", "education", "civil-affairs", "housing", "without-helper", "open-needs", "income-missing", "school-age-not-enrolled", "dangerous-house-unrenovated",
	}}}) {
		if err != nil {
			return nil, err
		}
		for _, b := range p.GetBlocks() {
			for _, rec := range b.GetRecords() {
				switch {
				case b.GetList() == "education":
					pupils[rec.GetHousehold()] = true
				case b.GetList() != "household-status":
					troubled[rec.GetHousehold()] = true
				case rec.GetSupportStatus() == "SUPPORTED" && rec.GetPovertyStatus() == "LIFTED" && rec.GetMonitorType() == "":
					supported = append(supported, rec.GetHousehold())
				}
			}
		}
	}
	for _, id := range supported {
		if !troubled[id] && pupils[id] && len(out) < 20 {
			out = append(out, id)
		}
	}
	return out, nil
}

func (r *remover) request() string { r.asked++; return fmt.Sprintf("demo-removal-%d", r.asked) }

// days is a day so many days ago.
func (r *remover) days(ago int) string { return string(r.server.Today().AddDays(-ago)) }

func (r *remover) propose(ctx context.Context, id string) error {
	got, err := r.clients[office].Households().GetHousehold(ctx, &hubv1.GetHouseholdRequest{Id: id})
	if err != nil {
		return err
	}
	papers, err := r.papers(ctx, villageCommittee, id, 40, hubv1.EvidenceKind_EVIDENCE_KIND_PROPOSAL)
	if err != nil {
		return err
	}
	opened, err := r.clients[villageCommittee].Removals().ProposeRemoval(ctx, &hubv1.ProposeRemovalRequest{
		Household: id, HouseholdEtag: got.GetHousehold().GetEtag(), Reason: "家庭收入连续稳定,生活宽裕", Evidence: papers, RequestId: r.request(),
	})
	r.c = opened.GetCase()
	return err
}

// papers uploads invented documents of so many days ago.
func (r *remover) papers(ctx context.Context, agency, household string, ago int, kinds ...hubv1.EvidenceKind) (out []*hubv1.Evidence, err error) {
	for _, kind := range kinds {
		got, err := r.clients[agency].Removals().UploadEvidence(ctx, &hubv1.UploadEvidenceRequest{
			Household: household, Case: r.c.GetId(), Content: []byte(fmt.Sprintf("虚构的%v", kind)),
		})
		if err != nil {
			return nil, err
		}
		out = append(out, &hubv1.Evidence{Kind: kind, Sha256: got.GetSha256(), MediaType: "text/plain", Dated: r.days(ago)})
	}
	return out, nil
}

// step takes a step with its papers.
func (r *remover) step(ctx context.Context, agency string, s *hubv1.RemovalStep) error {
	got, err := r.clients[agency].Removals().TakeStep(ctx, &hubv1.TakeStepRequest{Id: r.c.GetId(), Etag: r.c.GetEtag(), Step: s, RequestId: r.request()})
	if err == nil {
		r.c = got.GetCase()
	}
	return err
}

// turn is a step that the procedure wants: by whom, with which papers of how many days ago.
type turn struct {
	agency string
	ago    int
	papers []hubv1.EvidenceKind
	step   *hubv1.RemovalStep
}

func (r *remover) turns() []turn {
	number := "虚扶决〔" + r.days(0)[:4] + "〕1号"
	return []turn{
		{villageCommittee, 38, []hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_ASSESSMENT}, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_ASSESS}},
		{
			villageCommittee, 34,
			[]hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_MINUTES, hubv1.EvidenceKind_EVIDENCE_KIND_SIGN_IN, hubv1.EvidenceKind_EVIDENCE_KIND_BALLOT},
			&hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_APPRAISE, Meeting: &hubv1.Meeting{On: r.days(35), Members: 37, Present: 33, Yes: 30, No: 2}},
		},
		{
			villageCommittee, 33, []hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_NOTICE, hubv1.EvidenceKind_EVIDENCE_KIND_PHOTO},
			&hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_POST, Posting: &hubv1.Posting{Place: "村务公开栏", From: r.days(30)}},
		},
		{township, 10, []hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_REVIEW}, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_REVIEW}},
		{county, 0, []hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_CONFIRMATION}, &hubv1.RemovalStep{Kind: hubv1.StepKind_STEP_KIND_CONFIRM}},
		{
			county, 0, []hubv1.EvidenceKind{hubv1.EvidenceKind_EVIDENCE_KIND_ANNOUNCEMENT},
			&hubv1.RemovalStep{
				Kind: hubv1.StepKind_STEP_KIND_ANNOUNCE, Posting: &hubv1.Posting{Place: "村务公开栏", From: r.days(0)}, DecisionNumber: number,
				Document: &hubv1.Document{Issuer: "虚构县扶贫办", Number: number, Date: r.days(0)},
			},
		},
	}
}

// carry tries the last step first, which must be refused, and then all in their order.
func (r *remover) carry(ctx context.Context) error {
	turns := r.turns()
	last := turns[len(turns)-1]
	err := r.step(ctx, last.agency, last.step)
	out := &r.report.Removal
	if e := client.Of(err); e != nil && len(e.Fields) > 0 {
		out.SkippedStepRefused = e.Fields[0].Reason == hubv1.Reason_REASON_STEP_OUT_OF_ORDER
	}
	for _, t := range turns {
		if t.step.Evidence, err = r.papers(ctx, t.agency, r.c.GetHousehold(), t.ago, t.papers...); err != nil {
			return err
		}
		if err := r.step(ctx, t.agency, t.step); err != nil {
			return err
		}
	}
	out.EffectiveOn = r.c.GetEffectiveOn()
	out.Effective = r.c.GetState() == hubv1.RemovalState_REMOVAL_STATE_EFFECTIVE
	persons := map[string]bool{}
	for _, e := range r.c.GetEnds() {
		if e.GetPerson() != "" {
			persons[e.GetPerson()] = true
		}
	}
	out.Persons = len(persons)
	return nil
}
