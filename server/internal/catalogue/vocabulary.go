package catalogue

import (
	"strconv"
	"strings"

	"github.com/bangfuhub/hub/server/internal/household"
)

// Kind is how a record's field is written. Whatever its kind, a field has one
// canonical text, of which row hashes are made; what is absent has the text "".
type Kind int

// Kinds of fields and their canonical text.
const (
	Text         Kind = iota // as it is: codes by their stable name, dates as YYYY-MM-DD
	Integer                  // decimal; 0 counts as absent
	Amount                   // whole fen, decimal; a present zero is "0"
	Truth                    // "true"
	Codes                    // codes joined with ";"
	Entitlements             // "policy,since,until,due" joined with ";"
)

// Word is one field of the record vocabulary; names equal the fields of the
// contract's Record message.
type Word struct {
	Name  string
	Kind  Kind
	Grain Grain // GrainPerson: only lists of persons can have it
}

// Vocabulary lists all words in the order of the contract.
func Vocabulary() []Word {
	out := make([]Word, len(words))
	for i, w := range words {
		out[i] = w.Word
	}
	return out
}

type word struct {
	Word
	text func(*subject) string
}

func ofHousehold(name string, kind Kind, text func(*subject) string) *word {
	return &word{Word{name, kind, GrainHousehold}, text}
}

func ofPerson(name string, kind Kind, text func(*subject) string) *word {
	return &word{Word{name, kind, GrainPerson}, text}
}

var words = []*word{
	ofHousehold("head_name", Text, of(theHead, nameOf)),
	ofHousehold("head_id_number", Text, of(theHead, idOf)),
	ofHousehold("household_number", Text, func(s *subject) string { return s.HouseholdNumber }),
	ofHousehold("member_count", Integer, func(s *subject) string { return number(len(s.present)) }),
	ofHousehold("phone", Text, func(s *subject) string { return s.Register.Phone }),
	ofHousehold("village_group", Text, func(s *subject) string { return s.VillageGroup }),
	ofHousehold("poverty_status", Text, func(s *subject) string { return string(s.Register.PovertyStatus) }),
	ofHousehold("support_status", Text, func(s *subject) string { return string(s.supportStatus()) }),
	ofHousehold("household_attribute", Text, func(s *subject) string { return string(s.Register.Attribute) }),
	ofHousehold("main_cause", Text, func(s *subject) string { return string(s.Register.MainCause) }),
	ofHousehold("lifted_year", Integer, func(s *subject) string { return number(s.Register.LiftedYear) }),
	ofHousehold("unsupported_from", Text, of((*subject).removal, func(d *household.Decision) string { return string(d.EffectiveOn) })),
	ofHousehold("decision_number", Text, of((*subject).removal, func(d *household.Decision) string { return d.Number })),
	ofHousehold("decision_document", Text, of((*subject).removal, func(d *household.Decision) string { return paper(d.Document) })),
	ofHousehold("decided_on", Text, of((*subject).removal, func(d *household.Decision) string { return string(d.DecidedOn) })),
	ofHousehold("announced_on", Text, of((*subject).removal, func(d *household.Decision) string { return string(d.AnnouncedOn) })),
	ofPerson("review", Truth, func(s *subject) string { return truth(s.newcomer()) }),
	ofHousehold("monitor_type", Text, func(s *subject) string { return string(s.Register.MonitorType) }),

	ofPerson("name", Text, func(s *subject) string { return s.p.Name }),
	ofPerson("sex", Text, func(s *subject) string { return string(s.p.Sex) }),
	ofPerson("id_number", Text, func(s *subject) string { return s.p.IDNumber }),
	ofPerson("birth_date", Text, func(s *subject) string { return string(s.p.BirthDate) }),
	ofPerson("relation_to_head", Text, func(s *subject) string { return string(s.p.Relation) }),
	ofPerson("provisional", Truth, func(s *subject) string { return truth(s.p.Provisional()) }),
	ofPerson("person_number", Text, func(s *subject) string { return s.p.PersonNumber }),
	ofPerson("ethnic_group", Text, func(s *subject) string { return s.p.EthnicGroup }),
	ofPerson("health", Text, func(s *subject) string { return string(s.p.Health) }),
	ofPerson("labour_ability", Text, func(s *subject) string { return string(s.p.LabourAbility) }),
	ofPerson("work_place", Text, func(s *subject) string { return string(s.p.WorkPlace) }),
	ofPerson("work_months", Integer, func(s *subject) string { return number(s.p.WorkMonths) }),

	ofPerson("school_stage", Text, func(s *subject) string { return string(s.stage()) }),
	ofPerson("school_name", Text, of(theEducation, func(e *household.Education) string { return e.SchoolName })),
	ofPerson("student_number", Text, of(theEducation, func(e *household.Education) string { return e.StudentNumber })),
	ofPerson("enrolment_status", Text, of(theEducation, func(e *household.Education) string { return string(e.Enrolment) })),
	ofPerson("studying_place", Text, of(theEducation, func(e *household.Education) string { return string(e.StudyPlace) })),
	ofPerson("guardian_name", Text, of((*subject).guardian, nameOf)),
	ofPerson("guardian_id_number", Text, of((*subject).guardian, idOf)),

	ofPerson("insurance_year", Integer, of((*subject).insurance, func(y *household.Insurance) string { return number(y.Year) })),
	ofPerson("basic_insured", Text, of((*subject).insurance, func(y *household.Insurance) string { return string(y.Basic) })),
	ofPerson("critical_illness_insured", Text, of((*subject).insurance, func(y *household.Insurance) string { return string(y.CriticalIllness) })),
	ofPerson("medical_assistance", Text, of((*subject).insurance, func(y *household.Insurance) string { return string(y.MedicalAssistance) })),

	ofHousehold("housing_area", Text, func(s *subject) string { return s.Register.HousingArea }),
	ofHousehold("structure", Text, func(s *subject) string { return string(s.Register.Structure) }),
	ofHousehold("built_year", Integer, func(s *subject) string { return number(s.Register.BuiltYear) }),
	ofHousehold("danger_grade", Text, of(theAppraisal, func(a *household.Appraisal) string { return string(a.Grade) })),
	ofHousehold("appraised_on", Text, of(theAppraisal, func(a *household.Appraisal) string { return string(a.AppraisedOn) })),
	ofHousehold("damage_cause", Text, of(theDamage, func(d *household.Damage) string { return string(d.Cause) })),
	ofHousehold("damaged_on", Text, of(theDamage, func(d *household.Damage) string { return string(d.HappenedOn) })),

	ofHousehold("shock_kind", Text, of(theShock, func(k *household.Shock) string { return string(k.Kind) })),
	ofHousehold("shock_on", Text, of(theShock, func(k *household.Shock) string { return string(k.HappenedOn) })),
	ofHousehold("assistance_kinds", Codes, func(s *subject) string { return strings.Join(s.assistance(), ";") }),

	ofHousehold("income_year", Integer, of(theIncome, func(y *household.Income) string { return number(y.Year) })),
	ofHousehold("per_capita_net_income", Amount, of(theIncome, func(y *household.Income) string { return strconv.FormatInt(y.PerCapitaNet, 10) })),

	ofHousehold("helper_name", Text, of(theHelper, func(a *household.HelperAssignment) string { return a.Name })),
	ofHousehold("helper_unit", Text, of(theHelper, func(a *household.HelperAssignment) string { return a.Unit })),
	ofHousehold("helper_phone", Text, of(theHelper, func(a *household.HelperAssignment) string { return a.Phone })),
	ofHousehold("without_helper_since", Text, func(s *subject) string { return string(s.helperGapSince()) }),

	ofHousehold("open_needs", Codes, func(s *subject) string { return strings.Join(s.openNeeds(), ";") }),
	ofHousehold("oldest_need_on", Text, func(s *subject) string { return string(s.oldestNeed()) }),

	ofHousehold("entitlements", Entitlements, func(s *subject) string { return entitlementsText(s.entitlements) }),

	ofHousehold("todo", Text, func(s *subject) string { return s.todoText("；", func(t *Todo) []part { return t.chinese }) }),
	ofHousehold("todo_en", Text, func(s *subject) string { return s.todoText("; ", func(t *Todo) []part { return t.english }) }),

	ofHousehold("helper_gap_from", Text, func(s *subject) string { return string(s.helping.gap.from) }),
	ofHousehold("helper_gap_to", Text, func(s *subject) string { return string(s.helping.gap.to) }),
	ofHousehold("helper_gap_days", Integer, func(s *subject) string { return number(s.helping.gap.days()) }),
	ofHousehold("benefit_kinds", Codes, whereFound(func(p *protection) string { return strings.Join(p.kinds, ";") })),
	ofHousehold("benefit_year", Integer, whereFound(func(p *protection) string { return number(p.year) })),
	ofHousehold("benefit_excess", Amount, whereFound(func(p *protection) string {
		if p.excess == 0 {
			return ""
		}
		return strconv.FormatInt(p.excess, 10)
	})),
	ofHousehold("benefit_standards", Codes, whereFound(func(p *protection) string { return strings.Join(p.standards, ";") })),
	ofHousehold("helper_ends_on", Text, func(s *subject) string { return string(s.helping.endsOn) }),

	ofHousehold("task_kinds", Codes, func(s *subject) string { return strings.Join(s.taskKinds(), ";") }),
	ofHousehold("task_since", Text, func(s *subject) string { return string(s.tasksSince()) }),
	ofHousehold("task_sources", Codes, func(s *subject) string { return strings.Join(s.taskSources(), ";") }),
}

func wordOf(name string) *word {
	for _, w := range words {
		if w.Name == name {
			return w
		}
	}
	return nil
}

// of makes a field of something that may be absent; its text is "" then.
func of[T any](thing func(*subject) *T, text func(*T) string) func(*subject) string {
	return func(s *subject) string {
		if t := thing(s); t != nil {
			return text(t)
		}
		return ""
	}
}

func theHead(s *subject) *household.Person             { return s.head }
func theEducation(s *subject) *household.Education     { return s.p.Education }
func theAppraisal(s *subject) *household.Appraisal     { return s.appraisal }
func theDamage(s *subject) *household.Damage           { return s.damage }
func theShock(s *subject) *household.Shock             { return s.shock }
func theIncome(s *subject) *household.Income           { return s.income }
func theHelper(s *subject) *household.HelperAssignment { return s.helper }

func nameOf(p *household.Person) string { return p.Name }
func idOf(p *household.Person) string   { return p.IDNumber }

// paper names a document in one line: issuer, number, date.
func paper(d household.Document) string {
	var parts []string
	for _, s := range [...]string{d.Issuer, d.Number, string(d.Date)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func entitlementsText(all []entitlement) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.Grow(64 * len(all))
	for i, e := range all {
		due := "optional"
		if e.policy.Due {
			due = "due"
		}
		if i > 0 {
			b.WriteByte(';')
		}
		for _, part := range [...]string{e.policy.Code, ",", string(e.since), ",", string(e.until), ",", due} {
			b.WriteString(part)
		}
	}
	return b.String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}
