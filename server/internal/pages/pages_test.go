package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
)

// filler gives every field of a page's data a value that stands nowhere else.
type filler struct {
	n      int
	wanted []string // as they must stand on the page
	paths  []string
}

func (f *filler) want(path, text string) {
	f.paths, f.wanted = append(f.paths, path), append(f.wanted, text)
}

func (f *filler) fill(path string, v reflect.Value) {
	f.n++
	switch {
	case v.Type() == reflect.TypeFor[date.Date]():
		d := date.Date("2026-01-01").AddDays(f.n)
		v.SetString(string(d))
		f.want(path, day(d))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("值%d号", f.n))
		f.want(path, v.String())
	case v.CanInt():
		v.SetInt(int64(700000 + 1000*f.n))
		f.want(path, fmt.Sprint(v.Int()))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(path, v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f.fill(path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// missing are the fields that do not stand on the page.
func (f *filler) missing(page []byte) (paths []string) {
	text := html.UnescapeString(string(page))
	for i, want := range f.wanted {
		if !strings.Contains(text, want) {
			paths = append(paths, f.paths[i])
		}
	}
	return paths
}

func TestEveryFieldOfACaseStandsInItsFile(t *testing.T) {
	var d CaseFileData
	var f filler
	f.fill("case", reflect.ValueOf(&d).Elem())
	page, err := CaseFile(d)
	if err != nil {
		t.Fatal(err)
	}
	if missing := f.missing(page); len(missing) > 0 {
		t.Errorf("not in the file: %v", missing)
	}
}

func TestEveryFieldOfAnAnnouncementIsPostedWhereItBelongs(t *testing.T) {
	for final, elsewhere := range map[bool][]string{false: {"EffectiveOn", "DecisionNumber"}, true: {"From", "Until"}} {
		var d AnnouncementData
		var f filler
		f.fill("", reflect.ValueOf(&d).Elem())
		d.Final = final
		page, err := Announcement(d)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range d.Households {
			for _, field := range elsewhere {
				want = append(want, fmt.Sprintf(".Households[%d].%s", i, field))
			}
		}
		if got := f.missing(page); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("final %v: left out %v, want %v", final, got, want)
		}
	}
}

// Whoever adds a field here answers for it: this paper hangs in the street.
func TestAnAnnouncementHasNoFieldForAnythingElse(t *testing.T) {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[AnnouncedHousehold]()) {
		names = append(names, field.Name)
	}
	if want := []string{"VillageGroup", "HeadName", "Persons", "From", "Until", "EffectiveOn", "DecisionNumber"}; !slices.Equal(names, want) {
		t.Errorf("fields %v", names)
	}
}

func TestTheCaseFileIsInOrder(t *testing.T) {
	page, err := CaseFile(reversedCase())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	at := 0
	for _, next := range []string{
		"一、农户基本情况", "二、涉及人员（3人）", "三、办理过程", "（1）提议", "（2）评估", "（3）民主评议", "应到48人，实到41人；同意38票，反对2票，弃权1票",
		"（4）公示", "自2026年3月9日起至2026年3月15日止", "（5）乡镇审核", "（6）县级审定", "越过提示", "（7）公告", "（8）撤销",
		"本案系越过提示事项审定", "四、决定", "五、各项政策停止日期", "六、撤销决定", "七、卷内材料目录", "（盖章）",
	} {
		i := strings.Index(text[at:], next)
		if i < 0 {
			t.Fatalf("%q does not stand after %q", next, text[max(0, at-60):at])
		}
		at += i + len(next)
	}
}

func TestWhatHasNotHappenedIsNotSaid(t *testing.T) {
	d := reversedCase()
	d.State, d.Steps, d.Ends, d.Decision, d.Reversal, d.Overridden, d.Flagged = "已提议", d.Steps[:1], nil, nil, nil, false, false
	page, err := CaseFile(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"越过", "撤销", "偏离", "决定文号"} {
		if strings.Contains(string(page), never) {
			t.Errorf("%q is said", never)
		}
	}
	for _, always := range []string{"尚未公告；帮扶继续", "六、卷内材料目录"} {
		if !strings.Contains(string(page), always) {
			t.Errorf("%q is not said", always)
		}
	}
}

func TestPagesLoadNothingAndRunNothing(t *testing.T) {
	d := reversedCase()
	d.HeadName, d.Steps[0].Reason = `<script>alert(1)</script>`, `"><img src=http://elsewhere/x>`
	file, err := CaseFile(d)
	if err != nil {
		t.Fatal(err)
	}
	n := notice(2)
	n.Households[0].HeadName = `<script>alert(1)</script>`
	posted, err := Announcement(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{string(file), string(posted)} {
		if !strings.Contains(page, "&lt;script&gt;") {
			t.Error("markup in a name does not stand there as text")
		}
		for _, never := range []string{"<script", "<img", "<link", "url(", "@import", "@font-face", "ZgotmplZ", "<no value>"} {
			if strings.Contains(page, never) {
				t.Errorf("%s stands on the page", never)
			}
		}
	}
}

func TestDaysAreWrittenAsPeopleDo(t *testing.T) {
	for d, want := range map[date.Date]string{"2026-03-01": "2026年3月1日", "2026-12-31": "2026年12月31日", "": "", "soon": ""} {
		if got := day(d); got != want {
			t.Errorf("%q: %q", d, got)
		}
	}
}

// Without a browser at hand this alone tells whether a page may use its style.
func TestEachPageAllowsItsOwnStyleAndNoOther(t *testing.T) {
	file, err := CaseFile(reversedCase())
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	for _, page := range []string{string(file), printLetter(t, letterOf(1)), printSheet(t, sheetOf(1))} {
		_, text, _ := strings.Cut(page, "<style>")
		text, _, _ = strings.Cut(text, "</style>")
		sum := sha256.Sum256([]byte(text))
		want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if !strings.Contains(html.UnescapeString(page), `content="`+want+`"`) {
			t.Errorf("the policy is not %s", want)
		}
		own[text] = true
	}
	if len(own) != 3 {
		t.Error("pages share a style that is not theirs")
	}
}
