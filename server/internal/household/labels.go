package household

// Label is what a person calls something that has a stable name here.
type Label struct{ Chinese, English string }

// NotRecorded is what stands for an empty value.
var NotRecorded = Label{"未登记", "not recorded"}

// LabelOf is what a code of a list is called; an unknown code stands for itself.
func LabelOf(list, code string) Label {
	if code == "" {
		return NotRecorded
	}
	if l, ok := labels[list][code]; ok {
		return l
	}
	return Label{code, code}
}

// labels are the words of the register's code lists (domain.md 3.6) by list and code.
var labels = map[string]map[string]Label{
	"Group":                  groupLabels,
	"Answer":                 {"YES": {"是", "yes"}, "NO": {"否", "no"}},
	"PovertyStatus":          povertyStatusLabels,
	"SupportStatus":          {"SUPPORTED": {"继续享受帮扶政策", "support continues"}, "UNSUPPORTED": {"不再享受帮扶政策", "support has ended"}},
	"Attribute":              attributeLabels,
	"Cause":                  causeLabels,
	"IdentificationStandard": {"NATIONAL": {"国家标准", "national standard"}, "PROVINCIAL": {"省定标准", "provincial standard"}, "MUNICIPAL": {"市定标准", "municipal standard"}},
	"MonitorType":            monitorTypeLabels,
	"Structure":              structureLabels,
	"Sex":                    {"MALE": {"男", "male"}, "FEMALE": {"女", "female"}},
	"Relation":               relationLabels,
	"EducationLevel":         educationLevelLabels,
	"SchoolStage":            schoolStageLabels,
	"Health":                 healthLabels,
	"LabourAbility":          labourAbilityLabels,
	"WorkPlace":              workPlaceLabels,
	"JoinReason":             joinReasonLabels,
	"LeaveReason":            leaveReasonLabels,
	"Enrolment":              enrolmentLabels,
	"StudyPlace":             {"IN_COUNTY": {"本市县", "in the county"}, "IN_PROVINCE": {"省内其他市县", "elsewhere in the province"}, "OTHER_PROVINCE": {"省外", "another province"}},
	"NeedCategory":           needCategoryLabels,
	"ShockKind":              shockKindLabels,
	"DamageCause":            damageCauseLabels,
	"Grade":                  gradeLabels,
	"AssistanceKind":         assistanceKindLabels,
	"BenefitKind":            benefitKindLabels,
	"SchoolTerm":             {"SPRING": {"春季学期", "spring term"}, "AUTUMN": {"秋季学期", "autumn term"}},
	"TaskKind":               taskKindLabels,
	"DecisionKind":           decisionKindLabels,
	"ClosingKind":            closingKindLabels,
}
