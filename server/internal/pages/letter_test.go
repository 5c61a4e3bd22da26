package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// letterOf is a letter of so many items about invented people.
func letterOf(items int) LetterData {
	sum := sha256.Sum256(fmt.Append(nil, items))
	d := LetterData{
		ID: "lt_5f0c2a9be1d34477a0c6", Office: "琼海市扶贫工作办公室", Number: "琼扶函〔2026〕12号", To: "琼海市教育局",
		Basis:    "《关于进一步做好巩固脱贫成果 实现稳定脱贫工作的通知》（海南省打赢脱贫攻坚战指挥部2019年4月21日）第四条第（二）项",
		IssuedOn: "2026-03-30", EffectiveOn: "2027-01-01", AcknowledgeBy: "2026-04-02", ApplyBy: "2027-01-15",
		Persons: items, Households: (items + 2) / 3, Digest: hex.EncodeToString(sum[:]),
	}
	for i := range items {
		d.Items = append(d.Items, LetterItem{
			Number: i + 1, Kind: "END", Village: []string{"椰林村民委员会", "北坡村民委员会", "下洋村"}[i%3],
			Name: []string{"虚拟山海", "虚拟椰", "虚拟小帆"}[i%3], IDNumber: idNumber(i),
			Policy:         []string{"义务教育保障", "学前、高中、中职及高等教育资助", "城乡居民基本医疗保险"}[i%3],
			DecisionNumber: fmt.Sprintf("琼海扶退〔2026〕%d号", 114+i), HouseholdWide: i%10 == 9, LastDay: "2026-07-31",
		})
	}
	d.Items[items-1].LastDay = "2026-12-31"
	return d
}

// idNumber is one that nobody has, every fifth masked as the hub does it.
func idNumber(i int) string {
	if i%5 == 4 {
		return fmt.Sprintf("990101********%04d", 1000+i)
	}
	return fmt.Sprintf("9901012010%02d15%03dX", 1+i%12, 100+i)
}

// correctionOf takes back the first half of a letter and names the others rightly.
func correctionOf(items int) LetterData {
	d := letterOf(items)
	d.Correction, d.Corrects, d.Number, d.EffectiveOn = true, []string{"琼扶函〔2026〕12号", "琼扶函〔2026〕13号"}, "琼扶函〔2026〕31号", "2026-08-01"
	d.IssuedOn, d.AcknowledgeBy, d.ApplyBy = "2026-07-20", "2026-07-23", "2026-08-14"
	d.Copy = "嘉积镇人民政府"
	for i := range d.Items {
		d.Items[i].Kind = "RESTATE"
		if i < (items+1)/2 {
			d.Items[i].Kind, d.Items[i].LastDay, d.Items[i].FirstDay = "RESUME", "", "2026-08-01"
		}
	}
	return d
}

func printLetter(t *testing.T, d LetterData) string {
	t.Helper()
	page, err := Letter(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestEveryFieldOfALetterStandsOnItsPage(t *testing.T) {
	for _, c := range []struct {
		kind       string
		correction bool
		elsewhere  []string // fields that another kind of letter or item has, and the kind itself, which is said in words
	}{
		{"END", false, []string{".Corrects[0]", ".Corrects[1]", ".Items[0].FirstDay", ".Items[1].FirstDay"}},
		{"RESUME", true, []string{".Items[0].LastDay", ".Items[1].LastDay"}},
		{"RESTATE", true, []string{".Items[0].FirstDay", ".Items[1].FirstDay"}},
	} {
		var d LetterData
		var f filler
		f.fill("", reflect.ValueOf(&d).Elem())
		d.Correction = c.correction
		for i := range d.Items {
			d.Items[i].Kind = c.kind
			c.elsewhere = append(c.elsewhere, fmt.Sprintf(".Items[%d].Kind", i))
		}
		got := f.missing([]byte(printLetter(t, d)))
		if want := slices.Sorted(slices.Values(c.elsewhere)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s: left out %v, want %v", c.kind, got, want)
		}
	}
}

func TestALetterSaysOnlyWhatItsItemsSay(t *testing.T) {
	const end, back, restated, untouched = "次日起停止", "继续享受，视同未曾停止", "以本函所列为准", "不受影响，请继续落实到位"
	resumed, restatedOnly, both := correctionOf(1), correctionOf(2), correctionOf(4)
	restatedOnly.Items = restatedOnly.Items[1:]
	for _, c := range []struct {
		name           string
		letter         LetterData
		says, saysNot  []string
		title, dayHead string
	}{
		{"notice", letterOf(2), []string{end, untouched}, []string{back, restated, "备注“全户”"}, "关于告知不再享受帮扶政策人员名单的函", "最后享受日"},
		{"resumed", resumed, []string{back, "补发、补办"}, []string{end, restated, untouched}, "关于更正不再享受帮扶政策人员名单的函", "恢复享受首日"},
		{"restated", restatedOnly, []string{restated}, []string{end, back, untouched}, "关于更正不再享受帮扶政策人员名单的函", "最后享受日"},
		{"both", both, []string{back, restated}, []string{end}, "关于更正不再享受帮扶政策人员名单的函", "最后享受日或恢复享受首日"},
	} {
		page := printLetter(t, c.letter)
		for _, want := range append(c.says, ">"+c.title+"</h1>", "<th>"+c.dayHead+"</th>") {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is not said", c.name, want)
			}
		}
		for _, never := range c.saysNot {
			if strings.Contains(page, never) {
				t.Errorf("%s: %q is said", c.name, never)
			}
		}
	}
}

func TestALetterWithoutDaysToAnswerAsksAllTheSame(t *testing.T) {
	d := letterOf(1)
	for _, c := range []struct{ acknowledge, apply, want string }{
		{"2026-04-02", "2026-04-15", "请你单位于2026年4月2日前签收本函，于2026年4月15日前落实完毕并反馈我单位（含当日）。"},
		{"2026-04-02", "", "请你单位于2026年4月2日前签收本函，落实完毕后反馈我单位（含当日）。"},
		{"", "2026-04-15", "请你单位及时签收本函，于2026年4月15日前落实完毕并反馈我单位（含当日）。"},
		{"", "", "请你单位及时签收本函，落实完毕后反馈我单位。"},
	} {
		d.AcknowledgeBy, d.ApplyBy = "", ""
		reflect.ValueOf(&d.AcknowledgeBy).Elem().SetString(c.acknowledge)
		reflect.ValueOf(&d.ApplyBy).Elem().SetString(c.apply)
		if page := printLetter(t, d); !strings.Contains(page, c.want) {
			t.Errorf("%q is not said", c.want)
		}
	}
}

func TestWhatIsNoLetterInForceIsMarked(t *testing.T) {
	draft, withdrawn, issued := letterOf(1), letterOf(1), letterOf(1)
	draft.Number, draft.IssuedOn = "", ""
	withdrawn.Withdrawn = "琼扶函〔2026〕31号"
	for _, c := range []struct {
		name, page, mark, class string
	}{
		{"draft", printLetter(t, draft), "草稿：未发出，不作依据", `class="letter draft"`},
		{"withdrawn", printLetter(t, withdrawn), "已撤回（见琼扶函〔2026〕31号）", `class="letter withdrawn"`},
		{"issued", printLetter(t, issued), "", `class="letter issued"`},
	} {
		if !strings.Contains(c.page, c.class) || !strings.Contains(c.page, c.mark) {
			t.Errorf("%s: not marked", c.name)
		}
		if got := strings.Count(c.page, `class="mark"`); (got > 0) != (c.mark != "") {
			t.Errorf("%s: %d marks", c.name, got)
		}
	}
	if page := printLetter(t, draft); strings.Count(page, "（未编号）") < 2 || strings.Contains(page, "已撤回（") {
		t.Error("a draft is taken for something else")
	}
}

func TestCorrectedItemsNameTheirLetter(t *testing.T) {
	d := letterOf(4)
	d.Items[1].Corrected, d.Items[2].Corrected, d.Items[3].Corrected = "琼扶函〔2026〕31号", "琼扶函〔2026〕32号", "琼扶函〔2026〕31号"
	page := printLetter(t, d)
	for _, want := range []string{"序号2、4已由琼扶函〔2026〕31号更正，以该函为准。", "序号3已由琼扶函〔2026〕32号更正，以该函为准。"} {
		if strings.Count(page, want) != 1 {
			t.Errorf("%q is not said once", want)
		}
	}
	if got := strings.Count(page, "已更正</td>"); got != 3 {
		t.Errorf("%d items are marked as corrected", got)
	}
}

func TestALetterLoadsNothingAndRunsNothing(t *testing.T) {
	d := correctionOf(2)
	const hostile = `<script>alert(1)</script>"><img src=http://elsewhere/x>`
	d.Office, d.Number, d.To, d.Copy, d.Basis, d.Withdrawn, d.Corrects = hostile, hostile, hostile, hostile, hostile, hostile, []string{hostile}
	d.Digest, d.ID = hostile, hostile
	i := &d.Items[0]
	i.Village, i.Name, i.IDNumber, i.Policy, i.DecisionNumber, i.Corrected = hostile, hostile, hostile, hostile, hostile, hostile
	mustBeHarmless(t, printLetter(t, d))
}

// mustBeHarmless fails where a page carries markup that it was handed, or reaches outside.
func mustBeHarmless(t *testing.T, page string) {
	t.Helper()
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("markup in a name does not stand there as text")
	}
	for _, never := range []string{"<script", "<img", "<link", "url(", "@import", "@font-face", "ZgotmplZ", "<no value>"} {
		if strings.Contains(page, never) {
			t.Errorf("%s stands on the page", never)
		}
	}
}

// number is what could be an ID number.
var number = regexp.MustCompile(`[0-9]{6}[0-9*]{8,11}[0-9Xx]{1,4}`)

func TestNoIDNumberStandsOnALetterButThoseGiven(t *testing.T) {
	d := letterOf(30)
	var given, printed []string
	for _, i := range d.Items {
		given = append(given, i.IDNumber)
	}
	text := strings.ReplaceAll(html.UnescapeString(printLetter(t, d)), d.Digest, "")
	if printed = number.FindAllString(text, -1); !slices.Equal(printed, given) {
		t.Errorf("printed %v, given %v", printed, given)
	}
}
