package fault

type text struct {
	kind             Kind
	english, chinese string
}

// Reasons. The proto enum Reason documents each for readers at other agencies.
const (
	InternalError    Reason = "INTERNAL"
	OutcomeUnknown   Reason = "OUTCOME_UNKNOWN"
	StoreBusy        Reason = "STORE_BUSY"
	GoingAway        Reason = "GOING_AWAY"
	LimitReached     Reason = "LIMIT_REACHED"
	InvalidRequest   Reason = "INVALID_REQUEST"
	Unauthorised     Reason = "UNAUTHENTICATED"
	TokenExpired     Reason = "TOKEN_EXPIRED"
	NoAgreement      Reason = "NO_AGREEMENT"
	AgreementExpired Reason = "AGREEMENT_EXPIRED"
	AuditUnavailable Reason = "AUDIT_UNAVAILABLE"

	DivisionNotFound     Reason = "DIVISION_NOT_FOUND"
	HouseholdNotFound    Reason = "HOUSEHOLD_NOT_FOUND"
	RevisionNotFound     Reason = "REVISION_NOT_FOUND"
	RecordNotFound       Reason = "RECORD_NOT_FOUND"
	ListNotFound         Reason = "LIST_NOT_FOUND"
	CatalogueNotFound    Reason = "CATALOGUE_NOT_FOUND"
	SubscriptionNotFound Reason = "SUBSCRIPTION_NOT_FOUND"
	SubscriptionExists   Reason = "SUBSCRIPTION_EXISTS"

	EtagRequired     Reason = "ETAG_REQUIRED"
	EtagStale        Reason = "ETAG_STALE"
	RequestReused    Reason = "REQUEST_ID_REUSED"
	IdentifierTaken  Reason = "IDENTIFIER_TAKEN"
	WrittenMeanwhile Reason = "WRITTEN_MEANWHILE"

	HouseholdInvalid   Reason = "HOUSEHOLD_INVALID"
	Required           Reason = "REQUIRED"
	Malformed          Reason = "MALFORMED"
	UnknownCode        Reason = "UNKNOWN_CODE"
	OutOfRange         Reason = "OUT_OF_RANGE"
	Duplicate          Reason = "DUPLICATE"
	TooMany            Reason = "TOO_MANY"
	IDChecksum         Reason = "ID_CHECKSUM"
	IDBirthDate        Reason = "ID_BIRTH_DATE"
	IDSex              Reason = "ID_SEX"
	DateOrder          Reason = "DATE_ORDER"
	OneHead            Reason = "ONE_HEAD"
	OneMainCause       Reason = "ONE_MAIN_CAUSE"
	VillageUnknown     Reason = "VILLAGE_UNKNOWN"
	EvidenceMissing    Reason = "EVIDENCE_MISSING"
	DecisionImmutable  Reason = "DECISION_IMMUTABLE"
	LegacyDecisionLate Reason = "LEGACY_DECISION_LATE"
	GroupNotOwned      Reason = "GROUP_NOT_OWNED"
	PersonUnknown      Reason = "PERSON_UNKNOWN"

	SetByUseCase    Reason = "SET_BY_USE_CASE"
	HouseholdClosed Reason = "HOUSEHOLD_CLOSED"
	SupportDiffers  Reason = "SUPPORT_DIFFERS"
	NotReversible   Reason = "NOT_REVERSIBLE"
	OtherArea       Reason = "OTHER_AREA"

	CatalogueInvalid  Reason = "CATALOGUE_INVALID"
	NoCatalogue       Reason = "NO_CATALOGUE"
	PreviewMissing    Reason = "PREVIEW_MISSING"
	PreviewStale      Reason = "PREVIEW_STALE"
	SecondPerson      Reason = "SECOND_PERSON_REQUIRED"
	ActivationHeld    Reason = "ACTIVATION_HELD"
	DerivationDiffers Reason = "DERIVATION_DIFFERS"

	CursorInvalid     Reason = "CURSOR_INVALID"
	CursorEpoch       Reason = "CURSOR_EPOCH"
	CursorPurged      Reason = "CURSOR_PURGED"
	CursorScope       Reason = "CURSOR_SCOPE"
	CursorList        Reason = "CURSOR_LIST_CHANGED"
	CursorForeign     Reason = "CURSOR_FOREIGN"
	CatalogueChanging Reason = "CATALOGUE_CHANGING"
	PageTokenInvalid  Reason = "PAGE_TOKEN_INVALID"

	MatchContradicts   Reason = "MATCH_CONTRADICTS"
	MatchByNameOnly    Reason = "MATCH_BY_NAME_ONLY"
	MatchNotFound      Reason = "MATCH_NOT_FOUND"
	MatchNotApplicable Reason = "MATCH_NOT_APPLICABLE"
	TaskNotFound       Reason = "TASK_NOT_FOUND"

	FileUnreadable   Reason = "FILE_UNREADABLE"
	FileTooLarge     Reason = "FILE_TOO_LARGE"
	ColumnMissing    Reason = "COLUMN_MISSING"
	MappingInvalid   Reason = "MAPPING_INVALID"
	NumberRounded    Reason = "NUMBER_ROUNDED"
	LeadingZeroLost  Reason = "LEADING_ZERO_LOST"
	ColumnsDisagree  Reason = "COLUMNS_DISAGREE"
	DateAmbiguous    Reason = "DATE_AMBIGUOUS"
	LabelUnknown     Reason = "LABEL_UNKNOWN"
	VillageAmbiguous Reason = "VILLAGE_AMBIGUOUS"
	RowsScattered    Reason = "ROWS_SCATTERED"
	CellTooLong      Reason = "CELL_TOO_LONG"
	ColumnTwice      Reason = "COLUMN_TWICE"

	HouseholdMerged Reason = "HOUSEHOLD_MERGED"
	ImportBusy      Reason = "IMPORT_BUSY"
	ImportStalled   Reason = "IMPORT_STALLED"

	TodoIncomplete      Reason = "TODO_INCOMPLETE"
	BenefitOfOtherGroup Reason = "BENEFIT_OF_OTHER_GROUP"

	StepIncomplete      Reason = "STEP_INCOMPLETE"
	StepRefused         Reason = "STEP_REFUSED"
	StepOutOfOrder      Reason = "STEP_OUT_OF_ORDER"
	CaseEnded           Reason = "CASE_ENDED"
	PersonMustAct       Reason = "PERSON_MUST_ACT"
	RoleMissing         Reason = "ROLE_MISSING"
	SamePerson          Reason = "SAME_PERSON"
	EvidenceKindMissing Reason = "EVIDENCE_KIND_MISSING"
	MeetingCounts       Reason = "MEETING_COUNTS"
	PublicityRunning    Reason = "PUBLICITY_RUNNING"
	HoldStands          Reason = "HOLD_STANDS"
	ConfirmAgain        Reason = "CONFIRM_AGAIN"
	NotRemovable        Reason = "NOT_REMOVABLE"
	HolidaysMissing     Reason = "HOLIDAYS_MISSING"
	HolidaysInvalid     Reason = "HOLIDAYS_INVALID"
	CaseNotFound        Reason = "CASE_NOT_FOUND"
	CaseOpen            Reason = "CASE_OPEN"
	CaseNotReversed     Reason = "CASE_NOT_REVERSED"
	EvidenceNotFound    Reason = "EVIDENCE_NOT_FOUND"
	EvidenceDamaged     Reason = "EVIDENCE_DAMAGED"
	EvidenceSize        Reason = "EVIDENCE_SIZE"

	LetterNotFound        Reason = "LETTER_NOT_FOUND"
	LetterState           Reason = "LETTER_STATE"
	LetterWithdrawn       Reason = "LETTER_WITHDRAWN"
	LetterNumberTaken     Reason = "LETTER_NUMBER_TAKEN"
	LetterNoRecipient     Reason = "LETTER_NO_RECIPIENT"
	LetterAcknowledged    Reason = "LETTER_ACKNOWLEDGED"
	LetterNotAcknowledged Reason = "LETTER_NOT_ACKNOWLEDGED"
	LetterDigestDiffers   Reason = "LETTER_DIGEST_DIFFERS"
	LetterNotInEffect     Reason = "LETTER_NOT_IN_EFFECT"
	LetterBehind          Reason = "LETTER_BEHIND"
	LetterDisputed        Reason = "LETTER_DISPUTED"
	LetterItemUnknown     Reason = "LETTER_ITEM_UNKNOWN"
	ObjectionNotFound     Reason = "OBJECTION_NOT_FOUND"
	ObjectionAnswered     Reason = "OBJECTION_ANSWERED"
	NothingCorrected      Reason = "NOTHING_CORRECTED"
	LettersByArea         Reason = "LETTERS_BY_AREA"
	LetterBeingCorrected  Reason = "LETTER_BEING_CORRECTED"
)

var texts = map[Reason]text{
	InternalError:    {Internal, "The hub could not finish the request; nothing was changed. Repeat it; if it fails again, give the operator the time of the request.", "系统未能完成请求,数据未作任何更改。请重试;如仍失败,请将请求时间告知系统管理员。"},
	OutcomeUnknown:   {Unavailable, "The connection to the database broke while saving, so it is not known whether it was saved. Repeat with the same request_id: it will not be done twice.", "保存时与数据库的连接中断,不能确定是否已保存。请使用相同的 request_id 重试,不会重复办理。"},
	StoreBusy:        {Unavailable, "The database is busy or away; nothing was changed. Repeat in a moment.", "数据库繁忙或暂时无法连接,数据未作任何更改,请稍后重试。"},
	GoingAway:        {Unavailable, "The hub is being restarted, or another process takes its place; the call was ended. Repeat at once: a stream goes on from its last cursor.", "系统正在重启或切换,本次请求已终止。请立即重试,数据流可从最后的游标继续。"},
	LimitReached:     {Exhausted, "The limit of {limit} was reached. Ask for less, or in several requests.", "已达到上限({limit})。请减少请求内容或分次请求。"},
	InvalidRequest:   {Invalid, "The request is not valid; correct the named fields.", "请求内容有误,请更正所列字段。"},
	Unauthorised:     {Unauthenticated, "No valid token came with the request. Send 'authorization: Bearer <token>' with a token issued for this hub.", "请求未附有效令牌。请在 authorization 头中附上为本系统签发的 Bearer 令牌。"},
	TokenExpired:     {Unauthenticated, "The token has expired. Fetch a new one and repeat.", "令牌已过期,请重新获取后再试。"},
	NoAgreement:      {Denied, "No sharing agreement of agency {agency} covers this ({what}). Ask the hub's office to extend the agreement.", "{agency} 没有覆盖此项内容({what})的共享协议。请联系扶贫部门补充协议。"},
	AgreementExpired: {Denied, "The sharing agreement of agency {agency} has ended. Nothing about anybody's support follows from that. Ask the hub's office to renew it.", "{agency} 的共享协议已到期。这不表示任何人的帮扶已停止。请联系扶贫部门续签。"},
	AuditUnavailable: {Unavailable, "The audit log cannot be written, so nothing was handed out. Repeat later.", "审计日志暂时无法写入,故未提供任何数据,请稍后重试。"},

	DivisionNotFound:     {NotFound, "There is no division {division}. Codes have 12 digits; see ListDivisions.", "区划代码 {division} 不存在。代码为12位数字,可查询区划列表。"},
	HouseholdNotFound:    {NotFound, "There is no such household among those that you may see.", "在您可查看的范围内没有该户。"},
	RevisionNotFound:     {NotFound, "The household has no state as of the revision or time asked for.", "该户在所查版本或时间没有记录。"},
	RecordNotFound:       {NotFound, "The list has no such record.", "该名单中没有此记录。"},
	ListNotFound:         {NotFound, "There is no list {list} in the active catalogue; see GetCatalogue.", "现行目录中没有名单 {list},请查询目录。"},
	CatalogueNotFound:    {NotFound, "There is no catalogue version {version}.", "没有目录版本 {version}。"},
	SubscriptionNotFound: {NotFound, "There is no subscription {name} of your agency.", "本单位没有名为 {name} 的订阅。"},
	SubscriptionExists:   {Exists, "Your agency has a subscription {name} already, with another scope. Choose another name or delete it first.", "本单位已有名为 {name} 的订阅且范围不同。请换名或先删除。"},

	EtagRequired:     {Invalid, "An update needs the etag of the state that it changes. Read the household first.", "更新必须带上所修改版本的 etag,请先读取该户。"},
	EtagStale:        {Conflict, "The household was changed meanwhile; its current etag is {current_etag}. Read it again, look at the difference, then repeat.", "该户信息已被他人更新,当前 etag 为 {current_etag}。请重新读取、核对差异后再提交。"},
	RequestReused:    {Precondition, "This request_id was used for a different request. Use a new one for each request.", "该 request_id 已用于其他请求,每个请求须使用新的编号。"},
	IdentifierTaken:  {Precondition, "An identifier in the request belongs to another person or household ({kind}). Check both; they may be one and the same.", "请求中的证件或编号({kind})已属于另一人或另一户。请核对,两者可能为同一人(户)。"},
	WrittenMeanwhile: {Conflict, "Somebody else wrote to the same household at the same time. Repeat.", "他人正同时修改同一户,请重试。"},

	HouseholdInvalid:   {Invalid, "The household has {count} problem(s); nothing was changed. Correct the named fields.", "该户信息有 {count} 处问题,未作任何更改。请更正所列字段。"},
	Required:           {Invalid, "must be given", "必填"},
	Malformed:          {Invalid, "is not of the form {form}", "格式应为 {form}"},
	UnknownCode:        {Invalid, "is not one of the codes of {list}", "不是 {list} 中的代码"},
	OutOfRange:         {Invalid, "must be within {range}", "应在 {range} 范围内"},
	Duplicate:          {Invalid, "stands twice ({with})", "重复({with})"},
	TooMany:            {Invalid, "at most {limit} are allowed", "最多 {limit} 个"},
	IDChecksum:         {Invalid, "the check character does not fit the number (GB 11643); a digit may be wrong or missing", "校验码不符(GB 11643),可能有数字填错或漏填"},
	IDBirthDate:        {Invalid, "the birth date differs from the one in the ID number", "出生日期与证件号码不一致"},
	IDSex:              {Invalid, "the sex differs from the one in the ID number", "性别与证件号码不一致"},
	DateOrder:          {Invalid, "lies before {before}", "早于 {before}"},
	OneHead:            {Invalid, "exactly one present member must be the head of the household; there are {heads}", "在户人员中须有且仅有一名户主,现有 {heads} 名"},
	OneMainCause:       {Invalid, "exactly one main cause must be given, and it may not stand among the other causes", "主要致贫原因须填且仅填一项,且不得与其他致贫原因重复"},
	VillageUnknown:     {Invalid, "is not the code of a village in this hub's divisions", "不是本系统区划中的村级代码"},
	EvidenceMissing:    {Invalid, "needs its own evidence: {what}", "须附依据:{what}"},
	DecisionImmutable:  {Precondition, "a decision cannot be edited or removed; a wrong one is reversed by a new decision", "决定不得修改或删除;如有错误,须以新决定撤销"},
	LegacyDecisionLate: {Precondition, "the household is in the hub already: it leaves support only by the removal procedure, not by loading a decision", "该户已在系统中,停止帮扶须履行规定程序,不能通过导入决定办理"},
	GroupNotOwned:      {Denied, "your agency does not own the fact group {group}", "本单位不是 {group} 类信息的责任单位"},
	PersonUnknown:      {Invalid, "is not a member of this household", "不是该户成员"},

	SetByUseCase:    {Invalid, "is set by a call of its own: {call}", "须通过专门操作办理:{call}"},
	HouseholdClosed: {Precondition, "The household is closed. Reopen it first or, where it was merged, separate it again.", "该户已销户。请先恢复该户;如系并户,请先撤销并户。"},
	SupportDiffers:  {Precondition, "Support runs longer for the entry that would end than for the one that would stay, and merging entries ends nobody's support. Keep the other entry.", "拟取消的记录其帮扶期限长于拟保留的记录,合并记录不得使任何人停止帮扶。请保留另一条记录。"},
	NotReversible:   {Precondition, "This cannot be taken back as it stands: {why}. Read the household again and record what is so today.", "现状下不能撤销:{why}。请重新读取该户,按目前情况登记。"},
	OtherArea:       {Precondition, "The two households stand in different areas. Record the departure in the one by UpdateHousehold, then the arrival in the other in the same way; id and end dates follow the person.", "两户不在同一市县。请先用户信息更新登记迁出,再在另一户登记迁入,人员标识和停止日期随人转移。"},

	CatalogueInvalid:  {Invalid, "The catalogue has {count} problem(s) and was not stored.", "目录有 {count} 处问题,未保存。"},
	NoCatalogue:       {Precondition, "No catalogue is active yet; lists exist only after one was activated.", "尚未启用目录,启用后方有名单。"},
	PreviewMissing:    {Precondition, "The catalogue was not previewed. Preview its effect first.", "该目录尚未预览,请先预览其影响。"},
	PreviewStale:      {Precondition, "The preview is not of today or the active catalogue changed since. Preview again.", "预览已过期或现行目录已变更,请重新预览。"},
	SecondPerson:      {Precondition, "A second person must say yes: whoever submitted the catalogue cannot activate it, and a token without a person cannot either.", "须由另一人确认:提交人不得自行启用,未绑定个人的令牌也不得启用。"},
	ActivationHeld:    {Precondition, "Held: in area {area} {ended} of {records} records would leave their list, more than the set share {share}. Look at the preview; if it is right, activate with an override and its reason.", "已暂缓:{area} 有 {records} 条记录中的 {ended} 条将离开名单,超过设定比例 {share}。请核对预览;确认无误后注明理由方可启用。"},
	DerivationDiffers: {Precondition, "This hub's derivation differs from the one that wrote the records; it serves but does not derive. Update the program.", "本程序的推导版本与库中记录不一致,只能提供查询,不能推导。请升级程序。"},

	CursorInvalid:     {Invalid, "The cursor is damaged or not one of this hub's. Begin with an empty cursor.", "游标已损坏或不属于本系统,请从空游标重新开始。"},
	CursorEpoch:       {Precondition, "The hub was restored from a backup since the cursor was made. Begin with an empty cursor.", "系统曾从备份恢复,该游标已失效,请从空游标重新开始。"},
	CursorPurged:      {Precondition, "The changes after this cursor are no longer kept. Begin with an empty cursor.", "该游标之后的变更已不再保留,请从空游标重新开始。"},
	CursorScope:       {Precondition, "The cursor belongs to another scope than the one asked for, or the scope that you may read has grown. Begin with an empty cursor.", "游标与所请求的范围不一致,或可读范围已扩大,请从空游标重新开始。"},
	CursorList:        {Precondition, "The fields of list {list} changed since the cursor was made. Begin with an empty cursor and the new fields.", "名单 {list} 的字段已变更,请按新字段从空游标重新开始。"},
	CursorForeign:     {Denied, "The cursor was made for another agency.", "该游标属于其他单位。"},
	CatalogueChanging: {Unavailable, "Area {area} is being derived under a new catalogue. Repeat in a moment.", "{area} 正按新目录重新推导,请稍后重试。"},
	PageTokenInvalid:  {Invalid, "The page token is damaged or belongs to another request. Begin without one.", "分页标记无效或不属于此请求,请从首页重新开始。"},

	MatchContradicts:   {Precondition, "The row's identifiers lead to different persons or households. Check them with the office; nothing was written.", "所填证件或编号指向不同的人或户,未写入。请与扶贫部门核对。"},
	MatchByNameOnly:    {Precondition, "Only name and birth date fit. They give candidates for a person to decide, never a match; send an identifier.", "仅姓名和出生日期相符,只能作为候选,须由人工核定;请补充证件或编号。"},
	MatchNotFound:      {NotFound, "Nobody and no household among those that you may write to has these identifiers.", "在本单位可填报的范围内,没有人或户使用所填证件或编号。"},
	MatchNotApplicable: {Precondition, "The fact cannot apply: {why}. The office was asked to check.", "该信息不适用({why}),已请扶贫部门核查。"},
	TaskNotFound:       {NotFound, "The household has no such open task.", "该户没有此项待核对事项。"},

	FileUnreadable:   {Invalid, "The file cannot be read: {why}. Save it again as .xlsx or as CSV and repeat.", "文件无法读取:{why}。请另存为 .xlsx 或 CSV 后重试。"},
	FileTooLarge:     {Invalid, "The file is larger than allowed ({limit}). Split it into several files.", "文件超过允许的大小({limit}),请拆分后分次导入。"},
	ColumnMissing:    {Invalid, "No header row with all required columns was found; missing: {columns}. Correct the headers or choose another mapping.", "未找到包含全部必需列的表头,缺少:{columns}。请更正表头或改用其他对照文件。"},
	MappingInvalid:   {Invalid, "The mapping cannot be used: {problem}. Correct the mapping file.", "对照文件无法使用:{problem}。请更正对照文件。"},
	NumberRounded:    {Invalid, "the number was shortened or rounded by the spreadsheet; its last digits are lost. Format the column as text and enter the number again", "号码已被电子表格改为科学计数或四舍五入,末几位丢失。请将该列设为文本格式后重新填写"},
	LeadingZeroLost:  {Invalid, "the number has too few digits; the spreadsheet seems to have dropped its leading zeros. Format the column as text and enter all {digits} digits", "号码位数不足,开头的0可能被电子表格去掉。请将该列设为文本格式并填全{digits}位"},
	ColumnsDisagree:  {Invalid, "differs from row {row} of the same household; write the same in all its rows", "与同一户第{row}行不一致,请将该户各行填写一致"},
	DateAmbiguous:    {Invalid, "can be read as more than one date; write it as YYYY-MM-DD", "日期有多种理解,请按 YYYY-MM-DD 填写"},
	LabelUnknown:     {Invalid, "is not one of the labels or codes of this source: {labels}", "不是该来源的选项或代码,可填:{labels}"},
	VillageAmbiguous: {Invalid, "the names fit no village or more than one; give the 12-digit village code", "按名称找不到或不能唯一确定行政村,请填写12位村级代码"},
	RowsScattered:    {Invalid, "rows of this household also stand elsewhere in the file, which was declared to be grouped; sort the file by household or import it with any order", "该户的行在文件中不连续,而文件声明为按户排列。请按户排序,或选择任意顺序导入"},
	CellTooLong:      {Invalid, "A cell in row {row} has more than {limit} characters; shorten it.", "第{row}行有单元格超过{limit}个字符,请缩短。"},
	ColumnTwice:      {Invalid, "Two columns of the file are read as the same field: {columns}. Remove or rename one.", "文件中有两列对应同一字段:{columns}。请删除或改名其中一列。"},

	HouseholdMerged: {Precondition, "The household number was merged into household {household}: the file still describes the household before the merge. Correct the household that absorbed it, or reverse the merge first.", "该户编号已并入户 {household},文件仍为并户前的内容。请改报并入后的户,或先撤销并户。"},
	ImportBusy:      {Exhausted, "The hub is loading as many files as it can at a time. Send the file again in a few minutes.", "系统正在导入的文件已达上限,请几分钟后重新上传。"},
	ImportStalled:   {Unavailable, "The file, or its next piece, did not come within {seconds} seconds, so the import was ended; nothing was loaded. Send the file again.", "{seconds}秒内未收到完整文件或后续内容,导入已终止,未导入任何数据。请重新上传。"},

	BenefitOfOtherGroup: {Invalid, "is paid by another group: {group}", "该项补助由其他信息类别的部门发放:{group}"},
	TodoIncomplete:      {Invalid, "a list that gives advice has todo: and the fields todo and todo_en; here {missing} is missing", "名单给出办理提示的,须同时有 todo: 和字段 todo、todo_en;此处缺少 {missing}"},

	StepIncomplete:      {Invalid, "The step lacks {count} thing(s) or has them wrong; nothing was changed. Complete the step and take it again.", "该步骤有 {count} 处缺漏或错误,未作任何改变。请补正后重新办理。"},
	StepRefused:         {Precondition, "The step cannot be taken as the case stands; {count} thing(s) are missing. Nothing was changed.", "按本案目前情况不能办理该步骤,尚缺 {count} 项,未作任何改变。"},
	StepOutOfOrder:      {Precondition, "is not next: the case stands at {state}; possible are: {possible}", "步骤顺序不符:本案目前为“{state_zh}”,可办理:{possible_zh}"},
	CaseEnded:           {Precondition, "is possible no more: the case has ended ({state}). Propose the household anew if that is called for", "本案已结束({state_zh}),不能再办理;确有需要的请重新提议"},
	PersonMustAct:       {Precondition, "a person must act, not a program: use a token that is bound to a person", "须由个人办理:请使用绑定个人的令牌"},
	RoleMissing:         {Precondition, "belongs to {role}; your agency does not act in that role there", "应由{role_zh}办理,本单位在该地不具有此职责"},
	SamePerson:          {Precondition, "the same person already acted in this case as {role}; have somebody else take the step", "同一人已在本案中作为{role_zh}办理过,请由其他人办理"},
	EvidenceKindMissing: {Invalid, "needs a document of kind {kind}; upload it first, then name it here", "须附{kind_zh}:请先上传,再在此列明"},
	MeetingCounts:       {Invalid, "the counts contradict each other: {rule}; copy them from the minutes and the ballot", "人数或票数相互矛盾:{rule_zh};请按会议记录和计票单填写"},
	PublicityRunning:    {Precondition, "the publicity runs until {until}; take the step from the day after", "公示至 {until} 期满,请于次日起办理"},
	HoldStands:          {Precondition, "{hold} speaks against confirming: remove the cause, or confirm with override, a reason and evidence of kind OVERRIDE", "存在不宜审定的情形:{hold_zh}。请先消除;确需审定的,须注明理由并附越过提示的依据"},
	ConfirmAgain:        {Precondition, "since the confirmation something has changed: {what}; take the step CONFIRM again, then announce", "审定后情况有变:{what_zh}。请重新审定后再公告"},
	NotRemovable:        {Precondition, "the household can leave support by this case no more: {why}; withdraw the case", "该户已不能按本案停止帮扶:{why_zh}。请撤回本案"},
	HolidaysMissing:     {Precondition, "the calendar of working days for {year} is not loaded: have the operator load the State Council's notice for that year", "缺少 {year} 年节假日安排,无法计算工作日:请管理员导入国务院办公厅当年通知"},
	CaseNotFound:        {NotFound, "There is no such removal case among those that you may see.", "在您可查看的范围内没有此案。"},
	CaseOpen:            {Precondition, "A removal case of this household is under way. Carry that one on or withdraw it.", "该户已有正在办理的停止帮扶案,请继续办理或先撤回。"},
	CaseNotReversed:     {Precondition, "The case was not reversed, so nobody was handed anything wrong.", "本案未被撤销,没有单位取得过错误数据。"},
	HolidaysInvalid:     {Invalid, "The calendar of working days cannot be used; line {line}: {problem}.", "节假日文件无法使用,第 {line} 行:{problem_zh}。"},
	EvidenceNotFound:    {NotFound, "There is no such document among the evidence about this household. Upload it first, for the case where there is one, then name it by the SHA-256 in the answer.", "该户证据材料中没有该文件,请先上传(已有案件的,上传时注明案件),再按返回的 SHA-256 引用。"},
	EvidenceDamaged:     {Precondition, "The stored evidence with SHA-256 {sha256} is not what was uploaded: it is damaged, or the hub has other keys. Upload the same document again, or have it restored from the backup.", "SHA-256 为 {sha256} 的证据材料与上传时不一致(已损坏或密钥不符)。请重新上传同一文件,或由管理员从备份恢复。"},
	EvidenceSize:        {Invalid, "A document must have at least one byte and at most {limit}. Scan it with a lower resolution or split it.", "证据材料不得为空,且不得超过 {limit} 字节。请降低扫描分辨率或拆分后上传。"},

	LetterNotFound:        {NotFound, "There is no such letter among those that you may see.", "在您可查看的范围内没有该函件。"},
	LetterState:           {Precondition, "The letter is {state}; this can be done only while it is {needed}.", "该函件为“{state}”,仅在“{needed}”时可办理此项。"},
	LetterWithdrawn:       {Precondition, "The letter was withdrawn; letter {number} says what is right instead. Nothing is to be done about this one.", "该函件已撤回,以{number}为准,本函无需再办理。"},
	LetterNumberTaken:     {Exists, "Another letter has the number {number}. Look it up in the office's register, or leave the number out.", "文号{number}已被其他函件使用。请核对发文登记簿,或不填文号由系统编号。"},
	LetterNoRecipient:     {Precondition, "No agency receives the letters of department {department} in the whole area {area}. Make an agreement that says so, then issue the letter.", "在{area}全域没有接收{department}函件的单位。请先订立载明接收函件的共享协议,再发函。"},
	LetterAcknowledged:    {Exists, "Another person of your agency acknowledged the letter on {on} already. Nothing more is needed.", "本单位已由他人于{on}签收该函件,无需再签收。"},
	LetterNotAcknowledged: {Precondition, "A person of your agency must acknowledge the letter first.", "请先由本单位人员签收该函件。"},
	LetterDigestDiffers:   {Precondition, "The digest is not this letter's: what you have before you is not what was sent. Fetch the letter again.", "摘要与该函件不符,您手中的内容并非所发内容。请重新获取该函件。"},
	LetterNotInEffect:     {Precondition, "Not every item of the letter is in effect before {on}. Report it then.", "该函件所列事项至{on}方全部生效,请届时再反馈落实。"},
	LetterBehind:          {Precondition, "The copy stands before what it is compared with (area {area}, transaction {transaction}). Bring it up to date, then report again.", "本地副本落后于比对位置(区域{area},事务号{transaction})。请先同步,再反馈。"},
	LetterDisputed:        {Precondition, "An objection of your agency to the letter is open. Report the letter as applied when the office has answered.", "本单位对该函件的异议尚未答复。请待答复后再反馈落实。"},
	LetterItemUnknown:     {Invalid, "The letter has no item {item}, or it has been corrected already.", "该函件没有第{item}项,或该项已更正。"},
	ObjectionNotFound:     {NotFound, "The letter has no such objection.", "该函件没有此项异议。"},
	ObjectionAnswered:     {Precondition, "The objection was answered on {on} already.", "该异议已于{on}答复。"},
	NothingCorrected:      {Precondition, "Nothing about the person has been corrected since the letter was written. Correct the register or reverse the decision first, or refuse the objection with its reason.", "自该函件拟稿以来,有关人员的信息和决定均未更正。请先更正登记信息或撤销决定,或说明理由不予采纳。"},
	LetterBeingCorrected:  {Precondition, "A correcting letter to this one is on its way, or a decision in it was reversed. Wait for that letter, and apply both.", "本函正在更正,或其中的决定已撤销。请待更正函到达后一并落实。"},
	LettersByArea:         {Invalid, "Letters go by whole areas: {division} is no area's division and none above one. Name the area's division.", "函件按整个市县(区域)发送,{division} 不是市县或其上级区划。请填写市县的区划代码。"},
}
