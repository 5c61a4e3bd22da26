package rpc

import (
	"context"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// entitlements answers questions at the counter.
type entitlements struct {
	hubv1.UnsafeEntitlementServiceServer
	hub *hub.Hub
}

// CheckEntitlements answers questions in their order.
func (s entitlements) CheckEntitlements(ctx context.Context, req *hubv1.CheckEntitlementsRequest) (*hubv1.CheckEntitlementsResponse, error) {
	questions := make([]hub.Question, len(req.GetQuestions()))
	for i, q := range req.GetQuestions() {
		questions[i] = hub.Question{Subject: subject(q.GetSubject()), Policy: q.GetPolicy(), On: date.Date(q.GetDate())}
	}
	answers, err := s.hub.Entitlements(ctx, caller(ctx), questions)
	if err != nil {
		return nil, err
	}
	res := &hubv1.CheckEntitlementsResponse{}
	for _, a := range answers {
		res.Answers = append(res.Answers, encodeAnswer(a))
	}
	return res, nil
}

// ExplainEntitlement gives the reasons for every policy that the caller may ask about.
func (s entitlements) ExplainEntitlement(ctx context.Context, req *hubv1.ExplainEntitlementRequest) (*hubv1.ExplainEntitlementResponse, error) {
	q := hub.Question{Subject: subject(req.GetSubject()), Policy: req.GetPolicy(), On: date.Date(req.GetDate())}
	answers, err := s.hub.ExplainEntitlements(ctx, caller(ctx), q)
	if err != nil {
		return nil, err
	}
	res := &hubv1.ExplainEntitlementResponse{}
	for _, a := range answers {
		e := &hubv1.EntitlementExplanation{Answer: encodeAnswer(a), Title: a.Policy.Title, TitleEnglish: a.Policy.TitleEnglish}
		for _, t := range a.Tests {
			e.Tests = append(e.Tests, encodeTest(t))
		}
		res.Explanations = append(res.Explanations, e)
	}
	return res, nil
}

func encodeTest(t catalogue.Tested) *hubv1.EntitlementTest {
	out := &hubv1.EntitlementTest{Test: t.Test, Held: t.Held, Wants: t.Wants.Chinese, WantsEnglish: t.Wants.English}
	for _, f := range t.Facts {
		out.Facts = append(out.Facts, &hubv1.EntitlementFact{
			Name: f.Name, Meaning: f.Meaning, Value: f.Value,
			Label: f.Label.Chinese, LabelEnglish: f.Label.English, Text: f.Text.Chinese, TextEnglish: f.Text.English,
		})
	}
	return out
}

func subject(s *hubv1.EntitlementSubject) hub.Subject {
	if id := s.GetIdentifier(); id != nil {
		return hub.Subject{Kind: strings.TrimPrefix(id.GetKind().String(), "IDENTIFIER_KIND_"), Value: id.GetValue()}
	}
	return hub.Subject{Household: s.GetHousehold(), Person: s.GetPerson()}
}

func encodeAnswer(a hub.EntitlementAnswer) *hubv1.EntitlementAnswer {
	out := &hubv1.EntitlementAnswer{Match: hubv1.EntitlementMatch(hubv1.EntitlementMatch_value["ENTITLEMENT_MATCH_"+string(a.Match)])}
	if a.Policy == nil {
		return out
	}
	out.Policy, out.Clause, out.Due = a.Policy.Code, a.Policy.Clause, a.Policy.Due
	out.Entitled, out.Since, out.Until = a.Entitled, string(a.Since), string(a.Until)
	if !a.Entitled {
		out.Reason = &hubv1.EntitlementReason{
			Code: a.Why.Code, English: a.Why.English, Chinese: a.Why.Chinese, DecisionNumber: a.Why.DecisionNumber, On: string(a.Why.On),
			Condition: a.Why.Condition,
		}
	}
	return out
}
