package removal

import (
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// posted is a case in publicity from a day, with objections as pairs of the day on which
// one was made and the day on which it was dismissed ("": still open).
func posted(p Parameters, from date.Date, objections ...date.Date) Case {
	c := Case{Parameters: p, State: InPublicity, Steps: []Step{{Kind: Post, Posting: &Posting{From: from}}}}
	for i := 0; i < len(objections); i += 2 {
		c.Steps = append(c.Steps, Step{Kind: Object, On: objections[i]})
		if objections[i+1] != "" {
			c.Steps = append(c.Steps, Step{Kind: Dismiss, On: objections[i+1]})
		}
	}
	return c
}

func TestTheLastDayToObject(t *testing.T) {
	for _, tt := range []struct {
		name             string
		days             int
		working, restart bool
		from             date.Date
		objections       []date.Date
		wantFrom, want   date.Date
	}{
		{"seven days, the first is day 1", 7, false, false, "2020-03-05", nil, "2020-03-05", "2020-03-11"},
		{"one day", 1, false, false, "2020-03-05", nil, "2020-03-05", "2020-03-05"},
		{"over the leap day", 7, false, false, "2020-02-25", nil, "2020-02-25", "2020-03-02"},
		{"open for three days", 7, false, false, "2020-03-05", []date.Date{"2020-03-07", "2020-03-10"}, "2020-03-05", "2020-03-14"},
		{"dismissed the same day", 7, false, false, "2020-03-05", []date.Date{"2020-03-07", "2020-03-07"}, "2020-03-05", "2020-03-11"},
		{"two objections", 7, false, false, "2020-03-05", []date.Date{"2020-03-06", "2020-03-08", "2020-03-09", "2020-03-10"}, "2020-03-05", "2020-03-14"},
		{"made before the first day", 7, false, false, "2020-03-05", []date.Date{"2020-03-03", "2020-03-06"}, "2020-03-05", "2020-03-12"},
		{"made after the last day", 7, false, false, "2020-03-05", []date.Date{"2020-03-13", "2020-03-16"}, "2020-03-05", "2020-03-11"},
		{"open", 7, false, false, "2020-03-05", []date.Date{"2020-03-07", ""}, "2020-03-05", ""},
		{"begun anew", 7, false, true, "2020-03-05", []date.Date{"2020-03-07", "2020-03-10"}, "2020-03-10", "2020-03-16"},
		{"begun anew twice", 7, false, true, "2020-03-05", []date.Date{"2020-03-07", "2020-03-10", "2020-03-11", "2020-03-12"}, "2020-03-12", "2020-03-18"},
		{"begun anew, open again", 7, false, true, "2020-03-05", []date.Date{"2020-03-07", "2020-03-10", "2020-03-11", ""}, "2020-03-10", ""},
		{"begun anew before it was posted", 7, false, true, "2020-03-12", []date.Date{"2020-03-07", "2020-03-10"}, "2020-03-12", "2020-03-18"},
		{"working days over a weekend", 5, true, false, "2020-03-05", nil, "2020-03-05", "2020-03-11"},
		{"working days from a Saturday", 1, true, false, "2020-03-07", nil, "2020-03-07", "2020-03-09"},
		{"working days over May Day", 5, true, false, "2020-04-30", nil, "2020-04-30", "2020-05-09"},
		{"working days and an objection over the weekend", 5, true, false, "2020-03-05", []date.Date{"2020-03-06", "2020-03-09"}, "2020-03-05", "2020-03-12"},
	} {
		p := Defaults()
		p.PublicityDays, p.WorkingDays, p.RestartAfterObjection = tt.days, tt.working, tt.restart
		from, until, err := Publicity(posted(p, tt.from, tt.objections...), calendar)
		if err != nil || from != tt.wantFrom || until != tt.want {
			t.Errorf("%s: %s to %s, %v", tt.name, from, until, err)
		}
	}
	if from, until, err := Publicity(Case{}, nil); from != "" || until != "" || err != nil {
		t.Errorf("not posted: %s to %s, %v", from, until, err)
	}
}

func TestAReviewWaitsForTheMovedEnd(t *testing.T) {
	c := take(t, caseAt(t, Objected), right(Dismiss, "2020-03-09"), knows(Dismiss, "2020-03-09")) // open from the 6th
	if got := refused(t, c, right(Review, "2020-03-14"), knows(Review, "2020-03-14")); got[0] != "step.kind PUBLICITY_RUNNING" {
		t.Errorf("got %v", got)
	}
	if c = take(t, c, right(Review, "2020-03-15"), knows(Review, "2020-03-15")); c.State != Reviewed {
		t.Error(c.State)
	}
}

func TestWhomACaseWaitsFor(t *testing.T) {
	for _, tt := range []struct {
		at           State
		role         Role
		since, until date.Date
	}{
		{Proposed, RolePropose, "2020-03-02", "2020-03-12"},
		{Assessed, RolePropose, "2020-03-03", "2020-03-13"},
		{Appraised, RolePropose, "2020-03-04", "2020-03-14"},
		{InPublicity, RoleReview, "2020-03-05", "2020-03-12"},
		{Objected, RoleReview, "2020-03-06", "2020-03-16"},
		{Reviewed, RoleConfirm, "2020-03-12", "2020-03-22"},
		{Confirmed, RoleConfirm, "2020-03-13", "2020-03-23"},
		{Announced, "", "", ""},
		{"", "", "", ""},
	} {
		role, since, until := Waiting(caseAt(t, tt.at), calendar)
		if role != tt.role || since != tt.since || until != tt.until {
			t.Errorf("%s: %s, since %s, until %s", tt.at, role, since, until)
		}
	}
	for _, ended := range []State{NotPassed, Upheld, Withdrawn, Reversed} {
		if role, _, _ := Waiting(Case{State: ended, Steps: make([]Step, 1)}, nil); role != "" {
			t.Errorf("%s waits for %s", ended, role)
		}
	}
	c := caseAt(t, InPublicity)
	c.Parameters.WorkingDays = true
	if role, since, until := Waiting(c, nil); role != RoleReview || since != "2020-03-05" || until != "" {
		t.Errorf("without calendar: %s, since %s, until %s", role, since, until)
	}
}

func TestWorkingDaysFollowTheNotices(t *testing.T) {
	for day, want := range map[date.Date]bool{
		"2019-05-01": false, "2019-05-03": false, "2019-05-04": false, "2019-05-05": true, "2019-04-28": true, // the notice that changed Labour Day
		"2020-01-31": false, "2020-02-01": false, "2020-02-02": false, "2020-02-03": true, // the lengthened Spring Festival
		"2021-09-18": true, "2021-09-20": false, "2022-10-08": true, "2022-12-31": false, "2023-01-02": false, "2023-06-25": true,
		"2024-02-09": true, "2024-02-18": true, "2025-01-01": false, "2025-01-26": true, "2026-01-04": true, "2026-09-20": true,
		"2020-03-07": false, "2020-03-09": true,
	} {
		if got, err := calendar.IsWorkingDay(day); err != nil || got != want {
			t.Errorf("%s: %v, %v", day, got, err)
		}
	}
}

// Days off of each year beside ordinary weekends, counted in the notices, so that a slip
// in a file shows.
func TestEachYearHasItsHolidays(t *testing.T) {
	years, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	// Working days of the calendar year: weekdays, less weekdays off, plus worked weekends.
	want := map[int]int{2019: 250, 2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248}
	for _, h := range years {
		n := 0
		for d := date.New(h.Year, 1, 1); d.Year() == h.Year; d = d.AddDays(1) {
			working, err := calendar.IsWorkingDay(d)
			if err != nil && h.Year < 2026 {
				t.Fatal(err)
			}
			if working {
				n++
			}
		}
		if w, known := want[h.Year]; known && n != w {
			t.Errorf("%d: %d working days, want %d", h.Year, n, w)
		}
	}
}

func TestAMissingYearIsAnErrorThatSaysSo(t *testing.T) {
	for day, year := range map[date.Date]string{"2018-05-01": "2018", "2027-05-01": "2027", "2026-12-25": "2027", "2018-12-29": "2018"} {
		if _, err := calendar.IsWorkingDay(day); !fault.Is(err, fault.HolidaysMissing) || fault.Of(err).Meta["year"] != year {
			t.Errorf("%s: %v", day, err)
		}
	}
	if _, err := calendar.IsWorkingDay("2026-12-24"); err != nil {
		t.Error(err)
	}
	var none *Calendar
	if _, err := none.IsWorkingDay("2020-05-01"); !fault.Is(err, fault.HolidaysMissing) {
		t.Error(err)
	}
	if _, err := calendar.AddWorkingDays("2026-12-20", 9); !fault.Is(err, fault.HolidaysMissing) {
		t.Error(err)
	}
}

func TestWorkingDaysAreCountedOn(t *testing.T) {
	for _, tt := range []struct {
		from date.Date
		n    int
		want date.Date
	}{{"2020-04-30", 1, "2020-05-06"}, {"2020-03-06", 1, "2020-03-09"}, {"2020-03-06", 5, "2020-03-13"}, {"2020-03-07", 1, "2020-03-09"}} {
		if got, err := calendar.AddWorkingDays(tt.from, tt.n); err != nil || got != tt.want {
			t.Errorf("%s + %d: %s, %v", tt.from, tt.n, got, err)
		}
	}
}

func TestAHolidayFileSaysWhatIsWrongWithIt(t *testing.T) {
	const good = "kind,from,to,name\nyear,2027,,\noff,2027-01-01,2027-01-03,元旦\n"
	h, err := ParseHolidays([]byte(good))
	if err != nil || h.Year != 2027 {
		t.Fatal(h, err)
	}
	years, _ := Published()
	if working, err := NewCalendar(append(years, h)...).IsWorkingDay("2027-01-01"); working || err != nil {
		t.Errorf("%v, %v", working, err)
	}
	changed, err := ParseHolidays([]byte(good + "work,2027-05-08,2027-05-08,劳动节\n"))
	if working, _ := NewCalendar(h, changed).IsWorkingDay("2027-05-08"); err != nil || !working {
		t.Error("the later notice for a year counts")
	}
	for name, tt := range map[string]struct{ text, line string }{
		"too few columns":     {"year,2027,\n", "1"},
		"no year":             {"off,2027-01-01,2027-01-03,元旦\n", "1"},
		"two years":           {good + "year,2028,,\n", "4"},
		"a year that is none": {"year,MMXX,,\n", "1"},
		"another kind":        {good + "free,2027-05-01,2027-05-01,\n", "4"},
		"no date":             {good + "off,2027-02-30,2027-03-01,\n", "4"},
		"no last day":         {good + "off,2027-02-03,,\n", "4"},
		"backwards":           {good + "off,2027-02-03,2027-02-01,\n", "4"},
		"another year":        {good + "off,2028-02-01,2028-02-03,\n", "4"},
		"the year before":     {good + "off,2026-12-24,2026-12-24,\n", "4"},
		"twice":               {good + "work,2027-01-03,2027-01-03,\n", "4"},
		"a worked weekday":    {good + "work,2027-01-04,2027-01-04,\n", "4"},
		"nothing":             {"year,2027,,\n", "0"},
	} {
		_, err := ParseHolidays([]byte(tt.text))
		if f := fault.Of(err); f == nil || f.Reason != fault.HolidaysInvalid || f.Meta["line"] != tt.line || unfilled.MatchString(f.Message+f.Chinese) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
