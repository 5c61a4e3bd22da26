package wire

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/household"
)

// enum is what protoc-gen-go makes of an enum.
type enum interface {
	~int32
	protoreflect.Enum
}

// codes turns the text codes of one list into the contract's enum and back. The
// names are the same but for the enum's prefix, so the table comes from the
// descriptor and nobody writes it by hand.
type codes[C ~string, E enum] struct {
	texts   []C // by number; "" for the unspecified value
	numbers map[C]E
}

func codesOf[C ~string, E enum]() codes[C, E] {
	var zero E
	values := zero.Descriptor().Values()
	prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	t := codes[C, E]{texts: make([]C, values.Len()), numbers: make(map[C]E, values.Len())}
	for i := 1; i < values.Len(); i++ {
		v := values.Get(i)
		text := C(strings.TrimPrefix(string(v.Name()), prefix))
		t.texts[v.Number()] = text
		t.numbers[text] = E(v.Number())
	}
	return t
}

// number is the enum value of a code; a code that the contract doesn't know is unspecified.
func (t codes[C, E]) number(c C) E {
	if c == "" {
		return 0
	}
	return t.numbers[c]
}

// text is the code of an enum value. A number that this program doesn't know stays
// visible as its digits, so that validation refuses it instead of taking it for
// "not recorded".
func (t codes[C, E]) text(e E) C {
	if n := int(e); n >= 0 && n < len(t.texts) {
		return t.texts[n]
	}
	return C(strconv.Itoa(int(e)))
}

var (
	groups          = codesOf[household.Group, hubv1.FactGroup]()
	answers         = codesOf[household.Answer, hubv1.Answer]()
	povertyStatuses = codesOf[household.PovertyStatus, hubv1.PovertyStatus]()
	supportStatuses = codesOf[household.SupportStatus, hubv1.SupportStatus]()
	attributes      = codesOf[household.Attribute, hubv1.Attribute]()
	causes          = codesOf[household.Cause, hubv1.Cause]()
	standards       = codesOf[household.IdentificationStandard, hubv1.IdentificationStandard]()
	monitorTypes    = codesOf[household.MonitorType, hubv1.MonitorType]()
	structures      = codesOf[household.Structure, hubv1.Structure]()
	sexes           = codesOf[household.Sex, hubv1.Sex]()
	relations       = codesOf[household.Relation, hubv1.Relation]()
	educationLevels = codesOf[household.EducationLevel, hubv1.EducationLevel]()
	schoolStages    = codesOf[household.SchoolStage, hubv1.SchoolStage]()
	healths         = codesOf[household.Health, hubv1.Health]()
	labourAbilities = codesOf[household.LabourAbility, hubv1.LabourAbility]()
	workPlaces      = codesOf[household.WorkPlace, hubv1.WorkPlace]()
	joinReasons     = codesOf[household.JoinReason, hubv1.JoinReason]()
	leaveReasons    = codesOf[household.LeaveReason, hubv1.LeaveReason]()
	enrolments      = codesOf[household.Enrolment, hubv1.Enrolment]()
	studyPlaces     = codesOf[household.StudyPlace, hubv1.StudyPlace]()
	needCategories  = codesOf[household.NeedCategory, hubv1.NeedCategory]()
	shockKinds      = codesOf[household.ShockKind, hubv1.ShockKind]()
	damageCauses    = codesOf[household.DamageCause, hubv1.DamageCause]()
	grades          = codesOf[household.Grade, hubv1.Grade]()
	assistanceKinds = codesOf[household.AssistanceKind, hubv1.AssistanceKind]()
	taskKinds       = codesOf[household.TaskKind, hubv1.TaskKind]()
	matchStates     = codesOf[household.MatchState, hubv1.MatchState]()
	decisionKinds   = codesOf[household.DecisionKind, hubv1.DecisionKind]()
	closingKinds    = codesOf[household.ClosingKind, hubv1.ClosingKind]()
)

// Group is the code of a fact group of the contract.
func Group(g hubv1.FactGroup) household.Group { return groups.text(g) }

// GroupToProto is the contract's value of a fact group.
func GroupToProto(g household.Group) hubv1.FactGroup { return groups.number(g) }

// PovertyStatus is the code of a poverty status of the contract.
func PovertyStatus(s hubv1.PovertyStatus) household.PovertyStatus { return povertyStatuses.text(s) }

// SupportStatus is the code of a support status of the contract.
func SupportStatus(s hubv1.SupportStatus) household.SupportStatus { return supportStatuses.text(s) }

// Relation is the code of a relation of the contract.
func Relation(r hubv1.Relation) household.Relation { return relations.text(r) }

// MatchStateToProto is the contract's value of a match state.
func MatchStateToProto(s household.MatchState) hubv1.MatchState { return matchStates.number(s) }

// ClosingKind is the code of a closing's kind of the contract.
func ClosingKind(k hubv1.ClosingKind) household.ClosingKind { return closingKinds.text(k) }

// SupportStatusToProto is the contract's value of a support status.
func SupportStatusToProto(s household.SupportStatus) hubv1.SupportStatus {
	return supportStatuses.number(s)
}
