package rpc

import (
	"testing"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
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
		Policy: p, Why: catalogue.Why{Code: "SUPPORT_ENDED", English: "e", Chinese: "c", DecisionNumber: "n", On: "2025-01-01"},
	}})
	if r := no.GetReason(); no.GetEntitled() || r.GetCode() != "SUPPORT_ENDED" || r.GetEnglish() != "e" || r.GetChinese() != "c" || r.GetDecisionNumber() != "n" || r.GetOn() != "2025-01-01" {
		t.Errorf("got %v", no)
	}
	by := subject(&hubv1.EntitlementSubject{By: &hubv1.EntitlementSubject_Identifier{Identifier: &hubv1.Identifier{Kind: hubv1.IdentifierKind_IDENTIFIER_KIND_ID_NUMBER, Value: "x"}}})
	if by != (hub.Subject{Kind: "ID_NUMBER", Value: "x"}) {
		t.Errorf("got %+v", by)
	}
}
