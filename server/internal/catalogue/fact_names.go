package catalogue

import "github.com/bangfuhub/hub/server/internal/household"

// factNames are what clerks call the facts that conditions ask.
var factNames = map[string]household.Label{
	"household.poverty_status":        {Chinese: "脱贫属性", English: "poverty status"},
	"household.attribute":             {Chinese: "贫困户属性", English: "household attribute"},
	"household.main_cause":            {Chinese: "主要致贫原因", English: "main cause of poverty"},
	"household.monitor_type":          {Chinese: "监测对象类型", English: "kind of monitored household"},
	"household.lifted_year":           {Chinese: "脱贫年度", English: "year in which it was lifted out of poverty"},
	"household.safe_water":            {Chinese: "是否解决安全饮用水", English: "safe drinking water"},
	"household.member_count":          {Chinese: "人数", English: "members present"},
	"household.able_count":            {Chinese: "在户有劳动能力人数", English: "members able to work"},
	"household.income_year":           {Chinese: "收入年度", English: "year of the newest income record"},
	"household.per_capita_net_income": {Chinese: "人均纯收入", English: "per-capita net income"},
	"household.damaged":               {Chinese: "住房损毁未修复", English: "house damaged and not renovated since"},
	"household.danger_grade":          {Chinese: "危房等级", English: "danger grade of the house"},
	"household.has_helper":            {Chinese: "有帮扶责任人", English: "has a helper"},
	"household.open_needs":            {Chinese: "帮扶需求", English: "open needs of the household"},
	"household.open_tasks":            {Chinese: "待核对事项", English: "tasks to check"},
	"household.open_shocks":           {Chinese: "突发情况", English: "unresolved sudden events"},
	"household.assistance":            {Chinese: "社会救助", English: "kinds of social assistance"},
	"household.support_status":        {Chinese: "是否继续享受帮扶", English: "support status"},

	"person.age":             {Chinese: "年龄", English: "age"},
	"person.sex":             {Chinese: "性别", English: "sex"},
	"person.relation":        {Chinese: "与户主关系", English: "relation to the head"},
	"person.provisional":     {Chinese: "暂无证件", English: "has no ID number yet"},
	"person.school_stage":    {Chinese: "在校生状况", English: "school stage"},
	"person.in_school":       {Chinese: "在校", English: "in school"},
	"person.enrolment":       {Chinese: "学籍状态", English: "state in the student register"},
	"person.fully_insured":   {Chinese: "三项医疗保障齐全", English: "in all three medical schemes"},
	"person.health":          {Chinese: "健康状况", English: "health"},
	"person.labour_ability":  {Chinese: "劳动能力", English: "ability to work"},
	"person.able":            {Chinese: "有劳动能力且不在校", English: "able to work and not in school"},
	"person.work_place":      {Chinese: "务工情况", English: "place of work"},
	"person.work_months":     {Chinese: "务工时间(月)", English: "months of work in the year"},
	"person.active_military": {Chinese: "是否现役军人", English: "in active military service"},
	"person.open_needs":      {Chinese: "本人帮扶需求", English: "the person's own open needs"},
	"person.unsupported":     {Chinese: "本人已停止帮扶", English: "the person's support has ended"},
}
