package main

import (
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestExplainIsReadInBothLanguages(t *testing.T) {
	p := &catalogue.Policy{Code: "helper", Clause: "一(六)", Title: "帮扶责任人", TitleEnglish: "assigned helper", Due: true}
	all := []server.EntitlementAnswer{{Match: hub.Matched, Explanation: catalogue.Explanation{
		Policy: p, Why: catalogue.Why{Code: "NOT_A_MEMBER", English: "not there", Chinese: "不在"},
		Tests: []catalogue.Tested{{Test: "household.damaged", Facts: []catalogue.Asked{{
			Name: "household.damaged", Meaning: "住房损毁", Value: "false",
			Label: household.Label{Chinese: "住房损毁", English: "house damaged"}, Text: household.Label{Chinese: "否", English: "no"},
		}}}},
	}}}
	var text, lines strings.Builder
	if err := explainText(&text, all); err != nil {
		t.Fatal(err)
	}
	if err := explainJSON(&lines, all); err != nil {
		t.Fatal(err)
	}
	wantText := "一(六) 帮扶责任人 (assigned helper, helper)\n  否 no, NOT_A_MEMBER\n  不在\n  not there\n    ✗ household.damaged\n        住房损毁：否 / house damaged: no (household.damaged = false)\n"
	wantLines := `{"match":"MATCHED","policy":"helper","title":"帮扶责任人","clause":"一(六)","due":true,"entitled":false,"reason":"NOT_A_MEMBER","message":"not there",` +
		`"chinese":"不在","tests":[{"test":"household.damaged","held":false,"facts":{"household.damaged":"false"},"words":["住房损毁：否"]}]}` + "\n"
	if text.String() != wantText || lines.String() != wantLines {
		t.Errorf("got\n%s%s", text.String(), lines.String())
	}
}
