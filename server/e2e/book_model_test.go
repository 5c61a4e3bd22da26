package e2e

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
)

// What the contract says about letters, in the plainest way: which letter says what about
// whom, and what became of it at the office and at each recipient. It shares nothing with
// the hub but the ids that the hub gives.

// book is the office's register of letters.
type book struct {
	homes     map[string]*bookHome
	decisions map[string]*bookDecision
	letters   map[string]*bookLetter
	minted    map[string]int  // by the office's sign: the last number of the year that was looked at
	numbers   map[string]bool // in use
	receivers map[string][]string
	areas     map[string]*bookArea
}

// bookArea is an area's rule for letters; sign is the office's in its numbers.
type bookArea struct {
	draft, sign string
	items       int
}

type bookHome struct {
	n                 int // its place in the order of households
	id, area, village string
	people            []*bookPerson // head, spouse, pupil
	roofless, hungry  bool
}

type bookPerson struct{ id, name, idNumber, birth string }

type bookDecision struct {
	n                   int // its place in the order of decisions
	id, number, kase    string
	home                *bookHome
	on, effective       date.Date
	reversal            string
	reversedOn, resumed date.Date
}

// bookLetter is a letter; its place in the order of letters is n.
type bookLetter struct {
	id, area, department   string
	n                      int
	correction             bool
	state                  string
	opened, signed, issued date.Date
	withdrawn              date.Date
	items                  []*bookItem
	corrects               []string
	corrections            []bookCorrection
	number                 string
	transaction            int64
	receipts               []*bookReceipt // by agency
	objections             []*bookObjection
}

type bookItem struct {
	kind, policy    string
	number          int // place in the letter
	home            *bookHome
	person          string
	wide            bool
	village         string
	decision        *bookDecision
	last, first     date.Date
	name, id, birth string
	corrected       string
}

type bookCorrection struct{ letter, number string }

type bookReceipt struct {
	agency                           string
	delivered, acknowledged, applied date.Date
	by, appliedBy                    string
	proved                           bool
}

type bookObjection struct {
	agency, ground, text, person string
	item                         int
	opened, answered             date.Date
	state, answer                string
}

func newBook() *book {
	return &book{
		homes: map[string]*bookHome{}, decisions: map[string]*bookDecision{}, letters: map[string]*bookLetter{}, minted: map[string]int{},
		numbers: map[string]bool{}, receivers: map[string][]string{}, areas: map[string]*bookArea{},
	}
}

// ends is what a decision ends, by department: each policy for whoever has it.
func (d *bookDecision) ends() map[string][]*bookItem {
	h, out := d.home, map[string][]*bookItem{}
	year, before := d.effective.Year(), d.effective.AddDays(-1)
	tell := func(department, policy string, last date.Date, wide bool, people ...*bookPerson) {
		for _, p := range people {
			out[department] = append(out[department], &bookItem{
				kind: "END", policy: policy, home: h, person: p.id, wide: wide, village: h.village, decision: d, last: last,
				name: p.name, id: p.idNumber, birth: p.birth,
			})
		}
	}
	head, couple, pupil := h.people[0], h.people[:2], h.people[2]
	term := date.New(year, 7, 31)
	if term < d.effective {
		term = date.New(year+1, 1, 31)
	}
	tell("education", "education-compulsory", term, false, pupil)
	tell("education", "education-aid", term, false, pupil) // what could take its place before the day is told along
	for _, p := range []string{"medical-basic", "medical-critical-illness", "medical-assistance"} {
		tell("medical-insurance", p, date.New(year, 12, 31), false, h.people...)
	}
	tell("industry", "industry", before, true, head)
	tell("finance", "finance", before, true, head)
	tell("employment", "employment", before, false, couple...)
	tell("training", "training", before, false, couple...)
	if h.roofless {
		tell("housing", "housing-need", before, true, head)
	}
	if h.hungry {
		tell("civil-affairs", "basic-needs", before, true, head)
	}
	return out
}

// collecting are the drafts that would take a decision of today.
func (b *book) collecting(area, department string, today date.Date) (ids []string) {
	rule := b.areas[area]
	for _, l := range b.letters {
		if l.area != area || l.department != department || l.correction || l.state != "DRAFT" {
			continue
		}
		if (rule.draft == "DAILY" && l.opened == today) || (rule.draft == "COUNT" && len(l.items) < rule.items) {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// open begins a draft.
func (b *book) open(id, area, department string, correction bool, on date.Date) *bookLetter {
	l := &bookLetter{id: id, area: area, department: department, n: len(b.letters), correction: correction, state: "DRAFT", opened: on}
	b.letters[id] = l
	return l
}

// ordered are the letters in the order in which they came.
func (b *book) ordered(wanted func(*bookLetter) bool) (all []*bookLetter) {
	for _, l := range b.letters {
		if wanted(l) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *bookLetter) int { return a.n - b.n })
	return all
}

// effective is the day by which everything that a letter says holds.
func (l *bookLetter) effective() (on date.Date) {
	for _, i := range l.items {
		if i.kind == "RESUME" {
			on = max(on, i.first)
		} else {
			on = max(on, i.decision.effective)
		}
	}
	return on
}

// standing are the items that nothing has corrected.
func (l *bookLetter) standing() (all []*bookItem) {
	for _, i := range l.items {
		if i.corrected == "" {
			all = append(all, i)
		}
	}
	return all
}

func (l *bookLetter) receipt(agency string) *bookReceipt {
	for _, r := range l.receipts {
		if r.agency == agency {
			return r
		}
	}
	return nil
}

func (l *bookLetter) disputed(agency string) bool {
	return slices.ContainsFunc(l.objections, func(o *bookObjection) bool { return o.agency == agency && o.state == "OPEN" })
}

// stateOf is where a recipient stands.
func (l *bookLetter) stateOf(r *bookReceipt) string {
	switch {
	case l.disputed(r.agency):
		return "DISPUTED"
	case r.applied != "":
		return "APPLIED"
	case l.state == "WITHDRAWN":
		return "WITHDRAWN"
	case r.acknowledged != "":
		return "ACKNOWLEDGED"
	case r.delivered != "":
		return "DELIVERED"
	}
	return "SENT"
}

// waiting is whom a letter waits for.
func (l *bookLetter) waiting() string {
	switch l.state {
	case "DRAFT":
		return "SIGN_OFF"
	case "SIGNED":
		return "ISSUE"
	case "ISSUED":
		if slices.ContainsFunc(l.objections, func(o *bookObjection) bool { return o.state == "OPEN" }) {
			return "ANSWER"
		}
		if slices.ContainsFunc(l.receipts, func(r *bookReceipt) bool { return r.applied == "" }) {
			return "RECIPIENTS"
		}
	}
	return "UNSPECIFIED"
}

// digest is the SHA-256 over the items, as the contract describes it.
func (l *bookLetter) digest() string {
	var all []string
	for _, i := range l.items {
		encoded := ""
		for _, text := range []string{i.kind, i.home.id, i.person, i.decision.id, i.policy, string(i.last), string(i.first)} {
			encoded += string(binary.BigEndian.AppendUint32(nil, uint32(len(text)))) + text //nolint:gosec // short texts
		}
		all = append(all, encoded)
	}
	slices.Sort(all)
	sum := sha256.New()
	for _, encoded := range all {
		sum.Write([]byte(encoded))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// add puts items into a draft, in the order in which a letter tells them: by village and
// household, and within one by decision, person and policy.
func (l *bookLetter) add(items ...*bookItem) {
	l.items = append(l.items, items...)
	slices.SortFunc(l.items, byKey)
	l.renumber()
}

func (l *bookLetter) renumber() {
	for n, i := range l.items {
		i.number = n + 1
	}
}

func byKey(a, b *bookItem) int {
	return cmp.Or(cmp.Compare(a.village, b.village), cmp.Compare(a.home.id, b.home.id), cmp.Compare(a.decision.id, b.decision.id), cmp.Compare(a.person, b.person), cmp.Compare(a.policy, b.policy))
}

// mint is the next number of the hub's own.
func (b *book) mint(sign string) string {
	for {
		b.minted[sign]++
		if number := fmt.Sprintf("%s〔2026〕%d号", sign, b.minted[sign]); !b.numbers[number] {
			return number
		}
	}
}
