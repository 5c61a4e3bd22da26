package access

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
)

const (
	province = "460000000000"
	danzhou  = "460400000000"
	yangpu   = "460400499000"
	town     = "460400100000" // in Danzhou
	village  = "460400100200" // in that town
	haikou   = "460100000000"
)

var education = Caller{Agency: "education", Client: "sync"}

func agreement(change func(*Agreement)) Agreement {
	a := Agreement{ID: "a1", Agency: "education", Lists: []string{"education"}, Divisions: []string{danzhou},
		Purpose: "school aid", Basis: "notice 一(一)", From: "2019-01-01", Until: "2020-12-31"}
	if change != nil {
		change(&a)
	}
	return a
}

func TestNothingIsAllowedUnlessAnActiveAgreementSaysSo(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Agreement)
		caller Caller
		list   string
		code   string
		on     date.Date
		want   Verdict
	}{
		{"named division", nil, education, "education", danzhou, "2020-01-01", Allowed},
		{"town below it", nil, education, "education", town, "2020-01-01", Allowed},
		{"village below it", nil, education, "education", village, "2020-01-01", Allowed},
		{"nested area below it", nil, education, "education", yangpu, "2020-01-01", Allowed},
		{"first day", nil, education, "education", village, "2019-01-01", Allowed},
		{"last day", nil, education, "education", village, "2020-12-31", Allowed},
		{"day after", nil, education, "education", village, "2021-01-01", Expired},
		{"years after", nil, education, "education", village, "2030-01-01", Expired},
		{"day before", nil, education, "education", village, "2018-12-31", Never},
		{"open end", func(a *Agreement) { a.Until = "" }, education, "education", village, "2099-01-01", Allowed},
		{"division above", nil, education, "education", province, "2020-01-01", Never},
		{"division beside", nil, education, "education", haikou, "2020-01-01", Never},
		{"unknown division", nil, education, "education", "999999999999", "2020-01-01", Never},
		{"no division", nil, education, "education", "", "2020-01-01", Never},
		{"other list", nil, education, "housing", village, "2020-01-01", Never},
		{"other list, expired", nil, education, "housing", village, "2021-01-01", Never},
		{"no list", nil, education, "", village, "2020-01-01", Never},
		{"other agency", nil, Caller{Agency: "housing"}, "education", village, "2020-01-01", Never},
		{"no agency", func(a *Agreement) { a.Agency = "" }, Caller{}, "education", village, "2020-01-01", Never},
		{"star for lists", func(a *Agreement) { a.Lists = []string{"*"} }, education, "education", village, "2020-01-01", Never},
		{"star asked", func(a *Agreement) { a.Lists = []string{"*"} }, education, "*", village, "2020-01-01", Never},
		{"star for divisions", func(a *Agreement) { a.Divisions = []string{"*"} }, education, "education", village, "2020-01-01", Never},
		{"households do not include lists", func(a *Agreement) { a.Lists, a.Households = nil, true }, education, "education", village, "2020-01-01", Never},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AllowList(division.Hainan(), []Agreement{agreement(tt.change)}, tt.caller, tt.list, tt.code, tt.on)
			if got.Verdict != tt.want {
				t.Errorf("%+v", got)
			}
			if (got.Agreement == "") != (tt.want == Never) || (got.Since == "2020-12-31") != (tt.want == Expired) {
				t.Errorf("basis: %+v", got)
			}
		})
	}
	if got := AllowList(division.Hainan(), nil, education, "education", village, "2020-01-01"); got != (Decision{}) {
		t.Errorf("without agreements: %+v", got)
	}
}

func TestAnActiveAgreementGoesBeforeAnExpiredOneAndTheLastExpiredIsNamed(t *testing.T) {
	old := agreement(func(a *Agreement) { a.ID, a.Until = "old", "2019-06-30" })
	older := agreement(func(a *Agreement) { a.ID, a.Until = "older", "2019-03-31" })
	now := agreement(func(a *Agreement) { a.ID, a.From, a.Until = "now", "2020-01-01", "" })
	tree := division.Hainan()
	if got := AllowList(tree, []Agreement{old, older, now}, education, "education", village, "2020-01-01"); got.Agreement != "now" {
		t.Errorf("%+v", got)
	}
	for _, all := range [][]Agreement{{old, older, now}, {older, old, now}} {
		if got := AllowList(tree, all, education, "education", village, "2019-12-31"); got != (Decision{Expired, "old", "2019-06-30"}) {
			t.Errorf("%+v", got)
		}
	}
}

func TestHouseholdsGroupsAndCatalogueAreGrantedOnTheirOwn(t *testing.T) {
	tree := division.Hainan()
	lists := agreement(nil)
	households := agreement(func(a *Agreement) { a.Lists, a.Households = nil, true })
	groups := agreement(func(a *Agreement) { a.Lists, a.Groups = nil, []household.Group{household.GroupEducation} })
	catalogue := agreement(func(a *Agreement) { a.Lists, a.Divisions, a.Catalogue = nil, nil, true })
	asks := map[string]func(Agreement, date.Date) Verdict{
		"list": func(a Agreement, on date.Date) Verdict {
			return AllowList(tree, []Agreement{a}, education, "education", village, on).Verdict
		},
		"households": func(a Agreement, on date.Date) Verdict {
			return AllowHouseholds(tree, []Agreement{a}, education, village, on).Verdict
		},
		"group": func(a Agreement, on date.Date) Verdict {
			return AllowGroup(tree, []Agreement{a}, education, village, household.GroupEducation, on).Verdict
		},
		"catalogue": func(a Agreement, on date.Date) Verdict { return AllowCatalogue([]Agreement{a}, education, on).Verdict },
	}
	for granted, a := range map[string]Agreement{"list": lists, "households": households, "group": groups, "catalogue": catalogue} {
		for asked, ask := range asks {
			want, later := Never, Never
			if asked == granted {
				want, later = Allowed, Expired
			}
			if got := ask(a, "2020-12-31"); got != want {
				t.Errorf("granted %s, asked %s on the last day: %v", granted, asked, got)
			}
			if got := ask(a, "2021-01-01"); got != later {
				t.Errorf("granted %s, asked %s on the day after: %v", granted, asked, got)
			}
		}
	}
	if got := AllowGroup(tree, []Agreement{groups}, education, village, household.GroupRegister, "2020-01-01"); got.Verdict != Never {
		t.Errorf("another group: %+v", got)
	}
	if got := AllowGroup(tree, []Agreement{groups}, education, haikou, household.GroupEducation, "2020-01-01"); got.Verdict != Never {
		t.Errorf("another division: %+v", got)
	}
	if got := AllowHouseholds(tree, []Agreement{households}, education, haikou, "2020-01-01"); got.Verdict != Never {
		t.Errorf("another division: %+v", got)
	}
}

func TestCoveredIsNormalised(t *testing.T) {
	all := []Agreement{
		agreement(func(a *Agreement) { a.Divisions = []string{village, danzhou, yangpu, haikou, "999999999999", danzhou} }),
		agreement(func(a *Agreement) { a.ID, a.Lists, a.Divisions = "a2", []string{"housing", "*"}, []string{yangpu} }),
		agreement(func(a *Agreement) { a.ID, a.Until, a.Lists = "a3", "2019-06-30", []string{"medical-insurance"} }),
		agreement(func(a *Agreement) { a.ID, a.Agency, a.Lists = "a4", "housing", []string{"civil-affairs"} }),
		agreement(func(a *Agreement) { a.ID, a.Lists, a.Divisions = "a5", []string{"nowhere"}, nil }),
	}
	before := slices.Clone(all[0].Divisions)
	got := Covered(division.Hainan(), all, education, "2020-01-01")
	want := map[string][]string{"education": {haikou, danzhou}, "housing": {yangpu}}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v", got)
	}
	if !slices.Equal(all[0].Divisions, before) {
		t.Error("an agreement was changed")
	}
	if got := Covered(division.Hainan(), all, Caller{}, "2020-01-01"); len(got) != 0 {
		t.Errorf("nobody is covered: %v", got)
	}
}

func TestCoveredAndAllowListAgree(t *testing.T) {
	tree := division.Hainan()
	lists := []string{"education", "housing", "*"}
	codes := []string{province, danzhou, yangpu, town, village, haikou, "999999999999"}
	rapid.Check(t, func(t *rapid.T) {
		var all []Agreement
		for range rapid.IntRange(0, 4).Draw(t, "agreements") {
			all = append(all, agreement(func(a *Agreement) {
				a.Agency = rapid.SampledFrom([]string{"education", "housing"}).Draw(t, "agency")
				a.Lists = rapid.SliceOf(rapid.SampledFrom(lists)).Draw(t, "lists")
				a.Divisions = rapid.SliceOf(rapid.SampledFrom(codes)).Draw(t, "divisions")
				a.Until = rapid.SampledFrom([]date.Date{"", "2019-12-31", "2020-01-01"}).Draw(t, "until")
			}))
		}
		const on = "2020-01-01"
		covered := Covered(tree, all, education, on)
		for _, list := range lists {
			for _, code := range codes {
				in := slices.ContainsFunc(covered[list], func(d string) bool { return tree.Contains(d, code) })
				if allowed := AllowList(tree, all, education, list, code, on).Verdict == Allowed; allowed != in {
					t.Fatalf("%s in %s: allowed %v, covered %v", list, code, allowed, in)
				}
			}
		}
	})
}

func TestGrantsAreTheActiveAgreementsOfTheAgency(t *testing.T) {
	all := []Agreement{agreement(nil), agreement(func(a *Agreement) { a.ID, a.Agency = "a2", "housing" }),
		agreement(func(a *Agreement) { a.ID, a.From = "a3", "2020-12-31" })}
	for on, want := range map[date.Date]int{"2018-12-31": 0, "2019-01-01": 1, "2020-12-30": 1, "2020-12-31": 2, "2021-01-01": 0} {
		if got := Grants(all, education, on); len(got) != want {
			t.Errorf("%s: %d agreements", on, len(got))
		}
	}
}

func TestEndsSoonCountsTheLastDayAndNothingThatHasEnded(t *testing.T) {
	a := agreement(nil)
	for on, want := range map[date.Date]bool{"2020-11-30": false, "2020-12-01": true, "2020-12-31": true, "2021-01-01": false, "2018-12-31": false} {
		if got := a.EndsSoon(on, 30); got != want {
			t.Errorf("%s: %v", on, got)
		}
	}
	if a.Until = ""; a.EndsSoon("2020-12-31", 1000) {
		t.Error("an open agreement ends")
	}
}
