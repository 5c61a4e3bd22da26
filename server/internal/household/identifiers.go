package household

// IdentifierKind is a space of identifiers; a value stands for at most one subject
// in the hub.
type IdentifierKind string

// Kinds of identifiers.
const (
	HouseholdNumber IdentifierKind = "HOUSEHOLD_NUMBER"
	// AnyIDNumber holds present and former ID numbers and those in disability cards,
	// so that any of them finds the person.
	AnyIDNumber   IdentifierKind = "ID_NUMBER"
	PersonNumber  IdentifierKind = "PERSON_NUMBER"
	StudentNumber IdentifierKind = "STUDENT_NUMBER"
)

// Identifier leads to a household or, where Person is given, to a person in it.
type Identifier struct {
	Kind   IdentifierKind
	Value  string // normalised, as NormaliseIdentifier gives it
	Person string // hub id
}

// Name leads to the persons who bear it; other than an identifier it is not unique.
type Name struct {
	Name   string // as NormaliseName gives it
	Person string // hub id
}

// NormaliseIdentifier brings what somebody typed to the form in which identifiers of
// the kind are looked up.
func NormaliseIdentifier(kind IdentifierKind, value string) string {
	switch kind {
	case AnyIDNumber:
		return NormaliseIDNumber(value)
	case StudentNumber:
		return cleanStudentNumber(value)
	}
	return cleanIdentifier(value)
}

// Identifiers lists everything by which the household and its persons are found.
// Whoever left alive takes the identifiers along, so that another household can
// claim them; the dead keep theirs. A household that was absorbed by another has
// none any more: the other one has them (see Absorb).
func (h *Household) Identifiers() []Identifier {
	if h.Closing != nil && h.Closing.Kind == ClosingMerge {
		return nil
	}
	var out []Identifier
	add := func(kind IdentifierKind, value, person string) {
		if value != "" {
			out = append(out, Identifier{kind, value, person})
		}
	}
	add(HouseholdNumber, cleanIdentifier(h.HouseholdNumber), "")
	for _, former := range h.FormerHouseholdNumbers {
		add(HouseholdNumber, cleanIdentifier(former), "")
	}
	for i := range h.Persons {
		p := &h.Persons[i]
		if p.moved() {
			continue
		}
		for _, n := range p.numbers() {
			add(AnyIDNumber, n, p.ID)
		}
		add(PersonNumber, cleanIdentifier(p.PersonNumber), p.ID)
		if p.Education != nil {
			add(StudentNumber, cleanStudentNumber(p.Education.StudentNumber), p.ID)
		}
		for _, d := range p.Duplicates {
			if d.PersonNumber != p.PersonNumber {
				add(PersonNumber, d.PersonNumber, p.ID)
			}
			if p.Education == nil || d.StudentNumber != p.Education.StudentNumber {
				add(StudentNumber, d.StudentNumber, p.ID)
			}
		}
	}
	return out
}

// Names lists the names of all persons who have identifiers here.
func (h *Household) Names() []Name {
	if h.Closing != nil && h.Closing.Kind == ClosingMerge {
		return nil
	}
	var out []Name
	for i := range h.Persons {
		if p := &h.Persons[i]; !p.moved() && p.Name != "" {
			out = append(out, Name{NormaliseName(p.Name), p.ID})
		}
	}
	return out
}
