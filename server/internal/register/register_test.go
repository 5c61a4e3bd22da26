package register_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/invented"
	"github.com/bangfuhub/hub/server/internal/register"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

const asOf = "2026-06-30"

func open(t *testing.T, data []byte, cfg register.Config) *register.File {
	t.Helper()
	cfg.AsOf, cfg.Scratch = asOf, t.TempDir()
	f, err := register.Open(t.Context(), bytes.NewReader(data), int64(len(data)), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// units reads all and adds the rules of a household, as the hub does.
func units(t *testing.T, f *register.File) (all []register.Unit) {
	t.Helper()
	for u, err := range f.Units(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Household != nil && f.Mapping().Group == household.GroupRegister {
			household.Normalise(u.Household)
			for _, v := range household.Validate(u.Household, asOf, division.Hainan().IsVillage) {
				u.Problems = append(u.Problems, u.Place(v))
			}
		}
		all = append(all, u)
	}
	return all
}

func written(t *testing.T, format sheet.Format, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	people := invented.Generate(invented.Config{Households: n, Seed: 7, On: asOf, Tree: division.Hainan()})
	open := func(yield func(*household.Household) bool) { // closed households are no rows of an export
		for h := range people {
			if h.Closing == nil && !yield(h) {
				return
			}
		}
	}
	if err := register.Write(&out, format, open); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWrittenFilesAreReadWhole(t *testing.T) {
	csv, xlsx := written(t, sheet.CSV, 100), written(t, sheet.XLSX, 100)
	a, b := units(t, open(t, csv, register.Config{})), units(t, open(t, xlsx, register.Config{}))
	if len(a) < 90 || len(a) != len(b) {
		t.Fatalf("%d and %d households", len(a), len(b))
	}
	for i := range a {
		if len(a[i].Problems) > 0 {
			t.Errorf("rows %v: %+v", a[i].Rows, a[i].Problems)
		} else if !household.Equal(a[i].Household, b[i].Household) {
			t.Errorf("rows %v differ between the formats", a[i].Rows)
		}
	}
}

func TestShuffledRowsGiveTheSameHouseholds(t *testing.T) {
	lines := bytes.SplitAfter(written(t, sheet.CSV, 60), []byte("\n"))
	header, rows := lines[0], lines[1:len(lines)-1]
	want := byNumber(units(t, open(t, slices.Concat(header, bytes.Join(rows, nil)), register.Config{Order: register.OrderGrouped})))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	got := byNumber(units(t, open(t, slices.Concat(header, bytes.Join(rows, nil)), register.Config{})))
	if len(got) != len(want) || len(want) < 50 {
		t.Fatalf("%d households instead of %d", len(got), len(want))
	}
	for number, h := range want {
		if g := got[number]; g == nil || !household.Equal(h, g) {
			t.Errorf("household %s differs", number)
		}
	}
	scattered := units(t, open(t, slices.Concat(header, bytes.Join(rows, nil)), register.Config{Order: register.OrderGrouped}))
	if !slices.ContainsFunc(scattered, func(u register.Unit) bool { return has(u.Problems, "ROWS_SCATTERED") }) {
		t.Error("rows declared grouped and scattered are not named")
	}
}

// byNumber sorts the persons, whose order is that of the rows.
func byNumber(all []register.Unit) map[string]*household.Household {
	out := map[string]*household.Household{}
	for _, u := range all {
		if h := u.Household; h != nil {
			slices.SortFunc(h.Persons, func(a, b household.Person) int { return bytes.Compare([]byte(a.PersonNumber), []byte(b.PersonNumber)) })
			out[h.HouseholdNumber] = h
		}
	}
	return out
}

func has(problems []register.Problem, reason string) bool {
	return slices.ContainsFunc(problems, func(p register.Problem) bool { return string(p.Reason) == reason })
}

func TestMappings(t *testing.T) {
	all := register.Mappings()
	if len(all) != 6 || all[0].Name != "national-export" {
		t.Fatalf("%d mappings", len(all))
	}
	for _, m := range all {
		if _, err := register.LoadMapping(m.Name); err != nil {
			t.Error(m.Name, err)
		}
	}
}
