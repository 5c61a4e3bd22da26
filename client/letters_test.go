package client

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// goldenLetter is one letter of the file that every language's implementation is held to.
type goldenLetter struct {
	Why, Sequence, Digest string
	Items                 []*hubv1.LetterItem
}

func goldenLetters(t *testing.T) (letters []goldenLetter) {
	t.Helper()
	text, err := os.ReadFile("../api/bangfu/hub/v1/golden/letterdigest.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Letters []struct {
			Why, Sequence, Digest string
			Items                 []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	for _, l := range g.Letters {
		out := goldenLetter{Why: l.Why, Sequence: l.Sequence, Digest: l.Digest}
		for _, raw := range l.Items {
			item := &hubv1.LetterItem{}
			if err := protojson.Unmarshal(raw, item); err != nil {
				t.Fatalf("%s: %v", l.Why, err)
			}
			out.Items = append(out.Items, item)
		}
		letters = append(letters, out)
	}
	return letters
}

func TestDigestsOfLettersEqualTheGoldenVectors(t *testing.T) {
	letters := goldenLetters(t)
	if len(letters) != 3 {
		t.Fatalf("%d letters in the file", len(letters))
	}
	for _, l := range letters {
		if got := hex.EncodeToString(letterSequence(l.Items)); got != l.Sequence {
			t.Errorf("%s: sequence %s, want %s", l.Why, got, l.Sequence)
		}
		if got := LetterDigest(l.Items); got != l.Digest {
			t.Errorf("%s: digest %s, want %s", l.Why, got, l.Digest)
		}
		slices.Reverse(l.Items)
		if got := LetterDigest(l.Items); got != l.Digest {
			t.Errorf("%s: the digest depends on the order of the items", l.Why)
		}
	}
}

func TestEveryTextOfTheRuleChangesALettersDigest(t *testing.T) {
	changes := map[string]func(*hubv1.LetterItem){
		"kind":      func(i *hubv1.LetterItem) { i.Kind = hubv1.LetterItemKind_LETTER_ITEM_KIND_RESTATE },
		"household": func(i *hubv1.LetterItem) { i.Household += "x" },
		"person":    func(i *hubv1.LetterItem) { i.Person += "x" },
		"decision":  func(i *hubv1.LetterItem) { i.Decision += "x" },
		"policy":    func(i *hubv1.LetterItem) { i.Policy += "x" },
		"last day":  func(i *hubv1.LetterItem) { i.LastDay = "2030-01-01" },
		"first day": func(i *hubv1.LetterItem) { i.FirstDay = "2030-01-01" },
		"a text moved into the next": func(i *hubv1.LetterItem) {
			last := len(i.GetHousehold()) - 1
			i.Household, i.Person = i.GetHousehold()[:last], i.GetHousehold()[last:]+i.GetPerson()
		},
	}
	for name, change := range changes {
		l := goldenLetters(t)[0]
		change(l.Items[0])
		if LetterDigest(l.Items) == l.Digest {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}
