package catalogue

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/bangfuhub/hub/server/internal/household"
)

// amounts are the facts that are money, in fen.
var amounts = map[string]bool{"household.per_capita_net_income": true}

// label is what a clerk calls the fact.
func (f *Fact) label() household.Label { return factNames[f.Name] }

// read writes a value of the fact for a clerk: codes by their labels, money in yuan.
func (f *Fact) read(v ref.Val) household.Label {
	if all, ok := v.(traits.Lister); ok {
		var parts []household.Label
		for it := all.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, f.read(it.Next()))
		}
		if len(parts) == 0 {
			return household.Label{Chinese: "无", English: "none"}
		}
		return joined(parts, "、", ", ")
	}
	switch v := v.(type) {
	case types.Bool:
		if v {
			return household.LabelOf("Answer", string(household.Yes))
		}
		return household.LabelOf("Answer", string(household.No))
	case types.Int:
		if amounts[f.Name] {
			return household.Yuan(int64(v))
		}
		n := strconv.FormatInt(int64(v), 10)
		return household.Label{Chinese: n, English: n}
	}
	list := strings.TrimSuffix(strings.TrimPrefix(f.Type, "list("), ")")
	return household.LabelOf(list, fmt.Sprint(v.Value()))
}

func joined(parts []household.Label, chinese, english string) household.Label {
	out := household.Label{}
	for i, p := range parts {
		if i > 0 {
			out.Chinese, out.English = out.Chinese+chinese, out.English+english
		}
		out.Chinese, out.English = out.Chinese+p.Chinese, out.English+p.English
	}
	return out
}

// unmet says of a test that failed what is on record and, where that can be said, what
// the test wants.
func (t *Tested) unmet() household.Label {
	var found []household.Label
	for _, f := range t.Facts {
		found = append(found, household.Label{Chinese: f.Label.Chinese + "：" + f.Text.Chinese, English: f.Label.English + ": " + f.Text.English})
	}
	is := joined(found, "，", ", ")
	if t.Wants == (household.Label{}) {
		return is
	}
	return household.Label{
		Chinese: is.Chinese + "，要求：" + t.Wants.Chinese,
		English: is.English + " (required: " + t.Wants.English + ")",
	}
}
