package main

import (
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
)

func TestHistoryIsReadInBothLanguages(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 30, 0, 0, hub.Zone)
	first := hub.Revision{Revision: 1, Area: "danzhou", Time: at, Actor: "office/test", Cause: "IMPORT"}
	second := hub.Revision{Revision: 2, Area: "danzhou", Time: at.Add(time.Hour), Actor: "schools/register", Cause: "UPDATE"}
	third := hub.Revision{Revision: 3, Area: "danzhou", Time: at.Add(2 * time.Hour), Actor: "office/test", Cause: "UPDATE"}
	steps := []server.Comparison{
		{To: first}, {From: first, To: second, Differences: []household.Difference{{
			Path: "village_group", Group: household.GroupRegister, Kind: household.DiffAdded, Subject: household.Label{Chinese: "本户", English: "household"},
			Field: household.Label{Chinese: "自然村", English: "natural village"}, After: household.Label{Chinese: "甲组", English: "甲组"},
		}}}, {From: second, To: third},
	}
	var text, lines strings.Builder
	if err := historyText(&text, "hh_1", steps); err != nil {
		t.Fatal(err)
	}
	if err := historyJSON(&lines, "hh_1", steps[1:2]); err != nil {
		t.Fatal(err)
	}
	wantText := `hh_1
danzhou 1  2026-11-23 12:30  office/test  导入 import
  首次登记 / first registered
danzhou 2  2026-11-23 13:30  schools/register  更新 update
  本户：自然村 登记为 甲组
  household: natural village recorded as 甲组
danzhou 3  2026-11-23 14:30  office/test  更新 update
  信息无变化 / no fact changed
`
	wantLines := `{"household":"hh_1","revision":2,"area":"danzhou","time":"2026-11-23T13:30:00+08:00","actor":"schools/register","cause":"UPDATE","cause_label":"更新","cause_label_en":"update",` +
		`"differences":[{"path":"village_group","group":"REGISTER","kind":"ADDED","text":"本户：自然村 登记为 甲组","text_en":"household: natural village recorded as 甲组"}]}` + "\n"
	if text.String() != wantText || lines.String() != wantLines {
		t.Errorf("got\n%s%s", text.String(), lines.String())
	}
}
