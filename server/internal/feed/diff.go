package feed

import (
	"cmp"
	"slices"
	"strings"
)

// Row is a record as derived, or as stored (then without Values).
type Row struct {
	List, Village, Household, Person string
	Hash                             [16]byte
	Values                           []string
}

// Difference is one step from the stored rows to the derived ones. Old is nil for
// a new row, New for one that is gone.
type Difference struct {
	Op  Op // Upsert or Moved; empty where the row is gone and the caller must say why
	Old *Row
	New *Row
}

// Diff compares the stored rows of some households with the derived ones and
// gives the differences ordered by household, list, person. A row that changed
// village is one move, never a delete and an insert.
func Diff(stored, derived []Row) []Difference {
	olds, news := ordered(stored), ordered(derived)
	var out []Difference
	for len(olds) > 0 || len(news) > 0 {
		switch order := side(olds, news); {
		case order < 0:
			out = append(out, Difference{Old: olds[0]})
			olds = olds[1:]
		case order > 0:
			out = append(out, Difference{Op: Upsert, New: news[0]})
			news = news[1:]
		default:
			if d, differs := compareRows(olds[0], news[0]); differs {
				out = append(out, d)
			}
			olds, news = olds[1:], news[1:]
		}
	}
	return out
}

func side(olds, news []*Row) int {
	switch {
	case len(olds) == 0:
		return 1
	case len(news) == 0:
		return -1
	}
	return compareKeys(olds[0], news[0])
}

// compareRows relies on the village being part of the row hash.
func compareRows(old, now *Row) (Difference, bool) {
	switch {
	case old.Village != now.Village:
		return Difference{Op: Moved, Old: old, New: now}, true
	case old.Hash != now.Hash:
		return Difference{Op: Upsert, Old: old, New: now}, true
	}
	return Difference{}, false
}

func ordered(rows []Row) []*Row {
	out := make([]*Row, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	slices.SortFunc(out, compareKeys)
	return out
}

func compareKeys(a, b *Row) int {
	return cmp.Or(strings.Compare(a.Household, b.Household), strings.Compare(a.List, b.List), strings.Compare(a.Person, b.Person))
}
