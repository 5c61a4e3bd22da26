package household

// CauseLabel is what the cause of a revision is called.
func CauseLabel(cause string) Label {
	if l, ok := causesOfRevisions[cause]; ok {
		return l
	}
	return Label{cause, cause}
}

var causesOfRevisions = map[string]Label{
	"IMPORT":           {"导入", "import"},
	"UPDATE":           {"更新", "update"},
	"MOVE":             {"迁移", "move to another village"},
	"TRANSFER":         {"跨市县迁移", "move to another area"},
	"MERGE":            {"并户", "merge of households"},
	"SPLIT":            {"分户", "split of a household"},
	"UNMERGE":          {"撤销并户", "merge taken back"},
	"ID_NUMBER":        {"变更证件号码", "change of an ID number"},
	"MERGE_PERSONS":    {"合并重复登记的人员", "merge of two entries of a person"},
	"SEPARATE_PERSONS": {"撤销人员合并", "merge of entries taken back"},
	"BIRTH":            {"出生登记", "birth"},
	"REVOKE_BIRTH":     {"撤销出生登记", "birth taken back"},
	"DEATH":            {"死亡登记", "death"},
	"REVOKE_DEATH":     {"撤销死亡登记", "death taken back"},
	"MARRIAGE":         {"婚嫁登记", "marriage"},
	"REVOKE_MARRIAGE":  {"撤销婚嫁登记", "marriage taken back"},
	"CLOSE":            {"销户", "closing"},
	"REOPEN":           {"撤销销户", "reopening"},
	"REMOVAL":          {"停止帮扶决定", "decision to end support"},
	"REVERSAL":         {"撤销停止帮扶决定", "reversal of the decision to end support"},
}

// ethnicGroups are those of GB/T 3304 that Hainan's registers have most.
var ethnicGroups = map[string]Label{
	"01": {"汉族", "Han"}, "02": {"蒙古族", "Mongol"}, "03": {"回族", "Hui"}, "04": {"藏族", "Tibetan"}, "05": {"维吾尔族", "Uyghur"},
	"06": {"苗族", "Miao"}, "07": {"彝族", "Yi"}, "08": {"壮族", "Zhuang"}, "15": {"土家族", "Tujia"}, "19": {"黎族", "Li"},
}

// taskFields are what a task says that differs.
var taskFields = map[string]Label{"name": fieldLabels["Person.Name"], "sex": fieldLabels["Person.Sex"], "birth_date": fieldLabels["Person.BirthDate"]}
