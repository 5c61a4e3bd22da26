package household

import (
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// MatchState says to whom a department's row belongs.
type MatchState string

// Match states.
const (
	Matched         MatchState = "MATCHED"
	MatchedByFormer MatchState = "MATCHED_BY_FORMER_ID"
	Ambiguous       MatchState = "AMBIGUOUS"
	NotFound        MatchState = "NOT_FOUND"
	NotApplicable   MatchState = "NOT_APPLICABLE"
)

// Subject is a household or, with a person, somebody in it.
type Subject struct {
	Household *Household
	Person    *Person // nil: the household itself
}

// Lead is where one identifier of a row leads.
type Lead struct {
	Kind  IdentifierKind
	Value string // normalised
	Subject
}

// Matching is to whom a row belongs, and why to nobody.
type Matching struct {
	State MatchState
	Subject
	Candidates []Subject // for a person to decide
	Differs    []string  // what of name, sex and birth date is another than the register's
	Reason     *fault.Fault
}

// RowIdentifiers lists what a row names its subject by, strongest first: the present
// ID number, then former ones and the disability card's, then the 人编号 (before it, from
// education, the student number), then the 户编号.
func RowIdentifiers(row *Household, g Group) []Identifier {
	var out []Identifier
	add := func(kind IdentifierKind, value string) {
		id := Identifier{Kind: kind, Value: NormaliseIdentifier(kind, value)}
		if id.Value != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for i := range row.Persons {
		p := &row.Persons[i]
		for _, n := range p.numbers() {
			add(AnyIDNumber, n)
		}
		if g == GroupEducation && p.Education != nil {
			add(StudentNumber, p.Education.StudentNumber)
		}
		add(PersonNumber, p.PersonNumber)
	}
	add(HouseholdNumber, row.HouseholdNumber)
	return out
}

// Match judges to whom a row of a group, with at most one person, belongs. leads are where its identifiers lead,
// in the order of RowIdentifiers; named is everybody of the name it gives. Name and
// birth date give candidates only: two people may share them, so a person decides.
func Match(row *Household, g Group, leads []Lead, named []Subject, on date.Date) Matching {
	var persons, households []Lead
	for _, l := range leads {
		if l.Person != nil {
			persons = append(persons, l)
		} else {
			households = append(households, l)
		}
	}
	switch {
	case differ(leads):
		return unmatchedRow(Ambiguous, fault.MatchContradicts, subjects(leads))
	case len(persons) > 0:
		return matchPerson(row, g, persons, on)
	case len(row.Persons) == 0 && len(households) > 0:
		return Applicable(Matching{State: Matched, Subject: households[0].Subject}, row, g, on)
	}
	return matchName(row, households, named)
}

// differ tells whether two leads can't mean the same: two persons, or a person and a
// household where the person does not live.
func differ(leads []Lead) bool {
	return slices.ContainsFunc(leads, func(a Lead) bool {
		return slices.ContainsFunc(leads, func(b Lead) bool {
			return a.Household.ID != b.Household.ID || (a.Person != nil && b.Person != nil && a.Person.ID != b.Person.ID)
		})
	})
}

// matchPerson: the strongest identifier found somebody, and none found another.
func matchPerson(row *Household, g Group, leads []Lead, on date.Date) Matching {
	best, p := leads[0], &row.Persons[0]
	if len(p.numbers()) > 0 && len(best.Person.numbers()) > 0 && !shared(best.Person, p) {
		return unmatchedRow(Ambiguous, fault.MatchContradicts, subjects(leads[:1]))
	}
	m := Matching{State: Matched, Subject: best.Subject, Differs: differs(p, best.Person)}
	if best.Kind == AnyIDNumber && !slices.ContainsFunc(leads, func(l Lead) bool { return l.Kind == AnyIDNumber && present(l) }) {
		m.State = MatchedByFormer
	}
	return Applicable(m, row, g, on)
}

// present tells whether an ID number is the one that the person has now.
func present(l Lead) bool {
	now := l.Person.IDNumber
	if now == "" {
		now = l.Person.DisabilityCard
	}
	return NormaliseIDNumber(now) == l.Value
}

// differs names what the row says otherwise than the register.
func differs(row, p *Person) (out []string) {
	if row.BirthDate != "" && row.BirthDate != p.BirthDate {
		out = append(out, "birth_date")
	}
	if name := NormaliseName(row.Name); name != "" && name != NormaliseName(p.Name) {
		out = append(out, "name")
	}
	if row.Sex != "" && row.Sex != p.Sex {
		out = append(out, "sex")
	}
	return out
}

// matchName gives candidates: who has the row's name and birth date and, where the row
// names a household that is known, lives there. Whose numbers contradict the row's is
// shown all the same, but opens no task.
func matchName(row *Household, households []Lead, named []Subject) Matching {
	row = row.Clone()
	Normalise(row) // an ID number gives the birth date
	var fit, other []Subject
	for _, s := range named {
		p := &row.Persons[0]
		switch {
		case p.Name == "" || NormaliseName(p.Name) != NormaliseName(s.Person.Name) || p.BirthDate == "" || p.BirthDate != s.Person.BirthDate:
		case len(households) > 0 && s.Household.ID != households[0].Household.ID:
		case contradict(p, s.Person):
			other = append(other, s)
		default:
			fit = append(fit, s)
		}
	}
	if len(fit) > 0 {
		return unmatchedRow(Ambiguous, fault.MatchByNameOnly, fit)
	}
	return unmatchedRow(NotFound, fault.MatchNotFound, other)
}

// Applicable refuses facts that lie after what they are about: a death, a departure, a
// closing.
func Applicable(m Matching, row *Household, g Group, on date.Date) Matching {
	var why, chinese string
	when, personal := factDate(row, g, on)
	h, p := m.Household, m.Person
	switch {
	case h.closed() && (h.Closing == nil || h.Closing.On <= when):
		why, chinese = "the household is closed", "户已销"
	case p == nil || p.LeftOn == "" || when < p.LeftOn:
	case p.LeaveReason == LeaveDeath && !personal: // the household lives on
	case p.LeaveReason == LeaveDeath:
		why, chinese = "the person had died", "人员已去世"
	default:
		why, chinese = "the person had left", "人员已离户"
	}
	if why != "" {
		m.State, m.Reason = NotApplicable, fault.New(fault.MatchNotApplicable, "why", why, "why_zh", chinese)
	}
	return m
}

// factDate is the day of the newest fact in a row, and whether its facts are about the
// person. An insurance year counts from its first day: who dies in it was insured.
func factDate(row *Household, g Group, on date.Date) (newest date.Date, personal bool) {
	see := func(d date.Date) { newest = max(newest, d) }
	switch g {
	case GroupHousing:
		for _, e := range row.Housing.Damages {
			see(e.HappenedOn)
		}
		for _, e := range row.Housing.Appraisals {
			see(e.AppraisedOn)
		}
	case GroupCivil:
		for _, e := range row.Assistance {
			see(e.From)
			personal = personal || e.Person != ""
		}
	case GroupEducation, GroupMedical:
		personal = true
		for _, p := range row.Persons {
			if p.Education != nil && g == GroupEducation {
				see(p.Education.AsOf)
			}
			for _, e := range p.Insurances {
				if g == GroupMedical {
					see(date.Date(year(e.Year) + "-01-01"))
				}
			}
		}
	}
	for _, e := range row.Benefits {
		if e.Group == g || e.Group == "" {
			see(e.PaidOn)
			personal = personal || e.Person != "" || e.Kind.OfPerson()
		}
	}
	if newest == "" {
		newest = on
	}
	return newest, personal
}

func unmatchedRow(state MatchState, reason fault.Reason, candidates []Subject) Matching {
	return Matching{State: state, Candidates: candidates, Reason: fault.New(reason)}
}

// subjects lists those of leads once; a household gives way to a person in it.
func subjects(leads []Lead) (out []Subject) {
	for _, l := range leads {
		known := slices.ContainsFunc(out, func(s Subject) bool {
			return s.Household.ID == l.Household.ID && (l.Person == nil || (s.Person != nil && s.Person.ID == l.Person.ID))
		})
		if !known {
			out = append(out, l.Subject)
		}
	}
	return out
}
