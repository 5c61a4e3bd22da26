package pages

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bangfuhub/hub/server/internal/date"
)

// What an item of a letter says, as in the contract.
const (
	resume  = "RESUME"
	restate = "RESTATE"
)

// LetterData is an official letter (函) to a department, with the list of persons behind it.
type LetterData struct {
	ID     string // the hub's
	Office string // who signs (发文机关)
	Number string // 发文字号; "" while it is not issued
	To     string // department or agency (主送机关)
	Copy   string // who gets a copy (抄送); may be ""

	Correction bool
	Corrects   []string // numbers of the letters that it corrects
	Withdrawn  string   // number of the letter that withdrew it; "" where it stands
	Basis      string   // what it rests on

	IssuedOn, EffectiveOn  date.Date
	AcknowledgeBy, ApplyBy date.Date // "" is left out

	Items               []LetterItem
	Persons, Households int
	Digest              string // SHA-256 over the items, in hexadecimal digits
}

// LetterItem is one line of the list.
type LetterItem struct {
	Number                  int
	Kind                    string // END, RESUME, RESTATE
	Village, Name, IDNumber string // the ID number as the recipient may see it
	Policy, DecisionNumber  string
	HouseholdWide           bool
	LastDay, FirstDay       date.Date // FirstDay: RESUME, LastDay: the others
	Corrected               string    // number of the letter that corrects the item, or ""
}

// Day is the day that the item is about.
func (i LetterItem) Day() date.Date {
	if i.Kind == resume {
		return i.FirstDay
	}
	return i.LastDay
}

// Remark is what stands in the last column.
func (i LetterItem) Remark() string {
	var said []string
	if i.HouseholdWide {
		said = append(said, "全户")
	}
	switch i.Kind {
	case resume:
		said = append(said, "恢复")
		if i.LastDay != "" {
			said = append(said, "已故")
		}
	case restate:
		said = append(said, "信息更正")
	}
	if i.Corrected != "" {
		said = append(said, "已更正")
	}
	return strings.Join(said, "，")
}

// Title is the letter's.
func (d LetterData) Title() string {
	if d.Correction {
		return "关于更正不再享受帮扶政策人员名单的函"
	}
	return "关于告知不再享受帮扶政策人员名单的函"
}

// State is the class of the page: what may not be taken for a letter in force says so on each sheet.
func (d LetterData) State() string {
	switch {
	case d.Number == "":
		return "draft"
	case d.Withdrawn != "":
		return "withdrawn"
	}
	return "issued"
}

// OfficeSize is the class that brings the office's name onto one line.
func (d LetterData) OfficeSize() string {
	switch n := utf8.RuneCountInString(d.Office); {
	case n > 16:
		return "longer"
	case n > 12:
		return "long"
	}
	return "short"
}

// Resumes tells whether an item gives support back.
func (d LetterData) Resumes() bool { return d.has(func(i LetterItem) bool { return i.Kind == resume }) }

// Restates tells whether an item only names somebody rightly.
func (d LetterData) Restates() bool {
	return d.has(func(i LetterItem) bool { return i.Kind == restate })
}

// Ends tells whether an item ends support.
func (d LetterData) Ends() bool {
	return d.has(func(i LetterItem) bool { return i.Kind != resume && i.Kind != restate })
}

// HouseholdWide tells whether an item is about a whole household.
func (d LetterData) HouseholdWide() bool {
	return d.has(func(i LetterItem) bool { return i.HouseholdWide })
}

func (d LetterData) has(it func(LetterItem) bool) bool { return slices.ContainsFunc(d.Items, it) }

// DayHead is the head of the column of days.
func (d LetterData) DayHead() string {
	switch {
	case !d.Resumes():
		return "最后享受日"
	case !d.Ends() && !d.Restates():
		return "恢复享受首日"
	}
	return "最后享受日或恢复享受首日"
}

// Corrected says which items were corrected, one sentence a correcting letter.
func (d LetterData) Corrected() (said []string) {
	var letters []string
	items := map[string][]string{}
	for _, i := range d.Items {
		if i.Corrected == "" {
			continue
		}
		if items[i.Corrected] == nil {
			letters = append(letters, i.Corrected)
		}
		items[i.Corrected] = append(items[i.Corrected], fmt.Sprint(i.Number))
	}
	for _, letter := range letters {
		said = append(said, fmt.Sprintf("序号%s已由%s更正，以该函为准。", strings.Join(items[letter], "、"), letter))
	}
	return said
}

// Letter makes the letter.
func Letter(d LetterData) ([]byte, error) { return render(letter, d) }
