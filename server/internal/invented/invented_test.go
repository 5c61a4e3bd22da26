package invented

import (
	"iter"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

const today date.Date = "2020-06-30"

func generate(n int, seed uint64, on date.Date) iter.Seq[*household.Household] {
	return Generate(Config{Households: n, Seed: seed, On: on, Tree: division.Hainan()})
}

func TestEveryInventedHouseholdIsValid(t *testing.T) {
	tree := division.Hainan()
	for _, on := range []date.Date{"2018-01-01", today, "2024-02-29", "2026-12-31"} {
		for h := range generate(2000, 7, on) {
			household.Normalise(h)
			if err := fault.List(fault.HouseholdInvalid, household.Validate(h, on, tree.IsVillage)); err != nil {
				t.Fatalf("%s as of %s: %v", h.HouseholdNumber, on, err)
			}
		}
	}
}

func TestEveryInventedHouseholdCanBeLoadedTwice(t *testing.T) {
	n := 0
	mint := func(prefix string) string { n++; return prefix + strconv.Itoa(n) }
	var groups []household.Group
	for _, g := range household.Codes["Group"] {
		groups = append(groups, household.Group(g))
	}
	for in := range generate(300, 7, today) {
		once, bad := household.Merge(nil, in, groups, mint)
		if err := fault.List(fault.HouseholdInvalid, append(bad, household.Validate(once, today, nil)...)); err != nil {
			t.Fatal(err)
		}
		if twice, bad := household.Merge(once, in, groups, mint); len(bad) > 0 || !household.Equal(once, twice) {
			t.Fatalf("%s: loading again changes it: %v", in.HouseholdNumber, bad)
		}
	}
}

func TestTheSameSeedGivesTheSameHouseholdsWhateverTheCount(t *testing.T) {
	few, many, other := slices.Collect(generate(50, 7, today)), slices.Collect(generate(80, 7, today)), slices.Collect(generate(50, 8, today))
	if len(few) != 50 || len(many) != 80 {
		t.Fatalf("%d, %d households", len(few), len(many))
	}
	if !reflect.DeepEqual(few, many[:50]) {
		t.Error("the first fifty of eighty are others")
	}
	if reflect.DeepEqual(few, other) {
		t.Error("another seed gives the same")
	}
}

func TestIdentifiersAreUniqueAndFromTheInventedRanges(t *testing.T) {
	seen := map[household.Identifier]bool{}
	forms := map[household.IdentifierKind]*regexp.Regexp{
		household.HouseholdNumber: regexp.MustCompile(`^9900\d{12}$`),
		household.AnyIDNumber:     regexp.MustCompile(`^9[89]\d{15}[0-9X]$`),
		household.PersonNumber:    regexp.MustCompile(`^9900\d{14}$`),
		household.StudentNumber:   regexp.MustCompile(`^[GJ]99\d{15}[0-9X]$`),
	}
	phone := regexp.MustCompile(`^(100\d{8})?$`)
	for h := range generate(5000, 1, today) {
		for _, id := range h.Identifiers() {
			id.Person = ""
			if seen[id] {
				t.Fatalf("%s stands twice: %s", id.Kind, id.Value)
			}
			seen[id] = true
			if !forms[id.Kind].MatchString(id.Value) {
				t.Errorf("%s: %s", id.Kind, id.Value)
			}
		}
		for _, p := range h.Persons {
			if !slices.Contains(familyNames, string([]rune(p.Name)[:1])) || !phone.MatchString(p.Phone) {
				t.Errorf("person: %q, %q", p.Name, p.Phone)
			}
		}
		for _, p := range h.Helpers {
			if !strings.HasPrefix(p.Name, "帮") || !phone.MatchString(p.Phone) {
				t.Errorf("helper: %q, %q", p.Name, p.Phone)
			}
		}
	}
}

func TestNumbersStayUniqueToTheLastHousehold(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []int{0, 49, 50, MaxHouseholds/2 - 1, MaxHouseholds / 2, MaxHouseholds - 1} {
		for k := range maxPersons {
			number := idNumber("99", n, k, "1980-01-01", household.Male)
			if _, err := household.ParseIDNumber(number); err != nil || seen[number] {
				t.Errorf("household %d, person %d: %s, %v", n, k, number, err)
			}
			seen[number] = true
		}
	}
}

// TestTheShapesArePlausible holds the generator to the rough figures of the registers.
func TestTheShapesArePlausible(t *testing.T) {
	const count = 4000
	shares := map[string]float64{}
	present, persons := 0, 0
	villages := map[string]bool{}
	add := func(what string, is bool) {
		if is {
			shares[what]++
		}
	}
	for h := range generate(count, 3, today) {
		villages[h.Village] = true
		household.Normalise(h)
		members := h.PresentOn(today)
		present += len(members)
		persons += len(h.Persons)
		pupils, provisional, born, died, married := 0, 0, 0, 0, 0
		for _, p := range h.Persons {
			if p.Provisional() {
				provisional++
			}
			if p.SchoolStage != household.NotInSchool {
				pupils++
			}
			if p.JoinReason == household.JoinBirth {
				born++
			}
			if p.LeaveReason == household.LeaveDeath {
				died++
			}
			if p.LeaveReason == household.LeaveMarriage {
				married++
			}
		}
		shares["pupils of persons"] += float64(pupils)
		shares["provisional of persons"] += float64(provisional)
		add("births", born > 0)
		add("deaths", died > 0)
		add("marriages", married > 0)
		add("legacy decision", len(h.Decisions) > 0)
		add("no present helper", !slices.ContainsFunc(h.Helpers, func(a household.HelperAssignment) bool { return today.In(a.From, a.To) }))
		add("needs", len(h.Needs) > 0)
		add("shocks", len(h.Shocks) > 0)
		add("house graded C or D", slices.ContainsFunc(h.Housing.Appraisals, func(a household.Appraisal) bool { return a.Grade >= household.GradeC }))
		paid := map[string]int64{}
		for _, b := range h.Benefits {
			if b.Kind == household.EducationAid {
				paid[b.Person+string(b.Term)]++
			}
		}
		add("paid twice", slices.Contains(slices.Collect(maps.Values(paid)), 2))
		n := len(h.Incomes)
		add("income of this year", n > 0 && h.Incomes[n-1].Year == today.Year())
		add("income of last year at most", n > 0 && h.Incomes[n-1].Year == today.Year()-1)
		add("no income", n == 0)
		gap, leaves := false, false
		for i, a := range h.Helpers {
			gap = gap || i > 0 && h.Helpers[i-1].To.AddDays(1) < a.From
			leaves = leaves || a.To >= today
		}
		add("gap of helpers", gap)
		add("helper leaves soon", leaves)
		add("aid", len(paid) > 0)
		add("lifted", h.Register.PovertyStatus == household.Lifted)
		add("closed", h.Closing != nil)
	}
	if mean := float64(present) / count; mean < 4.1 || mean > 4.5 {
		t.Errorf("%.2f members", mean)
	}
	if len(villages) < 1000 {
		t.Errorf("only %d villages", len(villages))
	}
	for what, bounds := range map[string][2]float64{
		"pupils of persons": {0.15, 0.3}, "provisional of persons": {0.02, 0.04}, "births": {0.1, 0.5}, "deaths": {0.02, 0.08}, "marriages": {0.01, 0.1},
		"legacy decision": {0.03, 0.05}, "no present helper": {0.01, 0.06}, "needs": {0.1, 0.16}, "shocks": {0.02, 0.06},
		"income of this year": {0.77, 0.83}, "income of last year at most": {0.13, 0.19}, "no income": {0.005, 0.015},
		"gap of helpers": {0.01, 0.05}, "helper leaves soon": {0.01, 0.03},
		"aid": {0.2, 0.45}, "paid twice": {0.001, 0.02},
		"house graded C or D": {0.02, 0.05}, "lifted": {0.88, 0.94}, "closed": {0.001, 0.02},
	} {
		of := float64(count)
		if strings.HasSuffix(what, "of persons") {
			of = float64(persons)
		}
		if share := shares[what] / of; share < bounds[0] || share > bounds[1] {
			t.Errorf("%s: %.3f", what, share)
		}
	}
}

func TestStagesFitAges(t *testing.T) {
	youngest := map[household.SchoolStage]int{household.Preschool: 3, household.Primary: 6, household.Grade7: 12, household.Grade9: 14, household.Senior1: 15, household.College: 18}
	for h := range generate(1000, 5, today) {
		for _, p := range h.Persons {
			age := today.YearsSince(p.BirthDate)
			if least, checked := youngest[p.SchoolStage]; checked && age < least {
				t.Errorf("%s at %d", p.SchoolStage, age)
			}
			if p.SchoolStage == household.NotInSchool && age > 7 && age < 14 && p.LeftOn == "" && (p.Education == nil || p.Education.Enrolment != household.DroppedOut) {
				t.Errorf("out of school at %d, unexplained", age)
			}
		}
	}
}

func TestNothingIsMadeWithoutVillages(t *testing.T) {
	tree, err := division.Load(strings.NewReader("code,name,level,parent\n"), strings.NewReader("area,name,root\n"))
	if err != nil {
		t.Fatal(err)
	}
	for range Generate(Config{Households: 5, On: today, Tree: tree}) {
		t.Error("a household without a village")
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for range generate(b.N, 1, today) {
	}
}

func BenchmarkNormaliseValidateMerge(b *testing.B) {
	mint := func(prefix string) string { return prefix + strconv.Itoa(b.N) }
	all := slices.Collect(generate(1000, 1, today))
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		h, _ := household.Merge(nil, all[i%len(all)], []household.Group{household.GroupRegister, household.GroupMedical}, mint)
		household.Validate(h, today, nil)
		i++
	}
}
