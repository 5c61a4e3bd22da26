package household

var groupLabels = map[string]Label{
	"REGISTER":          {"扶贫办登记信息", "register of the poverty-alleviation office"},
	"HOUSING":           {"住房信息", "housing"},
	"EDUCATION":         {"教育信息", "education"},
	"MEDICAL_INSURANCE": {"医保信息", "medical insurance"},
	"CIVIL_AFFAIRS":     {"民政信息", "civil affairs"},
}

var povertyStatusLabels = map[string]Label{
	"REGISTERED_POOR": {"未脱贫", "not yet lifted"},
	"PRE_EXIT":        {"预脱贫", "lifting is being confirmed"},
	"LIFTED":          {"脱贫", "lifted"},
	"RETURNED":        {"返贫", "returned to poverty"},
	"REMOVED":         {"清退", "registered in error"},
	"CLOSED":          {"自然销户", "household is gone"},
}

var attributeLabels = map[string]Label{
	"ORDINARY":         {"一般贫困户", "ordinary poor household"},
	"SUBSISTENCE":      {"低保户", "subsistence-allowance household"},
	"FIVE_GUARANTEES":  {"五保户", "five-guarantees household"},
	"SUBSISTENCE_POOR": {"低保贫困户", "poor household with subsistence allowance"},
}

var causeLabels = map[string]Label{
	"ILLNESS":            {"因病", "illness"},
	"DISABILITY":         {"因残", "disability"},
	"SCHOOLING":          {"因学", "cost of schooling"},
	"DISASTER":           {"因灾", "disaster"},
	"LACK_OF_LAND":       {"缺土地", "lack of land"},
	"LACK_OF_WATER":      {"缺水", "lack of water"},
	"LACK_OF_SKILLS":     {"缺技术", "lack of skills"},
	"LACK_OF_LABOUR":     {"缺劳力", "lack of labour"},
	"LACK_OF_FUNDS":      {"缺资金", "lack of funds"},
	"POOR_TRANSPORT":     {"交通条件落后", "poor transport"},
	"LACK_OF_MOTIVATION": {"自身发展动力不足", "lack of motivation"},
	"MARRIAGE":           {"因婚", "cost of marriage"},
	"OTHER":              {"其它", "other"},
}

var monitorTypeLabels = map[string]Label{
	"UNSTABLE_LIFTED":   {"脱贫不稳定户", "lifted, but unstable"},
	"MARGINAL":          {"边缘易致贫户", "at the margin of poverty"},
	"SUDDEN_DIFFICULTY": {"突发严重困难户", "in sudden serious difficulty"},
}

var structureLabels = map[string]Label{
	"REINFORCED_CONCRETE": {"钢筋混凝土", "reinforced concrete"},
	"BRICK_CONCRETE":      {"砖混", "brick and concrete"},
	"BRICK_TILE_WOOD":     {"砖瓦砖木、砖石窑洞", "brick, tile and wood, or brick cave"},
	"THATCH_EARTH":        {"竹草土坯、土窑洞", "bamboo, thatch and earth, or earth cave"},
	"OTHER":               {"其他", "other"},
}

var relationLabels = map[string]Label{
	"HEAD":               {"户主", "head"},
	"SPOUSE":             {"配偶", "spouse"},
	"SON":                {"之子", "son"},
	"DAUGHTER":           {"之女", "daughter"},
	"DAUGHTER_IN_LAW":    {"之儿媳", "son's wife"},
	"SON_IN_LAW":         {"之女婿", "daughter's husband"},
	"GRANDSON":           {"之孙子", "son's son"},
	"GRANDDAUGHTER":      {"之孙女", "son's daughter"},
	"DAUGHTERS_SON":      {"之外孙子", "daughter's son"},
	"DAUGHTERS_DAUGHTER": {"之外孙女", "daughter's daughter"},
	"FATHER":             {"之父", "father"},
	"MOTHER":             {"之母", "mother"},
	"WIFES_FATHER":       {"之岳父", "wife's father"},
	"WIFES_MOTHER":       {"之岳母", "wife's mother"},
	"HUSBANDS_FATHER":    {"之公公", "husband's father"},
	"HUSBANDS_MOTHER":    {"之婆婆", "husband's mother"},
	"GRANDFATHER":        {"之祖父", "father's father"},
	"GRANDMOTHER":        {"之祖母", "father's mother"},
	"MOTHERS_FATHER":     {"之外祖父", "mother's father"},
	"MOTHERS_MOTHER":     {"之外祖母", "mother's mother"},
	"OTHER":              {"其他", "other"},
}

var educationLevelLabels = map[string]Label{
	"ILLITERATE":      {"文盲或半文盲", "illiterate or semi-literate"},
	"PRIMARY":         {"小学", "primary school"},
	"JUNIOR":          {"初中", "junior secondary school"},
	"SENIOR":          {"高中", "senior secondary school"},
	"COLLEGE":         {"大专及以上", "college or above"},
	"PRESCHOOL_CHILD": {"学龄前儿童", "child below school age"},
}

var schoolStageLabels = map[string]Label{
	"NOT_IN_SCHOOL":       {"非在校生", "not in school"},
	"PRESCHOOL":           {"学前教育", "preschool"},
	"PRIMARY":             {"小学", "primary school"},
	"GRADE_7":             {"七年级", "grade 7"},
	"GRADE_8":             {"八年级", "grade 8"},
	"GRADE_9":             {"九年级", "grade 9"},
	"SENIOR_1":            {"高一", "senior secondary year 1"},
	"SENIOR_2":            {"高二", "senior secondary year 2"},
	"SENIOR_3":            {"高三", "senior secondary year 3"},
	"VOCATIONAL_1":        {"中职一", "vocational secondary year 1"},
	"VOCATIONAL_2":        {"中职二", "vocational secondary year 2"},
	"VOCATIONAL_3":        {"中职三", "vocational secondary year 3"},
	"HIGHER_VOCATIONAL_1": {"高职一", "higher vocational year 1"},
	"HIGHER_VOCATIONAL_2": {"高职二", "higher vocational year 2"},
	"HIGHER_VOCATIONAL_3": {"高职三", "higher vocational year 3"},
	"COLLEGE":             {"大专及以上", "college or above"},
}

var healthLabels = map[string]Label{
	"HEALTHY":         {"健康", "healthy"},
	"CHRONIC_ILLNESS": {"长期慢性病", "chronic illness"},
	"SERIOUS_ILLNESS": {"患有大病", "serious illness"},
	"DISABLED":        {"残疾", "disabled"},
}

var labourAbilityLabels = map[string]Label{
	"ORDINARY": {"普通劳动力", "ordinary labour"},
	"SKILLED":  {"技能劳动力", "skilled labour"},
	"LOST":     {"丧失劳动力", "lost the ability to work"},
	"NONE":     {"无劳动力", "not able to work"},
}

var workPlaceLabels = map[string]Label{
	"IN_TOWNSHIP":    {"乡(镇)内", "in the township"},
	"IN_COUNTY":      {"乡(镇)外县内", "elsewhere in the county"},
	"IN_PROVINCE":    {"县外省内", "elsewhere in the province"},
	"OTHER_PROVINCE": {"省外", "another province"},
	"OTHER":          {"其他", "other"},
}

var joinReasonLabels = map[string]Label{
	"REGISTERED": {"登记时在户", "there at registration"},
	"BIRTH":      {"出生", "birth"},
	"MARRIAGE":   {"嫁入、入赘", "marriage"},
	"MOVED_IN":   {"迁入", "moved in"},
	"SPLIT":      {"分户", "split of a household"},
	"MERGE":      {"并户", "merge of households"},
	"OTHER":      {"其他", "other"},
}

var leaveReasonLabels = map[string]Label{
	"DEATH":     {"死亡", "death"},
	"MARRIAGE":  {"嫁出", "marriage"},
	"MOVED_OUT": {"迁出", "moved out"},
	"SPLIT":     {"分户", "split of a household"},
	"MERGE":     {"并户", "merge of households"},
	"OTHER":     {"其他", "other"},
	"DUPLICATE": {"重复登记", "second entry of the person"},
}

var enrolmentLabels = map[string]Label{
	"ENROLLED":     {"在读", "enrolled"},
	"NOT_ENROLLED": {"未入学", "not enrolled"},
	"DROPPED_OUT":  {"辍学", "dropped out"},
	"SUSPENDED":    {"休学", "suspended"},
	"GRADUATED":    {"毕业", "graduated"},
}

var needCategoryLabels = map[string]Label{
	"FOOD":       {"吃", "food"},
	"CLOTHING":   {"穿", "clothing"},
	"EDUCATION":  {"义务教育", "compulsory education"},
	"MEDICAL":    {"基本医疗", "basic medical care"},
	"HOUSING":    {"住房安全", "safe housing"},
	"INDUSTRY":   {"产业", "industry"},
	"EMPLOYMENT": {"就业", "employment"},
	"TRAINING":   {"培训", "training"},
	"FINANCE":    {"金融", "finance"},
	"OTHER":      {"其他", "other"},
}

var shockKindLabels = map[string]Label{
	"EMERGENCY":         {"突发事件", "emergency"},
	"ACCIDENTAL_INJURY": {"意外伤害", "accidental injury"},
	"SERIOUS_ILLNESS":   {"重大疾病", "serious illness"},
	"OTHER":             {"其它特殊原因", "other special reason"},
}

var damageCauseLabels = map[string]Label{
	"TYPHOON":    {"台风", "typhoon"},
	"FLOOD":      {"洪涝", "flood"},
	"EARTHQUAKE": {"地震", "earthquake"},
	"FIRE":       {"火灾", "fire"},
	"OTHER":      {"其他", "other"},
}

var gradeLabels = map[string]Label{
	"A": {"A级(结构安全)", "A (structure safe)"},
	"B": {"B级(个别构件危险,主体结构安全)", "B (single members dangerous, main structure safe)"},
	"C": {"C级(局部危房)", "C (part of the house dangerous)"},
	"D": {"D级(整幢危房)", "D (whole house dangerous)"},
}

var assistanceKindLabels = map[string]Label{
	"SUBSISTENCE_ALLOWANCE": {"低保", "subsistence allowance"},
	"EXTREME_DIFFICULTY":    {"特困供养", "support of the extremely poor"},
	"TEMPORARY":             {"临时救助", "temporary assistance"},
}

var benefitKindLabels = map[string]Label{
	"EDUCATION_AID":                   {"学生资助", "student aid"},
	"BOARD_AND_BOOKS":                 {"普通高中生活费、书本费", "board and books at senior secondary school"},
	"COMPULSORY_ARTICLES":             {"义务教育阶段用品补助", "articles in compulsory education"},
	"PREMIUM_SUBSIDY":                 {"参保缴费资助", "subsidy of insurance premiums"},
	"HOUSING_RENOVATION_SUBSIDY":      {"危房改造补助", "subsidy for renovating a dangerous house"},
	"DISASTER_RECONSTRUCTION_SUBSIDY": {"灾后重建补助", "subsidy for reconstruction after a disaster"},
	"SEISMIC_SUBSIDY":                 {"抗震改造补助", "subsidy against earthquakes"},
}

var taskKindLabels = map[string]Label{
	"AMBIGUOUS_MATCH": {"对象不能确定", "may be this person or another"},
	"NOT_APPLICABLE":  {"信息不适用", "fact cannot apply"},
	"MISMATCH":        {"姓名、性别或出生日期不一致", "name, sex or birth date differ"},
}

var decisionKindLabels = map[string]Label{
	"REMOVAL":  {"不再继续帮扶", "support ends"},
	"REVERSAL": {"撤销原决定", "reversal of an earlier decision"},
	"LEGACY":   {"系统启用前的不再帮扶决定", "end of support, decided before the hub"},
}

var closingKindLabels = map[string]Label{
	"ALL_MEMBERS_DIED_OR_LEFT": {"自然销户", "all members died or left"},
	"REGISTERED_IN_ERROR":      {"清退", "registered in error"},
	"MERGED":                   {"并户", "merged into another household"},
}
