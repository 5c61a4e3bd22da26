package catalogue

import (
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// The people of these tests are invented.

const (
	today = date.Date("2020-05-10")
	area  = "469002"
)

func hainan(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Parse(Hainan2019())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// family is a lifted household with a helper: head, spouse, a girl of 8 and a boy of 17.
func family() *household.Household {
	h := &household.Household{
		ID: "hh_1", HouseholdNumber: "4690021002030001", Village: "469002100203", VillageGroup: "一组",
		Register: household.Register{
			Attribute: household.AttributeOrdinary, MainCause: household.CauseIllness, PovertyStatus: household.Lifted,
			FirstIdentifiedOn: "2014-03-01", LiftedYear: 2018, Phone: "19900000001",
			HousingArea: "86.5", Structure: household.StructureBrickMix, BuiltYear: 1998,
		},
		Incomes: []household.Income{{Year: 2018, PerCapitaNet: 512300}, {Year: 2019, PerCapitaNet: 634500}},
		Helpers: []household.HelperAssignment{{ID: "a1", Name: "试帮甲", Unit: "某某局", Phone: "19900000009", From: "2016-04-01"}},
	}
	h.Persons = []household.Person{
		member("pp_1", "试甲", household.Male, "1980-02-03", household.RelationHead),
		member("pp_2", "试乙", household.Female, "1982-07-08", household.RelationSpouse),
		member("pp_3", "试丙", household.Female, "2011-09-10", household.RelationDaughter),
		member("pp_4", "试丁", household.Male, "2002-11-12", household.RelationSon),
	}
	h.Persons[0].LabourAbility, h.Persons[1].LabourAbility = household.LabourOrdinary, household.LabourSkilled
	h.Persons[0].WorkPlace, h.Persons[0].WorkMonths = household.WorkAway, 9
	h.Persons[2].SchoolStage = household.Preschool // the education department knows better
	h.Persons[2].Education = &household.Education{
		StudentNumber: "G990101201109100010", SchoolName: "某村小学", Stage: household.Primary,
		Enrolment: household.Enrolled, StudyPlace: household.StudyInCounty, AsOf: "2020-03-01",
	}
	h.Persons[3].SchoolStage = household.Senior2
	for i := range h.Persons {
		h.Persons[i].Insurances = []household.Insurance{
			{Year: 2019, Basic: household.Yes}, {Year: 2020, Basic: household.Yes, CriticalIllness: household.Yes, MedicalAssistance: household.No}, {Year: 2021, Basic: household.No},
		}
	}
	return h
}

func member(id, name string, sex household.Sex, born date.Date, relation household.Relation) household.Person {
	b := string(born)
	return household.Person{
		ID: id, PersonNumber: "N" + id, Name: name, Sex: sex, IDNumber: "990101" + b[:4] + b[5:7] + b[8:] + "001X", BirthDate: born,
		Relation: relation, EthnicGroup: "19", Health: household.Healthy, JoinedOn: max("2014-03-01", born), JoinReason: household.JoinRegistered,
	}
}

// removal is a decision in effect from 2020-03-01 on, with a frozen roster of the family:
// education runs to the end of the term, insurance to the end of the year.
func removal(persons ...string) household.Decision {
	d := household.Decision{
		ID: "dd_1", Number: "琼试扶决〔2020〕1号", Kind: household.DecisionRemoval,
		DecidedOn: "2020-02-10", AnnouncedOn: "2020-02-20", EffectiveOn: "2020-03-01",
		Document: household.Document{Issuer: "某某市", Number: "琼试扶〔2020〕7号", Date: "2020-02-20"},
	}
	for _, p := range persons {
		d.Ends = append(d.Ends,
			household.End{Person: p, Policy: "education-compulsory", LastDay: "2020-07-15"},
			household.End{Person: p, Policy: "education-aid", LastDay: "2022-07-15"},
			household.End{Person: p, Policy: "medical-basic", LastDay: "2020-12-31"},
			household.End{Person: p, Policy: household.AllPolicies, LastDay: "2020-02-29"})
	}
	return d
}

func unsupported() *household.Household {
	h := family()
	h.Decisions = []household.Decision{removal("pp_1", "pp_2", "pp_3", "pp_4")}
	return h
}

// derive gives the rows of one list, by person ("" at household grain).
func derive(t testing.TB, c *Catalogue, h *household.Household, list string, on date.Date) map[string]Row {
	t.Helper()
	rows, err := c.Derive(area, h, on)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Row{}
	for _, r := range rows {
		if r.List.Name == list {
			out[r.Person] = r
		}
	}
	return out
}

// value gives a field of a row.
func value(t testing.TB, r Row, field string) string {
	t.Helper()
	if r.List == nil {
		t.Fatalf("no row to read %s of", field)
	}
	i := slices.IndexFunc(r.List.Fields, func(f *ListField) bool { return f.Name == field })
	if i < 0 {
		t.Fatalf("list %s has no field %s", r.List.Name, field)
	}
	return r.Values[i]
}

func BenchmarkDerive(b *testing.B) {
	c := hainan(b)
	for _, bench := range []struct {
		name string
		h    *household.Household
	}{{"supported household of 4", family()}, {"unsupported household of 4", unsupported()}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Derive(area, bench.h, today); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
