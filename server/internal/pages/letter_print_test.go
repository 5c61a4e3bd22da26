package pages

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// letterOnPaper prints a letter and checks what every one has.
func letterOnPaper(t *testing.T, name string, d LetterData) []string {
	t.Helper()
	sheets := onPaper(t, name, []byte(printLetter(t, d)))
	first, last := squeeze(sheets[0]), squeeze(sheets[len(sheets)-1])
	for _, want := range []string{d.Office, d.Title(), d.To + "：", "特此函告。", d.Office + "（盖章）"} {
		if !strings.Contains(first, want) {
			t.Errorf("%s: %q is not on the first sheet", name, want)
		}
	}
	for _, half := range []string{d.Digest[:32], d.Digest[32:]} {
		if !strings.Contains(sheets[len(sheets)-1], half) {
			t.Errorf("%s: half a line of the digest is not on the last sheet", name)
		}
	}
	if strings.Contains(sheets[len(sheets)-1], d.Digest) || !strings.Contains(last, d.ID) {
		t.Errorf("%s: the last sheet cannot be compared", name)
	}
	return sheets
}

// listOf is the title of the list.
func listOf(d LetterData) string {
	if d.Correction {
		return "更正事项人员名单"
	}
	return "不再享受帮扶政策人员名单"
}

// mustListWhole fails where an item is cut between two sheets, or a sheet goes on without the table's head.
func mustListWhole(t *testing.T, sheets []string, d LetterData) {
	t.Helper()
	listed := 0
	for n, sheet := range sheets {
		text, here, ends := squeeze(sheet), 0, map[string]int{}
		for _, i := range d.Items {
			if !strings.Contains(sheet, i.IDNumber) { // as printed: on one line
				continue
			}
			here++
			_, size := utf8.DecodeLastRuneInString(i.Policy)
			ends[i.Policy[len(i.Policy)-size:]]++
			if _, last, _ := strings.Cut(i.DecisionNumber, "〕"); !strings.Contains(text, "〕"+last) {
				t.Errorf("item %d is cut at the end of sheet %d", i.Number, n+1)
			}
		}
		for end, want := range ends { // the last line of the highest cells
			if got := strings.Count(text, end); got != want {
				t.Errorf("sheet %d has %d policies that end in %s, and %d such items", n+1, got, end, want)
			}
		}
		if strings.Contains(sheet, d.Items[0].IDNumber) && !strings.Contains(text, "附件"+listOf(d)) {
			t.Errorf("the list does not begin on sheet %d", n+1)
		}
		if here > 0 && (n == 0 || !strings.Contains(text, "序号村姓名证件号码政策") || !strings.Contains(text, "决定文号备注")) {
			t.Errorf("sheet %d lists %d items without a head", n+1, here)
		}
		listed += here
	}
	if listed != len(d.Items) {
		t.Errorf("%d of %d items are listed on one line each", listed, len(d.Items))
	}
}

func TestALetterOfThreeItemsIsTwoSheets(t *testing.T) {
	d := letterOf(3)
	d.Items[0].HouseholdWide = true // one sentence more
	d.Copy = "嘉积镇人民政府"
	sheets := letterOnPaper(t, "letter", d)
	if len(sheets) != 2 {
		t.Fatalf("%d sheets, want the letter and its list", len(sheets))
	}
	mustListWhole(t, sheets, d)
	if text := squeeze(sheets[0]); !strings.Contains(text, d.Number) || !strings.Contains(text, "附件：不再享受帮扶政策人员名单（共3项）") {
		t.Error("the letter does not say its number or what is attached")
	}
	if !strings.Contains(squeeze(sheets[1]), "抄送：嘉积镇人民政府。") {
		t.Error("who gets a copy is not said")
	}
}

func TestALongListRepeatsItsHeadAndCutsNoRow(t *testing.T) {
	d := letterOf(60)
	sheets := letterOnPaper(t, "letter-long", d)
	if len(sheets) < 4 || len(sheets) > 6 {
		t.Errorf("%d sheets", len(sheets))
	}
	mustListWhole(t, sheets, d)
}

func TestACorrectionIsPrintedOnA4(t *testing.T) {
	d := correctionOf(4)
	sheets := letterOnPaper(t, "letter-correction", d)
	if len(sheets) != 2 {
		t.Errorf("%d sheets, want the letter and its list", len(sheets))
	}
	for _, want := range []string{"琼扶函〔2026〕12号、琼扶函〔2026〕13号", "更正事项人员名单（共4项）", "补发、补办"} {
		if !strings.Contains(squeeze(sheets[0]), want) {
			t.Errorf("%q is not on the first sheet", want)
		}
	}
	mustListWhole(t, sheets, d)
	if !strings.Contains(squeeze(sheets[1]), "2026年8月1日") {
		t.Error("the first day of support again is not listed")
	}
}

func TestDraftsAndWithdrawnLettersSaySoOnEverySheet(t *testing.T) {
	draft, withdrawn := letterOf(3), letterOf(3)
	draft.Number, draft.IssuedOn, draft.AcknowledgeBy, draft.ApplyBy = "", "", "", ""
	withdrawn.Withdrawn = "琼扶函〔2026〕31号"
	for name, c := range map[string]struct {
		letter LetterData
		mark   string
	}{"letter-draft": {draft, "草稿未发出，不作依据"}, "letter-withdrawn": {withdrawn, "已撤回不再执行"}} {
		sheets := letterOnPaper(t, name, c.letter)
		if len(sheets) != 2 {
			t.Errorf("%s: %d sheets", name, len(sheets))
		}
		for n, sheet := range sheets {
			if !strings.Contains(squeeze(sheet), c.mark) {
				t.Errorf("%s: sheet %d does not say so", name, n+1)
			}
		}
	}
}
