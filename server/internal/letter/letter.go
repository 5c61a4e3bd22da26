// Package letter holds the official letters (函告) by which departments are told who is no
// longer supported (clause 四(二)): drafted by rule, signed off, issued, and followed at
// every recipient until it is applied or its objection is answered. Letters are never
// edited (law 9): a wrong one is followed by a correcting letter. It is pure.
package letter

import (
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/removal"
)

// Own is the department that writes the letters; it writes none to itself.
const Own = "poverty-alleviation"

// Roster is the list that copies prove letters by.
const Roster = "no-longer-supported"

// MaxItems bounds a letter; a draft that would grow beyond is complete.
const MaxItems = 500

// Kind is what a letter is for.
type Kind string

// Kinds.
const (
	Notice     Kind = "NOTICE"
	Correction Kind = "CORRECTION"
)

// State is where a letter stands at the office.
type State string

// States.
const (
	Draft     State = "DRAFT"
	Signed    State = "SIGNED"
	Issued    State = "ISSUED"
	Withdrawn State = "WITHDRAWN" // every item was taken back by correcting letters
	Cancelled State = "CANCELLED" // emptied before it was issued
)

// Role is in what capacity an agency acts on letters.
type Role string

// Roles.
const (
	RolePrepare Role = "PREPARE" // issues, answers objections
	RoleSign    Role = "SIGN"    // signs off
)

// ItemKind is what an item says.
type ItemKind string

// Kinds of items.
const (
	End     ItemKind = "END"     // the policy ends after LastDay
	Resume  ItemKind = "RESUME"  // an END is taken back, support goes on from FirstDay
	Restate ItemKind = "RESTATE" // an END stands, the person was named wrongly
)

// Letter is one letter to a department in an area, with everything that became of it.
type Letter struct {
	ID, Area, Department string
	Kind                 Kind
	State                State
	Terms                removal.LetterTerms // under which it was opened
	OpenedOn             date.Date
	Items                []Item    // numbered by their place, from 1
	DecidedAt            time.Time // of its newest decision
	Digest               string    // once signed off
	Corrects             []string  // CORRECTION: ids of letters
	CorrectedBy          []CorrectedBy

	SignedOn, IssuedOn    date.Date
	SignedBy, IssuedBy    Actor
	IssuedAt, WithdrawnAt time.Time
	Number                string
	Transaction           int64 // the area's last one at the issue
	Receipts              []Receipt
	Objections            []Objection
}

// Actor is who does something. Person is opaque.
type Actor struct{ Agency, Client, Person string }

// Item is one numbered item. Its texts are as known when it was written.
type Item struct {
	Kind                     ItemKind
	Household, Person        string // of a policy for the whole household, Person is its head
	HouseholdWide            bool
	Village                  string
	Case                     string // id of the removal case
	Decision, DecisionNumber string // that ends the policy
	Policy, PolicyTitle      string
	LastDay, FirstDay        date.Date
	Effective                date.Date // first day on which what it says holds
	Name, IDNumber           string
	BirthDate                date.Date
	Corrected                string // id of the letter that corrects it
}

// CorrectedBy is a letter that corrects this one.
type CorrectedBy struct{ Letter, Number string }

// Receipt is what a recipient did.
type Receipt struct {
	Agency                                 string
	DeliveredAt, AcknowledgedAt, AppliedAt time.Time // zero: not yet
	AcknowledgedBy, AppliedBy              Actor
	Proved                                 bool // by the recipient's copy
}

// Ground is what a recipient objects to.
type Ground string

// Grounds.
const (
	GroundIdentity Ground = "IDENTITY"
	GroundDeceased Ground = "DECEASED"
	GroundInNeed   Ground = "IN_NEED"
	GroundLastDay  Ground = "LAST_DAY"
	GroundNotOurs  Ground = "NOT_OURS"
	GroundDiffers  Ground = "DIFFERS" // opened by the hub
	GroundOther    Ground = "OTHER"
)

// Subject is what an objection is about.
type Subject string

// Subjects.
const (
	SubjectFact     Subject = "FACT"
	SubjectDecision Subject = "DECISION"
)

// Subject tells what an objection on a ground is about.
func (g Ground) Subject() Subject {
	switch g {
	case GroundInNeed, GroundLastDay, GroundNotOurs:
		return SubjectDecision
	}
	return SubjectFact
}

// ObjectionState is how an objection stands.
type ObjectionState string

// States of objections.
const (
	ObjectionOpen ObjectionState = "OPEN"
	Corrected     ObjectionState = "CORRECTED"
	Refused       ObjectionState = "REFUSED"
)

// Objection is what a recipient objects to; numbered by its place, from 1.
type Objection struct {
	Agency     string
	Item       int // 0: the letter as a whole
	Ground     Ground
	Text       string
	By         Actor // Person "": the hub
	OpenedAt   time.Time
	OpenedOn   date.Date
	State      ObjectionState
	AnsweredAt time.Time
	AnsweredOn date.Date
	Answer     string
	AnsweredBy Actor
}

// Context is what the hub knows when something is done to a letter.
type Context struct {
	Today    date.Date
	Time     time.Time
	Actor    Actor
	Calendar *removal.Calendar
}
