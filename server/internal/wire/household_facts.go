package wire

import (
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

func incomeToProto(i household.Income) *hubv1.Income {
	return &hubv1.Income{
		Year: small(i.Year), Wage: i.Wage, Business: i.Business, Transfer: i.Transfer,
		Property: i.Property, ProductionCost: i.ProductionCost, PerCapitaNet: i.PerCapitaNet,
	}
}

func incomeFromProto(p *hubv1.Income) household.Income {
	return household.Income{
		Year: int(p.GetYear()), Wage: p.GetWage(), Business: p.GetBusiness(), Transfer: p.GetTransfer(),
		Property: p.GetProperty(), ProductionCost: p.GetProductionCost(), PerCapitaNet: p.GetPerCapitaNet(),
	}
}

func helperToProto(a household.HelperAssignment) *hubv1.HelperAssignment {
	return &hubv1.HelperAssignment{
		Id: a.ID, Name: a.Name, Unit: a.Unit, Post: a.Post, Phone: a.Phone,
		From: string(a.From), To: string(a.To), Reason: a.Reason,
	}
}

func helperFromProto(p *hubv1.HelperAssignment) household.HelperAssignment {
	return household.HelperAssignment{
		ID: p.GetId(), Name: p.GetName(), Unit: p.GetUnit(), Post: p.GetPost(), Phone: p.GetPhone(),
		From: date.Date(p.GetFrom()), To: date.Date(p.GetTo()), Reason: p.GetReason(),
	}
}

func needToProto(n household.Need) *hubv1.Need {
	return &hubv1.Need{
		Id: n.ID, Category: needCategories.number(n.Category), Person: n.Person,
		AroseOn: string(n.AroseOn), Evidence: n.Evidence, FulfilledOn: string(n.FulfilledOn),
	}
}

func needFromProto(p *hubv1.Need) household.Need {
	return household.Need{
		ID: p.GetId(), Category: needCategories.text(p.GetCategory()), Person: p.GetPerson(),
		AroseOn: date.Date(p.GetAroseOn()), Evidence: p.GetEvidence(), FulfilledOn: date.Date(p.GetFulfilledOn()),
	}
}

func shockToProto(s household.Shock) *hubv1.Shock {
	return &hubv1.Shock{
		Id: s.ID, Kind: shockKinds.number(s.Kind), Person: s.Person,
		HappenedOn: string(s.HappenedOn), ResolvedOn: string(s.ResolvedOn), Note: s.Note,
	}
}

func shockFromProto(p *hubv1.Shock) household.Shock {
	return household.Shock{
		ID: p.GetId(), Kind: shockKinds.text(p.GetKind()), Person: p.GetPerson(),
		HappenedOn: date.Date(p.GetHappenedOn()), ResolvedOn: date.Date(p.GetResolvedOn()), Note: p.GetNote(),
	}
}

func damageToProto(d household.Damage) *hubv1.Damage {
	return &hubv1.Damage{Id: d.ID, Cause: damageCauses.number(d.Cause), HappenedOn: string(d.HappenedOn)}
}

func damageFromProto(p *hubv1.Damage) household.Damage {
	return household.Damage{ID: p.GetId(), Cause: damageCauses.text(p.GetCause()), HappenedOn: date.Date(p.GetHappenedOn())}
}

func appraisalToProto(a household.Appraisal) *hubv1.Appraisal {
	return &hubv1.Appraisal{
		Id: a.ID, Grade: grades.number(a.Grade), AppraisedOn: string(a.AppraisedOn),
		Appraiser: a.Appraiser, Certificate: a.Certificate, RenovatedOn: string(a.RenovatedOn),
	}
}

func appraisalFromProto(p *hubv1.Appraisal) household.Appraisal {
	return household.Appraisal{
		ID: p.GetId(), Grade: grades.text(p.GetGrade()), AppraisedOn: date.Date(p.GetAppraisedOn()),
		Appraiser: p.GetAppraiser(), Certificate: p.GetCertificate(), RenovatedOn: date.Date(p.GetRenovatedOn()),
	}
}

func assistanceToProto(a household.Assistance) *hubv1.Assistance {
	return &hubv1.Assistance{
		Id: a.ID, Kind: assistanceKinds.number(a.Kind), Person: a.Person, From: string(a.From), To: string(a.To),
	}
}

func assistanceFromProto(p *hubv1.Assistance) household.Assistance {
	return household.Assistance{
		ID: p.GetId(), Kind: assistanceKinds.text(p.GetKind()), Person: p.GetPerson(),
		From: date.Date(p.GetFrom()), To: date.Date(p.GetTo()),
	}
}

func benefitToProto(b household.Benefit) *hubv1.Benefit {
	return &hubv1.Benefit{
		Id: b.ID, Group: groups.number(b.Group), Kind: benefitKinds.number(b.Kind), Person: b.Person, Stage: schoolStages.number(b.Stage),
		Year: small(b.Year), Term: schoolTerms.number(b.Term), Amount: b.Amount, PaidOn: string(b.PaidOn), Document: b.Document,
	}
}

func benefitFromProto(p *hubv1.Benefit) household.Benefit {
	return household.Benefit{
		ID: p.GetId(), Group: groups.text(p.GetGroup()), Kind: benefitKinds.text(p.GetKind()), Person: p.GetPerson(),
		Stage: schoolStages.text(p.GetStage()), Year: int(p.GetYear()), Term: schoolTerms.text(p.GetTerm()), Amount: p.GetAmount(),
		PaidOn: date.Date(p.GetPaidOn()), Document: p.GetDocument(),
	}
}
