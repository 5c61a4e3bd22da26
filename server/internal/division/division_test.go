package division

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHainanHasItsDivisionsAreasAndVillages(t *testing.T) {
	tree := Hainan()
	if tree.Len() != 3571 || len(tree.Areas()) != 20 {
		t.Fatalf("%d divisions, %d areas", tree.Len(), len(tree.Areas()))
	}
	villages := tree.Villages("460000000000")
	if len(villages) != 3296 || !slices.IsSorted(villages) {
		t.Errorf("%d villages, sorted: %v", len(villages), slices.IsSorted(villages))
	}
	sum := 0
	for _, a := range tree.Areas() {
		own := tree.AreaVillages(a.ID)
		sum += len(own)
		if !slices.Equal(own, tree.VillagesByArea(a.Root)[a.ID]) {
			t.Errorf("area %s: AreaVillages and VillagesByArea differ", a.ID)
		}
	}
	if sum != len(villages) {
		t.Errorf("the areas have %d villages, the province %d", sum, len(villages))
	}
}

func TestEveryHainanVillageBelongsToTheAreaOfItsNearestRoot(t *testing.T) {
	tree := Hainan()
	roots := map[string]string{}
	for _, a := range tree.Areas() {
		roots[a.Root] = a.ID
	}
	for _, v := range tree.Villages("460000000000") {
		if !tree.IsVillage(v) {
			t.Fatalf("%s is no village", v)
		}
		want := ""
		for _, code := range tree.Ancestors(v) {
			if want = roots[code]; want != "" {
				break
			}
		}
		if got := tree.AreaOf(v); got == "" || got != want {
			t.Errorf("village %s: area %q, want %q", v, got, want)
		}
	}
}

func TestYangpuLiesInsideDanzhouButIsAnAreaOfItsOwn(t *testing.T) {
	tree := Hainan()
	const danzhou, yangpu = "460400000000", "460400499000"
	villages := tree.Villages(yangpu)
	if len(villages) == 0 {
		t.Fatal("Yangpu has no villages")
	}
	for _, v := range villages {
		if got := tree.AreaOf(v); got != "yangpu" {
			t.Errorf("village %s belongs to %s", v, got)
		}
		if !tree.Contains(danzhou, v) || !slices.Contains(tree.Villages(danzhou), v) {
			t.Errorf("village %s does not lie in Danzhou", v)
		}
		if slices.Contains(tree.AreaVillages("danzhou"), v) {
			t.Errorf("village %s is counted twice", v)
		}
	}
	groups := tree.VillagesByArea(danzhou)
	if len(groups) != 2 || !slices.Equal(groups["yangpu"], villages) {
		t.Errorf("Danzhou's villages fall into %d areas", len(groups))
	}
}

func TestHierarchyDoesNotComeFromPaddingZeros(t *testing.T) {
	tree := Hainan()
	// 460400 is a city without districts: a county directly below the province.
	if got := tree.Ancestors("460400100000"); !slices.Equal(got, []string{"460400000000", "460000000000"}) {
		t.Errorf("ancestors of a Danzhou town: %v", got)
	}
	// 469030's parent is a mere heading that is no area.
	if got := tree.Ancestors("469030000000"); !slices.Equal(got, []string{"469000000000", "460000000000"}) {
		t.Errorf("ancestors of Qiongzhong: %v", got)
	}
	if got := tree.AreaOf("469000000000"); got != "" {
		t.Errorf("the heading 4690 belongs to %q", got)
	}
	if tree.Contains("460400000000", "460400") || tree.AreaOf("460400") != "" {
		t.Error("a code without its zeros was accepted")
	}
}

func TestQuestionsAboutDivisions(t *testing.T) {
	tree := Hainan()
	if d, ok := tree.Get("469002000000"); !ok || d.Name != "琼海市" || d.Level != County || d.Parent != "469000000000" {
		t.Errorf("Get: %+v, %v", d, ok)
	}
	if a, ok := tree.Area("qionghai"); !ok || a.Root != "469002000000" {
		t.Errorf("Area: %+v, %v", a, ok)
	}
	if got := tree.Children(""); !slices.Equal(got, []string{"460000000000"}) {
		t.Errorf("tops: %v", got)
	}
	if got := tree.Children("460200000000"); len(got) != 4 || got[0] != "460202000000" {
		t.Errorf("children of Sanya: %v", got)
	}
	if got := strings.Join(tree.Path("460400499000"), "/"); got != "海南省/儋州市/洋浦经济开发区" {
		t.Errorf("path: %s", got)
	}
	if !tree.Contains("469002000000", "469002000000") || tree.Contains("469002000000", "469000000000") {
		t.Error("Contains: itself yes, its parent no")
	}
	if tree.Contains("460202000000", "460203000000") || tree.Contains("460203000000", "460202000000") {
		t.Error("Contains: a division beside it")
	}
	if got := tree.Villages("460321000000"); len(got) > 0 && tree.AreaOf(got[0]) != "sansha" {
		t.Errorf("villages of Xisha: %v", got)
	}
}

func TestUnknownCodesAnswerNothing(t *testing.T) {
	tree := Hainan()
	const code = "999999999999"
	if _, ok := tree.Get(code); ok || tree.IsVillage(code) || tree.AreaOf(code) != "" || tree.Contains(code, code) {
		t.Error("an unknown code is known")
	}
	if tree.Ancestors(code) != nil || tree.Children(code) != nil || tree.Villages(code) != nil || tree.Path(code) != nil ||
		tree.AreaVillages("nowhere") != nil || len(tree.VillagesByArea(code)) != 0 {
		t.Error("an unknown code has relatives")
	}
	if _, ok := tree.Area("nowhere"); ok {
		t.Error("an unknown area is known")
	}
}

func TestAnswersAreTheCallersOwn(t *testing.T) {
	tree := Hainan()
	tree.Villages("460400499000")[0] = "x"
	tree.Children("460000000000")[0] = "x"
	tree.AreaVillages("yangpu")[0] = "x"
	tree.Areas()[0].ID = "x"
	if tree.Villages("460400499000")[0] == "x" || tree.Children("460000000000")[0] == "x" ||
		tree.AreaVillages("yangpu")[0] == "x" || tree.Areas()[0].ID == "x" {
		t.Error("a caller changed the tree")
	}
}

const (
	someDivisions = "code,name,level,parent\n" +
		"990101001001,甲村,village,990101001000\n" + // before its parent, on purpose
		"990000000000,某省,province,\n" +
		"990101000000,某县,county,990000000000\n" +
		"990101001000,某镇,township,990101000000\n"
	someAreas = "area,name,root\nmou,某县,990101000000\n"
)

func TestAnotherProvinceLoadsFromDisk(t *testing.T) {
	dir := t.TempDir()
	open := func(name, content string) *os.File {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	tree, err := Load(open("d.csv", "\uFEFF"+someDivisions), open("a.csv", "\uFEFF"+someAreas))
	if err != nil {
		t.Fatal(err)
	}
	if tree.AreaOf("990101001001") != "mou" || !slices.Equal(tree.Villages("990000000000"), []string{"990101001001"}) {
		t.Error("the village was not found in its area")
	}
}

func TestLoadNamesFileLineAndReason(t *testing.T) {
	tests := map[string]struct{ divisions, areas, want string }{
		"unknown parent":     {someDivisions + "990102000000,乙县,county,980000000000\n", someAreas, "divisions, line 6: unknown parent"},
		"duplicate code":     {someDivisions + "990101000000,乙县,county,990000000000\n", someAreas, "divisions, line 6: duplicate code 990101000000, first on line 4"},
		"bad level":          {someDivisions + "990102000000,乙县,shire,990000000000\n", someAreas, `divisions, line 6: unknown level "shire"`},
		"bad code":           {someDivisions + "9901020,乙县,county,990000000000\n", someAreas, "divisions, line 6: code"},
		"no name":            {someDivisions + "990102000000,,county,990000000000\n", someAreas, "divisions, line 6: division"},
		"own parent":         {someDivisions + "990102000000,乙县,county,990102000000\n", someAreas, "divisions, line 6: the parents of 990102000000 form a cycle"},
		"cycle":              {someDivisions + "990102000000,乙,county,990103000000\n990103000000,丙,county,990102000000\n", someAreas, "divisions, line 6: the parents"},
		"level rises":        {someDivisions + "990102000000,乙,county,990101001000\n", someAreas, "divisions, line 6: a county cannot lie in a township"},
		"level stays":        {someDivisions + "990101001002,乙,village,990101001001\n", someAreas, "divisions, line 6: a village cannot lie in a village"},
		"too few columns":    {someDivisions + "990102000000,乙县,county\n", someAreas, "divisions: record on line 6"},
		"wrong header":       {"name,code,level,parent\n", someAreas, "divisions, line 1: the header"},
		"empty file":         {"", someAreas, "divisions, line 1: the header"},
		"area root missing":  {someDivisions, someAreas + "yi,乙县,990102000000\n", "areas, line 3: root \"990102000000\" of area yi"},
		"area twice":         {someDivisions, someAreas + "mou,某镇,990101001000\n", "areas, line 3: duplicate area mou, first on line 2"},
		"root twice":         {someDivisions, someAreas + "yi,乙县,990101000000\n", "areas, line 3: division 990101000000 is the root"},
		"bad area id":        {someDivisions, someAreas + "Yi Xian,乙县,990101001000\n", "areas, line 3: area"},
		"area without name":  {someDivisions, someAreas + "yi,,990101001000\n", "areas, line 3: area yi has no name"},
		"village in no area": {someDivisions, "area,name,root\n", "divisions, line 2: village 990101001001 belongs to no area"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Load(strings.NewReader(tt.divisions), strings.NewReader(tt.areas))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(someDivisions), []byte(someAreas))
	f.Add([]byte("code,name,level,parent\n990000000000,a,county,990000000000\n"), []byte(someAreas))
	f.Add([]byte("\uFEFFcode,name,level,parent\n\"\n"), []byte("area,name,root\n"))
	f.Fuzz(func(t *testing.T, divisions, areas []byte) {
		tree, err := Load(bytes.NewReader(divisions), bytes.NewReader(areas))
		if err != nil {
			if msg := err.Error(); !strings.Contains(msg, "line") {
				t.Errorf("the error names no line: %s", msg)
			}
			return
		}
		sum := 0
		for _, a := range tree.Areas() {
			sum += len(tree.AreaVillages(a.ID))
		}
		all := 0
		for _, top := range tree.Children("") {
			all += len(tree.Villages(top))
		}
		if sum != all {
			t.Errorf("%d villages in areas, %d in all", sum, all)
		}
	})
}

func BenchmarkContains(b *testing.B) {
	tree := Hainan()
	for b.Loop() {
		tree.Contains("460400000000", "460400100200")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(bytes.NewReader(hainanDivisions), bytes.NewReader(hainanAreas)); err != nil {
			b.Fatal(err)
		}
	}
}
