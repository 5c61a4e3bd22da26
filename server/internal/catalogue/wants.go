package catalogue

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/bangfuhub/hub/server/internal/household"
)

// wording says a condition in words as far as it has one of the usual forms: a fact
// compared with codes or numbers, and such forms joined by and, or, not.
type wording struct{ references map[int64]*ast.ReferenceInfo }

// wants is the zero Label where a condition cannot be said.
func wants(checked *ast.AST) household.Label {
	out, _ := wording{checked.ReferenceMap()}.say(checked.Expr())
	return out
}

var comparisons = map[string]household.Label{
	operators.Equals:        {Chinese: "为", English: " is "},
	operators.NotEquals:     {Chinese: "不为", English: " is other than "},
	operators.Less:          {Chinese: "小于", English: " is less than "},
	operators.LessEquals:    {Chinese: "不大于", English: " is at most "},
	operators.Greater:       {Chinese: "大于", English: " is more than "},
	operators.GreaterEquals: {Chinese: "不小于", English: " is at least "},
}

func (w wording) say(e ast.Expr) (household.Label, bool) {
	if f := w.fact(e); f != nil && f.Type == "bool" {
		return clause(f, comparisons[operators.Equals], f.read(types.True)), true
	}
	if e.Kind() != ast.CallKind {
		return household.Label{}, false
	}
	name, args := e.AsCall().FunctionName(), e.AsCall().Args()
	switch name {
	case operators.LogicalAnd:
		return w.both(args, operators.LogicalOr, "且", " and ")
	case operators.LogicalOr:
		return w.both(args, operators.LogicalAnd, "或", " or ")
	case operators.LogicalNot:
		if f := w.fact(args[0]); f != nil {
			return clause(f, comparisons[operators.Equals], f.read(types.False)), true
		}
		not, ok := w.say(args[0])
		return household.Label{Chinese: "并非（" + not.Chinese + "）", English: "not (" + not.English + ")"}, ok
	case operators.In:
		return w.in(args[0], args[1])
	}
	if how, ok := comparisons[name]; ok {
		return w.compare(args[0], how, args[1])
	}
	return household.Label{}, false
}

// compare says how a fact, or how many codes it has, compares with a code or number.
func (w wording) compare(left ast.Expr, how household.Label, right ast.Expr) (household.Label, bool) {
	v := w.value(right)
	if v == nil {
		return household.Label{}, false
	}
	if f := w.fact(left); f != nil {
		return clause(f, how, f.read(v)), true
	}
	if left.Kind() != ast.CallKind || left.AsCall().FunctionName() != "size" {
		return household.Label{}, false
	}
	f := w.fact(left.AsCall().Args()[0])
	if f == nil {
		return household.Label{}, false
	}
	n := household.Label{Chinese: "项数" + how.Chinese, English: how.English}
	many := clause(f, n, f.read(v))
	many.English = "the number of " + many.English
	return many, true
}

// both joins what must hold; what the other operator joined stands in brackets.
func (w wording) both(args []ast.Expr, other, chinese, english string) (household.Label, bool) {
	var parts []household.Label
	for _, a := range args {
		p, ok := w.say(a)
		if !ok {
			return household.Label{}, false
		}
		if a.Kind() == ast.CallKind && a.AsCall().FunctionName() == other {
			p = household.Label{Chinese: "（" + p.Chinese + "）", English: "(" + p.English + ")"}
		}
		parts = append(parts, p)
	}
	return joined(parts, chinese, english), true
}

// in says that a fact is one of several codes, or that a list of codes has one.
func (w wording) in(element, list ast.Expr) (household.Label, bool) {
	if f, v := w.fact(list), w.value(element); f != nil && v != nil {
		return clause(f, household.Label{Chinese: "含", English: " include "}, f.read(v)), true
	}
	f := w.fact(element)
	if f == nil || list.Kind() != ast.ListKind {
		return household.Label{}, false
	}
	var parts []household.Label
	for _, e := range list.AsList().Elements() {
		v := w.value(e)
		if v == nil {
			return household.Label{}, false
		}
		parts = append(parts, f.read(v))
	}
	if len(parts) == 0 {
		return household.Label{}, false
	}
	last := len(parts) - 1
	all, ends := joined(parts[:last], "、", ", "), parts[last:]
	if last > 0 {
		ends = []household.Label{all, parts[last]}
	}
	return clause(f, comparisons[operators.Equals], joined(ends, "或", " or ")), true
}

// fact is the fact that an expression names, nil where it is something else.
func (w wording) fact(e ast.Expr) *Fact {
	if r := w.references[e.ID()]; r != nil {
		return factByName[r.Name]
	}
	return nil
}

// value is the code or number that an expression is, nil where it is something else.
func (w wording) value(e ast.Expr) ref.Val {
	if e.Kind() == ast.LiteralKind {
		return e.AsLiteral()
	}
	if r := w.references[e.ID()]; r != nil {
		return r.Value
	}
	return nil
}

func clause(f *Fact, how, what household.Label) household.Label {
	name := f.label()
	return household.Label{Chinese: name.Chinese + how.Chinese + what.Chinese, English: name.English + how.English + what.English}
}
