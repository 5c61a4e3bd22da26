package rpc

import (
	"bytes"
	"slices"
	"testing"
	"time"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// readBack gives the rows of a workbook as a spreadsheet shows them.
func readBack(t *testing.T, all rows) (out [][]string) {
	t.Helper()
	content, err := workbookOf(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sheet.Open(bytes.NewReader(content), int64(len(content)), t.TempDir())
	if err != nil || s.Format != sheet.XLSX {
		t.Fatalf("%v %v", s, err)
	}
	for row, err := range s.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row.Cells)
	}
	return out
}

// has wants a row that begins with these cells.
func has(t *testing.T, all [][]string, want ...string) {
	t.Helper()
	if !slices.ContainsFunc(all, func(row []string) bool { return len(row) >= len(want) && slices.Equal(row[:len(want)], want) }) {
		t.Errorf("no row %q in %q", want, all)
	}
}

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func invented() hub.Replay {
	c, err := catalogue.Parse(catalogue.Hainan2019())
	if err != nil {
		panic(err)
	}
	number := "990000201503010260"
	return hub.Replay{
		Agency: "education", Household: "hh_1", On: "2026-11-23", Incomplete: true,
		Readers: []hub.ReplayReader{{Client: "nightly", Area: "qionghai", Transaction: 12, ReadAt: noon, Lists: []string{"education", "housing"}, Assumed: true}},
		Records: []hub.ReplayRecord{{Client: "nightly", List: "education", Described: c.List("education"), ReadAt: noon, Record: &hubv1.Record{
			Household: "hh_1", Person: "pp_1", Village: "469002100002", Transaction: 7, Name: "虚拟一", IdNumber: number, Provisional: true,
			Entitlements: []*hubv1.Entitlement{{Policy: "education-aid", Since: "2020-09-01"}},
		}}},
		Decisions: []household.Decision{{ID: "dd_1", Number: "虚扶决1", Kind: household.DecisionRemoval, DecidedOn: "2026-11-20", EffectiveOn: "2026-12-01"}},
		Letters: []hub.ReplayLetter{{ID: "lt_1", Number: "扶函〔2026〕1号", Kind: letter.Notice, IssuedOn: "2026-11-21",
			Items:   []hub.ReplayItem{{Number: 3, Item: letter.Item{Kind: letter.End, Name: "虚拟一", IDNumber: number, PolicyTitle: "资助", LastDay: "2027-01-31"}}},
			Receipt: letter.ReceiptView{Receipt: letter.Receipt{DeliveredAt: noon}, State: letter.ReceiptDelivered},
		}},
	}
}

func TestAReplayIsAWorkbookOfTexts(t *testing.T) {
	all := readBack(t, replaySheet(invented()))
	has(t, all, "单位", "education", "户", "hh_1", "截至日", "2026-11-23")
	has(t, all, "部分历史变更已不再保存,下列内容可能不全。")
	has(t, all, "nightly", "qionghai", "12", "2026-11-23 12:00:00", "education、housing", "是")
	record := []string{"nightly", "教育保障名单", "469002100002", "hh_1", "pp_1", "7", "2026-11-23 12:00:00"}
	c, _ := catalogue.Parse(catalogue.Hainan2019())
	for _, f := range c.List("education").Fields {
		switch f.Name {
		case "id_number":
			has(t, all, append(slices.Clone(record), f.Meaning, "990000201503010260")...)
		case "provisional":
			has(t, all, append(slices.Clone(record), f.Meaning, "是")...)
		case "entitlements":
			has(t, all, append(slices.Clone(record), f.Meaning, "education-aid 2020-09-01")...)
		}
	}
	has(t, all, "dd_1", "虚扶决1", "停止帮扶", "2026-11-20", "2026-12-01")
	has(t, all, "lt_1", "扶函〔2026〕1号", "函告", "2026-11-21", "3", "停止享受", "虚拟一", "990000201503010260", "资助", "2027-01-31", "", "已送达", "2026-11-23 12:00:00")
}

func TestEveryCodeInTheWorkbookHasItsWord(t *testing.T) {
	for _, s := range []letter.ReceiptState{
		letter.ReceiptSent, letter.ReceiptDelivered, letter.ReceiptAcknowledged, letter.ReceiptApplied, letter.ReceiptDisputed, letter.ReceiptWithdrawn,
	} {
		if receiptStates[s] == "" {
			t.Error(s)
		}
	}
	for _, k := range []household.DecisionKind{household.DecisionRemoval, household.DecisionReversal, household.DecisionLegacy} {
		if decisionKinds[string(k)] == "" {
			t.Error(k)
		}
	}
}

func TestTheReconciliationSheetIsAWorkbookOfTexts(t *testing.T) {
	const digest = "00000000000000000000000000000017"
	all := readBack(t, reconciliationSheet(reconciliationPage(hub.Reconciliation{
		Area: "qionghai", AreaName: "琼海市", Month: "2026-11", Transaction: 99, DerivedFor: "2026-11-23",
		Departments: []hub.ReconciledDepartment{{Department: "education", Entitled: 5, Digest: digest, Letters: 4, LettersApplied: 2, LettersOpen: 1, CopiesCurrent: 3, CopiesBehind: 6}},
		Villages:    []hub.ReconciledVillage{{Village: "469002100002", Name: "虚拟村", Supported: 7, Unsupported: 2, Roster: 8, RosterDigest: digest}},
		Rows:        []hub.ReconciledRow{{Department: "education", Village: "469002100002", Name: "虚拟村", Entitled: 5, Digest: digest, Items: 9, ItemsApplied: 4, ItemsOpen: 3}},
	})))
	has(t, all, "琼海市帮扶政策落实对账表（2026年11月）")
	has(t, all, "核对位置（事务号）", "99", "推导日期", "2026-11-23")
	has(t, all, letter.DepartmentName("education"), "5", digest, "4", "2", "1", "3", "6")
	has(t, all, "虚拟村", "469002100002", "7", "2", "8", digest)
	has(t, all, letter.DepartmentName("education"), "虚拟村", "469002100002", "5", digest, "9", "4", "3")
	for _, part := range []string{"一、分部门", "二、分村", "三、分部门分村"} {
		has(t, all, part)
	}
	if _, err := pages.Reconciliation(reconciliationPage(hub.Reconciliation{AreaName: "琼海市", Month: "2026-11"})); err != nil {
		t.Error(err)
	}
}
