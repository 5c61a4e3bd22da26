// Package removal holds the procedure by which a household leaves support (clause 一,
// exit paragraph): a case is carried from step to step by persons, each step with its
// evidence, and at its end a decision is frozen. It is pure.
package removal

import (
	"time"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// State is where a case stands.
type State string

// States.
const (
	Proposed    State = "PROPOSED"
	Assessed    State = "ASSESSED"
	Appraised   State = "APPRAISED"
	InPublicity State = "IN_PUBLICITY"
	Objected    State = "OBJECTED"
	Reviewed    State = "REVIEWED"
	Confirmed   State = "CONFIRMED"
	Announced   State = "ANNOUNCED" // the decision is frozen
	Effective   State = "EFFECTIVE" // announced, and its day has come: see StateOn; never stored
	NotPassed   State = "NOT_PASSED"
	Upheld      State = "UPHELD"
	Withdrawn   State = "WITHDRAWN"
	Reversed    State = "REVERSED"
)

// StepKind is what a step does.
type StepKind string

// Steps.
const (
	Propose  StepKind = "PROPOSE"
	Assess   StepKind = "ASSESS"
	Appraise StepKind = "APPRAISE"
	Post     StepKind = "POST"
	Object   StepKind = "OBJECT"
	Dismiss  StepKind = "DISMISS"
	Uphold   StepKind = "UPHOLD"
	Review   StepKind = "REVIEW"
	Confirm  StepKind = "CONFIRM"
	Announce StepKind = "ANNOUNCE"
	Withdraw StepKind = "WITHDRAW"
	Reverse  StepKind = "REVERSE"
)

// Role is in what capacity an agency acts.
type Role string

// Roles.
const (
	RolePropose Role = "PROPOSE" // village committee and resident work team
	RoleReview  Role = "REVIEW"  // township
	RoleConfirm Role = "CONFIRM" // county
)

// EvidenceKind is what a document is.
type EvidenceKind string

// Kinds of evidence.
const (
	EvidenceProposal        EvidenceKind = "PROPOSAL"
	EvidenceAssessment      EvidenceKind = "ASSESSMENT"
	EvidenceMinutes         EvidenceKind = "MINUTES"
	EvidenceSignIn          EvidenceKind = "SIGN_IN"
	EvidenceBallot          EvidenceKind = "BALLOT"
	EvidenceNotice          EvidenceKind = "NOTICE"
	EvidencePhoto           EvidenceKind = "PHOTO"
	EvidenceObjection       EvidenceKind = "OBJECTION"
	EvidenceObjectionReview EvidenceKind = "OBJECTION_REVIEW"
	EvidenceReview          EvidenceKind = "REVIEW"
	EvidenceConfirmation    EvidenceKind = "CONFIRMATION"
	EvidenceAnnouncement    EvidenceKind = "ANNOUNCEMENT"
	EvidenceOverride        EvidenceKind = "OVERRIDE"
	EvidenceReversal        EvidenceKind = "REVERSAL"
)

// Ground is why a removal is taken back.
type Ground string

// Grounds.
const (
	GroundUpheldReview    Ground = "UPHELD_REVIEW"
	GroundWrongDecision   Ground = "WRONG_DECISION"
	GroundReturnToPoverty Ground = "RETURN_TO_POVERTY"
)

// HoldKind is what speaks against confirming.
type HoldKind string

// Holds.
const (
	HoldOpenNeed         HoldKind = "OPEN_NEED"
	HoldDangerousHouse   HoldKind = "DANGEROUS_HOUSE"
	HoldChildOutOfSchool HoldKind = "CHILD_OUT_OF_SCHOOL"
	HoldRecentShock      HoldKind = "RECENT_SHOCK"
	HoldOpenWarning      HoldKind = "OPEN_WARNING"
	HoldIncomeMissing    HoldKind = "INCOME_MISSING"
	HoldNoHelper         HoldKind = "NO_HELPER"
	HoldSocialAssistance HoldKind = "SOCIAL_ASSISTANCE"
)

// Case is one household on its way out of support. Its steps are only ever added to.
type Case struct {
	ID, Area, Household, Village string
	State                        State // as stored; see StateOn
	Parameters                   Parameters
	Persons                      []string // hub ids of the members when it was opened
	Steps                        []Step
	Overridden                   bool      // confirmed over a hold
	Flagged                      bool      // its village was out of line when it was confirmed
	Ends                         []End     // as of the confirmation, and again of the announcement
	EffectiveOn                  date.Date // first day without support
	Decision                     string    // id, once announced
	DecisionNumber               string
	Reversal                     string // id of the decision that took it back
}

// Actor is who takes a step. Person is opaque; without one nobody acts.
type Actor struct{ Agency, Client, Person string }

// Step is something that happened. Number, On, Time and Actor are the hub's.
type Step struct {
	Kind     StepKind
	Number   int
	On       date.Date
	Time     time.Time
	Actor    Actor
	Evidence []Evidence
	Reason   string

	Meeting        *Meeting // APPRAISE
	Posting        *Posting // POST and ANNOUNCE
	Override       bool     // CONFIRM
	Holds          []Hold   // CONFIRM: what spoke against it
	DecisionNumber string   // ANNOUNCE
	Document       household.Document
	EffectiveOn    date.Date // CONFIRM, ANNOUNCE, REVERSE
	Ground         Ground    // REVERSE
}

// Evidence is a document behind a step.
type Evidence struct {
	Kind      EvidenceKind
	SHA256    string // 64 hexadecimal digits
	MediaType string
	Dated     date.Date
}

// Meeting is a villagers' representatives' meeting (村民代表会议).
type Meeting struct {
	On                        date.Date
	Members, Present, Yes, No int
}

// Posting says where and from which day something hangs.
type Posting struct {
	Place string
	From  date.Date
}

// End is the last day of a policy; Person "" is the household.
type End struct {
	Person, Policy string
	LastDay        date.Date
	Rule           string // as Policy.AtRemoval
}

// Hold is something that speaks against confirming. It holds no personal data.
type Hold struct {
	Kind   HoldKind
	Person string // hub id; "" for the household
}

// Parameters are the area's (law 7): versioned, with a basis. The steps are the notice's.
type Parameters struct {
	Version               int
	From                  date.Date // day from which cases are opened under it
	Basis                 string
	PublicityDays         int
	WorkingDays           bool
	QuorumPercent         int // 0: two thirds
	MajorityPercent       int // more than it
	RestartAfterObjection bool
	DaysToEffect          int
	TermEnds              []string // "MM-DD"
	RecentShockDays       int
	WindowDays            int
	FlagSharePercent      int
	FlagTimesArea         int
	FlagCasesInMonth      int
	MinCases              int
	StepDays              int
	Letters               LetterTerms
}
