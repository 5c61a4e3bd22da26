package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/bangfuhub/hub/server/internal/date"
)

// Invented people and papers.

func evidence(kind, mediaType string, dated date.Date) Evidence {
	sum := sha256.Sum256([]byte(kind + string(dated)))
	return Evidence{Kind: kind, SHA256: hex.EncodeToString(sum[:]), MediaType: mediaType, Dated: dated}
}

func sampleSteps() []Step {
	const pdf, jpeg = "application/pdf", "image/jpeg"
	village, town, county := "village-committee / u-31", "township / u-12", "county-bureau / u-07"
	return []Step{
		{Number: 1, On: "2026-03-01", Name: "提议", Role: "村", Actor: village, Reason: "连续三年收入稳定，住房安全，无未落实需求。",
			Evidence: []Evidence{evidence("提议材料", pdf, "2026-03-01")}},
		{Number: 2, On: "2026-03-04", Name: "评估", Role: "村", Actor: village, Evidence: []Evidence{evidence("评估报告", pdf, "2026-03-03")}},
		{Number: 3, On: "2026-03-08", Name: "民主评议", Role: "村", Actor: village,
			Meeting: &Meeting{On: "2026-03-07", Members: 48, Present: 41, Yes: 38, No: 2},
			Evidence: []Evidence{evidence("会议记录", pdf, "2026-03-07"), evidence("签到表", jpeg, "2026-03-07"),
				evidence("计票单", jpeg, "2026-03-07")}},
		{Number: 4, On: "2026-03-09", Name: "公示", Role: "村", Actor: village,
			Posting:  &Posting{Place: "村务公开栏、各村民小组公告栏", From: "2026-03-09", Until: "2026-03-15"},
			Evidence: []Evidence{evidence("公示文本", pdf, "2026-03-09"), evidence("照片", jpeg, "2026-03-09")}},
		{Number: 5, On: "2026-03-17", Name: "乡镇审核", Role: "乡镇", Actor: town, Evidence: []Evidence{evidence("乡镇审核意见", pdf, "2026-03-17")}},
		{Number: 6, On: "2026-03-24", Name: "县级审定", Role: "县级", Actor: county, Reason: "低保已于三月核减，教育资助按学期末停止。",
			Holds: []string{"有成员享受低保或特困供养", "近期突发情况"}, Override: true,
			Evidence: []Evidence{evidence("县级审定意见", pdf, "2026-03-24"), evidence("越过提示的依据", pdf, "2026-03-23")}},
		{Number: 7, On: "2026-03-27", Name: "公告", Role: "县级", Actor: county, Posting: &Posting{Place: "村务公开栏、市政府网站", From: "2026-03-27"},
			Evidence: []Evidence{evidence("公告文本", pdf, "2026-03-27")}},
		{Number: 8, On: "2026-05-06", Name: "撤销", Role: "县级", Actor: county, Reason: "复核确认收入核算遗漏医疗支出。",
			Evidence: []Evidence{evidence("撤销依据", pdf, "2026-05-06")}},
	}
}

// reversedCase went the whole way and was taken back.
func reversedCase() CaseFileData {
	return CaseFileData{
		ID: "rc_5f0c2a9be1d34477a0c6", State: "已撤销", OpenedOn: "2026-03-01", PrintedOn: "2026-05-10", Keeper: "琼海市扶贫工作办公室",
		Place: "海南省琼海市嘉积镇", VillageName: "椰林村民委员会", VillageGroup: "南坡村民小组", HeadName: "符山海",
		Persons: []Person{
			{ID: "pp_0a1b2c3d4e5f", Name: "符山海", Relation: "户主"}, {ID: "pp_1a1b2c3d4e5f", Name: "王海燕", Relation: "配偶"},
			{ID: "pp_2a1b2c3d4e5f", Name: "符小帆", Relation: "子女"},
		},
		Parameters: 2, Basis: "琼海市退出程序实施细则", Steps: sampleSteps(), Overridden: true, Flagged: true,
		Ends: []End{
			{Policy: "产业扶持", LastDay: "2026-03-31", Rule: "立即停止"},
			{Person: "符小帆", Policy: "教育保障（学前至高中阶段）", LastDay: "2026-07-31", Rule: "学期末停止"},
			{Person: "王海燕", Policy: "城乡居民基本医疗保险个人缴费补贴", LastDay: "2026-12-31", Rule: "参保年度末停止"},
		},
		Decision: &Decision{ID: "dd_77aa21", Number: "琼海扶退〔2026〕14号", DecidedOn: "2026-03-24", AnnouncedOn: "2026-03-27",
			EffectiveOn: "2026-04-01", DocumentTitle: "关于符山海户退出帮扶的决定", DocNumber: "琼海扶退〔2026〕14号"},
		Reversal: &Reversal{ID: "dd_88bb32", On: "2026-05-06", EffectiveOn: "2026-04-01", Ground: "复核成立", Reason: "收入核算遗漏医疗支出。",
			DocumentTitle: "关于撤销符山海户退出帮扶决定的决定", DocNumber: "琼海扶退〔2026〕31号"},
	}
}

// notice is a 公示 of so many households.
func notice(households int) AnnouncementData {
	d := AnnouncementData{
		Place: "海南省琼海市嘉积镇", VillageName: "椰林村", Basis: "《关于进一步做好巩固脱贫成果 实现稳定脱贫工作的通知》第一条",
		ObjectTo: "嘉积镇人民政府扶贫工作站（镇政府办公楼一楼）", Issuer: "椰林村村民委员会", Issued: "2026-03-09",
	}
	for i := range households {
		d.Households = append(d.Households, AnnouncedHousehold{
			VillageGroup: []string{"南坡村民小组", "北坡村民小组", "下洋村民小组"}[i%3], HeadName: []string{"符山海", "王椰", "陈浪花"}[i%3], Persons: 2 + i%4,
			From: "2026-03-09", Until: "2026-03-15", EffectiveOn: "2026-04-01", DecisionNumber: fmt.Sprintf("琼海扶退〔2026〕%d号", 14+i),
		})
	}
	return d
}
