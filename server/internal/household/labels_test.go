package household

import (
	"slices"
	"testing"
	"unicode"

	"github.com/bangfuhub/hub/server/internal/feed"
)

func TestEveryCodeIsCalledSomethingInBothLanguages(t *testing.T) {
	for list, codes := range Codes {
		seen := map[Label]bool{}
		for _, code := range codes {
			l, ok := labels[list][code]
			if !ok || !chinese(l.Chinese) || l.English == "" || chinese(l.English) {
				t.Errorf("%s %s is called %+v", list, code, l)
			}
			if seen[l] {
				t.Errorf("two codes of %s are called %+v", list, l)
			}
			seen[l] = true
		}
	}
	for list, codes := range labels {
		for code := range codes {
			if !slices.Contains(Codes[list], code) {
				t.Errorf("%s %s has a label and is no code", list, code)
			}
		}
	}
	if l := LabelOf("Cause", "NEWER"); l != (Label{"NEWER", "NEWER"}) || LabelOf("Cause", "") != NotRecorded {
		t.Errorf("got %+v", l)
	}
}

// chinese tells whether a text has a Chinese character.
func chinese(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestEveryCauseOfARevisionIsCalledSomething(t *testing.T) {
	for _, cause := range []string{
		feed.CauseImport, feed.CauseUpdate, feed.CauseMove, feed.CauseTransfer, feed.CauseMerge, feed.CauseSplit, feed.CauseUnmerge, feed.CauseIDNumber,
		feed.CauseMergePersons, feed.CauseSeparate, feed.CauseBirth, feed.CauseRevokeBirth, feed.CauseDeath, feed.CauseRevokeDeath, feed.CauseMarriage,
		feed.CauseRevokeMarriage, feed.CauseClose, feed.CauseReopen,
	} {
		if l := CauseLabel(cause); !chinese(l.Chinese) || l.English == cause || chinese(l.English) {
			t.Errorf("%s is called %+v", cause, l)
		}
	}
	if CauseLabel("NEWER") != (Label{"NEWER", "NEWER"}) {
		t.Error("an unknown cause does not stand for itself")
	}
}

func TestMoneyIsWrittenInYuan(t *testing.T) {
	for fen, want := range map[int64]string{0: "0.00", 5: "0.05", 123456: "1234.56", -250: "-2.50"} {
		if got := Yuan(fen); got != (Label{want + "元", want + " yuan"}) {
			t.Errorf("%d: got %+v", fen, got)
		}
	}
}
