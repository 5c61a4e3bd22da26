package catalogue

import (
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
)

// Standard is what a person may get of a kind of benefit in a calendar year. Standards
// are the province's (law 7). What is paid above one is something to check (see
// protection); nothing is refused by it.
type Standard struct {
	Code                string
	Title, TitleEnglish string
	Kind                household.BenefitKind
	Condition           string // of the persons whom it is for; "": all
	Yearly              int64  // fen
	Basis               string
	From, Until         date.Date // validity, both inclusive; Until "" is open

	when condition
}

// in tells whether the standard is valid in a year, if only for a part of it.
func (s *Standard) in(year int) bool {
	return s.From.Year() <= year && (s.Until == "" || s.Until.Year() >= year)
}

// standards reads the section, which may be left out.
func (r *reader) standards(m mapping) []*Standard {
	if m.find("standards") == nil {
		return nil
	}
	var out []*Standard
	entries := m.entries("standards")
	for _, e := range entries {
		out = append(out, r.standard(e))
	}
	distinct(entries, "code", out, func(s *Standard) string { return s.Code })
	return out
}

func (r *reader) standard(m mapping) *Standard {
	m.only("code", "title", "title_en", "kind", "condition", "yearly_fen", "basis", "from", "until")
	// A policy's rules for conditions: what follows from payments or decisions sets no standard.
	out := &Standard{
		Code: m.name("code"), Title: m.text("title"), TitleEnglish: m.text("title_en"), Kind: household.BenefitKind(m.oneOf("kind", personalKinds()...)),
		Condition: m.optional("condition"), when: m.condition("condition", GrainPerson, true), Basis: m.text("basis"), From: m.date("from"), Until: m.date("until"),
	}
	amount := m.text("yearly_fen")
	fen, err := strconv.ParseInt(amount, 10, 64)
	if amount != "" && (err != nil || fen < 1) {
		m.violate("yearly_fen", fault.Malformed, "form", "100000")
	}
	out.Yearly = fen
	if m.find("from") == nil {
		m.violate("from", fault.Required)
	}
	if out.Until != "" && out.Until < out.From {
		m.violate("until", fault.DateOrder, "before", "from")
	}
	return out
}

// personalKinds are the kinds of benefits that a person's standard can be about.
func personalKinds() []string {
	return slices.DeleteFunc(slices.Clone(household.Codes["BenefitKind"]), func(k string) bool { return !household.BenefitKind(k).OfPerson() })
}
