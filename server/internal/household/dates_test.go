package household

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
)

func TestEachDateFindsAllButThoseOfPapersEventsAndSources(t *testing.T) {
	h := stored(t, sample())
	h.Decisions = []Decision{legacy()}
	h.Closing = &Closing{On: "2026-01-02"}
	h.Events = []Event{{On: "2030-01-03", Document: Document{Date: "2030-01-04"}}}
	h.Sources[GroupEducation] = Provenance{AsOf: "2030-01-05"}
	h.Persons[0].Education = &Education{AsOf: "2030-01-06"}
	h.Closing.Document.Date, h.Decisions[0].Document.Date = "2030-01-07", "2030-01-08"
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`2030-01-0\d|"AsOf":"[^"]*"`).ReplaceAll(text, nil)
	want := regexp.MustCompile(`\d{4}-\d\d-\d\d`).FindAllString(string(text), -1)
	var got []string
	h.EachDate(func(d date.Date) {
		if d != "" {
			got = append(got, string(d))
		}
	})
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 15 || !slices.Equal(got, want) {
		t.Errorf("found %v\nof    %v", got, want)
	}
}
