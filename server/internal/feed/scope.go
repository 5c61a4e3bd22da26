package feed

import (
	"slices"
	"strings"

	"github.com/bangfuhub/hub/server/internal/division"
)

// Request is what a consumer asks to read: every list in every division. Empty
// parts stand for all that its agreements cover.
type Request struct {
	Lists     []string
	Divisions []string
}

// Normalised is the request sorted and without repeats.
func (r Request) Normalised() Request {
	return Request{Lists: sortedSet(r.Lists), Divisions: sortedSet(r.Divisions)}
}

// Empty tells whether nothing is named.
func (r Request) Empty() bool { return len(r.Lists) == 0 && len(r.Divisions) == 0 }

// Item is one list with the divisions in which it is read; sorted, none inside another.
type Item struct {
	List      string
	Divisions []string
}

// Scope is what a consumer reads, resolved: items sorted by list.
type Scope []Item

// NewScope makes a scope of pairs. Divisions inside others are dropped, so that
// no record is covered twice.
func NewScope(tree *division.Tree, pairs map[string][]string) Scope {
	s := make(Scope, 0, len(pairs))
	for list, divisions := range pairs {
		if outer := tree.Outermost(divisions); len(outer) > 0 {
			s = append(s, Item{List: list, Divisions: outer})
		}
	}
	slices.SortFunc(s, func(a, b Item) int { return strings.Compare(a.List, b.List) })
	return s
}

// Lists names the scope's lists in order.
func (s Scope) Lists() []string {
	out := make([]string, len(s))
	for i, it := range s {
		out[i] = it.List
	}
	return out
}

// Pairs gives the scope as divisions per list.
func (s Scope) Pairs() map[string][]string {
	out := make(map[string][]string, len(s))
	for _, it := range s {
		out[it.List] = it.Divisions
	}
	return out
}

// Equal tells whether both scopes cover the same pairs.
func (s Scope) Equal(o Scope) bool {
	return slices.EqualFunc(s, o, func(a, b Item) bool {
		return a.List == b.List && slices.Equal(a.Divisions, b.Divisions)
	})
}

// villages is a set of village codes; nil stands for the whole area.
type villages map[string]struct{}

// Filter answers whether a scope covers a record. It is made once per call.
type Filter struct {
	areas map[string]map[string]villages // area → list → villages
	order []string
}

// NewFilter resolves a scope against the divisions.
func NewFilter(tree *division.Tree, s Scope) *Filter {
	f := &Filter{areas: map[string]map[string]villages{}}
	for _, it := range s {
		for _, d := range it.Divisions {
			f.add(tree, it.List, d)
		}
	}
	for area := range f.areas {
		f.order = append(f.order, area)
	}
	slices.Sort(f.order)
	return f
}

func (f *Filter) add(tree *division.Tree, list, code string) {
	area, inside := tree.AreaOf(code), false
	for _, a := range tree.Areas() {
		inside = inside || (a.ID == area && a.Root != code)
		if tree.Contains(code, a.Root) {
			f.lists(a.ID)[list] = nil
		}
	}
	if !inside {
		return // a root or above: every village below belongs to an area taken whole
	}
	for _, v := range tree.Villages(code) {
		f.addVillage(tree.AreaOf(v), list, v)
	}
}

func (f *Filter) addVillage(area, list, village string) {
	set, known := f.lists(area)[list]
	if known && set == nil {
		return // the whole area is covered already
	}
	if set == nil {
		set = villages{}
		f.lists(area)[list] = set
	}
	set[village] = struct{}{}
}

func (f *Filter) lists(area string) map[string]villages {
	if f.areas[area] == nil {
		f.areas[area] = map[string]villages{}
	}
	return f.areas[area]
}

// Areas lists the areas that the scope touches, sorted.
func (f *Filter) Areas() []string { return f.order }

// Lists lists the lists read in an area, sorted.
func (f *Filter) Lists(area string) []string {
	out := make([]string, 0, len(f.areas[area]))
	for l := range f.areas[area] {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

// Villages lists the villages of an area that any list covers, sorted; nil for all.
func (f *Filter) Villages(area string) []string {
	union := map[string]struct{}{}
	for _, set := range f.areas[area] {
		if set == nil {
			return nil
		}
		for v := range set {
			union[v] = struct{}{}
		}
	}
	out := make([]string, 0, len(union))
	for v := range union {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// Covers tells whether records of a list in a village belong to the scope.
func (f *Filter) Covers(list, area, village string) bool {
	set, ok := f.areas[area][list]
	if !ok {
		return false
	}
	if set == nil {
		return true
	}
	_, ok = set[village]
	return ok
}

func sortedSet(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}
