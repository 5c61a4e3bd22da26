package register

import (
	"strconv"
	"strings"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/household"
)

// draft is a household while the cells of one row are read into it or written from it.
type draft struct {
	household.Household
	person     household.Person
	education  household.Education
	insurance  household.Insurance
	income     household.Income
	helper     household.HelperAssignment
	appraisal  household.Appraisal
	assistance household.Assistance
	benefit    household.Benefit
	names      [4]string // prefecture, county, township, village
}

// field is what a column can hold: where it stands in the contract, how its text is read
// into one canonical form, and where that goes.
type field struct {
	path   string // as in a violation, with [] for any place
	member bool   // of the person in the row, not of the household
	list   string // code list, if any
	read   func(string) (string, *bad)
	get    func(*draft) string
	set    func(*draft, string)
}

func plain[T ~string](path string, read func(string) (string, *bad), at func(*draft) *T) field {
	return field{path: path, member: strings.HasPrefix(path, "persons[]"), read: read,
		get: func(d *draft) string { return string(*at(d)) },
		set: func(d *draft, s string) { *at(d) = T(s) }}
}

func code[T ~string](path, list string, at func(*draft) *T) field {
	f := plain(path, text, at)
	f.list = list
	return f
}

func whole[T int | int64](path string, read func(string) (string, *bad), at func(*draft) *T) field {
	return field{path: path, member: strings.HasPrefix(path, "persons[]"), read: read,
		get: func(d *draft) string {
			if *at(d) == 0 {
				return ""
			}
			return strconv.FormatInt(int64(*at(d)), 10)
		},
		set: func(d *draft, s string) {
			n, _ := strconv.ParseInt(s, 10, 64) // the reader left digits only
			*at(d) = T(n)
		}}
}

// causes are several codes in one cell.
var causes = field{path: "register.other_causes", list: "Cause",
	get: func(d *draft) string {
		out := make([]string, len(d.Register.OtherCauses))
		for i, c := range d.Register.OtherCauses {
			out[i] = string(c)
		}
		return strings.Join(out, " ")
	},
	set: func(d *draft, s string) {
		for c := range strings.FieldsSeq(s) {
			d.Register.OtherCauses = append(d.Register.OtherCauses, household.Cause(c))
		}
	}}

// fields by the names that mappings use.
var fields = map[string]field{
	"household_number": plain("household_number", number, func(d *draft) *string { return &d.HouseholdNumber }),
	"village":          plain("village", villageCode, func(d *draft) *string { return &d.Village }),
	"prefecture_name":  plain("village", text, func(d *draft) *string { return &d.names[0] }),
	"county_name":      plain("village", text, func(d *draft) *string { return &d.names[1] }),
	"township_name":    plain("village", text, func(d *draft) *string { return &d.names[2] }),
	"village_name":     plain("village", text, func(d *draft) *string { return &d.names[3] }),
	"village_group":    plain("village_group", text, func(d *draft) *string { return &d.VillageGroup }),

	"identification_standard": code("register.identification_standard", "IdentificationStandard", func(d *draft) *household.IdentificationStandard { return &d.Register.IdentificationStandard }),
	"attribute":               code("register.attribute", "Attribute", func(d *draft) *household.Attribute { return &d.Register.Attribute }),
	"main_cause":              code("register.main_cause", "Cause", func(d *draft) *household.Cause { return &d.Register.MainCause }),
	"other_causes":            causes,
	"poverty_status":          code("register.poverty_status", "PovertyStatus", func(d *draft) *household.PovertyStatus { return &d.Register.PovertyStatus }),
	"first_identified_on":     plain("register.first_identified_on", day, func(d *draft) *date.Date { return &d.Register.FirstIdentifiedOn }),
	"lifted_year":             whole("register.lifted_year", year, func(d *draft) *int { return &d.Register.LiftedYear }),
	"phone":                   plain("register.phone", number, func(d *draft) *string { return &d.Register.Phone }),
	"bank":                    plain("register.bank", text, func(d *draft) *string { return &d.Register.Bank }),
	"account":                 plain("register.account", number, func(d *draft) *string { return &d.Register.Account }),
	"safe_water":              code("register.safe_water", "Answer", func(d *draft) *household.Answer { return &d.Register.SafeWater }),
	"military_family":         code("register.military_family", "Answer", func(d *draft) *household.Answer { return &d.Register.MilitaryFamily }),
	"monitor_type":            code("register.monitor_type", "MonitorType", func(d *draft) *household.MonitorType { return &d.Register.MonitorType }),
	"risk_identified_on":      plain("register.risk_identified_on", day, func(d *draft) *date.Date { return &d.Register.RiskIdentifiedOn }),
	"risk_eliminated_on":      plain("register.risk_eliminated_on", day, func(d *draft) *date.Date { return &d.Register.RiskEliminatedOn }),
	"housing_area":            plain("register.housing_area", squareMetres, func(d *draft) *string { return &d.Register.HousingArea }),
	"structure":               code("register.structure", "Structure", func(d *draft) *household.Structure { return &d.Register.Structure }),
	"built_year":              whole("register.built_year", year, func(d *draft) *int { return &d.Register.BuiltYear }),

	"income_year":            whole("incomes[].year", year, func(d *draft) *int { return &d.income.Year }),
	"income_wage":            whole("incomes[].wage", money, func(d *draft) *int64 { return &d.income.Wage }),
	"income_business":        whole("incomes[].business", money, func(d *draft) *int64 { return &d.income.Business }),
	"income_transfer":        whole("incomes[].transfer", money, func(d *draft) *int64 { return &d.income.Transfer }),
	"income_property":        whole("incomes[].property", money, func(d *draft) *int64 { return &d.income.Property }),
	"income_production_cost": whole("incomes[].production_cost", money, func(d *draft) *int64 { return &d.income.ProductionCost }),
	"income_per_capita_net":  whole("incomes[].per_capita_net", money, func(d *draft) *int64 { return &d.income.PerCapitaNet }),

	"helper_name":  plain("helpers[].name", text, func(d *draft) *string { return &d.helper.Name }),
	"helper_unit":  plain("helpers[].unit", text, func(d *draft) *string { return &d.helper.Unit }),
	"helper_post":  plain("helpers[].post", text, func(d *draft) *string { return &d.helper.Post }),
	"helper_phone": plain("helpers[].phone", number, func(d *draft) *string { return &d.helper.Phone }),
	"helper_from":  plain("helpers[].from", day, func(d *draft) *date.Date { return &d.helper.From }),

	"person_number":   plain("persons[].person_number", number, func(d *draft) *string { return &d.person.PersonNumber }),
	"name":            plain("persons[].name", name, func(d *draft) *string { return &d.person.Name }),
	"sex":             code("persons[].sex", "Sex", func(d *draft) *household.Sex { return &d.person.Sex }),
	"id_number":       plain("persons[].id_number", idNumber, func(d *draft) *string { return &d.person.IDNumber }),
	"disability_card": plain("persons[].disability_card", idNumber, func(d *draft) *string { return &d.person.DisabilityCard }),
	"birth_date":      plain("persons[].birth_date", day, func(d *draft) *date.Date { return &d.person.BirthDate }),
	"relation":        code("persons[].relation", "Relation", func(d *draft) *household.Relation { return &d.person.Relation }),
	"ethnic_group":    code("persons[].ethnic_group", "EthnicGroup", func(d *draft) *string { return &d.person.EthnicGroup }),
	"education_level": code("persons[].education_level", "EducationLevel", func(d *draft) *household.EducationLevel { return &d.person.EducationLevel }),
	"school_stage":    code("persons[].school_stage", "SchoolStage", func(d *draft) *household.SchoolStage { return &d.person.SchoolStage }),
	"health":          code("persons[].health", "Health", func(d *draft) *household.Health { return &d.person.Health }),
	"labour_ability":  code("persons[].labour_ability", "LabourAbility", func(d *draft) *household.LabourAbility { return &d.person.LabourAbility }),
	"work_place":      code("persons[].work_place", "WorkPlace", func(d *draft) *household.WorkPlace { return &d.person.WorkPlace }),
	"work_months":     whole("persons[].work_months", count, func(d *draft) *int { return &d.person.WorkMonths }),
	"person_phone":    plain("persons[].phone", number, func(d *draft) *string { return &d.person.Phone }),
	"active_military": code("persons[].active_military", "Answer", func(d *draft) *household.Answer { return &d.person.ActiveMilitary }),
	"joined_on":       plain("persons[].joined_on", day, func(d *draft) *date.Date { return &d.person.JoinedOn }),

	"student_number": plain("persons[].education.student_number", number, func(d *draft) *string { return &d.education.StudentNumber }),
	"school_name":    plain("persons[].education.school_name", text, func(d *draft) *string { return &d.education.SchoolName }),
	"study_stage":    code("persons[].education.stage", "SchoolStage", func(d *draft) *household.SchoolStage { return &d.education.Stage }),
	"enrolment":      code("persons[].education.enrolment", "Enrolment", func(d *draft) *household.Enrolment { return &d.education.Enrolment }),
	"study_place":    code("persons[].education.study_place", "StudyPlace", func(d *draft) *household.StudyPlace { return &d.education.StudyPlace }),

	"insurance_year":     whole("persons[].insurances[].year", year, func(d *draft) *int { return &d.insurance.Year }),
	"basic":              code("persons[].insurances[].basic", "Answer", func(d *draft) *household.Answer { return &d.insurance.Basic }),
	"critical_illness":   code("persons[].insurances[].critical_illness", "Answer", func(d *draft) *household.Answer { return &d.insurance.CriticalIllness }),
	"medical_assistance": code("persons[].insurances[].medical_assistance", "Answer", func(d *draft) *household.Answer { return &d.insurance.MedicalAssistance }),

	"grade":        code("appraisals[].grade", "Grade", func(d *draft) *household.Grade { return &d.appraisal.Grade }),
	"appraised_on": plain("appraisals[].appraised_on", day, func(d *draft) *date.Date { return &d.appraisal.AppraisedOn }),
	"appraiser":    plain("appraisals[].appraiser", text, func(d *draft) *string { return &d.appraisal.Appraiser }),
	"certificate":  plain("appraisals[].certificate", text, func(d *draft) *string { return &d.appraisal.Certificate }),
	"renovated_on": plain("appraisals[].renovated_on", day, func(d *draft) *date.Date { return &d.appraisal.RenovatedOn }),

	"assistance_kind": code("assistance[].kind", "AssistanceKind", func(d *draft) *household.AssistanceKind { return &d.assistance.Kind }),
	"assistance_from": plain("assistance[].from", day, func(d *draft) *date.Date { return &d.assistance.From }),
	"assistance_to":   plain("assistance[].to", day, func(d *draft) *date.Date { return &d.assistance.To }),

	"benefit_kind":     code("benefits[].kind", "BenefitKind", func(d *draft) *household.BenefitKind { return &d.benefit.Kind }),
	"benefit_stage":    code("benefits[].stage", "SchoolStage", func(d *draft) *household.SchoolStage { return &d.benefit.Stage }),
	"benefit_year":     whole("benefits[].year", year, func(d *draft) *int { return &d.benefit.Year }),
	"benefit_term":     code("benefits[].term", "SchoolTerm", func(d *draft) *household.SchoolTerm { return &d.benefit.Term }),
	"benefit_amount":   whole("benefits[].amount", money, func(d *draft) *int64 { return &d.benefit.Amount }),
	"benefit_paid_on":  plain("benefits[].paid_on", day, func(d *draft) *date.Date { return &d.benefit.PaidOn }),
	"benefit_document": plain("benefits[].document", text, func(d *draft) *string { return &d.benefit.Document }),
}

func name(s string) (string, *bad) { return household.NormaliseName(plainText(s)), nil }
