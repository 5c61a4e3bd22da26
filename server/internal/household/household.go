// Package household holds the facts about one household and the rules for
// changing them. It is pure: no clock, no storage, no transport.
//
// A household is one aggregate of facts. Facts are effective-dated; a fact that
// ceases gets an end date, it is not deleted. Facts are grouped by who owns them
// (Group): a writer changes only the groups it owns and deletes nothing that it
// doesn't mention (see Merge).
package household

import "github.com/bangfuhub/hub/server/internal/date"

// MaxMembers bounds a household, so that one household's changes always fit in
// one transaction of the feed (at most 1,000 changes).
const MaxMembers = 50

// Household is the aggregate: one document, one etag, all revisions kept.
type Household struct {
	ID              string // opaque, minted by the hub: "hh_…"
	HouseholdNumber string // 户编号, opaque text of the source register
	// FormerHouseholdNumbers are those of households that it absorbed (see Absorb).
	FormerHouseholdNumbers []string
	Village                string // 12-digit code of the administrative village
	VillageGroup           string // 自然村(组)

	Register   Register           // owner: the poverty-alleviation office
	Persons    []Person           // every person who ever belonged to it
	Incomes    []Income           // one a year
	Helpers    []HelperAssignment // clause 一(六)
	Needs      []Need             // clause 一 lead
	Shocks     []Shock            // clause 一(五)
	Housing    Housing            // owner: housing department
	Assistance []Assistance       // owner: civil affairs
	Benefits   []Benefit          // payments; owner: each one's payer
	Tasks      []Task             // opened by the hub for the office to check
	Decisions  []Decision         // frozen; never written by an import or update
	Closing    *Closing           // evidence that the household is closed
	Sources    map[Group]Provenance
	Events     []Event // what use cases did to it, each with its document; newest last
}

// Event is a use case that was carried out on the household; the hub alone writes it.
type Event struct {
	Cause    string // as of the transaction, e.g. "MARRIAGE"
	On       date.Date
	Document Document
}

// Register is what the office holds about the household as a whole (domain 3.1).
type Register struct {
	IdentificationStandard IdentificationStandard
	Attribute              Attribute
	MainCause              Cause   // exactly one
	OtherCauses            []Cause // at most two
	PovertyStatus          PovertyStatus
	FirstIdentifiedOn      date.Date
	LiftedYear             int // 脱贫年度
	Phone                  string
	Bank                   string
	Account                string
	SafeWater              Answer
	MilitaryFamily         Answer
	MonitorType            MonitorType
	RiskIdentifiedOn       date.Date
	RiskEliminatedOn       date.Date
	HousingArea            string // square metres, decimal, e.g. "86.5"
	Structure              Structure
	BuiltYear              int
}

// Person is a member, now or formerly. Fields up to LeaveEvidence belong to the
// office, Education to the education department, Insurances to medical insurance.
type Person struct {
	ID              string // opaque, minted by the hub: "pp_…"
	PersonNumber    string // 人编号
	Name            string
	Sex             Sex
	IDNumber        string   // 公民身份号码, 18 characters; empty makes the person provisional
	FormerIDNumbers []string // earlier numbers, 18 or 15 characters
	WrongIDNumbers  []string // typing errors that were corrected: they find nobody (see ChangeIDNumber)
	DisabilityCard  string   // 残疾人证号, 20 characters: ID number + 2 digits
	BirthDate       date.Date
	Relation        Relation
	EthnicGroup     string // GB/T 3304 two digits, e.g. "19" for Li
	EducationLevel  EducationLevel
	SchoolStage     SchoolStage // as the office knows it
	Health          Health
	LabourAbility   LabourAbility
	WorkPlace       WorkPlace
	WorkMonths      int // months worked in the year, 0–12
	Phone           string
	ActiveMilitary  Answer
	JoinedOn        date.Date
	JoinReason      JoinReason
	LeftOn          date.Date // first day on which the person no longer belongs
	LeaveReason     LeaveReason
	LeaveEvidence   string // document behind a death or departure
	DuplicateOf     string // hub id of the entry that stayed, where this one was a second one
	Duplicates      []Duplicate

	Education  *Education
	Insurances []Insurance // one a year
}

// Duplicate is a second entry of a person that was merged into theirs (see
// MergePersons): what it was found by finds the person, and goes back with it.
type Duplicate struct {
	Person        string // hub id of the entry
	PersonNumber  string
	IDNumbers     []string
	StudentNumber string
	Elements      []string // keys of the needs, shocks, assistance and benefits taken over
}

// Education is what the education department holds about a member (domain 4.1).
type Education struct {
	StudentNumber string // 学籍号: letter + 18
	SchoolName    string
	Stage         SchoolStage
	Enrolment     Enrolment
	StudyPlace    StudyPlace
	AsOf          date.Date
}

// Insurance is a member's cover in one insurance year (clause 一(二)).
type Insurance struct {
	Year              int
	Basic             Answer
	CriticalIllness   Answer
	MedicalAssistance Answer
}

// Income is the household's income of one income year, in fen.
type Income struct {
	Year           int
	Wage           int64
	Business       int64
	Transfer       int64
	Property       int64
	ProductionCost int64
	PerCapitaNet   int64
}

// HelperAssignment is a period in which a named helper stands for the household.
type HelperAssignment struct {
	ID     string
	Name   string
	Unit   string
	Post   string
	Phone  string
	From   date.Date
	To     date.Date // last day; empty while it lasts
	Reason string    // why it changed
}

// Need is something that a household lacks ("缺什么补什么").
type Need struct {
	ID          string
	Category    NeedCategory
	Person      string // empty: the whole household
	AroseOn     date.Date
	Evidence    string
	FulfilledOn date.Date
}

// Shock is a sudden event of clause 一(五).
type Shock struct {
	ID         string
	Kind       ShockKind
	Person     string
	HappenedOn date.Date
	ResolvedOn date.Date
	Note       string
}

// Housing is what the housing department found (clause 一(三)).
type Housing struct {
	Damages    []Damage
	Appraisals []Appraisal
}

// Damage is an event that damaged the house.
type Damage struct {
	ID         string
	Cause      DamageCause
	HappenedOn date.Date
}

// Appraisal is a graded safety appraisal; the newest one counts.
type Appraisal struct {
	ID          string
	Grade       Grade
	AppraisedOn date.Date
	Appraiser   string
	Certificate string
	RenovatedOn date.Date // acceptance of the renovation that followed
}

// Assistance is a decision of civil affairs: 低保, 特困 or 临时救助.
type Assistance struct {
	ID     string
	Kind   AssistanceKind
	Person string // empty: the whole household
	From   date.Date
	To     date.Date
}

// Task is something that the office has to check because a department's row did not
// fit. It is never a verdict (law 8): it changes no status and no other fact.
type Task struct {
	ID           string // of the row and the person, so that the same row opens no second one
	Kind         TaskKind
	Group        Group    // whose owner sent the row
	Person       string   // hub id; empty: the whole household
	Fields       []string // MISMATCH: what differs; never the values
	OpenedOn     date.Date
	ClosedOn     date.Date
	ClosedReason string
}

// Decision is the end of a finished removal procedure, or its reversal. It is
// frozen: nothing edits it, a wrong one is reversed by a new one (law 9).
type Decision struct {
	ID          string
	Number      string // number as printed on the document
	Kind        DecisionKind
	DecidedOn   date.Date
	AnnouncedOn date.Date
	EffectiveOn date.Date // first day without support, where Ends says nothing else
	Document    Document
	Reverses    string // id of the decision that it takes back
	Ends        []End  // per person and policy
	// Only names the persons whom the decision concerns where supported and unsupported
	// persons came to live in one household (see Absorb). Empty: the whole household,
	// also who joins it later.
	Only []string
}

// Document names the paper behind a fact.
type Document struct {
	Issuer string
	Number string
	Date   date.Date
}

// End is the frozen last day of one policy for one person (or, with an empty
// Person, for the household).
type End struct {
	Person  string
	Policy  string // policy code; "*" every policy of the catalogue
	LastDay date.Date
}

// Closing is the evidence that a household as a whole is closed.
type Closing struct {
	Kind     ClosingKind
	On       date.Date
	Document Document
}

// Provenance says where the facts of a group come from and how old they are.
type Provenance struct {
	Owner  string // agency
	Source string // name of the system or file
	AsOf   date.Date
}
