// Package division knows the administrative divisions and the areas that the hub
// is governed by. It is pure.
//
// The hierarchy comes only from each division's parent. It cannot be read off the
// digits: 4690xx has no real prefecture above it, 460400 is a city without districts,
// and Yangpu is a township of Danzhou but an area of its own.
package division

import "slices"

// Level is the administrative level of a division.
type Level string

// Levels from the highest to the lowest; a parent's is always higher.
const (
	Province   Level = "province"
	Prefecture Level = "prefecture"
	County     Level = "county"
	Township   Level = "township"
	Village    Level = "village" // an administrative village or a neighbourhood
)

var ranks = map[Level]int{Province: 1, Prefecture: 2, County: 3, Township: 4, Village: 5}

// Division is one administrative division.
type Division struct {
	Code   string // 12 digits
	Name   string
	Level  Level
	Parent string // code of the division above; "" at the top
}

// Area is the unit that partitions, locks and tenants are made of: everything below
// its root, except what lies below the root of an area nested in it.
type Area struct {
	ID   string // short name, e.g. "danzhou"
	Name string
	Root string // code of a division
}

// Tree is a set of divisions with their areas. It never changes, so it may be
// used by several goroutines at once. Slices and maps that it returns are the
// caller's own. An unknown code has no area, no villages, and so on.
type Tree struct {
	nodes  []node // pre-order: whatever lies below a division follows it directly
	byCode map[string]int
	tops   []string
	areas  []Area
	byID   map[string]int
	// villages holds the codes of all villages in pre-order; a node's are a range of it.
	villages       []string
	villagesByArea map[string][]string
}

type node struct {
	Division
	parent   int // -1 at the top
	end      int // index after the last node below
	from, to int // range in villages
	area     string
	children []string
}

// Get is the division with this code.
func (t *Tree) Get(code string) (Division, bool) {
	i, ok := t.byCode[code]
	if !ok {
		return Division{}, false
	}
	return t.nodes[i].Division, true
}

// Len is the number of divisions.
func (t *Tree) Len() int { return len(t.nodes) }

// IsVillage tells whether code is that of a village; households live only there.
func (t *Tree) IsVillage(code string) bool {
	i, ok := t.byCode[code]
	return ok && t.nodes[i].Level == Village
}

// Areas lists all areas in the order of their file.
func (t *Tree) Areas() []Area { return slices.Clone(t.areas) }

// Area is the area with this id.
func (t *Tree) Area(id string) (Area, bool) {
	i, ok := t.byID[id]
	if !ok {
		return Area{}, false
	}
	return t.areas[i], true
}

// AreaOf is the id of the area that a division belongs to: that of the nearest root
// upward, itself included. It is "" above all roots (the province) and for unknown codes.
func (t *Tree) AreaOf(code string) string {
	i, ok := t.byCode[code]
	if !ok {
		return ""
	}
	return t.nodes[i].area
}

// Ancestors lists the codes above a division, the nearest first.
func (t *Tree) Ancestors(code string) []string {
	i, ok := t.byCode[code]
	if !ok {
		return nil
	}
	var codes []string
	for i = t.nodes[i].parent; i >= 0; i = t.nodes[i].parent {
		codes = append(codes, t.nodes[i].Code)
	}
	return codes
}

// Contains tells whether code is ancestor itself or lies below it.
func (t *Tree) Contains(ancestor, code string) bool {
	a, known := t.byCode[ancestor]
	i, ok := t.byCode[code]
	return known && ok && a <= i && i < t.nodes[a].end
}

// Children lists the codes directly below a division in order; those at the top for "".
func (t *Tree) Children(code string) []string {
	if code == "" {
		return slices.Clone(t.tops)
	}
	i, ok := t.byCode[code]
	if !ok {
		return nil
	}
	return slices.Clone(t.nodes[i].children)
}

// Villages lists, sorted, the codes of all villages in a division, those of nested
// areas too; a village is in itself.
func (t *Tree) Villages(code string) []string {
	i, ok := t.byCode[code]
	if !ok {
		return nil
	}
	codes := slices.Clone(t.villages[t.nodes[i].from:t.nodes[i].to])
	slices.Sort(codes)
	return codes
}

// VillagesByArea is Villages grouped by the area that each belongs to.
func (t *Tree) VillagesByArea(code string) map[string][]string {
	groups := make(map[string][]string)
	for _, v := range t.Villages(code) {
		area := t.AreaOf(v)
		groups[area] = append(groups[area], v)
	}
	return groups
}

// AreaVillages lists, sorted, the codes of the villages that belong to an area, those
// of areas nested in it left out.
func (t *Tree) AreaVillages(area string) []string { return slices.Clone(t.villagesByArea[area]) }

// Path lists the names from the top down to a division, itself included.
func (t *Tree) Path(code string) []string {
	i, ok := t.byCode[code]
	if !ok {
		return nil
	}
	var names []string
	for ; i >= 0; i = t.nodes[i].parent {
		names = append(names, t.nodes[i].Name)
	}
	slices.Reverse(names)
	return names
}

// Outermost gives the codes sorted, without repeated and unknown ones and without
// those that lie inside another one.
func (t *Tree) Outermost(codes []string) []string {
	sorted := slices.Compact(slices.Sorted(slices.Values(codes)))
	return slices.DeleteFunc(slices.Clone(sorted), func(code string) bool {
		_, known := t.Get(code)
		inside := slices.ContainsFunc(sorted, func(other string) bool { return other != code && t.Contains(other, code) })
		return !known || inside
	})
}
