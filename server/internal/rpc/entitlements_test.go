package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestAnAnswerIsSentWhole(t *testing.T) {
	p := &catalogue.Policy{Code: "helper", Clause: "一(六)", Due: true}
	for _, m := range []hub.EntitlementMatch{hub.Matched, hub.MatchedByFormer, hub.NotFound} {
		if got := encodeAnswer(hub.EntitlementAnswer{Match: m}); got.GetMatch() == 0 || got.GetPolicy() != "" || got.GetReason() != nil {
			t.Errorf("%s: %v", m, got)
		}
	}
	yes := encodeAnswer(hub.EntitlementAnswer{Match: hub.Matched, Explanation: catalogue.Explanation{Policy: p, Entitled: true, Since: "2019-01-01", Until: "2026-01-01"}})
	if !yes.GetEntitled() || yes.GetSince() != "2019-01-01" || yes.GetUntil() != "2026-01-01" || !yes.GetDue() || yes.GetClause() != "一(六)" || yes.GetReason() != nil {
		t.Errorf("got %v", yes)
	}
	no := encodeAnswer(hub.EntitlementAnswer{Match: hub.Matched, Explanation: catalogue.Explanation{
		Policy: p, Why: catalogue.Why{Code: "SUPPORT_ENDED", English: "e", Chinese: "c", DecisionNumber: "n", On: "2025-01-01", Condition: "x"},
	}})
	if r := no.GetReason(); no.GetEntitled() || r.GetCode() != "SUPPORT_ENDED" || r.GetEnglish() != "e" || r.GetChinese() != "c" || r.GetDecisionNumber() != "n" || r.GetOn() != "2025-01-01" || r.GetCondition() != "x" {
		t.Errorf("got %v", no)
	}
	by := subject(&hubv1.EntitlementSubject{By: &hubv1.EntitlementSubject_Identifier{Identifier: &hubv1.Identifier{Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_ID_NUMBER, Value: "x"}}})
	if by != (hub.Subject{Kind: "ID_NUMBER", Value: "x"}) {
		t.Errorf("got %+v", by)
	}
}

func TestATestIsSentWithItsWords(t *testing.T) {
	got := encodeTest(catalogue.Tested{
		Test: "t", Held: true, Wants: household.Label{Chinese: "要", English: "wants"},
		Facts: []catalogue.Asked{{Name: "n", Meaning: "m", Value: "v", Label: household.Label{Chinese: "名", English: "name"}, Text: household.Label{Chinese: "值", English: "value"}}},
	})
	want := &hubv1.EntitlementTest{Test: "t", Held: true, Wants: "要", WantsEnglish: "wants", Facts: []*hubv1.EntitlementFact{
		{Name: "n", Meaning: "m", Value: "v", Label: "名", LabelEnglish: "name", Text: "值", TextEnglish: "value"},
	}}
	if !proto.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
