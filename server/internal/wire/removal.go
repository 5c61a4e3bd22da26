package wire

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/removal"
)

var (
	caseStates    = codesOf[removal.State, hubv1.RemovalState]()
	stepKinds     = codesOf[removal.StepKind, hubv1.StepKind]()
	removalRoles  = codesOf[removal.Role, hubv1.RemovalRole]()
	evidenceKinds = codesOf[removal.EvidenceKind, hubv1.EvidenceKind]()
	grounds       = codesOf[removal.Ground, hubv1.ReversalGround]()
	holdKinds     = codesOf[removal.HoldKind, hubv1.HoldKind]()
)

// caseDocument is a case as it is kept: in the contract's shape, and beside it the whole
// parameters that it was opened under. The hub's own, version 0, change with the program;
// a case under way must not change with them.
type caseDocument struct {
	Case       []byte
	Parameters removal.Parameters
}

// EncodeCase gives the document of a case as it is kept.
func EncodeCase(c removal.Case) ([]byte, error) {
	inner, err := proto.MarshalOptions{Deterministic: true}.Marshal(CaseToProto(c))
	if err != nil {
		return nil, err
	}
	return json.Marshal(caseDocument{Case: inner, Parameters: c.Parameters})
}

// DecodeCase reads it.
func DecodeCase(doc []byte) (removal.Case, error) {
	var d caseDocument
	if err := json.Unmarshal(doc, &d); err != nil {
		return removal.Case{}, err
	}
	var p hubv1.RemovalCase
	if err := proto.Unmarshal(d.Case, &p); err != nil {
		return removal.Case{}, err
	}
	c := caseFromProto(&p)
	c.Parameters = d.Parameters
	return c, nil
}

// CaseToProto is a case in the contract's shape, without what depends on the day.
func CaseToProto(c removal.Case) *hubv1.RemovalCase {
	return &hubv1.RemovalCase{
		Id: c.ID, Area: c.Area, Household: c.Household, Village: c.Village, State: caseStates.number(c.State),
		ParametersVersion: int32(c.Parameters.Version), //nolint:gosec // counted by hand
		Steps:             each(c.Steps, stepToProto), Overridden: c.Overridden, Flagged: c.Flagged, Ends: each(c.Ends, RemovalEndToProto),
		EffectiveOn: string(c.EffectiveOn), Decision: c.Decision, DecisionNumber: c.DecisionNumber, Reversal: c.Reversal, Persons: c.Persons,
	}
}

func caseFromProto(p *hubv1.RemovalCase) removal.Case {
	return removal.Case{
		ID: p.GetId(), Area: p.GetArea(), Household: p.GetHousehold(), Village: p.GetVillage(), State: caseStates.text(p.GetState()),
		Steps:      each(p.GetSteps(), StepFromProto),
		Overridden: p.GetOverridden(), Flagged: p.GetFlagged(), Ends: each(p.GetEnds(), removalEndFromProto),
		EffectiveOn: date.Date(p.GetEffectiveOn()), Decision: p.GetDecision(), DecisionNumber: p.GetDecisionNumber(), Reversal: p.GetReversal(), Persons: p.GetPersons(),
	}
}

func stepToProto(s removal.Step) *hubv1.RemovalStep {
	out := &hubv1.RemovalStep{
		Kind: stepKinds.number(s.Kind), Number: int32(s.Number), On: string(s.On), //nolint:gosec // counted by hand
		Time: s.Time.UTC().Format(time.RFC3339Nano), Agency: s.Actor.Agency, Client: s.Actor.Client, Person: s.Actor.Person,
		Evidence: each(s.Evidence, evidenceToProto), Reason: s.Reason, Override: s.Override, Holds: each(s.Holds, HoldToProto),
		DecisionNumber: s.DecisionNumber, Document: documentToProto(s.Document), EffectiveOn: string(s.EffectiveOn), Ground: grounds.number(s.Ground),
	}
	if m := s.Meeting; m != nil {
		//nolint:gosec // at most 10,000
		out.Meeting = &hubv1.Meeting{On: string(m.On), Members: int32(m.Members), Present: int32(m.Present), Yes: int32(m.Yes), No: int32(m.No)}
	}
	if p := s.Posting; p != nil {
		out.Posting = &hubv1.Posting{Place: p.Place, From: string(p.From)}
	}
	return out
}

// StepFromProto takes a step out of the contract's shape.
func StepFromProto(p *hubv1.RemovalStep) removal.Step {
	at, _ := time.Parse(time.RFC3339Nano, p.GetTime()) // "" in a request: the hub sets it
	out := removal.Step{
		Kind: stepKinds.text(p.GetKind()), Number: int(p.GetNumber()), On: date.Date(p.GetOn()), Time: at,
		Actor:    removal.Actor{Agency: p.GetAgency(), Client: p.GetClient(), Person: p.GetPerson()},
		Evidence: each(p.GetEvidence(), EvidenceFromProto), Reason: p.GetReason(), Override: p.GetOverride(), Holds: each(p.GetHolds(), holdFromProto),
		DecisionNumber: p.GetDecisionNumber(), Document: DocumentFromProto(p.GetDocument()), EffectiveOn: date.Date(p.GetEffectiveOn()),
		Ground: Ground(p.GetGround()),
	}
	if m := p.GetMeeting(); m != nil {
		out.Meeting = &removal.Meeting{On: date.Date(m.GetOn()), Members: int(m.GetMembers()), Present: int(m.GetPresent()), Yes: int(m.GetYes()), No: int(m.GetNo())}
	}
	if at := p.GetPosting(); at != nil {
		out.Posting = &removal.Posting{Place: at.GetPlace(), From: date.Date(at.GetFrom())}
	}
	return out
}

func evidenceToProto(e removal.Evidence) *hubv1.Evidence {
	return &hubv1.Evidence{Kind: evidenceKinds.number(e.Kind), Sha256: e.SHA256, MediaType: e.MediaType, Dated: string(e.Dated)}
}

// EvidenceFromProto takes a document's mention out of the contract's shape.
func EvidenceFromProto(p *hubv1.Evidence) removal.Evidence {
	return removal.Evidence{Kind: evidenceKinds.text(p.GetKind()), SHA256: p.GetSha256(), MediaType: p.GetMediaType(), Dated: date.Date(p.GetDated())}
}

// RemovalEndToProto is the last day of a policy in the contract's shape.
func RemovalEndToProto(e removal.End) *hubv1.RemovalEnd {
	return &hubv1.RemovalEnd{Person: e.Person, Policy: e.Policy, LastDay: string(e.LastDay), Rule: e.Rule}
}

func removalEndFromProto(p *hubv1.RemovalEnd) removal.End {
	return removal.End{Person: p.GetPerson(), Policy: p.GetPolicy(), LastDay: date.Date(p.GetLastDay()), Rule: p.GetRule()}
}

// HoldToProto is a hold in the contract's shape, without its words.
func HoldToProto(h removal.Hold) *hubv1.RemovalHold {
	return &hubv1.RemovalHold{Kind: holdKinds.number(h.Kind), Person: h.Person}
}

func holdFromProto(p *hubv1.RemovalHold) removal.Hold {
	return removal.Hold{Kind: holdKinds.text(p.GetKind()), Person: p.GetPerson()}
}

// CaseState is the code of a case's state of the contract.
func CaseState(s hubv1.RemovalState) removal.State { return caseStates.text(s) }

// CaseStateToProto is the contract's value of a case's state.
func CaseStateToProto(s removal.State) hubv1.RemovalState { return caseStates.number(s) }

// RemovalRole is the code of a role of the contract.
func RemovalRole(r hubv1.RemovalRole) removal.Role { return removalRoles.text(r) }

// RemovalRoleToProto is the contract's value of a role.
func RemovalRoleToProto(r removal.Role) hubv1.RemovalRole { return removalRoles.number(r) }

// Ground is the code of a ground of the contract.
func Ground(g hubv1.ReversalGround) removal.Ground { return grounds.text(g) }

// ParametersToProto are parameters in the contract's shape.
func ParametersToProto(p removal.Parameters) *hubv1.ProcedureParameters {
	//nolint:gosec // the contract bounds all of them
	return &hubv1.ProcedureParameters{
		Version: int32(p.Version), From: string(p.From), Basis: p.Basis, PublicityDays: int32(p.PublicityDays), WorkingDays: p.WorkingDays,
		QuorumPercent: int32(p.QuorumPercent), MajorityPercent: int32(p.MajorityPercent), RestartAfterObjection: p.RestartAfterObjection,
		DaysToEffect: int32(p.DaysToEffect), TermEnds: p.TermEnds, RecentShockDays: int32(p.RecentShockDays), WindowDays: int32(p.WindowDays),
		FlagSharePercent: int32(p.FlagSharePercent), FlagTimesArea: int32(p.FlagTimesArea), FlagCasesInMonth: int32(p.FlagCasesInMonth),
		MinCases: int32(p.MinCases), StepDays: int32(p.StepDays), Letters: letterTermsToProto(p.Letters),
	}
}

// ParametersFromProto takes parameters out of the contract's shape.
func ParametersFromProto(p *hubv1.ProcedureParameters) removal.Parameters {
	return removal.Parameters{
		Version: int(p.GetVersion()), From: date.Date(p.GetFrom()), Basis: p.GetBasis(), PublicityDays: int(p.GetPublicityDays()), WorkingDays: p.GetWorkingDays(),
		QuorumPercent: int(p.GetQuorumPercent()), MajorityPercent: int(p.GetMajorityPercent()), RestartAfterObjection: p.GetRestartAfterObjection(),
		DaysToEffect: int(p.GetDaysToEffect()), TermEnds: p.GetTermEnds(), RecentShockDays: int(p.GetRecentShockDays()), WindowDays: int(p.GetWindowDays()),
		FlagSharePercent: int(p.GetFlagSharePercent()), FlagTimesArea: int(p.GetFlagTimesArea()), FlagCasesInMonth: int(p.GetFlagCasesInMonth()),
		MinCases: int(p.GetMinCases()), StepDays: int(p.GetStepDays()), Letters: letterTermsFromProto(p.GetLetters()),
	}
}
