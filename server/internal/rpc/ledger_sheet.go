package rpc

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/pages"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// rows are those of a workbook under construction.
type rows [][]string

// section begins a part of the sheet, below an empty row.
func (r *rows) section(title string, heads ...string) {
	*r = append(*r, nil, []string{title}, heads)
}

func (r *rows) add(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = fmt.Sprint(c)
	}
	*r = append(*r, texts)
}

// workbookOf writes rows of texts as XLSX.
func workbookOf(all rows) ([]byte, error) {
	var out bytes.Buffer
	w, err := sheet.NewWriter(&out, sheet.XLSX)
	if err != nil {
		return nil, err
	}
	for _, cells := range all {
		if err := w.Write(cells); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// reconciliationSheet is the sheet as a workbook.
func reconciliationSheet(d pages.ReconciliationData) rows {
	out := rows{
		{d.Title() + "（" + d.InMonth() + "）"},
		{"核对位置（事务号）", fmt.Sprint(d.Transaction), "推导日期", string(d.DerivedFor)},
	}
	out.section("一、分部门", "部门", "享受记录数", "摘要", "函件数", "已落实", "未结", "副本已同步", "副本落后")
	for _, p := range d.Departments {
		out.add(p.Name, p.Entitled, p.Digest, p.Letters, p.LettersApplied, p.LettersOpen, p.CopiesCurrent, p.CopiesBehind)
	}
	out.section("二、分村", "村", "村代码", "帮扶户", "停止帮扶户", "名册人数", "名册摘要")
	for _, v := range d.Villages {
		out.add(v.Name, v.Code, v.Supported, v.Unsupported, v.Roster, v.RosterDigest)
	}
	out.section("三、分部门分村", "部门", "村", "村代码", "享受记录数", "摘要", "函告事项", "已落实", "未结")
	for _, w := range d.Rows {
		out.add(w.Department, w.Village, w.Code, w.Entitled, w.Digest, w.Items, w.ItemsApplied, w.ItemsOpen)
	}
	return out
}

// onClock is a time as the clocks in Hainan show it.
func onClock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(hub.Zone).Format(time.DateTime)
}

// yes marks what is so.
func yes(so bool) string {
	if so {
		return "是"
	}
	return ""
}

// replaySheet is a replay as a workbook.
func replaySheet(r hub.Replay) rows {
	out := rows{
		{"数据持有情况回溯"},
		{"单位", r.Agency, "户", r.Household, "截至日", string(r.On)},
	}
	if r.Incomplete {
		out = append(out, []string{"部分历史变更已不再保存,下列内容可能不全。"})
	}
	out.section("一、读取程序", "程序", "市县", "已读至事务号", "读取时间", "名单", "推定")
	for _, d := range r.Readers {
		out.add(d.Client, d.Area, d.Transaction, onClock(d.ReadAt), strings.Join(d.Lists, "、"), yes(d.Assumed))
	}
	out.section("二、持有的记录", "程序", "名单", "村代码", "户", "人", "事务号", "交付时间", "项目", "内容")
	for _, d := range r.Records {
		out.record(d)
	}
	out.section("三、截至当日的决定", "决定", "文号", "类别", "决定日期", "生效日期", "所撤销的决定")
	for _, d := range r.Decisions {
		out.add(d.ID, d.Number, decisionKinds[string(d.Kind)], d.DecidedOn, d.EffectiveOn, d.Reverses)
	}
	out.section("四、函件", "函件", "文号", "类别", "发出日期", "事项", "内容", "姓名", "证件号码", "政策", "最后享受日", "恢复享受首日", "签收状态", "送达时间", "签收时间", "落实时间")
	for _, l := range r.Letters {
		for _, i := range l.Items {
			out.add(l.ID, l.Number, letterKinds[l.Kind], l.IssuedOn, i.Number, itemKinds[i.Kind], i.Name, i.IDNumber, i.PolicyTitle, i.LastDay, i.FirstDay,
				receiptStates[l.Receipt.State], onClock(l.Receipt.DeliveredAt), onClock(l.Receipt.AcknowledgedAt), onClock(l.Receipt.AppliedAt))
		}
	}
	return out
}

// What the codes are called in the workbook.
var (
	decisionKinds = map[string]string{"REMOVAL": "停止帮扶", "REVERSAL": "撤销", "LEGACY": "系统启用前的决定"}
	letterKinds   = map[letter.Kind]string{letter.Notice: "函告", letter.Correction: "更正函"}
	itemKinds     = map[letter.ItemKind]string{letter.End: "停止享受", letter.Resume: "恢复享受", letter.Restate: "身份更正"}
	receiptStates = map[letter.ReceiptState]string{
		letter.ReceiptSent: "已发未收", letter.ReceiptDelivered: "已送达", letter.ReceiptAcknowledged: "已签收",
		letter.ReceiptApplied: "已落实", letter.ReceiptDisputed: "有异议", letter.ReceiptWithdrawn: "已撤回",
	}
)

// record adds a record, one row a field.
func (r *rows) record(d hub.ReplayRecord) {
	title, fields := d.List, fieldsOf(d.Described)
	if d.Described != nil {
		title = d.Described.Title
	}
	m := d.Record.ProtoReflect()
	all := m.Descriptor().Fields()
	for i := range all.Len() {
		f := all.Get(i)
		if key := string(f.Name()); m.Has(f) && !slices.Contains(recordKeys, key) {
			meaning := fields[key]
			if meaning == "" {
				meaning = key
			}
			r.add(d.Client, title, d.Record.GetVillage(), d.Record.GetHousehold(), d.Record.GetPerson(), d.Record.GetTransaction(), onClock(d.ReadAt), meaning, fieldText(f, m.Get(f)))
		}
	}
}

// recordKeys are the fields of a record that have columns of their own.
var recordKeys = []string{"household", "person", "transaction", "village", "area"}

// fieldsOf gives the meaning of each field of a list.
func fieldsOf(l *catalogue.List) map[string]string {
	out := map[string]string{}
	if l != nil {
		for _, f := range l.Fields {
			out[f.Name] = f.Meaning
		}
	}
	return out
}

// fieldText is a field of a record as a text.
func fieldText(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	if !f.IsList() {
		if so, ok := v.Interface().(bool); ok {
			return yes(so)
		}
		return v.String()
	}
	parts := make([]string, v.List().Len())
	for i := range parts {
		parts[i] = v.List().Get(i).String()
		if f.Message() == nil {
			continue
		}
		if e, ok := v.List().Get(i).Message().Interface().(*hubv1.Entitlement); ok {
			parts[i] = strings.TrimSpace(strings.Join([]string{e.GetPolicy(), e.GetSince(), e.GetUntil()}, " "))
		}
	}
	return strings.Join(parts, "、")
}
