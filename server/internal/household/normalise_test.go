package household

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNormaliseCleansTextsAndIdentifiers(t *testing.T) {
	h := &Household{HouseholdNumber: " \uFF11\uFF12 3\u200B", VillageGroup: "  甲 \u3000 组\n", Persons: []Person{{
		Name: " 试 \u200B甲 ", IDNumber: "11010519491231002x 44", FormerIDNumbers: []string{"", "110105 491231002", "110105491231002", "11010519491231002x"},
		Phone: "199 0000 0001", Education: &Education{}}}}
	Normalise(h)
	p := h.Persons[0]
	if h.HouseholdNumber != "123" || h.VillageGroup != "甲 组" || p.Name != "试甲" || p.Phone != "19900000001" {
		t.Errorf("%q %q %q %q", h.HouseholdNumber, h.VillageGroup, p.Name, p.Phone)
	}
	if p.IDNumber != "11010519491231002X" || p.DisabilityCard != "11010519491231002X44" {
		t.Errorf("a disability card in place of the ID number: %q, %q", p.IDNumber, p.DisabilityCard)
	}
	if !slices.Equal(p.FormerIDNumbers, []string{"110105491231002"}) {
		t.Errorf("former numbers: %v", p.FormerIDNumbers)
	}
	if p.BirthDate != "1949-12-31" || p.Sex != Female {
		t.Errorf("not filled in from the number: %s, %s", p.BirthDate, p.Sex)
	}
	if p.Education != nil {
		t.Error("empty education was kept")
	}
}

func TestNormaliseNeverOverwritesABirthDateOrSex(t *testing.T) {
	h := &Household{Persons: []Person{{IDNumber: "11010519491231002X", BirthDate: "1949-12-30", Sex: Male}}}
	Normalise(h)
	if h.Persons[0].BirthDate != "1949-12-30" || h.Persons[0].Sex != Male {
		t.Error("overwritten: the difference would go unnoticed")
	}
}

func TestNamesHaveOneForm(t *testing.T) {
	for in, want := range map[string]string{
		"张 三": "张三", "\uFF21\u3000da": "A da", "古丽\u30FB试": "古丽\u00B7试", "古丽\u2022试": "古丽\u00B7试", "Li  Lei": "Li Lei", "试\uFEFF": "试",
	} {
		if got := NormaliseName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestKeysComeFromTheNaturalContentAlone(t *testing.T) {
	a := &Household{Needs: []Need{{Category: NeedFood, AroseOn: "2020-01-01"}}}
	b := &Household{Needs: []Need{{Category: NeedFood, AroseOn: "2020-01-01", Evidence: "x", FulfilledOn: "2020-02-01"}}}
	c := &Household{Needs: []Need{{Category: NeedFood, AroseOn: "2020-01-02"}}}
	own := &Household{Needs: []Need{{ID: "own", Category: NeedFood, AroseOn: "2020-01-01"}}}
	for _, h := range []*Household{a, b, c, own} {
		Normalise(h)
	}
	if a.Needs[0].ID == "" || a.Needs[0].ID != b.Needs[0].ID || a.Needs[0].ID == c.Needs[0].ID || own.Needs[0].ID != "own" {
		t.Errorf("keys: %s %s %s %s", a.Needs[0].ID, b.Needs[0].ID, c.Needs[0].ID, own.Needs[0].ID)
	}
	byNumber := &Household{Persons: []Person{{ID: "pp_1", PersonNumber: "P1"}}, Needs: []Need{{Category: NeedFood, Person: "P1"}}}
	Normalise(byNumber)
	if byNumber.Needs[0].ID != "" {
		t.Error("keyed before the person was known")
	}
}

func TestKeysTellNobodysNameOrNumber(t *testing.T) {
	h := stored(t, sample())
	for _, key := range []string{h.Helpers[0].ID, h.Shocks[0].ID, h.Needs[0].ID} {
		if strings.Contains(key, "帮甲") || strings.Contains(key, "9901") {
			t.Errorf("key %s", key)
		}
	}
}

func TestEqualFactsGiveEqualDocuments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHousehold(t)
		a, b := h.Clone(), h.Clone()
		b.Needs = rapid.Permutation(b.Needs).Draw(t, "needs order")
		b.Incomes = rapid.Permutation(b.Incomes).Draw(t, "incomes order")
		b.Shocks = []Shock{}
		Normalise(a)
		Normalise(b)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		again := a.Clone()
		if Normalise(again); !reflect.DeepEqual(a, again) {
			t.Fatal("normalising twice differs")
		}
	})
}

func TestEqualIgnoresOrderAndSeesEveryFact(t *testing.T) {
	a, b := stored(t, sample()), stored(t, sample())
	slices.Reverse(b.Persons)
	if !Equal(a, b) || !Equal(nil, nil) || Equal(a, nil) {
		t.Error("equal facts in another order differ")
	}
	b.Persons[0].Insurances = []Insurance{{Year: 2019}}
	if Equal(a, b) {
		t.Error("another fact went unnoticed")
	}
}

func TestCloneSharesNothing(t *testing.T) {
	h := stored(t, sample())
	h.Decisions = []Decision{legacy()}
	h.Closing = &Closing{}
	c := h.Clone()
	c.Persons[0].FormerIDNumbers[0] = "x"
	c.Persons[1].Insurances[0].Year = 1
	c.Persons[2].Education.Stage = College
	c.Register.OtherCauses[0] = "x"
	c.Decisions[0].Ends[0].Policy = "x"
	c.Closing.Kind = "x"
	c.Sources[GroupHousing] = Provenance{}
	c.Needs[0].Evidence, c.Shocks[0].Note, c.Helpers[0].Name, c.Assistance[0].ID, c.Incomes[0].Wage = "x", "x", "x", "x", 1
	c.Benefits[0].Document = "x"
	c.Housing.Damages[0].ID, c.Housing.Appraisals[0].ID = "x", "x"
	want := stored(t, sample())
	want.Decisions = []Decision{legacy()}
	want.Closing = &Closing{}
	if !reflect.DeepEqual(h, want) {
		t.Error("a change of the copy shows in the original")
	}
}
