package wire

import (
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

func personToProto(m household.Person) *hubv1.Person {
	return &hubv1.Person{
		Id:              m.ID,
		PersonNumber:    m.PersonNumber,
		Name:            m.Name,
		Sex:             sexes.number(m.Sex),
		IdNumber:        m.IDNumber,
		FormerIdNumbers: m.FormerIDNumbers,
		DisabilityCard:  m.DisabilityCard,
		BirthDate:       string(m.BirthDate),
		Relation:        relations.number(m.Relation),
		EthnicGroup:     m.EthnicGroup,
		EducationLevel:  educationLevels.number(m.EducationLevel),
		SchoolStage:     schoolStages.number(m.SchoolStage),
		Health:          healths.number(m.Health),
		LabourAbility:   labourAbilities.number(m.LabourAbility),
		WorkPlace:       workPlaces.number(m.WorkPlace),
		WorkMonths:      small(m.WorkMonths),
		Phone:           m.Phone,
		ActiveMilitary:  answers.number(m.ActiveMilitary),
		JoinedOn:        string(m.JoinedOn),
		JoinReason:      joinReasons.number(m.JoinReason),
		LeftOn:          string(m.LeftOn),
		LeaveReason:     leaveReasons.number(m.LeaveReason),
		LeaveEvidence:   m.LeaveEvidence,
		DuplicateOf:     m.DuplicateOf,
		Duplicates:      each(m.Duplicates, duplicateToProto),
		WrongIdNumbers:  m.WrongIDNumbers,
		Education:       educationToProto(m.Education),
		Insurances:      each(m.Insurances, insuranceToProto),
	}
}

func personFromProto(p *hubv1.Person) household.Person {
	return household.Person{
		ID:              p.GetId(),
		PersonNumber:    p.GetPersonNumber(),
		Name:            p.GetName(),
		Sex:             sexes.text(p.GetSex()),
		IDNumber:        p.GetIdNumber(),
		FormerIDNumbers: p.GetFormerIdNumbers(),
		DisabilityCard:  p.GetDisabilityCard(),
		BirthDate:       date.Date(p.GetBirthDate()),
		Relation:        relations.text(p.GetRelation()),
		EthnicGroup:     p.GetEthnicGroup(),
		EducationLevel:  educationLevels.text(p.GetEducationLevel()),
		SchoolStage:     schoolStages.text(p.GetSchoolStage()),
		Health:          healths.text(p.GetHealth()),
		LabourAbility:   labourAbilities.text(p.GetLabourAbility()),
		WorkPlace:       workPlaces.text(p.GetWorkPlace()),
		WorkMonths:      int(p.GetWorkMonths()),
		Phone:           p.GetPhone(),
		ActiveMilitary:  answers.text(p.GetActiveMilitary()),
		JoinedOn:        date.Date(p.GetJoinedOn()),
		JoinReason:      joinReasons.text(p.GetJoinReason()),
		LeftOn:          date.Date(p.GetLeftOn()),
		LeaveReason:     leaveReasons.text(p.GetLeaveReason()),
		LeaveEvidence:   p.GetLeaveEvidence(),
		DuplicateOf:     p.GetDuplicateOf(),
		Duplicates:      each(p.GetDuplicates(), duplicateFromProto),
		WrongIDNumbers:  p.GetWrongIdNumbers(),
		Education:       educationFromProto(p.GetEducation()),
		Insurances:      each(p.GetInsurances(), insuranceFromProto),
	}
}

func duplicateToProto(d household.Duplicate) *hubv1.Duplicate {
	return &hubv1.Duplicate{Person: d.Person, PersonNumber: d.PersonNumber, IdNumbers: d.IDNumbers, StudentNumber: d.StudentNumber, Elements: d.Elements}
}

func duplicateFromProto(p *hubv1.Duplicate) household.Duplicate {
	return household.Duplicate{
		Person: p.GetPerson(), PersonNumber: p.GetPersonNumber(), IDNumbers: p.GetIdNumbers(), StudentNumber: p.GetStudentNumber(), Elements: p.GetElements(),
	}
}

func educationToProto(e *household.Education) *hubv1.Education {
	if e == nil {
		return nil
	}
	return &hubv1.Education{
		StudentNumber: e.StudentNumber,
		SchoolName:    e.SchoolName,
		Stage:         schoolStages.number(e.Stage),
		Enrolment:     enrolments.number(e.Enrolment),
		StudyPlace:    studyPlaces.number(e.StudyPlace),
		AsOf:          string(e.AsOf),
	}
}

func educationFromProto(p *hubv1.Education) *household.Education {
	if p == nil {
		return nil
	}
	return &household.Education{
		StudentNumber: p.GetStudentNumber(),
		SchoolName:    p.GetSchoolName(),
		Stage:         schoolStages.text(p.GetStage()),
		Enrolment:     enrolments.text(p.GetEnrolment()),
		StudyPlace:    studyPlaces.text(p.GetStudyPlace()),
		AsOf:          date.Date(p.GetAsOf()),
	}
}

func insuranceToProto(i household.Insurance) *hubv1.Insurance {
	return &hubv1.Insurance{
		Year:              small(i.Year),
		Basic:             answers.number(i.Basic),
		CriticalIllness:   answers.number(i.CriticalIllness),
		MedicalAssistance: answers.number(i.MedicalAssistance),
	}
}

func insuranceFromProto(p *hubv1.Insurance) household.Insurance {
	return household.Insurance{
		Year:              int(p.GetYear()),
		Basic:             answers.text(p.GetBasic()),
		CriticalIllness:   answers.text(p.GetCriticalIllness()),
		MedicalAssistance: answers.text(p.GetMedicalAssistance()),
	}
}
