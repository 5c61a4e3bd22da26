package household

import (
	"slices"
	"strconv"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

// Benefit is a payment that a department made: what over-protection is judged by
// (clause 一(二) 避免过度保障). Its group is the payer's, who alone may write it.
type Benefit struct {
	ID       string
	Group    Group // whose owner paid
	Kind     BenefitKind
	Person   string      // empty: the whole household
	Stage    SchoolStage // for which education paid; empty: the person's present one
	Year     int
	Term     SchoolTerm // empty: the whole year
	Amount   int64      // fen
	PaidOn   date.Date
	Document string // number of the paper behind it
}

// BenefitKind is what was paid for.
type BenefitKind string

// SchoolTerm is half a school year, by when it lies.
type SchoolTerm string

// Kinds and terms.
const (
	EducationAid             BenefitKind = "EDUCATION_AID"                   // 学生资助
	BoardAndBooks            BenefitKind = "BOARD_AND_BOOKS"                 // 普通高中生活费、书本费
	CompulsoryArticles       BenefitKind = "COMPULSORY_ARTICLES"             // 义务教育阶段用品补助
	PremiumSubsidy           BenefitKind = "PREMIUM_SUBSIDY"                 // 参保缴费资助
	HousingRenovationSubsidy BenefitKind = "HOUSING_RENOVATION_SUBSIDY"      // 危房改造补助
	DisasterReconstruction   BenefitKind = "DISASTER_RECONSTRUCTION_SUBSIDY" // 灾后重建补助
	SeismicSubsidy           BenefitKind = "SEISMIC_SUBSIDY"                 // 抗震改造补助

	TermSpring SchoolTerm = "SPRING"
	TermAutumn SchoolTerm = "AUTUMN"
)

// payers says which groups pay a kind of benefit.
var payers = map[BenefitKind][]Group{
	EducationAid: {GroupEducation}, BoardAndBooks: {GroupEducation}, CompulsoryArticles: {GroupEducation},
	PremiumSubsidy:           {GroupMedical},
	HousingRenovationSubsidy: {GroupHousing},
	DisasterReconstruction:   {GroupHousing, GroupCivil},
	SeismicSubsidy:           {GroupHousing},
}

// MaxBenefits bounds what a household holds: a pupil gets several payments a year.
const MaxBenefits = 500

// OfPerson tells whether the kind is always paid to a person, never to a household.
func (k BenefitKind) OfPerson() bool {
	groups := payers[k]
	return slices.Contains(groups, GroupEducation) || slices.Contains(groups, GroupMedical)
}

// natural tells payments of one day apart by their documents: two batches that both paid
// are what the worklist over-protection looks for.
func (e *Benefit) natural() string {
	return natural("benefit", string(e.Group), string(e.Kind), e.Person, strconv.Itoa(e.Year), string(e.Term), string(e.PaidOn), e.Document)
}

func (c *checker) benefits() {
	c.most("benefits", len(c.h.Benefits), MaxBenefits)
	ids := seen{c: c, list: "benefits", field: ".id"}
	for i, e := range c.h.Benefits {
		f := at("benefits", i) + "."
		c.key(&ids, i, e.ID)
		c.required(f+"group", string(e.Group))
		c.code(f+"group", "Group", string(e.Group))
		c.required(f+"kind", string(e.Kind))
		c.code(f+"kind", "BenefitKind", string(e.Kind))
		if of := payers[e.Kind]; len(of) > 0 && codeSets["Group"][string(e.Group)] && !slices.Contains(of, e.Group) {
			c.violate(f+"kind", fault.BenefitOfOtherGroup, "group", string(of[0]))
		}
		if e.Kind.OfPerson() {
			c.required(f+"person", e.Person)
		}
		c.person(f+"person", e.Person)
		c.code(f+"stage", "SchoolStage", string(e.Stage))
		if e.Year == 0 {
			c.violate(f+"year", fault.Required)
		}
		c.year(f+"year", e.Year, c.on.Year()+1) // next year's premium is subsidised in autumn
		c.code(f+"term", "SchoolTerm", string(e.Term))
		c.fen(f+"amount", e.Amount, 1)
		c.required(f+"paid_on", string(e.PaidOn))
		c.past(f+"paid_on", e.PaidOn)
		c.text(f+"document", e.Document, maxName)
	}
}

// benefits merges those that the writer's groups paid; all others stay as they are,
// whatever key a writer gives its own.
func (m *merger) benefits() {
	own := func(e Benefit) bool { return m.owns(e.Group) }
	others := slices.DeleteFunc(slices.Clone(m.out.Benefits), own)
	mine := slices.DeleteFunc(slices.Clone(m.out.Benefits), func(e Benefit) bool { return !own(e) })
	in := slices.DeleteFunc(slices.Clone(m.in.Benefits), func(e Benefit) bool { return !own(e) })
	mine = mergeByKey(mine, in, func(e *Benefit) (string, string) { return e.ID, e.natural() })
	m.out.Benefits = append(others, mine...)
}

// resolveBenefits puts hub ids where the writer's benefits name persons. One that does
// not say who paid is the writer's own, where only one of its groups pays such a kind.
func (m *merger) resolveBenefits() {
	for i := range m.in.Benefits {
		e := &m.in.Benefits[i]
		if e.Group == "" {
			e.Group = m.payer(e.Kind)
		}
		if e.Group == "" && m.paysBenefits() {
			m.violate(at("benefits", i)+".group", fault.Required)
		}
		if m.owns(e.Group) {
			m.resolve(&e.Person, at("benefits", i))
		}
	}
}

func (m *merger) payer(k BenefitKind) Group {
	own := slices.DeleteFunc(slices.Clone(payers[k]), func(g Group) bool { return !m.owns(g) })
	if len(own) != 1 {
		return ""
	}
	return own[0]
}

func (m *merger) paysBenefits() bool {
	return m.owns(GroupEducation) || m.owns(GroupHousing) || m.owns(GroupMedical) || m.owns(GroupCivil)
}
