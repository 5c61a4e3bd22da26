package letter

// departmentNames are what the catalogue's departments are called where a letter is addressed to them.
var departmentNames = map[string]string{
	"education": "教育部门", "medical-insurance": "医疗保障部门", "housing": "住房和城乡建设部门", "civil-affairs": "民政部门",
	"industry": "产业帮扶部门", "employment": "就业帮扶部门", "finance": "金融帮扶部门", "training": "技能培训部门",
}

// DepartmentName is a department's Chinese name; a department that the hub has no name for is
// called by its code.
func DepartmentName(code string) string {
	if name, ok := departmentNames[code]; ok {
		return name
	}
	return code
}
