package household

// The code lists of domain.md 3.6 under the hub's own stable names. Sources use
// different numberings, so numbers never appear here; mapping files carry them.
// The empty string always means "not recorded".

// Group is a set of facts with one owner.
type Group string

// Groups of facts and their owners.
const (
	GroupRegister  Group = "REGISTER"          // the poverty-alleviation office
	GroupHousing   Group = "HOUSING"           // housing department
	GroupEducation Group = "EDUCATION"         // education department
	GroupMedical   Group = "MEDICAL_INSURANCE" // medical insurance
	GroupCivil     Group = "CIVIL_AFFAIRS"     // civil affairs
)

// AllPolicies stands in an End for every policy of the catalogue.
const AllPolicies = "*"

// Answer is yes, no or not recorded.
type Answer string

// Answers.
const (
	Yes Answer = "YES"
	No  Answer = "NO"
)

type (
	// PovertyStatus is 脱贫属性 (domain 2.0).
	PovertyStatus string
	// SupportStatus says whether support continues; it follows from decisions alone.
	SupportStatus string
	// Attribute is 贫困户属性.
	Attribute string
	// Cause is 致贫原因.
	Cause string
	// IdentificationStandard is 识别标准.
	IdentificationStandard string
	// MonitorType is 监测对象类型.
	MonitorType string
	// Structure is the house's main structure, 主要结构.
	Structure string
	// Sex after GB/T 2261.1.
	Sex string
	// Relation is 与户主关系.
	Relation string
	// EducationLevel is 文化程度.
	EducationLevel string
	// SchoolStage is 在校生状况.
	SchoolStage string
	// Health is 健康状况.
	Health string
	// LabourAbility is 劳动能力.
	LabourAbility string
	// WorkPlace is 务工情况.
	WorkPlace string
	// JoinReason says how a person came into the household.
	JoinReason string
	// LeaveReason says how a person left the household.
	LeaveReason string
	// Enrolment is the state in the student register.
	Enrolment string
	// StudyPlace says where a pupil studies.
	StudyPlace string
	// NeedCategory is what is lacking (clause 一 lead).
	NeedCategory string
	// TaskKind is what the office has to check about a department's row.
	TaskKind string
	// ShockKind is one of the four events of clause 一(五).
	ShockKind string
	// DamageCause is what damaged the house.
	DamageCause string
	// Grade is the danger grade of a house, 危房等级.
	Grade string
	// AssistanceKind is a kind of social assistance.
	AssistanceKind string
	// DecisionKind tells a removal from its reversal and from one taken over.
	DecisionKind string
	// ClosingKind is why a household is closed.
	ClosingKind string
)

// Values, each list in the order of the source.
const (
	RegisteredPoor PovertyStatus = "REGISTERED_POOR" // 未脱贫
	PreExit        PovertyStatus = "PRE_EXIT"        // 预脱贫
	Lifted         PovertyStatus = "LIFTED"          // 脱贫
	Returned       PovertyStatus = "RETURNED"        // 返贫
	Removed        PovertyStatus = "REMOVED"         // 清退(识别错误)
	Closed         PovertyStatus = "CLOSED"          // 自然销户

	Supported   SupportStatus = "SUPPORTED"
	Unsupported SupportStatus = "UNSUPPORTED"

	AttributeOrdinary        Attribute = "ORDINARY"         // 一般贫困户
	AttributeSubsistence     Attribute = "SUBSISTENCE"      // 低保户
	AttributeFiveGuarantees  Attribute = "FIVE_GUARANTEES"  // 五保户
	AttributeSubsistencePoor Attribute = "SUBSISTENCE_POOR" // 低保贫困户

	CauseIllness    Cause = "ILLNESS"
	CauseDisability Cause = "DISABILITY"
	CauseSchooling  Cause = "SCHOOLING"
	CauseDisaster   Cause = "DISASTER"
	CauseLand       Cause = "LACK_OF_LAND"
	CauseWater      Cause = "LACK_OF_WATER"
	CauseSkills     Cause = "LACK_OF_SKILLS"
	CauseLabour     Cause = "LACK_OF_LABOUR"
	CauseFunds      Cause = "LACK_OF_FUNDS"
	CauseTransport  Cause = "POOR_TRANSPORT"
	CauseMotivation Cause = "LACK_OF_MOTIVATION"
	CauseMarriage   Cause = "MARRIAGE"
	CauseOther      Cause = "OTHER"

	StandardNational   IdentificationStandard = "NATIONAL"
	StandardProvincial IdentificationStandard = "PROVINCIAL"
	StandardMunicipal  IdentificationStandard = "MUNICIPAL"

	MonitorUnstable MonitorType = "UNSTABLE_LIFTED"   // 脱贫不稳定户
	MonitorMarginal MonitorType = "MARGINAL"          // 边缘易致贫户
	MonitorSudden   MonitorType = "SUDDEN_DIFFICULTY" // 突发严重困难户

	StructureConcrete  Structure = "REINFORCED_CONCRETE"
	StructureBrickMix  Structure = "BRICK_CONCRETE"
	StructureBrickWood Structure = "BRICK_TILE_WOOD"
	StructureThatch    Structure = "THATCH_EARTH"
	StructureOther     Structure = "OTHER"

	Male   Sex = "MALE"
	Female Sex = "FEMALE"

	RelationHead              Relation = "HEAD"
	RelationSpouse            Relation = "SPOUSE"
	RelationSon               Relation = "SON"
	RelationDaughter          Relation = "DAUGHTER"
	RelationSonsWife          Relation = "DAUGHTER_IN_LAW"
	RelationDaughtersHusband  Relation = "SON_IN_LAW"
	RelationGrandson          Relation = "GRANDSON"
	RelationGranddaughter     Relation = "GRANDDAUGHTER"
	RelationDaughtersSon      Relation = "DAUGHTERS_SON"
	RelationDaughtersDaughter Relation = "DAUGHTERS_DAUGHTER"
	RelationFather            Relation = "FATHER"
	RelationMother            Relation = "MOTHER"
	RelationWifesFather       Relation = "WIFES_FATHER"
	RelationWifesMother       Relation = "WIFES_MOTHER"
	RelationHusbandsFather    Relation = "HUSBANDS_FATHER"
	RelationHusbandsMother    Relation = "HUSBANDS_MOTHER"
	RelationGrandfather       Relation = "GRANDFATHER"
	RelationGrandmother       Relation = "GRANDMOTHER"
	RelationMothersFather     Relation = "MOTHERS_FATHER"
	RelationMothersMother     Relation = "MOTHERS_MOTHER"
	RelationOther             Relation = "OTHER"

	Illiterate     EducationLevel = "ILLITERATE"
	LevelPrimary   EducationLevel = "PRIMARY"
	LevelJunior    EducationLevel = "JUNIOR"
	LevelSenior    EducationLevel = "SENIOR"
	LevelCollege   EducationLevel = "COLLEGE"
	LevelPreschool EducationLevel = "PRESCHOOL_CHILD"

	NotInSchool       SchoolStage = "NOT_IN_SCHOOL"
	Preschool         SchoolStage = "PRESCHOOL"
	Primary           SchoolStage = "PRIMARY"
	Grade7            SchoolStage = "GRADE_7"
	Grade8            SchoolStage = "GRADE_8"
	Grade9            SchoolStage = "GRADE_9"
	Senior1           SchoolStage = "SENIOR_1"
	Senior2           SchoolStage = "SENIOR_2"
	Senior3           SchoolStage = "SENIOR_3"
	Vocational1       SchoolStage = "VOCATIONAL_1"
	Vocational2       SchoolStage = "VOCATIONAL_2"
	Vocational3       SchoolStage = "VOCATIONAL_3"
	HigherVocational1 SchoolStage = "HIGHER_VOCATIONAL_1"
	HigherVocational2 SchoolStage = "HIGHER_VOCATIONAL_2"
	HigherVocational3 SchoolStage = "HIGHER_VOCATIONAL_3"
	College           SchoolStage = "COLLEGE"

	Healthy  Health = "HEALTHY"
	Chronic  Health = "CHRONIC_ILLNESS"
	Serious  Health = "SERIOUS_ILLNESS"
	Disabled Health = "DISABLED"

	LabourOrdinary LabourAbility = "ORDINARY"
	LabourSkilled  LabourAbility = "SKILLED"
	LabourLost     LabourAbility = "LOST"
	LabourNone     LabourAbility = "NONE"

	WorkTownship WorkPlace = "IN_TOWNSHIP"
	WorkCounty   WorkPlace = "IN_COUNTY"
	WorkProvince WorkPlace = "IN_PROVINCE"
	WorkAway     WorkPlace = "OTHER_PROVINCE"
	WorkOther    WorkPlace = "OTHER"

	JoinRegistered JoinReason = "REGISTERED" // there when the household was registered
	JoinBirth      JoinReason = "BIRTH"
	JoinMarriage   JoinReason = "MARRIAGE"
	JoinMovedIn    JoinReason = "MOVED_IN"
	JoinSplit      JoinReason = "SPLIT"
	JoinMerge      JoinReason = "MERGE"
	JoinOther      JoinReason = "OTHER"

	LeaveDeath    LeaveReason = "DEATH"
	LeaveMarriage LeaveReason = "MARRIAGE"
	LeaveMovedOut LeaveReason = "MOVED_OUT"
	LeaveSplit    LeaveReason = "SPLIT"
	LeaveMerge    LeaveReason = "MERGE"
	LeaveOther    LeaveReason = "OTHER"
	// LeaveDuplicate ends a second entry of a person who has another one (see MergePersons).
	LeaveDuplicate LeaveReason = "DUPLICATE"

	Enrolled    Enrolment = "ENROLLED"
	NotEnrolled Enrolment = "NOT_ENROLLED"
	DroppedOut  Enrolment = "DROPPED_OUT"
	Suspended   Enrolment = "SUSPENDED"
	Graduated   Enrolment = "GRADUATED"

	StudyInCounty   StudyPlace = "IN_COUNTY"
	StudyInProvince StudyPlace = "IN_PROVINCE"
	StudyAway       StudyPlace = "OTHER_PROVINCE"

	NeedFood       NeedCategory = "FOOD"
	NeedClothing   NeedCategory = "CLOTHING"
	NeedEducation  NeedCategory = "EDUCATION"
	NeedMedical    NeedCategory = "MEDICAL"
	NeedHousing    NeedCategory = "HOUSING"
	NeedIndustry   NeedCategory = "INDUSTRY"
	NeedEmployment NeedCategory = "EMPLOYMENT"
	NeedTraining   NeedCategory = "TRAINING"
	NeedFinance    NeedCategory = "FINANCE"
	NeedOther      NeedCategory = "OTHER"

	ShockEmergency ShockKind = "EMERGENCY"         // 突发事件
	ShockInjury    ShockKind = "ACCIDENTAL_INJURY" // 意外伤害
	ShockIllness   ShockKind = "SERIOUS_ILLNESS"   // 重大疾病
	ShockOther     ShockKind = "OTHER"             // 其它特殊原因

	DamageTyphoon    DamageCause = "TYPHOON"
	DamageFlood      DamageCause = "FLOOD"
	DamageEarthquake DamageCause = "EARTHQUAKE"
	DamageFire       DamageCause = "FIRE"
	DamageOther      DamageCause = "OTHER"

	GradeA Grade = "A"
	GradeB Grade = "B"
	GradeC Grade = "C"
	GradeD Grade = "D"

	AssistSubsistence AssistanceKind = "SUBSISTENCE_ALLOWANCE" // 低保
	AssistExtreme     AssistanceKind = "EXTREME_DIFFICULTY"    // 特困供养
	AssistTemporary   AssistanceKind = "TEMPORARY"             // 临时救助

	TaskAmbiguous     TaskKind = "AMBIGUOUS_MATCH" // the row may mean this person or another
	TaskNotApplicable TaskKind = "NOT_APPLICABLE"  // the row's fact cannot apply
	TaskMismatch      TaskKind = "MISMATCH"        // name, sex or birth date differ

	DecisionRemoval  DecisionKind = "REMOVAL"
	DecisionReversal DecisionKind = "REVERSAL"
	DecisionLegacy   DecisionKind = "LEGACY" // taken before the hub, loaded with its document

	ClosingDeath ClosingKind = "ALL_MEMBERS_DIED_OR_LEFT" // 自然销户
	ClosingError ClosingKind = "REGISTERED_IN_ERROR"      // 清退
	ClosingMerge ClosingKind = "MERGED"
)

// Codes lists every code list by name, in the order of its values. It is what
// validation accepts and what condition constants are made from.
var Codes = map[string][]string{
	"Group":                  strs(GroupRegister, GroupHousing, GroupEducation, GroupMedical, GroupCivil),
	"Answer":                 strs(Yes, No),
	"PovertyStatus":          strs(RegisteredPoor, PreExit, Lifted, Returned, Removed, Closed),
	"SupportStatus":          strs(Supported, Unsupported),
	"Attribute":              strs(AttributeOrdinary, AttributeSubsistence, AttributeFiveGuarantees, AttributeSubsistencePoor),
	"Cause":                  strs(CauseIllness, CauseDisability, CauseSchooling, CauseDisaster, CauseLand, CauseWater, CauseSkills, CauseLabour, CauseFunds, CauseTransport, CauseMotivation, CauseMarriage, CauseOther),
	"IdentificationStandard": strs(StandardNational, StandardProvincial, StandardMunicipal),
	"MonitorType":            strs(MonitorUnstable, MonitorMarginal, MonitorSudden),
	"Structure":              strs(StructureConcrete, StructureBrickMix, StructureBrickWood, StructureThatch, StructureOther),
	"Sex":                    strs(Male, Female),
	"Relation": strs(RelationHead, RelationSpouse, RelationSon, RelationDaughter, RelationSonsWife, RelationDaughtersHusband,
		RelationGrandson, RelationGranddaughter, RelationDaughtersSon, RelationDaughtersDaughter, RelationFather, RelationMother,
		RelationWifesFather, RelationWifesMother, RelationHusbandsFather, RelationHusbandsMother, RelationGrandfather,
		RelationGrandmother, RelationMothersFather, RelationMothersMother, RelationOther),
	"EducationLevel": strs(Illiterate, LevelPrimary, LevelJunior, LevelSenior, LevelCollege, LevelPreschool),
	"SchoolStage": strs(NotInSchool, Preschool, Primary, Grade7, Grade8, Grade9, Senior1, Senior2, Senior3, Vocational1,
		Vocational2, Vocational3, HigherVocational1, HigherVocational2, HigherVocational3, College),
	"Health":         strs(Healthy, Chronic, Serious, Disabled),
	"LabourAbility":  strs(LabourOrdinary, LabourSkilled, LabourLost, LabourNone),
	"WorkPlace":      strs(WorkTownship, WorkCounty, WorkProvince, WorkAway, WorkOther),
	"JoinReason":     strs(JoinRegistered, JoinBirth, JoinMarriage, JoinMovedIn, JoinSplit, JoinMerge, JoinOther),
	"LeaveReason":    strs(LeaveDeath, LeaveMarriage, LeaveMovedOut, LeaveSplit, LeaveMerge, LeaveOther, LeaveDuplicate),
	"Enrolment":      strs(Enrolled, NotEnrolled, DroppedOut, Suspended, Graduated),
	"StudyPlace":     strs(StudyInCounty, StudyInProvince, StudyAway),
	"NeedCategory":   strs(NeedFood, NeedClothing, NeedEducation, NeedMedical, NeedHousing, NeedIndustry, NeedEmployment, NeedTraining, NeedFinance, NeedOther),
	"ShockKind":      strs(ShockEmergency, ShockInjury, ShockIllness, ShockOther),
	"DamageCause":    strs(DamageTyphoon, DamageFlood, DamageEarthquake, DamageFire, DamageOther),
	"Grade":          strs(GradeA, GradeB, GradeC, GradeD),
	"AssistanceKind": strs(AssistSubsistence, AssistExtreme, AssistTemporary),
	"BenefitKind":    strs(EducationAid, BoardAndBooks, CompulsoryArticles, PremiumSubsidy, HousingRenovationSubsidy, DisasterReconstruction, SeismicSubsidy),
	"SchoolTerm":     strs(TermSpring, TermAutumn),
	"TaskKind":       strs(TaskAmbiguous, TaskNotApplicable, TaskMismatch),
	"DecisionKind":   strs(DecisionRemoval, DecisionReversal, DecisionLegacy),
	"ClosingKind":    strs(ClosingDeath, ClosingError, ClosingMerge),
}

func strs[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
