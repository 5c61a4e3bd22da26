package removal

import (
	"strings"

	"github.com/bangfuhub/hub/server/internal/household"
)

// What people call the states, steps, roles, documents and holds. The document of the
// procedure, refusals and the case file take their words from here.

var stateWords = map[State]household.Label{
	"":          {Chinese: "尚未提议", English: "not proposed"},
	Proposed:    {Chinese: "已提议", English: "proposed"},
	Assessed:    {Chinese: "已评估", English: "assessed"},
	Appraised:   {Chinese: "已评议", English: "appraised"},
	InPublicity: {Chinese: "公示中", English: "in publicity"},
	Objected:    {Chinese: "异议核查中", English: "objection open"},
	Reviewed:    {Chinese: "乡镇已审核", English: "reviewed"},
	Confirmed:   {Chinese: "县级已审定", English: "confirmed"},
	Announced:   {Chinese: "已公告", English: "announced"},
	Effective:   {Chinese: "已生效", English: "effective"},
	NotPassed:   {Chinese: "未通过", English: "not passed"},
	Upheld:      {Chinese: "异议成立", English: "objection upheld"},
	Withdrawn:   {Chinese: "已撤回", English: "withdrawn"},
	Reversed:    {Chinese: "已撤销", English: "reversed"},
}

var stepWords = map[StepKind]household.Label{
	Propose:  {Chinese: "提议", English: "propose"},
	Assess:   {Chinese: "评估", English: "assess"},
	Appraise: {Chinese: "民主评议", English: "appraise"},
	Post:     {Chinese: "公示", English: "post"},
	Object:   {Chinese: "提出异议", English: "object"},
	Dismiss:  {Chinese: "异议不成立", English: "dismiss the objection"},
	Uphold:   {Chinese: "异议成立", English: "uphold the objection"},
	Review:   {Chinese: "乡镇审核", English: "review"},
	Confirm:  {Chinese: "县级审定", English: "confirm"},
	Announce: {Chinese: "公告", English: "announce"},
	Withdraw: {Chinese: "撤回", English: "withdraw"},
	Reverse:  {Chinese: "撤销", English: "reverse"},
}

var roleWords = map[Role]household.Label{
	RolePropose: {Chinese: "村(村委会、驻村工作队)", English: "the village (committee and resident work team)"},
	RoleReview:  {Chinese: "乡镇", English: "the township"},
	RoleConfirm: {Chinese: "县级", English: "the county"},
}

// partWords name the three persons of the procedure by the role in which each acts.
var partWords = map[Role]household.Label{
	RolePropose: {Chinese: "提议人", English: "proposer"},
	RoleReview:  {Chinese: "审核人", English: "reviewer"},
	RoleConfirm: {Chinese: "审定人", English: "confirmer"},
}

var evidenceWords = map[EvidenceKind]household.Label{
	EvidenceProposal:        {Chinese: "提议材料", English: "proposal"},
	EvidenceAssessment:      {Chinese: "评估报告", English: "assessment"},
	EvidenceMinutes:         {Chinese: "会议记录", English: "minutes"},
	EvidenceSignIn:          {Chinese: "签到表", English: "sign-in sheet"},
	EvidenceBallot:          {Chinese: "计票单", English: "ballot count"},
	EvidenceNotice:          {Chinese: "公示文本", English: "posted notice"},
	EvidencePhoto:           {Chinese: "照片", English: "photo"},
	EvidenceObjection:       {Chinese: "异议材料", English: "objection"},
	EvidenceObjectionReview: {Chinese: "异议核查结论", English: "result of the objection's review"},
	EvidenceReview:          {Chinese: "乡镇审核意见", English: "review"},
	EvidenceConfirmation:    {Chinese: "县级审定意见", English: "confirmation"},
	EvidenceAnnouncement:    {Chinese: "公告文本", English: "announcement"},
	EvidenceOverride:        {Chinese: "越过提示的依据", English: "grounds of the override"},
	EvidenceReversal:        {Chinese: "撤销依据", English: "grounds of the reversal"},
}

var holdWords = map[HoldKind]household.Label{
	HoldOpenNeed:         {Chinese: "有未落实需求", English: "an open need"},
	HoldDangerousHouse:   {Chinese: "C、D级危房尚未改造验收", English: "a house of grade C or D without an accepted renovation"},
	HoldChildOutOfSchool: {Chinese: "有义务教育适龄儿童少年未就学", English: "a child of compulsory school age out of school"},
	HoldRecentShock:      {Chinese: "近期有突发情况或突发情况未了", English: "a recent or unresolved shock"},
	HoldOpenWarning:      {Chinese: "有未消除的返贫风险", English: "an open warning of a return to poverty"},
	HoldIncomeMissing:    {Chinese: "缺少去年和今年的收入记录", English: "no income on record of this year or the last"},
	HoldNoHelper:         {Chinese: "无帮扶责任人", English: "no helper"},
	HoldSocialAssistance: {Chinese: "有成员享受低保或特困供养", English: "somebody in subsistence allowance or extreme-difficulty support"},
}

// Label is what people call the state.
func (s State) Label() household.Label { return stateWords[s] }

// Label is what people call the step.
func (k StepKind) Label() household.Label { return stepWords[k] }

// Label is what people call the role.
func (r Role) Label() household.Label { return roleWords[r] }

// Label is what people call the document.
func (k EvidenceKind) Label() household.Label { return evidenceWords[k] }

// Label says what speaks against confirming.
func (k HoldKind) Label() household.Label { return holdWords[k] }

// labelled is anything that people have a name for.
type labelled interface{ Label() household.Label }

// joined lists names in each language.
func joined[T labelled](all []T) household.Label {
	var zh, en []string
	for _, one := range all {
		zh, en = append(zh, one.Label().Chinese), append(en, one.Label().English)
	}
	return household.Label{Chinese: strings.Join(zh, "、"), English: strings.Join(en, ", ")}
}

var groundWords = map[Ground]household.Label{
	GroundUpheldReview:    {Chinese: "复核成立", English: "review upheld"},
	GroundWrongDecision:   {Chinese: "决定有误", English: "wrong decision"},
	GroundReturnToPoverty: {Chinese: "确认返贫", English: "confirmed return to poverty"},
}

// Label is what people call the ground.
func (g Ground) Label() household.Label { return groundWords[g] }
