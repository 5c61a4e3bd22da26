package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func digestOf(about string) string {
	sum := sha256.Sum256([]byte(about))
	return hex.EncodeToString(sum[:16])
}

// sheetOf is the sheet of so many villages and three departments.
func sheetOf(villages int) ReconciliationData {
	d := ReconciliationData{Area: "琼海市", Month: "2026-03", Transaction: 184467, DerivedFor: "2026-03-31"}
	for i, name := range []string{"教育部门", "医疗保障部门", "住房和城乡建设部门"} {
		d.Departments = append(d.Departments, ReconciledDepartment{
			Name: name, Entitled: int64(12000 + i), Digest: digestOf(name), Letters: 10 + i, LettersApplied: 8 + i, LettersOpen: 2, CopiesCurrent: 3, CopiesBehind: 1,
		})
		for v := range villages {
			d.Rows = append(d.Rows, ReconciledRow{
				Department: name, Village: villageName(v), Code: villageCode(v), Entitled: int64(300 + v), Digest: digestOf(name + villageCode(v)),
				Items: 5, ItemsApplied: 4, ItemsOpen: 1,
			})
		}
	}
	for v := range villages {
		d.Villages = append(d.Villages, ReconciledVillage{
			Name: villageName(v), Code: villageCode(v), Supported: 100 + v, Unsupported: 10, Roster: int64(35 + v), RosterDigest: digestOf(villageCode(v)),
		})
	}
	return d
}

func villageName(i int) string {
	return []string{"椰林村民委员会", "南坡村民委员会", "下洋居民委员会", "新村村民委员会"}[i%4]
}

func villageCode(i int) string { return fmt.Sprintf("469002%03d%03d", 100+i/4, 200+i) }

func printSheet(t *testing.T, d ReconciliationData) string {
	t.Helper()
	page, err := Reconciliation(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestEveryFieldOfAReconciliationStandsOnItsSheet(t *testing.T) {
	var d ReconciliationData
	var f filler
	f.fill("", reflect.ValueOf(&d).Elem())
	d.Month = "2026-03" // said as 2026年3月
	page := printSheet(t, d)
	if missing := f.missing([]byte(page)); !slices.Equal(missing, []string{".Month"}) {
		t.Errorf("not on the sheet: %v", missing)
	}
	if !strings.Contains(page, d.Area+"帮扶政策落实对账表（2026年3月）</h1>") {
		t.Error("area and month are not in the title")
	}
}

func TestASheetAddsItsVillagesUp(t *testing.T) {
	page := printSheet(t, sheetOf(4))
	if want := `合计</td><td class="count">406</td><td class="count">40</td><td class="count">146</td>`; !strings.Contains(page, want) {
		t.Errorf("%s does not stand there", want)
	}
	if strings.Contains(printSheet(t, ReconciliationData{}), "合计") {
		t.Error("nothing is added up")
	}
}

func TestOnlyASheetForOneDepartmentNamesWhoComparesIt(t *testing.T) {
	d := sheetOf(2)
	if !strings.Contains(printSheet(t, d), "<p>对账部门：</p>") {
		t.Error("a sheet for all names one")
	}
	d.Departments = d.Departments[1:2]
	if !strings.Contains(printSheet(t, d), "<p>对账部门：医疗保障部门</p>") {
		t.Error("the department is not named")
	}
}

func TestASheetLoadsNothingAndRunsNothing(t *testing.T) {
	d := sheetOf(1)
	const hostile = `<script>alert(1)</script>"><img src=http://elsewhere/x>`
	d.Area, d.Departments[0].Name, d.Departments[0].Digest = hostile, hostile, hostile
	d.Villages[0].Name, d.Villages[0].Code, d.Villages[0].RosterDigest = hostile, hostile, hostile
	d.Rows[0].Department, d.Rows[0].Village, d.Rows[0].Code, d.Rows[0].Digest = hostile, hostile, hostile, hostile
	mustBeHarmless(t, printSheet(t, d))
}

var hash = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

func TestTheSheetOfFortyVillagesIsPrintedOnA4(t *testing.T) {
	d := sheetOf(40)
	sheets := onWidePaper(t, "reconciliation", []byte(printSheet(t, d)))
	if len(sheets) < 6 || len(sheets) > 12 {
		t.Errorf("%d sheets", len(sheets))
	}
	first, last := squeeze(sheets[0]), squeeze(sheets[len(sheets)-1])
	for _, want := range []string{"琼海市帮扶政策落实对账表（2026年3月）", "交易号：184467", "推导日期：2026年3月31日", "以第184467号交易为准", "一、各部门落实情况"} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not on the first sheet", want)
		}
	}
	for _, want := range []string{"扶贫部门：", "对账部门：", "（盖章）（盖章）", "年月日"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is not on the last sheet", want)
		}
	}
	villages, rows := 0, 0
	for n, sheet := range sheets {
		text := squeeze(sheet)
		for _, v := range d.Villages {
			if !strings.Contains(sheet, v.RosterDigest) {
				continue
			}
			villages++
			if want := fmt.Sprintf("%s%s%d%d%d%s", v.Name, v.Code, v.Supported, v.Unsupported, v.Roster, v.RosterDigest); !strings.Contains(text, want) || !strings.Contains(text, "村村代码帮扶户停止帮扶户名册人数名册摘要") {
				t.Errorf("sheet %d: %s is cut, or its table has no head", n+1, v.Code)
			}
		}
		for _, r := range d.Rows {
			if !strings.Contains(sheet, r.Digest) {
				continue
			}
			rows++
			if want := fmt.Sprintf("%s%s%d%s541", r.Village, r.Code, r.Entitled, r.Digest); !strings.Contains(text, want) || !strings.Contains(text, "部门村村代码记录数摘要函告事项已落实未结") {
				t.Errorf("sheet %d: a row of %s is cut, or its table has no head", n+1, r.Code)
			}
		}
		if len(hash.FindAllString(sheet, -1)) == 0 {
			t.Errorf("sheet %d has no row", n+1)
		}
	}
	if villages != 40 || rows != 120 {
		t.Errorf("%d villages and %d rows are on the paper", villages, rows)
	}
}
