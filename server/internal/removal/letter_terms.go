package removal

// DraftRule says when the draft of a letter is complete.
type DraftRule string

// Rules.
const (
	DraftAtOnce DraftRule = "AT_ONCE" // one letter a decision
	DraftDaily  DraftRule = "DAILY"   // all decisions of a day
	DraftCount  DraftRule = "COUNT"   // until it has so many items
)

// LetterTerms say when letters (函) about decisions are drafted, how they are numbered, and how
// long everybody has. The notice says 及时 and no number (四(二)), so they are the area's.
type LetterTerms struct {
	Draft           DraftRule
	DraftItems      int    // COUNT
	Office          string // 发文机关代字, in letter numbers
	OfficeName      string // who signs; "" is the area's office
	AcknowledgeDays int    // working days, as all below
	ApplyDays       int
	EscalateDays    int
	AnswerDays      int
}

// OrDefault fills in what the area has not set.
func (t LetterTerms) OrDefault() LetterTerms {
	if t.Draft == "" {
		t.Draft = DraftAtOnce
	}
	if t.Office == "" {
		t.Office = "扶函"
	}
	for _, d := range []struct {
		days  *int
		usual int
	}{{&t.AcknowledgeDays, 3}, {&t.ApplyDays, 10}, {&t.EscalateDays, 5}, {&t.AnswerDays, 10}} {
		if *d.days == 0 {
			*d.days = d.usual
		}
	}
	return t
}
