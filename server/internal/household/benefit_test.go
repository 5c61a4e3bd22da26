package household

import (
	"reflect"
	"slices"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
)

func TestEveryKindOfBenefitHasAPayer(t *testing.T) {
	var paid []string
	for kind, groups := range payers {
		paid = append(paid, string(kind))
		if len(groups) == 0 || slices.Contains(groups, GroupRegister) {
			t.Errorf("%s is paid by %v", kind, groups)
		}
	}
	slices.Sort(paid)
	known := slices.Sorted(slices.Values(Codes["BenefitKind"]))
	if !slices.Equal(paid, known) {
		t.Errorf("paid %v\nknown %v", paid, known)
	}
}

// TestNobodyTakesAnothersBenefitByItsKey: education gives its own payment the key of
// the housing department's.
func TestNobodyTakesAnothersBenefitByItsKey(t *testing.T) {
	base := stored(t, sample())
	in := &Household{Benefits: []Benefit{{ID: base.Benefits[0].ID, Group: GroupEducation, Kind: BoardAndBooks, Person: "P3", Year: 2020, Amount: 1, PaidOn: "2020-03-01"}}}
	out := mustMerge(t, base, in, []Group{GroupEducation}, minter())
	if len(out.Benefits) != 3 || !slices.Contains(out.Benefits, base.Benefits[0]) {
		t.Errorf("housing's payment was replaced: %+v", out.Benefits)
	}
	wantViolation(t, Validate(out, today, village), "benefits[1].id", fault.Duplicate)

	in.Benefits[0].Group = GroupHousing // and pretends to be the payer
	if out := mustMerge(t, base, in, []Group{GroupEducation, GroupRegister}, minter()); !reflect.DeepEqual(out, base) {
		t.Errorf("written for another group: %+v", out.Benefits)
	}
}

func TestABenefitBelongsToTheWriterWhoPaysSuchAKind(t *testing.T) {
	for _, tt := range []struct {
		kind   BenefitKind
		groups []Group
		want   Group
		bad    bool
	}{
		{EducationAid, []Group{GroupEducation}, GroupEducation, false},
		{EducationAid, allGroups, GroupEducation, false},
		{DisasterReconstruction, []Group{GroupCivil}, GroupCivil, false},
		{DisasterReconstruction, []Group{GroupHousing}, GroupHousing, false},
		{DisasterReconstruction, allGroups, "", true},
		{PremiumSubsidy, []Group{GroupHousing}, "", true},
		{PremiumSubsidy, []Group{GroupRegister}, "", false}, // none of the office's business
	} {
		base := stored(t, sample())
		in := &Household{Benefits: []Benefit{{Kind: tt.kind, Person: "P3", Year: 2020, Amount: 7, PaidOn: "2020-05-01"}}}
		out, bad := Merge(base, in, tt.groups, minter())
		switch {
		case tt.bad:
			wantViolation(t, bad, "benefits[0].group", fault.Required)
		case len(bad) > 0:
			t.Errorf("%s by %v: %v", tt.kind, tt.groups, bad)
		case tt.want == "" && len(out.Benefits) != 2:
			t.Errorf("%s by %v: written", tt.kind, tt.groups)
		case tt.want != "" && (len(out.Benefits) != 3 || out.Benefits[2].Group != tt.want || out.Benefits[2].ID == ""):
			t.Errorf("%s by %v: %+v", tt.kind, tt.groups, out.Benefits)
		}
	}
}

func TestACorrectedPaymentReplacesTheFirst(t *testing.T) {
	base := stored(t, sample())
	in := sample()
	in.Benefits[1].Amount = 90_000
	out := mustMerge(t, base, in, []Group{GroupEducation}, minter())
	if len(out.Benefits) != 2 || out.Benefits[1].Amount != 90_000 || out.Benefits[1].ID != base.Benefits[1].ID {
		t.Errorf("%+v", out.Benefits)
	}
	in.Benefits[1].PaidOn = "2020-03-21"
	if out := mustMerge(t, base, in, []Group{GroupEducation}, minter()); len(out.Benefits) != 3 {
		t.Errorf("a second payment is none: %+v", out.Benefits)
	}
	in.Benefits[1].Person = "P9"
	_, bad := Merge(base, in, []Group{GroupEducation}, minter())
	wantViolation(t, bad, "benefits[1].person", fault.PersonUnknown)
}

// paid gives the household a benefit of the person and one of its own.
func paid(h *Household, person string) *Household {
	h.Benefits = []Benefit{
		{ID: "own-" + person, Group: GroupEducation, Kind: EducationAid, Person: person, Year: 2020, Amount: 100, PaidOn: "2020-03-01"},
		{ID: "house-" + person, Group: GroupHousing, Kind: SeismicSubsidy, Year: 2020, Amount: 100, PaidOn: "2020-03-02"},
	}
	Normalise(h)
	return h
}

func benefitIDs(h *Household) (out []string) {
	for _, e := range h.Benefits {
		out = append(out, e.ID)
	}
	slices.Sort(out)
	return out
}

func TestBenefitsGoWithTheirPersons(t *testing.T) {
	rest, split := mustSplit(t, paid(household("a", 3, false), "a3"), shell(), Splitting{Leaving: map[string]Relation{"a3": RelationHead}, On: parting, Document: paper})
	if !slices.Equal(benefitIDs(split), []string{"own-a3"}) || !slices.Equal(benefitIDs(rest), []string{"house-a3"}) {
		t.Errorf("split: %v, %v", benefitIDs(rest), benefitIDs(split))
	}
	closed, united, err := Absorb(paid(household("a", 2, false), "a2"), paid(household("b", 2, false), "b2"), Union{On: parting, Document: paper})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(benefitIDs(united), []string{"house-b2", "own-a2", "own-b2"}) || !slices.Equal(benefitIDs(closed), []string{"house-a2"}) {
		t.Errorf("merged: %v, %v", benefitIDs(closed), benefitIDs(united))
	}
}

func TestADuplicatesBenefitsAreThePersonsAndGoBackWithIt(t *testing.T) {
	a, b := paid(household("a", 2, false), "a1"), paid(household("b", 2, false), "b2")
	d := Doubling{Stays: "a1", Goes: "b2", On: parting, Document: paper}
	kept, ended, err := MergePersons(a, b, d)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(benefitIDs(kept), []string{"house-a1", "own-a1", "own-b2"}) || kept.Benefits[0].Person != "a1" || kept.Benefits[1].Person != "a1" {
		t.Errorf("%+v", kept.Benefits)
	}
	back, restored, err := SeparatePersons(kept, ended, d)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Benefits, a.Benefits) || !reflect.DeepEqual(restored.Benefits, b.Benefits) {
		t.Errorf("%+v\n%+v", back.Benefits, restored.Benefits)
	}
}

// Two batches that pay on the same day are two payments, or nobody would see that it was
// paid twice; the same batch again, corrected, is one.
func TestPaymentsOfOneDayAreToldApartByTheirDocuments(t *testing.T) {
	aid := Benefit{Group: GroupEducation, Kind: EducationAid, Person: "a1", Year: 2024, Term: TermSpring, Amount: 50_000, PaidOn: "2024-05-01", Document: "批次1"}
	second, corrected := aid, aid
	second.Document, corrected.Amount, corrected.Stage = "批次2", 70_000, Grade7
	h := numbered("a", 1, false)
	for _, one := range []Benefit{aid, second, corrected, second} {
		h = mustMerge(t, h, &Household{Benefits: []Benefit{one}}, []Group{GroupEducation}, nil)
	}
	amounts := map[string]int64{}
	for _, b := range h.Benefits {
		amounts[b.Document] = b.Amount
	}
	if len(h.Benefits) != 2 || amounts["批次1"] != 70_000 || amounts["批次2"] != 50_000 {
		t.Errorf("%+v", h.Benefits)
	}
}
