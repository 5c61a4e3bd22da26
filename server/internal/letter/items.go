package letter

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Open begins a draft.
func Open(id, area, department string, kind Kind, terms removal.LetterTerms, on date.Date) Letter {
	return Letter{ID: id, Area: area, Department: department, Kind: kind, State: Draft, Terms: terms.OrDefault(), OpenedOn: on}
}

// Collects tells whether a draft takes so many items more on a day. Corrections wait for
// nothing, so each is a letter of its own.
func (l *Letter) Collects(more int, on date.Date) bool {
	if l.State != Draft || l.Kind != Notice || len(l.Items)+more > MaxItems {
		return false
	}
	switch l.Terms.Draft {
	case removal.DraftDaily:
		return l.OpenedOn == on
	case removal.DraftCount:
		return len(l.Items) < l.Terms.DraftItems
	}
	return false
}

// Add gives a draft with more items, in the order in which they are printed.
func Add(l Letter, items []Item, decidedAt time.Time) Letter {
	l.Items = append(slices.Clone(l.Items), items...)
	slices.SortStableFunc(l.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Village, b.Village), cmp.Compare(a.Household, b.Household), cmp.Compare(a.Decision, b.Decision),
			cmp.Compare(a.Person, b.Person), cmp.Compare(a.Policy, b.Policy))
	})
	if decidedAt.After(l.DecidedAt) {
		l.DecidedAt = decidedAt
	}
	return l
}

// Names tells whether a decision has items in the letter.
func (l *Letter) Names(decision string) bool {
	return slices.ContainsFunc(l.Items, func(i Item) bool { return i.Decision == decision })
}

// Unissued tells whether nobody was told yet: its items can still change.
func (l *Letter) Unissued() bool { return l.State == Draft || l.State == Signed }

// Drop takes a reversed decision out of a letter that was not issued: nobody was told. A
// letter without items is cancelled.
func Drop(l Letter, decision string) Letter {
	if !l.Unissued() || !l.Names(decision) {
		return l
	}
	l = l.unsigned()
	l.Items = slices.DeleteFunc(l.Items, func(i Item) bool { return i.Decision == decision })
	if len(l.Items) == 0 {
		l.State = Cancelled
	}
	return l
}

// Rename names the persons of a letter that was not issued as they are known now.
func Rename(l Letter, named func(Item) Item) Letter {
	if !l.Unissued() {
		return l
	}
	l = l.unsigned()
	for n := range l.Items {
		l.Items[n] = named(l.Items[n])
	}
	return l
}

// unsigned is a draft of its own: a signature stands for the items that were signed.
func (l Letter) unsigned() Letter {
	l.Items = slices.Clone(l.Items)
	l.State, l.SignedOn, l.SignedBy, l.Digest = Draft, "", Actor{}, ""
	return l
}

// Cases are the removal cases whose ends the letter tells of, each once, sorted.
func (l *Letter) Cases() []string {
	var ends []Item
	for _, i := range l.Items {
		if i.Kind != Resume {
			ends = append(ends, i)
		}
	}
	return distinct(ends, func(i Item) string { return i.Case })
}

// Subjects are the households and persons that the letter is about, each once.
func (l *Letter) Subjects() []string { return append(l.Households(), l.Persons()...) }

// Uncorrected are the numbers of the items of a decision that still stand.
func (l *Letter) Uncorrected(decision string) (numbers []int) {
	for n, i := range l.Items {
		if i.Decision == decision && i.Kind != Resume && i.Corrected == "" {
			numbers = append(numbers, n+1)
		}
	}
	return numbers
}

// Misnamed are the numbers of the items that name a person otherwise than now known.
func (l *Letter) Misnamed(person string, named func(Item) Item) (numbers []int) {
	for n, i := range l.Items {
		if i.Person == person && i.Corrected == "" && named(i) != i {
			numbers = append(numbers, n+1)
		}
	}
	return numbers
}

// EffectiveOn is the day by which every item is in effect.
func (l *Letter) EffectiveOn() (last date.Date) {
	for _, i := range l.Items {
		last = max(last, i.Effective)
	}
	return last
}

// Persons are those named in the letter, each once, sorted.
func (l *Letter) Persons() []string {
	return distinct(l.Items, func(i Item) string { return i.Person })
}

// Households are those that the letter is about, each once, sorted.
func (l *Letter) Households() []string {
	return distinct(l.Items, func(i Item) string { return i.Household })
}

func distinct(items []Item, of func(Item) string) []string {
	all := make([]string, len(items))
	for n, i := range items {
		all[n] = of(i)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Digest is the SHA-256 over the items that both sides can compute, see the contract's
// Letter.digest. It names nobody: what may be masked is not in it.
func Digest(items []Item) string {
	encoded := make([][]byte, len(items))
	for n, i := range items {
		for _, text := range []string{string(i.Kind), i.Household, i.Person, i.Decision, i.Policy, string(i.LastDay), string(i.FirstDay)} {
			encoded[n] = appendText(encoded[n], text)
		}
	}
	slices.SortFunc(encoded, slices.Compare)
	sum := sha256.New()
	for _, e := range encoded {
		sum.Write(e)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Row is a row of the roster as a copy proves it.
type Row struct {
	Person string
	Hash   [16]byte
}

// CopyDigest is the SHA-256 over rows of the roster, see the contract's CopyProof.
func CopyDigest(rows []Row) string {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), slices.Compare(a.Hash[:], b.Hash[:]))
	})
	sum := sha256.New()
	for _, r := range rows {
		sum.Write(append(appendText(nil, r.Person), r.Hash[:]...))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func appendText(dst []byte, text string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text))) //nolint:gosec // short texts
	return append(dst, text...)
}
