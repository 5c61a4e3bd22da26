package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// EncodeHousehold gives the facts as they are stored: the same facts always give
// the same bytes.
func EncodeHousehold(h *household.Household) ([]byte, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(HouseholdToProto(h))
	if err != nil { // a text that is not UTF-8; protobuf's error may quote it
		return nil, fmt.Errorf("wire: the household cannot be encoded")
	}
	return b, nil
}

// DecodeHousehold reads what EncodeHousehold made.
func DecodeHousehold(b []byte) (*household.Household, error) {
	p := &hubv1.Household{}
	if err := proto.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("wire: the stored household cannot be decoded")
	}
	return HouseholdFromProto(p), nil
}

// HouseholdToProto gives the facts in the contract's shape. What the hub adds to
// them (etag, revision, area, support status) stays empty.
func HouseholdToProto(h *household.Household) *hubv1.Household {
	return &hubv1.Household{
		Id:                     h.ID,
		HouseholdNumber:        h.HouseholdNumber,
		Village:                h.Village,
		VillageGroup:           h.VillageGroup,
		FormerHouseholdNumbers: h.FormerHouseholdNumbers,
		Register:               registerToProto(&h.Register),
		Persons:                each(h.Persons, personToProto),
		Incomes:                each(h.Incomes, incomeToProto),
		Helpers:                each(h.Helpers, helperToProto),
		Needs:                  each(h.Needs, needToProto),
		Shocks:                 each(h.Shocks, shockToProto),
		Damages:                each(h.Housing.Damages, damageToProto),
		Appraisals:             each(h.Housing.Appraisals, appraisalToProto),
		Assistance:             each(h.Assistance, assistanceToProto),
		Benefits:               each(h.Benefits, benefitToProto),
		Tasks:                  each(h.Tasks, taskToProto),
		Decisions:              each(h.Decisions, decisionToProto),
		Closing:                closingToProto(h.Closing),
		Sources:                sourcesToProto(h.Sources),
		Events:                 each(h.Events, eventToProto),
	}
}

// HouseholdFromProto takes the facts out of the contract's shape and leaves what
// the hub itself sets. It checks nothing; that is household.Validate's work.
func HouseholdFromProto(p *hubv1.Household) *household.Household {
	return &household.Household{
		ID:                     p.GetId(),
		HouseholdNumber:        p.GetHouseholdNumber(),
		Village:                p.GetVillage(),
		VillageGroup:           p.GetVillageGroup(),
		FormerHouseholdNumbers: p.GetFormerHouseholdNumbers(),
		Register:               registerFromProto(p.GetRegister()),
		Persons:                each(p.GetPersons(), personFromProto),
		Incomes:                each(p.GetIncomes(), incomeFromProto),
		Helpers:                each(p.GetHelpers(), helperFromProto),
		Needs:                  each(p.GetNeeds(), needFromProto),
		Shocks:                 each(p.GetShocks(), shockFromProto),
		Housing: household.Housing{
			Damages:    each(p.GetDamages(), damageFromProto),
			Appraisals: each(p.GetAppraisals(), appraisalFromProto),
		},
		Assistance: each(p.GetAssistance(), assistanceFromProto),
		Benefits:   each(p.GetBenefits(), benefitFromProto),
		Tasks:      each(p.GetTasks(), taskFromProto),
		Decisions:  each(p.GetDecisions(), decisionFromProto),
		Closing:    closingFromProto(p.GetClosing()),
		Sources:    sourcesFromProto(p.GetSources()),
		Events:     each(p.GetEvents(), eventFromProto),
	}
}

func registerToProto(r *household.Register) *hubv1.Register {
	return &hubv1.Register{
		IdentificationStandard: standards.number(r.IdentificationStandard),
		Attribute:              attributes.number(r.Attribute),
		MainCause:              causes.number(r.MainCause),
		OtherCauses:            each(r.OtherCauses, causes.number),
		PovertyStatus:          povertyStatuses.number(r.PovertyStatus),
		FirstIdentifiedOn:      string(r.FirstIdentifiedOn),
		LiftedYear:             small(r.LiftedYear),
		Phone:                  r.Phone,
		Bank:                   r.Bank,
		Account:                r.Account,
		SafeWater:              answers.number(r.SafeWater),
		MilitaryFamily:         answers.number(r.MilitaryFamily),
		MonitorType:            monitorTypes.number(r.MonitorType),
		RiskIdentifiedOn:       string(r.RiskIdentifiedOn),
		RiskEliminatedOn:       string(r.RiskEliminatedOn),
		HousingArea:            r.HousingArea,
		Structure:              structures.number(r.Structure),
		BuiltYear:              small(r.BuiltYear),
	}
}

func registerFromProto(r *hubv1.Register) household.Register {
	return household.Register{
		IdentificationStandard: standards.text(r.GetIdentificationStandard()),
		Attribute:              attributes.text(r.GetAttribute()),
		MainCause:              causes.text(r.GetMainCause()),
		OtherCauses:            each(r.GetOtherCauses(), causes.text),
		PovertyStatus:          povertyStatuses.text(r.GetPovertyStatus()),
		FirstIdentifiedOn:      date.Date(r.GetFirstIdentifiedOn()),
		LiftedYear:             int(r.GetLiftedYear()),
		Phone:                  r.GetPhone(),
		Bank:                   r.GetBank(),
		Account:                r.GetAccount(),
		SafeWater:              answers.text(r.GetSafeWater()),
		MilitaryFamily:         answers.text(r.GetMilitaryFamily()),
		MonitorType:            monitorTypes.text(r.GetMonitorType()),
		RiskIdentifiedOn:       date.Date(r.GetRiskIdentifiedOn()),
		RiskEliminatedOn:       date.Date(r.GetRiskEliminatedOn()),
		HousingArea:            r.GetHousingArea(),
		Structure:              structures.text(r.GetStructure()),
		BuiltYear:              int(r.GetBuiltYear()),
	}
}

// each turns the elements of a list; an empty list becomes nil, as after decoding.
func each[A, B any](in []A, turn func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = turn(v)
	}
	return out
}

// small fits a year or a number of months into the contract's int32; what is too
// great stays too great, so that validation sees it.
func small(n int) int32 {
	const most = 1<<31 - 1
	return int32(min(max(n, -most), most)) //nolint:gosec // within bounds
}
