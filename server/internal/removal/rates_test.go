package removal

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/division"
)

func TestRatesByVillageTownshipAndArea(t *testing.T) {
	tree := division.Hainan()
	area, _ := tree.Area("danzhou")
	var townships []string
	for _, v := range tree.AreaVillages(area.ID) {
		d, _ := tree.Get(v)
		townships = append(townships, d.Parent)
	}
	townships = slices.Compact(townships)
	a, b := tree.Children(townships[0]), tree.Children(townships[1])
	whole, parts := Rates(area, []Count{
		{Village: a[0], Households: 40, Proposed: 2, Removed: 1, Concerned: 2, LastMonth: 1},
		{Village: a[1], Households: 60, Proposed: 1, Concerned: 1},
		{Village: b[0], Households: 100},
	}, tree, Defaults())
	if want := (Rate{Division: area.Root, Households: 200, Proposed: 3, Removed: 1, Share: 150}); whole != want {
		t.Errorf("area: %+v", whole)
	}
	want := []Rate{
		{Division: townships[0], Households: 100, Proposed: 3, Removed: 1, Share: 300},
		{Division: a[0], Households: 40, Proposed: 2, Removed: 1, Share: 500},
		{Division: a[1], Households: 60, Proposed: 1, Share: 166},
	}
	slices.SortFunc(want, func(x, y Rate) int {
		if x.Division < y.Division {
			return -1
		}
		return 1
	})
	if !slices.Equal(parts, want) {
		t.Errorf("parts: %+v", parts)
	}
}

func TestYangpuIsNoTownshipOfItself(t *testing.T) {
	tree := division.Hainan()
	area, _ := tree.Area("yangpu")
	_, parts := Rates(area, []Count{{Village: tree.AreaVillages(area.ID)[0], Households: 9, Proposed: 1, Concerned: 1}}, tree, Defaults())
	if len(parts) != 1 {
		t.Errorf("got %+v", parts)
	}
}

func TestAVillageOutOfLineIsFlagged(t *testing.T) {
	area := Count{Households: 1000, Concerned: 100} // a share of 10 percent
	for _, tt := range []struct {
		name string
		v    Count
		want bool
	}{
		{"within the share", Count{Households: 100, Concerned: 29}, false},
		{"more than 30 percent", Count{Households: 10, Concerned: 4}, true},
		{"30 percent is three times the area's", Count{Households: 10, Concerned: 3}, true},
		{"just under three times", Count{Households: 1000, Concerned: 299}, false},
		{"two of two are too few to tell", Count{Households: 2, Concerned: 2}, false},
		{"three of three", Count{Households: 3, Concerned: 3}, true},
		{"five in a month", Count{Households: 900, Concerned: 5, LastMonth: 5}, true},
		{"four in a month", Count{Households: 900, Concerned: 5, LastMonth: 4}, false},
		{"none left under support", Count{Concerned: 3}, true},
		{"nothing happened", Count{Households: 10}, false},
	} {
		p := Defaults()
		if got := p.outOfLine(tt.v, area); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	p := Defaults()
	p.FlagTimesArea = 100
	if p.outOfLine(Count{Households: 10, Concerned: 3}, area) || !p.outOfLine(Count{Households: 10, Concerned: 4}, area) {
		t.Error("the share is more than 30 percent, not 30")
	}
}
