package catalogue

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// TestHelpingIsWhatACalendarSays compares with a look at every single day.
func TestHelpingIsWhatACalendarSays(t *testing.T) {
	const first, length = date.Date("2019-11-01"), 120
	rapid.Check(t, func(t *rapid.T) {
		h := &household.Household{}
		day := func(label string) int { return rapid.IntRange(0, length).Draw(t, label) }
		if rapid.Bool().Draw(t, "identified early") {
			h.Register.FirstIdentifiedOn = first.AddDays(rapid.IntRange(0, 40).Draw(t, "identified"))
		}
		for range rapid.IntRange(0, 5).Draw(t, "assignments") {
			from := day("from")
			a := household.HelperAssignment{From: first.AddDays(from), To: first.AddDays(from + rapid.IntRange(0, 30).Draw(t, "days"))}
			if rapid.IntRange(0, 5).Draw(t, "open") == 0 {
				a.To = ""
			}
			h.Helpers = append(h.Helpers, a)
		}
		on := first.AddDays(rapid.IntRange(40, length).Draw(t, "on"))
		helped := func(d date.Date) bool {
			for _, a := range h.Helpers {
				if d.In(a.From, a.To) {
					return true
				}
			}
			return false
		}
		want, run := helping{endsSoon: never}, gap{}
		for d := first; d <= on; d = d.AddDays(1) {
			switch {
			case !helped(d) && want.begun && d >= h.Register.FirstIdentifiedOn:
				if run.from == "" {
					run.from = d
				}
				run.to = d
			case helped(d):
				want.begun = true
				if run.from != "" {
					want.gap, run = run, gap{}
				}
			}
		}
		for d := on; helped(d); d = d.AddDays(1) {
			want.endsOn, want.endsSoon = d, d.DaysSince(on)
			if d > first.AddDays(2*length) { // open
				want.endsOn, want.endsSoon = "", never
				break
			}
		}
		if got := helpingOf(h, on); got != want {
			t.Fatalf("on %s: got %+v, not %+v", on, got, want)
		}
	})
}
